"""Random programs wider than those of `programs`: functions, dates at which law changes, months, what does not apply.

Functions with dated bodies are called from everywhere; parameters and formulas change within and between years; figures
of months read years and the other way round; figures of earlier years are computed; lengths of time are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Any

from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Definition, FunctionDefinition, Program
from engine.reading.declared_constants import Parameter
from engine.values.numbers import RoundingMode
from engine.values.periods import PeriodKind, Unit
from engine.values.types import BOOLEAN, DATE, DURATION, INTEGER, MONEY, RATE, ValueType
from tests.native.made_constants import ENTITIES, MONTH, SPAN, START, TYPES, YEAR, constants, random_value, settings
from tests.native.programs import Maker, _definition, _maybe, keys_of_records

DAY = PeriodKind(Unit.DAY)
CHANGES = (date(2023, 1, 1), date(2023, 7, 1), date(2024, 1, 1), date(2024, 3, 15))
ARGUMENTS: tuple[tuple[str, ValueType], ...] = (("a", MONEY), ("b", RATE), ("c", BOOLEAN), ("d", DATE), ("e", INTEGER))


@dataclass(slots=True)
class Wider(Maker):
    """Writes formulas of a `period`; `functions` are those that may be called."""

    period: PeriodKind = YEAR
    functions: list[FunctionDefinition] = field(default_factory=list)

    def any_kind(self, kind: ValueType, depth: int) -> ir.Expression:
        """What any type may be, and a call."""
        fitting = [other_function for other_function in self.functions if other_function.type == kind]
        if fitting and self.random.random() < 0.4:
            function = self.random.choice(fitting)
            given = tuple(self.formula(argument, depth - 1) for _, argument in function.arguments)
            return ir.FunctionCall(kind, None, function.name, given)
        if kind == DURATION and self.random.random() < 0.3:
            return ir.Extreme(kind, None, self.one_of("min", "max"), self.some(kind, depth))
        return Maker.any_kind(self, kind, depth)

    def leaf(self, kind: ValueType) -> ir.Expression:
        """A leaf, or a parameter at another time."""
        if self.random.random() < 0.15:
            return ir.ParameterRead(kind, None, f"p_{kind.kind.value}", self.time())
        return Maker.leaf(self, kind)

    def time(self) -> ir.Time:
        """Another time than the formula's own."""
        choices: list[Callable[[], ir.Time]] = [
            lambda: ir.Containing(YEAR, shift=self.random.choice((-1, -2, 0))),
            lambda: ir.Containing(MONTH, at_end=self.random.random() < 0.5, shift=self.random.choice((0, -1, 1))),
            lambda: ir.Containing(DAY, at_end=self.random.random() < 0.5),
            lambda: ir.ContainingDate(DAY, ir.Literal(DATE, None, self.random.choice(CHANGES))),
            lambda: ir.ContainingDate(DAY, ir.ParameterRead(DATE, None, "p_day", ir.ThisPeriod())),
        ]
        return self.random.choice(choices)()

    def read(self, definition: Definition) -> ir.Expression:
        """A figure of somebody, now, earlier, or over time; one that may not apply mostly with what holds then."""
        subject, optional = self.subject(definition.entity)
        if subject is None:
            return ir.Literal(definition.type, None, random_value(definition.type, self.random))
        read = self.moment(definition, subject)
        if not optional and not definition.may_not_apply and self.random.random() > 0.05:
            return read
        if self.random.random() < 0.15:
            return read
        fallback = ir.Literal(definition.type, None, random_value(definition.type, self.random))
        return ir.Otherwise(definition.type, None, read, fallback)

    def moment(self, definition: Definition, subject: ir.Subject) -> ir.Expression:
        """A reading of a figure at some time, or over times."""
        kind, period, roll = definition.type, definition.period, self.random.random()
        operators = ("any", "all") if kind == BOOLEAN else ("sum", "min", "max")
        if roll < 0.25 and (kind == BOOLEAN or kind.is_number):
            months = period == MONTH and self.period == YEAR
            last = 0 if months and self.random.random() < 0.7 else self.random.randrange(1, 4)
            return ir.OverTime(kind, None, self.one_of(*operators), definition.name, subject, period, last)
        time: ir.Time = ir.ThisPeriod()
        if period != self.period:
            time = ir.Containing(period, at_end=self.random.random() < 0.5)
        elif roll < 0.45:
            time = ir.Containing(period, shift=-1)
        read = ir.VariableRead(kind, None, definition.name, subject, time)
        if kind == MONEY and period == YEAR and self.period == MONTH and roll > 0.5:
            return ir.Spread(MONEY, None, replace(read, time=ir.Containing(YEAR)), MONTH)
        return read

    def rate(self, depth: int) -> ir.Expression:
        """A rate, also one that is rounded, and quotients of rates."""
        roll = self.random.random()
        if roll < 0.2:
            step = ir.Literal(RATE, None, self.random.choice((1, 3))) if roll < 0.1 else self.formula(RATE, 0)
            return ir.Round(RATE, None, self.formula(RATE, depth), self.random.choice(list(RoundingMode)), step)
        if roll < 0.4:
            return ir.Arithmetic(RATE, None, "/", self.formula(RATE, depth), self.formula(RATE, depth))
        return Maker.rate(self, depth)

    def boolean(self, depth: int) -> ir.Expression:
        """A condition, also on lengths of time."""
        if self.random.random() < 0.1:
            operator = self.one_of("=", "!=", "<", ">=")
            return ir.Compare(BOOLEAN, None, operator, self.formula(DURATION, depth), self.formula(DURATION, depth))
        return Maker.boolean(self, depth)


def wider_program(random: Random, variables: int = 10, depth: int = 4) -> Program:
    """A program with facts of years and months, functions, and figures of both."""
    figures: list[Definition] = []
    for entity in ENTITIES:
        for kind in TYPES:
            figures.append(_definition(f"{entity}_{kind.kind.value}", entity, kind))
        figures.append(_definition(f"{entity}_monthly", entity, MONEY, period=MONTH))
        figures.append(_definition(f"{entity}_flag", entity, BOOLEAN, period=MONTH))
        figures += [_maybe(f"{entity}_maybe_{kind.kind.value}", entity, kind, random) for kind in TYPES]
    functions: list[FunctionDefinition] = []
    for number in range(4):
        functions.append(_function(f"f{number}", random, functions, depth - 1))
    for number in range(variables):
        entity, kind = random.choice(ENTITIES), random.choice(TYPES)
        period = random.choice((YEAR, YEAR, MONTH))
        maker = Wider(random, figures, entity=entity, period=period, functions=functions)
        figures.append(_figure(f"v{number}", entity, kind, random, maker, depth))
    parameters, tables, scales = constants(random)
    parameters = {name: _changing(parameter, random) for name, parameter in parameters.items()}
    parameters["p_day"] = Parameter("p_day", SPAN, type=DATE, values=((START, random.choice(CHANGES)),))
    definitions = {figure.name: figure for figure in [*figures, *keys_of_records()]}
    called = {function.name: function for function in functions}
    return Program(settings(random), definitions, parameters, tables, scales, called, tuple(definitions), "")


def _changing(parameter: Parameter, random: Random) -> Parameter:
    assert parameter.type is not None
    days = [START, *sorted(random.sample(CHANGES, random.randrange(3)))]
    return replace(parameter, values=tuple((day, random_value(parameter.type, random)) for day in days))


def _function(name: str, random: Random, before: list[FunctionDefinition], depth: int) -> FunctionDefinition:
    """A function of all kinds of arguments, which may call those before it."""
    kind = random.choice(TYPES)

    def body() -> ir.Expression:
        return Wider(random, [], locals=dict(ARGUMENTS), entity="", functions=list(before)).formula(kind, depth)

    return FunctionDefinition(name, ARGUMENTS, kind, _dated(body, random), "")


def _figure(name: str, entity: str, kind: ValueType, random: Random, maker: Wider, depth: int) -> Definition:
    """A figure, which may not apply to everybody."""
    partly = random.random() < 0.25

    def body() -> ir.Expression:
        whole = maker.formula(kind, depth)
        if not partly:
            return whole
        return ir.If(kind, None, maker.formula(BOOLEAN, 2), whole, ir.NotApplicable(kind, None), applicability=True)

    formulas = _dated(body, random)
    plain = _definition(name, entity, kind, random, formulas[0].body, maker.period)
    return replace(plain, formulas=formulas, may_not_apply=partly)


def _dated(body: Callable[[], ir.Expression], random: Random) -> tuple[DatedExpression, ...]:
    days: list[Any] = [None, *sorted(random.sample(CHANGES, random.choice((0, 0, 1, 2))))]
    return tuple(DatedExpression(day, body()) for day in days)
