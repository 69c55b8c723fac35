"""What the core's operators make of outcomes: exact on known values, a sound range on possible ones.

An error or a value that does not apply among the operands is the result. `and`, `or` and choices are the interpreter's,
since they decide what is evaluated at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from engine import domain
from engine.declarations import Bracket, Scale
from engine.domain import either, needs_of, settled
from engine.ir import nodes as ir
from engine.ir.program import Definition
from engine.outcomes import NOT_APPLICABLE, Choice, Fact, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.source import Span
from engine.types import Duration, EnumValue, Kind
from engine.values import calculate


def total_zero(node: ir.Aggregate) -> Outcome:
    """What one who is left out adds."""
    return Known(Duration()) if node.type.kind is Kind.DURATION else Known(0)


def stored(outcome: Outcome, definition: Definition) -> Outcome:
    """The value on the figure's grid."""
    grid = definition.grid
    if grid is None:
        return outcome
    return mapped(outcome, grid.store, lambda one: domain.monotone(grid.store, one))


def no_value(*outcomes: Outcome) -> Outcome | None:
    """The first that is no value: an error before one that does not apply."""
    failures = [one for one in outcomes if isinstance(one, Failure)]
    return failures[0] if failures else next((one for one in outcomes if isinstance(one, NotApplicable)), None)


def with_fault(outcome: Outcome, fault: str, needs: frozenset[Fact]) -> Outcome:
    """An outcome that may also fail."""
    match outcome:
        case Known():
            return Possible(domain.range_of(outcome), needs, may_fail=fault)
        case Possible():
            return Possible(outcome.range, outcome.needs | needs, outcome.may_not_apply, outcome.may_fail or fault)
    return outcome


def mapped(outcome: Outcome, exact: Callable[[Any], Any], ranged: Callable[[Interval], Interval]) -> Outcome:
    """A function of one value, applied to what is known or possible."""
    match outcome:
        case Known():
            return Known(exact(outcome.value))
        case Possible(range=Interval()):
            interval = ranged(domain.interval_of(outcome))
            return settled(interval, outcome.needs, outcome.may_fail, outcome.may_not_apply)
    return outcome


def negation(outcome: Outcome) -> Outcome:
    """Logical not."""
    match outcome:
        case Known():
            return Known(not outcome.value)
        case Possible():
            options = Choice(frozenset(not one for one in domain.choice_of(outcome)))
            return settled(options, outcome.needs, outcome.may_fail, outcome.may_not_apply)
    return outcome


def arithmetic(symbol: str, left: Outcome, right: Outcome, span: Span | None) -> Outcome:
    """`+ - * /` on numbers (and `+` on durations, for sums)."""
    if isinstance(left, Known) and isinstance(right, Known):
        if symbol == "/" and right.value == 0:
            return Failure("division by zero", span)
        return Known(calculate(symbol, left.value, right.value))  # type: ignore[arg-type]
    bad = no_value(left, right)
    if bad is not None:
        return bad
    assert isinstance(left, Known | Possible) and isinstance(right, Known | Possible)
    a, b = domain.interval_of(left), domain.interval_of(right)
    needs, fault = needs_of(left, right), domain.faults_of(left, right)
    match symbol:
        case "+":
            return settled(domain.add(a, b), needs, fault)
        case "-":
            return settled(domain.add(a, domain.negate(b)), needs, fault)
        case "*":
            return settled(domain.multiply(a, b), needs, fault)
    if isinstance(right, Known) and right.value == 0:
        return Failure("division by zero", span)
    if domain.holds_zero(b):
        return Possible(Interval(None, None), needs, may_fail=fault or "division by zero")
    return settled(domain.multiply(a, domain.reciprocal(b)), needs, fault)


def extreme_of(name: str, outcomes: Sequence[Outcome], span: Span | None) -> Outcome:
    """The least or greatest of values."""
    bad = no_value(*outcomes)
    if bad is not None:
        return bad
    if all(isinstance(one, Known) for one in outcomes):
        values = [one.value for one in outcomes if isinstance(one, Known)]
        return Known(min(values) if name == "min" else max(values))  # type: ignore[type-var]
    found = domain.extreme(name, [domain.interval_of(one) for one in outcomes])  # type: ignore[arg-type]
    deciding = [one for one in outcomes if not beaten(name, one, found)]
    return settled(found, needs_of(*deciding), domain.faults_of(*outcomes))


def beaten(name: str, outcome: Outcome, result: Interval) -> bool:
    """Whether an operand can never be the extreme, so that its facts do not matter."""
    assert isinstance(outcome, Known | Possible)
    own = domain.interval_of(outcome)
    if name == "min":
        return own.low is not None and result.high is not None and own.low > result.high
    return own.high is not None and result.low is not None and own.high < result.low


def extreme_of_counted(name: str, bodies: Sequence[tuple[Outcome, Outcome]], span: Span | None) -> Outcome:
    """`min` or `max` over members, of whom some may or may not be counted."""
    sure = [body for counted, body in bodies if counted == domain.TRUE]
    perhaps = [(counted, body) for counted, body in bodies if counted != domain.TRUE]
    base = extreme_of(name, sure, span) if sure else NOT_APPLICABLE
    for counted, body in perhaps:
        with_it = body if isinstance(base, NotApplicable) else extreme_of(name, [applying(base), body], span)
        base = either([base, with_it], needs_of(counted))
    return base


def applying(outcome: Outcome) -> Outcome:
    """An outcome without the possibility that nothing applies."""
    if isinstance(outcome, Possible) and outcome.may_not_apply:
        return settled(outcome.range, outcome.needs, outcome.may_fail)
    return outcome


def on_ends(
    work: Callable[[Any, Any], Any], left: Outcome, right: Outcome, right_falls: bool, span: Span | None
) -> Outcome:
    """A function that never falls in `left`, and never falls (or with `right_falls` never rises) in `right`."""
    try:
        if isinstance(left, Known) and isinstance(right, Known):
            return Known(work(left.value, right.value))
        assert isinstance(left, Known | Possible) and isinstance(right, Known | Possible)
        a, b = domain.interval_of(left), domain.interval_of(right)
        if right_falls:
            b = Interval(b.high, b.low)
        low = None if a.low is None or b.low is None else work(a.low, b.low)
        high = None if a.high is None or b.high is None else work(a.high, b.high)
    except OverflowError as fault:
        return Failure(str(fault), span)
    return settled(Interval(low, high), needs_of(left, right), domain.faults_of(left, right))


def may_be(outcome: Outcome, key: Any) -> bool:
    """Whether a key may be this one."""
    match outcome:
        case Known(value=EnumValue(member=member)):
            return bool(member == key)
        case Known(value=value):
            return bool(value == key)
        case Possible(range=Choice(options=options)):
            return any(isinstance(one, EnumValue) and one.member == key for one in options)
        case Possible(range=Interval(low=low, high=high)):
            return (low is None or low <= key) and (high is None or key <= high)
    return False


def may_miss(keys: Sequence[Outcome], rows: Mapping[Any, Any]) -> bool:
    """Whether a possible number may lie outside the table's keys."""
    for position, outcome in enumerate(keys):
        if isinstance(outcome, Possible) and isinstance(outcome.range, Interval):
            listed = [key[position] for key in rows]
            low, high = outcome.range.low, outcome.range.high
            if low is None or high is None or low < min(listed) or high > max(listed):
                return True
    return False


def scaled(scale: Scale, brackets: Sequence[Bracket], argument: Known | Possible) -> Outcome:
    """A scale applied to what an amount is or may be."""
    if isinstance(argument, Known):
        return Known(scale_value(scale, brackets, argument.value))
    interval = domain.interval_of(argument)
    if scale.kind == "step":
        return either([Known(one.value) for one in touched(scale, brackets, interval)], argument.needs)
    rising = all(bracket.value >= 0 for bracket in brackets)  # type: ignore[operator]
    if not rising:
        return Possible(Interval(None, None), argument.needs, may_fail=argument.may_fail)
    found = domain.monotone(lambda one: scale_value(scale, brackets, one), interval)
    low = 0 if found.low is None and brackets[0].threshold is not None else found.low
    return settled(Interval(low, found.high), argument.needs, argument.may_fail)


def touched(scale: Scale, brackets: Sequence[Bracket], interval: Interval) -> list[Bracket]:
    """The bands that an interval reaches."""
    low = 0 if interval.low is None else band(scale, brackets, interval.low)
    high = len(brackets) - 1 if interval.high is None else band(scale, brackets, interval.high)
    return list(brackets[low : high + 1])


def band(scale: Scale, brackets: Sequence[Bracket], amount: Any) -> int:
    """Which band an amount lies in."""
    band = 0
    for index, bracket in enumerate(brackets):
        threshold = bracket.threshold
        if threshold is not None and (amount > threshold or (scale.inclusive and amount == threshold)):
            band = index
    return band


def scale_value(scale: Scale, brackets: Sequence[Bracket], amount: Any) -> Any:
    """A scale at an amount: the value of its band, or the sum of each slice times its rate."""
    if scale.kind == "step":
        return brackets[band(scale, brackets, amount)].value
    total: Any = Fraction(0)
    for index, bracket in enumerate(brackets):
        above = amount - bracket.threshold
        if above <= 0:
            break
        following = brackets[index + 1].threshold if index + 1 < len(brackets) else None
        slice_ = above if following is None else min(above, following - bracket.threshold)  # type: ignore[operator]
        total += slice_ * bracket.value
    return total
