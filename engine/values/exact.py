"""What the operators of the core do to exact values; shared by the interpreter, folding and `witness`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

from engine.values import quick
from engine.values.numbers import Number
from engine.values.types import Duration, Value

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": quick.less, "<=": lambda left, right: not quick.less(right, left),
    ">": lambda left, right: quick.less(right, left), ">=": lambda left, right: not quick.less(left, right),
}  # fmt: skip


def compare(symbol: str, left: Value, right: Value) -> bool:
    """`left symbol right` for two values that the checker found comparable.

    Raises ValueError for durations of which one has more months and the other more days.
    """
    if isinstance(left, Duration) and isinstance(right, Duration) and symbol not in ("=", "!="):
        order = left.order(right)
        if order is None:
            raise ValueError(f"{left} and {right} have no order")
        return _COMPARE[symbol](order, 0)
    return _COMPARE[symbol](left, right)


_CALCULATE: dict[str, Callable[[Any, Any], Any]] = {
    "+": quick.add, "-": quick.subtract, "*": quick.multiply, "mod": operator.mod,
    "/": lambda left, right: Fraction(left) / right,
}  # fmt: skip


MAX_BITS = 20_000  # of a number's numerator and denominator together: some 6,000 digits
SHORT_BITS = 10_000  # no number of so few bits is too long
TOO_LONG = "the number has more than 6,000 digits"


def calculate(symbol: str, left: Number, right: Number) -> Number:
    """`left symbol right` on exact numbers; `mod` is the remainder, with `right`'s sign.

    Raises ZeroDivisionError, and OverflowError for a result of more than `MAX_BITS`: forty squarings of a rate would
    not fit into any memory.
    """
    result: Number = _CALCULATE[symbol](left, right)
    if quick.bits(result) > SHORT_BITS and is_too_long(result):
        raise OverflowError(TOO_LONG)
    return result


def is_too_long(number: Value) -> bool:
    """Whether a value is a number with more bits than any evaluator computes with."""
    if type(number) is int:
        return number.bit_length() >= MAX_BITS
    if not isinstance(number, Fraction) or quick.bits(number) <= SHORT_BITS:
        return False
    return number.numerator.bit_length() + number.denominator.bit_length() > MAX_BITS


def as_number(value: Value) -> Number:
    """`value`, which the checker found to be a number."""
    assert isinstance(value, int | Fraction)
    return value


def as_date(value: Value) -> date:
    """`value`, which the checker found to be a date."""
    assert isinstance(value, date)
    return value


def as_length(value: Value) -> Duration:
    """`value`, which the checker found to be a duration."""
    assert isinstance(value, Duration)
    return value
