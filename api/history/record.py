"""A citizen's record as a case: them, their groups, who else is in those, and everybody's records.

1. From the person go to the groups that they are in on the day, to the others in those, and to the records of all.
2. Facts are read as the annual run reads them: a flow of a period counts if it was recorded from a day of that period;
   a status, a stock, and what is eternal holds from its day on until it is changed.
3. What nobody recorded means what the rules say of a complete case. What was recorded of another kind than the rules
   want is left out, and named.

The offset is the last event that any of this was read from, so that what is recorded of others does not move it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache

from api.failures import Failure
from api.history.memberships import check_memberships
from citizens import Belongs, History, Known, Timeline
from citizens import Value as Recorded
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.values.periods import Period, PeriodKind, Unit
from engine.values.types import EnumValue, Kind, Value

MOST_SUBJECTS = 200
YEARS_BACK = 2


@dataclass(frozen=True, slots=True)
class RecordCase:
    """The case, the subjects that it was read from, the last offset read, and the facts that were left out."""

    case: Case
    subjects: tuple[str, ...]
    offset: int
    left_out: tuple[str, ...]


@dataclass(slots=True)
class _Gathering:
    """What has been found so far. `look` is how a subject's timeline is had."""

    look: Callable[[str], Timeline]
    timelines: dict[str, Timeline] = field(default_factory=dict)
    instances: dict[str, dict[str, None]] = field(default_factory=dict)
    holders: dict[tuple[str, str, str], dict[str, None]] = field(default_factory=dict)
    group_of: dict[tuple[str, str], str] = field(default_factory=dict)
    owner_of: dict[tuple[str, str], str] = field(default_factory=dict)
    records: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)


def person_entity(program: Program) -> str:
    """The entity of people: what is neither a group nor a record."""
    return next(one.name for one in program.settings.entities.values() if not one.of and not one.belongs_to)


def record_case(log: History, program: Program, person: str, at: Period, valid: date, known: Known) -> RecordCase:
    """The case of a person (a subject's name) at a period, as valid on a day, as known. Raises Failure if it is too
    large, and for rules that ask about members of another day."""
    check_memberships(program)
    look = cache(lambda subject: log.timeline(subject, known))
    found = _Gathering(look)
    left = [person]
    while left:
        subject = left.pop(0)
        if subject in found.timelines:
            continue
        if len(found.timelines) >= MOST_SUBJECTS:
            message = f"more than {MOST_SUBJECTS} people and records belong together here"
            raise Failure(message, "assess them with the annual run")
        timeline = found.timelines[subject] = look(subject)
        left += _linked(program, found, log, timeline, valid)
    given: dict[Fact, Value] = {}
    left_out: list[str] = []
    for timeline in found.timelines.values():
        left_out += give(program, given, timeline, at)
    offset = max((change.offset for one in found.timelines.values() for change in one.changes), default=0)
    case = Case(
        at=at,
        instances={entity: tuple(ids) for entity, ids in found.instances.items()},
        holders={key: tuple(people) for key, people in found.holders.items()},
        group_of=found.group_of,
        owner_of=found.owner_of,
        records={key: tuple(ids) for key, ids in found.records.items()},
        given=given,
        complete=True,
    )
    return RecordCase(case, tuple(found.timelines), offset, tuple(dict.fromkeys(left_out)))


def _linked(program: Program, found: _Gathering, log: History, timeline: Timeline, valid: date) -> list[str]:
    """Put a subject in its place; the subjects that belong together with it."""
    entity, _, name = timeline.subject.partition("/")
    declared = program.settings.entities.get(entity)
    if declared is None:
        return []
    found.instances.setdefault(entity, {})[name] = None
    others = log.belonging_to(timeline.subject)
    for value in timeline.at(valid).values():
        if not isinstance(value, Belongs):
            continue
        to, _, other = value.group.partition("/")
        if declared.belongs_to == to:
            found.owner_of[entity, name] = other
            found.records.setdefault((entity, other), {})[name] = None
            others.append(value.group)
        elif to in program.settings.entities and program.settings.entities[to].of == entity:
            found.group_of[to, name] = other
            found.holders.setdefault((to, other, value.role), {})[name] = None
            others.append(value.group)
    return [other for other in others if _belongs(program, found, other, timeline.subject, valid)]


def _belongs(program: Program, found: _Gathering, other: str, subject: str, valid: date) -> bool:
    """Whether another subject belongs together with one on the day: one of the two says so of itself."""
    entity = other.partition("/")[0]
    if entity not in program.settings.entities:
        return False
    own = found.timelines[subject].at(valid).values()
    if any(isinstance(value, Belongs) and value.group == other for value in own):
        return True
    theirs = found.timelines.get(other) or found.look(other)
    return any(isinstance(value, Belongs) and value.group == subject for value in theirs.at(valid).values())


# --- facts


def give(program: Program, given: dict[Fact, Value], timeline: Timeline, at: Period) -> Iterator[str]:
    """Put what a timeline says into `given`, as the rules have it; what they do not take is told."""
    entity, _, name = timeline.subject.partition("/")
    for attribute in dict.fromkeys(change.attribute for change in timeline.changes):
        definition = program.find(attribute)
        if definition is None or definition.entity != entity:
            continue
        for period, recorded in _periods(definition, timeline, attribute, at):
            value = value_of(program, definition, recorded)
            if value is None:
                yield f"{attribute} of {entity}"
            else:
                given[Fact(definition.name, name, period)] = value


def _periods(
    definition: Definition, timeline: Timeline, attribute: str, at: Period
) -> Iterator[tuple[Period, Recorded]]:
    """The periods for which an attribute says something, with what it says."""
    changes = timeline.of(attribute)
    flow = definition.type.kind in (Kind.MONEY, Kind.INTEGER) or not definition.is_input
    if flow and not definition.stock and definition.period.unit is not Unit.ETERNITY:
        for change in changes:
            if change.value is not None:
                yield definition.period.containing(change.valid_from), change.value
        return
    for period in _asked(definition.period, at):
        day = at.end if definition.period.unit is Unit.ETERNITY else period.end
        held = next((one for one in reversed(changes) if one.valid_from <= day), None)
        if held is not None and held.value is not None:
            yield period, held.value


def _asked(kind: PeriodKind, at: Period) -> Iterator[Period]:
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
            known = program.settings.enums[definition.type.enum].members
            return EnumValue(definition.type.enum, recorded) if recorded in known else None
    return None
