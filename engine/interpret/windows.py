"""Figures and expressions over periods: which periods those are, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.interpret import domain, operations
from engine.interpret.domain import blocked, either, needs_of, under
from engine.interpret.outcomes import NOT_APPLICABLE, Failure, Interval, Known, Outcome, Possible
from engine.ir import nodes as ir
from engine.ir.fold import parts_of
from engine.values.periods import Period, PeriodKind
from engine.values.types import Kind

MAX_PERIODS = 60
Evaluate = Callable[[ir.Expression, Period], Outcome]


def over_parts(node: ir.OverParts, period: Period, evaluate: Evaluate) -> Outcome:
    """An expression in each part, as a formula of the part would have it."""
    try:
        if node.last is None:
            return over_periods(node, parts_of(node, period), evaluate)
        count = evaluate(node.last, period)
        if blocked(count) is not None or not isinstance(count, Known | Possible):
            return count
        ends = domain.interval_of(count)
        low = 0 if ends.low is None else max(0, int(ends.low))
        high = node.most if ends.high is None else min(node.most, max(0, int(ends.high)))
        if low > high:
            return Failure(f"more than {node.most} periods are asked for", node.span)
        tried = [over_periods(node, parts_of(node, period, number), evaluate) for number in range(low, high + 1)]
        return under(either(tried, needs_of(count)), count)
    except OverflowError as fault:
        return Failure(str(fault), node.span)


def over_periods(node: ir.OverParts, periods: Sequence[Period], evaluate: Evaluate) -> Outcome:
    """What an operation makes of an expression in each of some periods."""
    if node.operator in ("any", "all"):
        return operations.logic(periods, node.operator == "any", lambda period: evaluate(node.body, period), node.span)
    outcomes = [evaluate(node.body, period) for period in periods]
    if node.operator == "count":
        bad = blocked(*outcomes)
        held = [(outcome, Known(1)) for outcome in outcomes if outcome != domain.FALSE]
        return bad if bad is not None else operations.summed(Kind.INTEGER, held, node.span)
    if node.operator == "sum":
        return operations.summed(node.type.kind, [(domain.TRUE, outcome) for outcome in outcomes], node.span)
    return operations.extreme_of(node.operator, node.type.kind, outcomes, node.span) if outcomes else NOT_APPLICABLE


def window(node: ir.OverTime, period: Period) -> Sequence[Period]:
    """The periods that are aggregated: the twelve months of a year, or so many periods before the current one."""
    current = node.kind.containing(period.start)
    if node.last == 0:
        return [current.shift(index) for index in range(12)]
    return [current.shift(-back) for back in range(node.last, 0, -1)]


def touched(kind: PeriodKind, days: Interval) -> Sequence[Period]:
    """The periods in which a day between two may fall; none if they are too many to look at."""
    if days.low is None or days.high is None:
        return ()
    periods = [kind.containing(days.low)]
    while periods[-1].end < days.high:
        if len(periods) >= MAX_PERIODS:
            return ()
        periods.append(periods[-1].shift(1))
    return periods


def spread(node: ir.Spread, whole: Period, value: Outcome) -> Outcome:
    """A flow of a whole period in equal parts over the periods that it has."""
    return operations.arithmetic("/", value, Known(len(whole.parts(node.kind))), node.span)
