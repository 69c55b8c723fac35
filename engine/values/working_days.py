"""Working days by a calendar of weekends and holidays: the n-th after a day, and how many lie between two.

Both rest on one count, of the working days from the first date that there is up to a day, and on its inverse.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field
from datetime import date

from engine.records import record
from engine.text.source import Span
from engine.values.dates import FIRST_YEAR, LAST_YEAR, guarded

_FIRST, _LAST = date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal()


@record(frozen=True, slots=True)
class WorkingDays:
    """`weekend`: days of the week, 0 for Monday. `holidays`: in order. After `known_until` holidays are not known."""

    name: str
    span: Span = field(compare=False, repr=False)
    weekend: tuple[int, ...] = (5, 6)
    holidays: tuple[date, ...] = ()
    known_until: date | None = None
    law: str = ""

    def between(self, first: date, last: date) -> int:
        """How many working days lie after `first`, up to and including `last`; below 0 where that lies before."""
        return self.up_to(last.toordinal()) - self.up_to(first.toordinal())

    def add(self, day: date, count: int) -> date:
        """The `count`-th working day after a day; before it, if below 0; the day itself for 0.

        Raises OverflowError outside the years 1600 to 2999.
        """
        if count == 0:
            return day
        before = day.toordinal() if count > 0 else day.toordinal() - 1
        wanted = self.up_to(before) + (count if count > 0 else count + 1)
        low, high = _FIRST, _LAST + 1
        while low < high:
            middle = (low + high) // 2
            if self.up_to(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return guarded(low if wanted > 0 else _FIRST - 1)

    def up_to(self, ordinal: int) -> int:
        """How many working days there are from the first date up to and including a day."""
        weeks, rest = divmod(ordinal - _FIRST + 1, 7)
        start = date.fromordinal(_FIRST).weekday()
        days = weeks * (7 - len(self.weekend)) + sum((start + offset) % 7 not in self.weekend for offset in range(rest))
        if ordinal < _FIRST:
            return days
        closed = [day for day in self.holidays if day.weekday() not in self.weekend]
        return days - bisect_right(closed, date.fromordinal(min(ordinal, _LAST)))
