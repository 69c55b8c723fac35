"""What operators and functions on dates and durations make of outcomes.

Most of them never fall (or never rise) in each operand, so a range's ends give the ends of the result. Where an end
lies outside the years that dates may have, the result may fail.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from engine.interpret import domain
from engine.interpret.domain import blocked, bounded
from engine.interpret.operations import arithmetic, mapped
from engine.interpret.outcomes import Failure, Interval, Known, Outcome
from engine.ir import nodes as ir
from engine.text.source import Span
from engine.values.periods import add_duration, months_between, years_between
from engine.values.types import Duration, Kind

OUTSIDE = "a date may lie outside the years that dates may have"
Work = Callable[[Any, Any], Any]


def date_arithmetic(node: ir.Arithmetic, left: Outcome, right: Outcome, round_up: bool) -> Outcome:
    """`+ -` of dates and durations, `*` of a duration and a whole number."""
    kinds = (node.left.type.kind, node.right.type.kind)
    match node.operator, kinds:
        case "*", (Kind.DURATION, _):
            return _multiplied(left, right)
        case "*", _:
            return _multiplied(right, left)
        case "-", (Kind.DATE, Kind.DATE):
            return _on_ends(lambda a, b: Duration(days=(a - b).days), left, right, True, node.span)
        case "+", (Kind.DATE, _):
            return _on_ends(lambda a, b: add_duration(a, b, round_up), left, right, False, node.span)
        case "-", (Kind.DATE, _):
            return _on_ends(lambda a, b: add_duration(a, -b, round_up), left, right, True, node.span)
        case "+", (_, Kind.DATE):
            return _on_ends(lambda a, b: add_duration(b, a, round_up), left, right, False, node.span)
        case "-", _:
            return arithmetic("+", left, mapped(right, lambda one: -one, domain.negate), node.span)
    return arithmetic("+", left, right, node.span)


def date_function(node: ir.DateFunction, arguments: list[Outcome], birthday_march: bool) -> Outcome:
    """`years_between`, `months_between`, `year_of`, `month_of`, `day_of`."""
    match node.name:
        case "years_between":
            start, end = arguments
            return _on_ends(lambda a, b: years_between(b, a, birthday_march), end, start, True, node.span)
        case "months_between":
            start, end = arguments
            return _on_ends(lambda a, b: months_between(b, a, birthday_march), end, start, True, node.span)
        case "year_of":
            return mapped(arguments[0], _year, lambda one: domain.monotone(_year, one))
        case "month_of":
            return mapped(arguments[0], lambda day: day.month, lambda _: Interval(1, 12))
    return mapped(arguments[0], lambda day: day.day, lambda _: Interval(1, 31))


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
    corners = [_times(one, times) for one in (a.low, a.high) for times in (b.low, b.high)]
    return bounded(Interval(domain.least(corners), domain.greatest(corners)), duration, count)


def _times(duration: Any, count: Any) -> Duration:
    return Duration(duration.months * int(count), duration.days * int(count))
