"""Calendars, periods, and the arithmetic of dates.

A `PeriodKind` is what a variable declares (`year`, `month`, `fiscal_year`); a `Period` is one (2024, March 2024).
"""

from __future__ import annotations

import calendar as gregorian
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from engine.values.types import Duration

FIRST_YEAR, LAST_YEAR = 1600, 2999
EARLIEST_FACT, LATEST_FACT = date(1700, 1, 1), date(2899, 12, 31)  # facts leave room for a lifetime either way
_PERIOD = re.compile(r"(?:(?P<kind>[a-z_]+):)?(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Unit(Enum):
    """The sizes of period."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    ETERNITY = "eternity"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Where a kind of year starts, and which of the two calendar years it touches names it."""

    name: str = "year"
    month: int = 1
    day: int = 1
    named_by_end: bool = False


GREGORIAN = Calendar()


@dataclass(frozen=True, slots=True)
class PeriodKind:
    """What a variable declares as its `period`. `calendar` says where years, and so their months, start."""

    unit: Unit
    calendar: Calendar = GREGORIAN

    def __str__(self) -> str:
        return self.calendar.name if self.unit is Unit.YEAR else self.unit.value

    def containing(self, day: date) -> Period:
        """The period of this kind in which `day` falls."""
        match self.unit:
            case Unit.DAY:
                return Period(self, day)
            case Unit.MONTH:
                start = day.replace(day=1) if self.calendar.day == 1 else _month_start(day, self.calendar.day)
                return Period(self, start)
            case Unit.YEAR:
                start = date(day.year, self.calendar.month, self.calendar.day)
                return Period(self, start if start <= day else start.replace(year=day.year - 1))
            case Unit.ETERNITY:
                return Period(self, date(FIRST_YEAR, 1, 1))


@dataclass(frozen=True, slots=True)
class Period:
    """One period: its kind and its first day."""

    kind: PeriodKind
    start: date

    def __hash__(self) -> int:
        return hash(self.start)  # the kinds that begin on one day are few, and hashing them is slow

    @property
    def end(self) -> date:
        """Its last day."""
        match self.kind.unit:
            case Unit.DAY:
                return self.start
            case Unit.ETERNITY:
                return date(LAST_YEAR, 12, 31)
        if (self.start.year, self.start.month) >= (LAST_YEAR, 12 if self.kind.unit is Unit.MONTH else 1):
            return date(LAST_YEAR, 12, 31)
        return self.shift(1).start - timedelta(days=1)

    def shift(self, count: int) -> Period:
        """The period `count` periods later (earlier if negative). Raises OverflowError outside 1600 to 2999."""
        match self.kind.unit:
            case Unit.DAY:
                return Period(self.kind, guarded(self.start.toordinal() + count))
            case Unit.MONTH:
                return Period(self.kind, add_months(self.start, count))
            case Unit.YEAR:
                return Period(self.kind, add_months(self.start, 12 * count))
            case Unit.ETERNITY:
                return self

    def months(self) -> tuple[Period, ...]:
        """The twelve months of a year, in order."""
        kind = PeriodKind(Unit.MONTH, self.kind.calendar)
        return tuple(Period(kind, add_months(self.start, index)) for index in range(12))

    def contains(self, other: Period) -> bool:
        """Whether `other` lies wholly in this period."""
        return self.start <= other.start and other.end <= self.end

    def touches(self, other: Period) -> bool:
        """Whether the two have a day in common."""
        return self.start <= other.end and other.start <= self.end

    def __str__(self) -> str:
        match self.kind.unit:
            case Unit.DAY:
                return self.start.isoformat()
            case Unit.MONTH:
                return self.start.isoformat() if self.kind.calendar.day != 1 else f"{self.start:%Y-%m}"
            case Unit.YEAR:
                name = str(self.end.year if self.kind.calendar.named_by_end else self.start.year)
                return name if self.kind.calendar.name == "year" else f"{self.kind.calendar.name}:{name}"
            case Unit.ETERNITY:
                return "eternity"


ETERNITY = Period(PeriodKind(Unit.ETERNITY), date(FIRST_YEAR, 1, 1))


def guarded(ordinal: int) -> date:
    """The date of an ordinal day number. Raises OverflowError outside the years 1600 to 2999."""
    if not date(FIRST_YEAR, 1, 1).toordinal() <= ordinal <= date(LAST_YEAR, 12, 31).toordinal():
        raise OverflowError(f"dates lie between {FIRST_YEAR} and {LAST_YEAR}")
    return date.fromordinal(ordinal)


def _month_start(day: date, first: int) -> date:
    return day.replace(day=first) if day.day >= first else add_months(day.replace(day=first), -1)


def add_months(day: date, months: int, round_up: bool = False) -> date:
    """`day` plus calendar months. A day that the month lacks becomes its last day, or the next month's first.

    Raises OverflowError outside the years 1600 to 2999.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise OverflowError(f"dates lie between {FIRST_YEAR} and {LAST_YEAR}")
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


def parse_period(text: str, calendars: dict[str, Calendar] | None = None) -> Period:
    """A period written `2024`, `2024-03`, `2024-03-05` or `fiscal_year:2024`. Raises ValueError with a sentence."""
    calendars = {"year": GREGORIAN, **(calendars or {})}
    found = _PERIOD.fullmatch(text)
    if not found:
        raise ValueError(f"`{text[:40]}` is not a period: write 2024, 2024-03 or 2024-03-05")
    kind = found["kind"] or "year"
    if kind not in calendars:
        raise ValueError(f"there is no calendar `{kind}`; there are {', '.join(sorted(calendars))}")
    if found["day"]:
        return PeriodKind(Unit.DAY).containing(parse_date(text.rpartition(":")[2]))
    if found["month"]:
        return PeriodKind(Unit.MONTH).containing(parse_date(f"{found['year']}-{found['month']}-01"))
    return _year(int(found["year"]), calendars[kind])


def _year(number: int, calendar: Calendar) -> Period:
    first = number - (1 if calendar.named_by_end and (calendar.month, calendar.day) != (1, 1) else 0)
    if not FIRST_YEAR <= first < LAST_YEAR:
        raise ValueError(f"years lie between {FIRST_YEAR} and {LAST_YEAR}")
    return Period(PeriodKind(Unit.YEAR, calendar), date(first, calendar.month, calendar.day))
