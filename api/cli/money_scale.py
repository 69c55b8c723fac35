"""Amounts of a budget in billions, millions or as they are, so that two decimals tell them apart from nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from engine.values.numbers import format_decimal, with_commas


@dataclass(frozen=True, slots=True)
class Scale:
    """What amounts are divided by, and what that is called before the currency: `billion `, or nothing."""

    size: int
    word: str

    def text(self, amount: str) -> str:
        """An exact amount with two decimals; a dash where there is none."""
        if not amount:
            return "-"
        hundredths = round(Fraction(amount) * 100 / self.size)
        return with_commas(format_decimal(Fraction(hundredths, 100), 2))


def scale_of(changes: Iterable[str], amounts: Iterable[str]) -> Scale:
    """The scale that shows the largest of the changes, or of the amounts where nothing changes."""
    largest = max((abs(Fraction(text)) for text in changes if text), default=Fraction(0))
    largest = largest or max((abs(Fraction(text)) for text in amounts if text), default=Fraction(0))
    for scale in (Scale(10**9, "billion "), Scale(10**6, "million ")):
        if largest >= scale.size:
            return scale
    return Scale(1, "")
