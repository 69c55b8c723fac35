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
from engine.interpret.closures import closures_of
from engine.interpret.constants import Constants, constants_of
from engine.interpret.domain import settled
from engine.interpret.evaluating import Asked, Places, Queue
from engine.interpret.frames import NOTHING, Frame, Step
from engine.interpret.further import Another
from engine.interpret.outcomes import Choice, Fact, Failure, Interval, Outcome, Possible, stated
from engine.interpret.ranges import within_range
from engine.interpret.stated import ends_of, on
from engine.interpret.traces import Traces
from engine.ir import nodes as ir
from engine.ir.fold import formula_at
from engine.ir.program import Definition, Program
from engine.text.recursion import deep_recursion
from engine.values.periods import Period, Unit
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

    `work`: how much was done so far, in about ten microseconds each, whatever the machine.
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
        self.closures = closures_of(program)
        self.given: Mapping[Fact, Value] = case.given
        self._covers_from = program.settings.covers_from
        self.holds_otherwise = bool(case.held or case.within)
        self._nearby: dict[tuple[str, Period], dict[str, Step]] = {}
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
            return self._nested(fact)
        with deep_recursion(), without_search():  # what is found is kept, and none of it is garbage
            return self._outermost(fact)

    def _outermost(self, fact: Fact) -> Outcome:
        self._waiting[fact] = None
        while True:
            last = next(reversed(self._waiting))
            try:
                outcome = self._step(last).outcome
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

    def _nested(self, fact: Fact, nearby: dict[str, Step] | None = None) -> Outcome:
        """A figure that another one asks for. `nearby` are those of the same instance and period, if at hand."""
        if fact in self._running or (len(self._waiting) > 1 and fact in self._waiting):  # the only one is running
            circle = list(self._running)
            self._circular.update(circle[circle.index(fact) :] if fact in self._running else circle)
            return self._circle(fact)
        if len(self._running) + self._calls >= MAX_DEPTH:
            raise _TooDeep(self, fact)
        return self._step(fact, nearby).outcome

    def _circle(self, fact: Fact) -> Failure:
        definition = self.program.definitions[fact.name]
        return Failure(f"`{definition.short_name}` of `{fact.instance}` depends on itself", definition.span)

    def _step(self, fact: Fact, nearby: dict[str, Step] | None = None) -> Step:
        definition = self.program.definitions[fact.name]
        step = self._supplied(fact, definition)
        if step is None:
            self._running[fact] = None
            before = self.traces
            step = before.step(fact, self.find) if before is not None else None  # as in a case where all was as it is
            if step is None:
                step = self._computed(fact, definition, self._near(fact) if nearby is None else nearby)
                self.work += A_FIGURE + (len(step.reads) * A_READ_OF_RANGES if step.is_open else 0)
            else:
                self.work += len(step.reads) // READS_COMPARED
            self._running.popitem()  # whoever it asked is done
            if self._circular and fact in self._circular:
                step = replace(step, outcome=self._circle(fact))
            if isinstance(step.outcome, Failure):
                path = (*step.outcome.path, fact)[:MAX_PATH]
                step.outcome = Failure(step.outcome.message, step.outcome.span, path)
        self.steps[fact] = step
        if nearby is not None:
            nearby[fact.name] = step
        return step

    def _found(self, fact: Fact) -> Outcome | None:
        """What a fact or figure was found to be, if it was."""
        step = self.steps.get(fact)
        return step.outcome if step is not None and fact not in self._circular else None

    def _supplied(self, fact: Fact, definition: Definition) -> Step | None:
        given = self.given.get(fact)
        if given is not None:
            return Step(fact, definition, "given", stated(given))
        if self.holds_otherwise:
            step = self._otherwise_stated(fact, definition)
            if step is not None:
                return step
        if isinstance(fact.instance, Another):
            return self._of_another(fact, definition, fact.instance)
        if definition.default is not None:
            return Step(fact, definition, "default", stated(definition.default))
        if self.case.complete and definition.absent is not None:
            return Step(fact, definition, "absent", stated(definition.absent))
        if not definition.is_input and not self._is_before(fact.period):
            return None
        anything = self.anything(definition.type, *ends_of(definition))
        unknown = settled(anything, frozenset((fact,)), may_not_apply=definition.may_not_apply)
        return Step(fact, definition, "unknown", unknown)

    def _is_before(self, period: Period) -> bool:
        """Whether a period begins before the rules answer."""
        return period.start < self._covers_from and period.kind.unit is not Unit.ETERNITY

    def _of_another(self, fact: Fact, definition: Definition, another: Another) -> Step | None:
        """A fact of one whom a list may hold besides: nobody stated it, so that no default or absence stands for it."""
        if not definition.is_input and not self._is_before(fact.period):
            return None
        anything = self.anything(definition.type, *ends_of(definition))
        needs = frozenset((another.asked(self.case.at),))
        return Step(fact, definition, "unknown", settled(anything, needs, may_not_apply=definition.may_not_apply))

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

    def _computed(self, fact: Fact, definition: Definition, nearby: Mapping[str, Step]) -> Step:
        step = Step(fact, definition, "computed")
        body = formula_at(definition.formulas, fact.period.start)
        if body is None:
            step.outcome = Failure(f"no formula holds on {fact.period.start}", definition.span)
            return step
        step.body = body
        frame = Frame(fact.instance, fact.period, step, {}, {}, 0, NOTHING, nearby)
        closure = self.closures.of_formula(body)
        step.before_rounding = self.evaluate(body, frame) if closure is None else closure(self, frame)
        step.outcome = operations.stored(step.before_rounding, definition)
        if definition.low is not None or definition.high is not None:
            step.outcome = within_range(step.outcome, definition)
        if step.open_groups and isinstance(step.outcome, Possible):
            step.outcome = self._in_each_way(step)
        if self.traces is not None and not self._circular:
            self.traces.keep(step, self._found)
        return step

    def _near(self, fact: Fact) -> dict[str, Step]:
        """What was found of the same instance and period, by name."""
        return self._nearby.setdefault((fact.instance, fact.period), {})

    def _in_each_way(self, step: Step) -> Outcome:
        """A figure whose formula asks who is together, where that is not known."""
        return step.outcome
