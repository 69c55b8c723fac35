"""Calendars: how days are cut into periods of so many days, months or years."""

from __future__ import annotations

import calendar as gregorian
from bisect import bisect_right
from dataclasses import field, replace
from datetime import date, timedelta
from functools import lru_cache

from engine.records import record
from engine.values.dates import add_months, guarded, guarded_year, months_between


class NoPeriod(Exception):
    """A personal calendar has no period on a day: it lies before the first."""


@record(frozen=True, slots=True)
class Calendar:
    """How the days are cut into periods: every so many days, months or years.

    With `anchor` periods are counted both ways from that day. Without it they begin anew each year on the day
    `month`-`day`, and the last of a year is short if the year does not come out even. `named_by_end`: of the two civil
    years that a year touches, the later names it. `said_plural` is given where the name and an `s` is not a word.

    A personal calendar is `of` an entity whose figure `starts` is the anchor: it has none until that is known of
    somebody, and no period before it. `month_ends`: where the anchor's day of the month is the first number, a period
    begins in February so many days before the last.

    With `listed` those are first days, in order; before the first and from the last on periods are counted from it.
    """

    name: str = "year"
    month: int = 1
    day: int = 1
    named_by_end: bool = False
    every: int = 1
    size: str = "year"
    anchor: date | None = None
    said_plural: str = ""
    of: str = ""
    starts: str = ""
    month_ends: tuple[tuple[int, int], ...] = ()
    law: str = field(default="", compare=False)
    listed: tuple[date, ...] = ()

    @property
    def plural(self) -> str:
        """What stands after `over`."""
        return self.said_plural or f"{self.name}s"

    @property
    def is_yearly(self) -> bool:
        """Whether its periods are years that begin on one day of the year, and so are named by a year."""
        return self.size == "year" and self.every == 1 and self.anchor is None and not self.of and not self.listed

    def first_day(self, day: date) -> date:
        """The first day of the period that holds `day`. Raises OverflowError outside 1600 to 2999."""
        if self.listed:
            place = bisect_right(self.listed, day)
            between = 0 < place < len(self.listed)
            return self.listed[place - 1] if between else _counted(self, place > 0).first_day(day)
        if self.anchor is not None:
            return self._of_number(self._number(day))
        year = date(day.year, self.month, self.day)
        year = year if year <= day else year.replace(year=day.year - 1)
        if self.size == "day":
            return year + timedelta((day - year).days // self.every * self.every)
        months = self.every * (12 if self.size == "year" else 1)
        return add_months(year, months_between(year, day) // months * months)

    def next_day(self, first: date) -> date:
        """The day after the period that begins on `first`. Raises OverflowError outside 1600 to 2999."""
        if self.listed:
            place = bisect_right(self.listed, first)
            between = 0 < place < len(self.listed)
            return self.listed[place] if between else _counted(self, place > 0).next_day(first)
        if self.anchor is not None:
            return self._of_number(self._number(first) + 1)
        year = date(first.year, self.month, self.day)
        following = year if year > first else guarded_year(year, 1)
        if self.size == "day":
            return min(guarded(first.toordinal() + self.every), following)
        return min(add_months(first, self.every * (12 if self.size == "year" else 1)), following)

    def _number(self, day: date) -> int:
        """How many periods lie between the anchor's and the one that holds `day`."""
        assert self.anchor is not None
        if self.of and day < self.anchor:
            raise NoPeriod
        if self.size == "day":
            return (day - self.anchor).days // self.every
        months = self.every * (12 if self.size == "year" else 1)
        number = ((day.year - self.anchor.year) * 12 + day.month - self.anchor.month) // months
        return number if self._of_number(number) <= day else number - 1

    def _of_number(self, number: int) -> date:
        """The first day of a period, reckoned from the anchor and never from the period before."""
        assert self.anchor is not None
        if self.size == "day":
            return guarded(self.anchor.toordinal() + number * self.every)
        first_day = add_months(self.anchor, number * self.every * (12 if self.size == "year" else 1))
        before = dict(self.month_ends).get(self.anchor.day)
        if before is None or first_day.month != 2 or number == 0:
            return first_day
        return first_day.replace(day=gregorian.monthrange(first_day.year, 2)[1] - before)


@lru_cache(maxsize=64)
def _counted(calendar: Calendar, after: bool) -> Calendar:
    """The periods before the first listed day, or from the last on."""
    return replace(calendar, listed=(), anchor=calendar.listed[-1 if after else 0])


GREGORIAN = Calendar()
