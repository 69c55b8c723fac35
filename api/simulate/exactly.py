"""Exact totals of a weighted population, and how numbers are written. No floats but where a statistic is written."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.values.numbers import RoundingMode, format_decimal, round_to

_HALF = 2**20


def weighted_total(entries: NDArray[Any], weights: NDArray[np.int64]) -> int:
    """The sum of entries times weights in whole numbers, of any size."""
    entries = entries.astype(np.int64, copy=False)
    low = entries & (_HALF - 1)  # entries = high * 2**20 + low, also below zero
    high = entries >> 20
    return _sum_of_products(high, weights) * _HALF + _sum_of_products(low, weights)


def total_of(numbers: NDArray[np.int64]) -> int:
    """The sum of whole numbers, of any size."""
    return weighted_total(numbers, np.ones(len(numbers), dtype=np.int64))


def _sum_of_products(left: NDArray[np.int64], right: NDArray[np.int64]) -> int:
    if not len(left):
        return 0
    bound = int(np.abs(left).max()) * int(np.abs(right).max())
    if bound * len(left) < 2**63:
        return int(left @ right)
    return int(left.astype(object) @ right.astype(object))


def exact_text(total: int, divisor: int) -> str:
    """A total as a decimal with all its digits: `-1234.5678`; whole numbers of money have two places."""
    return format_decimal(Fraction(total, divisor), 2)


def rounded_text(number: float | Fraction, places: int) -> str:
    """A statistic as a decimal with so many places, halves away from zero; empty if there is none."""
    if isinstance(number, float) and not isfinite(number):
        return ""
    step = Fraction(1, 10**places)
    value = round_to(Fraction(number), step, RoundingMode.HALF_UP)
    return format_decimal(value, places)
