"""The first and last of many, and who holds a role, written with extremes, conditions and counts.

1. The first is of those with the least first key, of these of those with the least second, and so on. Where several are
   left, and their least value is not their greatest, it matters which is first: the row is handed over.
2. Somebody holds a role who is one of those who hold it in the group that they are in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from engine.ir import nodes as ir
from engine.native.plan.about import about_another, compared_by
from engine.values.types import BOOLEAN, INTEGER, Kind, Value

SOME_DAY = date(2000, 1, 1)


def first_of(node: ir.Chosen) -> ir.Expression:
    """The value of the first or last of many."""
    names = [f"{node.name}#{place}" for place in range(len(node.keys))]
    where = node.where
    bests: list[tuple[str, ir.Expression]] = []
    for place, (name, key) in enumerate(zip(names, node.keys, strict=True)):
        value, least = compared_by(key), (node.pick == "first") is not key.descending
        bests.append((name, _extreme_or_any(node, "min" if least else "max", value, where, f"{node.name}'{place}")))
        best = ir.Local(value.type, node.span, name)
        where = _and(where, ir.Compare(BOOLEAN, node.span, "=", value, best))
    counted = f"{node.name}'"
    who = about_another(_with_keys(node), node.name, counted)
    count = ir.Aggregate(INTEGER, node.span, "count", node.link, counted, None, who)
    nobody = ir.Compare(BOOLEAN, node.span, "=", count, ir.Literal(INTEGER, node.span, 0))
    chosen = _alike(node, where)
    for name, value in reversed(bests):
        chosen = ir.Let(node.type, node.span, name, value, chosen)
    return ir.If(node.type, node.span, nobody, ir.NotApplicable(node.type, node.span), chosen)


def _with_keys(node: ir.Chosen) -> ir.Expression | None:
    """Who counts, by keys that have values: of all of them, also where the first key has decided, and nobody looks at
    the others but the interpreter, which tells if one fails."""
    where = node.where
    for key in node.keys[1:]:
        value = compared_by(key)
        where = _and(where, ir.Compare(BOOLEAN, node.span, "=", value, value))
    return where


def _alike(node: ir.Chosen, where: ir.Expression | None) -> ir.Expression:
    """The one value of those who are left; where there are several, the row is handed over."""
    if node.body.type.kind is Kind.BOOLEAN:
        ends = [
            ir.Aggregate(BOOLEAN, node.span, operator, node.link, name, *_renamed(node, (node.body, where), name))
            for operator, name in (("all", f"{node.name}<"), ("any", f"{node.name}>"))
        ]
        alike: ir.Expression = ir.Or(BOOLEAN, node.span, (ends[0], ir.Not(BOOLEAN, node.span, ends[1])))
        return ir.If(node.type, node.span, alike, ends[0], node)
    names = (f"{node.name}<", f"{node.name}>")
    low, high = (ir.Local(node.body.type, node.span, f"{name}#") for name in names)
    alike = ir.Compare(BOOLEAN, node.span, "=", low, high)
    chosen: ir.Expression = ir.If(node.type, node.span, alike, low, node)
    for operator, name in zip(("min", "max"), names, strict=True):
        value = _extreme_or_any(node, operator, node.body, where, name)
        chosen = ir.Let(node.type, node.span, f"{name}#", value, chosen)
    return chosen


def _extreme_or_any(
    node: ir.Chosen, operator: str, body: ir.Expression, where: ir.Expression | None, name: str
) -> ir.Expression:
    """The least or greatest of some; of nobody any value, which is not asked for."""
    extreme = ir.Aggregate(body.type, node.span, operator, node.link, name, *_renamed(node, (body, where), name))
    any_value: Value = SOME_DAY if body.type.kind is Kind.DATE else 0
    return ir.Otherwise(body.type, node.span, extreme, ir.Literal(body.type, node.span, any_value))


def _renamed(node: ir.Chosen, parts: Sequence[ir.Expression | None], name: str) -> list[ir.Expression | None]:
    return [None if part is None else about_another(part, node.name, name) for part in parts]


def _and(where: ir.Expression | None, also: ir.Expression) -> ir.Expression:
    return also if where is None else ir.And(BOOLEAN, also.span, (where, also))


def held_by(node: ir.Holds) -> ir.Expression:
    """Whether somebody is one of those who hold some roles."""
    entity, group = node.subject.entity, ir.GroupOf(node.group, node.subject, optional=True)
    name = f"{node.group} of {'/'.join(node.roles)}"
    same = ir.Same(BOOLEAN, node.span, ir.Bound(entity, name), node.subject)
    is_one = ir.Aggregate(BOOLEAN, node.span, "any", ir.Members(entity, group, node.roles), name, same, None)
    there: ir.Expression = ir.Not(BOOLEAN, node.span, ir.Nobody(BOOLEAN, node.span, group))
    if node.inside is not None:
        there = ir.And(BOOLEAN, node.span, (there, ir.Same(BOOLEAN, node.span, group, node.inside)))
    no = ir.Literal(BOOLEAN, node.span, False)
    held = ir.If(BOOLEAN, node.span, there, is_one, no)
    if node.inside is None:
        return held
    is_inside = ir.Same(BOOLEAN, node.span, node.inside, node.inside)  # who is in none has no answer
    return ir.If(BOOLEAN, node.span, is_inside, held, no)
