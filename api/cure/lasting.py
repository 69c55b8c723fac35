"""How a condition was found at one period, found again at a later one: only what may differ there is evaluated anew.

1. A figure of the later period is what its counterpart was if its formula is the same, the constants that it reads are,
   and so is all that it read. By itself it may be another where its formula asks for the day or for periods that do not
   move along with the case's (`moving`); a fact, where something else is stated of it.
2. Those figures are evaluated at the later period, each after what it reads. One that is as it was changes nothing; of
   one that is not, whatever read it is evaluated, too.

The needs of what is taken over (`Possible.needs`) are those of the first period: nobody may ask for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush

from api.cure.hanging import Hanging, Hangs
from api.cure.moving import counterpart, formula_of
from engine.garbage import without_search
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.frames import Step
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Outcome, Possible
from engine.interpret.stated import on
from engine.ir.fold import formula_at
from engine.ir.program import Program
from engine.values.periods import Period, Unit


@dataclass(frozen=True, slots=True)
class Again:
    """What a condition is at a later period, on what that hangs, and how much work it was."""

    outcome: Outcome
    hangs: Hangs
    work: int


@dataclass(eq=False)
class Found:
    """How a condition was found in a case. `hanging`: what tells what can be changed of it."""

    case: Case
    fact: Fact
    constants: Constants
    steps: dict[Fact, Step]
    hanging: Hanging
    _counterparts: dict[Period, dict[Period, Period | None]] = field(default_factory=dict)

    @property
    def program(self) -> Program:
        """The rules."""
        return self.constants.program

    def again(self, case: Case, hanging: Hanging) -> Again | None:
        """What the condition is in the case moved to a later period; None where it must be evaluated whole."""
        if not self.read or case.stays:
            return None
        later = _Later(self, case, Interpreter(self.program, case, self.constants))
        if later.interpreter.without_listed is not None:
            return None
        with without_search():  # each of some twenty figures would begin one
            return later.answer(hanging)

    @cached_property
    def read(self) -> dict[Fact, int]:
        """All that the condition hangs on, each after what it read; none if something cannot be told apart."""
        seen, waiting = {self.fact}, [self.fact]
        while waiting:
            fact = waiting.pop()
            if fact not in self.steps:
                return {}
            more = [other for other in self.steps[fact].reads if other not in seen and self._has_counterpart(other)]
            seen.update(more)
            waiting += more
        return {fact: place for place, fact in enumerate(fact for fact in self.steps if fact in seen)}

    @cached_property
    def hangs(self) -> Hangs:
        """What can be changed of all that."""
        return self.hanging.by(self.read)

    @cached_property
    def readers(self) -> dict[Fact, list[Fact]]:
        """Who read each fact."""
        readers: dict[Fact, list[Fact]] = {}
        for fact in self.read:
            for other in self.read.keys() & self.steps[fact].reads:
                readers.setdefault(other, []).append(fact)
        return readers

    @cached_property
    def suspects(self) -> list[Fact]:
        """What may differ by itself at a later period."""
        stated = {fact.name for fact in self.case.given if fact.period.kind.unit is not Unit.ETERNITY}
        stated |= {name for name, _ in self.case.held}.union(fact.name for fact in self.case.within)
        return [fact for fact in self.read if self._may_differ(fact, stated)]

    @cached_property
    def apart(self) -> frozenset[Fact]:
        """Figures that are evaluated anew at every period, whatever they read."""
        return frozenset(filter(self._is_apart, self.read))

    def _may_differ(self, fact: Fact, stated: set[str]) -> bool:
        step = self.steps[fact]
        if step.body is None:
            return fact.name in stated
        formula = formula_of(self.program, step.body)
        return fact in self.apart or bool(formula.constants) or len(step.definition.formulas) > 1

    def _is_apart(self, fact: Fact) -> bool:
        step = self.steps[fact]
        if step.body is None:
            return False
        formula = formula_of(self.program, step.body)
        if step.is_untraceable or formula.is_timed(fact.period.kind, fact.period == self.case.at):
            return True
        return not all(map(self._has_counterpart, step.reads))

    def _has_counterpart(self, fact: Fact) -> bool:
        return self.counterpart(fact, self.case.at) is not None

    def counterpart(self, fact: Fact, at: Period) -> Fact | None:
        """The same at a later period of the case; None where it is not clear which that is."""
        known = self._counterparts.setdefault(at, {})
        if fact.period not in known:
            known[fact.period] = counterpart(fact.period, self.case.at, at)
        period = known[fact.period]
        return Fact(fact.name, fact.instance, period) if period is not None else None


@dataclass(frozen=True, slots=True)
class _Later:
    found: Found
    case: Case
    interpreter: Interpreter

    def answer(self, hanging: Hanging) -> Again | None:
        """The condition at the later period."""
        found, root = self.found, self.found.fact
        waiting = [(found.read[fact], fact) for fact in found.suspects if self._differs(fact)]
        heapify(waiting)
        queued = {fact for _, fact in waiting}
        while waiting:
            _, fact = heappop(waiting)
            is_other = self._is_other(fact)
            if is_other is None:
                return None
            for reader in found.readers.get(fact, ()) if is_other else ():
                if reader not in queued:
                    queued.add(reader)
                    heappush(waiting, (found.read[reader], reader))
        there = self._there(root)
        step = self.interpreter.steps.get(there) if there is not None else None
        outcome = step.outcome if step is not None else found.steps[root].outcome
        evaluated = hanging.by(self.interpreter.steps)
        moved = (self._there(fact) for fact in found.hangs.facts)
        facts = evaluated.facts.union(fact for fact in moved if fact is not None)
        work = 1 + (len(found.suspects) + len(found.hangs.facts)) // 5 + self.interpreter.work
        return Again(outcome, Hangs(facts, evaluated.kinds | found.hangs.kinds), work)

    def _there(self, fact: Fact) -> Fact | None:
        return self.found.counterpart(fact, self.case.at)

    def _differs(self, fact: Fact) -> bool:
        """Whether something differs by itself, or is to be evaluated to know that."""
        there, step, found = self._there(fact), self.found.steps[fact], self.found
        if there is None or fact in found.apart:
            return True
        if step.body is None:
            return _stated(found.case, fact) != _stated(self.case, there)
        if formula_at(step.definition.formulas, there.period.start) is not step.body:
            return True
        names = formula_of(found.program, step.body).constants
        return any(not self._is_same(name, fact.period, there.period) for name in names)

    def _is_same(self, name: str, before: Period, after: Period) -> bool:
        constants = self.found.constants
        first, second = constants.at(name, before.start), constants.at(name, after.start)
        if first is None or second is None:
            return first is second
        return first.content is second.content or bool(first.content == second.content)

    def _is_other(self, fact: Fact) -> bool | None:
        """Whether something is another than it was; None where that cannot be told."""
        there, step = self._there(fact), self.found.steps[fact]
        if there is None:
            return None
        if step.body is not None:
            self._take_over(step.reads)
        after = self.interpreter.find(there)
        return not _are_alike(step.outcome, after)

    def _take_over(self, reads: Iterable[Fact]) -> None:
        """What a figure reads that is as it was."""
        steps = self.interpreter.steps
        for fact in reads:
            there = self._there(fact)
            if there is not None and there not in steps:
                before = self.found.steps[fact]
                steps[there] = Step(there, before.definition, before.source, before.outcome)


def _stated(case: Case, fact: Fact) -> tuple[object, ...]:
    held = case.held.get((fact.name, fact.instance))
    return case.given.get(fact), case.within.get(fact), on(held, fact.period) if held is not None else None


def _are_alike(before: Outcome, after: Outcome) -> bool:
    """Whether two outcomes are the same but for the facts that they need."""
    if isinstance(before, Possible) and isinstance(after, Possible):
        same = before.range == after.range and before.may_not_apply == after.may_not_apply
        return same and before.may_fail == after.may_fail
    return before == after
