"""Rewriting expressions of the core: one part for another, the rest as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

from engine.ir import nodes as ir

Change = Callable[[ir.Expression], ir.Expression | None]
_Part = TypeVar("_Part")


def rewritten(node: ir.Expression, change: Change) -> ir.Expression:
    """`node` with what `change` gives in the place of parts, outermost first; None from it leaves a part, and goes on
    inside. What was not changed is shared."""
    replacement = change(node)
    return replacement if replacement is not None else _inside(node, change)


def _inside(part: _Part, change: Change) -> _Part:
    changed: dict[str, Any] = {}
    for field in fields(part):  # type: ignore[arg-type]
        before = getattr(part, field.name)
        after = _part(before, change)
        if after is not before:
            changed[field.name] = after
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
