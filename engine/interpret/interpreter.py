"""The reference interpreter: the specification of what rules mean. Exact, one case at a time.

To find a figure of an instance for a period:

1. What the case gives stands. Else an input has its default, or what its absence means in a complete case, or is
   unknown.
2. Else the formula of the period's first day is evaluated, exactly, and the result rounded once to the figure's grid.
3. Every figure found is kept with what it came from: the value before rounding, what was read, the branches taken.

Unknown facts are ranges; an operation on ranges gives one that holds every completion. Errors are values and travel
up until something is decided without them. A chain of figures may be longer than Python's stack is deep: past
`MAX_DEPTH` the last one is found first, from an empty stack, and then those that wait for it. Figures that turn out to
depend on themselves are errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from math import prod
from weakref import ref

from engine.interpret import (
    expressions,
    narrowing,
    navigation,
    personal,
    replacing,
    worlds,
)
from engine.interpret.calls import Calls
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.domain import either, needs_of
from engine.interpret.figures import Figures
from engine.interpret.frames import Frame, Step
from engine.interpret.grouping import MOST_WAYS
from engine.interpret.nearby import Nearby
from engine.interpret.outcomes import (
    Fact,
    Outcome,
)
from engine.interpret.reuse import changed_names
from engine.interpret.traces import Traces
from engine.interpret.vacancies import vacated
from engine.interpret.worlds import Replaced
from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.ir.worlds import reached_names
from engine.values.periods import Period

MAX_CALLS = 200
UNKNOWN_DAY = "the day on which it is read is not known"


class Interpreter(Calls):
    """Evaluates one case under one program. Everything found is kept in `steps`.

    `earlier` went through nearly the same case, under the same program: what it found and still holds is taken over.
    Or it went through the same case under a program that differs in `differing` names (`reuse.differing_names`).
    """

    def __init__(
        self,
        program: Program,
        case: Case,
        constants: Constants | None = None,
        earlier: Interpreter | None = None,
        *,
        differing: frozenset[str] | None = None,
    ) -> None:
        super().__init__(program, case, constants)
        self.worlds: list[World] = []
        self._supposing: list[Interpreter] = []
        self.reaches = worlds.Reaches(program, case)
        self._vacated: Interpreter | None = None
        self._deciding: frozenset[Fact] = frozenset()
        if (other := vacated(program, case)) is not None:
            before = earlier and earlier._vacated
            self._vacated, self._deciding = (
                Interpreter(program, other[0], self.constants, before, differing=differing),
                other[1],
            )
        if earlier is not None:
            names = self._changed_since(earlier, differing)
            if names is not None:
                self._go_on_from(earlier, names)

    def _changed_since(self, earlier: Interpreter, differing: frozenset[str] | None) -> frozenset[str] | None:
        """The names of what may be another than an earlier interpreter found; None if all may be."""
        if earlier.program is self.program:
            return changed_names(self.program, earlier.case, self.case)
        return differing if earlier.case == self.case else None

    def trace(self, traces: Traces | None = None) -> None:
        """Keep how figures are found for interpreters of cases that differ only in what is stated, and use what such
        interpreters kept."""
        self.traces = self.traces or traces or Traces()
        if self._vacated is not None:
            self._vacated.trace(self.traces.inside("vacated"))

    def _go_on_from(self, earlier: Interpreter, changed: frozenset[str]) -> None:
        """Take over what was found of figures that are not among those which may have changed."""
        if earlier._circular:
            return
        self.steps = earlier._steps_without(changed)
        if earlier.program is self.program:
            self.reaches = earlier.reaches  # they hang on who there is, not on what is stated
            self.traces = earlier.traces
        for before in earlier.worlds:
            if before.replaced.is_known:
                world = World(self, before.replaced)
                world.outside = dict(before.outside)
                world._go_on_from(before, changed)
                self.worlds.append(world)

    def _steps_without(self, names: frozenset[str]) -> dict[Fact, Step]:
        return {fact: step for fact, step in self.steps.items() if fact.name not in names}

    def find(self, fact: Fact) -> Outcome:
        """The figure or fact; where a role may be vacant, whatever it is with those who are listed or without them."""
        if self._vacated is None or self._running or self._waiting or fact in self._deciding:
            return super().find(fact)
        outcome = super().find(fact)
        return either([outcome, self._vacated.find(fact)], self._deciding)

    def _in_each_way(self, step: Step) -> Outcome:
        """A figure whose formula asks who is together, where that is not known: what it is in every way in which people
        may be, if these are few. Facts that are not known stay so."""
        asked = list(step.open_groups)
        if self.supposed or self._vacated is not None or prod(map(len, step.open_groups.values())) > MOST_WAYS:
            return step.outcome
        outcomes: list[Outcome] = []
        for way in product(*step.open_groups.values()):
            supposed = dict(zip(asked, way, strict=True))
            other = next((known for known in self._supposing if known.supposed == supposed), None)
            if other is None:
                other = Interpreter(self.program, self.case, self.constants)
                changed = reached_names(self.program, frozenset(name for name, _, _ in asked))
                other.steps = {} if self._circular else self._steps_without(changed)
                other.supposed = supposed
                self._supposing.append(other)
            outcomes.append(other.find(step.fact))
        return either(outcomes, needs_of(step.outcome))

    # --- for whoever looks into a formula afterwards

    @property
    def without_listed(self) -> Interpreter | None:
        """What found the figures without those who hold a role that may be vacant, if one may be."""
        return self._vacated

    def frame(self, fact: Fact) -> Frame:
        """Where the formula of a figure is evaluated."""
        return Frame(fact.instance, fact.period, Step(fact, self.program.definitions[fact.name], "looked into"), {}, {})

    def fact_read(self, node: ir.VariableRead, frame: Frame) -> Fact | None:
        """Which fact a read means here; None where there is nobody, or no one period."""
        instance = navigation.someone(self, node.subject, frame, node)
        if not isinstance(instance, str):
            return None
        period = self.period_meant(node.time, frame, node.span, (node.subject.entity, instance))
        return Fact(node.name, instance, period) if isinstance(period, Period) else None

    def period_of(self, definition: Definition, instance: str, at: Period) -> Period | None:
        """The period of somebody's figure that is or holds `at`; None where there is not one, or it is not known."""
        return personal.period_of(self.kind_of(definition.period, (definition.entity, instance)), definition, at)

    def linked(self, link: ir.Link, frame: Frame) -> Sequence[str] | None:
        """The members or records of a link, where it is known who they are."""
        ids = navigation.linked(self, link, frame, None)
        return ids if isinstance(ids, tuple | list) else None

    def somebody(self, subject: ir.Subject, frame: Frame) -> str | None:
        """The id of whoever is meant, if there is somebody and it is known who."""
        instance = navigation.instance_of(self, subject, frame, None)
        return instance if isinstance(instance, str) else None

    # --- expressions

    def evaluate(self, node: ir.Expression, frame: Frame) -> Outcome:
        """What an expression gives."""
        if frame.narrowed and (within := frame.narrowed.of(node)) is not None:
            return narrowing.cut(self.evaluate(node, frame.without(node)), within)
        return EVALUATORS[type(node)](self, node, frame)

    # --- other worlds

    def world(self, node: ir.AsIf, frame: Frame) -> World | Outcome:
        """The world of an `as if`; what it gives where what is replaced cannot be found, or it is not known of whom."""
        frame.step.reads_more = True
        replaced = replacing.replaced(self, node, frame, lambda time: self.period_meant(time, frame, None))
        return World(self, replaced) if isinstance(replaced, Replaced) else replaced

    def _as_if(self, node: ir.AsIf, frame: Frame) -> Outcome:
        world = self.world(node, frame)
        if not isinstance(world, World):
            return world
        kept = next((other_world for other_world in self.worlds if other_world.replaced == world.replaced), None)
        if kept is None:
            self.worlds.append(world)
        world = kept or world  # in which the same is replaced, and much is found already
        outcome = world.evaluate(node.value, frame.elsewhere())
        frame.step.reads += [fact for fact in world.outside if fact not in frame.step.reads]
        return outcome


class World(Interpreter):
    """An interpreter of a case in which some facts are others. What they do not reach is found outside.

    It does not keep the outer one alive, which keeps it: thousands of answers would be left to be found as garbage.
    """

    def __init__(self, outer: Interpreter, replaced: Replaced) -> None:
        Figures.__init__(self, outer.program, outer.case, outer.constants)
        self.given = {}  # only what is reached is found here, and what is given of that describes the world outside
        self.holds_otherwise = False
        self.worlds = []
        self._vacated, self._deciding = None, frozenset()
        self._outer = ref(outer)
        self.replaced = replaced
        self.compiles = outer.compiles and not replaced.parameters
        self.reaches = outer.reaches
        self.reach = self.reaches.of(replaced)
        self.outside: dict[Fact, None] = {}
        if outer.traces is not None:
            self.traces = outer.traces.inside((replaced.key, tuple(replaced.parameters.items())))

    @property
    def outer(self) -> Interpreter:
        """The interpreter of the case as it is, or of the world around this one."""
        outer = self._outer()
        assert outer is not None, "a world outlives the interpreter that made it"
        return outer

    def find(self, fact: Fact) -> Outcome:
        """The figure or fact as it is here."""
        outcome = self.replaced.facts.get(fact)
        if outcome is not None:
            return outcome
        if self.reach.holds(fact):
            return super().find(fact)
        self.outside[fact] = None
        return self.outer.find(fact)

    def near(self, name: str, nearby: Nearby) -> Step:
        """Here the figure or fact may be what is replaced, or that of the world outside, which is not kept."""
        fact = Fact(name, nearby.instance, nearby.period)
        outcome = self.find(fact)
        return self.steps.get(fact) or Step(fact, self.program.definitions[name], "", outcome)

    def _in_each_way(self, step: Step) -> Outcome:
        return step.outcome

    def _found(self, fact: Fact) -> Outcome | None:
        replaced = self.replaced.facts.get(fact)
        if replaced is not None:
            return replaced
        return super()._found(fact) if self.reach.holds(fact) else self.outer._found(fact)

    def replaced_constant(self, name: str, day: date) -> Outcome | None:
        parameter = self.replaced.parameter(name, day)
        return parameter if parameter is not None else self.outer.replaced_constant(name, day)


EVALUATORS: Mapping[type[ir.Node], expressions.Evaluator] = {
    **expressions.BY_KIND,
    ir.VariableRead: Interpreter._read,
    ir.ParameterRead: Interpreter._constant,
    ir.TableRead: Interpreter._constant,
    ir.ScaleRead: Interpreter._constant,
    ir.Let: Interpreter._let,
    ir.FunctionCall: Interpreter._function,
    ir.AsIf: Interpreter._as_if,
    ir.OverParts: Interpreter._over_parts,
    ir.Spread: Interpreter._over_parts,
}
