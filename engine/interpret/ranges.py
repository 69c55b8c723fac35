"""The range that the law states for a figure, held against what its formula gives.

1. A value outside is an error that names the figure, the value and the range.
2. What is not determined lies in the range: a completion of the case that leads out of it is refused, so it is none.
   Where every completion leads out, the figure is an error already.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from engine.interpret.domain import settled
from engine.interpret.outcomes import Choice, Failure, Interval, Known, Outcome, Possible
from engine.ir.program import Definition
from engine.ir.ranges import outside
from engine.values.numbers import is_within, range_text


def within_range(outcome: Outcome, definition: Definition) -> Outcome:
    """What a formula gives, within the range of its figure."""
    if (definition.low is None and definition.high is None) or not definition.type.is_number:
        return outcome
    match outcome:
        case Known(value=int() | Fraction() as value) if not is_within(value, definition.low, definition.high):
            return Failure(outside(definition, value), definition.span)
        case Possible(range=Interval() as interval):
            return _narrowed(outcome, interval, definition)
    return outcome


def _narrowed(outcome: Possible, interval: Interval, definition: Definition) -> Outcome:
    low, high = _higher(interval.low, definition.low), _lower(interval.high, definition.high)
    if low is not None and high is not None and low > high:
        fault = f"`{definition.short_name}` cannot lie in its range {range_text(definition.low, definition.high)}"
        if outcome.may_not_apply:
            return Possible(Choice(frozenset()), outcome.needs, True, fault)
        return Failure(fault, definition.span)
    narrower = Interval(low, high, interval.without_zero)
    return settled(narrower, outcome.needs, outcome.may_fail, outcome.may_not_apply)


def _higher(a: Any, b: Any) -> Any:
    return a if b is None else b if a is None else max(a, b)


def _lower(a: Any, b: Any) -> Any:
    return a if b is None else b if a is None else min(a, b)
