"""For when a fact is stated: `2024`, `2024-03`, `week:2024-03-04`, `2024-01..2024-06`, `from 2024-10`, `until 2024-09`.

1. A flow or event is stated for periods of its own calendar, one or each from the first to the last of two.
2. A stock or status is stated for days; it has one value in each period, that of its last day. `from` holds until the
   next `from`, or for good.
3. Without any time it is stated for the period of its calendar that is or holds the case's; a stock or status of a
   shorter period for each of those in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from engine.ir.program import Definition
from engine.reading.declared_settings import Settings
from engine.records import record
from engine.values.calendars import NoPeriod
from engine.values.dates import EARLIEST_FACT, FIRST_YEAR, LAST_YEAR, LATEST_FACT
from engine.values.periods import Period, Unit, parse_period
from engine.values.types import Kind, Value

FIRST, LAST = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
MOST_PERIODS = 1_200


class NotATime(Exception):
    """A time that cannot be meant: `message` says why, `remedy` what to write."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


@record(frozen=True, slots=True)
class Days:
    """From which day to which a statement holds. With `is_open` it ends where the next such one begins."""

    first: date
    last: date
    is_open: bool = False


@record(frozen=True, slots=True)
class Held:
    """A value that a stock or status has on each of some days."""

    first: date
    last: date
    value: Value


def is_state(definition: Definition) -> bool:
    """Whether a fact has a value on each day: a stock or a status, and neither a flow nor an event."""
    lasting = definition.stock or definition.status
    return lasting or (not definition.event and definition.type.kind not in (Kind.MONEY, Kind.INTEGER))


def in_a_case(name: str, period: Period) -> str:
    """How a case states a fact of a period."""
    return f"`{name}: {{{period}: …}}`"


def in_a_head(name: str, period: Period) -> str:
    """How the head of a column states a fact of a period."""
    return f"`{name}@{period}`"


def bare(definition: Definition, at: Period, written: Callable[[str, Period], str] = in_a_case) -> tuple[Period, ...]:
    """The periods of a fact that is stated without a time. Raises NotATime if nobody can say which is meant, with how
    a time is `written` there."""
    kind = definition.period
    try:
        period = definition.period_at(at)
    except NoPeriod:
        message = f"`{definition.short_name}` is per {kind}, and {at} begins before the first"
        raise NotATime(message, f"the first begins on {kind.calendar.anchor}") from None
    if period is not None:
        return (period,)
    inside = at.parts(kind, "ending")
    if is_state(definition) and inside and inside[0].start >= at.start:
        return inside
    first, last = (at.parts(kind)[index] for index in (0, -1))
    told = [written(definition.short_name, part) for part in (first, last)]
    words = "" if first.kind.is_civil else f" ({first.days}, {last.days})"
    message = f"`{definition.short_name}` is per {kind}, and the case is at {at}"
    raise NotATime(message, f"say for which {kind}: {told[0]} or {told[1]}{words}")


def stated_for(definition: Definition, text: str, settings: Settings) -> tuple[Period, ...] | Days:
    """What is meant by a fact's key: periods of its calendar, or days. Raises NotATime."""
    word, _, rest = text.partition(" ")
    if word in ("from", "until"):
        return _open(definition, word, rest.strip(), settings)
    first, dots, last = text.partition("..")
    begin = _period(definition, first.strip(), settings)
    end = _period(definition, last.strip(), settings) if dots else begin
    if end.end < begin.start:
        raise NotATime(f"`{text}` ends before it begins", "write the earlier period first")
    if begin.kind == end.kind == definition.period:
        return _each(begin, end, text)
    if not is_state(definition) or definition.period.unit is Unit.ETERNITY:
        raise NotATime(*_other_calendar(definition, begin if begin.kind != definition.period else end))
    days = Days(begin.start, end.end)
    if not any(True for part in Period(begin.kind, begin.start).parts(definition.period, "ending")) and not dots:
        raise NotATime(*_other_calendar(definition, begin))
    return days


def days_for(text: str, settings: Settings) -> Days:
    """The days of a membership: `from 2024-05-01`, `until 2024-04`, `2024-01-01..2024-06-30`. Raises NotATime."""
    word, _, rest = text.partition(" ")
    first, dots, last = (rest, "", "") if word in ("from", "until") else text.partition("..")
    try:
        begin = settings.period(first.strip())
        end = settings.period(last.strip()) if dots else begin
    except ValueError as fault:
        raise NotATime(str(fault), "write `from 2024-05-01` or `2024-01-01..2024-06-30`") from None
    if word == "from":
        return Days(begin.start, LAST)
    if word == "until":
        return Days(FIRST, end.end)
    if end.end < begin.start:
        raise NotATime(f"`{text}` ends before it begins", "write the earlier day first")
    return Days(begin.start, end.end)


def _open(definition: Definition, word: str, text: str, settings: Settings) -> Days:
    if not is_state(definition) or definition.period.unit is Unit.ETERNITY:
        name, kind = definition.short_name, definition.period
        if kind.unit is Unit.ETERNITY:
            raise NotATime(f"`{name}` is for all time", f"write `{name}: …` alone")
        what = "an event" if definition.event else "an amount"
        raise NotATime(f"`{name}` is {what} of each {kind}, and does not carry on", "write the periods: `A..B`")
    period = _period(definition, text, settings)
    return Days(period.start, LAST, is_open=True) if word == "from" else Days(FIRST, period.end)


def _period(definition: Definition, text: str, settings: Settings) -> Period:
    """A period, of which a bare year is one of the fact's own calendar."""
    kind = definition.period
    own = kind.calendar.name if kind.unit is Unit.YEAR else "year"
    try:
        return parse_period(text, dict(settings.calendars), own)
    except NoPeriod:
        message = f"`{text}` lies before the first {kind}"
        raise NotATime(message, f"the first begins on {kind.calendar.anchor}") from None
    except ValueError as fault:
        raise NotATime(str(fault), "write `2024`, `2024-03`, `2024-01..2024-06` or `from 2024-10`") from None


def _each(first: Period, last: Period, text: str) -> tuple[Period, ...]:
    periods = [first]
    while periods[-1].start < last.start:
        if len(periods) >= MOST_PERIODS:
            raise NotATime(f"`{text}` has more than {MOST_PERIODS:,} periods", "name fewer")
        periods.append(periods[-1].shift(1))
    return tuple(periods)


def _other_calendar(definition: Definition, period: Period) -> tuple[str, str]:
    kind = definition.period
    if kind.unit is Unit.ETERNITY:
        return f"`{definition.short_name}` is for all time, not for {period}", "write its value alone"
    near = kind.containing(period.start)
    days = "" if kind.is_civil else f" ({near.days})"
    return f"`{definition.short_name}` is per {kind}, not for {period}", f"write a {kind}, such as `{near}`{days}"


def settled_days(stated: Sequence[tuple[Days, Value]]) -> tuple[Held, ...]:
    """Statements for days, in order of their first; each open one ends before the next open one begins."""
    ordered = sorted(stated, key=lambda statement: statement[0].first)
    starts = [days.first for days, _ in ordered if days.is_open]
    held = []
    for days, value in ordered:
        later = next((start for start in starts if start > days.first), None) if days.is_open else None
        held.append(Held(days.first, days.last if later is None else later - timedelta(1), value))
    return tuple(held)


def on(held: Sequence[Held], period: Period) -> Value | None:
    """What a stock or status is in a period: its value on the last day."""
    return next((statement.value for statement in held if statement.first <= period.end <= statement.last), None)


def ends_of(definition: Definition, low: Value | None = None, high: Value | None = None) -> tuple[Any, Any]:
    """Between what a fact that is not known lies: what is stated of it, else its range, else what dates may be."""
    dated = definition.type.kind is Kind.DATE
    ends = (EARLIEST_FACT, LATEST_FACT) if dated else (definition.low, definition.high)
    return (ends[0] if low is None else low), (ends[1] if high is None else high)
