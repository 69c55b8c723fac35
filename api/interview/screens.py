"""`screens.yaml` beside `ruleset.yaml`: lists of facts that are asked as one question each, a line for each fact.

A line that is not ticked means that the fact is absent, as on a complete case; ticked, a fact that is true or false is
the other thing, and of an amount it is asked how much. `with`: facts asked for only if the line is ticked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from api.failures import Failure
from api.interview.documents import Form, form_faults, form_from
from engine.ir.program import Definition, Program
from engine.syntax.files import SCREENS_FILE
from engine.values.types import Kind

_KEYS = {"say", "if", "often", "usual", "ages", "with", "bring", "form"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line: the fact, how it reads, how often people have it and its usual amount (where the sample says nothing),
    for whom it is shown, the facts that come with it, the paper to bring, and the form that may be copied for it."""

    fact: str
    say: str
    often: float = 0.0
    usual: int = 0
    ages: tuple[int, int] = (0, 200)
    along: tuple[str, ...] = ()
    bring: str = ""
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class List:
    """A list: whom it is asked of (a role, a set of roles, `people`, or a group), the question, and its lines."""

    key: str
    of: str
    ask: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Screens:
    """The lists of a ruleset, and the figures of "what might I be owed?" (`owed`). `problems`: faults of the file."""

    lists: tuple[List, ...] = ()
    owed: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())


def screens_in(folder: Path, program: Program) -> Screens:
    """The lists in a folder of rules; none if it has none. Raises Failure with everything that is wrong."""
    path = folder / SCREENS_FILE
    if not path.is_file():
        return Screens()
    screens = _read(path, path.stat().st_mtime_ns)
    faults = [*screens.problems, *_faults(screens, program)]
    if faults:
        raise Failure(f"`{path}` has faults: {'; '.join(faults)}", "rules/README.md says what screens are")
    return screens


def check_screens(folder: Path, program: Callable[[], Program]) -> None:
    """Look at the lists in a folder of rules that check. Raises Failure with everything that is wrong."""
    if (folder / SCREENS_FILE).is_file():
        screens_in(folder, program())


@cache
def _read(path: Path, _changed: int) -> Screens:
    try:
        said = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        screens = said["screens"]
        lists = tuple(_list(str(key), entry) for key, entry in screens.items())
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as fault:
        return Screens(problems=(str(fault).splitlines()[0],))
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        return Screens(problems=(f"a list or line is not well formed ({fault})",))
    return Screens(lists, tuple(said.get("owed", ())))


def _list(key: str, said: Mapping[str, Any]) -> List:
    lines = tuple(_line(str(fact), line) for fact, line in said["tick"].items())
    return List(key, str(said["of"]), str(said["ask"]), lines)


def _line(fact: str, said: Mapping[str, Any]) -> Line:
    unknown = said.keys() - _KEYS
    if unknown:
        raise ValueError(f"`{fact}` has no key `{sorted(unknown)[0]}`")
    low, _, high = str(said.get("ages", "0..200")).partition("..")
    often = float(str(said.get("often", "0%")).rstrip("%")) / 100
    usual = int(str(said.get("usual", "0")).replace("_", ""))
    return Line(
        fact,
        str(said["say"]),
        often,
        usual,
        (int(low), int(high)),
        tuple(said.get("with", ())),
        str(said.get("bring", "")),
        form_from(said["form"]) if "form" in said else None,
    )


def _faults(screens: Screens, program: Program) -> list[str]:
    faults, seen = (
        [f"`owed` names `{name}`, which the rules do not have" for name in screens.owed if program.find(name) is None],
        set[tuple[str, str]](),
    )
    whom = _whom(program)
    for list_ in screens.lists:
        if list_.of not in whom:
            faults.append(f"`{list_.key}` is asked of `{list_.of}`, which is not a role, set, group or people")
        for line in list_.lines:
            for name in (line.fact, *line.along):
                definition = program.find(name)
                if definition is None or not definition.is_input:
                    faults.append(f"`{list_.key}` names `{name}`, which is not a fact of the rules")
            faults += form_faults(program, line.fact, line.form) if line.form is not None else []
            definition = program.find(line.fact)
            if definition is not None and definition.is_input and definition.absent is None:
                faults.append(f"`{line.fact}` has no `absent`, so a line that is not ticked says nothing")
            if (list_.of, line.fact) in seen:
                faults.append(f"`{line.fact}` is in two lists for {list_.of}")
            seen.add((list_.of, line.fact))
    return faults


def _whom(program: Program) -> set[str]:
    names: set[str] = set()
    for entity in program.settings.entities.values():
        names |= {entity.name, entity.plural, *entity.sets}
        names |= {word for role in entity.roles for word in (role.name, role.plural) if word}
    return names


def ticked_value(definition: Definition) -> bool | None:
    """What a ticked line states of a fact that is true or false: the contrary of what is usual. None for an amount."""
    return not definition.absent if definition.type.kind is Kind.BOOLEAN else None


def lines_of(lists: Sequence[List]) -> dict[str, Line]:
    """Every line by its fact, and each fact that comes with one by that line."""
    ticked_lines = {line.fact: line for list_ in lists for line in list_.lines}
    return {**{name: line for line in ticked_lines.values() for name in line.along}, **ticked_lines}
