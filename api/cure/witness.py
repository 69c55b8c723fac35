"""Values of a set of facts with which a condition holds, each other than now.

1. Machine code proposes values where there are numbers so wide that halving takes long (`probe`).
2. For each fact the nearest values with which it may hold while the others of its set are open: a range is halved, the
   nearer half first, and a half that cannot is dropped whole.
3. Every combination of these, then one fact after the other.
4. Then the box of all values of the set is halved until a point holds or every half is dropped.

The interpreter must say that a witness holds. What the bounds on halving leave open makes the search unsettled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import islice, product

from api.cure.places import Line, Range, members_of, place_of
from api.cure.probe import Probe, is_wide_number, probe_of
from api.cure.trial import Changes, Trial, may
from engine.interpret.outcomes import Fact
from engine.values.types import NONE, Kind, Value

COMBINATIONS = 200


@dataclass(frozen=True, slots=True)
class Bounds:
    """How often a range, and a box of several, is halved."""

    halvings: int
    boxes: int


FULL = Bounds(120, 400)
LOOKED_AT, LOOKED_AT_TOGETHER = Bounds(2, 8), Bounds(12, 16)
"""Where machine code has looked at many values of one fact, or of several, and found none."""


@dataclass(eq=False)
class Witnesses:
    """What looks for witnesses of one condition of one case. `proposing`: the facts at which machine code looks, many
    values at once; it is made once a number asks for it."""

    trial: Trial
    undecided: list[frozenset[Fact]] = field(default_factory=list)
    proposing: Callable[[], Sequence[Fact]] | None = None

    @cached_property
    def _probe(self) -> Probe | None:
        return probe_of(self.trial, self.proposing()) if self.proposing is not None else None

    @cached_property
    def _proposed(self) -> Mapping[Fact, list[Value]]:
        return self._probe.nearest() if self._probe is not None else {}

    def proposed(self, facts: Collection[Fact]) -> Iterator[Changes]:
        """Values of single facts at which machine code has found that the condition holds."""
        for fact in self._proposed if self._looked_at(list(facts)) else ():
            for value in self._proposed[fact]:
                if self.trial.holds({fact: value}):
                    yield {fact: value}
                    break

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
        point = self._probe.point(facts) if self._probe is not None and self._looked_at(facts) else None
        if point is not None and self.trial.holds(point):
            return point
        bounds = LOOKED_AT_TOGETHER if self._looked_at(facts) else FULL
        values = []
        for fact in facts:
            values.append(self._values(fact, [other for other in facts if other != fact], {}, bounds))
            if not values[-1] and self._all_tried(fact):
                return None
        for combination in islice(product(*values), COMBINATIONS):
            tried = dict(zip(facts, combination, strict=True))
            if self.trial.holds(tried):
                return tried
        return self._in_turn({}, facts, bounds) or self._in_a_box(facts, bounds)

    def _looked_at(self, facts: Sequence[Fact]) -> bool:
        """Whether there is a number among them at whose values machine code looks."""
        if self.proposing is None or not any(is_wide_number(self.trial, fact) for fact in facts):
            return False
        if self._probe is None or self._probe.unsure:
            return False
        return any(side.is_wide and side.fact in facts for side in self._probe.sides)

    def _all_tried(self, fact: Fact) -> bool:
        """Whether no value of a fact was left out, so that where none may hold none does."""
        now, kind = self.trial.now(fact), self.trial.program.definitions[fact.name].type.kind
        if self.trial.budget.unsettled:
            return False
        if kind is Kind.DATE:
            return not isinstance(now, date) or now < self.trial.case.at.start
        return kind in (Kind.BOOLEAN, Kind.ENUM) or now not in (None, NONE)

    def _alone(self, fact: Fact) -> Changes | None:
        """A value of one fact: the nearest of those that machine code proposes, or by halving its range."""
        for value in self._proposed.get(fact, ()) if self._looked_at([fact]) else ():
            if self.trial.holds({fact: value}):
                return {fact: value}
        for value in self._values(fact, (), {}, LOOKED_AT if self._looked_at([fact]) else FULL):
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
        stack = [(first, last)] if first <= last else []
        if line.kind is Kind.DATE:
            stack = [(first + line.step, last), (first, first)]  # the day that is asked about does most often
        for _ in range(bounds.halvings):
            if not stack:
                return None
            low, high = stack.pop()
            if not self.trial.may(others, fixed, {fact: line.values(low, high)}):
                continue
            if low == high:
                return line.value(low)
            halves = line.halves(low, high)
            stack += reversed(halves) if up else halves
        self.trial.budget.unsettled |= bool(stack)
        return None

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
            if all(changes[fact] != self.trial.now(fact) for fact in facts):
                return changes
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
