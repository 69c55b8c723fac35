"""The n first, last, highest or lowest of many, as a sum, count, extreme or condition of those before whom fewer than n
stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from engine.ir import nodes as ir
from engine.native.plan.about import about_another, compared_by
from engine.text.source import Span
from engine.values.types import BOOLEAN, INTEGER


def better(keys: Sequence[ir.SortKey], name: str, other: str | ir.Subject, span: Span | None) -> ir.Expression:
    """That the one called `name` stands before another: its first key is better, or as good with a better second …"""
    before = list(_before(keys, name, other, span))
    return before[0] if len(before) == 1 else ir.Or(BOOLEAN, span, tuple(before))


def _before(
    keys: Sequence[ir.SortKey], name: str, other: str | ir.Subject, span: Span | None
) -> Iterator[ir.Expression]:
    same: list[ir.Expression] = []
    for key in keys:
        value = compared_by(key)
        theirs = about_another(value, name, other)
        first = ir.Compare(BOOLEAN, span, ">" if key.descending else "<", value, theirs)
        yield ir.And(BOOLEAN, span, (*same, first)) if same else first
        same.append(ir.Compare(BOOLEAN, span, "=", value, theirs))


def taken_of(node: ir.Chosen) -> ir.Expression:
    """What an operation makes of those who are taken; the node itself where two of an order tie in every key."""
    assert node.count is not None
    turned = node.pick in ("last", "highest")
    ordered = [replace(key, descending=key.descending is not turned) for key in node.keys or (ir.SortKey(node.body),)]
    ahead = _rivals(node, node.name, ordered, lambda keys, rival, name: better(keys, rival, name, node.span))
    few = ir.Compare(BOOLEAN, node.span, "<", ahead, node.count)
    where = among(node.where, few)
    body = None if node.operator == "count" else node.body
    taken = ir.Aggregate(node.type, node.span, node.operator, node.link, node.name, body, where)
    if not node.keys:  # as many as are alike may stand at the last place: no sum, extreme or condition tells them apart
        return at_most(node.count, taken) if node.operator == "count" else taken
    somebody = f"{node.name}="
    alike = _rivals(node, somebody, ordered, lambda keys, rival, name: same_keys(keys, rival, name, node.span))
    ties = ir.Compare(BOOLEAN, node.span, ">", alike, ir.Literal(INTEGER, node.span, 1))
    meant = None if node.where is None else about_another(node.where, node.name, somebody)
    tied = ir.Aggregate(BOOLEAN, node.span, "any", node.link, somebody, ties, meant)
    return ir.If(node.type, node.span, tied, node, taken)


def among(where: ir.Expression | None, holds: ir.Expression) -> ir.Expression:
    """That something holds of somebody who counts. `and` would not ask who counts where it does not hold, and so pass
    over an error that the interpreter, which asks it of everybody, tells of."""
    return holds if where is None else ir.If(BOOLEAN, holds.span, where, holds, ir.Literal(BOOLEAN, holds.span, False))


def with_count(node: ir.Chosen, taken: ir.Expression) -> ir.Expression:
    """Those taken, where how many are wanted has a value: it is asked though there is nobody to take."""
    if node.count is None or isinstance(node.count, ir.Literal):
        return taken
    return ir.If(node.type, node.span, ir.Compare(BOOLEAN, node.span, "=", node.count, node.count), taken, node)


def at_most(number: ir.Expression, counted: ir.Expression) -> ir.Expression:
    """What was counted, but not more than a number, which counts as zero where it is less."""
    return ir.Extreme(INTEGER, counted.span, "min", (at_least(number, 0), counted))


def at_least(node: ir.Expression, least: int) -> ir.Expression:
    """A number, or another if it is less."""
    return ir.Extreme(node.type, node.span, "max", (ir.Literal(node.type, node.span, least), node))


def _rivals(
    node: ir.Chosen,
    name: str,
    keys: Sequence[ir.SortKey],
    stands: Callable[[Sequence[ir.SortKey], str, str], ir.Expression],
) -> ir.Expression:
    """Of how many of those who count something holds beside the one called `name`."""
    rival = f"{name}'"
    theirs = [
        replace(key, value=about_another(key.value, node.name, rival) if key.value is not None else None)
        for key in keys
    ]
    where = stands(theirs, rival, name)
    if node.where is not None:
        where = ir.And(BOOLEAN, node.span, (about_another(node.where, node.name, rival), where))
    return ir.Aggregate(INTEGER, node.span, "count", node.link, rival, None, where)


def same_keys(keys: Sequence[ir.SortKey], name: str, other: str | ir.Subject, span: Span | None) -> ir.Expression:
    """That the one called `name` and another stand in one place of an order."""
    same = [
        ir.Compare(BOOLEAN, span, "=", compared_by(key), about_another(compared_by(key), name, other)) for key in keys
    ]
    return same[0] if len(same) == 1 else ir.And(BOOLEAN, span, tuple(same))
