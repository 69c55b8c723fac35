"""What rules say of the events that a log is to record, and of what a log has recorded that they cannot read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from api.history.merging import SAME
from api.history.recorded import value_of
from citizens import Belongs, Correction, Draft, Facts, Point, Recorded, Snapshot
from engine.explain.words import humanized
from engine.ir.program import Definition, Program
from engine.text.articles import with_article
from engine.values.periods import Period

OWN = frozenset({"access", "annual_run", "query"})
"""The kinds of subjects on which this program keeps what it did: looks at records, runs, questions to everybody."""

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Unfit:
    """What rules do not take of an event. `valid_from` and `attribute` say of which fact; None: it is the subject. The
    message quotes nothing of the event."""

    message: str
    help: str
    valid_from: date | None = None
    attribute: str = ""


def unfit(program: Program, draft: Draft) -> Iterator[Unfit]:
    """What the rules do not take of an event: a subject of no entity of theirs, facts that there are none of, values of
    another kind, groups and roles that there are not. Payments, holds and what is taken back may be of any subject of
    the rules."""
    entity = draft.subject.partition("/")[0]
    entities = program.settings.entities
    if entity not in entities:
        known = ", ".join(f"`{name}`" for name in entities)
        yield Unfit("the rules know no entity of this name", f"the subject is one of {known}")
        return
    if isinstance(draft.body, Facts | Correction):
        for point in draft.body.points:
            of_group = isinstance(point.value, Belongs)
            told = (_membership if of_group else _fact)(program, entity, point)
            if told is not None:
                yield Unfit(*told, point.valid_from, point.attribute)


def _fact(program: Program, entity: str, point: Point) -> tuple[str, str] | None:
    definition = program.find(point.attribute)
    if definition is None or definition.entity != entity:
        if point.value is None and point.attribute in _relations(program, entity):
            return None  # a membership that ends
        return (
            f"{with_article(entity)} has no fact of this name",
            "see `rulewright list`, or `variables` of the ruleset",
        )
    if point.value is not None and value_of(program, definition, point.value) is None:
        return f"the rules take a value of type {definition.type} here", "see its `range`, too"
    return None


def _membership(program: Program, entity: str, point: Point) -> tuple[str, str] | None:
    assert isinstance(point.value, Belongs)
    relations = _relations(program, entity)
    if point.attribute not in relations:
        known = ", ".join(f"`{name}`" for name in relations) or "nothing"
        return f"{with_article(entity)} cannot belong to anything by this name", f"it belongs to: {known}"
    to = program.settings.entities[relations[point.attribute]]
    if point.value.group.partition("/")[0] != to.name:
        return f"the group named here is not {with_article(to.name)}", f"name it `{to.name}/<id>`"
    roles = [role.name for role in to.roles]
    if to.of == entity and point.value.role not in roles:
        return f"{with_article(to.name)} has no such role", f"its roles are {', '.join(f'`{role}`' for role in roles)}"
    return None


def _relations(program: Program, entity: str) -> dict[str, str]:
    """To what an entity's subjects may belong, by the relation's name: groups of theirs, or a record's owners."""
    entities = program.settings.entities
    declared = entities[entity]
    groups = {group.name: group.name for group in entities.values() if group.of == entity}
    owners = {declared.first_owner or declared.belongs_to: declared.belongs_to} if declared.belongs_to else {}
    return groups | owners | {owner.name: owner.entity for owner in declared.further}


# --- what stands in a log


def unknown_entities(program: Program, names: Iterable[str]) -> tuple[str, ...]:
    """What to say of the kinds of subjects in logs that the rules do not know: nobody reads their facts. Groups whose
    debts a fact is are those of other rules."""
    entities = program.settings.entities
    known = {*entities, *OWN, *_indebted(program)}
    unknown = sorted(set(names) - known)
    told = [_unknown(name, list(entities)) for name in unknown[:MOST_NAMED]]
    return (*told, *_more(len(unknown), "kinds of subjects"))


def _indebted(program: Program) -> set[str]:
    """The kinds of groups whose debts a fact is: they may be other rules' own."""
    return {group for definition in program.definitions.values() for group, _ in definition.ledger}


def _unknown(name: str, entities: list[str]) -> str:
    meant = get_close_matches(name, entities, n=1)
    hint = f" (did somebody mean `{meant[0]}`?)" if meant else ""
    return f"the log has subjects `{name}/…`, and the rules know no entity `{name}`: their facts are not read{hint}"


def recorded_in(parts: Iterable[Mapping[str, Recorded]]) -> dict[str, Recorded]:
    """When facts were recorded in all parts of a population."""
    whole: dict[str, Recorded] = {}
    for part in parts:
        for name, when in part.items():
            whole[name] = whole[name] | when if name in whole else when
    return whole


def unread_attributes(recorded: Mapping[str, Recorded], at: Period) -> tuple[str, ...]:
    """What to say of facts that the figures of a period read, and that were recorded for other times alone."""
    stray = [(name, when) for name, when in sorted(recorded.items()) if not when.counts]
    told = [
        f"`{name}` is read for {at}, and was recorded for {_days(when.first, when.last)} only: nothing reads it"
        for name, when in stray[:MOST_NAMED]
    ]
    return (*told, *_more(len(stray), "facts that were recorded for other times only"))


def misplaced(program: Program, read: Mapping[str, Definition], snapshot: Snapshot) -> tuple[str, ...]:
    """What to say of facts in a snapshot that were recorded of another entity of the rules than theirs, and of those
    that the rules do not know. `read`: by column."""
    tables = [table for entity, table in snapshot.tables.items() if entity in program.settings.entities]
    stated = {(name, table.entity) for table in tables for name in table.columns if name in read}
    wrong = {
        (read[name].short_name, entity, read[name].entity) for name, entity in stated if read[name].entity != entity
    }
    told = [
        f"`{name}` is recorded of {with_article(humanized(entity))}, and is a fact of {with_article(humanized(of))}: "
        "it is not read"
        for name, entity, of in sorted(wrong)
    ]
    more = _more(len(told), "facts that were recorded of another entity")
    return (*told[:MOST_NAMED], *more, *_unknown_attributes(program, snapshot.unwanted))


def _unknown_attributes(program: Program, recorded_of: Mapping[str, str]) -> tuple[str, ...]:
    """What to say of attributes that the rules do not know, by the entity of whom they were recorded."""
    others = {SAME, *_indebted(program)}
    unknown = [
        (name, entity)
        for name, entity in sorted(recorded_of.items())
        if entity in program.settings.entities and program.find(name) is None
        if name not in _relations(program, entity) and name not in others
    ]
    told = [_unknown_attribute(program, *whose) for whose in unknown[:MOST_NAMED]]
    return (*told, *_more(len(unknown), "facts that the rules do not know"))


def _unknown_attribute(program: Program, name: str, entity: str) -> str:
    names = [definition.short_name for definition in program.definitions.values() if definition.entity == entity]
    meant = get_close_matches(name, names, n=1)
    hint = f" (did somebody mean `{meant[0]}`?)" if meant else ""
    of = with_article(humanized(entity))
    return f"`{name}` is recorded of {of}, and the rules know no such fact: it is not read{hint}"


def _days(first: date, last: date) -> str:
    return str(first) if first == last else f"days from {first} to {last}"


def _more(number: int, what: str) -> tuple[str, ...]:
    return (f"… and {number - MOST_NAMED:,} more {what}",) if number > MOST_NAMED else ()
