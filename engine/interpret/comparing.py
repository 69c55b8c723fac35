"""Records compared key by key: in which orders two of them may stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.interpret import domain
from engine.interpret.items import Item
from engine.interpret.operations import NO_ORDER
from engine.interpret.outcomes import (
    Choice,
    Failure,
    Interval,
    Known,
    Outcome,
    Possible,
)
from engine.ir import nodes as ir
from engine.text.source import Span
from engine.values.types import Duration

BEFORE, TIED, AFTER = -1, 0, 1


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
    if domain.EMPTY in (choice, other):  # a key that certainly fails or does not apply stands nowhere
        return frozenset()
    assert isinstance(choice, Interval) and isinstance(other, Interval)
    if any(isinstance(end, Duration) for end in (choice.low, choice.high, other.low, other.high)):
        return frozenset((BEFORE, TIED, AFTER))
    below = choice.low is None or other.high is None or choice.low < other.high
    above = choice.high is None or other.low is None or choice.high > other.low
    apart = _apart(choice, other) or _apart(other, choice)
    return frozenset([BEFORE] * below + [AFTER] * above + [TIED] * (not apart))


def _apart(interval: Interval, other: Interval) -> bool:
    return interval.high is not None and other.low is not None and bool(interval.high < other.low)


def compared(keys: Sequence[ir.SortKey], item: Item, other: Item) -> frozenset[int]:
    """How a record may stand to another in an order; nothing where two lengths of time have none."""
    standings: set[int] = set()
    for key, left, right in zip(keys, item.keys, other.keys, strict=True):
        orders = _orders(left, right)
        if not orders:
            return frozenset()
        standings |= {-order if key.descending else order for order in orders if order != TIED}
        if TIED not in orders:
            return frozenset(standings)
    return frozenset((*standings, TIED))


def sure_keys(item: Item) -> Sequence[Outcome]:
    """The keys of a record that surely counts; none of another."""
    return item.keys if item.counted == domain.TRUE else ()


def all_keys(items: Sequence[Item]) -> list[Outcome]:
    """The keys of all."""
    return [key for item in items for key in item.keys]


def without_order(keys: Sequence[ir.SortKey], items: Sequence[Item], span: Span | None) -> Failure | None:
    """Keys that are lengths of time of which two have no order."""
    for index, _ in enumerate(keys):
        lengths = [item.keys[index] for item in items if _is_length(item.keys[index])]
        for left in lengths:
            if any(not _orders(left, right) for right in lengths):
                return Failure(NO_ORDER, span)
    return None


def _is_length(outcome: Outcome) -> bool:
    return isinstance(outcome, Known) and isinstance(outcome.value, Duration)
