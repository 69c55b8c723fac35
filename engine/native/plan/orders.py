"""The n highest of many, ranks, the first and last of many, and who holds a role: written with sums, counts, extremes
and conditions, which the code has.

1. The sum of the k highest of some values is the least, over each of them as t, of k times t and what the values have
   above t: at the k-th highest it is that sum, and elsewhere it is more. So ties cannot matter, and nothing is sorted.
   The sum of the k lowest is the greatest of k times t less what they have below t. Here k is n, but at most how many
   there are and at least 0.
2. A rank is one more than how many stand before: whose first key is better, or as good with a better second, and so on.
   Where the order in which they are listed parts those who tie, who is listed before counts too; the row is handed
   over if whoever asks is not among them, or if somebody ties of others than the members of a group.
3. The n first of an order, and the n highest where not their sum is asked, are those before whom fewer than n stand.
   Where two of an order tie in every key, the row is handed over.
4. All these look at all members once for each member: with more than MOST of them the interpreter, which sorts, is
   asked.
5. The first and last of many, and who holds a role: see `firsts`.

What is unclear of any member makes the sums unclear, so that such rows are handed over as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from engine.ir import nodes as ir
from engine.ir.walk import walk, whose
from engine.native.plan.about import REWRITTEN, about_another
from engine.native.plan.firsts import first_of, held_by
from engine.native.plan.pointers import list_of_owned
from engine.native.plan.taken import among, at_least, at_most, better, same_keys, taken_of, with_count
from engine.values.types import BOOLEAN, INTEGER, Kind, ValueType

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
                if not _have_extremes(_keys_of(node)):
                    return False
            case ir.Chosen(operator="only", pick="first" | "last"):
                known = _has_extremes(node.body.type) or node.body.type.kind is Kind.BOOLEAN
                parts = [*(key.value for key in node.keys), node.body, node.where]
                return known and _have_extremes(node.keys) and _is_simple(parts)
            case ir.Chosen(operator="sum" | "count" | "min" | "max" | "any" | "all"):
                parts = [*(key.value for key in node.keys), node.body, node.where]
                if not _have_extremes(node.keys) or not (node.keys or _has_extremes(node.body.type)):
                    return False
            case ir.Holds():
                return True
            case _:
                return False
        return _is_simple(parts) and self._most(node.link) <= MOST

    def _most(self, link: ir.Link) -> int:
        counted = link.group.entity if isinstance(link, ir.Members) else link.entity
        if isinstance(link, ir.Records) and link.further and list_of_owned(link.entity, link.further) in self.members:
            counted = list_of_owned(link.entity, link.further)  # groups that a figure makes are in no such list
        return self.members.get(counted, MOST + 1)

    def _part(self, part: Any) -> Any:
        """A part of a formula, rewritten from the inside."""
        if isinstance(part, tuple):
            return tuple(self._part(inner) for inner in part)
        if not is_dataclass(part) or isinstance(part, type) or not isinstance(part, REWRITTEN):
            return part
        changed = {field.name: self._part(getattr(part, field.name)) for field in fields(part)}
        rewritten = replace(part, **changed)
        if not isinstance(part, ir.Chosen | ir.Ranked | ir.Holds) or not self._fits(part):
            return rewritten
        match rewritten:
            case ir.Chosen(operator="only"):
                return first_of(rewritten)
            case ir.Chosen(operator="sum", keys=()):
                return with_count(rewritten, _summed(rewritten))
            case ir.Chosen():
                return with_count(rewritten, taken_of(rewritten))
            case ir.Ranked():
                return _counted(rewritten)
            case ir.Holds():
                return held_by(rewritten)
        return rewritten


def _is_simple(parts: Sequence[ir.Expression | None]) -> bool:
    """Whether nothing inside binds a name or stands at another time."""
    return not any(isinstance(inner, _SCOPED) for part in parts if part is not None for inner in walk(part))


def _has_extremes(value_type: ValueType) -> bool:
    return value_type.is_number or value_type.kind is Kind.DATE


def _have_extremes(keys: Sequence[ir.SortKey]) -> bool:
    known = (key.value.type for key in keys if key.value is not None)
    return len(keys) == sum(_has_extremes(key_type) or key_type.kind is Kind.BOOLEAN for key_type in known)


def _summed(node: ir.Chosen) -> ir.Expression:
    """The sum of the n highest or lowest."""
    assert node.count is not None
    other, size, value = (f"{node.name}{mark}" for mark in ("'", "#", "#value"))
    is_highest = node.pick == "highest"
    count = ir.Aggregate(INTEGER, node.span, "count", node.link, node.name + "''", None, None)
    if node.where is not None:
        count = replace(count, where=about_another(node.where, node.name, node.name + "''"))
    taken = at_most(node.count, count)
    own = ir.Local(node.type, node.span, value)
    theirs = about_another(node.body, node.name, other)
    more = ir.Arithmetic(node.type, node.span, "-", *((theirs, own) if is_highest else (own, theirs)))
    rest = ir.Aggregate(node.type, node.span, "sum", node.link, other, at_least(more, 0), None)
    if node.where is not None:
        rest = replace(rest, where=about_another(node.where, node.name, other))
    times = ir.Arithmetic(node.type, node.span, "*", ir.Local(INTEGER, node.span, size), own)
    whole = ir.Arithmetic(node.type, node.span, "+" if is_highest else "-", times, rest)
    each = ir.Let(node.type, node.span, value, node.body, whole)
    best = ir.Aggregate(node.type, node.span, "min" if is_highest else "max", node.link, node.name, each, node.where)
    size_or_zero = ir.Otherwise(node.type, node.span, best, ir.Literal(node.type, node.span, 0))
    return ir.Let(node.type, node.span, size, taken, size_or_zero)


def _keys_of(node: ir.Ranked) -> tuple[ir.SortKey, ...]:
    """The keys of a rank, without the last one if that is the order in which they are listed."""
    by_list = node.operator == "rank" and len(node.keys) > 1 and node.keys[-1].value is None
    return node.keys[:-1] if by_list else node.keys


def _counted(node: ir.Ranked) -> ir.Expression:
    """One more than how many stand before; or what share of all they are, where there is anybody."""
    keys = _keys_of(node)
    earlier = better(keys, node.name, node.subject, node.span)
    by_list = keys != node.keys
    if by_list and _lists(node.link):
        earlier = ir.Or(BOOLEAN, node.span, (earlier, _tied_and_listed_before(node, keys)))
    where = among(node.where, earlier)
    count = ir.Aggregate(INTEGER, node.span, "count", node.link, node.name, None, where)
    if node.operator == "rank":
        place = ir.Arithmetic(INTEGER, node.span, "+", ir.Literal(INTEGER, node.span, 1), count)
        if by_list and _lists(node.link):
            return _where_there_is_a_group(node, ir.If(INTEGER, node.span, _is_listed(node), place, node))
        return ir.If(INTEGER, node.span, _somebody_ties(node, keys), node, place) if by_list else place
    size, other = f"{node.name}#", f"{node.name}'"
    theirs = about_another(node.where, node.name, other) if node.where is not None else None
    whole = ir.Aggregate(INTEGER, node.span, "count", node.link, other, None, theirs)
    all_ = ir.Local(INTEGER, node.span, size)
    nobody = ir.Compare(BOOLEAN, node.span, "=", all_, ir.Literal(INTEGER, node.span, 0))
    share = ir.Arithmetic(node.type, node.span, "/", count, all_)
    chosen = ir.If(node.type, node.span, nobody, ir.NotApplicable(node.type, node.span), share)
    return ir.Let(node.type, node.span, size, whole, chosen)


def _lists(link: ir.Link) -> bool:
    """Whether a link runs over the members of a stated group, as they are in the formula's own period."""
    return isinstance(link, ir.Members) and link.by is None and isinstance(link.time, ir.ThisPeriod)


def _tied_and_listed_before(node: ir.Ranked, keys: Sequence[ir.SortKey]) -> ir.Expression:
    """That one of them has the same keys as whoever asks, and is listed before."""
    assert isinstance(node.link, ir.Members)
    sides: list[ir.Subject] = [ir.Bound(node.link.entity, node.name), node.subject]
    left, right = reversed(sides) if node.keys[-1].descending else sides
    earlier = ir.ListedBefore(BOOLEAN, node.span, left, right, node.link.group.entity)
    return ir.And(BOOLEAN, node.span, (same_keys(keys, node.name, node.subject, node.span), earlier))


def _where_there_is_a_group(node: ir.Ranked, place: ir.Expression) -> ir.Expression:
    """A place among the members of a group; none for whoever is in no such group."""
    group = whose(node.link)
    if not isinstance(group, ir.GroupOf) or not group.optional:
        return place
    none = ir.NotApplicable(node.type, node.span)
    return ir.If(INTEGER, node.span, ir.Nobody(BOOLEAN, node.span, group), none, place)


def _is_listed(node: ir.Ranked) -> ir.Expression:
    """Whether whoever asks is among them: else there is no place in their order."""
    other = f"{node.name}&"
    own = ir.Same(BOOLEAN, node.span, ir.Bound(node.link.entity, other), node.subject)
    return ir.Aggregate(BOOLEAN, node.span, "any", node.link, other, own, None)


def _somebody_ties(node: ir.Ranked, keys: Sequence[ir.SortKey]) -> ir.Expression:
    """Whether another of those who count has the same keys."""
    person = node.link.entity
    own = ir.Same(BOOLEAN, node.span, ir.Bound(person, node.name), node.subject)
    alike = same_keys(keys, node.name, node.subject, node.span)
    where = alike if node.where is None else ir.And(BOOLEAN, node.span, (node.where, alike))
    return ir.Aggregate(BOOLEAN, node.span, "any", node.link, node.name, ir.Not(BOOLEAN, node.span, own), where)


__all__ = ["WithoutOrders"]
