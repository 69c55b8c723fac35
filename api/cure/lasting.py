"""How a condition was found at one period, found again at a later one: only what may differ there is evaluated anew.

1. A figure of the later period is what its counterpart was if its formula is the same, the constants that it reads are,
   and so is all that it read. By itself it may be another where its formula asks for the day or for periods that do not
   move along with the case's (`moving`); a fact, where something else is stated of it.
2. Those figures are evaluated at the later period, each after what it reads. One that is as it was changes nothing; of
   one that is not, whatever read it is evaluated, too.

The needs of what is taken over (`Possible.needs`) are those of the first period: nobody may ask for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush

from api.cure.deciding import part_that_decides
from api.cure.hanging import Hanging, Hangs
from api.cure.moving import Formula, counterpart, formula_of
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.frames import Step
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Outcome, Possible
from engine.interpret.reuse import decides_more
from engine.interpret.stated import on
from engine.interpret.traces import Traces
from engine.ir.fold import formula_at
from engine.ir.program import Program
from engine.values.periods import Period, Unit

ANEW = 10
"""What it counts as to look whether a condition is as it was, besides the figures that are evaluated for that."""


@dataclass(frozen=True, slots=True)
class Again:
    """What a condition is at a later period, on what that hangs, and how much work it was."""

    outcome: Outcome
    hangs: Hangs
    work: int


@dataclass(frozen=True, slots=True)
class _Read:
    """Something that was read on the way, and by its number in that order what it read itself, and who read it.

    `period`: the number of its period. `formula`: what of it may differ at a later period, where that matters; it is
    evaluated at each where it `is_apart`, and never for itself where one part of it decides (`is_decided`).
    """

    fact: Fact
    step: Step
    period: int
    reads: tuple[int, ...]
    readers: list[int]
    formula: Formula | None
    is_apart: bool
    is_decided: bool


@dataclass(eq=False)
class Found:
    """How a condition was found in a case. `hanging`: what tells what can be changed of it."""

    case: Case
    fact: Fact
    constants: Constants
    steps: dict[Fact, Step]
    hanging: Hanging
    _asked_of_the_day: dict[int, Sequence[Outcome]] = field(default_factory=dict)

    @property
    def program(self) -> Program:
        """The rules."""
        return self.constants.program

    def again(self, case: Case, hanging: Hanging, traces: Traces) -> Again | None:
        """What the condition is in the case moved to a later period; None where it must be evaluated whole. `traces`:
        how figures were found there."""
        periods = [counterpart(period, self.case.at, case.at) for period in self._periods]
        interpreter = Interpreter(self.program, case, self.constants)
        if not self.read or case.stays or interpreter.without_listed is not None or None in periods:
            return None
        if not any(decides_more(self.program, fact.name) for fact in case.within):
            interpreter.trace(traces)
        later = _Later(self, interpreter, [period for period in periods if period is not None])
        return later.answer(hanging)

    @cached_property
    def read(self) -> list[_Read]:
        """All that the condition hangs on, each after what it read; nothing if something cannot be told apart."""
        parts = {fact: part_that_decides(self.steps, fact) for fact in self.steps}
        seen, waiting = {self.fact}, [self.fact]
        reads = dict[Fact, Sequence[Fact]]()
        while waiting:
            fact = waiting.pop()
            if fact not in self.steps:
                return []
            part = parts[fact]
            reads[fact] = [*filter(self._moves, dict.fromkeys(self.steps[fact].reads))] if part is None else [part]
            waiting += [other for other in reads[fact] if other not in seen]
            seen.update(reads[fact])
        return self._numbered([fact for fact in self.steps if fact in seen], reads, parts)

    def _numbered(
        self, facts: Sequence[Fact], reads: Mapping[Fact, Sequence[Fact]], parts: Mapping[Fact, Fact | None]
    ) -> list[_Read]:
        numbers = {fact: number for number, fact in enumerate(facts)}
        periods = {period: number for number, period in enumerate(self._periods)}
        numbered: list[_Read] = []
        for fact in facts:
            step, is_decided = self.steps[fact], parts[fact] is not None
            formula = formula_of(self.program, step.body) if step.body is not None else None
            own = tuple(numbers[other] for other in reads[fact])
            is_apart = not is_decided and self._is_apart(fact, formula)
            numbered.append(_Read(fact, step, periods[fact.period], own, [], formula, is_apart, is_decided))
        for number, entry in enumerate(numbered):
            for other in entry.reads:
                numbered[other].readers.append(number)
        return numbered

    @cached_property
    def _periods(self) -> list[Period]:
        """The periods of what was read that move along."""
        at = self.case.at
        return [period for period in {fact.period for fact in self.steps} if counterpart(period, at, at) is not None]

    def _moves(self, fact: Fact) -> bool:
        return fact.period in self._periods

    def _is_apart(self, fact: Fact, formula: Formula | None) -> bool:
        """Whether a figure is evaluated anew at every period, whatever it reads."""
        if formula is None:
            return False
        step, is_now = self.steps[fact], fact.period == self.case.at
        return (
            step.is_untraceable or formula.is_timed(fact.period.kind, is_now) or not all(map(self._moves, step.reads))
        )

    @cached_property
    def suspects(self) -> list[int]:
        """The numbers of what may differ by itself at a later period."""
        stated = {fact.name for fact in self.case.given if fact.period.kind.unit is not Unit.ETERNITY}
        stated |= {name for name, _ in self.case.held}.union(fact.name for fact in self.case.within)
        return [number for number, entry in enumerate(self.read) if self._may_differ(entry, stated)]

    def _may_differ(self, entry: _Read, stated: set[str]) -> bool:
        if entry.formula is None:
            return entry.fact.name in stated
        by_day = not entry.is_decided and bool(entry.formula.constants or entry.formula.parts)
        return entry.is_apart or by_day or len(entry.step.definition.formulas) > 1

    @cached_property
    def hangs(self) -> tuple[list[tuple[Fact, int]], frozenset[str]]:
        """What can be changed of all that, with the numbers of the periods, and the kinds of records."""
        hangs = self.hanging.by([entry.fact for entry in self.read])
        return [(entry.fact, entry.period) for entry in self.read if entry.fact in hangs.facts], hangs.kinds

    def asked_of_the_day(self, number: int, formula: Formula) -> Sequence[Outcome]:
        """What the parts of a figure's formula that ask for the day came to."""
        if number not in self._asked_of_the_day:
            frame = self._interpreter.frame(self.read[number].fact)
            self._asked_of_the_day[number] = [self._interpreter.evaluate(part, frame) for part in formula.parts]
        return self._asked_of_the_day[number]

    @cached_property
    def _interpreter(self) -> Interpreter:
        interpreter = Interpreter(self.program, self.case, self.constants)
        interpreter.steps.update(self.steps)
        return interpreter


@dataclass(frozen=True, slots=True)
class _Later:
    found: Found
    interpreter: Interpreter
    periods: Sequence[Period]

    def answer(self, hanging: Hanging) -> Again | None:
        """The condition at the later period."""
        found = self.found
        waiting = [number for number in found.suspects if self._differs(number)]
        queued = set(waiting)  # in order, so a heap
        while waiting:
            number = heappop(waiting)
            if found.read[number].is_decided:
                return None
            for reader in found.read[number].readers if self._is_other(number) else ():
                if reader not in queued:
                    queued.add(reader)
                    heappush(waiting, reader)
        root = len(found.read) - 1
        outcome = self.interpreter.steps[self._there(root)].outcome if root in queued else found.read[root].step.outcome
        return Again(outcome, self._hangs(hanging), ANEW + len(found.suspects) // 10 + self.interpreter.work)

    def _hangs(self, hanging: Hanging) -> Hangs:
        """Of what was read at either period, what can be changed."""
        facts, kinds = self.found.hangs
        evaluated = hanging.by(self.interpreter.steps)
        moved = [Fact(fact.name, fact.instance, self.periods[period]) for fact, period in facts]
        return Hangs(evaluated.facts.union(moved), evaluated.kinds | kinds)

    def _there(self, number: int) -> Fact:
        entry = self.found.read[number]
        return Fact(entry.fact.name, entry.fact.instance, self.periods[entry.period])

    def _differs(self, number: int) -> bool:
        """Whether something differs by itself, or is to be evaluated to know that."""
        entry, period = self.found.read[number], self.periods[self.found.read[number].period]
        if entry.is_apart:
            return True
        if entry.formula is None:
            return _stated(self.found.case, entry.fact) != _stated(self.interpreter.case, self._there(number))
        if formula_at(entry.step.definition.formulas, period.start) is not entry.step.body:
            return True
        if entry.is_decided:
            return False
        if any(not self._is_same(name, entry.fact.period, period) for name in entry.formula.constants):
            return True
        return bool(entry.formula.parts) and self._has_turned(number, entry.formula)

    def _is_same(self, name: str, before: Period, after: Period) -> bool:
        """Whether a constant is on the first day of a period what it was on that of another."""
        first, second = (self.found.constants.at(name, period.start) for period in (before, after))
        if first is None or second is None:
            return first is second
        return first.content is second.content or bool(first.content == second.content)  # a table may be large

    def _has_turned(self, number: int, formula: Formula) -> bool:
        """Whether what a formula compares with the day is another, or is not known."""
        frame = self.interpreter.frame(self._there(number))
        outcomes = (self.interpreter.evaluate(part, frame) for part in formula.parts)
        before = self.found.asked_of_the_day(number, formula)
        return any(not isinstance(after, Known) or after != then for after, then in zip(outcomes, before, strict=True))

    def _is_other(self, number: int) -> bool:
        """Whether something is another than it was."""
        entry = self.found.read[number]
        steps = self.interpreter.steps
        for read in entry.reads:  # what is as it was
            there = self._there(read)
            if there not in steps:
                before = self.found.read[read].step
                steps[there] = Step(there, before.definition, before.source, before.outcome)
        return not _are_alike(entry.step.outcome, self.interpreter.find(self._there(number)))


def _stated(case: Case, fact: Fact) -> tuple[object, ...]:
    held = case.held.get((fact.name, fact.instance))
    return case.given.get(fact), case.within.get(fact), on(held, fact.period) if held is not None else None


def _are_alike(before: Outcome, after: Outcome) -> bool:
    """Whether two outcomes are the same but for the facts that they need."""
    if isinstance(before, Possible) and isinstance(after, Possible):
        same = before.range == after.range and before.may_not_apply == after.may_not_apply
        return same and before.may_fail == after.may_fail
    return before == after
