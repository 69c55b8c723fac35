"""How a figure is found: what the case gives, else its default, else its formula. See `interpreter` for the order.

A chain of figures may be longer than Python's stack is deep: past `MAX_DEPTH` the last one is found first, from an
empty stack, and then those that wait for it. Figures that turn out to depend on themselves are errors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.garbage import without_search
from engine.interpret import choosing, domain, operations
from engine.interpret.cases import Case
from engine.interpret.compiled import Asked as AskedFigure
from engine.interpret.compiled import compiled_of
from engine.interpret.constants import Constants, constants_of
from engine.interpret.domain import settled
from engine.interpret.evaluating import Asked, Places, Queue
from engine.interpret.frames import Frame, Step
from engine.interpret.further import Another
from engine.interpret.handing_over import HandOver
from engine.interpret.nearby import Nearby
from engine.interpret.outcomes import NOT_APPLICABLE, Choice, Fact, Failure, Interval, Known, Outcome, Possible, stated
from engine.interpret.ranges import within_range
from engine.interpret.stated import ends_of, on
from engine.interpret.traces import Traces
from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.text.recursion import deep_recursion
from engine.values.periods import Period
from engine.values.types import Value, ValueType

MAX_DEPTH = 100
MAX_PATH = 50
A_FIGURE, A_READ_OF_RANGES, READS_COMPARED = 5, 3, 4
"""What a figure that is computed counts as, and each read of one that is not determined; and how many figures are
compared with what they were for one."""


class _TooDeep(Exception):
    """A chain of figures is longer than the stack is deep; `fact` is to be found first. Never leaves this module."""

    def __init__(self, owner: Figures, fact: Fact) -> None:
        self.owner = owner
        self.fact = fact


class Figures(ABC):
    """The figures of one case under one program. Everything found is kept in `steps`.

    `compiles`: whether formulas may be taken as functions (`compiled`). `work`: how much was done so far, in about ten
    microseconds each, whatever the machine.
    """

    def __init__(self, program: Program, case: Case, constants: Constants | None = None) -> None:
        self.program = program
        self.case = case
        self.constants = constants or constants_of(program)
        self.steps: dict[Fact, Step] = {}
        self._running: dict[Fact, None] = {}
        self._waiting: dict[Fact, None] = {}
        self._calls = 0
        self._circular: set[Fact] = set()
        self.supposed: Mapping[Asked, Places] = {}
        self.queues: dict[tuple[str, str, str], Queue] = {}
        self.orders: dict[tuple[int, str, Period], choosing.Order] = {}
        self.traces: Traces | None = None
        self.compiled = compiled_of(program)
        self.compiles = True
        self.given: Mapping[Fact, Value] = case.given
        self.holds_otherwise = bool(case.held or case.within)
        self._nearby: dict[tuple[str, Period], Nearby] = {}
        self._took_over = False  # steps that no `Nearby` has
        self.work = 0

    @abstractmethod
    def evaluate(self, node: ir.Expression, frame: Frame) -> Outcome:
        """What an expression gives."""

    def find(self, fact: Fact) -> Outcome:
        """The figure or fact, found once."""
        step = self.steps.get(fact)
        if step is not None:
            return step.outcome
        if self._running:
            return self._nested(fact, self.nearby(fact.instance, fact.period)).outcome
        with deep_recursion(), without_search():  # what is found is kept, and none of it is garbage
            return self._outermost(fact)

    def _outermost(self, fact: Fact) -> Outcome:
        self._took_over = self._took_over or (bool(self.steps) and not self._nearby)
        self._waiting[fact] = None
        while True:
            last = next(reversed(self._waiting))
            try:
                outcome = self._first(last).outcome
                del self._waiting[last]
                if not self._waiting:
                    return outcome
            except _TooDeep as deeper:
                self._running.clear()
                self._calls = 0
                if deeper.owner is not self:  # the world outside: it begins anew, and comes back here
                    self._waiting.clear()
                    raise
                self._waiting[deeper.fact] = None

    def _nested(self, fact: Fact, nearby: Nearby) -> Step:
        """A figure that another one asks for."""
        asked = nearby.figures.get(fact.name) or self.compiled.asked(fact.name, fact.period)
        step = self._supplied(fact, asked, nearby)
        if step is None:
            if fact in self._running or (len(self._waiting) > 1 and fact in self._waiting):  # the only one is running
                return self._in_circle(fact)
            if len(self._running) + self._calls >= MAX_DEPTH:
                raise _TooDeep(self, fact)
            step = self._run(fact, asked, nearby)
        self.steps[fact] = nearby[fact.name] = step
        return step

    def near(self, name: str, nearby: Nearby) -> Step:
        """A figure of the same instance and period, for a formula that is being computed."""
        fact = Fact(name, nearby.instance, nearby.period)
        step = self.steps.get(fact) if self._took_over else None
        if step is None:
            return self._nested(fact, nearby)
        nearby[name] = step
        return step

    def nearby(self, instance: str, period: Period) -> Nearby:
        """What was found of an instance and period, by name."""
        key = instance, period
        nearby = self._nearby.get(key)
        if nearby is None:
            nearby = self._nearby[key] = Nearby(instance, period, self.compiled.of_period(period))
        return nearby

    def _in_circle(self, fact: Fact) -> Step:
        """A figure on the way to which it is asked for itself. It is not kept: whoever began goes on."""
        circle = list(self._running)
        self._circular.update(circle[circle.index(fact) :] if fact in self._running else circle)
        return Step(fact, self.program.definitions[fact.name], "computed", self._circle(fact))

    def _circle(self, fact: Fact) -> Failure:
        definition = self.program.definitions[fact.name]
        return Failure(f"`{definition.short_name}` of `{fact.instance}` depends on itself", definition.span)

    def _first(self, fact: Fact) -> Step:
        """A figure that none waits for but those in `_waiting`."""
        nearby = self.nearby(fact.instance, fact.period)
        asked = self.compiled.asked(fact.name, fact.period)
        step = self._supplied(fact, asked, nearby) or self._run(fact, asked, nearby)
        self.steps[fact] = nearby[fact.name] = step
        return step

    def _run(self, fact: Fact, asked: AskedFigure, nearby: Nearby) -> Step:
        """A figure by its formula, or as it was found in a case where all was as it is."""
        self._running[fact] = None
        step = self.traces.step(fact, self.find) if self.traces is not None else None
        if step is None:
            step = self._computed(fact, asked, nearby)
            self.work += A_FIGURE + (len(step.reads) * A_READ_OF_RANGES if step.is_open else 0)
        else:
            self.work += len(step.reads) // READS_COMPARED
        self._running.popitem()  # whoever it asked is done
        if self._circular and fact in self._circular:
            step = replace(step, outcome=self._circle(fact))
        if type(step.outcome) is Failure:
            path = (*step.outcome.path, fact)[:MAX_PATH]
            step.outcome = Failure(step.outcome.message, step.outcome.span, path)
        return step

    def _found(self, fact: Fact) -> Outcome | None:
        """What a fact or figure was found to be, if it was."""
        step = self.steps.get(fact)
        return step.outcome if step is not None and fact not in self._circular else None

    def _supplied(self, fact: Fact, asked: AskedFigure, nearby: Nearby) -> Step | None:
        definition = asked.definition
        given = self.given.get(fact)
        if given is not None:
            return Step(fact, definition, "given", stated(given))
        if self.holds_otherwise:
            step = self._otherwise_stated(fact, definition)
            if step is not None:
                return step
        if nearby.is_another:
            return self._of_another(fact, asked)
        if asked.default is not None:
            return Step(fact, definition, "default", asked.default)
        if asked.absent is not None and self.case.complete:
            return Step(fact, definition, "absent", asked.absent)
        return self._unknown(fact, asked, frozenset((fact,))) if asked.is_fact else None

    def _unknown(self, fact: Fact, asked: AskedFigure, needs: frozenset[Fact]) -> Step:
        definition = asked.definition
        anything = self.anything(definition.type, *ends_of(definition))
        return Step(fact, definition, "unknown", settled(anything, needs, may_not_apply=definition.may_not_apply))

    def _of_another(self, fact: Fact, asked: AskedFigure) -> Step | None:
        """A fact of one whom a list may hold besides: nobody stated it, so that no default or absence stands for it."""
        assert isinstance(fact.instance, Another)
        return self._unknown(fact, asked, frozenset((fact.instance.asked(self.case.at),))) if asked.is_fact else None

    def _otherwise_stated(self, fact: Fact, definition: Definition) -> Step | None:
        """A fact that is stated for days, or as not known."""
        held = self.case.held.get((fact.name, fact.instance))
        value = on(held, fact.period) if held is not None else None
        if value is not None:
            return Step(fact, definition, "given", stated(value))
        if fact not in self.case.within:
            return None
        range_ = self.anything(definition.type, *ends_of(definition, *self.case.within[fact]))
        unknown = settled(range_, frozenset((fact,)), may_not_apply=definition.may_not_apply)
        return Step(fact, definition, "unknown", unknown)

    def anything(self, value_type: ValueType, low: Any = None, high: Any = None) -> Interval | Choice:
        """Every value of a type, between the ends of numbers and dates."""
        enums = self.program.settings.enums
        return domain.all_values(value_type, low, high, list(enums[value_type.enum].members) if value_type.enum else [])

    def _computed(self, fact: Fact, asked: AskedFigure, nearby: Nearby) -> Step:
        definition, body = asked.definition, asked.body
        if body is None:
            failure = Failure(f"no formula holds on {fact.period.start}", definition.span)
            return Step(fact, definition, "computed", failure)
        step = self._by_function(fact, asked, nearby) if self.compiles else None
        if step is None:
            step = Step(fact, definition, "computed", body=body)
            step.before_rounding = self.evaluate(body, Frame(fact.instance, fact.period, step, {}, {}))
        assert step.before_rounding is not None
        step.outcome = operations.stored(step.before_rounding, definition)
        if definition.low is not None or definition.high is not None:
            step.outcome = within_range(step.outcome, definition)
        if step.open_groups and isinstance(step.outcome, Possible):
            step.outcome = self._in_each_way(step)
        if self.traces is not None and not self._circular:
            self.traces.keep(step, self._found)
        return step

    def _by_function(self, fact: Fact, asked: AskedFigure, nearby: Nearby) -> Step | None:
        """What the function of a formula finds; None if there is none yet, or it hands over."""
        formula = asked.formula or self.compiled.formula(asked, fact.period)
        if formula is None:
            return None
        step = Step(fact, asked.definition, "computed", body=asked.body)
        try:
            value = formula(self, nearby, step)
        except HandOver:
            return None
        step.before_rounding = NOT_APPLICABLE if value is None else Known(value)
        return step

    def _in_each_way(self, step: Step) -> Outcome:
        """A figure whose formula asks who is together, where that is not known."""
        return step.outcome
