"""What the core's operators make of outcomes: exact on known values, a sound range on possible ones.

An error among the operands is the result, and so is, where there is none, a value that does not apply. `and`, `or` and
choices are the interpreter's, since they decide what is evaluated at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.interpret import domain
from engine.interpret.domain import applying, blocked, bounded, either, needs_of, settled, under
from engine.interpret.outcomes import NOT_APPLICABLE, Choice, Failure, Interval, Known, Outcome, Possible
from engine.ir import nodes as ir
from engine.ir.program import Definition
from engine.text.source import Span
from engine.values.exact import TOO_LONG, calculate
from engine.values.exact import compare as exactly
from engine.values.numbers import RoundingMode, round_to
from engine.values.quick import greatest, least
from engine.values.types import Duration, Kind

GENERAL = "the general rule"
NO_ORDER = "a length in months and one in days have no order: count both in one unit"


def zero(kind: Kind) -> Known:
    """What nobody adds up to."""
    return Known(Duration()) if kind is Kind.DURATION else Known(0)


def stored(outcome: Outcome, definition: Definition) -> Outcome:
    """The value on the figure's grid."""
    grid = definition.grid
    if grid is None:
        return outcome
    if type(outcome) is Known:
        value = grid.store(outcome.value)  # type: ignore[arg-type]
        return outcome if value is outcome.value else Known(value)
    return mapped(outcome, grid.store, lambda interval: domain.monotone(grid.store, interval))


def mapped(outcome: Outcome, exact: Callable[[Any], Any], ranged: Callable[[Interval], Interval]) -> Outcome:
    """A function of one value, applied to what is known or possible."""
    match outcome:
        case Known():
            return Known(exact(outcome.value))
        case Possible(range=Interval()):
            return bounded(ranged(domain.interval_of(outcome)), outcome)
    return outcome


def negative(outcome: Outcome) -> Outcome:
    """Minus a number or duration."""
    return mapped(outcome, lambda value: -value, domain.negate)


def absolute(outcome: Outcome) -> Outcome:
    """A number without its sign."""
    return mapped(outcome, abs, domain.absolute)


def negation(outcome: Outcome) -> Outcome:
    """Logical not."""
    match outcome:
        case Known():
            return Known(not outcome.value)
        case Possible():
            return bounded(Choice(frozenset(not option for option in domain.choice_of(outcome))), outcome)
    return outcome


def compared(node: ir.Compare, left: Outcome, right: Outcome) -> Outcome:
    """`= != < <= > >=`. Durations have an order where neither has more months while the other has more days."""
    if isinstance(left, Known) and isinstance(right, Known):
        try:
            return Known(exactly(node.operator, left.value, right.value))
        except ValueError:
            return Failure(NO_ORDER, node.span)
    bad = blocked(left, right)
    if bad is not None:
        return bad
    if node.left.type.kind is Kind.DURATION and node.operator not in ("=", "!="):
        return bounded(domain.BOTH, left, right, fault=NO_ORDER)
    return domain.compare(node.operator, left, right)


def arithmetic(symbol: str, left: Outcome, right: Outcome, span: Span | None) -> Outcome:
    """`+ - * /` on numbers, and `+` on durations."""
    if isinstance(left, Known) and isinstance(right, Known):
        if symbol in ("/", "mod") and right.value == 0:
            return Failure("division by zero", span)
        try:
            return Known(calculate(symbol, left.value, right.value))  # type: ignore[arg-type]
        except OverflowError as long:
            return Failure(str(long), span)
    bad = blocked(left, right)
    if bad is not None:
        return bad
    a, b = domain.interval_of(left), domain.interval_of(right)
    match symbol:
        case "+":
            return bounded(domain.add(a, b), left, right)
        case "-":
            return bounded(domain.add(a, domain.negate(b)), left, right)
        case "*":
            interval, fault = domain.multiply(a, b), ""
            if domain.is_too_long(interval):
                interval, fault = Interval(None, None), TOO_LONG
            return bounded(interval, left, right, fault=fault)
        case "mod":
            return _remainder(a, b, left, right, span)
    return _quotient(a, b, left, right, span)


def _quotient(a: Interval, b: Interval, left: Outcome, right: Outcome, span: Span | None) -> Outcome:
    if isinstance(right, Known) and right.value == 0:
        return under(Failure("division by zero", span), left)
    if b.low == b.high == 0:
        return bounded(domain.EMPTY, left, right, fault="division by zero")
    interval = Interval(None, None) if domain.splits(b) else domain.multiply(a, domain.reciprocal(b))
    return bounded(interval, left, right, fault="division by zero" if domain.holds_zero(b) else "")


def _remainder(a: Interval, b: Interval, left: Outcome, right: Outcome, span: Span | None) -> Outcome:
    """`mod`: below the divisor's size, with its sign. Where the quotient is the same throughout, so is the order."""
    if isinstance(right, Known):
        divisor: Any = right.value
        if divisor == 0:
            return under(Failure("division by zero", span), left)
        if a.low is not None and a.high is not None and a.low // divisor == a.high // divisor:
            return bounded(Interval(a.low % divisor, a.high % divisor), left, right)
    if b.low == b.high == 0:
        return bounded(domain.EMPTY, left, right, fault="division by zero")
    low = None if b.low is None else min(0, b.low + 1)
    high = None if b.high is None else max(0, b.high - 1)
    if a.low is not None and a.low >= 0 and b.low is not None and b.low >= 0 and a.high is not None:
        high = a.high if high is None else min(high, a.high)
    return bounded(Interval(low, high), left, right, fault="division by zero" if domain.holds_zero(b) else "")


def rounded(value: Outcome, step: Outcome, mode: RoundingMode, span: Span | None) -> Outcome:
    """A number rounded to a multiple of a step above zero."""
    bad = blocked(value, step)
    if bad is not None:
        return bad
    fault = "a rounding step must be above zero"
    if isinstance(step, Known):
        size: Any = step.value
        if size <= 0:
            return under(Failure(fault, span), value)
        return mapped(
            value,
            lambda number: round_to(number, size, mode),
            lambda interval: domain.monotone(lambda end: round_to(end, size, mode), interval),
        )
    sizes = domain.interval_of(step)
    farthest = Interval(None if sizes.high is None else -sizes.high, sizes.high)
    near = Interval(None, None) if sizes.high is not None and sizes.high < 0 else farthest
    return bounded(
        domain.add(domain.interval_of(value), near), value, step, fault="" if (sizes.low or 0) > 0 else fault
    )


# --- the least and the greatest


def extreme_of(name: str, kind: Kind, outcomes: Sequence[Outcome], span: Span | None) -> Outcome:
    """The least (`min`) or greatest (`max`) of values."""
    known: list[Any] = [outcome.value for outcome in outcomes if type(outcome) is Known]
    if len(known) == len(outcomes):
        return _known_extreme(name, known, span)
    bad = blocked(*outcomes)
    if bad is not None:
        return bad
    intervals = [domain.interval_of(outcome) for outcome in outcomes]
    if kind is Kind.DURATION:
        return bounded(domain.hull(intervals), *outcomes, fault=NO_ORDER)
    interval = domain.extreme(name, intervals)
    deciding = [outcome for outcome in outcomes if not _beaten(name, domain.interval_of(outcome), interval)]
    return settled(interval, needs_of(*deciding), domain.faults_of(*outcomes), domain.may_not_apply(*outcomes))


def _known_extreme(name: str, values: list[Any], span: Span | None) -> Outcome:
    if not isinstance(values[0], Duration):
        return Known(least(values) if name == "min" else greatest(values))
    symbol = "<=" if name == "min" else ">="
    try:
        chosen = [value for value in values if all(exactly(symbol, value, other) for other in values)]
    except ValueError:
        return Failure(NO_ORDER, span)
    return Known(chosen[0])


def _beaten(name: str, own: Interval, result: Interval) -> bool:
    """Whether an operand can never be the extreme, so that its facts do not matter."""
    if name == "min":
        return own.low is not None and result.high is not None and bool(own.low > result.high)
    return own.high is not None and result.low is not None and bool(own.high < result.low)


def extreme_of_counted(name: str, kind: Kind, bodies: Sequence[tuple[Outcome, Outcome]], span: Span | None) -> Outcome:
    """`min` or `max` over members, each with whether they count; it does not apply where nobody counts.

    `extreme` is the extreme of those seen so far if one of them counts, `nobody` whether it may be that none does.
    """
    extreme: Outcome | None = None
    nobody = True
    for counted, body in bodies:
        parts = [body] if nobody else []
        if extreme is not None:
            parts.append(extreme_of(name, kind, [extreme, body], span))
        needs = needs_of(counted, *(known for known, _ in bodies))
        with_it = parts[0] if len(parts) == 1 else either(parts, needs)
        if domain.is_true(counted):
            extreme, nobody = with_it, False
        else:
            extreme = under(either([with_it, *([extreme] if extreme is not None else [])], needs), counted)
    if extreme is None:
        return NOT_APPLICABLE
    return either([extreme, NOT_APPLICABLE], needs_of(*(known for known, _ in bodies))) if nobody else extreme


def summed(kind: Kind, bodies: Sequence[tuple[Outcome, Outcome]], span: Span | None) -> Outcome:
    """The sum over members, each with whether they count."""
    total: Outcome = zero(kind)
    for counted, body in bodies:
        if not domain.is_true(counted):
            body = under(either([body, zero(kind)], needs_of(counted)), counted)
        total = arithmetic("+", total, body, span)
    return total


def otherwise(value: Outcome, fallback: Callable[[], Outcome]) -> Outcome:
    """A value, or where it does not apply what stands instead."""
    if not domain.may_not_apply(value):
        return value
    if not isinstance(value, Possible):
        return fallback()
    options = [fallback()] if value.range == domain.EMPTY else [applying(value), fallback()]
    return under(either(options, value.needs), domain.doubtful(value))


def is_none(value: Outcome) -> Outcome:
    """Whether a value does not apply."""
    match value:
        case Known():
            return domain.FALSE
        case Possible():
            options = ([] if value.range == domain.EMPTY else [False]) + ([True] if value.may_not_apply else [])
            return settled(Choice(frozenset(options)), value.needs, value.may_fail)
        case Failure():
            return value
    return domain.TRUE


def present(value: Outcome) -> Outcome:
    """A value where it was tested to apply."""
    if isinstance(value, Possible) and value.range != domain.EMPTY:
        return applying(value)
    return value


# --- and, or


def logic(parts: Iterable[Any], deciding: bool, find: Callable[[Any], Outcome], span: Span | None) -> Outcome:
    """`and` (deciding False) or `or` (deciding True): one deciding value is enough, whatever else there is."""
    outcomes: list[Outcome] = []
    for part in parts:
        outcome = find(part)
        if isinstance(outcome, Known) and outcome.value is deciding:
            return outcome
        outcomes.append(outcome)
    return decided(outcomes, deciding, span)


def decided(outcomes: Sequence[Outcome], deciding: bool, span: Span | None) -> Outcome:
    """`or` (deciding True) or `and` (deciding False) of conditions of which none surely decides.

    Whatever fails or does not apply is an error, unless something that is not known decides.
    """
    failure = next((outcome for outcome in outcomes if isinstance(outcome, Failure)), None)
    open_ = [outcome for outcome in outcomes if isinstance(outcome, Possible)]
    if failure is None and domain.may_not_apply(*outcomes):
        doubt = Failure("a condition does not apply", span)
        if not all(isinstance(outcome, Known | Possible) for outcome in outcomes):
            failure = doubt
        elif not domain.faults_of(*open_):
            open_ = [Possible(condition.range, condition.needs, may_fail=doubt.message) for condition in open_]
    if not open_:
        return failure or Known(not deciding)
    options = {deciding} if any(deciding in domain.choice_of(condition) for condition in open_) else set()
    if failure is None and all((not deciding) in domain.choice_of(condition) for condition in open_):
        options.add(not deciding)
    fault = failure.message if failure else domain.faults_of(*open_)
    return settled(Choice(frozenset(options)), needs_of(*open_), fault)


# --- exceptions


def winner(node: ir.Exceptions, holding: set[str]) -> str:
    """Which exception stands where exactly `holding` hold: none is the general rule, and where they clash nothing."""
    if not holding:
        return GENERAL
    winners = [case.name for case in node.cases if case.name in holding and holding <= {case.name, *case.over}]
    return winners[0] if len(winners) == 1 else " ".join(sorted(holding))
