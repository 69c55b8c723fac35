"""Periods, and their kinds.

A `PeriodKind` is what a variable declares (`year`, `month`, `fiscal_year`); a `Period` is one (2024, March 2024).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from enum import Enum
from functools import lru_cache

from engine.records import record
from engine.values.calendars import GREGORIAN, Calendar, NoPeriod
from engine.values.dates import FIRST_YEAR, LAST_YEAR, add_months, guarded, parse_date

_PERIOD = re.compile(
    r"(?:(?P<kind>[a-z][a-z0-9_]*):)?(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?", re.ASCII
)


class Unit(Enum):
    """The sizes of period. A CYCLE is a declared one that is neither a civil month nor a year: a week, a tax month."""

    DAY = "day"
    MONTH = "month"
    CYCLE = "cycle"
    YEAR = "year"
    ETERNITY = "eternity"


@record(frozen=True, slots=True)
class PeriodKind:
    """What a variable declares as its `period`: a unit, and of years and cycles the calendar."""

    unit: Unit
    calendar: Calendar = GREGORIAN

    def __str__(self) -> str:
        return self.calendar.name if self.unit in (Unit.YEAR, Unit.CYCLE) else self.unit.value

    @property
    def plural(self) -> str:
        """What stands for its periods after `over`: `months`, `weeks`, `tax_years`."""
        return self.calendar.plural if self.unit in (Unit.YEAR, Unit.CYCLE) else f"{self.unit.value}s"

    @property
    def is_personal(self) -> bool:
        """Whether its periods begin on a day that differs by person or group."""
        return bool(self.calendar.of)

    def anchored(self, day: date) -> PeriodKind:
        """The periods of somebody for whom a personal calendar starts on `day`."""
        return PeriodKind(self.unit, replace(self.calendar, anchor=day))

    @property
    def is_civil(self) -> bool:
        """Whether everybody knows its periods by their names: days, months, years from 1 January, all time."""
        return self.unit is not Unit.CYCLE and (self.calendar.month, self.calendar.day) == (1, 1)

    def containing(self, day: date) -> Period:
        """The period of this kind in which `day` falls."""
        match self.unit:
            case Unit.DAY:
                return Period(self, day)
            case Unit.MONTH:
                return Period(self, day.replace(day=1))
            case Unit.CYCLE:
                return Period(self, self.calendar.first_day(day))
            case Unit.YEAR:
                start = date(day.year, self.calendar.month, self.calendar.day)
                return Period(self, start if start <= day else start.replace(year=day.year - 1))
            case Unit.ETERNITY:
                return Period(self, date(FIRST_YEAR, 1, 1))


@record(frozen=True, slots=True)
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
            case Unit.CYCLE:
                try:
                    return self.kind.calendar.next_day(self.start) - timedelta(days=1)
                except OverflowError:
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
            case Unit.CYCLE:
                return self._moved(count)
            case Unit.YEAR:
                return Period(self.kind, add_months(self.start, 12 * count))
            case Unit.ETERNITY:
                return self

    def _moved(self, count: int) -> Period:
        period = self
        for _ in range(abs(count)):
            day = period.start - timedelta(1) if count < 0 else self.kind.calendar.next_day(period.start)
            period = self.kind.containing(guarded(day.toordinal()))
        return period

    def parts(self, kind: PeriodKind, edge: str = "touching") -> tuple[Period, ...]:
        """The periods of another kind that belong to this one, in order.

        `edge` says which where some straddle: those whose first day lies in it (`starting`), whose last day does
        (`ending`), that lie wholly in it (`inside`) or have any day in it (`touching`).
        """
        return _parts(self, kind, edge)

    def months(self) -> tuple[Period, ...]:
        """The twelve months of a year that begins with one, in order."""
        kind = PeriodKind(Unit.MONTH)
        return tuple(Period(kind, add_months(self.start, index)) for index in range(12))

    def contains(self, other: Period) -> bool:
        """Whether `other` lies wholly in this period."""
        return self.start <= other.start and other.end <= self.end

    def touches(self, other: Period) -> bool:
        """Whether the two have a day in common."""
        return self.start <= other.end and other.start <= self.end

    @property
    def days(self) -> str:
        """Its first and last day, in words."""
        return f"{self.start} to {self.end}"

    def __str__(self) -> str:
        match self.kind.unit:
            case Unit.DAY:
                return self.start.isoformat()
            case Unit.MONTH:
                return f"{self.start:%Y-%m}"
            case Unit.CYCLE:
                return f"{self.kind}:{self.start}"
            case Unit.YEAR:
                name = str(self.end.year if self.kind.calendar.named_by_end else self.start.year)
                return name if self.kind.calendar.name == "year" else f"{self.kind.calendar.name}:{name}"
            case Unit.ETERNITY:
                return "eternity"


ETERNITY = Period(PeriodKind(Unit.ETERNITY), date(FIRST_YEAR, 1, 1))


@lru_cache(maxsize=256)
def nests(inner: PeriodKind, outer: PeriodKind) -> bool:
    """Whether every boundary of `outer` is one of `inner`: looked at over the 400 years after which dates repeat."""
    if inner == outer or inner.unit is Unit.DAY or outer.unit is Unit.ETERNITY:
        return True
    if inner.unit is Unit.ETERNITY or outer.unit is Unit.DAY or inner.is_personal or outer.is_personal:
        return False
    if outer.unit is Unit.CYCLE and outer.calendar.size == "day" and outer.calendar.every == 1:
        return False
    period, last = outer.containing(date(1800, 6, 1)), date(2200, 6, 1)
    while period.start <= last:
        if inner.containing(period.start).start != period.start:
            return False
        period = period.shift(1)
    return True


@lru_cache(maxsize=256)
def lengths(kind: PeriodKind) -> tuple[int, int]:
    """How many days its shortest and its longest period have."""
    match kind.unit:
        case Unit.DAY:
            return 1, 1
        case Unit.MONTH:
            return 28, 31
        case Unit.ETERNITY:
            days = (date(LAST_YEAR, 12, 31) - date(FIRST_YEAR, 1, 1)).days + 1
            return days, days
        case Unit.YEAR:
            return 365, 366
        case Unit.CYCLE if kind.calendar.size == "day" and kind.calendar.anchor is not None:
            return kind.calendar.every, kind.calendar.every
    if kind.is_personal:
        each = {"day": (1, 1), "month": (27, 32), "year": (364, 367)}[kind.calendar.size]
        return kind.calendar.every * each[0], kind.calendar.every * each[1]
    day_counts = []
    period, last = kind.containing(date(1800, 6, 1)), date(2200, 6, 1)
    while period.start <= last:
        day_counts.append((period.end - period.start).days + 1)
        period = period.shift(1)
    return min(day_counts), max(day_counts)


@lru_cache(4_096)
def _parts(whole: Period, kind: PeriodKind, edge: str) -> tuple[Period, ...]:
    periods, first_day, last_day = [], whole.start, whole.end
    try:
        part = kind.containing(first_day)
    except NoPeriod:
        assert kind.calendar.anchor is not None
        part = kind.containing(kind.calendar.anchor)
    while part.start <= last_day:
        end = part.end
        first, last = part.start >= first_day, end <= last_day
        if {"starting": first, "ending": last, "inside": first and last}.get(edge, True):
            periods.append(part)
        if end >= date(LAST_YEAR, 12, 31):
            break
        part = part.shift(1)
    return tuple(periods)


def parse_period(text: str, calendars: dict[str, Calendar] | None = None, year_is: str = "year") -> Period:
    """A period written `2024`, `2024-03`, `2024-03-05`, `fiscal_year:2024` or `week:2024-03-05` (which holds that day).

    A bare year is one of the calendar `year_is`. Raises ValueError with a sentence.
    """
    calendars = {"year": GREGORIAN, **(calendars or {})}
    match = _PERIOD.fullmatch(text)
    if not match:
        raise ValueError(f"`{text[:40]}` is not a period: write 2024, 2024-03 or 2024-03-05")
    kind = match["kind"] or ""
    if kind and kind not in calendars and kind not in ("day", "month"):
        raise ValueError(f"there is no calendar `{kind}`; there are {', '.join(sorted(calendars))}")
    try:
        return _named(match, kind, calendars, year_is)
    except OverflowError as fault:
        raise ValueError(str(fault)) from None


def _named(match: re.Match[str], kind: str, calendars: dict[str, Calendar], year_is: str) -> Period:
    if kind in calendars and calendars[kind].of and calendars[kind].anchor is None:
        raise ValueError(f"which {kind} that is differs by {calendars[kind].of}: give a day, such as 2024-03-05")
    if match["day"]:
        day = parse_date(match.string.rpartition(":")[2])
        return (kind_of(calendars[kind]) if kind in calendars else PeriodKind(Unit(kind or "day"))).containing(day)
    if match["month"]:
        if kind not in ("", "month"):
            raise ValueError(f"a {kind} is named by a day in it: write {kind}:{match['year']}-{match['month']}-01")
        return PeriodKind(Unit.MONTH).containing(parse_date(f"{match['year']}-{match['month']}-01"))
    calendar = calendars.get(kind or year_is)
    if calendar is None or not calendar.is_yearly:
        raise ValueError(f"a {kind} is named by a day in it: write {kind}:{match['year']}-01-01")
    return _year(int(match["year"]), calendar)


def kind_of(calendar: Calendar) -> PeriodKind:
    """The kind of period that a calendar cuts the days into."""
    return PeriodKind(Unit.YEAR if calendar.is_yearly else Unit.CYCLE, calendar)


def _year(number: int, calendar: Calendar) -> Period:
    first = number - (1 if calendar.named_by_end and (calendar.month, calendar.day) != (1, 1) else 0)
    if not FIRST_YEAR <= first < LAST_YEAR:
        raise ValueError(f"years lie between {FIRST_YEAR} and {LAST_YEAR}")
    return Period(PeriodKind(Unit.YEAR, calendar), date(first, calendar.month, calendar.day))
