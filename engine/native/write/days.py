"""Dates in lanes: ordinal day numbers, taken apart into years, months and days by whole-number arithmetic.

1. Count years from 1 March, so that a leap day ends its year: 400 years have 146,097 days, and the day of the year
   gives the month by (5 * day + 2) / 153.
2. A month later is the same day of the month; where the month lacks it, its last day, or the next month's first.
3. Years and months between two dates are complete when the day of the month is reached (`periods.py` says it of one
   pair).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from engine.ir import nodes as ir
from engine.native.arithmetic.lanes import Mask
from engine.native.arithmetic.number import Number, plain
from engine.native.arithmetic.rounding import rounded_quotient
from engine.native.arithmetic.whole import Arithmetic, Whole
from engine.native.write.lane_values import Code, Content, Day, Figure, Length
from engine.native.write.working_days import working_days
from engine.native.write.writing import Writer
from engine.values.dates import FIRST_YEAR, LAST_YEAR
from engine.values.numbers import RoundingMode

FIRST, LAST = date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal()
_MARCH = 305  # days from 1 March of the year 0 to the day before ordinal 0


@dataclass(frozen=True, slots=True)
class Parts:
    """Year, month and day of a date."""

    year: Whole
    month: Whole
    day: Whole


class Calendar:
    """Whole-number arithmetic on dates."""

    def __init__(self, work: Arithmetic) -> None:
        self.work = work

    def over(self, a: Whole, b: int) -> Whole:
        """floor(a / b)."""
        bounds = (Fraction(a.low, b), Fraction(a.high, b))
        return rounded_quotient(self.work, a, self.work.constant(b), RoundingMode.DOWN, bounds)

    def sum(self, *terms: tuple[int, Whole] | int) -> Whole:
        """The sum of numbers and multiples."""
        total = self.work.constant(0)
        for term in terms:
            constant = (
                self.work.constant(term)
                if isinstance(term, int)
                else self.work.multiply(self.work.constant(term[0]), term[1])
            )
            total = self.work.add(total, constant)
        return total

    def parts(self, ordinal: Whole) -> Parts:
        """A date taken apart."""
        work = self.work
        count = self.sum((1, ordinal), _MARCH)
        era = self.over(count, 146_097)
        in_era = work.narrowed(self.sum((1, count), (-146_097, era)), 0, 146_096)
        leaps = self.sum(
            (1, in_era),
            (-1, self.over(in_era, 1_460)),
            (1, self.over(in_era, 36_524)),
            (-1, self.over(in_era, 146_096)),
        )
        year = work.narrowed(self.over(leaps, 365), 0, 399)
        before = self.sum((365, year), (1, self.over(year, 4)), (-1, self.over(year, 100)))
        in_year = work.narrowed(work.subtract(in_era, before), 0, 365)
        shifted = work.narrowed(self.over(self.sum((5, in_year), 2), 153), 0, 11)
        day = work.subtract(in_year, self.over(self.sum((153, shifted), 2), 5))
        late = work.compare("<", shifted, work.constant(10))
        month = work.select(late, self.sum((1, shifted), 3), self.sum((1, shifted), -9))
        carry = work.select(late, work.constant(0), work.constant(1))
        whole_year = self.sum((400, era), (1, year), (1, carry))
        return Parts(whole_year, work.narrowed(month, 1, 12), work.narrowed(self.sum((1, day), 1), 1, 31))

    def first_of(self, year: Whole, month: Whole) -> Whole:
        """The ordinal of the first day of a month."""
        work = self.work
        early = work.compare("<=", month, work.constant(2))
        shifted = work.select(early, self.sum((1, month), 9), self.sum((1, month), -3))
        counted = self.sum((1, year), (1, work.select(early, work.constant(-1), work.constant(0))))
        leaps = self.sum((1, self.over(counted, 4)), (-1, self.over(counted, 100)), (1, self.over(counted, 400)))
        days = self.over(self.sum((153, work.narrowed(shifted, 0, 11)), 2), 5)
        return self.sum((365, counted), (1, leaps), (1, days), -_MARCH)

    def next_month(self, year: Whole, month: Whole) -> tuple[Whole, Whole]:
        """The month after."""
        work = self.work
        last = work.compare("=", month, work.constant(12))
        following = work.select(last, work.constant(1), self.sum((1, month), 1))
        return work.select(last, self.sum((1, year), 1), year), work.narrowed(following, 1, 12)

    def month_length(self, year: Whole, month: Whole) -> tuple[Whole, Whole]:
        """A month's first day, and how many days it has."""
        first = self.first_of(year, month)
        length = self.work.subtract(self.first_of(*self.next_month(year, month)), first)
        return first, self.work.narrowed(length, 28, 31)

    def within(self, ordinal: Whole) -> tuple[Whole, Mask]:
        """The date with the bounds of all dates, and the lanes where it lies outside."""
        work = self.work
        early = work.compare("<", ordinal, work.constant(FIRST))
        late = work.compare(">", ordinal, work.constant(LAST))
        return work.narrowed(ordinal, FIRST, LAST), work.lanes.either(early, late)

    def add_months(self, ordinal: Whole, months: Whole, round_up: bool, refused: bool = False) -> tuple[Whole, Mask]:
        """A date some months later, and the lanes where that lies outside all dates, or (`refused`) is not a day."""
        work = self.work
        old = self.parts(ordinal)
        index = self.sum((12, old.year), (1, old.month), -1, (1, months))
        year = self.over(index, 12)
        month = work.narrowed(self.sum((1, index), (-12, year), 1), 1, 12)
        outside = work.lanes.opposite(
            work.lanes.both(
                work.compare(">=", year, work.constant(FIRST_YEAR)), work.compare("<=", year, work.constant(LAST_YEAR))
            )
        )
        year = work.narrowed(year, FIRST_YEAR, LAST_YEAR) if year.high >= FIRST_YEAR and year.low <= LAST_YEAR else year
        first, length = self.month_length(year, month)
        lacks = work.compare(">", old.day, length)
        same = self.sum((1, first), (1, old.day), -1)
        instead = self.sum((1, first), (1, length), 0 if round_up else -1)
        moved_ordinal, late = self.within(work.select(lacks, instead, same))
        return moved_ordinal, work.lanes.either(outside, late, lacks if refused else False)


def arithmetic(writer: Writer, operator: str, a: Content, b: Content) -> Figure:
    """`+ - * /` where a date or a duration takes part."""
    work, settings = writer.work, writer.program.settings
    calendar = Calendar(work)
    no_lane: Mask = False
    match operator, a, b:
        case "-", Day(), Day():
            return Figure(Length(work.constant(0), work.subtract(a.ordinal, b.ordinal)))
        case "+", Length(), Day():
            return arithmetic(writer, operator, b, a)
        case _, Day(), Length():
            length = b if operator == "+" else Length(work.negative(b.months), work.negative(b.days))
            moved, bad = a.ordinal, no_lane
            if length.months.constant != 0:
                moved, bad = calendar.add_months(
                    a.ordinal, length.months, settings.date_round_up, settings.date_round_refused
                )
            ordinal, outside = calendar.within(work.add(moved, length.days))
            return Figure(Day(ordinal), work.lanes.either(bad, outside))
        case "*", Length(), Number():
            if b.m is not None or b.d != 1:
                return Figure(a, bad=True)
            return Figure(Length(work.multiply(a.months, b.n), work.multiply(a.days, b.n)))
        case "*", Number(), Length():
            return arithmetic(writer, operator, b, a)
        case "/", Length(), Length():
            return _ratio(writer, a, b)
        case _, Length(), Length():
            sign = operator == "+"
            combine = work.add if sign else work.subtract
            return Figure(Length(combine(a.months, b.months), combine(a.days, b.days)))
    raise AssertionError((operator, a, b))


def function(writer: Writer, node: ir.DateFunction, arguments: Sequence[Figure]) -> Figure:
    """A function of dates: `check/dates.py` and `check/builtins.py` say which there are."""
    calendar, name = Calendar(writer.work), node.name
    march = writer.program.settings.leap_birthday_march
    match name:
        case "add_working_days" | "working_days_between":
            workdays = writer.program.settings.workdays[node.workdays]
            counted = working_days(writer.work, workdays, name, [argument.content for argument in arguments])
            return writer.carrying(counted, arguments)
        case "date":
            return writer.carrying(_date(calendar, [argument.content for argument in arguments]), arguments)
        case "attains":
            return writer.carrying(_attained(calendar, arguments[0].content, arguments[1].content, march), arguments)
    ordinals = [_ordinal(argument.content) for argument in arguments]
    match name:
        case "weekday":
            return writer.carrying(Figure(Code(_weekday(calendar, ordinals[0]))), arguments)
        case "days_between":
            whole = calendar.work.subtract(ordinals[1], ordinals[0])
        case "age_on":
            whole = _age(calendar, ordinals[0], ordinals[1], march)
        case "year_of":
            whole = calendar.parts(ordinals[0]).year
        case "month_of":
            whole = calendar.parts(ordinals[0]).month
        case "day_of":
            whole = calendar.parts(ordinals[0]).day
        case "years_between":
            whole = _between(calendar, ordinals[0], ordinals[1], march, years=True)
        case _:
            whole = _between(calendar, ordinals[0], ordinals[1], march, years=False)
    return writer.carrying(Figure(plain(whole)), arguments)


def _ratio(writer: Writer, a: Length, b: Length) -> Figure:
    """How often a length of time goes into another; bad where one counts months and the other days."""
    work = writer.work
    zero = work.constant(0)
    in_months = writer.lanes.both(work.compare("=", a.days, zero), work.compare("=", b.days, zero))
    in_days = writer.lanes.both(work.compare("=", a.months, zero), work.compare("=", b.months, zero))
    dividend, divisor = (work.select(in_days, length.days, length.months) for length in (a, b))
    calculated = writer.calculated("/", plain(dividend), plain(divisor))
    return Figure(
        calculated.content,
        writer.lanes.either(calculated.bad, writer.lanes.opposite(writer.lanes.either(in_months, in_days))),
    )


def _date(calendar: Calendar, parts: Sequence[Content]) -> Figure:
    """The date of a year, a month and a day; bad in lanes in which there is none."""
    work, lanes = calendar.work, calendar.work.lanes
    wholes: list[Whole] = []
    bad: Mask = False
    for part, (low, high) in zip(parts, ((FIRST_YEAR, LAST_YEAR), (1, 12), (1, 31)), strict=True):
        assert isinstance(part, Number)
        if part.m is not None or part.d != 1:
            return Figure(Day(work.constant(FIRST)), bad=True)
        outside = lanes.either(
            work.compare("<", part.n, work.constant(low)), work.compare(">", part.n, work.constant(high))
        )
        bad = lanes.either(bad, outside)
        inside = work.select(outside, work.constant(low), part.n)
        wholes.append(work.narrowed(inside, low, high))
    year, month, day = wholes
    first, length = calendar.month_length(year, month)
    bad = lanes.either(bad, work.compare(">", day, length))
    ordinal, late = calendar.within(calendar.sum((1, first), (1, day), -1))
    return Figure(Day(ordinal), lanes.either(bad, late))


def _attained(calendar: Calendar, born: Content, age: Content, march: bool) -> Figure:
    """The day on which an age is attained."""
    assert isinstance(age, Length)
    work, lanes = calendar.work, calendar.work.lanes
    moved, bad = _ordinal(born), False
    if age.months.constant != 0:
        moved, bad = calendar.add_months(moved, age.months, march)  # type: ignore[assignment]
    ordinal, outside = calendar.within(work.add(moved, age.days))
    return Figure(Day(ordinal), lanes.either(bad, outside))


def _weekday(calendar: Calendar, ordinal: Whole) -> Whole:
    """The place of a day in the week from Monday on: ordinal 1 is a Monday."""
    count = calendar.sum((1, ordinal), -1)
    return calendar.work.narrowed(calendar.sum((1, count), (-7, calendar.over(count, 7))), 0, 6)


def _age(calendar: Calendar, born: Whole, day: Whole, march: bool) -> Whole:
    """The highest age in whole years attained by a day."""
    return _complete_years(calendar, calendar.parts(born), calendar.parts(day), march)


def _ordinal(content: Content) -> Whole:
    assert isinstance(content, Day)
    return content.ordinal


def _between(calendar: Calendar, start: Whole, end: Whole, march: bool, years: bool) -> Whole:
    work = calendar.work
    backwards = work.compare("<", end, start)
    early, late = work.select(backwards, end, start), work.select(backwards, start, end)
    a, b = calendar.parts(early), calendar.parts(late)
    whole = _complete_years(calendar, a, b, march) if years else _complete_months(calendar, a, b, march)
    span = LAST_YEAR - FIRST_YEAR + 1 if years else 12 * (LAST_YEAR - FIRST_YEAR + 1)
    whole = work.narrowed(whole, 0, span)
    return work.select(backwards, work.negative(whole), whole)


def _less_unless(calendar: Calendar, count: Whole, complete: Mask) -> Whole:
    work = calendar.work
    return work.add(count, work.select(complete, work.constant(0), work.constant(-1)))


def _complete_years(calendar: Calendar, a: Parts, b: Parts, march: bool) -> Whole:
    work = calendar.work
    birthday, reached = (calendar.sum((32, parts.month), (1, parts.day)) for parts in (a, b))
    if not march:
        leap = work.compare("=", birthday, work.constant(2 * 32 + 29))
        _, length = calendar.month_length(b.year, work.constant(2))
        common = work.lanes.both(leap, work.compare("=", length, work.constant(28)))
        birthday = work.select(common, work.constant(2 * 32 + 28), birthday)
    return _less_unless(calendar, work.subtract(b.year, a.year), work.compare(">=", reached, birthday))


def _complete_months(calendar: Calendar, a: Parts, b: Parts, march: bool) -> Whole:
    work, lanes = calendar.work, calendar.work.lanes
    months = calendar.sum((12, b.year), (-12, a.year), (1, b.month), (-1, a.month))
    complete = work.compare(">=", b.day, a.day)
    if not march:
        _, length = calendar.month_length(b.year, b.month)
        complete = lanes.either(
            complete, lanes.both(work.compare(">", a.day, length), work.compare("=", b.day, length))
        )
    return _less_unless(calendar, months, complete)
