"""Random expressions of the typed core over local names, and what each name may stand for.

Expressions are well typed and otherwise free: values may fail or not apply anywhere, also where the checker would ask
what holds then, so that every operation is tried on every kind of operand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from engine.interpret.outcomes import NOT_APPLICABLE, Failure, Known, Outcome
from engine.ir import nodes as ir
from engine.values.numbers import RoundingMode
from engine.values.types import (
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    MONEY,
    RATE,
    WEEKDAY,
    WEEKDAYS,
    Duration,
    EnumValue,
    ValueType,
    enum_type,
)

STATUS = enum_type("filing_status")
TYPES = (MONEY, RATE, INTEGER, BOOLEAN, DATE, DURATION, STATUS)
NOW = ir.ThisPeriod()

VALUES: dict[ValueType, list[Any]] = {
    MONEY: [Fraction(-50), Fraction(0), Fraction(1, 3), Fraction(1000), Fraction(2500), Fraction(10**10)],
    RATE: [Fraction(-1, 2), Fraction(0), Fraction(1, 7), Fraction(1), 2],
    INTEGER: [-3, 0, 1, 2, 3, 40],
    BOOLEAN: [False, True],
    DATE: [date(1700, 1, 1), date(1960, 2, 29), date(2000, 1, 31), date(2024, 2, 29), date(2899, 12, 31)],
    DURATION: [
        Duration(1),
        Duration(216),
        Duration(0, 30),
        Duration(-1),
        Duration(),
        Duration(20_000),
        Duration(1, 10),
    ],
    STATUS: [EnumValue("filing_status", member) for member in ("single", "joint", "separate")],
}
BROKEN: tuple[Outcome, ...] = (Failure("it broke", None), NOT_APPLICABLE)


@dataclass(frozen=True)
class Made:
    """An expression, and for each local name in it the outcomes that it may have (at least one).

    `opened` says for each name whether its range is to be known without its lower and its upper end.
    """

    expression: ir.Expression
    names: Mapping[str, tuple[Outcome, ...]]
    opened: Mapping[str, tuple[bool, bool]]


@st.composite
def expressions(draw: st.DrawFn) -> Made:
    """An expression of any type, every kind of node about as often at its top."""
    maker = _Maker(draw)
    depth = draw(st.integers(0, 2))
    shapes = [shape for kind in TYPES for shape in (*maker.special(kind, depth), *maker.general(kind, depth))]
    made = draw(st.sampled_from(shapes))()
    return Made(made, maker.names, maker.opened)


Shapes = list[Callable[[], ir.Expression]]


class _Maker:
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.names: dict[str, tuple[Outcome, ...]] = {}
        self.opened: dict[str, tuple[bool, bool]] = {}
        self.kinds: dict[str, ValueType] = {}

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def of(self, kind: ValueType, depth: int) -> ir.Expression:
        if depth <= 0:
            return self.leaf(kind)
        return self.draw(st.sampled_from([*self.special(kind, depth - 1), *self.general(kind, depth - 1)]))()

    def leaf(self, kind: ValueType) -> ir.Expression:
        if self.draw(st.integers(0, 4)) == 0:
            return ir.Literal(kind, None, self.draw(st.sampled_from(VALUES[kind])))
        known = [name for name, other_kind in self.kinds.items() if other_kind == kind]
        if self.draw(st.booleans()) and known:
            return ir.Local(kind, None, self.draw(st.sampled_from(known)))
        name = f"x{len(self.names)}"
        values = st.sampled_from(VALUES[kind]).map(Known)
        outcome = st.one_of(values, values, values, values, values, values, st.sampled_from(BROKEN))
        self.names[name] = tuple(self.draw(st.lists(outcome, min_size=1, max_size=3)))
        self.opened[name] = self.draw(st.tuples(st.booleans(), st.booleans())) if self.pick(0, 0, 1) else (False, False)
        self.kinds[name] = kind
        return ir.Local(kind, None, name)

    def general(self, kind: ValueType, depth: int) -> Shapes:
        """What any type has."""
        return [
            lambda: ir.If(kind, None, self.of(BOOLEAN, depth), self.of(kind, depth), self.of(kind, depth)),
            lambda: ir.Otherwise(kind, None, self.of(kind, depth), self.of(kind, depth)),
            lambda: self.let(kind, depth),
            lambda: self.narrowed(kind, depth),
            lambda: self.exceptions(kind, depth),
        ]

    def let(self, kind: ValueType, depth: int) -> ir.Expression:
        name = f"let{len(self.names)}"
        value = self.of(kind, depth)
        both = ir.If(kind, None, self.of(BOOLEAN, 0), ir.Local(kind, None, name), self.of(kind, depth))
        return ir.Let(kind, None, name, value, both)

    def narrowed(self, kind: ValueType, depth: int) -> ir.Expression:
        """What is tested for none first, and used where it is there."""
        value, other = self.of(kind, depth), self.of(kind, depth)
        test = ir.IsNone(BOOLEAN, None, value)
        if kind == BOOLEAN and self.pick(True, False):
            return ir.Or(BOOLEAN, None, (test, ir.Present(BOOLEAN, None, value)))
        return ir.If(kind, None, test, other, ir.Present(kind, None, value))

    def exceptions(self, kind: ValueType, depth: int) -> ir.Expression:
        names = [f"e{number}" for number in range(self.draw(st.integers(1, 3)))]
        cases = []
        for at, name in enumerate(names):
            over = tuple(names[:at]) if self.pick(0, 1) else ()
            cases.append(ir.ExceptionCase(name, self.of(BOOLEAN, 0), self.of(kind, depth), "s.1", over))
        return ir.Exceptions(kind, None, self.of(kind, depth), tuple(cases))

    def special(self, kind: ValueType, depth: int) -> Shapes:
        """What this type has."""
        if kind in (MONEY, RATE, INTEGER):
            return self.number(kind, depth)
        if kind == BOOLEAN:
            return self.boolean(depth)
        if kind == DATE:
            return [*self.moved(DATE, depth), lambda: self.made_date(depth), lambda: self.attained(depth)]
        return self.duration(depth) if kind == DURATION else []

    def number(self, kind: ValueType, depth: int) -> Shapes:
        def part() -> ir.Expression:
            return self.of(kind, depth)

        shapes: Shapes = [
            lambda: ir.Arithmetic(kind, None, self.draw(st.sampled_from("+-")), part(), part()),
            lambda: self.extreme(kind, depth),
            lambda: ir.Absolute(kind, None, part()),
            lambda: ir.Negate(kind, None, part()),
            lambda: ir.Round(kind, None, part(), self.draw(st.sampled_from(RoundingMode)), part()),
        ]
        if kind == MONEY:
            shapes += [
                lambda: ir.Arithmetic(MONEY, None, "*", part(), self.of(RATE, depth)),
                lambda: ir.Arithmetic(MONEY, None, "/", part(), self.of(RATE, depth)),
                lambda: ir.ScaleRead(MONEY, None, "made:bands", None, part(), NOW),
                lambda: ir.ScaleRead(MONEY, None, "made:falling", self.of(STATUS, depth), part(), NOW),
                lambda: ir.TableRead(MONEY, None, "made:cells", "", (self.of(STATUS, 0), self.of(INTEGER, depth)), NOW),
                lambda: ir.TableRead(MONEY, None, "made:part", "", (self.of(STATUS, 0), self.of(INTEGER, depth)), NOW),
                lambda: ir.TableRead(MONEY, None, "made:dated", "", (self.of(STATUS, 0), self.of(DATE, depth)), NOW),
                lambda: ir.TableRead(MONEY, None, "made:near", "", (self.of(DATE, depth),), NOW),
                lambda: self.banded("marginal", depth),
            ]
        if kind == RATE:
            shapes += [
                lambda: ir.Arithmetic(RATE, None, "/", self.of(MONEY, depth), self.of(MONEY, depth)),
                lambda: ir.ScaleRead(RATE, None, "made:steps", None, self.of(MONEY, depth), NOW),
                lambda: self.banded("step", depth),
                lambda: ir.Arithmetic(RATE, None, "/", self.of(DURATION, depth), self.of(DURATION, depth)),
            ]
        if kind == INTEGER:
            shapes += [
                lambda: ir.Arithmetic(INTEGER, None, "*", part(), part()),
                lambda: self.dates("years_between", 2, depth),
                lambda: self.dates("months_between", 2, depth),
                lambda: self.dates(str(self.pick("year_of", "month_of", "day_of")), 1, depth),
                lambda: self.dates(str(self.pick("days_between", "age_on")), 2, depth),
                lambda: ir.Arithmetic(INTEGER, None, "mod", part(), part()),
            ]
        return shapes

    def banded(self, kind: str, depth: int) -> ir.Expression:
        """A scale with computed thresholds."""
        values = [self.of(RATE, 0) for _ in range(self.draw(st.integers(1, 3)))]
        ends: list[ir.Expression | None] = [self.of(MONEY, 0) for _ in values]
        if kind == "step":
            ends[0] = None
        bands = tuple(ir.Band(end, value) for end, value in zip(ends, values, strict=True))
        gives = MONEY if kind == "marginal" else RATE
        name, amount = f"let{len(self.names)}b", self.of(MONEY, depth)
        local = ir.Local(MONEY, None, name)
        scale = ir.Banded(gives, None, "made", kind, local, bands, bool(self.pick(False, True)))
        return ir.Let(gives, None, name, amount, scale)

    def dates(self, name: str, count: int, depth: int) -> ir.Expression:
        return ir.DateFunction(INTEGER, None, name, tuple(self.of(DATE, depth) for _ in range(count)))

    def made_date(self, depth: int) -> ir.Expression:
        year = ir.DateFunction(INTEGER, None, "year_of", (self.of(DATE, depth),))
        parts = (self.pick(year, self.of(INTEGER, depth)), self.of(INTEGER, depth), self.of(INTEGER, depth))
        return ir.DateFunction(DATE, None, "date", parts)

    def attained(self, depth: int) -> ir.Expression:
        return ir.DateFunction(DATE, None, "attains", (self.of(DATE, depth), self.of(DURATION, depth)))

    def extreme(self, kind: ValueType, depth: int) -> ir.Expression:
        values = tuple(self.of(kind, depth) for _ in range(self.draw(st.integers(1, 3))))
        return ir.Extreme(kind, None, str(self.pick("min", "max")), values)

    def boolean(self, depth: int) -> Shapes:
        def several() -> tuple[ir.Expression, ...]:
            return tuple(self.of(BOOLEAN, depth) for _ in range(self.draw(st.integers(2, 3))))

        return [
            lambda: ir.And(BOOLEAN, None, several()),
            lambda: ir.Or(BOOLEAN, None, several()),
            lambda: ir.Not(BOOLEAN, None, self.of(BOOLEAN, depth)),
            lambda: ir.IsNone(BOOLEAN, None, self.of(self.pick(*TYPES), depth)),
            *(lambda kind=kind: self.comparison(kind, depth) for kind in TYPES),
            lambda: self.weekday(depth),
        ]

    def weekday(self, depth: int) -> ir.Expression:
        day = EnumValue("weekday", self.draw(st.sampled_from(WEEKDAYS)))
        date_function = ir.DateFunction(WEEKDAY, None, "weekday", (self.of(DATE, depth),))
        return ir.Compare(BOOLEAN, None, str(self.pick("=", "!=")), date_function, ir.Literal(WEEKDAY, None, day))

    def comparison(self, kind: ValueType, depth: int) -> ir.Expression:
        symbols = ("=", "!=") if kind in (BOOLEAN, STATUS) else ("=", "!=", "<", "<=", ">", ">=")
        left, right = self.of(kind, depth), self.of(kind, depth)
        return ir.Compare(BOOLEAN, None, self.draw(st.sampled_from(symbols)), left, right)

    def moved(self, kind: ValueType, depth: int) -> Shapes:
        return [
            lambda: self.extreme(kind, depth),
            lambda: ir.Arithmetic(kind, None, "+", self.of(kind, depth), self.of(DURATION, depth)),
            lambda: ir.Arithmetic(kind, None, "-", self.of(kind, depth), self.of(DURATION, depth)),
            lambda: ir.Arithmetic(kind, None, "+", self.of(DURATION, depth), self.of(kind, depth)),
        ]

    def duration(self, depth: int) -> Shapes:
        return [
            *self.moved(DURATION, depth),
            lambda: ir.Arithmetic(DURATION, None, "-", self.of(DATE, depth), self.of(DATE, depth)),
            lambda: ir.Arithmetic(DURATION, None, "*", self.of(DURATION, depth), self.of(INTEGER, depth)),
            lambda: ir.Arithmetic(DURATION, None, "*", self.of(INTEGER, depth), self.of(DURATION, depth)),
            lambda: ir.Negate(DURATION, None, self.of(DURATION, depth)),
        ]
