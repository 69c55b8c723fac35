"""A citizen's record as a case: them, their groups, who else is in those, and everybody's records.

1. From the person go to the groups that they are in on the day, to the others in those, and to the records of all.
   Where somebody joined or left a group within the period, or the rules ask about other days, everybody counts who ever
   belonged together with them, and when.
2. Facts are read as the annual run reads them: a flow of a period counts if it was recorded from a day of that period;
   a status, a stock, and what is eternal holds from its day on until it is changed.
3. What the rules read from the ledger (`api.history.owed`) is what it says as known, unless it was recorded as a fact.
4. What nobody recorded means what the rules say of a complete case. What was recorded of another kind than the rules
   want is left out, and named.

The offset is the last event that any of this was read from, so that what is recorded of others does not move it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cache

from api.failures import Failure
from api.history.memberships import asks_about_days, has_moved, joined_others, reaching_back, stays_of
from api.history.owed import ledger_facts, owed_by
from api.history.recorded import asked_periods, give, give_personal, held_facts
from citizens import Belongs, History, Known, Timeline
from engine.interpret.cases import Case, Stay, larger_groups
from engine.interpret.contradicted import contradicted
from engine.interpret.made_groups import with_groups
from engine.interpret.outcomes import Fact
from engine.interpret.stated import FIRST, LAST, Held
from engine.ir.program import Program
from engine.values.periods import Period
from engine.values.types import Value

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
    """What has been found so far. `look` is how a subject's timeline is had; `valid` the day that counts, None: all."""

    look: Callable[[str], Timeline]
    valid: date | None
    timelines: dict[str, Timeline] = field(default_factory=dict)
    instances: dict[str, dict[str, None]] = field(default_factory=dict)
    holders: dict[tuple[str, str, str], dict[str, None]] = field(default_factory=dict)
    group_of: dict[tuple[str, str], str] = field(default_factory=dict)
    owner_of: dict[tuple[str, str], str] = field(default_factory=dict)
    records: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    stays: dict[tuple[str, str], list[Stay]] = field(default_factory=dict)
    further_owner: dict[tuple[str, str, str], str] = field(default_factory=dict)
    further_records: dict[tuple[str, str, str], dict[str, None]] = field(default_factory=dict)

    def related(self, timeline: Timeline) -> list[tuple[str, Belongs]]:
        """To whom a subject belongs, by what it says of itself, each with the relation's name; the latest last."""
        if self.valid:
            stated = list(timeline.at(self.valid).items())
        else:
            stated = [(change.attribute, change.value) for change in timeline.changes]
        return [(relation, value) for relation, value in stated if isinstance(value, Belongs)]

    def belonging(self, timeline: Timeline) -> list[Belongs]:
        """To whom a subject belongs, by what it says of itself; the latest last."""
        return [value for _, value in self.related(timeline)]

    def owned_by(self, entity: str, record: str, owner: str) -> None:
        """Note whose a record is; what said so before counts no more."""
        before = self.owner_of.get((entity, record))
        if before is not None and before != owner:
            self.records[entity, before].pop(record, None)
        self.owner_of[entity, record] = owner
        self.records.setdefault((entity, owner), {})[record] = None

    def owned_further_by(self, entity: str, further: str, record: str, owner: str) -> None:
        """The same of an owner besides the first, by what formulas call it."""
        before = self.further_owner.get((entity, further, record))
        if before is not None and before != owner:
            self.further_records[entity, further, before].pop(record, None)
        self.further_owner[entity, further, record] = owner
        self.further_records.setdefault((entity, further, owner), {})[record] = None


def person_entity(program: Program) -> str:
    """The entity of people: what is neither a group nor a record."""
    return next(entity.name for entity in program.settings.entities.values() if not entity.of and not entity.belongs_to)


def record_case(
    log: History, program: Program, person: str, at: Period, *, valid: date, known: Known, whole: bool = False
) -> RecordCase:
    """The case of a person or group (a subject's name) at a period, as valid on a day, as known. Raises Failure if
    it is too large, or says what something else in it implies not to be so.

    `whole`: with everybody who ever belonged together with them, and when, also where nobody's membership changes.
    """
    look = cache(lambda subject: log.timeline(subject, known))
    whole = whole or asks_about_days(program)
    gathering = _gathered(log, program, person, _Gathering(look, None if whole else valid))
    ever = dict.fromkeys(other for subject in gathering.timelines for other in log.belonging_to(subject))
    known_of = [look(subject) for subject in dict.fromkeys((*gathering.timelines, *ever))] if not whole else []
    if any(has_moved(program, timeline, at) for timeline in known_of) or joined_others(program, known_of, at):
        gathering = _gathered(log, program, person, _Gathering(look, None))
    _put_in_order(log, program, gathering)
    given: dict[Fact, Value] = {}
    left_out: list[str] = []
    for timeline in gathering.timelines.values():
        left_out += give(program, given, timeline, at)
    case = _case(program, gathering, at, given)
    case, posted = _with_debts(log, program, case, given, known)
    left_out += give_personal(program, case, given, gathering.timelines.values())
    for contradiction in contradicted(program, case):
        raise Failure(
            f"the record contradicts itself: {contradiction.message}", "record a correction of one of the two"
        )
    offset = max(
        (change.offset for known_timeline in gathering.timelines.values() for change in known_timeline.changes),
        default=0,
    )
    offset = max(offset, posted)
    case, _ = with_groups(program, case)
    return RecordCase(case, tuple(gathering.timelines), offset, tuple(dict.fromkeys(left_out)))


def _gathered(log: History, program: Program, person: str, gathering: _Gathering) -> _Gathering:
    """Everybody who belongs together with somebody, put in their places."""
    left = [person]
    while left:
        subject = left.pop(0)
        if subject in gathering.timelines:
            continue
        if len(gathering.timelines) >= MOST_SUBJECTS:
            message = f"more than {MOST_SUBJECTS} people and records belong together here"
            raise Failure(message, "assess them with the annual run")
        timeline = gathering.timelines[subject] = gathering.look(subject)
        left += _linked(program, gathering, log, timeline)
    return gathering


def _put_in_order(log: History, program: Program, gathering: _Gathering) -> None:
    """Members of each group in the order in which they came into the log, whoever the record is of: the first of them
    names a group that facts make."""
    for key, people in gathering.holders.items():
        kind, group, _ = key
        of = program.settings.entities[kind].of
        listed = log.belonging_to(f"{kind}/{group}")
        in_order = [name for subject in listed if (name := subject.removeprefix(f"{of}/")) in people]
        gathering.holders[key] = dict.fromkeys((*in_order, *people))


def _case(program: Program, gathering: _Gathering, at: Period, given: dict[Fact, Value]) -> Case:
    holders = {key: tuple(people) for key, people in gathering.holders.items()}
    further, lists = larger_groups(program, holders, gathering.group_of)
    further |= gathering.further_owner
    lists |= {key: tuple(ids) for key, ids in gathering.further_records.items()}
    return Case(
        at=at,
        instances={entity: tuple(ids) for entity, ids in gathering.instances.items()},
        holders=holders,
        group_of=gathering.group_of,
        owner_of=gathering.owner_of,
        records={key: tuple(ids) for key, ids in gathering.records.items()},
        given=given,
        held=held_facts(program, gathering.timelines.values()),
        complete=True,
        further_owner=further,
        further_records=lists,
        stays=reaching_back(gathering.stays, at.start),
    )


def _with_debts(log: History, program: Program, case: Case, given: dict[Fact, Value], known: Known) -> tuple[Case, int]:
    """A case with what its people owe by the ledger, where nobody recorded it, and the last offset read. `given` are
    the case's own facts, to which those of the ledger are added."""
    held, offset = dict(case.held), 0
    for definition in ledger_facts(program):
        for name in case.instances.get(definition.entity, ()):
            if held.get((definition.name, name)):
                continue
            debt = owed_by(log, program, definition, f"{definition.entity}/{name}", known)
            amount = Fraction(debt.amount)
            held[definition.name, name] = (Held(FIRST, LAST, amount),)
            given |= {Fact(definition.name, name, day): amount for day in asked_periods(definition.period, case.at)}
            offset = max(offset, debt.offset)
    return replace(case, held=held), offset


def _linked(program: Program, gathering: _Gathering, log: History, timeline: Timeline) -> list[str]:
    """Put a subject in its place; the subjects that belong together with it."""
    entity, _, name = timeline.subject.partition("/")
    declared = program.settings.entities.get(entity)
    if declared is None:
        return []
    gathering.instances.setdefault(entity, {})[name] = None
    others = log.belonging_to(timeline.subject)
    for relation, value in gathering.related(timeline):
        to, _, other = value.group.partition("/")
        further = declared.further_owner(relation) if declared.belongs_to else None
        if further is not None and further.entity == to:
            gathering.owned_further_by(entity, relation, name, other)
            others.append(value.group)
        elif declared.belongs_to == to:
            gathering.owned_by(entity, name, other)
            others.append(value.group)
        elif to in program.settings.entities and program.settings.entities[to].of == entity:
            gathering.group_of[to, name] = other
            gathering.holders.setdefault((to, other, value.role), {})[name] = None
            others.append(value.group)
    if gathering.valid is None:
        for kind, stay in stays_of(program, timeline):
            gathering.stays.setdefault((kind, name), []).append(stay)
    linked = [other for other in others if _belongs(program, gathering, other, timeline.subject)]
    return [*linked, *_made(program, gathering, timeline)]


def _made(program: Program, gathering: _Gathering, timeline: Timeline) -> Iterator[str]:
    """The groups of which facts are recorded that somebody is the first of, if facts put them there."""
    person = timeline.subject.partition("/")[2]
    for value in gathering.belonging(timeline):
        larger, _, whole = value.group.partition("/")
        for entity in program.settings.entities.values():
            group = f"{entity.name}/{whole}/{person}"
            if entity.by and entity.within == larger and gathering.look(group).changes:
                yield group


def _belongs(program: Program, gathering: _Gathering, other: str, subject: str) -> bool:
    """Whether another subject belongs together with one: one of the two says so of itself."""
    if other.partition("/")[0] not in program.settings.entities:
        return False
    if any(value.group == other for value in gathering.belonging(gathering.timelines[subject])):
        return True
    theirs = gathering.timelines.get(other) or gathering.look(other)
    return any(value.group == subject for value in gathering.belonging(theirs))
