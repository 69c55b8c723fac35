"""What a form of *May I …?* says: which permission, the day, the records there are, and the answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from api.history.record import person_entity
from api.http.permissions import MAY
from api.http.problems import Refusal
from api.http.programs import Law
from api.http.service import Service
from api.interview.records import MOST_RECORDS, records_read
from api.web.asking import MOST_CHARACTERS, NONE, UNKNOWN, FactField
from api.web.books import book_of
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition

YOU = "you"
_FIELD = re.compile(r"(?:[oux]\.)?f\.[a-z0-9_-]+\.[a-z0-9_]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that people may ask for: its requirement, and the kinds of records that it reads."""

    law: Law
    definition: Definition
    records: Sequence[str]

    @property
    def title(self) -> str:
        """`May I drive the vehicle?`"""
        return f"May I {self.definition.label.removeprefix(MAY)}?"

    @property
    def about(self) -> str:
        """`drive the vehicle`"""
        return self.definition.label.removeprefix(MAY)

    @property
    def about_law(self) -> str:
        """What the ruleset is about."""
        return self.law.program.settings.about

    @property
    def address(self) -> str:
        """Its page."""
        return f"/may/{book_of(self.law).short}/{self.definition.short_name}"


@dataclass
class Said:
    """What a form says: the day, how many records there are of each kind, answers by field, what is to be asked all the
    same (`opened`), and whether the review is done. `carried`: fields that cannot be read until there is a day."""

    permission: Permission
    day: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    reviewed: bool = False
    carried: dict[str, str] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        """Whether the first page is answered."""
        return bool(self.day) and all(entity in self.counts for entity in self.permission.records)

    def data(self, complete: bool) -> dict[str, Any]:
        """The case as a request says it."""
        program = self.permission.law.program
        entities = program.settings.entities
        person = person_entity(program)
        people: dict[str, dict[str, Any]] = {YOU: {}}
        data: dict[str, Any] = {"complete": complete, entities[person].plural: people}
        for entity, count in self.counts.items():
            own = {f"{entity}-{at}": {person: YOU} for at in range(1, count + 1)}
            if own:
                data[entities[entity].plural] = own
        for each in self.fields():
            entity = each.definition.entity
            if each.definition.absent is not None and self.answers[each.name] == UNKNOWN and not complete:
                continue
            data[entities[entity].plural][each.fact.instance][each.definition.short_name] = each.value(
                self.answers[each.name]
            )
        return data

    def fields(self) -> list[FactField]:
        """The facts that were answered, in the order in which they were."""
        program = self.permission.law.program
        made = []
        for name in self.answers:
            _, whose, short = name.split(".", 2)
            definition = program.find(short)
            if definition is not None and self.has(whose, definition.entity):
                period = definition.period.containing(date.fromisoformat(self.day))
                made.append(FactField(Fact(definition.name, whose, period), definition, program.settings))
        return made

    def has(self, whose: str, entity: str) -> bool:
        """Whether there is such a person or record here."""
        if entity == person_entity(self.permission.law.program):
            return whose == YOU
        kind, _, number = whose.rpartition("-")
        return kind == entity and number.isdigit() and 1 <= int(number) <= self.counts.get(entity, 0)

    def hidden(self) -> Iterator[tuple[str, str]]:
        """The form's fields, to be carried on."""
        if self.day:
            yield "day", self.day
        yield from ((f"n.{entity}", str(count)) for entity, count in self.counts.items())
        yield from self.carried.items()
        yield from self.answers.items()
        yield from ((f"o.{name}", "1") for name in self.opened)
        if self.reviewed:
            yield "reviewed", "1"


def permissions(service: Service) -> list[Permission]:
    """The permissions of all the laws that are served."""
    laws = [service.laws.law(name, None, "") for name in service.laws.names]
    return [
        Permission(law, definition, records_read(law.program, [definition], datetime.now(UTC).date()))
        for law in laws
        for definition in law.permissions.asked
    ]


def permission_named(service: Service, ruleset: str, name: str) -> Permission:
    """The permission of that name. Raises Refusal (404) if no law here has it."""
    for permission in permissions(service):
        if book_of(permission.law).short == ruleset and permission.definition.short_name == name:
            return permission
    raise Refusal("not-found")


def read_said(permission: Permission, form: Mapping[str, str]) -> tuple[Said, dict[str, str]]:
    """What a form says, and what is wrong with it by field."""
    settings = permission.law.program.settings
    said, wrong = Said(permission, form.get("day", "").strip()[:10]), {}
    try:
        day = date.fromisoformat(said.day)
        if not settings.covers_from <= day <= (settings.projected_to or settings.covers_to):
            raise ValueError
    except ValueError:
        wrong["day"] = f"Enter a day from {settings.covers_from} to {settings.projected_to or settings.covers_to}"
        said.day = ""
    for entity in permission.records:
        text = form.get(f"n.{entity}", "").strip()
        if text.isdigit() and text.isascii() and int(text) <= MOST_RECORDS:
            said.counts[entity] = int(text)
        else:
            wrong[f"n.{entity}"] = f"Enter a number from 0 to {MOST_RECORDS}"
    if "day" not in form:
        return said, {}
    said.reviewed = bool(form.get("reviewed"))
    if not said.day:
        said.carried = {name: text[:MOST_CHARACTERS] for name, text in form.items() if _FIELD.fullmatch(name)}
        return said, wrong
    saving = form.get("go") == "save"
    for name, text in form.items():
        if name.startswith("o.f."):
            said.opened.add(name.removeprefix("o."))
        elif name.startswith("f.") and name.count(".") == 2:
            fact_field = field_named(said, name)
            if fact_field is None:
                continue
            typed = NONE if form.get(f"x.{name}") else text.strip()[:MOST_CHARACTERS]
            answer = UNKNOWN if form.get(f"u.{name}") else typed
            if saving and not answer:
                continue
            fault = fact_field.fault(answer)
            said.answers[name] = answer if not fault else ""
            if fault:
                wrong[name] = fault
                del said.answers[name]
    asked = form.get("asked", "")
    if form.get("go", "on") == "on" and asked and asked not in form and field_named(said, asked) is not None:
        wrong[asked] = "Choose an answer"
    return said, wrong


def field_named(said: Said, name: str) -> FactField | None:
    """The field of that name, if there is such a fact of somebody here."""
    _, whose, short = (*name.split(".", 2), "", "")[:3]
    program = said.permission.law.program
    definition = program.find(short)
    if definition is None or not definition.is_input or not said.has(whose, definition.entity):
        return None
    period = definition.period.containing(date.fromisoformat(said.day))
    return FactField(Fact(definition.name, whose, period), definition, program.settings)


def opened_fields(said: Said) -> list[FactField]:
    """What the review opened and nobody has answered yet."""
    fact_fields = [field_named(said, name) for name in sorted(said.opened) if name not in said.answers]
    return [fact_field for fact_field in fact_fields if fact_field is not None]
