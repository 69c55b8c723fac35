"""Values of a set of facts with which a condition holds, each other than now.

1. Of numbers so wide that halving takes long points are tried (`points`).
2. For each fact the nearest values with which it may hold while the others of its set are open: a range is halved, the
   nearer half first, and a half that cannot is dropped whole.
3. Every combination of these, then one fact after the other.
4. Then the box of all values of the set is halved until a point holds or every half is dropped.

The interpreter must say that a witness holds. What the bounds on halving leave open makes the search unsettled.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import islice, product
from math import prod

from api.cure.places import YEARS_AHEAD, Line, Range, members_of, place_of
from api.cure.points import is_wide, nearest, together
from api.cure.trial import Changes, Trial, may
from api.cure.turning import turning_days
from engine.interpret.outcomes import Fact
from engine.values.types import NONE, Kind, Value

COMBINATIONS = 200


@dataclass(frozen=True, slots=True)
class Bounds:
    """How often a range, and a box of several, is halved."""

    halvings: int
    boxes: int


FULL = Bounds(120, 400)
LOOKED_AT = Bounds(40, 16)
"""Where many points of several facts were tried, and none holds."""


@dataclass(eq=False)
class Witnesses:
    """What looks for witnesses of one condition of one case."""

    trial: Trial
    undecided: list[frozenset[Fact]] = field(default_factory=list)

    def of(self, facts: Sequence[Fact]) -> Changes | None:
        """Values of all the facts with which the condition holds; None where there are none, or none was found:
        then the set is `undecided`."""
        before, budget = self.trial.budget.unsettled, self.trial.budget
        budget.unsettled = False
        changes = self._of(facts)
        if budget.unsettled and changes is None:
            self.undecided.append(frozenset(facts))
        budget.unsettled |= before
        return changes

    def _of(self, facts: Sequence[Fact]) -> Changes | None:
        if len(facts) == 1:
            return self._alone(facts[0])
        point = together(self.trial, facts) if self._are_wide(facts) else None
        if point is not None:
            return point
        bounds = LOOKED_AT if self._are_wide(facts) else FULL
        values = []
        for fact in facts:
            values.append(self._values(fact, [other for other in facts if other != fact], {}, bounds))
            if not values[-1] and self._all_tried(fact):
                return None
        for combination in islice(product(*values), COMBINATIONS):
            tried = dict(zip(facts, combination, strict=True))
            if self.trial.holds(tried):
                return tried
        if prod(map(len, values)) <= COMBINATIONS and all(self._members(fact) is not None for fact in facts):
            return None  # there are no other values
        return self._in_turn({}, facts, bounds) or self._in_a_box(facts, bounds)

    def _are_wide(self, facts: Sequence[Fact]) -> bool:
        """Whether there is a number among them that is looked for point by point."""
        return any(self._members(fact) is None and is_wide(self.trial.line(fact)) for fact in facts)

    def _all_tried(self, fact: Fact) -> bool:
        """Whether no value of a fact was left out, so that where none may hold none does."""
        now, kind = self.trial.now(fact), self.trial.program.definitions[fact.name].type.kind
        if self.trial.budget.unsettled:
            return False
        if kind is Kind.DATE:
            return not isinstance(now, date) or now < self.trial.case.at.start
        return kind in (Kind.BOOLEAN, Kind.ENUM) or now not in (None, NONE)

    def _alone(self, fact: Fact) -> Changes | None:
        """A value of one fact: the nearest of those that were found."""
        for value in self._values(fact, (), {}, FULL):
            if self.trial.holds({fact: value}):
                return {fact: value}
        return None

    def _in_turn(self, done: Changes, left: Sequence[Fact], bounds: Bounds) -> Changes | None:
        """One fact after the other: its nearest values with those before it fixed and those after it open."""
        if not left:
            return done if self.trial.holds(done) else None
        for value in self._values(left[0], left[1:], done, bounds):
            changes = self._in_turn({**done, left[0]: value}, left[1:], bounds)
            if changes is not None:
                return changes
        return None

    def _values(self, fact: Fact, others: Sequence[Fact], fixed: Changes, bounds: Bounds) -> list[Value]:
        """Values of a fact, nearest first, with which the condition may hold while others are open."""
        members = self._members(fact)
        if members is None:
            return self._nearest(fact, others, fixed, bounds)
        now = self.trial.now(fact)
        return [member for member in members if member != now and self.trial.may(others, {**fixed, fact: member})]

    def _members(self, fact: Fact) -> list[Value] | None:
        return members_of(self.trial.program, self.trial.program.definitions[fact.name])

    def _nearest(self, fact: Fact, others: Sequence[Fact], fixed: Changes, bounds: Bounds) -> list[Value]:
        """The nearest value below and above the one now; of a date, the first from the day that is asked about on."""
        line, now = self.trial.line(fact), self.trial.now(fact)
        firsts = [self._first(fact, line, way, others, fixed=fixed, bounds=bounds) for way in line.ways()]
        values = [value for value in firsts if value is not None and value != now]
        return sorted(values, key=lambda value: abs(place_of(value) - line.now))

    def _first(
        self,
        fact: Fact,
        line: Line,
        way: tuple[*Range, bool],
        others: Sequence[Fact],
        *,
        fixed: Changes,
        bounds: Bounds,
    ) -> Value | None:
        """The first value on a way with which the condition may hold: halves that cannot are dropped whole."""
        first, last, up = way
        if not others and not fixed and is_wide(line) and self.trial.may((), {}, {fact: line.values(first, last)}):
            return nearest(self.trial, fact, up)
        stack, halvings = [(first, last)] if first <= last else [], bounds.halvings
        if line.kind is Kind.DATE:
            stack = [(first + line.step, last), (first, first)]  # the day that is asked about does most often
            halvings = halvings if others else max(halvings, 4 * len(self._turning))  # as many as there can be
        for _ in range(halvings):
            if not stack:
                return None
            low, high = stack.pop()
            if not self.trial.may(others, fixed, {fact: line.values(low, high)}):
                continue
            if low == high:
                return line.value(low)
            halves = self._halves(line, low, high)
            stack += reversed(halves) if up else halves
        self.trial.budget.unsettled |= bool(stack)
        return None

    def _halves(self, line: Line, low: Fraction, high: Fraction) -> list[Range]:
        """A range in two. Dates are parted at a day on which the condition may turn; where there is none between them,
        the first and the last stand for all."""
        if line.kind is not Kind.DATE:
            return line.halves(low, high)
        days = self._turning
        within = days[bisect_right(days, low) : bisect_right(days, high)]
        if not within:
            return [(low, low), (high, high)]
        middle = within[len(within) // 2]
        return [(low, middle - line.step), (middle, high)]

    @cached_property
    def _turning(self) -> list[Fraction]:
        program, case = self.trial.program, self.trial.case
        last = case.at.start + timedelta(days=366 * YEARS_AHEAD)
        days = turning_days(program, case, program.definitions[self.trial.fact.name], last, [case.at.start])
        return [Fraction(day.toordinal()) for day in days]

    def _in_a_box(self, facts: Sequence[Fact], bounds: Bounds) -> Changes | None:
        """Halve the box of all values of a set, the widest side first, until a point of it holds."""
        if any(self._members(fact) is not None for fact in facts):
            return self._by_members(facts, bounds)
        lines = [self.trial.line(fact) for fact in facts]
        boxes = [[(line.low, line.high) for line in lines]]
        for _ in range(bounds.boxes):
            if not boxes:
                return None
            box = boxes.pop()
            sides = [line.values(*side) for line, side in zip(lines, box, strict=True)]
            if not may(self.trial.outcome({}, (), dict(zip(facts, sides, strict=True)))):
                continue
            widths = [(high - low) / line.step for line, (low, high) in zip(lines, box, strict=True)]
            widest = max(range(len(box)), key=lambda place: widths[place])
            if widths[widest]:
                halves = reversed(lines[widest].halves(*box[widest]))
                boxes += [[*box[:widest], half, *box[widest + 1 :]] for half in halves]
                continue
            changes = {fact: low for fact, (low, _) in zip(facts, sides, strict=True)}
            if all(changes[fact] != self.trial.now(fact) for fact in facts) and self.trial.holds(changes):
                return changes  # where it only may, it hangs on something else that nobody stated
        self.trial.budget.unsettled = True
        return None

    def _by_members(self, facts: Sequence[Fact], bounds: Bounds) -> Changes | None:
        """Fix a fact of few values to each of them, and look in the box of the others."""
        fact = next(fact for fact in facts if self._members(fact) is not None)
        others = [other for other in facts if other != fact]
        for value in self._values(fact, others, {}, bounds):
            given = {**self.trial.case.given, fact: value}
            inner = Witnesses(self.trial.in_case(replace(self.trial.case, given=given)))
            changes = inner._in_turn({}, others, bounds) or (inner._in_a_box(others, bounds) if others else None)
            if changes is not None:
                return {fact: value, **changes}
        return None
