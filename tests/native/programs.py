"""Random well-typed programs: people, households, licences, constants of every kind and formulas of every node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Definition, FunctionDefinition, Program
from engine.reading.declared_constants import Bracket, KeyType, Parameter, Scale, Table
from engine.reading.declared_settings import BUILT_IN_ENUMS, Entity, EnumDeclaration, OrderKey, Role, Settings, Steps
from engine.text.source import Source, Span
from engine.values.numbers import Grid, RoundingMode
from engine.values.periods import ETERNITY, PeriodKind, Unit
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
    Duration,
    EnumValue,
    Kind,
    ValueType,
    enum_type,
)

SPAN = Span(Source("<made>", ""), 0, 0)
YEAR, MONTH = PeriodKind(Unit.YEAR), PeriodKind(Unit.MONTH)
AT = YEAR.containing(date(2024, 1, 1))
COLOUR = enum_type("colour")
COLOURS = ("red", "green", "blue")
TYPES = (MONEY, RATE, INTEGER, BOOLEAN, DATE, COLOUR)
ROLES = (Role("head", "heads", 1, 1), Role("partner", "partners", 0, 1), Role("child", "children"))
GROUPS = ("household", "family")
ENTITIES = ("person", *GROUPS, "licence")
START = date(2000, 1, 1)
STEPS = Steps("previous", (OrderKey("number"), OrderKey("")))
KIN_STEPS = Steps("kin", (OrderKey("number", True),), ("sort",))


def settings(random: Random) -> Settings:
    """A jurisdiction with people, two kinds of group, and records."""
    return Settings(
        name="made",
        covers_from=START,
        covers_to=date(2050, 12, 31),
        date_round_up=random.random() < 0.5,
        date_round_refused=random.random() < 0.3,
        leap_birthday_march=random.random() < 0.5,
        enums={
            **BUILT_IN_ENUMS,
            "colour": EnumDeclaration("colour", SPAN, members={colour: colour for colour in COLOURS}),
        },
        entities={
            "person": Entity("person", SPAN, plural="people"),
            "household": Entity("household", SPAN, plural="households", of="person", roles=ROLES),
            "family": Entity("family", SPAN, plural="families", of="person", roles=ROLES),
            "licence": Entity(
                "licence", SPAN, plural="licences", belongs_to="person", sequences={"previous": STEPS, "kin": KIN_STEPS}
            ),
        },
    )


def random_value(kind: ValueType, random: Random) -> Any:
    """A constant of a type, often at an edge."""
    match kind.kind:
        case Kind.MONEY:
            return Fraction(random.choice([0, 1, 100, 12_345, 1_000_000, 10**8, random.randrange(10**7)]), 100)
        case Kind.RATE:
            return random.choice(
                [Fraction(0), Fraction(1), Fraction(765, 10_000), Fraction(1, 3), Fraction(-1, 4), Fraction(5, 2)]
            )
        case Kind.INTEGER:
            return random.choice([0, 1, 2, 17, 65, random.randrange(100)])
        case Kind.BOOLEAN:
            return random.random() < 0.5
        case Kind.DATE:
            return date(
                random.choice([1960, 1999, 2000, 2023, 2024]), random.choice([1, 2, 12]), random.choice([1, 28])
            )
        case Kind.DURATION:
            return Duration(random.choice([0, 1, 12, 216, -5]), random.choice([0, 0, 1, 31, -7]))
        case Kind.ENUM:
            return EnumValue("colour", random.choice(COLOURS))
    raise AssertionError(kind)


def constants(random: Random) -> tuple[dict[str, Parameter], dict[str, Table], dict[str, Scale]]:
    """One parameter of each type, a table by colour and number, scales of both kinds with and without a key."""
    kinds = {**{type_.kind.value: type_ for type_ in TYPES}, "duration": DURATION}
    parameters = {
        f"p_{name}": Parameter(f"p_{name}", SPAN, type=kind, values=((START, random_value(kind, random)),))
        for name, kind in kinds.items()
    }
    columns = {"m": MONEY, "r": RATE, "b": BOOLEAN, "c": COLOUR}
    columns |= {f"maybe_{name}": replace(kind, or_none=True) for name, kind in columns.items()}
    rows: dict[Any, Any] = {
        (colour, number): {name: _cell(kind, random) for name, kind in columns.items()}
        for colour in COLOURS
        for number in range(1, 5)
    }
    keys = (KeyType("colour", enum="colour"), KeyType("n", low=1, high=4))
    tables = {"t": Table("t", SPAN, keys=keys, columns=columns, values=((START, rows),))}
    scales = {
        f"s_{kind}_{keyed}": _scale(random, kind, keyed == "keyed")
        for kind in ("marginal", "step")
        for keyed in ("keyed", "plain")
    }
    return parameters, tables, scales


def _scale(random: Random, kind: str, keyed: bool) -> Scale:
    def brackets() -> tuple[Bracket, ...]:
        count = random.randrange(1, 5)
        thresholds: list[Any] = sorted(random.sample(range(1, 3_000_000), count))
        found = [None if kind == "step" else Fraction(0), *(Fraction(one, 100) for one in thresholds)]
        rates = [Fraction(random.randrange(0, 5_000), 10_000) for _ in found]
        return tuple(Bracket(threshold, rate) for threshold, rate in zip(found, rates, strict=True))

    bands: dict[Any, Any] = {colour: brackets() for colour in COLOURS} if keyed else {None: brackets()}
    return Scale(
        f"s_{kind}_{'keyed' if keyed else 'plain'}",
        SPAN,
        kind=kind,
        key=KeyType("colour", enum="colour") if keyed else None,
        of=MONEY,
        gives=MONEY if kind == "marginal" else RATE,
        inclusive=kind == "step" and random.random() < 0.5,
        values=((START, bands),),
    )


@dataclass(slots=True)
class Maker:
    """Writes formulas. `figures` are those that may be read already; `locals` the names in scope."""

    random: Random
    figures: list[Definition]
    locals: dict[str, ValueType] = field(default_factory=dict)
    bound: list[tuple[str, str]] = field(default_factory=list)
    entity: str = "person"
    names: int = 0

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

    def fresh(self, stem: str) -> str:
        self.names += 1
        return f"{stem}#{self.names}"

    # --- leaves

    def leaf(self, kind: ValueType) -> ir.Expression:
        known = [name for name, one in self.locals.items() if one == kind]
        if known and self.random.random() < 0.4:
            return ir.Local(kind, None, self.random.choice(known))
        found = [figure for figure in self.figures if figure.type == kind]
        if found and self.random.random() < 0.7:
            return self.read(self.random.choice(found))
        if self.random.random() < 0.5:
            return ir.ParameterRead(kind, None, f"p_{kind.kind.value}", ir.ThisPeriod())
        if kind == DATE and self.random.random() < 0.3:
            return ir.PeriodBoundary(DATE, None, self.random.choice(["start", "end"]))
        return ir.Literal(kind, None, random_value(kind, self.random))

    def read(self, definition: Definition) -> ir.Expression:
        subject, optional = self.subject(definition.entity)
        if subject is None:
            return ir.Literal(definition.type, None, random_value(definition.type, self.random))
        time: ir.Time = ir.ThisPeriod()
        if self.entity == "licence" and definition.entity == "licence" and self.random.random() < 0.1:
            subject, optional = self.before(), True
        if definition.period == MONTH:
            time = ir.Containing(MONTH, at_end=self.random.random() < 0.5)
            if definition.type == MONEY and self.random.random() < 0.3:
                return self.over_parts(definition, subject)
            if definition.type == MONEY and self.random.random() < 0.6:
                return ir.OverTime(
                    MONEY, None, self.random.choice(["sum", "min", "max"]), definition.name, subject, MONTH, 0
                )
        elif definition.is_input and self.random.random() < 0.2:
            time = ir.Containing(YEAR, shift=-1)
        read: ir.Expression = ir.VariableRead(definition.type, None, definition.name, subject, time)
        if optional or definition.type.or_none or self.random.random() < 0.05:
            if self.random.random() < 0.8:
                read = ir.Otherwise(
                    definition.type,
                    None,
                    read,
                    ir.Literal(definition.type, None, random_value(definition.type, self.random)),
                )
        return read

    def before(self) -> ir.Subject:
        """The record before this one, seldom the one before that."""
        keys = {"previous": STEPS.figures, "kin": KIN_STEPS.figures}
        name = self.one_of(*keys)
        own: ir.Subject = ir.Self("licence")
        for _ in range(self.random.choice([1, 1, 1, 2])):
            own = ir.Before("licence", own, name, keys[name])
        return own

    def over_parts(self, definition: Definition, subject: ir.Subject) -> ir.Expression:
        """An expression in each month of the year, or in some months before it."""
        expression: ir.Expression = ir.VariableRead(MONEY, None, definition.name, subject, ir.ThisPeriod())
        limit = ir.Literal(MONEY, None, random_value(MONEY, self.random))
        late = ir.Compare(
            BOOLEAN, None, ">=", ir.PeriodBoundary(DATE, None, "end"), ir.Literal(DATE, None, date(2024, 5, 31))
        )
        body = self.choose(
            [
                lambda: ir.Arithmetic(MONEY, None, "-", expression, limit),
                lambda: ir.If(MONEY, None, late, expression, limit),
                lambda: ir.Extreme(MONEY, None, "min", (expression, limit)),
            ]
        )
        if self.random.random() < 0.3:
            count = self.random.choice([1, 3, 14])
            last = ir.Literal(INTEGER, None, count)
            return ir.OverParts(MONEY, None, self.one_of("sum", "min", "max"), body, MONTH, "starting", last, count)
        edge = self.one_of("starting", "ending", "inside", "touching")
        return ir.OverParts(MONEY, None, self.one_of("sum", "min", "max"), body, MONTH, edge)

    def subject(self, entity: str) -> tuple[ir.Subject | None, bool]:
        """Someone of an entity who can be reached, and whether there may be none."""
        inner = [name for name, one in self.bound if one == entity]
        if inner and self.random.random() < 0.8:
            return ir.Bound(entity, self.random.choice(inner)), False
        own: ir.Subject = ir.Self(self.entity)
        match self.entity, entity:
            case a, b if a == b:
                return own, False
            case group, "person" if group in GROUPS:
                if self.random.random() < 0.5:
                    return ir.HolderOf("person", own, "head", False), False
                return ir.HolderOf("person", own, "partner", True), True
            case "person", group if group in GROUPS:
                return ir.GroupOf(group, own), False
            case group, other if group in GROUPS and other in GROUPS:
                return ir.GroupOf(other, ir.HolderOf("person", own, "head", False)), False
            case "licence", "person":
                return ir.OwnerOf("person", own), False
            case "licence", group if group in GROUPS:
                return ir.GroupOf(group, ir.OwnerOf("person", own)), False
        return None, False

    # --- every type

    def any_kind(self, kind: ValueType, depth: int) -> ir.Expression:
        choices: list[Callable[[], ir.Expression]] = [
            lambda: ir.If(
                kind, None, self.formula(BOOLEAN, depth), self.formula(kind, depth), self.formula(kind, depth)
            ),
            lambda: self.let(kind, depth),
            lambda: self.exceptions(kind, depth),
        ]
        if kind in (MONEY, RATE, INTEGER, DATE):
            choices += [
                lambda: ir.Extreme(kind, None, self.one_of("min", "max"), self.some(kind, depth)),
                lambda: self.aggregate(kind, depth, "min", "max"),
            ]
        if kind in (MONEY, RATE, INTEGER):
            choices += [
                lambda: ir.Negate(kind, None, self.formula(kind, depth)),
                lambda: ir.Absolute(kind, None, self.formula(kind, depth)),
                lambda: self.aggregate(kind, depth, "sum"),
                lambda: self.aggregate(kind, depth, "sum"),
            ]
        choices.append(lambda: self.ordered(kind, depth))
        choices.append(lambda: self.as_if(kind, depth))
        if kind in (MONEY, RATE, BOOLEAN, COLOUR):
            column = {"money": "m", "rate": "r", "boolean": "b", "enum": "c"}[kind.kind.value]
            choices.append(lambda: self.table(kind, column, depth))
            choices.append(lambda: self.maybe(kind, f"maybe_{column}", depth))
        return self.random.choice(choices)()

    def choose(self, makers: Sequence[Callable[[], ir.Expression]]) -> ir.Expression:
        return self.random.choice(makers)()

    def one_of(self, *names: str) -> str:
        return self.random.choice(names)

    def some(self, kind: ValueType, depth: int) -> tuple[ir.Expression, ...]:
        return tuple(self.formula(kind, depth) for _ in range(self.random.randrange(1, 4)))

    def let(self, kind: ValueType, depth: int) -> ir.Expression:
        name, inner = self.fresh("x"), self.random.choice((MONEY, RATE, kind))
        value = self.formula(inner, depth)
        self.locals[name] = inner
        body = self.formula(kind, depth)
        del self.locals[name]
        return ir.Let(kind, None, name, value, body)

    def exceptions(self, kind: ValueType, depth: int) -> ir.Expression:
        names = ("a", "b", "c")[: self.random.randrange(1, 4)]
        cases = tuple(
            ir.ExceptionCase(
                name,
                self.formula(BOOLEAN, depth - 1),
                self.formula(kind, depth - 1),
                "",
                names[:index] if self.random.random() < 0.8 else (),
            )
            for index, name in enumerate(names)
        )
        return ir.Exceptions(kind, None, self.formula(kind, depth - 1), cases)

    def table(self, kind: ValueType, column: str, depth: int) -> ir.Expression:
        number = self.formula(INTEGER, depth - 1)
        if self.random.random() < 0.7:
            low, high = (ir.Literal(INTEGER, None, end) for end in (1, 4))
            number = ir.Extreme(INTEGER, None, "max", (low, ir.Extreme(INTEGER, None, "min", (high, number))))
        return ir.TableRead(kind, None, "t", column, (self.formula(COLOUR, depth - 1), number), ir.ThisPeriod())

    def ordered(self, kind: ValueType, depth: int) -> ir.Expression:
        """The highest of values, the first of records, or a rank: seldom, since such rows are handed over."""
        link, entity = self.link()
        if link is None or self.random.random() < 0.8:
            return self.leaf(kind)
        name = self.fresh("r")
        self.bound.append((name, entity))
        where = self.formula(BOOLEAN, depth - 1) if self.random.random() < 0.3 else None
        body = self.formula(kind, depth - 1)
        kinds = self.random.sample((MONEY, DATE, INTEGER), 2)
        keys = tuple(ir.SortKey(self.formula(one, 0), self.random.random() < 0.5) for one in kinds)
        self.bound.pop()
        keys = (*keys, ir.SortKey(None)) if self.random.random() < 0.5 else keys
        if entity == self.entity and kind == INTEGER:
            return ir.Ranked(kind, None, "rank", ir.Self(entity), link, name, where, keys)
        if kind in (MONEY, INTEGER) and self.random.random() < 0.7:
            count, pick = self.formula(INTEGER, 0), self.one_of("highest", "lowest", "first", "last")
            keys = keys if pick in ("first", "last") else ()
            return ir.Chosen(kind, None, self.one_of("sum", "max"), pick, count, link, name, body, where, keys)
        pick = self.one_of("first", "last")
        return ir.Chosen(kind, None, "only", pick, None, link, name, body, where, keys)

    def as_if(self, kind: ValueType, depth: int) -> ir.Expression:
        """A figure in a world where a parameter or a fact is another: seldom, since such rows are handed over."""
        asked = [
            figure
            for figure in self.figures
            if figure.type == kind and figure.formulas and figure.entity == self.entity
        ]
        if not asked or self.random.random() < 0.5:
            return self.leaf(kind)
        value = ir.VariableRead(kind, None, self.random.choice(asked).name, ir.Self(self.entity), ir.ThisPeriod())
        own = [
            figure
            for figure in self.figures
            if figure.type == MONEY and figure.entity == self.entity and figure.period == YEAR
        ]
        other = self.formula(MONEY, depth - 1)
        change = ir.Replacement("p_money", None, ir.ThisPeriod(), other)
        if own and self.random.random() < 0.6:
            change = ir.Replacement(self.random.choice(own).name, ir.Self(self.entity), ir.ThisPeriod(), other)
        return ir.AsIf(kind, None, value, (change,))

    def banded(self, kind: str, depth: int) -> ir.Expression:
        """A scale whose thresholds, and seldom its rates, are computed."""
        steps = [ir.Literal(MONEY, None, Fraction(one)) for one in sorted(self.random.sample(range(1, 40_000), 3))]
        shift = self.formula(MONEY, depth - 1)
        ends: list[ir.Expression | None] = [ir.Arithmetic(MONEY, None, "+", step, shift) for step in steps]
        if self.random.random() < 0.3:
            ends[1] = self.formula(MONEY, depth - 1)
        ends = [None if kind == "step" else ir.Literal(MONEY, None, 0), *ends]
        values = [ir.Literal(RATE, None, random_value(RATE, self.random)) for _ in ends]
        bands = tuple(ir.Band(end, value) for end, value in zip(ends, values, strict=True))
        gives = MONEY if kind == "marginal" else RATE
        name, amount = self.fresh("amount"), self.formula(MONEY, depth)
        local = ir.Local(MONEY, None, name)
        scale = ir.Banded(gives, None, "made", kind, local, bands, self.random.random() < 0.5)
        return ir.Let(gives, None, name, amount, scale)

    def same(self) -> ir.Expression:
        """Whether two people are one, or somebody holds a role."""
        entity = self.one_of("person", *GROUPS, "licence")
        (left, first), (right, second) = self.subject(entity), self.subject(entity)
        if left is None or right is None or first or second:
            return self.leaf(BOOLEAN)
        if entity == "person" and self.random.random() < 0.5:
            group = self.one_of(*GROUPS)
            return ir.Holds(BOOLEAN, None, left, group, None, self.random.choice([("head",), ("child", "partner")]))
        return ir.Same(BOOLEAN, None, left, right)

    def maybe(self, kind: ValueType, column: str, depth: int) -> ir.Expression:
        """A cell that may be none, with or without what holds then; or tested, and narrowed."""
        cell = self.table(replace(kind, or_none=True), column, depth)
        other = self.formula(kind, depth - 1)
        if self.random.random() < 0.5:
            return ir.If(kind, None, ir.IsNone(BOOLEAN, None, cell), other, ir.Present(kind, None, cell))
        return cell if self.random.random() < 0.1 else ir.Otherwise(kind, None, cell, other)

    def none(self, depth: int) -> ir.Expression:
        """Whether something is none, or somebody."""
        if self.random.random() < 0.3:
            subject, _ = self.subject(self.random.choice(ENTITIES))
            if subject is not None:
                return ir.Nobody(BOOLEAN, None, subject)
        maybe = [figure for figure in self.figures if figure.type.or_none]
        if maybe and self.random.random() < 0.7:
            return ir.IsNone(BOOLEAN, None, self.read(self.random.choice(maybe)))
        return ir.IsNone(BOOLEAN, None, self.formula(self.random.choice((MONEY, DATE)), depth))

    def aggregate(self, kind: ValueType, depth: int, *operators: str) -> ir.Expression:
        link, entity = self.link()
        if link is None:
            return self.leaf(kind)
        name = self.fresh("m")
        self.bound.append((name, entity))
        where = self.formula(BOOLEAN, depth - 1) if self.random.random() < 0.5 else None
        body = self.formula(kind, depth - 1)
        self.bound.pop()
        return ir.Aggregate(kind, None, self.one_of(*operators), link, name, body, where)

    def link(self) -> tuple[ir.Link | None, str]:
        if self.entity in GROUPS and len(self.bound) == 0:
            roles = self.random.choice(
                [("head",), ("head", "partner"), ("child",), ("head", "child"), ("head", "partner", "child")]
            )
            when = ir.Containing(PeriodKind(Unit.DAY), at_end=True) if self.random.random() < 0.1 else ir.ThisPeriod()
            return ir.Members("person", ir.Self(self.entity), roles, when), "person"
        people = [name for name, one in self.bound if one == "person"]
        if self.entity == "person" or people:
            owner: ir.Subject = ir.Bound("person", people[0]) if people else ir.Self("person")
            return ir.Records("licence", owner), "licence"
        return None, ""

    # --- numbers

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

    # --- the rest

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
            ]
        )

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


def _cell(kind: ValueType, random: Random) -> Any:
    return NONE if kind.or_none and random.random() < 0.4 else random_value(kind, random)


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
    return Definition(name, "made", entity, period, kind, "", "", None, formulas, grid, absent=absent)
