"""Exact numbers: reading them, rounding them to a grid, writing them.

Values inside a formula are `Fraction`s or `int`s. Nothing here goes through a float.
"""

from __future__ import annotations

import re
from enum import Enum
from fractions import Fraction

from engine.records import record
from engine.values import quick

Number = int | Fraction
MAX_DIGITS = 40
_DECIMAL = re.compile(r"-?[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?", re.ASCII)


class RoundingMode(Enum):
    """How a value between two grid points finds one. `half_up` takes ties away from zero."""

    UP = "up"
    DOWN = "down"
    AWAY = "away"
    TOWARD_ZERO = "toward_zero"
    HALF_UP = "half_up"
    HALF_DOWN = "half_down"
    HALF_EVEN = "half_even"


@record(frozen=True, slots=True)
class Grid:
    """The multiples of `step` on which a figure is stored, and how it gets there."""

    step: Fraction
    mode: RoundingMode

    def store(self, value: Number) -> Fraction:
        """`value` rounded to this grid."""
        if quick.is_multiple(value, self.step):  # it is on the grid already
            return value if type(value) is Fraction else Fraction(value)
        return round_to(value, self.step, self.mode)


def round_whole(value: Number, mode: RoundingMode) -> int:
    """The whole number that `value` rounds to under `mode`."""
    return _round_quotient(value.numerator, value.denominator, mode)


def _round_quotient(numerator: int, denominator: int, mode: RoundingMode) -> int:
    floor, remainder = divmod(numerator, denominator)
    if remainder == 0:
        return floor
    match mode:
        case RoundingMode.UP:
            return floor + 1
        case RoundingMode.DOWN:
            return floor
        case RoundingMode.AWAY:
            return floor + 1 if numerator > 0 else floor
        case RoundingMode.TOWARD_ZERO:
            return floor if numerator > 0 else floor + 1
    return floor + _rounds_up(2 * remainder - denominator, numerator > 0, floor, mode)


def _rounds_up(excess: int, positive: bool, floor: int, mode: RoundingMode) -> int:
    if excess != 0:
        return 1 if excess > 0 else 0
    if mode is RoundingMode.HALF_EVEN:
        return floor & 1
    return int(positive == (mode is RoundingMode.HALF_UP))


def round_to(value: Number, step: Number, mode: RoundingMode) -> Fraction:
    """`value` rounded to a multiple of `step` (above zero) under `mode`."""
    steps = _round_quotient(value.numerator * step.denominator, value.denominator * step.numerator, mode)
    return Fraction(steps * step.numerator, step.denominator)


def parse_decimal(text: str) -> Fraction:
    """An exact number from `12_570`, `-0.5`. Raises ValueError for anything else, and past 40 digits."""
    if len(text) > 2 * MAX_DIGITS or not _DECIMAL.fullmatch(text):
        raise ValueError(f"`{text[:MAX_DIGITS]}` is not a plain decimal number")
    digits = text.replace("_", "")
    if sum(char.isdigit() for char in digits) > MAX_DIGITS:
        raise ValueError(f"a number has at most {MAX_DIGITS} digits")
    return Fraction(digits)


def format_decimal(value: Number, places: int | None = None) -> str:
    """`value` as a plain decimal if it has one (`12570.50` with places=2), else as `numerator/denominator`."""
    value = Fraction(value)
    digits = decimal_places(value)
    if digits is None:
        return f"{value.numerator}/{value.denominator}"
    digits = max(digits, places or 0)
    whole, part = divmod(abs(value.numerator) * 10**digits // value.denominator, 10**digits)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"


def with_commas(digits: str) -> str:
    """A number's digits with commas: `12570.5` as `12,570.5`; fractions as they are."""
    if "/" in digits:
        return digits
    sign, bare = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    whole, point, part = bare.partition(".")
    return f"{sign}{int(whole):,}{point}{part}"


def range_text(low: Number | None, high: Number | None) -> str:
    """A range of numbers, with commas: `0 .. 1,000,000`, `0 ..` where nothing bounds it."""
    ends = ("" if end is None else with_commas(format_decimal(end)) for end in (low, high))
    return " .. ".join(ends).strip()


def is_within(value: Number, low: Number | None, high: Number | None) -> bool:
    """Whether a number lies in a range, its ends included."""
    return (low is None or value >= low) and (high is None or value <= high)


def decimal_places(value: Fraction) -> int | None:
    """How many decimal places write `value` exactly, or None if none do."""
    denominator, twos, fives = value.denominator, 0, 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    return max(twos, fives) if denominator == 1 else None
