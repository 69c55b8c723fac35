"""A condition asked of a case again and again, with some facts changed and others open, within a bound on work.

What no change reaches is not found anew (`kept`). Of a changed fact more is known than that it is open: it is not what
it was, and a date is no past day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from api.cure.hanging import Hanging, Hangs
from api.cure.kept import Kept, work_of
from api.cure.lasting import Found
from api.cure.places import Line, line_of
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Choice, Fact, Known, Outcome, Possible
from engine.interpret.traces import Traces
from engine.ir.program import Program
from engine.values.periods import ETERNITY
from engine.values.types import Kind, Value

Changes = dict[Fact, Value]
_Sets = tuple[frozenset[Fact], frozenset[Fact]]
_Stated = tuple[frozenset[tuple[Fact, Any]], ...]


class Spent(Exception):
    """The bound on work is reached. Never leaves this package."""


@dataclass(slots=True)
class Budget:
    """How much work (`Figures.work`) may still be done. And whether some search was cut short all the same."""

    left: int
    unsettled: bool = False

    def spend(self, work: int) -> None:
        """Take so much. Raises Spent when none is left."""
        self.left -= work
        if self.left < 0:
            raise Spent


@dataclass(eq=False)
class Trial:
    """One condition of one case."""

    program: Program
    case: Case
    fact: Fact
    constants: Constants
    budget: Budget
    turned: dict[tuple[Fraction, int], None] = field(default_factory=dict)
    """By how many steps of which size a number had to move until the condition held, the last one last."""
    fruitless: int = 0
    """How many numbers were looked through gap by gap, and nothing was decided."""
    records: tuple[object, ...] = ()
    """Which records were added to the case."""
    _kept: Kept | None = field(default=None)
    _traces: Traces = field(default_factory=Traces)
    _hanging: Hanging | None = field(default=None)
    _found_before: dict[tuple[object, ...], Found] = field(default_factory=dict)
    _answers: dict[_Sets, Hangs | None] = field(default_factory=dict)
    _outcomes: dict[_Stated, Outcome] = field(default_factory=dict)

    def in_case(self, case: Case) -> Trial:
        """The same condition of another case, out of the same budget."""
        return replace(
            self, case=case, _kept=None, _traces=Traces(), _hanging=None, _found_before={}, _answers={}, _outcomes={}
        )

    def with_records(self, case: Case, records: tuple[object, ...]) -> Trial:
        """The same condition of the case with some records more."""
        return replace(self.in_case(case), records=records, _found_before=self._found_before)

    def later(self, case: Case, budget: Budget) -> Trial:
        """The same condition of the case at a later period, where only what differs there is evaluated anew."""
        trial, fact = self.in_case(case), self.fact._replace(period=case.at)
        return replace(trial, fact=fact, budget=budget, turned={}, fruitless=0, _found_before=self._found_before)

    @property
    def hanging(self) -> Hanging:
        """What tells on what a refusal hangs."""
        if self._hanging is None:
            self._hanging = Hanging(self.program, self.case, self.program.definitions[self.fact.name])
        return self._hanging

    def outcome(
        self,
        changed: Mapping[Fact, Value],
        unknown: Sequence[Fact] = (),
        within: Mapping[Fact, tuple[Any, Any]] | None = None,
    ) -> Outcome:
        """The condition with some facts changed, and some unknown or within ranges."""
        open_facts = {**dict.fromkeys(unknown, (None, None)), **(within or {})}
        key = frozenset(changed.items()), frozenset(open_facts.items())
        outcome = self._outcomes.get(key)
        if outcome is None:
            outcome = self._outcomes[key] = self._found(changed, open_facts)[0]
        return outcome

    def _found(
        self, changed: Mapping[Fact, Value], open_facts: Mapping[Fact, tuple[Any, Any]]
    ) -> tuple[Outcome, Interpreter]:
        self.budget.spend(1)
        if self._kept is None:
            self._kept = Kept(self.program, self.case, self.fact, self.constants, self._traces)
            self.budget.spend(self._kept.work)
        interpreter = Interpreter(self.program, self._with(changed, open_facts), self.constants)
        interpreter.reaches = self._kept.reaches
        if not self._kept.decide_more(frozenset(fact.name for fact in (*changed, *open_facts))):
            interpreter.trace(self._traces)
        interpreter.steps.update(self._kept.without(frozenset(fact.name for fact in (*changed, *open_facts))))
        outcome = interpreter.find(self.fact)
        self.budget.spend(work_of(interpreter))
        return outcome, interpreter

    def _with(self, changed: Mapping[Fact, Value], open_facts: Mapping[Fact, tuple[Any, Any]]) -> Case:
        """The case with some facts changed, and others open."""
        given = {fact: value for fact, value in self.case.given.items() if fact not in open_facts}
        return replace(self.case, given={**given, **changed}, within={**self.case.within, **open_facts})

    def hangs(self, changed: Collection[Fact], opened: Collection[Fact] = ()) -> Hangs | None:
        """On what it hangs that the condition cannot hold with some facts changed and others open; None if it may."""
        key = frozenset(changed), frozenset(opened)
        if key not in self._answers:
            values, ranges = self._changed(changed)
            ranges |= {fact: self.anything(fact) for fact in opened}
            self._answers[key] = self._hangs(key, values, ranges)
        return self._answers[key]

    def _hangs(self, key: _Sets, values: Changes, ranges: Mapping[Fact, tuple[Any, Any]]) -> Hangs | None:
        before = self._found_before.get(self._whenever(key))
        again = before.again(self._with(values, ranges), self.hanging, self._traces) if before is not None else None
        if again is not None:
            self.budget.spend(again.work)
            return None if may(again.outcome) else again.hangs
        outcome, interpreter = self._found(values, ranges)
        found = Found(interpreter.case, self.fact, self.constants, interpreter.steps, self.hanging)
        self._found_before[self._whenever(key)] = found
        return None if may(outcome) else self.hanging.of(interpreter, self.fact)

    def _whenever(self, key: _Sets) -> tuple[object, ...]:
        """The facts, those of the case's own period as if it were another one's, and the records."""
        at = self.case.at
        sets = (
            frozenset(fact._replace(period=ETERNITY) if fact.period == at else fact for fact in facts) for facts in key
        )
        return (*sets, self.records)

    def holds(self, changed: Mapping[Fact, Value]) -> bool:
        """Whether the condition surely holds with some facts changed."""
        return holds(self.outcome(changed))

    def may(
        self,
        changed: Iterable[Fact],
        fixed: Mapping[Fact, Value] | None = None,
        within: Mapping[Fact, tuple[Any, Any]] | None = None,
    ) -> bool:
        """Whether the condition may hold with some facts fixed, some within ranges, and some changed to whatever a
        witness may say: a truth value to the other one, a date to the day that is asked about or later."""
        values, ranges = self._changed(changed)
        return may(self.outcome({**(fixed or {}), **values}, (), {**(within or {}), **ranges}))

    def _changed(self, facts: Iterable[Fact]) -> tuple[Changes, dict[Fact, tuple[Any, Any]]]:
        """Facts as something other than they are: a truth value is the other one, all else may be anything."""
        values: Changes = {}
        ranges: dict[Fact, tuple[Any, Any]] = {}
        for fact in sorted(facts, key=str):
            now = self.now(fact)
            if isinstance(now, bool):
                values[fact] = not now
            else:
                ranges[fact] = self.anything(fact)
        return values, ranges

    def anything(self, fact: Fact) -> tuple[Any, Any]:
        """The ends of what a fact may become: of a number or a date, those between which witnesses are looked for."""
        if self.program.definitions[fact.name].type.kind not in (Kind.DATE, Kind.MONEY, Kind.INTEGER, Kind.RATE):
            return None, None
        line = self.line(fact)
        return line.values(line.low, line.high)

    def now(self, fact: Fact) -> Value | None:
        """What a fact is, as stated or as it is taken."""
        definition = self.program.definitions[fact.name]
        given = self.case.given.get(fact)
        if given is not None:
            return given
        return definition.default if definition.default is not None else definition.absent

    def line(self, fact: Fact) -> Line:
        """The places that a number or a date may take."""
        return line_of(self.program.definitions[fact.name], self.now(fact), self.case.at.start)


def holds(outcome: Outcome) -> bool:
    """Whether the condition surely holds."""
    return isinstance(outcome, Known) and outcome.value is True


def may(outcome: Outcome) -> bool:
    """Whether the condition may hold."""
    if isinstance(outcome, Possible):
        return isinstance(outcome.range, Choice) and True in outcome.range.options
    return holds(outcome)
