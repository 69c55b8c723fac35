"""Leaves of random formulas: facts and figures of whoever can be reached, names in scope, constants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from engine.ir import nodes as ir
from engine.ir.program import Definition
from engine.values.types import (
    BOOLEAN,
    DATE,
    INTEGER,
    MONEY,
    ValueType,
)
from tests.native.made_constants import (
    GROUPS,
    KIN_STEPS,
    MONTH,
    STEPS,
    YEAR,
    random_value,
)


@dataclass(slots=True)
class Leaves:
    """Writes formulas. `figures` are those that may be read already; `locals` the names in scope."""

    random: Random
    figures: list[Definition]
    locals: dict[str, ValueType] = field(default_factory=dict)
    bound: list[tuple[str, str]] = field(default_factory=list)
    entity: str = "person"
    names: int = 0

    def formula(self, kind: ValueType, depth: int) -> ir.Expression:
        """A formula of a type, at most so deep."""
        raise NotImplementedError

    def fresh(self, stem: str) -> str:
        self.names += 1
        return f"{stem}#{self.names}"

    def leaf(self, kind: ValueType) -> ir.Expression:
        known = [name for name, local in self.locals.items() if local == kind]
        if known and self.random.random() < 0.4:
            return ir.Local(kind, None, self.random.choice(known))
        figures = [figure for figure in self.figures if figure.type == kind]
        if figures and self.random.random() < 0.7:
            return self.read(self.random.choice(figures))
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

    def sure(self, kind: ValueType, value: ir.Expression) -> ir.Expression:
        """`value`, or another where it does not apply: the checker refuses an order in which something may be none."""
        certain = isinstance(value, ir.Literal | ir.ParameterRead | ir.PeriodBoundary | ir.Otherwise)
        if isinstance(value, ir.VariableRead) and isinstance(value.subject, ir.Self | ir.Bound):
            read = next(figure for figure in self.figures if figure.name == value.name)
            certain = read.is_input and not read.may_not_apply
        if certain:
            return value
        return ir.Otherwise(kind, None, value, ir.Literal(kind, None, random_value(kind, Random(0))))

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
        inner = [name for name, binding in self.bound if binding == entity]
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

    def choose(self, makers: Sequence[Callable[[], ir.Expression]]) -> ir.Expression:
        return self.random.choice(makers)()

    def one_of(self, *names: str) -> str:
        return self.random.choice(names)

    def some(self, kind: ValueType, depth: int) -> tuple[ir.Expression, ...]:
        return tuple(self.formula(kind, depth) for _ in range(self.random.randrange(1, 4)))
