"""Days on which a condition of a day can turn by itself, all else as it is.

A condition turns only where a comparison of dates does: at a date that is known, or moved by a length that the reached
formulas and constants name (a whole number as years, months or days, as the functions of dates there take it), at two
such lengths together, on that day and the next; and where a formula or a constant changes. All else is constant
between two of these days, so whoever asks at each of them has asked every day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from api.cases.named_values import days_away, named_values
from engine.interpret.cases import Case
from engine.ir.program import Definition, Program


def turning_days(
    program: Program, case: Case, figure: Definition, last: date, known: Sequence[date] = ()
) -> list[date]:
    """The days after the case's at which the figure may turn, in order, up to `last`; of a date of which the figure
    hangs, those where other `known` days are given besides."""
    named = named_values(program, case.at, figure)
    known = [*known, *(value for value in case.given.values() if isinstance(value, date))]
    days: set[date] = set(named.dates)
    for day in (*known, *named.dates):
        days |= days_away(day, named)
    every = {day + timedelta(days=more) for day in days for more in (0, 1) if day < date.max}
    return sorted(day for day in every if case.at.end < day <= last)
