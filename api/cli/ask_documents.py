"""`rulewright ask`: copying a form box by box, where the line of a list names one."""

from __future__ import annotations

from collections.abc import Iterator

from api.cli.output import complain
from api.failures import Misuse
from api.interview.documents import Document, Form, boxes_of
from api.interview.interview import read_answer
from engine.ir.program import Program
from engine.values.types import Value

COPY = "form"


def copied(program: Program, form: Form, owner: str, lines: Iterator[str]) -> list[Document] | None:
    """The forms that somebody copies, one after the other; None if the answers end before one is whole."""
    documents: list[Document] = []
    name = program.settings.entities[form.record].label or form.record
    while True:
        boxes = _boxes(program, form, lines)
        if boxes is None:
            return None
        documents.append(Document(form.record, owner, boxes))
        complain(f"Another {name} of {owner}? (`yes` or `no`)")
        for line in lines:
            if line.lower() in ("yes", "y", "no", "n"):
                break
            complain(f"`{line}` is neither `yes` nor `no`")
        else:
            return documents
        if line.lower() in ("no", "n"):
            return documents


def _boxes(program: Program, form: Form, lines: Iterator[str]) -> dict[str, Value] | None:
    boxes: dict[str, Value] = {}
    for definition in boxes_of(program, form):
        complain(f"{definition.ask or definition.label}  (`none` if it is empty)")
        for line in lines:
            if line == "none":
                break
            try:
                boxes[definition.short_name] = read_answer(program, definition, line)
                break
            except Misuse as fault:
                complain(f"{fault.message}: {fault.help}")
        else:
            return None
    return boxes
