"""The answers of *What am I owed?* as a file and back: the family as a case says it, and a turn for each answer.

What the pages ask themselves becomes an answer to that page; any other fact of the file is taken up as one that the
check opened. People keep the names that the file gives them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from api.cases.json_values import words_of_json
from api.cases.naming import find_definition
from api.failures import Failure
from api.http.programs import Law
from api.interview.documents import Document
from api.interview.kept import FAULTS, kept_document, told_document
from api.web.asking import UNKNOWN, FactField, field_name
from api.web.households import MOST_CHILDREN, PARTNER, YOU
from api.web.questions import HOME, MOST_ROWS, Answers, Question, Script, fault_of, is_name, row_name, value_of
from api.web.saving import Opened, answer_text, told_entry, typed_value
from engine.interpret.cases import Case
from engine.interpret.further import Place
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition
from engine.reading.declared_settings import Entity
from engine.values.periods import Period, Unit
from engine.values.types import Value

MOST_FORMS = 50
_GENERIC = re.compile(r"(head|spouse|dependent)(_[0-9]+)?|you|partner|child[0-9]+")
_OTHERS = "go on with it in the terminal, where it came from"


def people_saved(law: Law, answers: Answers) -> dict[str, Any]:
    """Who there is, as a case says it, as far as it was answered."""
    group, entity, named = answers.script.group, _group(law, answers.script), _names(answers)
    people: dict[str, dict[str, Any]] = {named[person]: {} for person in answers.people()}
    for question, person, texts in answers.sums():
        if question.kind == "age" and texts != [UNKNOWN]:
            people[named[person]][question.kept or question.fact] = int(texts[0])
    children = [named[person] for person in answers.people() if person.startswith("child")]
    unit: dict[str, Any] = {group["first"]: named[YOU]}
    if "children" in answers.said:
        unit[group["children"]] = children
    if answers.married:
        unit[group["second"]] = named[PARTNER]
    told = {
        group["first"]: True,
        group["second"]: "partner" in answers.said,
        group["children"]: "children" in answers.said,
    }
    closed = [role.name for role in entity.roles if told.get(role.name) or told.get(role.plural)]
    plural = law.program.settings.entities[entity.of].plural
    return {"at": answers.year, "complete": closed, plural: people, entity.plural: {HOME: unit}}


def turns_saved(law: Law, answers: Answers) -> list[list[dict[str, Any]]]:
    """A turn for each question that was answered, for what the check opened, and for the forms."""
    turns = [*_said(law, answers), *_opened(law, answers)]
    named = _names(answers)
    forms = [{**form, "of": named[form["of"]]} for form in answers.documents if form["of"] in named]
    return [*turns, forms] if forms else turns


def _said(law: Law, answers: Answers) -> Iterator[list[dict[str, Any]]]:
    named = _names(answers)
    of: dict[str, list[dict[str, Any]]] = {}
    for question, person, texts in answers.sums(partly=True):
        definition = law.program.find(question.kept or question.fact)
        if question.kind == "age" or definition is None:
            continue
        fact = _fact(definition, person, answers)
        value = value_of(question, [text or UNKNOWN for text in texts])
        told = "yes" if value is True else "no" if value is False else value
        typed = None if told == "unknown" else typed_value(law.program, fact, told)
        entry = told_entry(law.program, fact._replace(instance=named[person]), typed)
        rows = {"rows": texts} if len(texts) > 1 else {}
        of.setdefault(question.key, []).append({**entry, **rows})
    yield from of.values()


def _opened(law: Law, answers: Answers) -> Iterator[list[dict[str, Any]]]:
    named = {**_names(answers), HOME: HOME}
    for short, whose in answers.opened.items():
        definition = law.program.find(short)
        if definition is None:
            continue
        turn = []
        for person in whose.split(","):
            text = answers.extra.get(field_name(person, short))
            if person not in named:
                continue
            fact = _fact(definition, person, answers)
            typed = typed_value(law.program, fact, text) if text not in (None, UNKNOWN) else None
            entry = told_entry(law.program, fact._replace(instance=named[person]), typed)
            if text is None:
                entry = {key: entry[key] for key in ("fact", "of", "period")} | {"ticked": True}
            turn.append(entry)
        if turn:
            yield turn


def read_forms(law: Law, answers: Answers, fields: Mapping[str, str]) -> None:
    """Take in the forms that a page carries; what a page made up is left out."""
    case = Case(_period(law, answers), {_group(law, answers.script).of: tuple(answers.people())})
    for at in range(1, MOST_FORMS + 1):
        text = fields.get(f"form-{at}")
        if text is None:
            return
        try:
            answers.documents.append(told_document(law.program, kept_document(law.program, case, json.loads(text))))
        except (Failure, *FAULTS):
            continue


@dataclass(frozen=True, slots=True)
class FormTold:
    """A form that was copied: what it is called, whose it is, and its boxes, each with what it says."""

    label: str
    whose: str
    boxes: Sequence[tuple[str, str]]


def forms_told(law: Law, answers: Answers) -> list[FormTold]:
    """The forms that a file brought along, in words."""
    program, told = law.program, []
    for form in answers.documents:
        boxes = [(find_definition(program, name), value) for name, value in form["boxes"].items()]
        said = [(box.label, words_of_json(value, box.type, program.settings)) for box, value in boxes]
        label = program.settings.entities[form["form"]].label or form["form"].replace("_", " ")
        told.append(FormTold(label, answers.called(form["of"]), said))
    return told


# --- and back


def answers_opened(law: Law, script: Script, opened: Opened) -> Answers:
    """The answers of a file; what does not fit is noted. Raises Failure for a family that no page asks about."""
    answers, case, entity = Answers(script, law.program.settings), opened.case, _group(law, script)
    if case.at.kind.unit is not Unit.YEAR or fault_of(script.pages[0], str(case.at), law.program.settings):
        raise Failure(f"the file is about {case.at}, and this page asks about a year", "begin anew")
    ids = _family(law, script, opened, entity)
    answers.said["year"] = str(case.at)
    home = case.instances[entity.name][0]
    if PARTNER in ids.values():
        answers.said["partner"] = "yes"
    elif _is_closed(case, entity, home, script.group["second"]):
        answers.said["partner"] = "no"
    children = sum(person.startswith("child") for person in ids.values())
    if children or _is_closed(case, entity, home, script.group["children"]):
        answers.said["children"] = str(children)
    answers.names = {person: name for name, person in ids.items() if is_name(name) and not _GENERIC.fullmatch(name)}
    rows = _rows(opened)
    for fact, value in opened.given.items():
        whose = (
            HOME
            if fact.instance == home and law.program.definitions[fact.name].entity == entity.name
            else ids[fact.instance]
        )
        _take(law, answers, opened, fact._replace(instance=whose), value, rows=rows.get(_key(law, fact), ()))
    for fact in opened.open:
        whose = HOME if fact.instance == home else ids[fact.instance]
        definition = law.program.definitions[fact.name]
        question = _question(answers, definition, whose)
        if question is not None and fact not in opened.given:
            _say_rows(answers, question, whose, rows.get(_key(law, fact), ()))
        elif question is None and field_name(whose, definition.short_name) not in answers.extra:
            _open(answers, definition.short_name, whose)
    _take_forms(law, answers, opened, ids)
    return answers


def _family(law: Law, script: Script, opened: Opened, entity: Entity) -> dict[str, str]:
    """What the pages call everybody in the file. Raises Failure unless they are one family."""
    settings, case = law.program.settings, opened.case
    plural = settings.entities[entity.of].plural
    others = set(opened.said["people"]) - {"at", "complete", "open", plural, entity.plural, entity.of, entity.name}
    if others:
        raise Failure(f"the file lists `{min(others)}`, which this page does not ask about", _OTHERS)
    homes = case.instances.get(entity.name, ())
    if len(homes) != 1:
        raise Failure(f"the file lists {len(homes)} families, and this page asks about one", _OTHERS)
    ids: dict[str, str] = {}
    for role in entity.roles:
        holders = case.holders.get((entity.name, homes[0], role.name), ())
        if role.name == script.group["first"]:
            ids |= dict.fromkeys(holders, YOU)
        elif role.name == script.group["second"]:
            ids |= dict.fromkeys(holders, PARTNER)
        elif role.plural == script.group["children"]:
            ids |= {name: f"child{at}" for at, name in enumerate(holders, 1)}
    if len(ids) > MOST_CHILDREN + 2:
        raise Failure(f"the file lists more than {MOST_CHILDREN} children, which this page has no room for", _OTHERS)
    if set(case.instances.get(entity.of, ())) - ids.keys():
        raise Failure("the file lists people who are not of the family", _OTHERS)
    return ids


def _is_closed(case: Case, entity: Entity, home: str, word: str) -> bool:
    """Whether nobody else may hold a role."""
    role = next(role for role in entity.roles if word in (role.name, role.plural))
    return not case.is_open(Place(entity.name, home, role.name))


def _rows(opened: Opened) -> dict[tuple[str, str], tuple[str, ...]]:
    """The amounts that an answer of a page was summed from, as the file says besides."""
    rows = {}
    for entry in (entry for turn in opened.said.get("turns") or () for entry in turn if isinstance(entry, dict)):
        told = entry.get("rows")
        if isinstance(told, list) and all(isinstance(text, str) for text in told):
            rows[str(entry.get("fact")), str(entry.get("of"))] = tuple(told)
    return rows


def _key(law: Law, fact: Fact) -> tuple[str, str]:
    """A fact of somebody, as a file names it."""
    return law.program.definitions[fact.name].short_name, fact.instance


def _take(law: Law, answers: Answers, opened: Opened, fact: Fact, value: Value, *, rows: tuple[str, ...]) -> None:
    definition = law.program.definitions[fact.name]
    text = answer_text(definition, value, law.program)
    if fact != _fact(definition, fact.instance, answers):
        opened.tell(f"{definition.label}: the file says it for {fact.period}, and this page asks about {answers.year}")
        return
    question = _question(answers, definition, fact.instance)
    if question is not None:
        _say(answers, opened, question, fact.instance, text, rows=rows)
        return
    fact_field = FactField(fact, definition, law.program.settings)
    fault = fact_field.fault(text)
    if fault:
        opened.tell(f"{definition.label}: {fault}")
    elif not definition.is_input:
        opened.tell(f"{definition.label}: this page works it out, and does not take it from a file")
    else:
        answers.extra[fact_field.name] = text
        _open(answers, definition.short_name, fact.instance)


def _say(
    answers: Answers, opened: Opened, question: Question, person: str, text: str, *, rows: tuple[str, ...]
) -> None:
    """An answer to a page: row by row where the file says so and the rows come to it."""
    fault = fault_of(question, text, answers.settings)
    if fault:
        opened.tell(f"{question.ask.replace('{year}', answers.year)} {fault}")
        return
    first = next(shown for shown in answers.fields(question) if shown.person == person)
    fitting = (
        question.rows
        and 1 < len(rows) <= MOST_ROWS
        and not any(fault_of(question, row, answers.settings) for row in rows)
    )
    if fitting and UNKNOWN not in rows and Fraction(str(value_of(question, rows))) == Fraction(text):
        answers.rows[first.group] = len(rows)
        answers.said |= {row_name(first.group, at): row for at, row in enumerate(rows, 1)}
    else:
        answers.said[first.name] = text


def _say_rows(answers: Answers, question: Question, person: str, rows: Sequence[str]) -> None:
    """The rows that were answered, of a page where others of a person's were left open."""
    first = next(shown for shown in answers.fields(question) if shown.person == person)
    if question.rows and 1 < len(rows) <= MOST_ROWS:
        answers.rows[first.group] = len(rows)
        fitting = {row_name(first.group, at): row for at, row in enumerate(rows, 1) if row and row != UNKNOWN}
        answers.said |= {name: row for name, row in fitting.items() if not fault_of(question, row, answers.settings)}


def _question(answers: Answers, definition: Definition, person: str) -> Question | None:
    """The page that asks for a fact of somebody."""
    asking = (page for page in answers.script.pages if page.fact and definition.short_name in (page.fact, page.kept))
    return next((page for page in asking if person in {shown.person for shown in answers.fields(page)}), None)


def _open(answers: Answers, short: str, whose: str) -> None:
    before = [holder for holder in answers.opened.get(short, "").split(",") if holder]
    answers.opened[short] = ",".join(dict.fromkeys([*before, whose]))


def _take_forms(law: Law, answers: Answers, opened: Opened, ids: Mapping[str, str]) -> None:
    if len(opened.documents) > MOST_FORMS:
        opened.tell(f"there are {len(opened.documents):,} forms in the file, and this page takes {MOST_FORMS}")
    for document in opened.documents[:MOST_FORMS]:
        own: Document = replace(document, owner=ids[document.owner])
        answers.documents.append(told_document(law.program, own))


def _group(law: Law, script: Script) -> Entity:
    return next(entity for entity in law.program.settings.entities.values() if entity.plural == script.group["plural"])


def _names(answers: Answers) -> dict[str, str]:
    """What a file calls everybody: by the name it had for them, else as the pages do."""
    named: dict[str, str] = {}
    for person in answers.people():
        name = answers.names.get(person, person)
        named[person] = name if name not in named.values() and name not in answers.people() else person
    return named


def _period(law: Law, answers: Answers) -> Period:
    return law.program.settings.period(answers.year)


def _fact(definition: Definition, whose: str, answers: Answers) -> Fact:
    return Fact(definition.name, whose, definition.period.containing(date(int(answers.year), 12, 31)))
