"""`rulewright ask`: copying a form box by box, where the line of a list names one."""

from __future__ import annotations

from collections.abc import Iterator

from api.cases.naming import find_definition
from api.cli.output import complain
from api.failures import Misuse
from api.interview.documents import Box, Copy, Form, name_of
from api.interview.interview import read_answer
from engine.ir.program import Program
from engine.values.types import Value

COPY = "form"


def copied(program: Program, form: Form, owner: str, lines: Iterator[str]) -> list[Copy] | None:
    """The forms that somebody copies, one after the other; None if the answers end before one is whole."""
    copies: list[Copy] = []
    while True:
        boxes = _boxes(program, form, lines)
        if boxes is None:
            return None
        copies.append(boxes)
        complain(f"Another {name_of(program, form)} of {owner}? (`yes` or `no`)")
        for line in lines:
            if line.lower() in ("yes", "y", "no", "n"):
                break
            complain(f"`{line}` is neither `yes` nor `no`")
        else:
            return copies
        if line.lower() in ("no", "n"):
            return copies


def _boxes(program: Program, form: Form, lines: Iterator[str]) -> Copy | None:
    boxes: dict[Box, Value] = {}
    for box in form.boxes:
        definition = find_definition(program, box.fact)
        asked = definition.ask or definition.label
        complain((f"{form.paper}, {box.place}" if box.place else asked) + "  (`none` if it is empty)")
        for line in lines:
            if line == "none":
                break
            try:
                boxes[box] = read_answer(program, definition, line)
                break
            except Misuse as fault:
                complain(f"{fault.message}: {fault.help}")
        else:
            return None
    return boxes
