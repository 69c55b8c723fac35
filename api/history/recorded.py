"""What a timeline says of a subject, as the rules have their facts.

1. A flow or event counts in the period that holds the day from which it was recorded.
2. A status, a stock, and what is eternal holds from its day on until it is changed: on each day, so that figures of any
   day, week or month find it.
3. A period that begins on somebody's own day is reckoned from their first day, which must be on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from citizens import Change, Timeline
from citizens import Value as Recorded
from engine.interpret.cases import Case, unit_of
from engine.interpret.outcomes import Fact
from engine.interpret.stated import LAST, Held
from engine.ir.program import Definition, Program
from engine.values.periods import ETERNITY, Period, PeriodKind, Unit
from engine.values.types import NONE, EnumValue, Kind, Value

YEARS_BACK = 2


def give(program: Program, given: dict[Fact, Value], timeline: Timeline, at: Period) -> Iterator[str]:
    """Put what a timeline says into `given`, as the rules have it; what they do not take is told."""
    entity, _, name = timeline.subject.partition("/")
    for attribute, definition in _defined(program, timeline):
        if definition.period.is_personal:
            continue
        for period, recorded in _periods(definition, timeline, attribute, at):
            value = value_of(program, definition, recorded)
            if value is None:
                yield f"{attribute} of {entity}"
            else:
                given[Fact(definition.name, name, period)] = value


def held_facts(program: Program, timelines: Iterable[Timeline]) -> dict[tuple[str, str], tuple[Held, ...]]:
    """What lasts, on each day on which it was so. Periods that begin on somebody's own day have their last day too."""
    held: dict[tuple[str, str], tuple[Held, ...]] = {}
    for timeline in timelines:
        name = timeline.subject.partition("/")[2]
        for attribute, definition in _defined(program, timeline):
            if definition.lasts and definition.period.unit is not Unit.ETERNITY:
                held[definition.name, name] = tuple(_stretches(program, definition, timeline.of(attribute)))
    return held


def _stretches(program: Program, definition: Definition, changes: Iterable[Change]) -> Iterator[Held]:
    for change in changes:
        value = value_of(program, definition, change.value) if change.value is not None else None
        if value is not None:
            last = LAST if change.valid_until is None else change.valid_until - timedelta(1)
            yield Held(change.valid_from, last, value)


def give_personal(
    program: Program, case: Case, given: dict[Fact, Value], timelines: Iterable[Timeline]
) -> Iterator[str]:
    """Put into `given` what was recorded on a day of a period that begins on somebody's own. What was recorded while
    there was no period counts in none; what nobody's first day places, or is not taken, is told."""
    for timeline in timelines:
        entity, _, name = timeline.subject.partition("/")
        for attribute, definition in _defined(program, timeline):
            if not definition.period.is_personal or definition.lasts:
                continue
            for change in timeline.of(attribute):
                unit = unit_of(definition.period, case, program.settings, (entity, name), change.valid_from)
                if change.value is None or unit is None:
                    continue
                first = given.get(Fact(definition.period.calendar.starts, unit, ETERNITY))
                value = value_of(program, definition, change.value)
                if value is None or not isinstance(first, date):
                    yield f"{attribute} of {entity}"
                elif change.valid_from >= first:
                    period = definition.period.anchored(first).containing(change.valid_from)
                    given[Fact(definition.name, name, period)] = value


def _defined(program: Program, timeline: Timeline) -> Iterator[tuple[str, Definition]]:
    """The attributes of a timeline that are facts or figures of the rules."""
    entity = timeline.subject.partition("/")[0]
    for attribute in dict.fromkeys(change.attribute for change in timeline.changes):
        definition = program.find(attribute)
        if definition is not None and definition.entity == entity:
            yield attribute, definition


def _periods(
    definition: Definition, timeline: Timeline, attribute: str, at: Period
) -> Iterator[tuple[Period, Recorded]]:
    """The periods for which an attribute says something, with what it says."""
    changes = timeline.of(attribute)
    if not definition.lasts:
        for change in changes:
            if change.value is not None:
                yield definition.period.containing(change.valid_from), change.value
        return
    for period in asked_periods(definition.period, at):
        day = at.end if definition.period.unit is Unit.ETERNITY else period.end
        held = next((latest for latest in reversed(changes) if latest.valid_from <= day), None)
        if held is not None and held.value is not None:
            yield period, held.value


def asked_periods(kind: PeriodKind, at: Period) -> Iterator[Period]:
    """The periods of a kind that formulas at a period may ask for: its own, and those of some years before."""
    match kind.unit:
        case Unit.ETERNITY:
            yield kind.containing(at.start)
        case Unit.DAY:
            yield from dict.fromkeys((kind.containing(at.start), kind.containing(at.end)))
        case Unit.MONTH:
            last = kind.containing(at.end)
            yield from (last.shift(-back) for back in range(12 * (YEARS_BACK + 1)))
        case Unit.YEAR:
            last = kind.containing(at.end)
            yield from (last.shift(-back) for back in range(YEARS_BACK + 1))


def value_of(program: Program, definition: Definition, recorded: Recorded) -> Value | None:
    """What was recorded as the rules' type has it; None if it is of another kind, off the grid or out of range."""
    if recorded == str(NONE) and definition.may_not_apply and not _is_member(program, definition, str(NONE)):
        return NONE
    value = _typed(program, definition, recorded)
    if value is None or isinstance(value, bool) or not isinstance(value, int | Fraction):
        return value
    low, high = definition.low, definition.high
    if (low is not None and value < low) or (high is not None and value > high):
        return None
    if definition.grid is not None and definition.is_input and value % definition.grid.step != 0:
        return None
    return value


def _typed(program: Program, definition: Definition, recorded: Recorded) -> Value | None:
    match definition.type.kind, recorded:
        case Kind.BOOLEAN, bool():
            return recorded
        case _, bool():
            return None
        case ((Kind.MONEY | Kind.RATE), (int() | Decimal())):
            return Fraction(recorded)
        case Kind.INTEGER, int():
            return recorded
        case Kind.DATE, date():
            return recorded
        case Kind.ENUM, str():
            known = _is_member(program, definition, recorded)
            return EnumValue(definition.type.enum, recorded) if known else None
    return None


def _is_member(program: Program, definition: Definition, word: str) -> bool:
    return bool(definition.type.enum) and word in program.settings.enums[definition.type.enum].members
