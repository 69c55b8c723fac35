"""Calendars that begin on a day of each person or group, as assessment periods do (SI 2013/376 reg. 21)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from engine.interpret.domain import settled
from engine.interpret.frames import Frame
from engine.interpret.outcomes import NOT_APPLICABLE, Choice, Fact, Interval, Known, NotApplicable, Outcome, Possible
from engine.interpret.windows import over_parts, over_periods
from engine.ir import nodes as ir
from engine.ir.program import Definition
from engine.values.calendars import NoPeriod
from engine.values.periods import ETERNITY, Period, PeriodKind


def anchored(kind: PeriodKind, unit: str | None, find: Callable[[Fact], Outcome]) -> PeriodKind | Outcome:
    """The periods of a unit; what its first day is where that is not a day, or not known."""
    if unit is None:
        return NOT_APPLICABLE
    first_day = find(Fact(kind.calendar.starts, unit, ETERNITY))
    return (
        kind.anchored(first_day.value)
        if isinstance(first_day, Known) and isinstance(first_day.value, date)
        else first_day
    )


def anything(first_day: Outcome, range_: Interval | Choice) -> Outcome:
    """What is read in a period that cannot be told yet, since its first day is not known."""
    if not isinstance(first_day, Possible):
        return first_day
    return settled(range_, first_day.needs, first_day.may_fail, may_not_apply=True)


def over(
    node: ir.OverParts,
    kind: PeriodKind | Outcome,
    frame: Frame,
    evaluate: Callable[[ir.Expression, Frame], Outcome],
    range_: Interval | Choice,
) -> Outcome:
    """An expression over periods of `kind`: nothing where there are none, anything of its range while that is open."""
    if isinstance(kind, NotApplicable):
        return over_periods(node, (), lambda expression, at: NOT_APPLICABLE)
    if not isinstance(kind, PeriodKind):
        return anything(kind, range_)
    own = node if kind == node.kind else replace(node, kind=kind)
    return over_parts(own, frame.period, lambda expression, at: evaluate(expression, frame.at(at)))


def period_of(kind: PeriodKind | Outcome, definition: Definition, at: Period) -> Period | None:
    """The period of a figure's calendar, as it is for somebody, that is or holds `at`; None where there is not one."""
    try:
        return replace(definition, period=kind).period_at(at) if isinstance(kind, PeriodKind) else None
    except NoPeriod:
        return None
