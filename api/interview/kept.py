"""What a file of answers says of a fact, told against the rules and the case it is taken up in: both may have changed
since it was written, and somebody may have edited it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.cases.json_values import as_json
from api.cases.naming import find_definition
from api.failures import Failure
from api.interview.documents import Document
from api.interview.interview import read_answer
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.values.periods import Period, Unit
from engine.values.types import NONE, Value

FAULTS = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a file raises that is no file of answers."""


def kept_fact(program: Program, case: Case, entry: Mapping[str, Any]) -> Fact:
    """The fact of an answer. Raises Failure where it is no fact, or of nobody in the case; ValueError for a period that
    is none."""
    definition = find_definition(program, entry["fact"])
    period = _period(program, case, definition, entry["period"])
    if not definition.is_input and period.start >= program.settings.covers_from:
        raise Failure(
            f"`{definition.short_name}` is a figure that the rules compute, and the answers state it",
            "take it out of the file, and answer what it hangs on",
        )
    require_somebody(case, definition, entry["of"])
    return Fact(definition.name, entry["of"], period)


def _period(program: Program, case: Case, definition: Definition, written: str) -> Period:
    """The period of an answer. What holds for ever is written `eternity`, or by a day in it."""
    if definition.period.unit is Unit.ETERNITY and written == Unit.ETERNITY.value:
        return definition.period.containing(case.at.start)
    return definition.period_at(program.settings.period(written)) or case.at


def require_somebody(case: Case, definition: Definition, of: object) -> None:
    """Raise Failure unless a case has somebody whose fact it may be."""
    if of not in case.instances.get(definition.entity, ()):
        raise Failure(
            f"the answers say `{definition.short_name}` of `{of}`, and the case has no such {definition.entity}",
            "go on with the case that the answers are about, or name a new file",
        )


def kept_value(program: Program, fact: Fact, answer: object) -> Value:
    """The value of an answer, read as if it were typed. Raises Misuse."""
    return _value(program, program.definitions[fact.name], answer)


def kept_document(program: Program, case: Case, entry: Mapping[str, Any]) -> Document:
    """A form that was copied. Raises Failure for a form that the rules do not have, or of nobody in the case."""
    record, owner = entry["form"], entry["of"]
    entity = program.settings.entities.get(record)
    if entity is None or not entity.belongs_to:
        raise Failure(
            f"the answers copy a form `{record}`, which the rules do not have", "take it out of the file, or begin anew"
        )
    if owner not in case.instances.get(entity.belongs_to, ()):
        raise Failure(f"the answers copy a form of `{owner}`, who is not in the case", "name a new file")
    boxes = {find_definition(program, str(name)): answer for name, answer in entry["boxes"].items()}
    for box in boxes:
        if box.entity != record:
            raise Failure(f"`{box.short_name}` is no box of the form `{record}`", "take it out of the file")
    return Document(record, owner, {box.short_name: _value(program, box, answer) for box, answer in boxes.items()})


def _value(program: Program, definition: Definition, answer: object) -> Value:
    text = {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else str(answer)
    return NONE if text == "none" and definition.type.or_none else read_answer(program, definition, text)


def told_document(program: Program, document: Document) -> dict[str, Any]:
    """A form that was copied, as a file of answers says it."""
    boxes = {
        name: as_json(value, find_definition(program, name).type, program.settings)
        for name, value in document.boxes.items()
    }
    return {"form": document.record, "of": document.owner, "boxes": boxes}
