"""The reference interpreter: the specification of what rules mean. Exact, one case at a time.

To find a figure of an instance for a period:

1. What the case gives stands. Else an input has its default, or what its absence means in a complete case, or is
   unknown.
2. Else the formula of the period's first day is evaluated, exactly, and the result rounded once to the figure's grid.
3. Every figure found is kept with what it came from: the value before rounding, what was read, the branches taken.

Unknown facts are ranges; an operation on ranges gives a range that holds every completion (`domain`). Where a
condition is not known, both branches are evaluated and joined. Errors are values too, and travel up until something is
decided without them: one false part of an `and` decides it, whatever fails beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, assert_never

from engine import domain
from engine.cases import Case
from engine.constants import Constants
from engine.declarations import Bracket
from engine.domain import either, needs_of, settled
from engine.ir import nodes as ir
from engine.ir.fold import constant_day, formula_at
from engine.ir.program import Definition, Program
from engine.numbers import round_to
from engine.operations import (
    arithmetic,
    extreme_of,
    extreme_of_counted,
    mapped,
    may_be,
    may_miss,
    negation,
    no_value,
    on_ends,
    scaled,
    stored,
    total_zero,
    with_fault,
)  # fmt: skip
from engine.outcomes import (
    NOT_APPLICABLE,
    Fact,
    Failure,
    Interval,
    Known,
    NotApplicable,
    Outcome,
    Possible,
)  # fmt: skip
from engine.periods import Period, add_duration, months_between, years_between
from engine.types import Duration, Kind
from engine.values import compare

MAX_CHAIN = 2_000


@dataclass(slots=True)
class Step:
    """How one figure was found. `reads`, `constants` and `branches` are in the order of evaluation."""

    fact: Fact
    definition: Definition
    source: str
    outcome: Outcome = NOT_APPLICABLE
    before_rounding: Outcome | None = None
    reads: list[Fact] = field(default_factory=list)
    constants: list[tuple[str, date, bool]] = field(default_factory=list)
    branches: list[tuple[ir.Expression, bool | str]] = field(default_factory=list)
    body: ir.Expression | None = None


@dataclass(slots=True)
class Frame:
    """Where an expression is evaluated: the instance and period of the formula, and its local names."""

    instance: str
    period: Period
    step: Step
    names: Mapping[str, Callable[[], Outcome]]
    bound: Mapping[str, str]


class Interpreter:
    """Evaluates one case under one program. Everything found is kept in `steps`."""

    def __init__(self, program: Program, case: Case, constants: Constants | None = None) -> None:
        self.program = program
        self.case = case
        self.constants = constants or Constants(program)
        self.steps: dict[Fact, Step] = {}
        self._running: list[Fact] = []
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 200_000))

    def find(self, fact: Fact) -> Outcome:
        """The figure or fact, found once."""
        step = self.steps.get(fact)
        if step is None:
            step = self._step(fact)
        return step.outcome

    def _step(self, fact: Fact) -> Step:
        definition = self.program.definitions[fact.name]
        if len(self._running) >= MAX_CHAIN or fact in self._running[-1:]:
            message = f"more than {MAX_CHAIN} figures depend on each other in a chain"
            return Step(fact, definition, "error", Failure(message, definition.span, (fact,)))
        self._running.append(fact)
        step = self._supplied(fact, definition) or self._computed(fact, definition)
        self._running.pop()
        if isinstance(step.outcome, Failure):
            step.outcome = Failure(step.outcome.message, step.outcome.span, (*step.outcome.path, fact))
        self.steps[fact] = step
        return step

    def _supplied(self, fact: Fact, definition: Definition) -> Step | None:
        given = self.case.given.get(fact)
        if given is not None:
            return Step(fact, definition, "given", Known(given))
        if definition.default is not None:
            return Step(fact, definition, "default", Known(definition.default))
        if self.case.complete and definition.absent is not None:
            return Step(fact, definition, "absent", Known(definition.absent))
        before = fact.period.start < self.program.settings.covers_from and definition.period.unit.value != "eternity"
        if not definition.is_input and not before:
            return None
        members = list(self.program.settings.enums[definition.type.enum].members) if definition.type.enum else []
        everything = domain.all_values(definition.type, definition.low, definition.high, members)
        return Step(fact, definition, "unknown", settled(everything, frozenset((fact,))))

    def _computed(self, fact: Fact, definition: Definition) -> Step:
        step = Step(fact, definition, "computed")
        body = formula_at(definition.formulas, fact.period.start)
        if body is None:
            step.outcome = Failure(f"no formula holds on {fact.period.start}", definition.span)
            return step
        step.body = body
        raw = self.evaluate(body, Frame(fact.instance, fact.period, step, {}, {}))
        step.before_rounding = raw
        step.outcome = stored(raw, definition)
        return step

    # --- expressions

    def evaluate(self, node: ir.Expression, frame: Frame) -> Outcome:
        """What an expression gives."""
        match node:
            case ir.Literal():
                return Known(node.value)
            case ir.VariableRead():
                return self._read(node, frame)
            case ir.Local():
                return frame.names[node.name]()
            case (
                ir.Arithmetic()
                | ir.Compare()
                | ir.Extreme()
                | ir.Round()
                | ir.Negate()
                | ir.Absolute()
                | ir.DateFunction()
            ):
                return self._operation(node, frame)
            case ir.And() | ir.Or():
                return self._logic(node.values, isinstance(node, ir.Or), lambda one: self.evaluate(one, frame))
            case ir.If():
                return self._choice(node, frame)
            case ir.ParameterRead() | ir.TableRead() | ir.ScaleRead():
                return self._constant(node, frame)
            case ir.Let():
                return self.evaluate(node.body, self.binding(frame, node.name, node.value))
            case ir.Not():
                return negation(self.evaluate(node.value, frame))
            case ir.FunctionCall():
                return self._function(node, frame)
            case ir.Aggregate():
                return self._aggregate(node, frame)
            case ir.OverTime():
                return self._over_time(node, frame)
            case ir.Exceptions():
                return self._exceptions(node, frame)
            case ir.Otherwise():
                return self._otherwise(node, frame)
            case ir.Spread():
                return arithmetic("/", self.evaluate(node.value, frame), Known(12), node.span)
            case ir.NotApplicable():
                return NOT_APPLICABLE
            case ir.PeriodBoundary():
                return Known(frame.period.start if node.which == "start" else frame.period.end)
            case _:
                assert_never(node)

    def frame(self, fact: Fact) -> Frame:
        """Where the formula of a figure is evaluated, for whoever looks into it afterwards."""
        return Frame(fact.instance, fact.period, Step(fact, self.program.definitions[fact.name], "looked into"), {}, {})

    def fact_read(self, node: ir.VariableRead, frame: Frame) -> Fact | None:
        """Which fact a read means here; None where there is nobody, or no such period."""
        instance, period = self._instance(node.subject, frame), self._period(node.time, frame)
        known = isinstance(instance, str) and isinstance(period, Period)
        return Fact(node.name, instance, period) if known else None  # type: ignore[arg-type]

    def binding(self, frame: Frame, name: str, value: ir.Expression) -> Frame:
        """The frame with one more local name, whose value is found where it is first needed."""
        kept: list[Outcome] = []

        def found() -> Outcome:
            if not kept:
                kept.append(self.evaluate(value, frame))
            return kept[0]

        return Frame(frame.instance, frame.period, frame.step, {**frame.names, name: found}, frame.bound)

    def _function(self, node: ir.FunctionCall, frame: Frame) -> Outcome:
        function = self.program.functions[node.name]
        body = formula_at(function.formulas, frame.period.start)
        if body is None:
            return Failure(f"`{node.name}` has no formula on {frame.period.start}", node.span)
        inner = Frame(frame.instance, frame.period, frame.step, {}, frame.bound)
        for (name, _), argument in zip(function.arguments, node.arguments, strict=True):
            outer = self.binding(frame, name, argument)
            inner = Frame(
                inner.instance, inner.period, inner.step, {**inner.names, name: outer.names[name]}, inner.bound
            )
        return self.evaluate(body, inner)

    def _choice(self, node: ir.If, frame: Frame) -> Outcome:
        condition = self.evaluate(node.condition, frame)
        match condition:
            case Known(value=truth):
                frame.step.branches.append((node, bool(truth)))
                return self.evaluate(node.then if truth else node.otherwise, frame)
            case Failure() | NotApplicable():
                return condition
        both = [self.evaluate(node.then, frame), self.evaluate(node.otherwise, frame)]
        joined = either(both, needs_of(condition))
        fault = domain.faults_of(condition)
        return with_fault(joined, fault, needs_of(condition)) if fault else joined

    def _logic(self, values: Sequence[Any], deciding: bool, find: Callable[[Any], Outcome]) -> Outcome:
        """`and` (deciding False) or `or` (deciding True): one deciding value is enough, whatever else there is."""
        failure: Failure | None = None
        possible: list[Outcome] = []
        for value in values:
            outcome = find(value)
            match outcome:
                case Known(value=truth):
                    if truth is deciding:
                        return outcome
                case Failure():
                    failure = failure or outcome
                case NotApplicable():
                    failure = failure or Failure("a condition does not apply", None)
                case Possible():
                    possible.append(outcome)
        if not possible:
            return failure or Known(not deciding)
        fault = failure.message if failure else domain.faults_of(*possible)
        return settled(domain.BOTH, needs_of(*possible), fault)

    def _exceptions(self, node: ir.Exceptions, frame: Frame) -> Outcome:
        whens = {case.name: self.evaluate(case.when, frame) for case in node.cases}
        bad = next((one for one in whens.values() if isinstance(one, Failure | NotApplicable)), None)
        if bad is not None:
            return bad
        certain = {name for name, one in whens.items() if one == domain.TRUE}
        open_ = [name for name, one in whens.items() if isinstance(one, Possible)]
        if len(open_) > 12:
            return Failure("too many exceptions may hold to tell", node.span)
        outcomes = [
            self._exception_result(node, certain | {name for at, name in enumerate(open_) if mask >> at & 1}, frame)
            for mask in range(1 << len(open_))
        ]
        return either(outcomes, needs_of(*whens.values()))

    def _exception_result(self, node: ir.Exceptions, holding: set[str], frame: Frame) -> Outcome:
        if not holding:
            return self.evaluate(node.general, frame)
        winners = [one for one in node.cases if one.name in holding and holding <= {one.name, *one.over}]
        if len(winners) != 1:
            names = " and ".join(f"`{name}`" for name in sorted(holding))
            return Failure(f"the exceptions {names} hold at once, and none is over the others", node.span)
        frame.step.branches.append((node, winners[0].name))
        return self.evaluate(winners[0].then, frame)

    def _otherwise(self, node: ir.Otherwise, frame: Frame) -> Outcome:
        value = self.evaluate(node.value, frame)
        if isinstance(value, NotApplicable):
            return self.evaluate(node.fallback, frame)
        if isinstance(value, Possible) and value.may_not_apply:
            sure = settled(value.range, value.needs, value.may_fail)
            return either([sure, self.evaluate(node.fallback, frame)], value.needs)
        return value

    # --- figures

    def _read(self, node: ir.VariableRead, frame: Frame) -> Outcome:
        instance = self._instance(node.subject, frame)
        if not isinstance(instance, str):
            return instance
        period = self._period(node.time, frame)
        if not isinstance(period, Period):
            return period
        return self._find_for(Fact(node.name, instance, period), frame)

    def _find_for(self, fact: Fact, frame: Frame) -> Outcome:
        frame.step.reads.append(fact)
        return self.find(fact)

    def _period(self, time: ir.Time, frame: Frame) -> Period | Outcome:
        try:
            match time:
                case ir.ThisPeriod():
                    return frame.period
                case ir.Containing():
                    anchor = frame.period.end if time.at_end else frame.period.start
                    return time.kind.containing(anchor).shift(time.shift)
                case ir.ContainingDate():
                    day = self.evaluate(time.day, frame)
                    if isinstance(day, Known):
                        assert isinstance(day.value, date)
                        return time.kind.containing(day.value)
                    if isinstance(day, Possible):
                        return Failure("the day at which a figure is read is not known", time.day.span)
                    return day
        except OverflowError as fault:
            return Failure(str(fault), None)
        assert_never(time)

    def _instance(self, subject: ir.Subject, frame: Frame) -> str | Outcome:
        match subject:
            case ir.Self():
                return frame.instance
            case ir.Bound():
                return frame.bound[subject.name]
            case ir.GroupOf():
                person = self._instance(subject.person, frame)
                if not isinstance(person, str):
                    return person
                own_group = self.case.group_of.get((subject.entity, person))
                return own_group if own_group is not None else Failure(f"`{person}` is in no {subject.entity}", None)
            case ir.HolderOf():
                group = self._instance(subject.group, frame)
                if not isinstance(group, str):
                    return group
                holders = self.case.holders.get((subject.group.entity, group, subject.role), ())
                if holders:
                    return holders[0]
                return NOT_APPLICABLE if subject.optional else Failure(f"`{group}` has no {subject.role}", None)
            case ir.OwnerOf():
                record = self._instance(subject.record, frame)
                return self.case.owner_of[(subject.record.entity, record)] if isinstance(record, str) else record
            case _:
                assert_never(subject)

    def linked(self, link: ir.Link, frame: Frame) -> Sequence[str] | Outcome:
        """The members or records of a link."""
        match link:
            case ir.Members():
                group = self._instance(link.group, frame)
                if not isinstance(group, str):
                    return group
                entity = link.group.entity
                return [one for role in link.roles for one in self.case.holders.get((entity, group, role), ())]
            case ir.Records():
                owner = self._instance(link.owner, frame)
                return self.case.records.get((link.entity, owner), ()) if isinstance(owner, str) else owner
            case _:
                assert_never(link)

    def _aggregate(self, node: ir.Aggregate, frame: Frame) -> Outcome:
        members = self.linked(node.link, frame)
        if isinstance(members, Known | Possible | NotApplicable | Failure):
            return members
        frames = [
            Frame(frame.instance, frame.period, frame.step, frame.names, {**frame.bound, node.name: one})
            for one in members
        ]
        if node.operator in ("any", "all"):
            return self._logic(frames, node.operator == "any", lambda inner: self._if_counted(node, inner))
        taken = [(self._counted(node, inner), inner) for inner in frames]
        total: Outcome = Known(0) if node.type.kind is not Kind.DURATION else Known(Duration())
        bodies: list[tuple[Outcome, Outcome]] = []
        for counted, inner in taken:
            if isinstance(counted, Failure | NotApplicable):
                return counted
            if counted == domain.FALSE:
                continue
            bodies.append((counted, Known(1) if node.body is None else self.evaluate(node.body, inner)))
        if node.operator in ("sum", "count"):
            for counted, body in bodies:
                amount = body if counted == domain.TRUE else either([body, total_zero(node)], needs_of(counted))
                total = arithmetic("+", total, amount, node.span)
            return total
        return extreme_of_counted(node.operator, bodies, node.span)

    def _counted(self, node: ir.Aggregate, frame: Frame) -> Outcome:
        return domain.TRUE if node.where is None else self.evaluate(node.where, frame)

    def _if_counted(self, node: ir.Aggregate, frame: Frame) -> Outcome:
        """For `any`: where and body; for `all`: not where, or body."""
        assert node.body is not None
        body = node.body
        if node.where is None:
            return self.evaluate(body, frame)
        where = node.where
        if node.operator == "any":
            return self._logic((where, body), False, lambda one: self.evaluate(one, frame))
        parts = (lambda: negation(self.evaluate(where, frame)), lambda: self.evaluate(body, frame))
        return self._logic(parts, True, lambda one: one())

    def _over_time(self, node: ir.OverTime, frame: Frame) -> Outcome:
        instance = self._instance(node.subject, frame)
        if not isinstance(instance, str):
            return instance
        try:
            periods = self._window(node, frame)
        except OverflowError as fault:
            return Failure(str(fault), node.span)
        facts = [Fact(node.name, instance, period) for period in periods]
        if node.operator in ("any", "all"):
            return self._logic(facts, node.operator == "any", lambda fact: self._find_for(fact, frame))
        outcomes = [self._find_for(fact, frame) for fact in facts]
        if node.operator != "sum":
            return extreme_of(node.operator, outcomes, node.span)
        total: Outcome = Known(0)
        for outcome in outcomes:
            total = arithmetic("+", total, outcome, node.span)
        return total

    def _window(self, node: ir.OverTime, frame: Frame) -> Sequence[Period]:
        if node.last == 0:
            return frame.period.months()
        current = node.kind.containing(frame.period.start)
        return [current.shift(-back) for back in range(node.last, 0, -1)]

    # --- constants

    def _constant(self, node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, frame: Frame) -> Outcome:
        day = constant_day(node.time, frame.period)
        if day is None:
            period = self._period(node.time, frame)
            if not isinstance(period, Period):
                return period
            day = period.start
        stated = self.constants.at(node.name, day)
        if stated is None:
            return Failure(f"`{node.name.rpartition(':')[2]}` has no value on {day}", node.span)
        frame.step.constants.append((node.name, stated.since, stated.projected))
        match node:
            case ir.ParameterRead():
                return Known(stated.content)
            case ir.TableRead():
                return self._cell(node, stated.content, frame)
            case ir.ScaleRead():
                return self._scale(node, stated.content, frame)
            case _:
                assert_never(node)

    def _cell(self, node: ir.TableRead, rows: Mapping[Any, Any], frame: Frame) -> Outcome:
        keys = [self.evaluate(key, frame) for key in node.keys]
        bad = next((key for key in keys if isinstance(key, Failure | NotApplicable)), None)
        if bad is not None:
            return bad
        fitting = [
            row for key, row in rows.items() if all(may_be(one, part) for one, part in zip(keys, key, strict=True))
        ]
        outcomes: list[Outcome] = [Known(row[node.column]) for row in fitting]
        if not all(isinstance(key, Known) for key in keys) and may_miss(keys, rows):
            outcomes.append(Failure("the key may lie outside the table", node.span))
        if not outcomes:
            shown = ", ".join(str(key.value) for key in keys if isinstance(key, Known))
            return Failure(f"the table `{node.name.rpartition(':')[2]}` has no row `{shown}`", node.span)
        return either(outcomes, needs_of(*keys))

    def _scale(self, node: ir.ScaleRead, bands: Mapping[Any, Sequence[Bracket]], frame: Frame) -> Outcome:
        scale = self.program.scales[node.name]
        argument = self.evaluate(node.argument, frame)
        if not isinstance(argument, Known | Possible):
            return argument
        if node.key is None:
            return scaled(scale, bands[None], argument)
        key = self.evaluate(node.key, frame)
        if not isinstance(key, Known | Possible):
            return key
        fitting = [brackets for name, brackets in bands.items() if may_be(key, name)]
        if not fitting:
            return Failure(f"the scale `{scale.name}` has no brackets for this key", node.span)
        return either([scaled(scale, brackets, argument) for brackets in fitting], needs_of(key))

    # --- operations on values

    def _operation(self, node: Any, frame: Frame) -> Outcome:
        match node:
            case ir.Arithmetic():
                left = self.evaluate(node.left, frame)
                return self._arithmetic(node, left, self.evaluate(node.right, frame))
            case ir.Compare():
                left, right = self.evaluate(node.left, frame), self.evaluate(node.right, frame)
                if isinstance(left, Known) and isinstance(right, Known):
                    return Known(compare(node.operator, left.value, right.value))
                bad = no_value(left, right)
                return bad if bad is not None else domain.compare(node.operator, left, right)  # type: ignore[arg-type]
            case ir.Extreme():
                return extreme_of(node.operator, [self.evaluate(one, frame) for one in node.values], node.span)
            case ir.Round():
                return self._round(node, frame)
            case ir.Negate():
                return mapped(self.evaluate(node.value, frame), lambda value: -value, domain.negate)
            case ir.Absolute():
                value = self.evaluate(node.value, frame)
                return mapped(
                    value,
                    abs,
                    lambda one: (
                        domain.extreme("max", [one, domain.negate(one), Interval(0, 0)])
                        if domain.holds_zero(one)
                        else domain.extreme("max", [one, domain.negate(one)])
                    ),
                )
        return self._date_function(node, frame)

    def _arithmetic(self, node: ir.Arithmetic, left: Outcome, right: Outcome) -> Outcome:
        kinds = (node.left.type.kind, node.right.type.kind)
        if Kind.DATE in kinds or Kind.DURATION in kinds:
            return self._date_arithmetic(node, left, right)
        return arithmetic(node.operator, left, right, node.span)

    def _date_arithmetic(self, node: ir.Arithmetic, left: Outcome, right: Outcome) -> Outcome:
        bad = no_value(left, right)
        if bad is not None:
            return bad
        up = self.program.settings.date_round_up

        def work(a: Any, b: Any) -> Any:
            match node.operator, a, b:
                case "-", date(), date():
                    return Duration(days=(a - b).days)
                case symbol, date(), Duration():
                    return add_duration(a, b if symbol == "+" else -b, up)
                case "+", Duration(), date():
                    return add_duration(b, a, up)
                case "*", Duration(), int():
                    return Duration(a.months * b, a.days * b)
                case "*", int(), Duration():
                    return Duration(b.months * a, b.days * a)
                case symbol, Duration(), Duration():
                    return a + (b if symbol == "+" else -b)
            raise AssertionError(node)

        return on_ends(work, left, right, node.operator == "-", node.span)

    def _date_function(self, node: ir.DateFunction, frame: Frame) -> Outcome:
        outcomes = [self.evaluate(one, frame) for one in node.arguments]
        bad = no_value(*outcomes)
        if bad is not None:
            return bad
        march = self.program.settings.leap_birthday_march
        match node.name:
            case "years_between":
                return on_ends(lambda a, b: years_between(b, a, march), outcomes[1], outcomes[0], True, node.span)
            case "months_between":
                return on_ends(lambda a, b: months_between(b, a, march), outcomes[1], outcomes[0], True, node.span)
        part = {"year_of": "year", "month_of": "month", "day_of": "day"}[node.name]
        if node.name == "year_of" or isinstance(outcomes[0], Known):
            return mapped(
                outcomes[0], lambda day: getattr(day, part), lambda one: domain.monotone(lambda day: day.year, one)
            )
        return Possible(
            Interval(1, 12 if part == "month" else 31), needs_of(outcomes[0]), may_fail=domain.faults_of(outcomes[0])
        )

    def _round(self, node: ir.Round, frame: Frame) -> Outcome:
        value, step = self.evaluate(node.value, frame), self.evaluate(node.step, frame)
        bad = no_value(value, step)
        if bad is not None:
            return bad
        if isinstance(step, Possible):
            return Possible(Interval(None, None), needs_of(value, step), may_fail="the rounding step is not known")
        assert isinstance(step, Known)
        size = step.value
        if size <= 0:  # type: ignore[operator]
            return Failure("a rounding step must be above zero", node.span)
        rounded = lambda one: round_to(one, size, node.mode)  # type: ignore[arg-type]  # noqa: E731
        return mapped(value, rounded, lambda one: domain.monotone(rounded, one))
