"""Reading tables and scales with keys and amounts that may not be known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from engine.interpret import domain
from engine.interpret.domain import blocked, bounded, either, needs_of, under
from engine.interpret.outcomes import Choice, Failure, Interval, Known, Outcome, Possible, stated
from engine.ir import nodes as ir
from engine.reading.declarations import Bracket, Key, Row, Scale
from engine.values.types import EnumValue


def cell(node: ir.TableRead, rows: Mapping[tuple[Key, ...], Row], keys: Sequence[Outcome]) -> Outcome:
    """A table's cell, or what it may be."""
    bad = blocked(*keys)
    if bad is not None:
        return bad
    if all(isinstance(key, Known) for key in keys):
        row = rows.get(tuple(_key(key.value) for key in keys if isinstance(key, Known)))
        return stated(row[node.column]) if row is not None else _no_row(node, keys)
    fitting = [row for key, row in rows.items() if all(map(_may_be, keys, key))]
    if not fitting:
        return under(_no_row(node, keys), *keys)
    outcomes: list[Outcome] = [stated(row[node.column]) for row in fitting]
    if _may_miss(keys, rows):
        outcomes.append(Failure("the key may lie outside the table", node.span))
    return under(either(outcomes, needs_of(*keys)), *keys)


def _key(value: Any) -> Key:
    return value.member if isinstance(value, EnumValue) else value


def _no_row(node: ir.TableRead, keys: Sequence[Outcome]) -> Failure:
    shown = ", ".join(str(key.value) for key in keys if isinstance(key, Known)) or "this"
    return Failure(f"the table `{node.name.rpartition(':')[2]}` has no row `{shown}`", node.span)


def _may_be(outcome: Outcome, key: Key) -> bool:
    """Whether a key may be this one."""
    match outcome:
        case Known(value=value):
            return bool(_key(value) == key)
        case Possible(range=Choice(options=options)):
            return any(_key(one) == key for one in options)
        case Possible(range=Interval(low=low, high=high)):
            return (low is None or low <= key) and (high is None or key <= high)
    return False


def _may_miss(keys: Sequence[Outcome], rows: Mapping[tuple[Key, ...], Row]) -> bool:
    """Whether a number may lie outside the table's keys."""
    for position, outcome in enumerate(keys):
        if isinstance(outcome, Possible) and isinstance(outcome.range, Interval):
            listed: list[Any] = [key[position] for key in rows]
            low, high = outcome.range.low, outcome.range.high
            if low is None or high is None or low < min(listed) or high > max(listed):
                return True
        elif isinstance(outcome, Known) and not any(_key(outcome.value) == key[position] for key in rows):
            return True
    return False


def scaled(
    scale: Scale, bands: Mapping[Key | None, Sequence[Bracket]], key: Outcome | None, argument: Outcome
) -> Outcome:
    """A scale of an amount, by its key if it has one."""
    bad = blocked(argument, *([key] if key is not None else []))
    if bad is not None:
        return bad
    if key is None:
        return _banded(scale, bands[None], argument)
    fitting = [brackets for name, brackets in bands.items() if name is not None and _may_be(key, name)]
    if len(fitting) == 1:
        return under(_banded(scale, fitting[0], argument), key)
    return under(either([_banded(scale, brackets, argument) for brackets in fitting], needs_of(key)), key)


def _banded(scale: Scale, brackets: Sequence[Bracket], argument: Outcome) -> Outcome:
    """Brackets applied to what an amount is or may be."""
    if isinstance(argument, Known):
        return Known(scale_value(scale, brackets, argument.value))
    interval = domain.interval_of(argument)
    if scale.kind == "step":
        values = [Known(one.value) for one in _touched(scale, brackets, interval)]
        return under(either(values, needs_of(argument)), argument)
    return bounded(_marginal(scale, brackets, interval), argument)


def _marginal(scale: Scale, brackets: Sequence[Bracket], interval: Interval) -> Interval:
    """Between thresholds a marginal scale is a line, so its extremes lie at thresholds and at the ends."""
    rates: list[Any] = [one.value for one in brackets]
    inside = [
        one.threshold
        for one in brackets
        if (interval.low is None or one.threshold > interval.low)
        and (interval.high is None or one.threshold < interval.high)
    ]
    ends = [end for end in (interval.low, interval.high) if end is not None]
    values = [scale_value(scale, brackets, point) for point in (*ends, *inside)]
    last = rates[-1] if interval.high is None else 0
    return Interval(None if last < 0 else min(values), None if last > 0 else max(values))


def _touched(scale: Scale, brackets: Sequence[Bracket], interval: Interval) -> Sequence[Bracket]:
    """The bands that an interval reaches."""
    low = 0 if interval.low is None else band(scale, brackets, interval.low)
    high = len(brackets) - 1 if interval.high is None else band(scale, brackets, interval.high)
    return brackets[low : high + 1]


def band(scale: Scale, brackets: Sequence[Bracket], amount: Any) -> int:
    """Which band an amount lies in."""
    found = 0
    for index, bracket in enumerate(brackets):
        threshold = bracket.threshold
        if threshold is not None and (amount > threshold or (scale.inclusive and amount == threshold)):
            found = index
    return found


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
