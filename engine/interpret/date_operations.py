"""What operators and functions on dates and durations make of outcomes.

Most of them never fall (or never rise) in each operand, so a range's ends give the ends of the result. Where an end
lies outside the years that dates may have, the result may fail.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Any

from engine.interpret import domain
from engine.interpret.domain import blocked, bounded, needs_of, under
from engine.interpret.operations import arithmetic, mapped
from engine.interpret.outcomes import Choice, Failure, Interval, Known, Outcome, Possible
from engine.ir import nodes as ir
from engine.reading.declared_settings import Settings
from engine.text.source import Span
from engine.values.dates import (
    FIRST_YEAR,
    LAST_YEAR,
    add_duration,
    add_months,
    age_on,
    guarded,
    months_between,
    years_between,
)
from engine.values.exact import as_date, as_length, as_number
from engine.values.types import WEEKDAYS, Duration, EnumValue, Kind
from engine.values.working_days import WorkingDays

NO_RATIO = "a length in months and one in days cannot be divided by each other"
NO_SUCH_DAY = "a sum may meet a day that its month lacks"
OUTSIDE = "a date may lie outside the years that dates may have"
Work = Callable[[Any, Any], Any]


def date_arithmetic(node: ir.Arithmetic, left: Outcome, right: Outcome, settings: Settings) -> Outcome:
    """`+ -` of dates and durations, `*` of a duration and a whole number, `/` of two durations."""
    round_up = settings.date_round_up
    kinds = (node.left.type.kind, node.right.type.kind)
    if settings.date_round_refused and Kind.DATE in kinds and Kind.DURATION in kinds:
        missing = _missing_day(node, left, right)
        if missing is not None:
            return missing
    match node.operator, kinds:
        case "*", (Kind.DURATION, _):
            return _multiplied(left, right)
        case "*", _:
            return _multiplied(right, left)
        case "/", _:
            return _ratio(left, right, node.span)
        case "-", (Kind.DATE, Kind.DATE):
            return _on_ends(lambda a, b: Duration(days=(a - b).days), left, right, True, node.span)
        case "+", (Kind.DATE, _):
            return _on_ends(lambda a, b: add_duration(a, b, round_up), left, right, False, node.span)
        case "-", (Kind.DATE, _):
            return _on_ends(lambda a, b: add_duration(a, -b, round_up), left, right, True, node.span)
        case "+", (_, Kind.DATE):
            return _on_ends(lambda a, b: add_duration(b, a, round_up), left, right, False, node.span)
        case "-", _:
            return arithmetic("+", left, mapped(right, lambda duration: -duration, domain.negate), node.span)
    return arithmetic("+", left, right, node.span)


def date_function(node: ir.DateFunction, arguments: list[Outcome], settings: Settings) -> Outcome:
    """What a function of dates gives."""
    birthday_march = settings.leap_birthday_march
    if node.workdays:
        return _working_days(node, arguments, settings.workdays[node.workdays])
    match node.name:
        case "days_between":
            start, end = arguments
            return _on_ends(lambda a, b: (a - b).days, end, start, True, node.span)
        case "attains":
            born, age = arguments
            return _on_ends(lambda a, b: add_duration(a, b, birthday_march), born, age, False, node.span)
        case "age_on":
            born, day = arguments
            return _on_ends(lambda a, b: age_on(b, a, birthday_march), day, born, True, node.span)
        case "weekday":
            return _weekday(arguments[0])
        case "date":
            return _date(arguments, node.span)
        case "years_between":
            start, end = arguments
            return _on_ends(lambda a, b: years_between(b, a, birthday_march), end, start, True, node.span)
        case "months_between":
            start, end = arguments
            return _on_ends(lambda a, b: months_between(b, a, birthday_march), end, start, True, node.span)
        case "year_of":
            return mapped(arguments[0], _year, lambda interval: domain.monotone(_year, interval))
        case "month_of":
            return mapped(arguments[0], lambda day: day.month, lambda _: Interval(1, 12))
    return mapped(arguments[0], lambda day: day.day, lambda _: Interval(1, 31))


def _missing_day(node: ir.Arithmetic, left: Outcome, right: Outcome) -> Outcome | None:
    """An error where a sum meets a day that its month lacks, or may meet one; None where it surely does not."""
    start, length = (left, right) if node.left.type.kind is Kind.DATE else (right, left)
    bad = blocked(start, length)
    if bad is not None:
        return bad
    sign = -1 if node.operator == "-" else 1
    if isinstance(start, Known) and isinstance(length, Known):
        day, months = as_date(start.value), sign * as_length(length.value).months
        try:
            lacking = months != 0 and add_months(day, months).day != day.day
        except OverflowError:
            return None
        return Failure(f"{day} and {months} months meet a day that the month lacks", node.span) if lacking else None
    ends = domain.interval_of(length)
    if ends.low is not None and ends.high is not None and ends.low.months == ends.high.months == 0:
        return None
    shifted = _on_ends(lambda a, b: add_duration(a, b if sign > 0 else -b), start, length, sign < 0, node.span)
    return under(shifted, Possible(domain.BOTH, needs_of(start, length), may_fail=NO_SUCH_DAY))


def _working_days(node: ir.DateFunction, arguments: list[Outcome], days: WorkingDays) -> Outcome:
    first, second = arguments
    if node.name == "add_working_days":
        return _on_ends(lambda a, b: days.add(a, int(b)), first, second, False, node.span)
    return _on_ends(lambda a, b: days.between(b, a), second, first, True, node.span)


def _weekday(day: Outcome) -> Outcome:
    """The day of the week; of a day that is not known, each that it may be."""
    match day:
        case Known(value=date() as known):
            return Known(EnumValue("weekday", WEEKDAYS[known.weekday()]))
        case Possible(range=Interval(low=low, high=high)):
            days = 7 if low is None or high is None else min(7, (high - low).days + 1)
            first = 0 if low is None else low.weekday()
            enum_values = frozenset(EnumValue("weekday", WEEKDAYS[(first + index) % 7]) for index in range(days))
            return bounded(Choice(enum_values), day)
    return day


def _date(parts: list[Outcome], span: Span | None) -> Outcome:
    """The date of a year, a month and a day: in the order of the calendar, so that the ends give the ends."""
    bad = blocked(*parts)
    if bad is not None:
        return bad
    known = [part.value for part in parts if isinstance(part, Known)]
    if len(known) == 3:
        year, month, day = (int(as_number(number)) for number in known)
        try:
            return Known(guarded(date(year, month, day).toordinal()))
        except (ValueError, OverflowError):
            return Failure(f"there is no day {day} of month {month} of the year {year}", span)
    years, months, days = (domain.interval_of(part) for part in parts)
    low = _nearest_date(years.low, months.low, days.low, FIRST_YEAR, open_month=1, open_day=1)
    high = _nearest_date(years.high, months.high, days.high, LAST_YEAR, open_month=12, open_day=31)
    sure = _within(years, FIRST_YEAR, LAST_YEAR) and _within(months, 1, 12) and _within(days, 1, 28)
    return bounded(Interval(low, high), *parts, fault="" if sure else "there may be no such day")


def _within(numbers: Interval, low: int, high: int) -> bool:
    return numbers.low is not None and numbers.high is not None and low <= numbers.low and numbers.high <= high


def _nearest_date(year: Any, month: Any, day: Any, open_year: int, *, open_month: int, open_day: int) -> date:
    """A date of parts of which each may be open (then `open_…`), each moved to where it can be."""
    whole_year = min(max(int(open_year if year is None else year), FIRST_YEAR), LAST_YEAR)
    whole_month = min(max(int(open_month if month is None else month), 1), 12)
    last = monthrange(whole_year, whole_month)[1]
    return date(whole_year, whole_month, min(max(int(open_day if day is None else day), 1), last))


def _ratio(left: Outcome, right: Outcome, span: Span | None) -> Outcome:
    """How often one length of time goes into another, both in days or both in months: others have no ratio."""
    bad = blocked(left, right)
    if bad is not None:
        return bad
    a, b = domain.interval_of(left), domain.interval_of(right)
    ends = [end for end in (a.low, a.high, b.low, b.high) if end is not None]
    for unit, other in (("days", "months"), ("months", "days")):
        if len(ends) == 4 and not any(getattr(end, other) for end in ends):
            return arithmetic("/", _counted(left, unit), _counted(right, unit), span)
    if isinstance(left, Known) and isinstance(right, Known):
        return Failure(NO_RATIO, span)
    return bounded(Interval(None, None), left, right, fault=NO_RATIO)


def _counted(length: Outcome, unit: str) -> Outcome:
    """A length of time as the number of its days or months."""
    return mapped(
        length,
        lambda duration: getattr(duration, unit),
        lambda interval: domain.monotone(lambda end: getattr(end, unit), interval),
    )


def _year(day: date) -> int:
    return day.year


def _on_ends(work: Work, left: Outcome, right: Outcome, right_falls: bool, span: Span | None) -> Outcome:
    """A function that never falls in `left`, and never falls (or with `right_falls` never rises) in `right`."""
    bad = blocked(left, right)
    if bad is not None:
        return bad
    if isinstance(left, Known) and isinstance(right, Known):
        try:
            return Known(work(left.value, right.value))
        except OverflowError as fault:
            return Failure(str(fault), span)
    a, b = domain.interval_of(left), domain.interval_of(right)
    low = _end(work, a.low, b.high if right_falls else b.low)
    high = _end(work, a.high, b.low if right_falls else b.high)
    return bounded(Interval(low, high), left, right, fault=OUTSIDE if low is None or high is None else "")


def _end(work: Work, a: Any, b: Any) -> Any:
    try:
        return None if a is None or b is None else work(a, b)
    except OverflowError:
        return None


def _multiplied(duration: Outcome, count: Outcome) -> Outcome:
    """A duration times a whole number, which may be negative: the ends may change places."""
    bad = blocked(duration, count)
    if bad is not None:
        return bad
    if isinstance(duration, Known) and isinstance(count, Known):
        return Known(_times(duration.value, count.value))
    a, b = domain.interval_of(duration), domain.interval_of(count)
    if None in (a.low, a.high, b.low, b.high):
        return bounded(Interval(None, None), duration, count)
    corners = [_times(end, times) for end in (a.low, a.high) for times in (b.low, b.high)]
    return bounded(Interval(domain.least(corners), domain.greatest(corners)), duration, count)


def _times(duration: Any, count: Any) -> Duration:
    return Duration(duration.months * int(count), duration.days * int(count))
