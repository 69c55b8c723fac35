"""Reading scales with keys and amounts that may not be known."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, Protocol

from engine.interpret import domain
from engine.interpret.domain import blocked, bounded, either, needs_of, under
from engine.interpret.outcomes import Choice, Interval, Known, Outcome, Possible, stated
from engine.reading.declared_constants import Bracket, Key, Scale
from engine.remembered import Remembered
from engine.values.types import EnumValue


def meant_by(outcome: Outcome) -> Callable[[Key], bool]:
    """Which keys of rows a key may be: made once, and asked of every row."""
    match outcome:
        case Known(value=value):
            return frozenset((key_of(value),)).__contains__
        case Possible(range=Choice(options=options)):
            return frozenset(map(key_of, options)).__contains__
        case Possible(range=Interval(low=low, high=high)):
            return lambda key: (low is None or low <= key) and (high is None or key <= high)
    return frozenset[Key]().__contains__


def key_of(value: Any) -> Key:
    """A value as the key of a row."""
    return value.member if isinstance(value, EnumValue) else value


class Shape(Protocol):
    """How a scale applies its brackets."""

    @property
    def kind(self) -> str: ...

    @property
    def inclusive(self) -> bool: ...


def scaled(
    scale: Scale, bands: Mapping[Key | None, Sequence[Bracket]], key: Outcome | None, argument: Outcome
) -> Outcome:
    """A scale of an amount, by its key if it has one."""
    bad = blocked(argument, *([key] if key is not None else []))
    if bad is not None:
        return bad
    if key is None:
        return banded(scale, bands[None], argument)
    is_meant = meant_by(key)
    fitting = [brackets for name, brackets in bands.items() if name is not None and is_meant(name)]
    if len(fitting) == 1:
        return under(banded(scale, fitting[0], argument), key)
    return under(either([banded(scale, brackets, argument) for brackets in fitting], needs_of(key)), key)


def banded(scale: Shape, brackets: Sequence[Bracket], argument: Outcome) -> Outcome:
    """Brackets applied to what an amount is or may be."""
    if isinstance(argument, Known):
        return stated(scale_value(scale, brackets, argument.value))
    interval = domain.interval_of(argument)
    if scale.kind == "step":
        values = [stated(bracket.value) for bracket in _touched(scale, brackets, interval)]
        return under(either(values, needs_of(argument)), argument)
    return bounded(_marginal(scale, brackets, interval), argument)


def _marginal(scale: Shape, brackets: Sequence[Bracket], interval: Interval) -> Interval:
    """Between thresholds a marginal scale is a line, so its extremes lie at thresholds and at the ends."""
    rates: list[Any] = [bracket.value for bracket in brackets]
    if interval.low is not None and interval.high is not None and all(rate >= 0 for rate in rates):  # it never falls
        return Interval(*(scale_value(scale, brackets, end) for end in (interval.low, interval.high)))
    inside = [
        bracket.threshold
        for bracket in brackets
        if (interval.low is None or bracket.threshold > interval.low)
        and (interval.high is None or bracket.threshold < interval.high)
    ]
    ends = [end for end in (interval.low, interval.high) if end is not None]
    values = [scale_value(scale, brackets, point) for point in (*ends, *inside)]
    last = rates[-1] if interval.high is None else 0
    return Interval(None if last < 0 else min(values), None if last > 0 else max(values))


def _touched(scale: Shape, brackets: Sequence[Bracket], interval: Interval) -> Sequence[Bracket]:
    """The bands that an interval reaches."""
    low = 0 if interval.low is None else band(scale, brackets, interval.low)
    high = len(brackets) - 1 if interval.high is None else band(scale, brackets, interval.high)
    return brackets[low : high + 1]


def band(scale: Shape, brackets: Sequence[Bracket], amount: Any) -> int:
    """Which band an amount lies in."""
    band_index = 0
    for index, bracket in enumerate(brackets):
        threshold = bracket.threshold
        if threshold is not None and (amount > threshold or (scale.inclusive and amount == threshold)):
            band_index = index
    return band_index


def scale_value(scale: Shape, brackets: Sequence[Bracket], amount: Any) -> Any:
    """A scale at an amount: the value of its band, or the sum of each slice times its rate."""
    if scale.kind == "step":
        return brackets[band(scale, brackets, amount)].value
    if isinstance(brackets, tuple):  # as declared, and so asked again and again
        thresholds, totals = _SUMS.of(brackets, None, lambda: _sums(brackets))
    else:
        thresholds, totals = _sums(brackets)
    place = bisect_left(thresholds, amount) - 1
    if place < 0:
        return Fraction(0)
    return totals[place] + (amount - thresholds[place]) * brackets[place].value


def _sums(brackets: Sequence[Bracket]) -> tuple[list[Any], list[Any]]:
    """The thresholds of a marginal scale, which rise, and what the slices below each come to."""
    totals: list[Any] = [Fraction(0)]
    for bracket, following in pairwise(brackets):
        totals.append(totals[-1] + (following.threshold - bracket.threshold) * bracket.value)  # type: ignore[operator]
    return [bracket.threshold for bracket in brackets], totals


_SUMS: Remembered[tuple[list[Any], list[Any]]] = Remembered(512)
