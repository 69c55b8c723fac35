"""Parts of a formula that are about another: of whom, and by what they are compared."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from engine.ir import nodes as ir
from engine.values.types import INTEGER, Kind

REWRITTEN = (
    ir.Node, ir.ExceptionCase, ir.Band, ir.SortKey, ir.Replacement, ir.ContainingDate, ir.Members,
)  # fmt: skip


def compared_by(key: ir.SortKey) -> ir.Expression:
    """What is compared: of a condition, that it holds comes after that it does not."""
    assert key.value is not None
    if key.value.type.kind is not Kind.BOOLEAN:
        return key.value
    unit, zero = (ir.Literal(INTEGER, key.value.span, value) for value in (1, 0))
    return ir.If(INTEGER, key.value.span, key.value, unit, zero)


def about_another(part: Any, name: str, other: str | ir.Subject) -> Any:
    """A part of a formula that is about another than the one called `name`."""
    if isinstance(part, tuple):
        return tuple(about_another(inner, name, other) for inner in part)
    if isinstance(part, ir.Bound) and part.name == name:
        return ir.Bound(part.entity, other) if isinstance(other, str) else other
    if not is_dataclass(part) or isinstance(part, type) or not isinstance(part, (*REWRITTEN, *_SUBJECTS)):
        return part
    changed = {field.name: about_another(getattr(part, field.name), name, other) for field in fields(part)}
    return replace(part, **changed)


def with_subject(part: Any, old: ir.Subject, new: ir.Subject) -> Any:
    """A part of a formula that is about `new` wherever it was about `old`."""
    if isinstance(part, tuple):
        return tuple(with_subject(inner, old, new) for inner in part)
    if part == old:
        return new
    if not is_dataclass(part) or isinstance(part, type) or not isinstance(part, (*REWRITTEN, *_SUBJECTS)):
        return part
    return replace(part, **{field.name: with_subject(getattr(part, field.name), old, new) for field in fields(part)})


_SUBJECTS = (ir.GroupOf, ir.HolderOf, ir.OwnerOf, ir.Before, ir.Records)
