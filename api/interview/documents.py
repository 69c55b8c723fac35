"""Documents in an interview: a form that somebody has, copied box by box, is a record; what it says is asked no more.

A list's line may name the form that shows its amount (`form` in `screens.yaml`). What is copied stands in a record of
that person; the amount "besides those on forms" is then nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from api.cases.naming import find_definition
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.values.types import Value


@dataclass(frozen=True, slots=True)
class Form:
    """The record that a form is, and the facts in its boxes, in the order in which they are copied."""

    record: str
    boxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A form of somebody as it was copied: what its boxes say, by the facts' short names."""

    record: str
    owner: str
    boxes: Mapping[str, Value] = field(default_factory=dict)


def with_documents(program: Program, case: Case, documents: Iterable[Document]) -> Case:
    """The case with a record for each document. A box that was not copied is empty: what its absence means."""
    for number, document in enumerate(documents, 1):
        case = _with_document(program, case, document, f"{document.record}-{number}")
    return case


def _with_document(program: Program, case: Case, document: Document, name: str) -> Case:
    owned = (document.record, document.owner)
    given: dict[Fact, Value] = {}
    for definition in program.definitions.values():
        if definition.entity == document.record and definition.is_input:
            value = document.boxes.get(definition.short_name, definition.absent)
            period = definition.period_at(case.at)
            if value is not None and period is not None:
                given[Fact(definition.name, name, period)] = value
    return replace(
        case,
        instances={**case.instances, document.record: (*case.instances.get(document.record, ()), name)},
        owner_of={**case.owner_of, (document.record, name): document.owner},
        records={**case.records, owned: (*case.records.get(owned, ()), name)},
        given={**case.given, **given},
    )


def boxes_of(program: Program, form: Form) -> list[Definition]:
    """The facts in a form's boxes."""
    return [find_definition(program, name) for name in form.boxes]


def form_faults(program: Program, fact: str, form: Form) -> list[str]:
    """What is wrong with a form that a line names."""
    entity, of = program.settings.entities.get(form.record), program.find(fact)
    if entity is None or of is None or entity.belongs_to != of.entity:
        return [f"`{fact}` has the form `{form.record}`, which is no record of whom it is asked"]
    boxes = {name: program.find(name) for name in form.boxes}
    return [
        f"the form of `{fact}` has the box `{name}`, which is no fact of a {form.record}"
        for name, box in boxes.items()
        if box is None or not box.is_input or box.entity != form.record
    ]
