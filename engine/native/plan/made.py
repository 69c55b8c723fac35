"""Groups that a figure makes, seen from a formula: of which of that figure's periods they are meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from engine.ir import nodes as ir
from engine.ir.fold import day_of
from engine.ir.walk import steps_of, subjects
from engine.native.plan.pointers import Made
from engine.values.periods import Period, Unit


def made(by: ir.Grouping, time: ir.Time, period: Period, counted_start: bool) -> Made | None:
    """The groups that a formula of a period means; None where that differs by row, or lies outside all dates."""
    try:
        day = _day(time, period, counted_start)
        return None if day is None else Made(by.name, by.kind.containing(day))
    except OverflowError:
        return None


def _day(time: ir.Time, period: Period, counted_start: bool) -> date | None:
    if period.kind.unit is Unit.ETERNITY and not isinstance(time, ir.ContainingDate):
        return None  # the period of the case, which the code of a formula for all time does not know
    match time:
        case ir.ThisPeriod():
            return period.start if counted_start else period.end
        case ir.Containing(at_end=at_end):
            return period.end if at_end else period.start
        case ir.ContainingDate():
            return day_of(time.day, period)


def asked(node: ir.Expression) -> Iterator[tuple[ir.Grouping, ir.Time]]:
    """What makes the groups through which a node itself reads, each with when their members count."""
    for subject in subjects(node):
        for step in steps_of(subject):
            if isinstance(step, ir.GroupOf) and step.by is not None:
                yield step.by, ir.ThisPeriod()
    link = getattr(node, "link", None)
    if isinstance(link, ir.Members | ir.Records) and link.by is not None:
        yield link.by, link.time if isinstance(link, ir.Members) else ir.ThisPeriod()
