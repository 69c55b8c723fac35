"""Rewriting expressions of the core: one part for another, the rest as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar

from engine.ir import nodes as ir

Change = Callable[[ir.Expression], ir.Expression | None]
_Part = TypeVar("_Part")
_ATOMS = frozenset({str, int, bool, Fraction, type(None), date, ir.Self, ir.ThisPeriod})


def rewritten(node: ir.Expression, change: Change) -> ir.Expression:
    """`node` with what `change` gives in the place of parts, outermost first; None from it leaves a part, and goes on
    inside. What was not changed is shared."""
    replacement = change(node)
    return replacement if replacement is not None else _inside(node, change)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields in which a part may hold others: all but where it is written and what type it has."""
    return tuple(field.name for field in fields(kind) if field.name not in ("span", "name_span", "type"))


def _inside(part: _Part, change: Change) -> _Part:
    changed: dict[str, Any] = {}
    for name in _names(type(part)):  # type: ignore[arg-type]
        before = getattr(part, name)
        if before.__class__ in _ATOMS:
            continue
        after = _part(before, change)
        if after is not before:
            changed[name] = after
    return replace(part, **changed) if changed else part  # type: ignore[type-var]


def _part(part: Any, change: Change) -> Any:
    match part:
        case tuple():
            parts = tuple(_part(element, change) for element in part)
            return part if all(new is old for new, old in zip(parts, part, strict=True)) else parts
        case ir.Node():
            return rewritten(part, change)  # type: ignore[arg-type]
        case ir.ExceptionCase() | ir.Band() | ir.ContainingDate() | ir.SortKey() | ir.Replacement() | ir.Members():
            return _inside(part, change)
    return part
