"""A condition in the rule language as a figure of its own, laid over the law for one question."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from api.failures import Misuse, suggestion
from api.rules import programs
from engine.ir.program import Definition, Program
from engine.text.diagnostics import Diagnostic, RulesInvalid
from engine.values.periods import Period

NAME = "condition_that_is_asked"
_FORMULA = 'formula: "'
_WORD = re.compile(r"(?<![.\w])[A-Za-z_]\w*(?![\w(])")


def overlay(condition: str, entity: str, at: Period) -> dict[str, Any]:
    """The reform that adds the condition as a figure `NAME` of an entity."""
    figure = {
        "label": "The condition holds",
        "entity": entity,
        "period": str(at.kind),
        "type": "boolean",
        "formula": " ".join(condition.split()),
    }
    added = {"module": "condition", "exports": [NAME], "variables": {NAME: figure}}
    return {"about": "A condition that is asked", "law": "A question", "add": added}


def with_condition(
    rules: str, reforms: Sequence[Path], condition: str, entity: str, at: Period
) -> tuple[Program, Definition]:
    """The program with the condition as one more figure, of an entity (empty: that of the first name in it).

    Raises Misuse for a condition that does not check, with every problem.
    """
    program = programs.load_program(rules, reforms)
    text = "\n".join(_lines(overlay(condition, entity_of(program, condition, entity), at)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "condition.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            extended = programs.load_program(rules, [*reforms, path])
        except RulesInvalid as fault:
            told = list(dict.fromkeys(_said(problem, path) for problem in fault.problems))
            remedies = list(dict.fromkeys(problem.help for problem in fault.problems if problem.help))
            raise Misuse(f"the condition cannot be read: {'; '.join(told)}", "; ".join(remedies)) from None
    return extended, extended.definitions[NAME]


def _said(problem: Diagnostic, path: Path) -> str:
    """A problem with its place in the condition, counted in characters from 1; without one where it is elsewhere."""
    span = problem.span
    if span is None or span.source.name != str(path):
        return problem.message
    line = span.source.line(span.line)
    before = line.find(_FORMULA) + len(_FORMULA)
    if _FORMULA not in line or span.column <= before:
        return problem.message
    return f"at character {span.column - before}, {problem.message}"


def _lines(value: dict[str, Any], indent: str = "") -> Iterator[str]:
    for key, content in value.items():
        if isinstance(content, dict):
            yield f"{indent}{key}:"
            yield from _lines(content, indent + "  ")
        else:
            yield f"{indent}{key}: {json.dumps(content, ensure_ascii=False)}"


def entity_of(program: Program, condition: str, wanted: str = "") -> str:
    """The entity of a condition: the wanted one, or that of the first figure in it. Raises Misuse."""
    if wanted:
        if wanted not in program.settings.entities:
            known = ", ".join(f"`{name}`" for name in program.settings.entities)
            raise Misuse(f"there is no entity `{wanted}`", f"name one of {known}")
        return wanted
    words: list[str] = _WORD.findall(condition)
    for word in words:
        definition = program.find(word)
        if definition is not None:
            return definition.entity
    otherwise = "write one, such as `eitc > 0 and not files_separately`"
    names = [each.short_name for each in program.definitions.values()]
    near = next((told for word in words if (told := suggestion(word, names))), otherwise)
    raise Misuse("the condition names no fact or figure", near)
