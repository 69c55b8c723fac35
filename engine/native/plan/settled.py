"""Choices that a formula's period alone settles: `if month_of(period_start) = 1 then … else … @ last month`.

The branch that is not taken in a period is neither planned nor written for it. So a figure that is counted up month by
month reads the months of one year, not all months that the rules cover.
"""

from __future__ import annotations

from datetime import date

from engine.ir import nodes as ir
from engine.ir.fold import day_of
from engine.values.exact import compare
from engine.values.periods import Period

_PARTS = {"year_of": "year", "month_of": "month", "day_of": "day"}


def settled(condition: ir.Expression, period: Period) -> bool | None:
    """What a condition is in a period whatever the facts; None where it hangs on more than the period."""
    match condition:
        case ir.Literal(value=bool() as truth):
            return truth
        case ir.Not():
            inside = settled(condition.value, period)
            return None if inside is None else not inside
        case ir.And() | ir.Or():
            deciding = isinstance(condition, ir.Or)
            parts = [settled(value, period) for value in condition.values]
            if deciding in parts:
                return deciding
            return None if None in parts else not deciding
        case ir.Compare():
            left, right = _content(condition.left, period), _content(condition.right, period)
            return compare(condition.operator, left, right) if left is not None and right is not None else None
    return None


def taken(node: ir.If, period: Period) -> ir.Expression | None:
    """The branch that is taken in a period whatever the facts; None where that hangs on more."""
    truth = settled(node.condition, period)
    return None if truth is None else node.then if truth else node.otherwise


def _content(node: ir.Expression, period: Period) -> int | date | None:
    """A day, or a part of one, that is made of the period alone; a whole number as it stands."""
    match node:
        case ir.Literal(value=int() as number) if not isinstance(number, bool):
            return number
        case ir.DateFunction() if node.name in _PARTS:
            day = _day(node.arguments[0], period)
            return getattr(day, _PARTS[node.name]) if day is not None else None
    return _day(node, period)


def _day(node: ir.Expression, period: Period) -> date | None:
    try:
        return day_of(node, period)
    except OverflowError:
        return None
