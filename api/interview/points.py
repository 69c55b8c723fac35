"""A witness that a question can decide, looked for among points: cases in which nothing that matters is open.

1. Points at random: every open fact usual, or something telling. At each the question gets some answers; two of them
   with which the figure differs are a witness.
2. Between a point at which the figure is one thing and a point at which it is another, change one fact after the other,
   in any order, until it turns, and halve the way there. If it turned at the question, that is a witness.

Always the same points for the same question. Where none is found there may be a witness all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from api.interview.telling import Telling
from engine.interpret.outcomes import Fact, Known, Outcome
from engine.values.types import Value

POINTS, WAYS = 500, 100
MOST_WORK = 25_000
"""So much work (`Figures.work`) goes into one search: some half a second."""
ANSWERS = 10
"""So many answers are tried at each point."""
USUAL = (0.1, 0.5, 0.8)
"""How often an open fact is as usual at a point: one of these for the whole point."""
Point = Mapping[Fact, Value]


@dataclass(eq=False)
class Points:
    """The search for one question: what else is open, and what tells the figure at a point, with the work of it."""

    telling: Telling
    asked: Fact
    others: Sequence[Fact]
    find: Callable[[Point], tuple[Outcome, int]]
    left: int = MOST_WORK
    seen: dict[Value, list[Point]] = field(default_factory=dict)
    order: Random = field(default_factory=lambda: Random(1))

    def witness(self) -> tuple[Point, tuple[Value, Value], tuple[Value, Value]] | None:
        """What else is so, two answers, and what the figure then is; None where none was found."""
        return self._at_random() or self._on_the_way()

    def _at_random(self) -> tuple[Point, tuple[Value, Value], tuple[Value, Value]] | None:
        for _ in range(POINTS):
            if self.left < MOST_WORK / 3:
                return None
            usual = self.order.choice(USUAL)
            point = {fact: self._tried(fact, usual) for fact in self.others}
            answers = list(self.telling.values(self.asked.name))
            gives = {
                answer: value
                for answer in self.order.sample(answers, min(len(answers), ANSWERS))
                if (value := self._value({**point, self.asked: answer})) is not None
            }
            told = _two_that_differ(gives)
            if told is not None:
                return point, told, (gives[told[0]], gives[told[1]])
        return None

    def _tried(self, fact: Fact, usual: float) -> Value:
        values = self.telling.values(fact.name)
        return values[0] if self.order.random() < usual else self.order.choice(values)

    def _value(self, point: Point) -> Value | None:
        """The figure at a point; None where it has none. Points of each value are kept."""
        outcome, work = self.find(point)
        self.left -= work
        if not isinstance(outcome, Known):
            return None
        self.seen.setdefault(outcome.value, []).append(point)
        return outcome.value

    def _on_the_way(self) -> tuple[Point, tuple[Value, Value], tuple[Value, Value]] | None:
        values = list(self.seen)
        for _ in range(WAYS if len(values) > 1 else 0):
            if self.left < 0:
                return None
            one, other = self.order.sample(values, 2)
            turned = self._turn(self.order.choice(self.seen[one]), self.order.choice(self.seen[other]))
            if turned is not None:
                return turned
        return None

    def _turn(self, start: Point, end: Point) -> tuple[Point, tuple[Value, Value], tuple[Value, Value]] | None:
        """The turn of the figure between two points, if it is the question at which it turns."""
        facts = [fact for fact in start if start[fact] != end[fact]]
        self.order.shuffle(facts)
        first, low, high = self._value(start), 0, len(facts)
        while high - low > 1:
            middle = (low + high) // 2
            if self._value(_moved(start, end, facts[:middle])) == first:
                low = middle
            else:
                high = middle
        if not facts or facts[low] != self.asked:
            return None
        before = _moved(start, end, facts[:low])
        gives = self._value(before), self._value({**before, self.asked: end[self.asked]})
        if gives[0] is None or gives[1] is None or gives[0] == gives[1]:
            return None
        others = {fact: value for fact, value in before.items() if fact != self.asked}
        return others, (before[self.asked], end[self.asked]), (gives[0], gives[1])


def _moved(start: Point, end: Point, facts: Sequence[Fact]) -> dict[Fact, Value]:
    return {**start, **{fact: end[fact] for fact in facts}}


def _two_that_differ(gives: Mapping[Value, Value]) -> tuple[Value, Value] | None:
    first = next(iter(gives), None)
    if first is None:
        return None
    other = next((answer for answer, value in gives.items() if value != gives[first]), None)
    return None if other is None else (first, other)
