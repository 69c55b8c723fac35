"""The least and the greatest of an expression as a pair, and the small expressions that such pairs are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.ir import nodes as ir
from engine.records import record
from engine.values.types import BOOLEAN, INTEGER, Kind, ValueType

LEAST, MOST = " at least", " at most"
ORDERED = (Kind.MONEY, Kind.RATE, Kind.INTEGER, Kind.DATE)


@record(frozen=True, slots=True)
class Ends:
    """The least and the greatest that an expression gives; one and the same expression where nothing is open."""

    low: ir.Expression
    high: ir.Expression

    @property
    def are_one(self) -> bool:
        """Whether nothing is open."""
        return self.low is self.high

    def swapped(self) -> Ends:
        """The greatest first."""
        return Ends(self.high, self.low)

    def mapped(self, change: Callable[[ir.Expression], ir.Expression]) -> Ends:
        """Both changed alike."""
        low = change(self.low)
        return Ends(low, low if self.are_one else change(self.high))


def sides_of(ends: Ends) -> tuple[ir.Expression, ...]:
    """Both ends, or the one that they are."""
    return (ends.low,) if ends.are_one else (ends.low, ends.high)


def one(node: ir.Expression) -> Ends:
    """An expression that is known."""
    return Ends(node, node)


# --- small expressions


def number(value: int) -> ir.Expression:
    """A whole number."""
    return ir.Literal(INTEGER, None, value)


def compared(operator: str, left: ir.Expression, right: ir.Expression) -> ir.Expression:
    """A comparison."""
    return ir.Compare(BOOLEAN, None, operator, left, right)


def chosen(condition: ir.Expression, then: ir.Expression, otherwise: ir.Expression) -> ir.Expression:
    """A choice."""
    return ir.If(then.type, None, condition, then, otherwise)


def failing(node: ir.Expression) -> ir.Expression:
    """An error of a type: what divides by zero decides it."""
    return chosen(compared("=", ir.Arithmetic(INTEGER, None, "/", number(1), number(0)), number(1)), node, node)


def truth_of(value: bool) -> ir.Expression:
    """True or false."""
    return ir.Literal(BOOLEAN, None, value)


def all_of(conditions: Sequence[ir.Expression]) -> ir.Expression:
    """That all hold."""
    return conditions[0] if len(conditions) == 1 else ir.And(BOOLEAN, None, tuple(conditions))


def lesser(operator: str, a: ir.Expression, b: ir.Expression) -> ir.Expression:
    """The lesser (`min`) or greater (`max`) of two numbers, dates or booleans, an error where either is."""
    if a.type.kind in ORDERED:
        return ir.Extreme(a.type, None, operator, (a, b))
    if operator == "min":
        return chosen(a, b, chosen(b, truth_of(False), truth_of(False)))
    return chosen(a, chosen(b, truth_of(True), truth_of(True)), b)


def some(kind: ValueType) -> ir.Expression:
    """What stands where an error does."""
    return ir.NotApplicable(kind, None)
