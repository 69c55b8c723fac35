"""Who there is, asked where no case is given: who holds the roles of a group and how old everybody is; or, for what one
person is asked about, which records there are.

What is said is kept as the data of a case, beside the answers: an interview that goes on from a file asks it no more.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from api.cases.naming import read_period
from api.cli.output import complain
from api.failures import Failure
from api.interview.records import MOST_RECORDS, records_read
from engine.ir.program import Definition, Program
from engine.reading.declared_settings import Entity
from engine.text.articles import with_article
from engine.values.periods import Unit

MOST = 20
YOU = "you"
_NAME = re.compile(r"[^\W\d_][\w-]*", re.UNICODE)
_YES, _NO = ("yes", "y", "1"), ("no", "n", "0", "none")
_Answer = TypeVar("_Answer")


def ask_people(program: Program, wanted: Sequence[Definition], at: str | None) -> dict[str, Any]:
    """The data of a case with those who are named in answer. Raises Failure if the answers end before."""
    entities = program.settings.entities
    group = next((entities[definition.entity] for definition in wanted if entities[definition.entity].of), None)
    asking = _Asking()
    while True:
        try:
            asking.next = 0
            return _family(program, group, at, asking) if group is not None else _person(program, wanted, at, asking)
        except _Back:
            continue


def _family(program: Program, group: Entity, at: str | None, asking: _Asking) -> dict[str, Any]:
    period = str(read_period(program, at)) if at else str(program.settings.covers_to.year)
    holders, everybody = _holders(group, asking)
    people: dict[str, dict[str, Any]] = {name: {} for name in everybody}
    for fact in program.definitions.values():
        if fact.changing.can == "by_time" and fact.is_input and fact.entity == group.of:
            for name in people:
                said = asking.ask(f"{whom(name, everybody)}: {fact.ask or fact.label}", _whole(int(fact.high or MOST)))
                if said is not None:
                    people[name][fact.short_name] = said
    asked = [role.name for role in group.roles]
    plural = program.settings.entities[group.of].plural
    return {"at": period, "complete": asked, plural: people, group.plural: {"home": holders}}


def _person(program: Program, wanted: Sequence[Definition], at: str | None, asking: _Asking) -> dict[str, Any]:
    """One person, and as many records of each kind as there are: no more of those."""
    settings = program.settings
    period = read_period(program, at) if at else wanted[0].period.containing(_last_day(program, wanted[0]))
    person = next(entity for entity in settings.entities.values() if not entity.of and not entity.belongs_to)
    data: dict[str, Any] = {"at": str(period), person.plural: {YOU: {}}}
    kinds = [settings.entities[name] for name in records_read(program, wanted, period.end)]
    for kind in kinds:
        plural = kind.plural.replace("_", " ")
        asked = f"How many {plural} do you have? Count past ones too."
        number = asking.ask(asked, _whole(MOST_RECORDS))
        if number:
            data[kind.plural] = {f"{kind.name}_{at}": {person.name: YOU} for at in range(1, number + 1)}
        if number is not None:
            data.setdefault("complete", []).append(kind.plural)
    return data


def _last_day(program: Program, definition: Definition) -> Any:
    """Today, or the last day that the rules answer for; of a year, the last that they know."""
    last = program.settings.covers_to
    return min(datetime.now(UTC).date(), last) if definition.period.unit is Unit.DAY else last


def whom(name: str, everybody: Sequence[str]) -> str:
    """How questions call somebody: the first is who answers."""
    return YOU if everybody and name == everybody[0] else name.replace("_", " ")


def _holders(group: Entity, asking: _Asking) -> tuple[dict[str, Any], list[str]]:
    """Who holds each role, and everybody."""
    holders: dict[str, Any] = {}
    everybody: list[str] = []
    for role in group.roles:
        if role.single and role.minimum:
            holders[role.name] = role.name
            everybody.append(role.name)
        elif role.single:
            if asking.ask(f"Is there {with_article(role.name.replace('_', ' '))}? [yes / no]", _yes_or_no):
                holders[role.name] = role.name
                everybody.append(role.name)
        else:
            asked = f"How many {role.plural.replace('_', ' ')} are there? (a number, or names: `Ben, Mia`)"
            names = asking.ask(asked, _names(role.name, everybody))
            holders[role.plural] = names or []
            everybody += names or []
    return holders, everybody


class _Back(Exception):
    """The answer before is to be given anew."""


@dataclass(eq=False)
class _Asking:
    """Questions one after the other. To go back all are put again, with the answers that stand given by themselves."""

    typed: list[str] = field(default_factory=list)
    next: int = 0

    def ask(self, question: str, read: Callable[[str], _Answer]) -> _Answer | None:
        """The answer, None for `?`. Raises _Back to ask from the start; Failure if the answers end."""
        self.next += 1
        if self.next <= len(self.typed):
            return None if self.typed[self.next - 1] == "?" else read(self.typed[self.next - 1])
        complain(f"{question}  (`?` don't know, `back`, `stop`)" if self.next == 1 else question)
        for line in sys.stdin:
            text = line.strip()
            if text == "back":
                del self.typed[-1:]
                raise _Back
            if text == "stop":
                break
            try:
                answer = None if text == "?" else read(text)
            except ValueError as fault:
                complain(str(fault))
                continue
            self.typed.append(text)
            return answer
        raise Failure("the answers ended before it was said who there is", "answer, or name a file with a case")


def _yes_or_no(text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise ValueError(f"`{text}` is neither `yes` nor `no`")
    return text.lower() in _YES


def _whole(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if text.lower() == "none":
            return 0
        if not (text.isdigit() and text.isascii() and int(text) <= most):
            raise ValueError(f"`{text}` is not a whole number from 0 to {most}")
        return int(text)

    return read


def _names(role: str, taken: Sequence[str]) -> Callable[[str], list[str]]:
    """Reads how many there are, or what they are called."""

    def read(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        if text.isdigit() or text.lower() == "none":
            return [f"{role}_{at}" for at in range(1, _whole(MOST)(text) + 1)]
        if len(names) > MOST or not all(map(_NAME.fullmatch, names)):
            raise ValueError(f"`{text}` is neither a whole number from 0 to {MOST} nor names such as `Ben, Mia`")
        if len({*names, *taken}) < len(names) + len(taken):
            raise ValueError("two people have one name: tell them apart, such as `Ben_2`")
        return names

    return read
