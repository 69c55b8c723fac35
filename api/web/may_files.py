"""The answers of *May I …?* as a file and back: one person with records, as the terminal asks who there is."""

from __future__ import annotations

from typing import Any

from api.failures import Failure
from api.history.record import person_entity
from api.interview.records import MOST_RECORDS
from api.web.asking import UNKNOWN, field_name
from api.web.permission_said import YOU, Permission, Said, field_named
from api.web.saving import Opened, answer_text, told_entry, typed_value
from engine.interpret.further import Place
from engine.interpret.outcomes import Fact
from engine.values.periods import Unit
from engine.values.types import Value

_OTHERS = "go on with it in the terminal, where it came from"


def people_saved(said: Said) -> dict[str, Any]:
    """You and your records, as a case says it."""
    entities = said.permission.law.program.settings.entities
    person = person_entity(said.permission.law.program)
    data: dict[str, Any] = {"at": said.day, entities[person].plural: {YOU: {}}}
    for entity, count in said.counts.items():
        if count:
            data[entities[entity].plural] = {f"{entity}_{at}": {person: YOU} for at in range(1, count + 1)}
    return {**data, "complete": [entities[entity].plural for entity in said.counts]}


def turns_saved(said: Said) -> list[list[dict[str, Any]]]:
    """A turn for each answer, and for what the review opened and nobody answered yet."""
    program, turns = said.permission.law.program, []
    opened = [field_named(said, name) for name in sorted(said.opened) if name not in said.answers]
    for fact_field in (*said.fields(), *(each for each in opened if each is not None)):
        text = said.answers.get(fact_field.name, UNKNOWN)
        value = typed_value(program, fact_field.fact, text) if text != UNKNOWN else None
        fact = fact_field.fact._replace(instance=_saved_id(fact_field.fact.instance))
        turns.append([told_entry(program, fact, value)])
    return turns


def _saved_id(whose: str) -> str:
    kind, dash, number = whose.rpartition("-")
    return f"{kind}_{number}" if dash else whose


def said_opened(permission: Permission, opened: Opened) -> Said:
    """What a file says, as the form would; what does not fit is noted. Raises Failure for what is not about one person
    and a day."""
    program, case = permission.law.program, opened.case
    entities, person = program.settings.entities, person_entity(program)
    known = {"at", "complete", "open", person, entities[person].plural}
    known |= {word for entity in permission.records for word in (entity, entities[entity].plural)}
    others = opened.said["people"].keys() - known
    if others:
        raise Failure(f"the file lists `{min(others)}`, which this permission does not depend on", _OTHERS)
    people = case.instances.get(person, ())
    if len(people) != 1:
        raise Failure(f"the file lists {len(people)} people, and this page asks about one", _OTHERS)
    if case.at.kind.unit is not Unit.DAY:
        raise Failure(f"the file is about {case.at}, and this page asks about a day", "begin anew")
    said, ids = Said(permission, case.at.start.isoformat()), {people[0]: YOU}
    for entity in permission.records:
        records = case.instances.get(entity, ())
        if len(records) > MOST_RECORDS:
            plural = entities[entity].plural.replace("_", " ")
            raise Failure(f"the file lists {len(records)} {plural}, and this page asks about {MOST_RECORDS}", _OTHERS)
        ids |= {record: f"{entity}-{at}" for at, record in enumerate(records, 1)}
        if records or not case.is_open(Place(entity, "")):
            said.counts[entity] = len(records)
    for fact, value in opened.given.items():
        _take(said, opened, fact, value, ids.get(fact.instance, ""))
    for fact in opened.open:
        definition = program.definitions[fact.name]
        if fact not in opened.given and definition.absent is not None:  # what has no usual value is asked in any case
            said.opened.add(field_name(ids.get(fact.instance, ""), definition.short_name))
    for document in opened.documents:
        opened.tell(f"the file copies a form `{document.record}`, which this page does not take up")
    return said


def _take(said: Said, opened: Opened, fact: Fact, value: Value, whose: str) -> None:
    program = said.permission.law.program
    definition = program.definitions[fact.name]
    fact_field = field_named(said, field_name(whose, definition.short_name))
    if fact_field is None:
        opened.tell(f"{definition.label}: this page does not ask for it")
        return
    if fact_field.fact.period != fact.period:
        opened.tell(f"{definition.label}: the file says it for {fact.period}, and this page asks about {said.day}")
        return
    text = answer_text(definition, value, program)
    fault = fact_field.fault(text)
    if fault:
        opened.tell(f"{definition.label}: {fault}")
    else:
        said.answers[fact_field.name] = text
