"""Formulas over records that a population has none of, written without them.

1. A sum or count over such records is nought, `any` is false, `all` is true, a least or greatest does not apply.
2. What follows at once is worked out: nothing added, a choice whose condition is known, a fallback that is needed.

So what people may say of their documents costs nothing where a population is given by totals.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import fields, replace
from typing import Any

from engine.ir import nodes as ir
from engine.ir.walk import walk


def without_records(body: ir.Expression, lacking: Set[str]) -> ir.Expression:
    """`body` as it stands where there is no record of the entities `lacking`."""
    if lacking and any(_is_empty(node, lacking) for node in walk(body)):
        return _rewritten(body, lacking)
    return body


def _is_empty(node: ir.Expression, lacking: Set[str]) -> bool:
    """An aggregate over records that are not there, of somebody who is certainly there."""
    if not isinstance(node, ir.Aggregate) or not isinstance(node.link, ir.Records):
        return False
    return node.link.entity in lacking and isinstance(node.link.owner, ir.Self | ir.Bound)


def _rewritten(node: ir.Expression, lacking: Set[str]) -> ir.Expression:
    if _is_empty(node, lacking):
        assert isinstance(node, ir.Aggregate)
        return _of_nobody(node)
    changed: dict[str, Any] = {}
    for one in fields(node):
        before = getattr(node, one.name)
        after = _part(before, lacking)
        if after is not before:
            changed[one.name] = after
    return _simpler(replace(node, **changed)) if changed else node


def _part(part: Any, lacking: Set[str]) -> Any:
    """A part of a node: an expression, several, the cases of exceptions, or something else, which stays."""
    match part:
        case tuple():
            rewritten = tuple(_part(one, lacking) for one in part)
            return part if all(new is old for new, old in zip(rewritten, part, strict=True)) else rewritten
        case ir.ExceptionCase():
            when, then = _rewritten(part.when, lacking), _rewritten(part.then, lacking)
            return part if when is part.when and then is part.then else replace(part, when=when, then=then)
        case ir.ContainingDate():
            day = _rewritten(part.day, lacking)
            return part if day is part.day else replace(part, day=day)
        case ir.Node():
            return _rewritten(part, lacking)  # type: ignore[arg-type]
    return part


def _of_nobody(node: ir.Aggregate) -> ir.Expression:
    match node.operator:
        case "sum" | "count":
            return ir.Literal(node.type, node.span, 0)
        case "any" | "all":
            return ir.Literal(node.type, node.span, node.operator == "all")
    return ir.NotApplicable(node.type, node.span)


def _simpler(node: ir.Expression) -> ir.Expression:
    match node:
        case ir.Arithmetic(operator="+", left=ir.Literal(value=0), right=other) if other.type == node.type:
            return other
        case ir.Arithmetic(operator="+" | "-", left=other, right=ir.Literal(value=0)) if other.type == node.type:
            return other
        case ir.If(condition=ir.Literal(value=truth)):
            return node.then if truth else node.otherwise
        case ir.Otherwise(value=ir.NotApplicable()):
            return node.fallback
    return node
