"""Documents in an interview: what somebody has on paper is copied box by box, and what it says is asked no more.

A list's line may name the form that shows its amount (`form` in `screens.yaml`). Of a form that the rules have as a
record, each copy becomes a record of that person, or of the first of a group; the amount "besides those on forms" is
then nothing. Of one that they have not, the boxes are facts of that person or group themselves: what several copies
say is added up, and a box may be taken off (`less`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from api.cases.naming import find_definition
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.values.types import Kind, Value

LESS = "less "


@dataclass(frozen=True, slots=True)
class Box:
    """A box: the fact that it says, where it stands on the paper (empty: the fact's question tells), and whether it is
    taken off what other boxes say of the fact."""

    fact: str
    place: str = ""
    less: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A form: the record that it is, or the name of a paper that is none, and its boxes in the order of copying."""

    boxes: tuple[Box, ...]
    record: str = ""
    paper: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A form of somebody that is a record, as it was copied: what its boxes say, by the facts' short names."""

    record: str
    owner: str
    boxes: Mapping[str, Value] = field(default_factory=dict)


Copy = Mapping[Box, Value]
"""A form as it was copied. A box that is empty is not in it."""


def form_from(said: Mapping[str, Any]) -> Form:
    """A form as a list's line names it. Raises KeyError, TypeError or ValueError for what is none."""
    boxes = said["boxes"]
    if "record" in said:
        return Form(tuple(Box(str(name)) for name in boxes), record=str(said["record"]))
    read = (Box(str(fact).removeprefix(LESS), str(place), str(fact).startswith(LESS)) for place, fact in boxes.items())
    return Form(tuple(read), paper=str(said["paper"]))


def name_of(program: Program, form: Form) -> str:
    """What people call a form."""
    return form.paper or program.settings.entities[form.record].label or form.record


def facts_stated(program: Program, form: Form, of: Fact, copies: Sequence[Copy]) -> dict[Fact, Value]:
    """What copies of a form that is not a record say of whoever a fact is of."""
    stated: dict[Fact, Value] = {}
    for name in dict.fromkeys(box.fact for box in form.boxes):
        definition = find_definition(program, name)
        said = [(box.less, copy[box]) for copy in copies for box in form.boxes if box.fact == name and box in copy]
        if said or definition.type.kind is not Kind.BOOLEAN:
            stated[Fact(definition.name, of.instance, of.period)] = _together(definition, said)
    return stated


def _together(definition: Definition, said: Sequence[tuple[bool, Any]]) -> Value:
    """What boxes say of one fact together: whether any says yes; or the sum, and no less than the fact can be."""
    if definition.type.kind is Kind.BOOLEAN:
        return any(value for _, value in said)
    total = sum((-value if less else value for less, value in said), Fraction(0))
    least = total if definition.low is None else max(total, definition.low)
    return int(least) if definition.type.kind is Kind.INTEGER else least


def documents_of(program: Program, case: Case, form: Form, of: Fact, copies: Sequence[Copy]) -> list[Document]:
    """The records that copies of a form are: of whoever a fact is of, or of the first person of that group."""
    owner, belongs_to = of.instance, program.settings.entities[form.record].belongs_to
    group = program.settings.entities[program.definitions[of.name].entity]
    if group.name != belongs_to:
        roles = (case.holders.get((group.name, of.instance, role.name), ()) for role in group.roles)
        owner = next((people[0] for people in roles if people), owner)
    return [Document(form.record, owner, {box.fact: value for box, value in copy.items()}) for copy in copies]


def with_documents(program: Program, case: Case, documents: Iterable[Document]) -> Case:
    """The case with a record for each document. A box that was not copied is empty: what its absence means."""
    for number, document in enumerate(documents, 1):
        case = _with_document(program, case, document, f"{document.record}-{number}")
    return case


def _with_document(program: Program, case: Case, document: Document, name: str) -> Case:
    owned = (document.record, document.owner)
    boxes = {find_definition(program, box): value for box, value in document.boxes.items()}
    beside = {name for definition in boxes for name in definition.excludes}
    given: dict[Fact, Value] = {}
    for definition in program.definitions.values():
        period = definition.period_at(case.at) if definition.entity == document.record else None
        absent = definition.absent if definition.is_input and definition.name not in beside else None
        value = boxes.get(definition, absent)
        if value is not None and period is not None:
            given[Fact(definition.name, name, period)] = value
    return replace(
        case,
        instances={**case.instances, document.record: (*case.instances.get(document.record, ()), name)},
        owner_of={**case.owner_of, (document.record, name): document.owner},
        records={**case.records, owned: (*case.records.get(owned, ()), name)},
        given={**case.given, **given},
    )


def form_faults(program: Program, fact: str, form: Form) -> list[str]:
    """What is wrong with a form that a line names."""
    of = program.find(fact)
    if of is None:
        return []
    entity = program.settings.entities.get(form.record)
    whom = program.settings.entities[of.entity]
    if form.record and (entity is None or not entity.belongs_to or entity.belongs_to not in (whom.name, whom.of)):
        return [f"`{fact}` has the form `{form.record}`, which is not a record of whom it is asked"]
    told = f"a {form.record}" if form.record else f"the {whom.name} that {form.paper} is about"
    boxes = {box.fact: program.find(box.fact) for box in form.boxes}
    return [
        f"the form of `{fact}` has the box `{name}`, which is not a fact of {told}"
        for name, box in boxes.items()
        if box is None or not _may_be_copied(box, form.record or whom.name, bool(form.record))
    ]


def _may_be_copied(box: Definition, entity: str, is_record: bool) -> bool:
    """Whether a box's fact is one of that entity: an input, or on a record a figure that the form may state."""
    return box.entity == entity and (box.is_input or is_record)
