"""Days, and lengths of time between them: calendar months, years, ages.

Days lie between 1600 and 2999; facts leave room for a lifetime either way.
"""

from __future__ import annotations

import calendar as gregorian
import re
from datetime import date

from engine.values.types import Duration

FIRST_YEAR, LAST_YEAR = 1600, 2999
EARLIEST_FACT, LATEST_FACT = date(1700, 1, 1), date(2899, 12, 31)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def guarded(ordinal: int) -> date:
    """The date of an ordinal day number. Raises OverflowError outside the years 1600 to 2999."""
    if not date(FIRST_YEAR, 1, 1).toordinal() <= ordinal <= date(LAST_YEAR, 12, 31).toordinal():
        raise OverflowError(f"dates lie between {FIRST_YEAR} and {LAST_YEAR}")
    return date.fromordinal(ordinal)


def guarded_year(day: date, years: int) -> date:
    """The same day of the year some years later. Raises OverflowError outside the years 1600 to 2999."""
    return add_months(day, 12 * years)


def add_months(day: date, months: int, round_up: bool = False) -> date:
    """`day` plus calendar months. A day that the month lacks becomes its last day, or the next month's first.

    Raises OverflowError outside the years 1600 to 2999.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise OverflowError(f"dates lie between {FIRST_YEAR} and {LAST_YEAR}")
    if day.day <= 28:  # which every month has
        return date(year, month + 1, day.day)
    last = gregorian.monthrange(year, month + 1)[1]
    if day.day <= last:
        return date(year, month + 1, day.day)
    return guarded(date(year, month + 1, last).toordinal() + 1) if round_up else date(year, month + 1, last)


def add_duration(day: date, duration: Duration, round_up: bool = False) -> date:
    """`day` plus a duration: first its months, then its days."""
    moved = add_months(day, duration.months, round_up) if duration.months else day
    return guarded(moved.toordinal() + duration.days) if duration.days else moved


def months_between(start: date, end: date, leap_birthday_march: bool = True) -> int:
    """Whole months from `start` to `end`; negative if `end` is earlier.

    A month is complete on the same day of the month; where the month lacks it, on the next month's first day
    (`leap_birthday_march`) or else on its last day.
    """
    if end < start:
        return -months_between(end, start, leap_birthday_march)
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months, round_up=leap_birthday_march) <= end else months - 1


def years_between(start: date, end: date, leap_birthday_march: bool = True) -> int:
    """Whole years from `start` to `end`, as an age is counted."""
    if end < start:
        return -years_between(end, start, leap_birthday_march)
    years = end.year - start.year
    return years if add_months(start, 12 * years, round_up=leap_birthday_march) <= end else years - 1


def age_on(born: date, day: date, leap_birthday_march: bool = True) -> int:
    """The highest age in whole years that is attained by `day`; below 0 before birth.

    `n` is at most it exactly if `born` plus n years, a leap day's birthday moved as it must be, is not after `day`.
    """
    years = day.year - born.year
    return years if add_months(born, 12 * years, round_up=leap_birthday_march) <= day else years - 1


def parse_date(text: str) -> date:
    """A date written YYYY-MM-DD. Raises ValueError for anything else, with a sentence."""
    if not _DATE.fullmatch(text):
        raise ValueError(f"`{text[:40]}` is not a date written YYYY-MM-DD")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"there is no date `{text}`") from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"dates lie between {FIRST_YEAR} and {LAST_YEAR}")
    return day
