"""Arithmetic and logic on outcomes: exact where everything is known, and else on intervals and sets.

Every operation gives a range that holds all results of its operands' completions. Where an operation could fail for
some completions, the result says so and is not determined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from engine.outcomes import Choice, Fact, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.types import EnumValue, Kind, Value, ValueType

TRUE, FALSE = Known(True), Known(False)
BOTH = Choice(frozenset((True, False)))


def needs_of(*outcomes: Outcome) -> frozenset[Fact]:
    """The unknown facts that outcomes depend on."""
    found: frozenset[Fact] = frozenset()
    for outcome in outcomes:
        if isinstance(outcome, Possible):
            found |= outcome.needs
    return found


def faults_of(*outcomes: Outcome) -> str:
    """What may go wrong in them, empty if nothing."""
    return next((one.may_fail for one in outcomes if isinstance(one, Possible) and one.may_fail), "")


def settled(
    range_: Interval | Choice, needs: frozenset[Fact], may_fail: str = "", may_not_apply: bool = False
) -> Outcome:
    """A range as an outcome: known if it holds one value and nothing can go wrong."""
    if not may_fail and not may_not_apply:
        if isinstance(range_, Interval) and range_.low is not None and range_.low == range_.high:
            return Known(range_.low)
        if isinstance(range_, Choice) and len(range_.options) == 1:
            return Known(next(iter(range_.options)))
    return Possible(range_, needs, may_not_apply, may_fail)


def range_of(outcome: Known | Possible) -> Interval | Choice:
    """The values that an outcome may have."""
    if isinstance(outcome, Possible):
        return outcome.range
    if isinstance(outcome.value, bool | EnumValue):
        return Choice(frozenset((outcome.value,)))
    return Interval(outcome.value, outcome.value)


def interval_of(outcome: Known | Possible) -> Interval:
    """The interval of a number, date or duration."""
    found = range_of(outcome)
    assert isinstance(found, Interval)
    return found


def choice_of(outcome: Known | Possible) -> frozenset[Value]:
    """The options of a boolean or enum."""
    found = range_of(outcome)
    assert isinstance(found, Choice)
    return found.options


def either(outcomes: Sequence[Outcome], needs: frozenset[Fact]) -> Outcome:
    """What holds if it is not known which of several outcomes does; `needs` are the facts that decide which."""
    first = outcomes[0]
    if all(outcome == first for outcome in outcomes):
        return first
    may_fail = next((one.message for one in outcomes if isinstance(one, Failure)), "") or faults_of(*outcomes)
    values = [one for one in outcomes if isinstance(one, Known | Possible)]
    absent = any(
        isinstance(one, NotApplicable) or (isinstance(one, Possible) and one.may_not_apply) for one in outcomes
    )
    if not values:
        return Possible(Choice(frozenset()), needs, absent, may_fail)
    return settled(_union([range_of(one) for one in values]), needs | needs_of(*outcomes), may_fail, absent)


def _union(ranges: Sequence[Interval | Choice]) -> Interval | Choice:
    if isinstance(ranges[0], Choice):
        options: frozenset[Value] = frozenset()
        for one in ranges:
            assert isinstance(one, Choice)
            options |= one.options
        return Choice(options)
    lows = [one.low for one in ranges if isinstance(one, Interval)]
    highs = [one.high for one in ranges if isinstance(one, Interval)]
    return Interval(None if None in lows else min(lows), None if None in highs else max(highs))


def all_values(
    value_type: ValueType, low: Any = None, high: Any = None, members: Sequence[str] = ()
) -> Interval | Choice:
    """Everything that a fact of a type may be."""
    match value_type.kind:
        case Kind.BOOLEAN:
            return BOTH
        case Kind.ENUM:
            return Choice(frozenset(EnumValue(value_type.enum, member) for member in members))
    return Interval(low, high)


# --- arithmetic on intervals; None is an open end


def _add(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a + b


def add(a: Interval, b: Interval) -> Interval:
    """The sum."""
    return Interval(_add(a.low, b.low), _add(a.high, b.high))


def negate(a: Interval) -> Interval:
    """Minus the interval."""
    return Interval(None if a.high is None else -a.high, None if a.low is None else -a.low)


def multiply(a: Interval, b: Interval) -> Interval:
    """The product; an open end times zero is zero."""
    ends = [(x, y, xs, ys) for x, xs in ((a.low, -1), (a.high, 1)) for y, ys in ((b.low, -1), (b.high, 1))]
    low: Any = 0
    high: Any = 0
    products = []
    for x, y, xs, ys in ends:
        if x is not None and y is not None:
            products.append(x * y)
        elif (x is not None and x == 0) or (y is not None and y == 0):
            products.append(0)
        else:
            sign = (xs if x is None else (1 if x > 0 else -1)) * (ys if y is None else (1 if y > 0 else -1))
            products.append(None if sign else 0)
            low, high = (None, high) if sign < 0 else (low, None)
    finite = [product for product in products if product is not None]
    lowest = min(finite) if finite else None
    highest = max(finite) if finite else None
    return Interval(None if low is None else lowest, None if high is None else highest)


def reciprocal(b: Interval) -> Interval:
    """1/b for an interval without zero."""
    low = Fraction(0) if b.high is None else Fraction(1) / b.high
    high = Fraction(0) if b.low is None else Fraction(1) / b.low
    return Interval(low, high)


def holds_zero(b: Interval) -> bool:
    """Whether zero lies in it."""
    return (b.low is None or b.low <= 0) and (b.high is None or b.high >= 0)


def extreme(name: str, intervals: Sequence[Interval]) -> Interval:
    """The least (`min`) or greatest (`max`)."""
    lows, highs = [one.low for one in intervals], [one.high for one in intervals]
    if name == "min":
        known_highs = [high for high in highs if high is not None]
        return Interval(None if None in lows else min(lows), min(known_highs) if known_highs else None)
    known_lows = [low for low in lows if low is not None]
    return Interval(max(known_lows) if known_lows else None, None if None in highs else max(highs))


def monotone(function: Callable[[Any], Any], a: Interval) -> Interval:
    """A function that never falls, on both ends."""
    return Interval(None if a.low is None else function(a.low), None if a.high is None else function(a.high))


def compare(symbol: str, a: Known | Possible, b: Known | Possible) -> Outcome:
    """A comparison where at least one side is not known."""
    left, right = range_of(a), range_of(b)
    needs, may_fail = needs_of(a, b), faults_of(a, b)
    if isinstance(left, Choice) and isinstance(right, Choice):
        same, differ = bool(left.options & right.options), len(left.options | right.options) > 1
    else:
        assert isinstance(left, Interval) and isinstance(right, Interval)
        if symbol not in ("=", "!="):
            return settled(Choice(_ordering(symbol, left, right)), needs, may_fail)
        apart = _below(left.high, right.low) or _below(right.high, left.low)
        same, differ = not apart, not (left.low is not None and left.low == left.high == right.low == right.high)
    equal = frozenset(([True] if same else []) + ([False] if differ else []))
    return settled(Choice(equal if symbol == "=" else frozenset(not one for one in equal)), needs, may_fail)


def _below(a: Any, b: Any) -> bool:
    return a is not None and b is not None and bool(a < b)


def _ordering(symbol: str, left: Interval, right: Interval) -> frozenset[Value]:
    if symbol in (">", ">="):
        left, right = right, left
    strict = symbol in ("<", ">")
    options: set[Value] = set()
    certainly = (
        left.high is not None
        and right.low is not None
        and (left.high < right.low or (not strict and left.high == right.low))
    )
    never = (
        left.low is not None
        and right.high is not None
        and (left.low > right.high or (strict and left.low == right.high))
    )
    if not never:
        options.add(True)
    if not certainly:
        options.add(False)
    return frozenset(options)
