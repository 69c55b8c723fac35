"""The highest and lowest of many values.

Of the n highest values only the values matter, so ties cannot. Where it is not known who counts or what their values
are, the least sum lies at some number of possible members, with their least values; the greatest likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.interpret import domain
from engine.interpret.domain import blocked, faults_of, may_not_apply, needs_of, settled
from engine.interpret.items import Item, blocked_among, counted_with, sizes_of
from engine.interpret.outcomes import (
    NOT_APPLICABLE,
    Failure,
    Interval,
    Known,
    Outcome,
    Possible,
)
from engine.ir import nodes as ir
from engine.records import record


def extremes(node: ir.Chosen, items: Sequence[Item], count: Outcome) -> Outcome:
    """`sum`, `count`, `min` or `max` of the n highest (lowest) values, or of all if there are fewer. `items` are those
    who count, or may."""
    bad = blocked(count, *(item.counted for item in items))
    if bad is not None:
        return bad
    sizes = sizes_of(count, len(items))
    if node.operator == "count":
        return counted_with(items, count, sizes)
    bad = blocked_among(_certain_values(items), [item.value for item in items if item.value is not None])
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


def _certain_values(items: Sequence[Item]) -> list[Outcome]:
    return [item.value for item in items if item.counted == domain.TRUE and item.value is not None]


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
    taken_ends = [_taken(node, [*certain, *rising[:number]], size, -1) for number in range(len(rising) + 1)]
    known = [end for end in taken_ends if end.known]
    return _End(_lowest(known)) if known else _End(None, False)


def _greatest(node: ir.Chosen, ends: tuple[list[_End], list[_End]], size: int) -> _End:
    certain, possible = ends
    falling = sorted(possible, key=lambda end: _place(end, 1), reverse=True)
    taken_ends = [_taken(node, [*certain, *falling[:number]], size, 1) for number in range(len(falling) + 1)]
    known = [end for end in taken_ends if end.known]
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
