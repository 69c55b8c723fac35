"""The file that an interview goes on from, in the terminal and in the browser alike: JSON, which is YAML too.

`rules` names the rules; `people` says who there is, as a case does (left out if a case in another file says it). What
was answered is `turns` where the rules have lists, a turn being all entries of one screen, or else `answers`, one
after the other. Readers pass over keys that they do not know, so each side may add some.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from api.cases.odd_texts import holds_odd_text
from api.failures import Failure
from api.interview.kept import FAULTS
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics

RULES, PEOPLE, TURNS, ANSWERS = "rules", "people", "turns", "answers"
MOST_BYTES = 1_000_000
_REMEDY = "name a file that `--save` wrote, or a new one"


def saved_text(program: Program, people: Mapping[str, Any] | None, told: Mapping[str, Any]) -> str:
    """What stands in a file of answers."""
    whose = {PEOPLE: people} if people is not None else {}
    return json.dumps({RULES: program.settings.name, **whose, **told}, indent=1, ensure_ascii=False) + "\n"


def read_saved(path: Path) -> dict[str, Any]:
    """What a file of answers says. Raises Failure for one that is none."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as fault:
        raise Failure(f"`{path}` cannot be read: {(fault.strerror or 'unknown').lower()}", _REMEDY) from None
    return saved_from(content, f"`{path}`")


def saved_from(content: bytes, name: str, remedy: str = _REMEDY) -> dict[str, Any]:
    """What the bytes of a file of answers say. Raises Failure for a file that is none, or too large to be one."""
    if len(content) > MOST_BYTES:
        raise Failure(f"{name} is larger than {MOST_BYTES:,} bytes, which no file of answers is", remedy)
    try:
        said = json.loads(content.decode("utf-8-sig"))
        if not isinstance(said, dict) or not isinstance(said.get(PEOPLE, {}), dict) or holds_odd_text(said):
            raise ValueError
    except FAULTS:
        raise no_answers(name, remedy) from None
    return said


def no_answers(name: str, remedy: str = _REMEDY) -> Failure:
    """What is told of a file that is none of answers."""
    return Failure(f"{name} holds no answers", remedy)


def require_rules(program: Program, said: Mapping[str, Any]) -> None:
    """Raise Failure for answers about other rules, as a file says itself."""
    about = said.get(RULES, program.settings.name)
    if about != program.settings.name:
        told = f"the answers are about the rules `{about}`, and these are the rules `{program.settings.name}`"
        raise Failure(told, "go on with the rules that the answers are about, or begin anew")


def entries_of(said: Mapping[str, Any]) -> list[Sequence[Any]]:
    """The turns of a file of either kind, each a list of entries. Raises ValueError where there are none."""
    turns = said.get(TURNS) if TURNS in said else [[entry] for entry in _listed(said.get(ANSWERS))]
    return [_listed(turn) for turn in _listed(turns)]


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value


def case_of_people(program: Program, data: Mapping[str, Any]) -> Case:
    """The case that says who there is. Raises Failure for data that are none."""
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    if case is None or problems.errors:
        raise Failure("; ".join(problem.message for problem in problems), "name a file that says who there is")
    return case
