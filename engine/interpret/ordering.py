"""The highest and lowest of many values, the first and last of records in an order, and ranks.

1. Of the n highest values only the values matter, so ties cannot. Where it is not known who counts or what their
   values are, the least sum lies at some number of possible members, with their least values; the greatest likewise.
2. Records are compared key by key. Where an order is not certain, a record is surely, possibly or not among those
   taken. Records that tie in every key and whose values differ are an error where it matters which of them is taken.
3. A rank is one more than the number of records that stand strictly before: equals share a place.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import cmp_to_key
from typing import Any

from engine.interpret import domain
from engine.interpret.domain import blocked, either, faults_of, may_not_apply, needs_of, settled, under
from engine.interpret.operations import NO_ORDER, decided, extreme_of_counted, summed
from engine.interpret.outcomes import (
    NOT_APPLICABLE,
    Choice,
    Fact,
    Failure,
    Interval,
    Known,
    NotApplicable,
    Outcome,
    Possible,
)
from engine.ir import nodes as ir
from engine.records import record
from engine.text.source import Span
from engine.values.types import Duration

BEFORE, TIED, AFTER = -1, 0, 1
_TIES = "add a key to `by` that tells them apart, or `listed`"


@record(frozen=True, slots=True)
class Item:
    """A member or record: whether it counts, its value (None where none is wanted), and its keys in order."""

    instance: str
    counted: Outcome
    value: Outcome | None
    keys: tuple[Outcome, ...]


# --- the n highest or lowest values


def extremes(node: ir.Chosen, items: Sequence[Item], count: Outcome) -> Outcome:
    """`sum`, `count`, `min` or `max` of the n highest (lowest) values, or of all if there are fewer. `items` are those
    who count, or may."""
    bad = blocked(count, *(item.counted for item in items))
    if bad is not None:
        return bad
    sizes = _sizes(count, len(items))
    if node.operator == "count":
        return _counted(items, count, sizes)
    bad = _blocked(_certain_values(items), [item.value for item in items if item.value is not None])
    if bad is not None:
        return bad
    everything = [count, *(item.counted for item in items), *(item.value for item in items if item.value is not None)]
    lows, highs = (_ends(items, high) for high in (False, True))
    low = [_least(node, lows, size) for size in sizes]
    high = [_greatest(node, highs, size) for size in sizes]
    nobody = node.operator != "sum" and (0 in sizes or not any(item.counted == domain.TRUE for item in items))
    failure = next((item.value for item in items if isinstance(item.value, Failure)), None)
    fault = failure.message if failure is not None else faults_of(*everything)
    if not any(end.known for end in (*low, *high)):
        return Possible(domain.EMPTY, needs_of(*everything), True, fault) if fault else NOT_APPLICABLE
    absent = nobody or may_not_apply(*everything)
    interval = Interval(_lowest([end for end in low if end.known]), _highest([end for end in high if end.known]))
    return settled(interval, needs_of(*everything), fault, absent)


def _blocked(certain: Sequence[Outcome], all_: Sequence[Outcome]) -> Outcome | None:
    """What certain operands without a value make of an operation in which others, that may count, may fail."""
    bad = blocked(*certain)
    fault = next((one.message for one in all_ if isinstance(one, Failure)), "") or faults_of(*all_)
    if not fault or not isinstance(bad, NotApplicable | Possible):
        return bad
    return Possible(domain.EMPTY, needs_of(*all_), True, fault)


def _certain_values(items: Sequence[Item]) -> list[Outcome]:
    return [item.value for item in items if item.counted == domain.TRUE and item.value is not None]


def _sizes(count: Outcome, most: int) -> range:
    """How many may be taken, at most `most`."""
    interval = domain.interval_of(count)
    low = 0 if interval.low is None else min(max(0, interval.low), most)
    high = most if interval.high is None else min(max(0, interval.high), most)
    return range(low, high + 1)


def _counted(items: Sequence[Item], count: Outcome, sizes: range) -> Outcome:
    certain = sum(item.counted == domain.TRUE for item in items)
    counted = [item.counted for item in items]
    interval = Interval(min(sizes[0], certain), min(sizes[-1], len(items)))
    return settled(interval, needs_of(count, *counted), faults_of(count, *counted), may_not_apply(count, *counted))


@record(frozen=True, slots=True)
class _End:
    """A value at one end of what it may be; None is without end. `known`: there is one at all."""

    value: Any
    known: bool = True


def _ends(items: Sequence[Item], high: bool) -> tuple[list[_End], list[_End]]:
    """The lower or upper ends of the values of those who count, and of those who may."""
    certain: list[_End] = []
    possible: list[_End] = []
    for item in items:
        if not isinstance(item.value, Known | Possible):
            continue
        range_ = domain.range_of(item.value)
        if isinstance(range_, Interval):
            end = _End(range_.high if high else range_.low)
            (certain if item.counted == domain.TRUE else possible).append(end)
    return certain, possible


def _least(node: ir.Chosen, ends: tuple[list[_End], list[_End]], size: int) -> _End:
    certain, possible = ends
    rising = sorted(possible, key=lambda end: _place(end, -1))
    found = [_taken(node, [*certain, *rising[:number]], size, -1) for number in range(len(rising) + 1)]
    known = [end for end in found if end.known]
    return _End(_lowest(known)) if known else _End(None, False)


def _greatest(node: ir.Chosen, ends: tuple[list[_End], list[_End]], size: int) -> _End:
    certain, possible = ends
    falling = sorted(possible, key=lambda end: _place(end, 1), reverse=True)
    found = [_taken(node, [*certain, *falling[:number]], size, 1) for number in range(len(falling) + 1)]
    known = [end for end in found if end.known]
    return _End(_highest(known)) if known else _End(None, False)


def _place(end: _End, open_side: int) -> tuple[int, Any]:
    """Where an end stands among others: one without end at the side that is open."""
    return (0, end.value) if end.value is not None else (open_side, 0)


def _taken(node: ir.Chosen, ends: Sequence[_End], size: int, open_side: int) -> _End:
    """The operation on the n highest (lowest) of some ends."""
    ordered = sorted(ends, key=lambda end: _place(end, open_side), reverse=node.pick == "highest")[:size]
    if node.operator == "sum":
        unbounded = any(end.value is None for end in ordered)
        return _End(None if unbounded else sum((end.value for end in ordered), 0))
    if not ordered:
        return _End(None, False)
    return (max if node.operator == "max" else min)(ordered, key=lambda end: _place(end, open_side))


def _lowest(ends: Sequence[_End]) -> Any:
    return None if any(end.value is None for end in ends) else min(end.value for end in ends)


def _highest(ends: Sequence[_End]) -> Any:
    return None if any(end.value is None for end in ends) else max(end.value for end in ends)


# --- order


def _orders(a: Outcome, b: Outcome) -> frozenset[int]:
    """How the first of two keys may stand to the second. Lengths of time without an order give nothing."""
    if isinstance(a, Known) and isinstance(b, Known):
        left: Any = a.value
        right: Any = b.value
        if isinstance(left, Duration):
            order = left.order(right)
            return frozenset() if order is None else frozenset((order,))
        return frozenset(((left > right) - (left < right),))
    assert isinstance(a, Known | Possible) and isinstance(b, Known | Possible)
    choice, other = domain.range_of(a), domain.range_of(b)
    if isinstance(choice, Choice) and isinstance(other, Choice):
        pairs = [(bool(left), bool(right)) for left in choice.options for right in other.options]
        return frozenset((left > right) - (left < right) for left, right in pairs)
    assert isinstance(choice, Interval) and isinstance(other, Interval)
    if any(isinstance(end, Duration) for end in (choice.low, choice.high, other.low, other.high)):
        return frozenset((BEFORE, TIED, AFTER))
    below = choice.low is None or other.high is None or choice.low < other.high
    above = choice.high is None or other.low is None or choice.high > other.low
    apart = _apart(choice, other) or _apart(other, choice)
    return frozenset([BEFORE] * below + [AFTER] * above + [TIED] * (not apart))


def _apart(interval: Interval, other: Interval) -> bool:
    return interval.high is not None and other.low is not None and bool(interval.high < other.low)


def compared(keys: Sequence[ir.SortKey], one: Item, other: Item) -> frozenset[int]:
    """How a record may stand to another in an order; nothing where two lengths of time have none."""
    found: set[int] = set()
    for key, left, right in zip(keys, one.keys, other.keys, strict=True):
        orders = _orders(left, right)
        if not orders:
            return frozenset()
        found |= {-order if key.descending else order for order in orders if order != TIED}
        if TIED not in orders:
            return frozenset(found)
    return frozenset((*found, TIED))


def taken_in_order(node: ir.Chosen, counted: Sequence[Item], count: Outcome, span: Span | None) -> Outcome:
    """What an operation gives of the first (last) n records in an order; `only` one gives its value. `counted` are
    those who count, or may."""
    bad = blocked(count, *(item.counted for item in counted))
    if bad is None and node.operator == "count":
        return _counted(counted, count, _sizes(count, len(counted)))
    bad = bad or _blocked([key for item in counted for key in _sure_keys(item)], _keys(counted))
    bad = bad or _without_order(node.keys, counted, span)
    if bad is not None:
        return bad
    open_ = [one for one in (count, *(item.counted for item in counted), *_keys(counted)) if not isinstance(one, Known)]
    if open_:
        return _possibly_taken(node, counted, count, span)
    assert isinstance(count, Known) and isinstance(count.value, int)
    return _surely_taken(node, counted, max(0, count.value), span)


def _sure_keys(item: Item) -> Sequence[Outcome]:
    return item.keys if item.counted == domain.TRUE else ()


def _keys(items: Sequence[Item]) -> list[Outcome]:
    return [key for item in items for key in item.keys]


def _without_order(keys: Sequence[ir.SortKey], items: Sequence[Item], span: Span | None) -> Failure | None:
    """Keys that are lengths of time of which two have no order."""
    for index, _ in enumerate(keys):
        lengths = [item.keys[index] for item in items if _is_length(item.keys[index])]
        for left in lengths:
            if any(not _orders(left, right) for right in lengths):
                return Failure(NO_ORDER, span)
    return None


def _is_length(outcome: Outcome) -> bool:
    return isinstance(outcome, Known) and isinstance(outcome.value, Duration)


def ordered(node: ir.Chosen | ir.Ranked, items: Sequence[Item]) -> list[Item]:
    """Records whose order is certain, first to last; those that tie as they are listed."""

    return in_order(node.keys, items)


def in_order(keys: Sequence[ir.SortKey], items: Sequence[Item]) -> list[Item]:
    """Records whose order is certain, first to last; those that tie, or have none, as they are listed."""

    def order(one: Item, other: Item) -> int:
        return next(iter(compared(keys, one, other)), TIED)

    return sorted(items, key=cmp_to_key(order))


def _surely_taken(node: ir.Chosen, items: Sequence[Item], count: int, span: Span | None) -> Outcome:
    found = ordered(node, items)
    if node.pick == "last":
        found.reverse()
    taken = found[:count]
    if not taken or len(taken) == len(found):
        return _operated(node, [(domain.TRUE, item.value) for item in taken], span)
    last = taken[-1]
    tied = [item for item in found if compared(node.keys, item, last) == {TIED}]
    inside = [item for item in taken if item not in tied]
    outcomes = [item.value for item in tied]
    alike = not isinstance(outcomes[0], Possible) and all(outcome == outcomes[0] for outcome in outcomes)
    if alike or len(tied) == len(taken) - len(inside):
        return _operated(node, [(domain.TRUE, item.value) for item in taken], span)
    clash = Failure(_tie(tied), span)
    if not any(isinstance(outcome, Possible) for outcome in outcomes):
        return next((outcome for outcome in outcomes if isinstance(outcome, Failure)), clash)
    bodies = [(domain.TRUE, item.value) for item in inside]
    perhaps = [(Possible(domain.BOTH, needs_of(*outcomes)), item.value) for item in tied]  # type: ignore[arg-type]
    if node.operator == "only":
        return either([*outcomes, clash], frozenset())  # type: ignore[list-item]
    return under(_operated(node, [*bodies, *perhaps], span), Possible(domain.BOTH, frozenset(), may_fail=clash.message))


def _tie(tied: Sequence[Item]) -> str:
    first = tied[0]
    other = next((item for item in tied[1:] if item.value != first.value), tied[1])
    return f"`{first.instance}` and `{other.instance}` tie in every key, and it matters which comes first: {_TIES}"


def _possibly_taken(node: ir.Chosen, items: Sequence[Item], count: Outcome, span: Span | None) -> Outcome:
    """Where the order or who counts is not certain: each record that may be taken, surely or perhaps."""
    deciding = [count, *(item.counted for item in items), *_keys(items)]
    needs = needs_of(*deciding)
    sizes = _sizes(count, len(items))
    flip = -1 if node.pick == "last" else 1
    bodies: list[tuple[Outcome, Outcome | None]] = []
    fault = next((key.message for key in _keys(items) if isinstance(key, Failure)), "") or faults_of(*deciding)
    for item in items:
        orders = [(other, _standing(node, other, item)) for other in items if other is not item]
        surely = sum(other.counted == domain.TRUE and found == {BEFORE * flip} for other, found in orders)
        possibly = sum(bool(found & {BEFORE * flip, TIED}) for _, found in orders)
        if surely >= sizes[-1]:
            continue
        certain = item.counted == domain.TRUE and possibly < sizes[0]
        bodies.append((domain.TRUE if certain else Possible(domain.BOTH, needs), item.value))
        tied = [other for other, found in orders if TIED in found and not _same(item.value, other.value)]
        if tied and not certain and not fault:
            fault = _tie([item, tied[0]])
    absent = may_not_apply(*deciding)
    sure = any(item.counted == domain.TRUE for item in items) and sizes[0] > 0
    doubt = Possible(domain.BOTH, needs, absent, fault)
    if node.operator == "only":
        values = [value for _, value in bodies if value is not None]
        if not values:
            return under(NOT_APPLICABLE, doubt)
        return under(either(values if sure else [*values, NOT_APPLICABLE], needs), doubt)
    return under(_operated(node, bodies, span), doubt)


def _standing(node: ir.Chosen, other: Item, item: Item) -> frozenset[int]:
    if all(isinstance(key, Known | Possible) for key in (*other.keys, *item.keys)):
        return compared(node.keys, other, item) or frozenset((BEFORE, TIED, AFTER))
    return frozenset((BEFORE, TIED, AFTER))


def _same(one: Outcome | None, other: Outcome | None) -> bool:
    return isinstance(one, Known) and one == other


def _operated(node: ir.Chosen, bodies: Sequence[tuple[Outcome, Outcome | None]], span: Span | None) -> Outcome:
    pairs = [(counted, value) for counted, value in bodies if value is not None]
    match node.operator:
        case "only":
            return pairs[0][1] if pairs else NOT_APPLICABLE
        case "sum":
            return summed(node.type.kind, pairs, span)
        case "any" | "all":
            return _condition(pairs, node.operator == "any", span)
    return extreme_of_counted(node.operator, node.type.kind, pairs, span)


def _condition(pairs: Sequence[tuple[Outcome, Outcome]], deciding: bool, span: Span | None) -> Outcome:
    outcomes: list[Outcome] = []
    for counted, value in pairs:
        one = value
        if counted != domain.TRUE:
            one = under(either([value, Known(not deciding)], needs_of(counted)), counted)
        if one == Known(deciding):
            return one
        outcomes.append(one)
    return decided(outcomes, deciding, span)


# --- ranks


@record(frozen=True, slots=True)
class Standing:
    """The keys of all who count, where all are known: one order serves everybody who asks."""

    places: Sequence[Any]


def standing(node: ir.Ranked, items: Sequence[Item]) -> Standing | None:
    """The order of records whose keys are known and have a total order; None where they are not."""
    places = [place(node, item) for item in items if item.counted == domain.TRUE]
    known = [one for one in places if one is not None]
    return Standing(sorted(known)) if len(known) == len(items) else None


def place(node: ir.Ranked, one: Item) -> tuple[Any, ...] | None:
    """Where a record stands, as something that sorts; None where a key is not known, or is a length of time."""
    found: list[Any] = []
    for key, outcome in zip(node.keys, one.keys, strict=True):
        if not isinstance(outcome, Known) or isinstance(outcome.value, Duration):
            return None
        value: Any = outcome.value
        value = value.toordinal() if isinstance(value, date) else value
        found.append(-value if key.descending else value)
    return tuple(found)


def rank_in(node: ir.Ranked, order: Standing, own: tuple[Any, ...]) -> Outcome:
    """The rank of somebody in an order that is known."""
    before = bisect_left(order.places, own)
    if node.operator == "rank":
        return Known(before + 1)
    return Known(Fraction(before, len(order.places))) if order.places else NOT_APPLICABLE


def ranked(node: ir.Ranked, counted: Sequence[Item], own: Item, span: Span | None) -> Outcome:
    """The rank of somebody, or which part of all stands before them; `counted` are those who count, or may."""
    bad = blocked(*(item.counted for item in counted))
    keys = [*own.keys, *(key for item in counted for key in _sure_keys(item))]
    bad = bad or _blocked(keys, [*own.keys, *_keys(counted)])
    bad = bad or _without_order(node.keys, [*counted, own], span)
    if bad is not None:
        return bad
    deciding = [*(item.counted for item in counted), *own.keys, *_keys(counted)]
    needs, absent = needs_of(*deciding), may_not_apply(*deciding)
    fault = next((key.message for key in _keys(counted) if isinstance(key, Failure)), "") or faults_of(*deciding)
    certain, possible = _before(node, counted, own)
    if node.operator == "rank":
        low = 1 + sum(one == {BEFORE} for one in certain)
        high = 1 + sum(BEFORE in one for one in (*certain, *possible))
        return settled(Interval(low, high), needs, fault, absent)
    return _percentile(certain, possible, needs, fault, absent)


def _before(node: ir.Ranked, items: Sequence[Item], own: Item) -> tuple[list[frozenset[int]], list[frozenset[int]]]:
    """How those who count, and those who may, may stand to somebody."""
    certain: list[frozenset[int]] = []
    possible: list[frozenset[int]] = []
    for item in items:
        found = frozenset((TIED,))
        if item.instance != own.instance:
            known = all(isinstance(key, Known | Possible) for key in item.keys)
            found = compared(node.keys, item, own) if known else frozenset()
            found = found or frozenset((BEFORE, TIED, AFTER))
        (certain if item.counted == domain.TRUE else possible).append(found)
    return certain, possible


def _percentile(
    certain: Sequence[frozenset[int]],
    possible: Sequence[frozenset[int]],
    needs: frozenset[Fact],
    fault: str,
    absent: bool,
) -> Outcome:
    """Low counts a possible member only where it may not be before, high only where it may be."""
    if not certain and not possible:
        return Possible(domain.EMPTY, needs, True, fault) if fault else NOT_APPLICABLE
    below = sum(one == {BEFORE} for one in certain)
    other = sum(one != {BEFORE} for one in possible)
    low = _share(below, len(certain) + other, Fraction(1))
    below = sum(BEFORE in one for one in certain)
    more = sum(BEFORE in one for one in possible)
    high = _share(below + more, len(certain) + more, Fraction(0))
    return settled(Interval(low, high), needs, fault, absent or not certain)


def _share(part: int, whole: int, otherwise: Fraction) -> Fraction:
    return Fraction(part, whole) if whole else otherwise


def selected(node: ir.Chosen, items: Sequence[Item], count: Known) -> tuple[list[str], int] | None:
    """Who is taken, in order, and how many are not; None where that is not certain."""
    assert isinstance(count.value, int)
    if any(item.counted != domain.TRUE for item in items):
        return None
    if node.pick in ("first", "last"):
        if not all(isinstance(key, Known) for key in _keys(items)) or _without_order(node.keys, items, None):
            return None
        found = ordered(node, items)
    else:
        values: list[tuple[Any, int]] = [
            (one.value.value, place) for place, one in enumerate(items) if isinstance(one.value, Known)
        ]
        if len(values) < len(items):
            return None
        found = [items[place] for _, place in sorted(values)]
    if node.pick in ("last", "highest"):
        found.reverse()
    taken = found[: max(0, count.value)]
    return [item.instance for item in taken], len(found) - len(taken)
