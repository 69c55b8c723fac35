"""Figures into TAXSIM's columns.

fiitax   income tax after credits, with net investment income tax, without Additional Medicare Tax (as TAXSIM from 2024)
fica     payroll tax of employee and employer, self-employment tax and Additional Medicare Tax
tfica    of these the taxpayer's share: all but the employer's
v17      itemized deductions where the unit itemizes, else 0
v22      the child tax credit against the tax, `actc` the rest; in 2021, when it was refunded, v22 is the whole credit
         and `actc` its refunded part once more, as TAXSIM has it
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from api.taxsim import columns
from engine.numbers import RoundingMode, format_decimal, round_to
from engine.types import Value

WANTED_ALWAYS = (
    columns.INCOME_TAX,
    columns.PAYROLL_TAX,
    columns.TAXPAYERS_SHARE,
    columns.ADDITIONAL_MEDICARE,
)
WANTED_IN_FULL = tuple(
    dict.fromkeys((*WANTED_ALWAYS, *columns.FIGURES.values(), *columns.CHILD_CARE, columns.ITEMIZES, columns.ITEMIZED))
)
WANTED_FOR_RATES = (columns.INCOME_TAX, columns.PAYROLL_TAX, columns.ADDITIONAL_MEDICARE)

WHOLLY_REFUNDABLE = 2021  # 26 USC 24(i)

Figures = Mapping[str, Value]


def amount(figures: Figures, name: str) -> Fraction:
    """A figure of money."""
    value = figures[name]
    assert isinstance(value, int | Fraction)
    return value if isinstance(value, Fraction) else Fraction(value)


def payroll(figures: Figures) -> Fraction:
    """`fica`."""
    return amount(figures, columns.PAYROLL_TAX) + amount(figures, columns.ADDITIONAL_MEDICARE)


def standard_columns(figures: Figures) -> dict[str, Fraction]:
    """The amounts of the standard output, without rates."""
    return {
        "fiitax": amount(figures, columns.INCOME_TAX),
        "siitax": Fraction(0),
        "fica": payroll(figures),
        "tfica": amount(figures, columns.TAXPAYERS_SHARE),
    }


def full_columns(figures: Figures, year: int) -> dict[str, Fraction]:
    """The amounts of the full output."""
    found = standard_columns(figures)
    found |= {column: amount(figures, name) for column, name in columns.FIGURES.items()}
    if year == WHOLLY_REFUNDABLE:
        found["v22"] += found["actc"]
    found["v17"] = amount(figures, columns.ITEMIZED) if figures[columns.ITEMIZES] else Fraction(0)
    found["v24"] = sum((amount(figures, name) for name in columns.CHILD_CARE), Fraction(0))
    found["v29"] = found["fica"]
    return found | dict.fromkeys((*columns.REPEALED, *columns.STATE), Fraction(0))


def rates(before: Figures, after: Figures, step: Fraction) -> dict[str, Fraction]:
    """The marginal rates, in percent: what `step` more of an income adds to the taxes."""
    federal = amount(after, columns.INCOME_TAX) - amount(before, columns.INCOME_TAX)
    return {
        "frate": 100 * federal / step,
        "srate": Fraction(0),
        "ficar": 100 * (payroll(after) - payroll(before)) / step,
    }


def written(value: Fraction) -> str:
    """A number with two decimals."""
    if not value:  # as most are
        return "0.00"
    if not 100 % value.denominator:
        cents = value.numerator * (100 // value.denominator)
        return f"{'-' * (cents < 0)}{abs(cents) // 100}.{abs(cents) % 100:02d}"
    return format_decimal(round_to(value, Fraction(1, 100), RoundingMode.HALF_UP), 2)
