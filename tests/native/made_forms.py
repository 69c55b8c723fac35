"""Random formulas of the kinds of node that every type has: choices, orders, worlds, what may be none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from engine.ir import nodes as ir
from engine.values.periods import PeriodKind, Unit
from engine.values.types import (
    BOOLEAN,
    DATE,
    INTEGER,
    MONEY,
    RATE,
    ValueType,
)
from tests.native.made_constants import (
    COLOUR,
    ENTITIES,
    GROUPS,
    YEAR,
    random_value,
)
from tests.native.made_leaves import Leaves


class Forms(Leaves):
    """Writes formulas of any type."""

    __slots__ = ()

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
        if link is None or self.random.random() < 0.6:
            return self.leaf(kind)
        name = self.fresh("r")
        self.bound.append((name, entity))
        where = self.sure(BOOLEAN, self.formula(BOOLEAN, depth - 1)) if self.random.random() < 0.3 else None
        body = self.sure(kind, self.formula(kind, depth - 1))
        kinds = self.random.sample((MONEY, DATE, INTEGER), 2)
        keys = tuple(self.key(other_kind) for other_kind in kinds)
        self.bound.pop()
        keys = (*keys, ir.SortKey(None)) if self.random.random() < 0.5 else keys
        if entity == self.entity and kind == INTEGER:
            return ir.Ranked(kind, None, "rank", ir.Self(entity), link, name, where, keys)
        if kind in (MONEY, INTEGER) and self.random.random() < 0.7:
            count = self.sure(INTEGER, self.formula(INTEGER, 0))
            pick = self.one_of("highest", "lowest", "first", "last")
            keys = keys if pick in ("first", "last") else ()
            return ir.Chosen(kind, None, self.one_of("sum", "max"), pick, count, link, name, body, where, keys)
        pick = self.one_of("first", "last")
        return ir.Chosen(kind, None, "only", pick, None, link, name, body, where, keys)

    def key(self, kind: ValueType) -> ir.SortKey:
        return ir.SortKey(self.sure(kind, self.formula(kind, 0)), self.random.random() < 0.5)

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
        if self.entity in GROUPS and not self.bound and self.random.random() < 0.4:
            return ir.AsIf(kind, None, value, (self.replaced_of_members(depth),))
        other = self.formula(MONEY, depth - 1)
        change = ir.Replacement("p_money", None, ir.ThisPeriod(), other)
        if own and self.random.random() < 0.6:
            change = ir.Replacement(self.random.choice(own).name, ir.Self(self.entity), ir.ThisPeriod(), other)
        return ir.AsIf(kind, None, value, (change,))

    def replaced_of_members(self, depth: int) -> ir.Replacement:
        """A fact or figure of each member, or of some, that is another."""
        paid = [figure for figure in self.figures if (figure.type, figure.entity) == (MONEY, "person")]
        yearly = [figure for figure in paid if figure.period == YEAR]
        link, name = ir.Members("person", ir.Self(self.entity), ("head", "child")), self.fresh("m")
        self.bound.append((name, "person"))
        value = self.formula(MONEY, depth - 1)
        where = self.formula(BOOLEAN, 0) if self.random.random() < 0.5 else None
        self.bound.pop()
        whom = ir.Bound("person", name)
        time = ir.Containing(YEAR) if getattr(self, "period", YEAR) != YEAR else ir.ThisPeriod()
        return ir.Replacement(self.random.choice(yearly).name, whom, time, value, link, name, where)

    def banded(self, kind: str, depth: int) -> ir.Expression:
        """A scale whose thresholds, and seldom its rates, are computed."""
        steps = [ir.Literal(MONEY, None, Fraction(unit)) for unit in sorted(self.random.sample(range(1, 40_000), 3))]
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
            inside = ir.GroupOf(group, left) if self.random.random() < 0.3 else None
            return ir.Holds(BOOLEAN, None, left, group, inside, self.random.choice([("head",), ("child", "partner")]))
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
        people = [name for name, binding in self.bound if binding == "person"]
        if self.entity == "person" or people:
            owner: ir.Subject = ir.Bound("person", people[0]) if people else ir.Self("person")
            return ir.Records("licence", owner), "licence"
        return None, ""
