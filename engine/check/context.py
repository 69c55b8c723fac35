"""What a formula's checker knows: its entity and period, the names in scope, where to report.

A part of a formula is a `Value` (an expression of the core), a `TableRow` of a table, a `Who` (an entity reached), or
`Several` (members or records, only good for an aggregate). A part that failed has the type FAILED and is quiet.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Union

from engine.check.resolve import Symbols
from engine.ir import nodes as ir
from engine.reading.declared_constants import Table
from engine.reading.declared_settings import Settings
from engine.syntax import ast
from engine.text.articles import with_article
from engine.text.diagnostics import Diagnostics
from engine.text.source import Span
from engine.values.periods import PeriodKind
from engine.values.types import FAILED, Kind, ValueType


@dataclass(frozen=True, slots=True)
class Value:
    """An expression of the core. `optional`: it may not apply. `zero`: a bare 0, which money takes too. `nothing`: a
    bare `none`, which is of whatever type is wanted."""

    node: ir.Expression
    optional: bool = False
    zero: bool = False
    nothing: bool = False

    @property
    def type(self) -> ValueType:
        """The expression's type."""
        return self.node.type

    @property
    def failed(self) -> bool:
        """Whether a fault was already reported in it."""
        return self.node.type.kind is Kind.FAILED


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table with several columns."""

    name: str
    table: Table
    keys: tuple[ir.Expression, ...]
    time: ir.Time


@dataclass(frozen=True, slots=True)
class Who:
    """An entity that is reached. `optional`: there may be none."""

    subject: ir.Subject
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Several:
    """Members or records. `optional`: the one whose they are may not be there."""

    link: ir.Link
    optional: bool = False


Part = Union[Value, TableRow, Who, Several]
Ends = tuple[Fraction | None, Fraction | None]  # between what a number lies; None is an open end
Known = frozenset[Union[ir.Expression, ir.Subject]]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a formula may see. `entity` is empty and `period` None in a function. `present`: what is not none here, as
    tests before it told."""

    module: str
    entity: str
    period: PeriodKind | None
    names: dict[str, Part] = field(default_factory=dict)
    present: Known = frozenset()

    def with_name(self, name: str, part: Part) -> Scope:
        """This scope with one more local name."""
        return replace(self, names={**self.names, name: part})

    def knowing(self, present: Known) -> Scope:
        """This scope, where more is known not to be none."""
        return replace(self, present=self.present | present) if present else self


_SHORT = 40  # characters of a formula that are quoted whole in a remedy


class Elaboration(ABC):
    """The state that the parts of the checker share while one formula is checked."""

    def __init__(self, symbols: Symbols, problems: Diagnostics) -> None:
        self.symbols = symbols
        self.problems = problems
        self.optional_figures: set[str] = set()
        self.used: set[str] = set()
        self.bounds: dict[str, Ends] = {}
        self._serial = 0

    @property
    def settings(self) -> Settings:
        """The jurisdiction's settings."""
        return self.symbols.settings

    @abstractmethod
    def value(self, node: ast.Expression, scope: Scope, expected: ValueType | None = None) -> Value:
        """The typed expression of a node. `expected` helps literals that fit several types."""

    @abstractmethod
    def part(self, node: ast.Expression, scope: Scope) -> Part:
        """What a node stands for, where more than a value may stand."""

    def fail(self, code: str, message: str, span: Span, help: str = "") -> Value:
        """Report a problem and give a value that causes no second message."""
        self.problems.add(code, message, span, help=help)
        return failed(span)

    def fresh(self, name: str) -> str:
        """A local name that no other local of the formula has."""
        self._serial += 1
        return f"{name}#{self._serial}"

    def sure(self, value: Value, span: Span) -> Value:
        """`value`, which an operation is about to use: it is E507 if it may be none."""
        if value.nothing or (value.optional and isinstance(value.node, ir.NotApplicable)):
            help_text = "write a value, or allow none: `type: … or none`"
            self.problems.add("E507", "a value is needed here, not `none`", span, help=help_text)
            return failed(span)
        if value.optional:
            zero = f"0 {self.settings.currency}" if value.type.kind is Kind.MONEY else "…"
            name = span.text if len(span.text) <= _SHORT and "\n" not in span.text else "x"
            help_text = f"test `{name} is none` first, or write `{name} otherwise {zero}`"
            message = "this value may be none, and nothing says what holds then"
            self.problems.add("E507", message, span, help=help_text)
        return replace(value, optional=False)

    def condition(self, node: ast.Expression, scope: Scope) -> ir.Expression:
        """A node that must be true or false."""
        value = self.sure(self.value(node, scope), node.span)
        if value.failed or value.type.kind is Kind.BOOLEAN:
            return value.node
        message = f"a condition is needed here, not {article(value.type)}"
        than = f"0 {self.settings.currency}" if value.type.kind is Kind.MONEY else "…"
        return self.fail("E508", message, node.span, help=f"compare it with something: `x > {than}`").node


def failed(span: Span) -> Value:
    """A value of type FAILED."""
    return Value(ir.Literal(FAILED, span, 0))


def article(value_type: ValueType) -> str:
    """`a rate`, `an integer`, `money`, `a filing_status`."""
    return "money" if value_type.kind is Kind.MONEY else with_article(str(value_type.plain))
