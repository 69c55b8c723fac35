"""The syntax tree of a formula, as written: names are not resolved, types are not known.

Nodes are frozen; the span takes no part in equality, so that a printed and re-read tree equals the first.
"""

from __future__ import annotations

from dataclasses import field
from datetime import date
from fractions import Fraction
from typing import Union

from engine.records import record
from engine.text.source import Span
from engine.values.types import Duration


@record(frozen=True, slots=True)
class Node:
    """What all nodes share: where they stand."""

    span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class Number(Node):
    """`12_570`, `0.5`, `30%`. `percent` is kept for printing; `value` is already divided by 100."""

    value: Fraction
    percent: bool = False
    whole: bool = False


@record(frozen=True, slots=True)
class Money(Node):
    """`600 USD`."""

    value: Fraction
    currency: str


@record(frozen=True, slots=True)
class DurationLiteral(Node):
    """`21 years`, as written: `count` of `unit` (day, week, month or year)."""

    count: int
    unit: str

    @property
    def value(self) -> Duration:
        """The length in calendar months and days."""
        match self.unit:
            case "day":
                return Duration(days=self.count)
            case "week":
                return Duration(days=7 * self.count)
            case "month":
                return Duration(months=self.count)
        return Duration(months=12 * self.count)


@record(frozen=True, slots=True)
class DateLiteral(Node):
    """`2024-04-06`."""

    value: date


@record(frozen=True, slots=True)
class Boolean(Node):
    """`true` or `false`."""

    value: bool


@record(frozen=True, slots=True)
class EnumLiteral(Node):
    """`.joint`."""

    member: str


@record(frozen=True, slots=True)
class Name(Node):
    """A bare name: a local, a figure, a constant, a function, an entity, a role."""

    name: str


@record(frozen=True, slots=True)
class Attribute(Node):
    """`base.name`."""

    base: Expression
    name: str
    name_span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class Index(Node):
    """`base[key, key]`."""

    base: Expression
    keys: tuple[Expression, ...]


@record(frozen=True, slots=True)
class Call(Node):
    """`base(argument, …)`: a function, a builtin, or a scale applied."""

    base: Expression
    arguments: tuple[Expression, ...]


@record(frozen=True, slots=True)
class Aggregate(Node):
    """`sum(body for name in source where condition)`; `count` has no body."""

    operation: str
    body: Expression | None
    name: str
    source: Expression
    where: Expression | None
    name_span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class SortKey(Node):
    """What records are ordered by: upwards, unless `descending` says highest first."""

    value: Expression
    descending: bool = False


@record(frozen=True, slots=True)
class Chosen(Node):
    """`sum(highest 3 of body for name in source where condition)`, `last(body for name in source by key)`.

    `operation` is what is done with those taken, empty where it is one of which the value is wanted; then `count` is
    None. `pick` is highest, lowest, first or last.
    """

    operation: str
    pick: str
    count: Expression | None
    body: Expression
    name: str
    source: Expression
    where: Expression | None
    keys: tuple[SortKey, ...]
    name_span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class Ranked(Node):
    """`rank(self for name in source where condition by key)`, or `percentile_rank`."""

    operation: str
    body: Expression
    name: str
    source: Expression
    where: Expression | None
    keys: tuple[SortKey, ...]
    name_span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class OverTime(Node):
    """`sum(x over months)`, `sum(x over last 3 years)`. `count` 0 stands for the parts of this period; `edge` says
    which belong to it where they straddle. `counted` is a computed number of earlier periods."""

    operation: str
    body: Expression
    count: int
    unit: str
    edge: str = ""
    counted: Expression | None = None


@record(frozen=True, slots=True)
class Negate(Node):
    """`-x`."""

    value: Expression


@record(frozen=True, slots=True)
class Arithmetic(Node):
    """`left op right` with op one of + - * /."""

    operator: str
    left: Expression
    right: Expression


@record(frozen=True, slots=True)
class Compare(Node):
    """`left op right` with op one of = != < <= > >=."""

    operator: str
    left: Expression
    right: Expression


@record(frozen=True, slots=True)
class Between(Node):
    """`x between low and high`, both ends included."""

    value: Expression
    low: Expression
    high: Expression


@record(frozen=True, slots=True)
class OneOf(Node):
    """`x is one of (a, b)`, or with `negated` `x is not one of (a, b)`."""

    value: Expression
    options: tuple[Expression, ...]
    negated: bool = False


@record(frozen=True, slots=True)
class Not(Node):
    """`not x`."""

    value: Expression


@record(frozen=True, slots=True)
class And(Node):
    """`a and b and …`, at least two."""

    values: tuple[Expression, ...]


@record(frozen=True, slots=True)
class Or(Node):
    """`a or b or …`, at least two."""

    values: tuple[Expression, ...]


@record(frozen=True, slots=True)
class If(Node):
    """`if condition then yes else no`."""

    condition: Expression
    then: Expression
    otherwise: Expression


@record(frozen=True, slots=True)
class Case(Node):
    """`case when c then a when … else z`."""

    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression


@record(frozen=True, slots=True)
class Let(Node):
    """`let a = … let b = … in body`."""

    bindings: tuple[Binding, ...]
    body: Expression


@record(frozen=True, slots=True)
class Binding(Node):
    """One `name = value` of a `let`."""

    name: str
    value: Expression


@record(frozen=True, slots=True)
class Otherwise(Node):
    """`value otherwise fallback`."""

    value: Expression
    fallback: Expression


@record(frozen=True, slots=True)
class At(Node):
    """`value @ when`. `when` is last, this or next with a unit, start, end, or a date expression."""

    value: Expression
    when: When


@record(frozen=True, slots=True)
class When(Node):
    """The right side of `@`: `word` is last, this, next, start, end or date; `unit` a unit's or calendar's name."""

    word: str
    unit: str = ""
    date: Expression | None = None


@record(frozen=True, slots=True)
class Replacement(Node):
    """`a = e` in a world, or with `name` one for each of several: `m.a = e for m in members where c`."""

    target: Expression
    value: Expression
    name: str = ""
    source: Expression | None = None
    where: Expression | None = None
    name_span: Span | None = field(default=None, compare=False, repr=False)


@record(frozen=True, slots=True)
class AsIf(Node):
    """`figure as if (a = e, …)`."""

    value: Expression
    changes: tuple[Replacement, ...]


@record(frozen=True, slots=True)
class Is(Node):
    """`x is none`, `m is dependent`, `self is head of tax_unit`: `name` is none, a role or a set of roles."""

    value: Expression
    name: str
    group: Expression | None
    negated: bool
    name_span: Span = field(compare=False, repr=False)


Expression = Union[
    Number, Money, DurationLiteral, DateLiteral, Boolean, EnumLiteral, Name, Attribute, Index, Call, Aggregate,
    Chosen, Ranked, OverTime, Negate, Arithmetic, Compare, Between, OneOf, Is, Not, And, Or, If, Case, Let, Otherwise,
    AsIf, At,
]  # fmt: skip
