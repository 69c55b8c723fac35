"""What the operators of the core do to exact values; shared by the interpreter, folding and `witness`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

from engine.numbers import Number
from engine.types import Value

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def compare(symbol: str, left: Value, right: Value) -> bool:
    """`left symbol right` for two values that the checker found comparable (durations of one unit)."""
    return _COMPARE[symbol](left, right)


def calculate(symbol: str, left: Number, right: Number) -> Number:
    """`left symbol right` on exact numbers. Raises ZeroDivisionError."""
    match symbol:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    return Fraction(left) / right


def as_number(value: Value) -> Number:
    """`value`, which the checker found to be a number."""
    assert isinstance(value, int | Fraction)
    return value


def as_date(value: Value) -> date:
    """`value`, which the checker found to be a date."""
    assert isinstance(value, date)
    return value
