"""The n highest of many and ranks, written with sums and counts, which the code has.

1. The sum of the k highest of some values is the least, over each of them as t, of k times t and what the values have
   above t: at the k-th highest it is that sum, and elsewhere it is more. So ties cannot matter, and nothing is sorted.
   The sum of the k lowest is the greatest of k times t less what they have below t. Here k is n, but at most how many
   there are and at least 0.
2. A rank is one more than how many stand before: whose first key is better, or as good with a better second, and so on.
3. Each looks at all members once for each member: with more than MOST of them the interpreter, which sorts, is asked.

What is unclear of any member makes the sums unclear, so that such rows are handed over as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from engine.ir import nodes as ir
from engine.ir.walk import walk
from engine.values.types import BOOLEAN, INTEGER

MOST = 64
_SCOPED = (ir.Let, ir.Aggregate, ir.Chosen, ir.Ranked, ir.AsIf, ir.OverParts, ir.OverTime)


class WithoutOrders:
    """Rewrites formulas; `members` are how many a group, or the records of an owner, are at most."""

    def __init__(self, members: Mapping[str, int]) -> None:
        self.members = members

    def body(self, body: ir.Expression) -> ir.Expression:
        """A formula with sums and counts in the place of what is chosen or ranked."""
        if not any(self._fits(node) for node in walk(body)):
            return body
        rewritten: ir.Expression = self._part(body)
        return rewritten

    def _fits(self, node: ir.Expression) -> bool:
        match node:
            case ir.Chosen(operator="sum", pick="highest" | "lowest", keys=()):
                parts = [node.body, node.where]
            case ir.Ranked():
                parts = [*(key.value for key in node.keys), node.where]
                if not all(key.value is not None and key.value.type.is_number for key in node.keys):
                    return False
            case _:
                return False
        simple = not any(isinstance(inner, _SCOPED) for part in parts if part is not None for inner in walk(part))
        return simple and self._most(node.link) <= MOST

    def _most(self, link: ir.Link) -> int:
        counted = link.group.entity if isinstance(link, ir.Members) else link.entity
        return self.members.get(counted, MOST + 1)

    def _part(self, part: Any) -> Any:
        """A part of a formula, rewritten from the inside."""
        if isinstance(part, tuple):
            return tuple(self._part(inner) for inner in part)
        if not is_dataclass(part) or isinstance(part, type) or not isinstance(part, _REWRITTEN):
            return part
        changed = {field.name: self._part(getattr(part, field.name)) for field in fields(part)}
        rewritten = replace(part, **changed)
        if not isinstance(part, ir.Chosen | ir.Ranked) or not self._fits(part):
            return rewritten
        return _summed(rewritten) if isinstance(rewritten, ir.Chosen) else _counted(rewritten)  # type: ignore[arg-type]


_REWRITTEN = (
    ir.Node, ir.ExceptionCase, ir.Band, ir.SortKey, ir.Replacement, ir.ContainingDate, ir.Members,
)  # fmt: skip


def _summed(node: ir.Chosen) -> ir.Expression:
    """The sum of the n highest or lowest."""
    assert node.count is not None
    other, size, value = (f"{node.name}{mark}" for mark in ("'", "#", "#value"))
    is_highest = node.pick == "highest"
    count = ir.Aggregate(INTEGER, node.span, "count", node.link, node.name + "''", None, None)
    if node.where is not None:
        count = replace(count, where=_of(node.where, node.name, node.name + "''"))
    taken = ir.Extreme(INTEGER, node.span, "min", (_at_least(node.count, 0), count))
    own = ir.Local(node.type, node.span, value)
    theirs = _of(node.body, node.name, other)
    more = ir.Arithmetic(node.type, node.span, "-", *((theirs, own) if is_highest else (own, theirs)))
    rest = ir.Aggregate(node.type, node.span, "sum", node.link, other, _at_least(more, 0), None)
    if node.where is not None:
        rest = replace(rest, where=_of(node.where, node.name, other))
    times = ir.Arithmetic(node.type, node.span, "*", ir.Local(INTEGER, node.span, size), own)
    whole = ir.Arithmetic(node.type, node.span, "+" if is_highest else "-", times, rest)
    each = ir.Let(node.type, node.span, value, node.body, whole)
    best = ir.Aggregate(node.type, node.span, "min" if is_highest else "max", node.link, node.name, each, node.where)
    size_or_zero = ir.Otherwise(node.type, node.span, best, ir.Literal(node.type, node.span, 0))
    return ir.Let(node.type, node.span, size, taken, size_or_zero)


def _at_least(node: ir.Expression, least: int) -> ir.Expression:
    return ir.Extreme(node.type, node.span, "max", (ir.Literal(node.type, node.span, least), node))


def _counted(node: ir.Ranked) -> ir.Expression:
    """One more than how many stand before; or what share of all they are, where there is anybody."""
    before = list(_before(node))
    earlier = before[0] if len(before) == 1 else ir.Or(BOOLEAN, node.span, tuple(before))
    where = earlier if node.where is None else ir.And(BOOLEAN, node.span, (node.where, earlier))
    count = ir.Aggregate(INTEGER, node.span, "count", node.link, node.name, None, where)
    if node.operator == "rank":
        return ir.Arithmetic(INTEGER, node.span, "+", ir.Literal(INTEGER, node.span, 1), count)
    size, other = f"{node.name}#", f"{node.name}'"
    theirs = _of(node.where, node.name, other) if node.where is not None else None
    whole = ir.Aggregate(INTEGER, node.span, "count", node.link, other, None, theirs)
    all_ = ir.Local(INTEGER, node.span, size)
    nobody = ir.Compare(BOOLEAN, node.span, "=", all_, ir.Literal(INTEGER, node.span, 0))
    share = ir.Arithmetic(node.type, node.span, "/", count, all_)
    chosen = ir.If(node.type, node.span, nobody, ir.NotApplicable(node.type, node.span), share)
    return ir.Let(node.type, node.span, size, whole, chosen)


def _before(node: ir.Ranked) -> Iterator[ir.Expression]:
    """That a key is better, where those before it are as good."""
    same: list[ir.Expression] = []
    for key in node.keys:
        assert key.value is not None
        own = _of(key.value, node.name, node.subject)
        better = ir.Compare(BOOLEAN, node.span, ">" if key.descending else "<", key.value, own)
        yield ir.And(BOOLEAN, node.span, (*same, better)) if same else better
        same.append(ir.Compare(BOOLEAN, node.span, "=", key.value, own))


def _of(part: Any, name: str, other: str | ir.Subject) -> Any:
    """A part of a formula that is about another than the one called `name`."""
    if isinstance(part, tuple):
        return tuple(_of(inner, name, other) for inner in part)
    if isinstance(part, ir.Bound) and part.name == name:
        return ir.Bound(part.entity, other) if isinstance(other, str) else other
    if not is_dataclass(part) or isinstance(part, type) or not isinstance(part, (*_REWRITTEN, *_SUBJECTS)):
        return part
    return replace(part, **{field.name: _of(getattr(part, field.name), name, other) for field in fields(part)})


_SUBJECTS = (ir.GroupOf, ir.HolderOf, ir.OwnerOf, ir.Before, ir.Records)

__all__ = ["WithoutOrders"]
