"""Working days in lanes: by a count of them up to a day, and by its inverse.

1. Up to a day there are so many days of working weeks, less the holidays among them: whole weeks, the rest of a week,
   and a comparison with each holiday.
2. The first day with W working days up to it lies after a holiday exactly if fewer than W working days are up to that
   holiday, which is known of each. So it is the day of a working week whose number is W and so many holidays more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from engine.native.arithmetic.lanes import Mask
from engine.native.arithmetic.number import Number, plain
from engine.native.arithmetic.rounding import rounded_quotient
from engine.native.arithmetic.whole import Arithmetic, Whole
from engine.native.write.lane_values import Content, Day, Figure
from engine.values.dates import FIRST_YEAR, LAST_YEAR
from engine.values.numbers import RoundingMode
from engine.values.working_days import WorkingDays

FIRST, LAST = date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal()
MOST_HOLIDAYS = 500


def working_days(work: Arithmetic, workdays: WorkingDays, name: str, arguments: list[Content]) -> Figure:
    """`add_working_days` (a day and a number) or `working_days_between` (two days)."""
    lanes = Lanes(work, workdays)
    first, second = arguments
    assert isinstance(first, Day)
    if name == "working_days_between":
        assert isinstance(second, Day)
        counted = work.subtract(lanes.up_to(second.ordinal), lanes.up_to(first.ordinal))
        return Figure(plain(counted), bad=lanes.beyond)
    assert isinstance(second, Number)
    if lanes.beyond or second.m is not None or second.d != 1 or not second.n.is_narrow:
        return Figure(Day(work.constant(FIRST)), bad=True)
    return lanes.after(first.ordinal, second.n)


class Lanes:
    """Counts by one calendar of working days."""

    def __init__(self, work: Arithmetic, workdays: WorkingDays) -> None:
        self.work = work
        week = [(date.fromordinal(FIRST).weekday() + place) % 7 not in workdays.weekend for place in range(7)]
        self.places = [place for place, works in enumerate(week) if works]
        self.holidays = [day.toordinal() for day in workdays.holidays if day.weekday() not in workdays.weekend]
        self.before = [workdays.up_to(holiday) for holiday in self.holidays]
        self.beyond = not self.places or len(self.holidays) > MOST_HOLIDAYS

    def up_to(self, ordinal: Whole) -> Whole:
        """How many working days there are from the first date up to and including a day."""
        counts = (self._one_if(self.work.compare(">=", ordinal, self.work.constant(day))) for day in self.holidays)
        return self.work.subtract(self._of_weeks(ordinal), self._sum(counts))

    def _of_weeks(self, ordinal: Whole) -> Whole:
        work = self.work
        days = work.subtract(ordinal, work.constant(FIRST - 1))
        weeks, rest = self._apart(days, 7)
        count = work.multiply(weeks, work.constant(len(self.places)))
        for place in self.places:
            count = work.add(count, self._one_if(work.compare(">", rest, work.constant(place))))
        return count

    def _sum(self, parts: Iterable[Whole]) -> Whole:
        total = self.work.constant(0)
        for part in parts:
            total = self.work.add(total, part)
        return total

    def after(self, ordinal: Whole, count: Whole) -> Figure:
        """The `count`-th working day after a day, or before it; bad where that lies outside all dates."""
        work, lanes = self.work, self.work.lanes
        forward = work.compare(">", count, work.constant(0))
        before = work.subtract(ordinal, work.select(forward, work.constant(0), work.constant(1)))
        wanted = work.add(self.up_to(before), work.add(count, work.select(forward, work.constant(0), work.constant(1))))
        nowhere = work.compare("<", wanted, work.constant(1))
        wanted = work.select(nowhere, work.constant(1), wanted)
        closed = self._sum(self._one_if(work.compare(">", wanted, work.constant(up_to))) for up_to in self.before)
        found = self._day_of(work.add(wanted, closed))
        outside = lanes.either(
            work.compare("<", found, work.constant(FIRST)), work.compare(">", found, work.constant(LAST))
        )
        same = work.compare("=", count, work.constant(0))
        bad = lanes.both(lanes.either(nowhere, outside), lanes.opposite(same))
        day = work.select(bad, work.constant(FIRST), work.select(same, ordinal, found))
        return Figure(Day(work.narrowed(day, FIRST, LAST)), bad)

    def _day_of(self, number: Whole) -> Whole:
        """The day of a working week that is the `number`-th from the first date on."""
        work = self.work
        weeks, rest = self._apart(work.subtract(number, work.constant(1)), len(self.places))
        place = work.constant(self.places[0])
        for index, later in enumerate(self.places[1:], 1):
            place = work.select(work.compare(">=", rest, work.constant(index)), work.constant(later), place)
        days = work.add(work.multiply(weeks, work.constant(7)), place)
        return work.add(days, work.constant(FIRST))

    def _apart(self, a: Whole, b: int) -> tuple[Whole, Whole]:
        """floor(a / b), and what is left."""
        work = self.work
        bounds = Fraction(a.low, b), Fraction(a.high, b)
        whole = rounded_quotient(work, a, work.constant(b), RoundingMode.DOWN, bounds)
        return whole, work.narrowed(work.subtract(a, work.multiply(whole, work.constant(b))), 0, b - 1)

    def _one_if(self, mask: Mask) -> Whole:
        return self.work.select(mask, self.work.constant(1), self.work.constant(0))
