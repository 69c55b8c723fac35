"""`cure`: why a condition is refused, and what would change it.

1. *May it hold?* The interpreter with a set of facts unknown: if it cannot hold, no part of the set is a cure.
2. Sets of one, two and three facts, the smallest first; a set that holds a cure is skipped. Dates of what has happened
   are not changed by anybody.
3. *Witness*: for each fact the nearest values with which it may hold while the others of its set are unknown, by
   halving ranges; every combination is tried, and the interpreter must say that it holds.
4. *Waiting*: on the dates in the case, their anniversaries, and in the years that follow, all else as it is: the first.

With a bound on evaluations; beyond it the answer says that it is not settled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice, product
from typing import Any

from api.assess.binding import reached
from api.cases.calculate import Basis, Of, basis_of, of
from api.cases.naming import period_for
from api.cases.values import as_json
from api.failures import Failure, Misuse
from api.schema import Json
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Choice, Fact, Known, Outcome, Possible
from engine.ir.program import Definition, Program
from engine.values.periods import Period, PeriodKind, Unit
from engine.values.types import EnumValue, Kind, Value

LARGEST = 3
EVALUATIONS = 4_000
COMBINATIONS = 200
HALVINGS = 120
FAR = Fraction(10**7)
YEARS_AHEAD = 15
MONTHS_AHEAD = 36


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that is changed: of whom, from what (null: nobody stated it), and to what."""

    fact: str
    of: Of
    period: str
    label: str
    from_: Json
    to: Json


@dataclass(frozen=True, slots=True)
class Cure:
    """Changes with which, together, the condition holds, all else as it is. No part of them is enough."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Cured:
    """The answer. `holds` without any change; else the cures, and the day or period from which waiting alone is enough.
    `settled`: whether every set of up to `size` facts was decided."""

    basis: Basis
    of: Of
    holds: bool
    cures: tuple[Cure, ...] = ()
    waiting: str = ""
    settled: bool = True
    size: int = 0


class _Spent(Exception):
    """The bound on evaluations is reached. Never leaves this module."""


def cure(
    program: Program,
    case: Case,
    condition: Definition,
    instance: str = "",
    *,
    every: bool = False,
    reforms: Sequence[str] = (),
) -> Cured:
    """What would make the condition hold. Without `every` the search ends with the first size that gives cures.

    Raises Misuse for a case that is not complete or has nobody to ask it of; Failure if it fails or is not determined.
    """
    if not case.complete:
        raise Misuse("the case is not complete, so nothing is refused yet", "say `complete: true` in it")
    instances = case.instances.get(condition.entity, ())
    if not instances or (instance and instance not in instances):
        raise Misuse(f"the case has no such {condition.entity}", f"add one, or name one of {', '.join(instances)}")
    if not instance and len(instances) > 1:
        raise Misuse(f"the case has several {condition.entity}s", f"say whose with `--of`: {', '.join(instances)}")
    fact = Fact(condition.name, instance or instances[0], period_for(program, condition, case.at))
    search = _Search(program, case, fact, Constants(program))
    basis, whose = basis_of(program, case, reforms), Of(condition.entity, fact.instance)
    now = search.outcome({}, ())
    if isinstance(now, Known) and now.value is True:
        return Cured(basis, whose, True)
    if not isinstance(now, Known):
        raise Failure("the condition has no yes or no in this case", "`rulewright calc` says why")
    waiting = search.waiting()
    found, size, settled = search.cures(every)
    return Cured(basis, whose, False, tuple(map(search.told, found)), waiting, settled, size)


@dataclass(eq=False)
class _Search:
    program: Program
    case: Case
    fact: Fact
    constants: Constants
    runs: int = 0
    dead: list[frozenset[Fact]] = field(default_factory=list)

    def outcome(
        self, changed: dict[Fact, Value], unknown: Sequence[Fact], within: dict[Fact, tuple[Any, Any]] | None = None
    ) -> Outcome:
        """The condition with some facts changed, and some unknown or within ranges."""
        self.runs += 1
        if self.runs > EVALUATIONS:
            raise _Spent
        open_facts = {**dict.fromkeys(unknown, (None, None)), **(within or {})}
        given = {one: value for one, value in self.case.given.items() if one not in open_facts}
        tried = replace(self.case, given={**given, **changed}, within={**self.case.within, **open_facts})
        return Interpreter(self.program, tried, self.constants).find(self.fact)

    def candidates(self) -> list[Fact]:
        """The facts that may be changed, and that matter while all of them are unknown."""
        found: list[Fact] = []
        for cell in reached(self.program, self.case.at, (self.program.definitions[self.fact.name],)):
            definition = self.program.definitions[cell.name]
            changeable = definition.type.kind in (Kind.BOOLEAN, Kind.ENUM, Kind.MONEY, Kind.INTEGER, Kind.RATE)
            stated = definition.is_input or any(one.name == cell.name for one in self.case.given)
            if changeable and stated and cell.period.end >= self.case.at.start:
                found += [Fact(cell.name, name, cell.period) for name in self.case.instances.get(definition.entity, ())]
        outcome = self.outcome({}, found)
        needs = outcome.needs if isinstance(outcome, Possible) and _may(outcome) else frozenset()
        return [one for one in found if one in needs]

    def cures(self, every: bool) -> tuple[list[dict[Fact, Value]], int, bool]:
        """The cures, up to which size, and whether all sets up to it were decided."""
        found: list[dict[Fact, Value]] = []
        size = 0
        try:
            facts = self.candidates()
            for size in range(1, LARGEST + 1):
                for chosen in self._sets(frozenset(), facts, size, found):
                    witness = self._witness(sorted(chosen, key=str))
                    if witness is not None:
                        found.append(witness)
                if found and not every:
                    break
        except _Spent:
            return found, size, False
        return found, size, True

    def _sets(
        self, chosen: frozenset[Fact], pool: Sequence[Fact], size: int, found: Sequence[dict[Fact, Value]]
    ) -> Iterator[frozenset[Fact]]:
        """Sets of a size that may cure and hold no cure. A pool that cannot, all of it unknown, is left out whole."""
        need = size - len(chosen)
        if any(one.keys() <= chosen for one in found):
            return
        if not need:
            if _may(self.outcome({}, sorted(chosen, key=str))):
                yield chosen
            return
        if len(pool) < need or not _may(self.outcome({}, [*chosen, *pool])):
            return
        for place, one in enumerate(pool):
            yield from self._sets(chosen | {one}, pool[place + 1 :], size, found)

    def _witness(self, facts: Sequence[Fact]) -> dict[Fact, Value] | None:
        """Values of all the facts, each other than now, with which the condition holds."""
        values = [self._values(one, [other for other in facts if other != one]) for one in facts]
        for combination in islice(product(*values), COMBINATIONS):
            tried = dict(zip(facts, combination, strict=True))
            if _holds(self.outcome(tried, ())):
                return tried
        return self._in_turn({}, facts)

    def _in_turn(self, done: dict[Fact, Value], left: Sequence[Fact]) -> dict[Fact, Value] | None:
        """One fact after the other: its nearest values with those before it fixed and those after it unknown."""
        if not left:
            return done if _holds(self.outcome(done, ())) else None
        for value in self._values(left[0], left[1:], done):
            found = self._in_turn({**done, left[0]: value}, left[1:])
            if found is not None:
                return found
        return None

    def _values(self, fact: Fact, others: Sequence[Fact], done: dict[Fact, Value] | None = None) -> list[Value]:
        """Values of a fact, nearest first, with which the condition may hold while others are unknown."""
        definition = self.program.definitions[fact.name]
        fixed = done or {}
        now = self._now(fact)
        match definition.type.kind:
            case Kind.BOOLEAN:
                tried: list[Value] = [one for one in (True, False) if one != now]
            case Kind.ENUM:
                members = self.program.settings.enums[definition.type.enum].members
                tried = [one for one in (EnumValue(definition.type.enum, name) for name in members) if one != now]
            case _:
                return self._nearest(definition, fact, others, fixed, Fraction(now or 0))  # type: ignore[arg-type]
        return [one for one in tried if _may(self.outcome({**fixed, fact: one}, others))]

    def _nearest(
        self, definition: Definition, fact: Fact, others: Sequence[Fact], fixed: dict[Fact, Value], now: Fraction
    ) -> list[Value]:
        whole = definition.type.kind is Kind.INTEGER
        step = Fraction(1) if whole or definition.grid is None else definition.grid.step
        low = definition.low if definition.low is not None else -FAR
        high = min(definition.high if definition.high is not None else FAR, max(FAR, now + step))
        found: list[Value] = []
        for first, last, up in ((low, now - step, False), (now + step, high, True)):
            stack = [(first, last)] if first <= last else []
            for _ in range(HALVINGS):
                if not stack:
                    break
                start, end = stack.pop()
                ends = (int(start), int(end)) if whole else (start, end)
                if not _may(self.outcome(fixed, others, {fact: ends})):
                    continue
                if start == end:
                    found.append(ends[0])
                    break
                middle = (start + end) / 2 // step * step
                halves = [(start, middle), (middle + step, end)]
                stack += reversed(halves) if up else halves
        return sorted(found, key=lambda one: abs(Fraction(one) - now))  # type: ignore[arg-type]

    def _now(self, fact: Fact) -> Value | None:
        definition = self.program.definitions[fact.name]
        given = self.case.given.get(fact)
        if given is not None:
            return given
        return definition.default if definition.default is not None else definition.absent

    # --- time

    def waiting(self) -> str:
        """The first later day or period at which the condition holds, all else as it is; empty if none is found."""
        for at in self._later():
            case = _moved(self.case, at)
            fact = replace(self.fact, period=at if self.fact.period == self.case.at else self.fact.period)
            if fact.period == self.fact.period:
                return ""
            if _holds(Interpreter(self.program, case, self.constants).find(fact)):
                return str(at)
        return ""

    def _later(self) -> Iterator[Period]:
        """Periods after the case's at which something may turn, within what the rules answer for."""
        at, settings = self.case.at, self.program.settings
        last = settings.projected_to or settings.covers_to
        if at.kind.unit is not Unit.DAY:
            later = (
                at.shift(number) for number in range(1, YEARS_AHEAD * (12 if at.kind.unit is Unit.MONTH else 1) + 1)
            )
            yield from (one for one in later if one.end <= last)
            return
        days: set[date] = set()
        for value in self.case.given.values():
            if isinstance(value, date):
                days |= set(_anniversaries(value, at.start))
        days |= {date(at.start.year + number, 1, 1) for number in range(1, YEARS_AHEAD + 1)}
        yield from (at.kind.containing(day) for day in sorted(days) if at.start < day <= last)

    def told(self, witness: dict[Fact, Value]) -> Cure:
        """A cure in words of the case."""
        return Cure(
            tuple(self._change(fact, value) for fact, value in sorted(witness.items(), key=lambda one: str(one[0])))
        )

    def _change(self, fact: Fact, value: Value) -> Change:
        definition, settings = self.program.definitions[fact.name], self.program.settings
        now = self._now(fact)
        before = None if now is None else as_json(now, definition.type, settings)
        after = as_json(value, definition.type, settings)
        return Change(definition.short_name, of(self.program, fact), str(fact.period), definition.label, before, after)


def _holds(outcome: Outcome) -> bool:
    return isinstance(outcome, Known) and outcome.value is True


def _may(outcome: Outcome) -> bool:
    """Whether the condition may hold."""
    if isinstance(outcome, Possible):
        return isinstance(outcome.range, Choice) and True in outcome.range.options
    return _holds(outcome)


def _moved(case: Case, at: Period) -> Case:
    """The case at another period: what is given for its own is given for that one."""
    given = {replace(fact, period=at) if fact.period == case.at else fact: value for fact, value in case.given.items()}
    return replace(case, at=at, given=given)


def _anniversaries(day: date, after: date) -> Iterator[date]:
    """A day, and those on which a length since it may end: whole years and months on; and the day after each."""
    kind = PeriodKind(Unit.MONTH)
    month = kind.containing(day)
    years = (12 * number for number in range(1, after.year + YEARS_AHEAD - day.year + 1))
    for months in {*years, *range(MONTHS_AHEAD + 1)}:
        there = month.shift(months)
        turn = min(there.end, there.start + timedelta(days=day.day - 1))
        for found in (turn, turn + timedelta(days=1)):
            if found > after:
                yield found
