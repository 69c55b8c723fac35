"""Random well-typed programs: people, households, licences, constants of every kind and formulas of every node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from random import Random

from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Definition, FunctionDefinition, Program
from engine.values.numbers import Grid, RoundingMode
from engine.values.periods import ETERNITY, PeriodKind
from engine.values.types import (
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    MONEY,
    NONE,
    RATE,
    WEEKDAY,
    WEEKDAYS,
    EnumValue,
    Kind,
    ValueType,
)
from tests.native.made_constants import (
    COLOUR,
    ENTITIES,
    MONTH,
    TYPES,
    YEAR,
    constants,
    random_value,
    settings,
)
from tests.native.made_forms import Forms


class Maker(Forms):
    """Writes formulas of each type."""

    __slots__ = ()

    def formula(self, kind: ValueType, depth: int) -> ir.Expression:
        """An expression of a type."""
        if depth <= 0 or self.random.random() < 0.1:
            return self.leaf(kind)
        makers: dict[Kind, list[Callable[[int], ir.Expression]]] = {
            Kind.MONEY: [self.money, self.money, self.money, lambda depth: self.any_kind(MONEY, depth)],
            Kind.RATE: [self.rate, self.rate, lambda depth: self.any_kind(RATE, depth)],
            Kind.INTEGER: [self.integer, self.integer, lambda depth: self.any_kind(INTEGER, depth)],
            Kind.BOOLEAN: [self.boolean, self.boolean, self.boolean, lambda depth: self.any_kind(BOOLEAN, depth)],
            Kind.DATE: [self.day, lambda depth: self.any_kind(DATE, depth)],
            Kind.DURATION: [self.duration, lambda depth: self.any_kind(DURATION, depth)],
            Kind.ENUM: [lambda depth: self.any_kind(COLOUR, depth)],
        }
        return self.random.choice(makers[kind.kind])(depth - 1)

    def money(self, depth: int) -> ir.Expression:
        def product() -> ir.Expression:
            return ir.Arithmetic(
                MONEY, None, "*", self.formula(MONEY, depth), self.formula(self.random.choice((RATE, INTEGER)), depth)
            )

        def scale() -> ir.Expression:
            keyed = self.one_of("keyed", "plain")
            key = self.formula(COLOUR, depth - 1) if keyed == "keyed" else None
            return ir.ScaleRead(MONEY, None, f"s_marginal_{keyed}", key, self.formula(MONEY, depth), ir.ThisPeriod())

        return self.choose(
            [
                lambda: ir.Arithmetic(
                    MONEY, None, self.one_of("+", "-"), self.formula(MONEY, depth), self.formula(MONEY, depth)
                ),
                product,
                lambda: ir.Arithmetic(MONEY, None, "/", self.formula(MONEY, depth), self.formula(RATE, depth)),
                lambda: ir.Round(
                    MONEY,
                    None,
                    self.formula(MONEY, depth),
                    self.random.choice(list(RoundingMode)),
                    self.step(MONEY, depth),
                ),
                scale,
                lambda: self.banded("marginal", depth),
            ]
        )

    def step(self, kind: ValueType, depth: int) -> ir.Expression:
        if self.random.random() < 0.2:
            return self.formula(kind, depth - 1)
        return ir.Literal(
            kind, None, Fraction(self.random.choice([1, 50, 100, 1_000, 333]), 100 if kind == MONEY else 1)
        )

    def rate(self, depth: int) -> ir.Expression:
        def scale() -> ir.Expression:
            keyed = self.one_of("keyed", "plain")
            key = self.formula(COLOUR, depth - 1) if keyed == "keyed" else None
            return ir.ScaleRead(RATE, None, f"s_step_{keyed}", key, self.formula(MONEY, depth), ir.ThisPeriod())

        return self.choose(
            [
                lambda: ir.Arithmetic(
                    RATE, None, self.one_of("+", "-", "*"), self.formula(RATE, depth), self.formula(RATE, depth)
                ),
                lambda: ir.Arithmetic(RATE, None, "/", self.formula(MONEY, depth), self.formula(MONEY, depth)),
                lambda: ir.Arithmetic(RATE, None, "/", self.formula(INTEGER, depth), self.formula(INTEGER, depth)),
                lambda: ir.Arithmetic(RATE, None, "/", self.formula(DURATION, depth), self.formula(DURATION, depth)),
                scale,
                lambda: self.banded("step", depth),
            ]
        )

    def integer(self, depth: int) -> ir.Expression:
        return self.choose(
            [
                lambda: ir.Arithmetic(
                    INTEGER,
                    None,
                    self.one_of("+", "-", "*"),
                    self.formula(INTEGER, depth),
                    self.formula(INTEGER, depth),
                ),
                lambda: ir.Round(
                    INTEGER,
                    None,
                    self.formula(RATE, depth),
                    self.random.choice(list(RoundingMode)),
                    ir.Literal(INTEGER, None, 1),
                ),
                lambda: self.count(depth),
                lambda: ir.Arithmetic(INTEGER, None, "mod", self.formula(INTEGER, depth), self.formula(INTEGER, depth)),
                lambda: ir.DateFunction(
                    INTEGER, None, self.one_of("year_of", "month_of", "day_of"), (self.formula(DATE, depth),)
                ),
                lambda: ir.DateFunction(
                    INTEGER,
                    None,
                    self.one_of("years_between", "months_between", "days_between", "age_on"),
                    (self.formula(DATE, depth), self.formula(DATE, depth)),
                ),
                lambda: (
                    self.leaf(INTEGER)
                    if self.random.random() < 0.7
                    else ir.DateFunction(
                        INTEGER, None, "working_days_between", (self.formula(DATE, 0), self.formula(DATE, 0)), "federal"
                    )
                ),
            ]
        )

    def count(self, depth: int) -> ir.Expression:
        link, entity = self.link()
        if link is None:
            return self.leaf(INTEGER)
        name = self.fresh("m")
        self.bound.append((name, entity))
        where = self.formula(BOOLEAN, depth) if self.random.random() < 0.7 else None
        self.bound.pop()
        return ir.Aggregate(INTEGER, None, "count", link, name, None, where)

    def boolean(self, depth: int) -> ir.Expression:
        def comparison() -> ir.Expression:
            kind = self.random.choice((MONEY, MONEY, RATE, INTEGER, DATE))
            operator = self.one_of("=", "!=", "<", "<=", ">", ">=")
            return ir.Compare(BOOLEAN, None, operator, self.formula(kind, depth), self.formula(kind, depth))

        def same() -> ir.Expression:
            kind = self.random.choice((COLOUR, BOOLEAN))
            return ir.Compare(
                BOOLEAN, None, self.one_of("=", "!="), self.formula(kind, depth), self.formula(kind, depth)
            )

        return self.choose(
            [
                comparison,
                comparison,
                same,
                lambda: ir.Not(BOOLEAN, None, self.formula(BOOLEAN, depth)),
                lambda: ir.And(BOOLEAN, None, self.some(BOOLEAN, depth)),
                lambda: ir.Or(BOOLEAN, None, self.some(BOOLEAN, depth)),
                lambda: self.aggregate(BOOLEAN, depth, "any", "all"),
                lambda: ir.Compare(
                    BOOLEAN,
                    None,
                    self.one_of("=", "!="),
                    ir.DateFunction(WEEKDAY, None, "weekday", (self.formula(DATE, depth),)),
                    ir.Literal(WEEKDAY, None, EnumValue("weekday", self.random.choice(WEEKDAYS))),
                ),
                lambda: self.none(depth),
                self.same,
            ]
        )

    def day(self, depth: int) -> ir.Expression:
        def made() -> ir.Expression:
            year = ir.DateFunction(INTEGER, None, "year_of", (self.formula(DATE, depth),))
            month = ir.Literal(INTEGER, None, self.random.choice([2, 2, 4, 12, 13]))
            return ir.DateFunction(DATE, None, "date", (year, month, self.formula(INTEGER, depth)))

        return self.choose(
            [
                lambda: ir.Arithmetic(
                    DATE, None, self.one_of("+", "-"), self.formula(DATE, depth), self.formula(DURATION, depth)
                ),
                lambda: ir.DateFunction(
                    DATE, None, "attains", (self.formula(DATE, depth), self.formula(DURATION, depth))
                ),
                made,
                lambda: self.working_day(depth),
            ]
        )

    def working_day(self, depth: int) -> ir.Expression:
        """A day so many working days away: seldom, since they take many operations."""
        if self.random.random() < 0.7:
            return self.leaf(DATE)
        count = ir.Literal(INTEGER, None, self.random.choice([-20, -1, 0, 1, 5, 250]))
        return ir.DateFunction(DATE, None, "add_working_days", (self.formula(DATE, depth), count), "federal")

    def duration(self, depth: int) -> ir.Expression:
        return self.choose(
            [
                lambda: ir.Arithmetic(DURATION, None, "-", self.formula(DATE, depth), self.formula(DATE, depth)),
                lambda: ir.Arithmetic(
                    DURATION, None, self.one_of("+", "-"), self.formula(DURATION, depth), self.formula(DURATION, depth)
                ),
                lambda: ir.Arithmetic(
                    DURATION,
                    None,
                    "*",
                    self.formula(DURATION, depth),
                    ir.Literal(INTEGER, None, self.random.randrange(-3, 4)),
                ),
            ]
        )


def random_program(random: Random, variables: int = 8, depth: int = 4) -> Program:
    """A program with inputs of every type for every entity, and some figures."""
    figures: list[Definition] = []
    for entity in ENTITIES:
        for kind in TYPES:
            figures.append(_definition(f"{entity}_{kind.kind.value}", entity, kind))
        figures.append(_definition(f"{entity}_monthly", entity, MONEY, period=MONTH))
        figures += [_maybe(f"{entity}_maybe_{kind.kind.value}", entity, kind, random) for kind in TYPES]
    for number in range(variables):
        entity, kind = random.choice(ENTITIES), random.choice(TYPES)
        maker = Maker(random, figures, entity=entity)
        body = maker.formula(kind, depth)
        figures.append(_definition(f"v{number}", entity, kind, random, body))
    parameters, tables, scales = constants(random)
    functions: dict[str, FunctionDefinition] = {}
    definitions = {figure.name: figure for figure in [*figures, *keys_of_records()]}
    return Program(settings(random), definitions, parameters, tables, scales, functions, tuple(definitions), "")


def keys_of_records() -> list[Definition]:
    """What licences are ordered by, and which belong together."""
    kinds = {"number": INTEGER, "sort": COLOUR}
    return [_definition(name, "licence", kind, period=ETERNITY.kind) for name, kind in kinds.items()]


def _maybe(name: str, entity: str, kind: ValueType, random: Random) -> Definition:
    """A fact that may be none, also where a complete case leaves it out."""
    plain = _definition(name, entity, replace(kind, or_none=True))
    return replace(plain, may_not_apply=True, absent=NONE if random.random() < 0.3 else plain.absent)


def _definition(
    name: str,
    entity: str,
    kind: ValueType,
    random: Random | None = None,
    body: ir.Expression | None = None,
    period: PeriodKind = YEAR,
) -> Definition:
    grid = None
    if kind == MONEY:
        grid = Grid(Fraction(1, 100), RoundingMode.HALF_UP)
    elif kind == RATE:
        grid = Grid(Fraction(1, 10**9), RoundingMode.HALF_UP)
    if random is not None and grid is not None:
        step = random.choice([grid.step, Fraction(1), Fraction(50), Fraction(1, 8)]) if kind == MONEY else grid.step
        grid = Grid(step, random.choice(list(RoundingMode)))
    formulas = (DatedExpression(None, body),) if body is not None else ()
    absent = random_value(kind, Random(name)) if body is None else None
    low, high = _range(kind, random) if random is not None and body is not None else (None, None)
    return Definition(
        name, "made", entity, period, kind, "", "", None, formulas, grid, low=low, high=high, absent=absent
    )


def _range(kind: ValueType, random: Random) -> tuple[Fraction | None, Fraction | None]:
    """Between what the law says that a figure lies: mostly it says nothing."""
    if not kind.is_number or random.random() < 0.7:
        return None, None
    least = Fraction(random.choice([-1_000, 0, 0, 1])) if random.random() < 0.8 else None
    most = Fraction(random.choice([3, 20_001, 10**7]), random.choice([1, 2])) if random.random() < 0.8 else None
    return least, most
