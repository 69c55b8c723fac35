"""Sums, products and comparisons of exact numbers, without the way round that `Fraction` takes.

`Fraction` asks of either operand of which of many kinds it is, and makes its result by a general constructor. Here the
two kinds that amounts are of, `int` and `Fraction`, are told apart at once. The results are the same, kinds included;
anything else is left to Python's own operators.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import gcd
from typing import Any

_FRACTION: Any = Fraction  # whose two numbers are read and set directly: its properties cost more than the addition
_new: Callable[[Any], Any] = object.__new__


def _over(numerator: int, denominator: int) -> Any:
    if denominator != 1:
        divisor = gcd(numerator, denominator)
        if divisor != 1:
            numerator, denominator = numerator // divisor, denominator // divisor
    made = _new(_FRACTION)
    made._numerator, made._denominator = numerator, denominator
    return made


def add(left: Any, right: Any) -> Any:
    """`left + right`."""
    if type(left) is _FRACTION:
        below = left._denominator
        if type(right) is _FRACTION:
            if right._denominator == below:
                return _over(left._numerator + right._numerator, below)
            return _over(left._numerator * right._denominator + right._numerator * below, below * right._denominator)
        if type(right) is int:
            return _over(left._numerator + right * below, below)
    elif type(left) is int and type(right) is _FRACTION:
        return _over(left * right._denominator + right._numerator, right._denominator)
    return left + right


def subtract(left: Any, right: Any) -> Any:
    """`left - right`."""
    if type(left) is _FRACTION:
        below = left._denominator
        if type(right) is _FRACTION:
            if right._denominator == below:
                return _over(left._numerator - right._numerator, below)
            return _over(left._numerator * right._denominator - right._numerator * below, below * right._denominator)
        if type(right) is int:
            return _over(left._numerator - right * below, below)
    elif type(left) is int and type(right) is _FRACTION:
        return _over(left * right._denominator - right._numerator, right._denominator)
    return left - right


def multiply(left: Any, right: Any) -> Any:
    """`left * right`."""
    if type(left) is _FRACTION:
        if type(right) is _FRACTION:
            return _over(left._numerator * right._numerator, left._denominator * right._denominator)
        if type(right) is int:
            return _over(left._numerator * right, left._denominator)
    elif type(left) is int and type(right) is _FRACTION:
        return _over(left * right._numerator, right._denominator)
    return left * right


def less(left: Any, right: Any) -> bool:
    """`left < right`, of numbers or of dates."""
    if type(left) is _FRACTION:
        if type(right) is _FRACTION:
            return bool(left._numerator * right._denominator < right._numerator * left._denominator)
        if type(right) is int:
            return bool(left._numerator < right * left._denominator)
    elif type(left) is int and type(right) is _FRACTION:
        return bool(left * right._denominator < right._numerator)
    return bool(left < right)


def equal(left: Any, right: Any) -> bool:
    """`left == right`."""
    if type(left) is _FRACTION and type(right) is _FRACTION:
        return bool(left._numerator == right._numerator and left._denominator == right._denominator)
    return bool(left == right)


def negative(number: Any) -> Any:
    """`-number`."""
    if type(number) is not _FRACTION:
        return -number
    made = _new(_FRACTION)
    made._numerator, made._denominator = -number._numerator, number._denominator
    return made


def is_multiple(number: Any, step: Fraction) -> bool:
    """Whether a number is a multiple of a step that is one over a whole number."""
    of_step: Any = step
    if of_step._numerator != 1:
        return False
    below = number._denominator if type(number) is _FRACTION else number.denominator
    return bool(below == 1 or of_step._denominator % below == 0)


def bits(number: Any) -> int:
    """How many bits an `int` or `Fraction` has, of a fraction both its numbers; 0 of anything else."""
    if type(number) is _FRACTION:
        return int(number._numerator.bit_length() + number._denominator.bit_length())
    return number.bit_length() if type(number) is int else 0


def least(values: list[Any]) -> Any:
    """The first of the least values, as `min` gives."""
    best = values[0]
    for value in values[1:]:
        if less(value, best):
            best = value
    return best


def greatest(values: list[Any]) -> Any:
    """The first of the greatest values, as `max` gives."""
    best = values[0]
    for value in values[1:]:
        if less(best, value):
            best = value
    return best
