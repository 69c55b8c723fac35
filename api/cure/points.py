"""Values of facts with which a condition holds, point by point.

1. Of one number: points at growing distances below and above what it is now. Where one holds and the point before it
   does not, the gap between the two is halved, down to the number's own step. What is found is the nearest value as far
   as the condition turns once in the gap. Before that the distances are tried at which it turned for other numbers:
   amounts that are added up turn at the same one. Where no point holds, the gaps between them are halved, nearest
   first, and those dropped whole in which it cannot.
2. Of a set: the values of what has few, points at growing distances of what is a number, and combinations of them, the
   nearest first. Of one that holds each number is then brought as near to now as it goes.

Every point is a question to the interpreter, out of the trial's budget.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod

from api.cure.places import FAR, Line, members_of, place_of
from api.cure.trial import Changes, Trial
from engine.interpret.outcomes import Fact
from engine.values.types import NONE, Kind, Value

WIDE = 100_000
"""With more values than these, halving the range of a number takes long."""
FEW = 32
"""So many values are all tried."""
MOST_POINTS = 120
MOST_GAPS, MORE_GAPS = 40, 4
"""So many gaps between points are looked into. Once there are so many more than at first in which it may hold, halving
them tells nothing."""
MOST_FRUITLESS = 2
"""After so many numbers of which this decided nothing it is no longer tried."""
MOST_TURNS = 4
"""So many distances at which it turned for other numbers are tried."""
_GROWTH = 4


@dataclass(frozen=True, slots=True)
class Side:
    """A number and a direction: where it is now (in steps), and how far it may go."""

    fact: Fact
    line: Line
    end: int

    @property
    def now(self) -> int:
        """Where the number is."""
        return int(self.line.now / self.line.step)

    def value(self, place: int) -> Value:
        """The number at a place."""
        return self.line.value(place * self.line.step)

    def place(self, value: Value) -> int:
        """Where a number stands, in steps."""
        return int(place_of(value) / self.line.step)

    def tried(self) -> list[int]:
        """Every place but where it is now, where there are few; else places ever further away, and the end."""
        way = 1 if self.end > self.now else -1
        few = range(self.now + way, self.end + way, way)
        if len(few) <= FEW:
            return list(few)
        distances = [_GROWTH**power for power in range(64) if _GROWTH**power < len(few)]
        return [*(self.now + way * distance for distance in distances), self.end]


def is_wide(line: Line) -> bool:
    """Whether a number has so many values that it is looked for point by point."""
    return line.kind is not Kind.DATE and (line.high - line.low) / line.step > WIDE


def nearest(trial: Trial, fact: Fact, up: bool) -> Value | None:
    """The value of a number nearest to now, on one side of it, with which the condition holds, if one was found. The
    search is unsettled where there may be one all the same."""
    side = next((side for side in _sides(trial, fact) if (side.end > side.now) is up), None)
    if side is None:
        return None
    places = [side.now, *side.tried()]
    place = _turn(trial, side, places, {})
    if place is None:
        place = _within_gaps(_Line(trial, side, {}), places)
    return side.value(place) if place is not None else None


def _within_gaps(line: _Line, places: Sequence[int]) -> int | None:
    """A place between some at which it does not hold: gaps that cannot are dropped whole, and the others halved."""
    if line.trial.fruitless >= MOST_FRUITLESS:
        line.trial.budget.unsettled = True
        return None
    gaps = deque(gap for gap in pairwise(places) if abs(gap[1] - gap[0]) > 1 and line.may(*gap))
    most = len(gaps) + MORE_GAPS
    for _ in range(MOST_GAPS):
        if not 0 < len(gaps) <= most:
            break
        out, end = gaps.popleft()
        middle = (out + end) // 2
        if line.holds(middle):
            return line.between(out, middle)
        if line.may(middle, middle):
            return None  # something else decides that is not known: it is looked for together with that
        gaps += (gap for gap in ((out, middle), (middle, end)) if abs(gap[1] - gap[0]) > 1 and line.may(*gap))
    line.trial.budget.unsettled |= bool(gaps)
    line.trial.fruitless += bool(gaps)
    return None


def together(trial: Trial, facts: Sequence[Fact]) -> Changes | None:
    """Values of a set of facts, each other than now, with which the condition holds, if some were found."""
    choices = _choices(trial, facts)
    ranked = product(*(enumerate(choices[fact]) for fact in facts))
    for point in sorted(ranked, key=lambda point: sum(rank for rank, _ in point)):
        changes = dict(zip(facts, (value for _, value in point), strict=True))
        if trial.holds(changes):
            return _nearer(trial, changes)
    return None


def _choices(trial: Trial, facts: Sequence[Fact]) -> dict[Fact, list[Value]]:
    """The values of each fact that are tried, nearest first, and no more than make so many points."""
    choices = {fact: _values(trial, fact) for fact in facts}
    while prod(len(values) for values in choices.values()) > MOST_POINTS:
        largest = max(choices, key=lambda fact: len(choices[fact]))
        choices[largest] = choices[largest][::2]
    return choices


def _values(trial: Trial, fact: Fact) -> list[Value]:
    definition, now = trial.program.definitions[fact.name], trial.now(fact)
    members = members_of(trial.program, definition)
    if members is None and definition.type.kind is Kind.DATE:
        members = [trial.case.at.start]
    if members is not None:
        return [member for member in members if member != now]
    sides = list(_sides(trial, fact))
    places = [(side, place) for side in sides for place in side.tried()]
    if now in (None, NONE):
        places += [(side, side.now) for side in sides[:1]]
    return [side.value(place) for side, place in sorted(places, key=lambda pair: abs(pair[1] - pair[0].now))]


def _nearer(trial: Trial, changes: Changes) -> Changes:
    """The changes with each number, one after the other, brought as near to now as the condition still holds."""
    for fact, value in changes.items():
        for side in _sides(trial, fact):
            way = side.place(value) - side.now
            if way * (side.end - side.now) > 0:
                others = {other: now for other, now in changes.items() if other != fact}
                place = _turn(trial, side, [side.now, side.place(value)], others)
                changes = {**changes, fact: side.value(place) if place is not None else value}
    return changes


def _turn(trial: Trial, side: Side, places: Sequence[int], fixed: Changes) -> int | None:
    """The place from which the condition holds, between the first of some places at which it does and the one before
    that. The first place is not looked at: it does not hold there, or it is now."""
    line = _Line(trial, side, fixed)
    gap = line.as_others(places[0], places[-1]) or line.first_gap(places)
    if gap is None:
        return None
    place = line.between(*gap)
    trial.turned[side.line.step, place - side.now] = None
    return place


@dataclass(frozen=True, slots=True)
class _Line:
    """A number that is moved while other facts are fixed."""

    trial: Trial
    side: Side
    fixed: Changes

    def holds(self, place: int) -> bool:
        """Whether the condition holds with the number at a place."""
        return self.trial.holds({**self.fixed, self.side.fact: self.side.value(place)})

    def may(self, out: int, end: int) -> bool:
        """Whether it may hold between two places, or at the second."""
        ends = sorted((self.side.value(out), self.side.value(end)))  # type: ignore[type-var]  # they are numbers
        return self.trial.may((), self.fixed, {self.side.fact: (ends[0], ends[1])})

    def as_others(self, start: int, end: int) -> tuple[int, int] | None:
        """A gap of one step in which it turns as it did for other numbers."""
        way = 1 if end > start else -1
        for step, distance in [*reversed(self.trial.turned)][:MOST_TURNS]:
            place = self.side.now + distance
            there = step == self.side.line.step and 0 < (place - start) * way <= (end - start) * way
            if there and self.holds(place) and (place - way == start or not self.holds(place - way)):
                return place - way, place
        return None

    def first_gap(self, places: Sequence[int]) -> tuple[int, int] | None:
        """The first place at which it holds, and the one before."""
        return next(((before, place) for before, place in pairwise(places) if self.holds(place)), None)

    def between(self, out: int, held: int) -> int:
        """The place next to the last at which it does not hold."""
        while abs(held - out) > 1:
            middle = (out + held) // 2
            out, held = (out, middle) if self.holds(middle) else (middle, held)
        return held


def _sides(trial: Trial, fact: Fact) -> Iterator[Side]:
    """Below and above what a number is; of one that is not stated, below and above zero."""
    if trial.program.definitions[fact.name].type.kind in (Kind.MONEY, Kind.INTEGER, Kind.RATE):
        line = trial.line(fact)
        ends = [int(end / line.step) for end in (max(line.low, -FAR), line.high)]
        yield from (side for end in ends if (side := Side(fact, line, end)).now != end)
