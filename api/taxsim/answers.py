"""Figures into TAXSIM's columns.

fiitax   income tax after credits, with net investment income tax, without Additional Medicare Tax (as TAXSIM from 2024)
fica     payroll tax of employee and employer, self-employment tax and Additional Medicare Tax
tfica    of these the taxpayer's share: all but the employer's
v17      itemized deductions where the unit itemizes, else 0
v22      the child tax credit against the tax, `actc` the rest; in 2021, when it was refunded, v22 is the whole credit
         and `actc` its refunded part once more, as TAXSIM has it
"""

from __future__ import annotations

import numpy as np

from api.taxsim import columns
from api.taxsim.blocks import Cents
from api.taxsim.figures import FiguresOfRows

WANTED_ALWAYS = (
    columns.INCOME_TAX,
    columns.PAYROLL_TAX,
    columns.TAXPAYERS_SHARE,
    columns.ADDITIONAL_MEDICARE,
)
WANTED_IN_FULL = tuple(
    dict.fromkeys((*WANTED_ALWAYS, *columns.FIGURES.values(), *columns.CHILD_CARE, columns.ITEMIZES, columns.ITEMIZED))
)

WHOLLY_REFUNDABLE = 2021  # 26 USC 24(i)

Columns = dict[str, Cents]


def payroll(computed: FiguresOfRows) -> Cents:
    """`fica`."""
    return computed.figures[columns.PAYROLL_TAX] + computed.figures[columns.ADDITIONAL_MEDICARE]


def standard_columns(computed: FiguresOfRows) -> Columns:
    """The amounts of the standard output in cents, without rates."""
    return _in_cents(_standard(computed), computed.steps)


def full_columns(computed: FiguresOfRows, year: int) -> Columns:
    """The amounts of the full output in cents, without rates."""
    figures = computed.figures
    amounts = _standard(computed) | {column: figures[name] for column, name in columns.FIGURES.items()}
    if year == WHOLLY_REFUNDABLE:
        amounts["v22"] = amounts["v22"] + amounts["actc"]
    amounts["v17"] = figures[columns.ITEMIZED] * figures[columns.ITEMIZES]
    amounts["v24"] = sum((figures[name] for name in columns.CHILD_CARE), _nothing(computed))
    amounts["v29"] = amounts["fica"]
    return _in_cents(amounts | dict.fromkeys((*columns.REPEALED, *columns.STATE), _nothing(computed)), computed.steps)


def _standard(computed: FiguresOfRows) -> Columns:
    return {
        "fiitax": computed.figures[columns.INCOME_TAX],
        "siitax": _nothing(computed),
        "fica": payroll(computed),
        "tfica": computed.figures[columns.TAXPAYERS_SHARE],
    }


def _nothing(computed: FiguresOfRows) -> Cents:
    return np.zeros(len(computed), dtype=np.int64)


def _in_cents(amounts: Columns, steps: int) -> Columns:
    """Rounded to cents, halves away from zero, where a figure is kept in finer steps."""
    part = steps // 100
    if part == 1:
        return amounts
    return {name: np.sign(value) * ((2 * np.abs(value) + part) // (2 * part)) for name, value in amounts.items()}


def written(hundredths: int) -> str:
    """A number with two decimals."""
    return f"{'-' * (hundredths < 0)}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"
