"""Whom facts concern: the groups whose assessments they may move, and whose records go with whom.

1. Of each subject with new facts compare what held for the period before and after them, by the columns that the
   figures can read. Where nothing changed, nobody is concerned.
2. A change concerns the group that the subject is in now, a record's through its owner, and every group that an
   assessment of the period named it for: which of those still names it, the caller sees.
   Assessments by other terms that named it are none of theirs, though they be of the same month. A group that has
   moved to another log is followed there.
3. What changed is kept in words, for the reason of an adjustment: the attribute, of what, and the event that said so.
   Never whose: the name would stay in the group's history when the person is erased. Who may, looks the event up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from api.assess.standings import is_erased
from api.assess.terms import Terms
from api.assess.whole_histories import groups_concerned, larger_of
from citizens import (
    Assessment,
    Belongs,
    Correction,
    Event,
    Facts,
    History,
    HorizonPassed,
    Retraction,
    Timeline,
    Value,
    same_value,
)
from citizens.moving import is_moved_from

_ENDED = "\0ended"  # what no fact says


@dataclass(slots=True)
class Touched:
    """A group that changes concern. `joined` are subjects that are in it now; `named` those that it may have named.

    `changes` says what changed, in words and in order, each once.
    """

    joined: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    changes: dict[str, None] = field(default_factory=dict)


def touched_by(log: History, terms: Terms, events: Iterable[Event], position: int, to: int) -> dict[str, Touched]:
    """The groups that some facts concern, recorded above `position` and up to `to`."""
    touched_groups: dict[str, Touched] = {}
    some_left = is_moved_from(log)
    by_subject: dict[str, list[Event]] = {}
    for event in events:
        if _may_count(terms, event):
            by_subject.setdefault(event.subject, []).append(event)
    for subject, recorded in by_subject.items():
        after, before = held(terms, log.timeline(subject, to)), _held_before(log, terms, subject, position)
        if before is not None and not _changed(after, before):
            continue
        changes = dict.fromkeys(_told(terms, recorded, after, before or {}))
        for group in _groups_of(log, terms, subject, after, to):
            if is_erased(group) or (some_left and log.moved_to(group) is not None):
                continue
            touched = touched_groups.setdefault(group, Touched())
            touched.joined.add(subject)
            touched.changes |= changes
        for used in _may_be_named(log, terms, subject, to):
            for group in _users_of(log, terms, used):
                if not some_left or log.moved_to(group) is None:
                    touched = touched_groups.setdefault(group, Touched())
                    touched.named.add(used)
                    touched.changes |= changes
    return touched_groups


def _groups_of(log: History, terms: Terms, subject: str, after: Mapping[str, Value], to: int) -> set[str]:
    """The groups that a subject is in; from whole histories, those of the assessed kind that it was ever in."""
    if not terms.binding.by_history:
        group = _group_of(log, terms, subject, after, to)
        return {group} if group else set()
    concerned = groups_concerned(log, terms.binding, log.timeline(subject, to), to)
    return {group for group in concerned if group.partition("/")[0] == terms.binding.group}


def _may_be_named(log: History, terms: Terms, subject: str, to: int) -> set[str]:
    """Whom assessments may name that a subject's facts concern: from whole histories also its groups."""
    if not terms.binding.by_history:
        return {subject}
    return {subject, *groups_concerned(log, terms.binding, log.timeline(subject, to), to)}


def _users_of(log: History, terms: Terms, subject: str) -> set[str]:
    """The groups that assessments of the assessed kind named a subject for; of groups that facts make, the larger ones
    in which they lie."""
    users = {group for group in log.users_of(subject) if group.partition("/")[0] == terms.binding.assessed}
    if not terms.binding.made:
        return users
    declared = terms.program.settings.entities[terms.binding.made]
    return {whole for group in users for whole in larger_of(log, declared, group)}


def _told(
    terms: Terms, recorded: Iterable[Event], after: Mapping[str, Value], before: Mapping[str, Value]
) -> Iterator[str]:
    """What changed of a subject, each attribute with the last of the events that spoke of it."""
    changed = _changed(after, before)
    whole = terms.binding.whole
    wanted = {} if whole else terms.binding.wanted
    attributes = {
        terms.binding.attribute(column) if column in wanted else column.partition("@")[0] for column in changed
    }
    last = {attribute: event for event in recorded for attribute, _ in _keys(event) if attribute in attributes}
    for attribute, event in sorted(last.items(), key=lambda pair: (pair[1].offset, pair[0])):
        yield f"{attribute} ({event.subject.partition('/')[0]}, #{event.offset})"


def _keyed(attribute: str, day: date) -> str:
    return f"{attribute}@{day}"


def _changed(after: Mapping[str, Value], before: Mapping[str, Value]) -> set[str]:
    """The columns in which two states differ, by value or by kind of value."""
    return {column for column in (*after, *before) if not same_value(after.get(column), before.get(column))}


def held(terms: Terms, timeline: Timeline) -> dict[str, Value]:
    """What holds of a subject for the period, by the columns that can move a figure: of each the last change point."""
    entity = timeline.subject.partition("/")[0]
    if terms.binding.whole:  # what held at any time counts
        return {
            _keyed(point.attribute, point.valid_from): _ENDED if point.value is None else point.value
            for point in timeline.changes
        }
    values: dict[str, Value] = {}
    for change in timeline.changes:  # by attribute and day
        columns = terms.binding.columns_of(entity, change.attribute, change.valid_from)
        if change.value is None:
            columns = [column for column in columns if terms.binding.ends(column, change.valid_from)]
        values |= dict.fromkeys(columns, change.value)
        if terms.binding.looks_back and isinstance(change.value, Belongs):  # since when a group is known
            values[_keyed(change.attribute, change.valid_from)] = change.value
    return {column: value for column, value in values.items() if value is not None}


def _held_before(log: History, terms: Terms, subject: str, position: int) -> dict[str, Value] | None:
    """What held as known at the position; None where compaction left no answer."""
    try:
        return held(terms, log.timeline(subject, position))
    except HorizonPassed:
        return None


def _group_of(log: History, terms: Terms, subject: str, facts: Mapping[str, Value], to: int) -> str:
    """The group that a subject with those facts is in, through its owner if it is a record; empty for none."""
    binding, entity = terms.binding, subject.partition("/")[0]
    if entity == binding.group:
        return subject
    relation = facts.get(binding.relation(entity))
    if not isinstance(relation, Belongs) or relation.group.partition("/")[0] != binding.relation(entity):
        return ""
    owner = relation.group
    if binding.relation(entity) == binding.group:
        return owner
    return _group_of(log, terms, owner, held(terms, log.timeline(owner, to)), to)


def _may_count(terms: Terms, event: Event) -> bool:
    """Whether a change point of an event can move a figure of the period."""
    entity = event.subject.partition("/")[0]
    if terms.binding.whole:
        return entity in terms.program.settings.entities
    return any(terms.binding.columns_of(entity, attribute, day) for attribute, day in _keys(event))


def _keys(event: Event) -> list[tuple[str, date]]:
    match event.body:
        case Facts(points=points) | Correction(points=points):
            return [(point.attribute, point.valid_from) for point in points]
        case Retraction(keys=keys):
            return list(keys)
    return []


def named_by(last: Event | None) -> set[str]:
    """Whose facts an assessment used."""
    return {use.subject for use in last.body.used} if last is not None and isinstance(last.body, Assessment) else set()


def records_of(log: History, terms: Terms, owners: set[str], to: int) -> set[str]:
    """The records of some subjects, as known at an offset."""
    records = {entity: owner for entity, owner in terms.binding.records.items() if log.has_entity(entity)}
    if not records:
        return set()
    return {
        record
        for owner in owners
        if owner.partition("/")[0] in records.values()
        for record in log.belonging_to(owner)
        if _owner_of(log, terms, record, records, to) == owner
    }


def _owner_of(log: History, terms: Terms, record: str, records: Mapping[str, str], to: int) -> str:
    """Who owns a record for the period; empty for nobody, and for what is not a record."""
    relation = records.get(record.partition("/")[0], "")
    owner = held(terms, log.timeline(record, to)).get(relation) if relation else None
    return owner.group if isinstance(owner, Belongs) else ""
