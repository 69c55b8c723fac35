"""What the operators of the core do to exact values; shared by the interpreter, folding and `witness`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

from engine.values.numbers import Number
from engine.values.types import Duration, Value

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
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


def calculate(symbol: str, left: Number, right: Number) -> Number:
    """`left symbol right` on exact numbers; `mod` is the remainder, with `right`'s sign. Raises ZeroDivisionError."""
    match symbol:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "mod":
            return left % right
    return Fraction(left) / right


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
