"""Logic on outcomes: exact where everything is known, and else on intervals and sets.

Every operation gives a range that holds all results of its operands' completions. Where an operation could fail or not
apply for some completions, the result says so and is not determined.

An interval of durations is a box: its months and its days each lie between the ends' months and days.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from engine.interpret.outcomes import (
    NOT_APPLICABLE,
    Choice,
    Fact,
    Failure,
    Interval,
    Known,
    NotApplicable,
    Outcome,
    Possible,
)
from engine.values import quick
from engine.values.exact import is_too_long as number_is_too_long
from engine.values.types import Duration, EnumValue, Kind, Value, ValueType

TRUE, FALSE, ONE = Known(True), Known(False), Known(1)
BOTH = Choice(frozenset((True, False)))
NO_FACTS: frozenset[Fact] = frozenset()
EMPTY = Choice(frozenset())  # no value: under every completion nothing applies, or something fails


def is_true(outcome: Outcome) -> bool:
    """Whether a condition is known to hold."""
    return type(outcome) is Known and outcome.value is True


def is_false(outcome: Outcome) -> bool:
    """Whether a condition is known not to hold."""
    return type(outcome) is Known and outcome.value is False


def needs_of(*outcomes: Outcome) -> frozenset[Fact]:
    """The unknown facts that outcomes depend on."""
    facts = NO_FACTS
    for outcome in outcomes:
        if type(outcome) is Possible and outcome.needs is not facts:
            facts = facts | outcome.needs if facts else outcome.needs
    return facts


def faults_of(*outcomes: Outcome) -> str:
    """What may go wrong in them, empty if nothing."""
    for outcome in outcomes:
        if type(outcome) is Possible and outcome.may_fail:
            return outcome.may_fail
    return ""


def may_not_apply(*outcomes: Outcome) -> bool:
    """Whether one of them does not apply, or may not."""
    for outcome in outcomes:
        if type(outcome) is NotApplicable or (type(outcome) is Possible and outcome.may_not_apply):
            return True
    return False


def settled(
    range_: Interval | Choice, needs: frozenset[Fact], may_fail: str = "", may_not_apply: bool = False
) -> Outcome:
    """A range as an outcome: known if it holds one value and nothing can go wrong."""
    if not may_fail and not may_not_apply:
        if type(range_) is Interval:
            if range_.low is not None and range_.high is not None and quick.equal(range_.low, range_.high):
                return Known(range_.low)
        elif isinstance(range_, Choice) and len(range_.options) == 1:
            return Known(next(iter(range_.options)))
    return Possible(range_, needs, may_not_apply, may_fail)


def bounded(range_: Interval | Choice, *operands: Outcome, fault: str = "") -> Outcome:
    """A range that was worked out from operands: it needs what they need, and what may go wrong in them may here."""
    return settled(range_, needs_of(*operands), faults_of(*operands) or fault, may_not_apply(*operands))


def blocked(*operands: Outcome) -> Outcome | None:
    """What operands without a value make of an operation: an error first; None if every one has a value."""
    empty = False
    for operand in operands:
        if type(operand) is Failure:
            return operand
        empty = empty or type(operand) is NotApplicable or (type(operand) is Possible and _is_empty(operand.range))
    if empty:
        fault = faults_of(*operands)
        return Possible(EMPTY, needs_of(*operands), may_not_apply(*operands), fault) if fault else NOT_APPLICABLE
    return None


def _is_empty(range_: Interval | Choice) -> bool:
    return type(range_) is Choice and not range_.options


def under(outcome: Outcome, *deciders: Outcome) -> Outcome:
    """An outcome that is reached through others: what may go wrong in those may go wrong with it."""
    fault, absent = faults_of(*deciders), may_not_apply(*deciders)
    if not fault and not absent:
        return outcome
    needs = needs_of(outcome, *deciders)
    match outcome:
        case Known():
            return Possible(range_of(outcome), needs, absent, fault)
        case Possible():
            return Possible(outcome.range, needs, outcome.may_not_apply or absent, outcome.may_fail or fault)
        case NotApplicable():
            return Possible(EMPTY, needs, True, fault) if fault else outcome
        case Failure():
            return Possible(EMPTY, needs, True, outcome.message) if absent else outcome


def range_of(outcome: Known | Possible) -> Interval | Choice:
    """The values that an outcome may have."""
    if isinstance(outcome, Possible):
        return outcome.range
    if isinstance(outcome.value, bool | EnumValue):
        return Choice(frozenset((outcome.value,)))
    return Interval(outcome.value, outcome.value)


def interval_of(outcome: Outcome) -> Interval:
    """The interval of a number, date or duration that is not blocked."""
    assert isinstance(outcome, Known | Possible)
    range_ = range_of(outcome)
    assert isinstance(range_, Interval)
    return range_


def choice_of(outcome: Known | Possible) -> frozenset[Value]:
    """The options of a boolean or enum."""
    choice = range_of(outcome)
    assert isinstance(choice, Choice)
    return choice.options


def either(outcomes: Sequence[Outcome], needs: frozenset[Fact]) -> Outcome:
    """What holds if it is not known which of several outcomes does; `needs` are the facts that decide which."""
    first = outcomes[0]
    if type(first) is not Possible and all(outcome == first for outcome in outcomes):
        return first
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    if len(failures) == len(outcomes):
        return failures[0]
    needs |= needs_of(*outcomes)
    fault = failures[0].message if failures else faults_of(*outcomes)
    ranges = [range_of(outcome) for outcome in outcomes if isinstance(outcome, Known | Possible)]
    return settled(hull([range_ for range_ in ranges if not _is_empty(range_)]), needs, fault, may_not_apply(*outcomes))


def applying(outcome: Possible) -> Outcome:
    """An outcome where it applies."""
    return settled(outcome.range, outcome.needs, outcome.may_fail)


def doubtful(outcome: Possible) -> Possible:
    """What may go wrong in an outcome, apart from that it may not apply."""
    return replace(outcome, may_not_apply=False)


def hull(ranges: Sequence[Interval | Choice]) -> Interval | Choice:
    """The least interval, or set, that holds several."""
    if not ranges:
        return EMPTY
    if isinstance(ranges[0], Choice):
        options: frozenset[Value] = frozenset()
        for range_ in ranges:
            assert isinstance(range_, Choice)
            options |= range_.options
        return Choice(options)
    lows = [range_.low for range_ in ranges if isinstance(range_, Interval)]
    highs = [range_.high for range_ in ranges if isinstance(range_, Interval)]
    return Interval(None if _has_none(lows) else least(lows), None if _has_none(highs) else greatest(highs))


def least(values: list[Any]) -> Any:
    """The least value; of durations the corner below all of them."""
    if isinstance(values[0], Duration):
        return Duration(min(value.months for value in values), min(value.days for value in values))
    return quick.least(values)


def greatest(values: list[Any]) -> Any:
    """The greatest value; of durations the corner above all of them."""
    if isinstance(values[0], Duration):
        return Duration(max(value.months for value in values), max(value.days for value in values))
    return quick.greatest(values)


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
    return None if a is None or b is None else quick.add(a, b)


def add(a: Interval, b: Interval) -> Interval:
    """The sum. Of what lies on one side of zero, and what does so too or is zero, it is not zero."""
    apart = (a.without_zero or b.without_zero) and any(
        _beyond_zero(interval) and _not_below_zero(other) for interval, other in _both_signs(a, b)
    )
    return Interval(_add(a.low, b.low), _add(a.high, b.high), apart)


def _both_signs(a: Interval, b: Interval) -> list[tuple[Interval, Interval]]:
    return [(a, b), (b, a), (negate(a), negate(b)), (negate(b), negate(a))]


def _beyond_zero(a: Interval) -> bool:
    return a.without_zero and a.low is not None and bool(a.low == 0)


def _not_below_zero(a: Interval) -> bool:
    return isinstance(a.low, int | Fraction) and a.low >= 0


def negate(a: Interval) -> Interval:
    """Minus the interval."""
    low = None if a.high is None else quick.negative(a.high)
    return Interval(low, None if a.low is None else quick.negative(a.low), a.without_zero)


def multiply(a: Interval, b: Interval) -> Interval:
    """The product; an open end times zero is zero."""
    ends = [(x, y, xs, ys) for x, xs in ((a.low, -1), (a.high, 1)) for y, ys in ((b.low, -1), (b.high, 1))]
    low: Any = 0
    high: Any = 0
    products = []
    for x, y, xs, ys in ends:
        if x is not None and y is not None:
            products.append(quick.multiply(x, y))
        elif (x is not None and x == 0) or (y is not None and y == 0):
            products.append(0)
        else:
            sign = (xs if x is None else (1 if x > 0 else -1)) * (ys if y is None else (1 if y > 0 else -1))
            products.append(None if sign else 0)
            low, high = (None, high) if sign < 0 else (low, None)
    finite = [product for product in products if product is not None]
    lowest = quick.least(finite) if finite else None
    highest = quick.greatest(finite) if finite else None
    return Interval(None if low is None else lowest, None if high is None else highest)


def is_too_long(interval: Interval) -> bool:
    """Whether an end has more digits than any evaluator computes with: the exact value may fail, or be anything."""
    return any(end is not None and number_is_too_long(end) for end in (interval.low, interval.high))


def reciprocal(b: Interval) -> Interval:
    """1/b for an interval that zero does not split; where zero is an end, it is left out."""
    low = Fraction(0) if b.high is None else None if b.high == 0 else Fraction(1) / b.high
    high = Fraction(0) if b.low is None else None if b.low == 0 else Fraction(1) / b.low
    return Interval(low, high)


def splits(b: Interval) -> bool:
    """Whether zero lies inside, away from the ends."""
    return (b.low is None or b.low < 0) and (b.high is None or b.high > 0)


def absolute(a: Interval) -> Interval:
    """Without the sign."""
    sizes = extreme("max", [a, negate(a)])
    return Interval(0, sizes.high) if holds_zero(a) else sizes


def holds_zero(b: Interval) -> bool:
    """Whether zero lies in it."""
    return not b.without_zero and (b.low is None or b.low <= 0) and (b.high is None or b.high >= 0)


def extreme(name: str, intervals: Sequence[Interval]) -> Interval:
    """The least (`min`) or greatest (`max`)."""
    lows, highs = [interval.low for interval in intervals], [interval.high for interval in intervals]
    if name == "min":
        known_highs = [high for high in highs if high is not None]
        return Interval(
            None if _has_none(lows) else quick.least(lows), quick.least(known_highs) if known_highs else None
        )
    known_lows = [low for low in lows if low is not None]
    highest = None if _has_none(highs) else quick.greatest(highs)
    return Interval(quick.greatest(known_lows) if known_lows else None, highest)


def _has_none(ends: Sequence[Any]) -> bool:
    return any(end is None for end in ends)  # `in` would compare


def monotone(function: Callable[[Any], Any], a: Interval) -> Interval:
    """A function that never falls, on both ends."""
    return Interval(None if a.low is None else function(a.low), None if a.high is None else function(a.high))


def compare(symbol: str, a: Outcome, b: Outcome) -> Outcome:
    """A comparison where both sides have values and at least one is not known."""
    assert isinstance(a, Known | Possible) and isinstance(b, Known | Possible)
    left, right = range_of(a), range_of(b)
    if isinstance(left, Choice) and isinstance(right, Choice):
        same, differ = bool(left.options & right.options), len(left.options | right.options) > 1
    else:
        assert isinstance(left, Interval) and isinstance(right, Interval)
        if symbol not in ("=", "!="):
            return bounded(Choice(_ordering(symbol, left, right)), a, b)
        apart = _below(left.high, right.low) or _below(right.high, left.low)
        same, differ = not apart, not (left.low is not None and left.low == left.high == right.low == right.high)
    equal = frozenset(([True] if same else []) + ([False] if differ else []))
    return bounded(Choice(equal if symbol == "=" else frozenset(not truth for truth in equal)), a, b)


def _below(a: Any, b: Any) -> bool:
    """Whether everything up to `a` lies below everything from `b` on."""
    if a is None or b is None:
        return False
    return a.months < b.months or a.days < b.days if type(a) is Duration else quick.less(a, b)


def _ordering(symbol: str, left: Interval, right: Interval) -> frozenset[Value]:
    """What `<`, `<=`, `>` or `>=` of numbers or dates may be."""
    if symbol in (">", ">="):
        left, right = right, left
    strict = symbol in ("<", ">")
    certainly = _below(left.high, right.low) or (not strict and left.high is not None and left.high == right.low)
    never = _below(right.high, left.low) or (strict and left.low is not None and left.low == right.high)
    return frozenset(([] if never else [True]) + ([] if certainly else [False]))
