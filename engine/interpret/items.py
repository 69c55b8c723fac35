"""A record among many: whether it counts, what its value is, and its keys; and how many of them are taken."""

from __future__ import annotations

from collections.abc import Sequence

from engine.interpret import domain
from engine.interpret.domain import blocked, faults_of, may_not_apply, needs_of, settled
from engine.interpret.outcomes import (
    Failure,
    Interval,
    NotApplicable,
    Outcome,
    Possible,
)
from engine.records import record


@record(frozen=True, slots=True)
class Item:
    """A member or record: whether it counts, its value (None where none is wanted), and its keys in order."""

    instance: str
    counted: Outcome
    value: Outcome | None
    keys: tuple[Outcome, ...]


def blocked_among(certain: Sequence[Outcome], all_: Sequence[Outcome]) -> Outcome | None:
    """What certain operands without a value make of an operation in which others, that may count, may fail."""
    bad = blocked(*certain)
    fault = next((outcome.message for outcome in all_ if isinstance(outcome, Failure)), "") or faults_of(*all_)
    if not fault or not isinstance(bad, NotApplicable | Possible):
        return bad
    return Possible(domain.EMPTY, needs_of(*all_), True, fault)


def sizes_of(count: Outcome, most: int) -> range:
    """How many may be taken, at most `most`."""
    interval = domain.interval_of(count)
    low = 0 if interval.low is None else min(max(0, int(interval.low)), most)
    high = most if interval.high is None else min(max(0, int(interval.high)), most)
    return range(low, high + 1)


def counted_with(items: Sequence[Item], count: Outcome, sizes: range) -> Outcome:
    """How many are taken."""
    certain = sum(item.counted == domain.TRUE for item in items)
    counted = [item.counted for item in items]
    interval = Interval(min(sizes[0], certain), min(sizes[-1], len(items)))
    return settled(interval, needs_of(count, *counted), faults_of(count, *counted), may_not_apply(count, *counted))
