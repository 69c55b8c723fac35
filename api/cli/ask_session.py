"""What was answered to lists, turn by turn, and the file that an interview goes on from.

Every turn is kept with what was answered, so `back` takes the last one back, and a file goes on where it was left. If
it was asked who there is, the file says that too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from api.cases.json_values import as_json as value_json
from api.cases.naming import find_definition
from api.failures import Failure
from api.interview.documents import Document, with_documents
from api.interview.interview import read_answer
from api.interview.kept import FAULTS, kept_fact, kept_value
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Program
from engine.values.types import NONE, Value

PEOPLE = "people"
"""The key of a file that says who there is."""


@dataclass(slots=True)
class Turn:
    """One screen as it was answered: facts stated, those ticked without an amount, those that nobody could tell, and
    forms that were copied."""

    given: dict[Fact, Value] = field(default_factory=dict)
    ticked: list[Fact] = field(default_factory=list)
    passed: list[Fact] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)


@dataclass(eq=False)
class Session:
    """The turns so far, in order. `people`: who there is, where that was asked."""

    program: Program
    case: Case
    turns: list[Turn] = field(default_factory=list)
    people: dict[str, Any] | None = None

    def now(self) -> tuple[Case, set[Fact], set[Fact]]:
        """The case with the answers in it, what is ticked without an amount, and what was passed over."""
        given = {fact: value for turn in self.turns for fact, value in turn.given.items()}
        ticked = {fact for turn in self.turns for fact in turn.ticked} - given.keys()
        passed = {fact for turn in self.turns for fact in turn.passed} - given.keys()
        documents = [document for turn in self.turns for document in turn.documents]
        case = replace(self.case, given={**self.case.given, **given})
        return with_documents(self.program, case, documents), ticked, passed

    def save(self, path: Path) -> None:
        """Write the turns to a file, from which the interview goes on."""
        write_kept(path, self.people, {"turns": [list(self._told(turn)) for turn in self.turns]})

    def _told(self, turn: Turn) -> Iterator[dict[str, Any]]:
        definitions, settings = self.program.definitions, self.program.settings
        for fact, value in turn.given.items():
            told = "none" if value is NONE else value_json(value, definitions[fact.name].type, settings)
            yield {**self._named(fact), "answer": told}
        yield from ({**self._named(fact), "ticked": True} for fact in turn.ticked)
        yield from ({**self._named(fact), "passed": True} for fact in turn.passed)
        for document in turn.documents:
            boxes = {
                name: value_json(value, find_definition(self.program, name).type, settings)
                for name, value in document.boxes.items()
            }
            yield {"form": document.record, "of": document.owner, "boxes": boxes}

    def _named(self, fact: Fact) -> dict[str, str]:
        name = self.program.definitions[fact.name].short_name
        return {"fact": name, "of": fact.instance, "period": str(fact.period)}

    def resume(self, path: Path) -> None:
        """Take up the turns in a file. Raises Failure for one that holds none."""
        try:
            for told in json.loads(path.read_text(encoding="utf-8"))["turns"]:
                turn = Turn()
                for entry in told:
                    self._take(turn, entry)
                self.turns.append(turn)
        except FAULTS as fault:
            raise no_answers(path) from fault

    def _take(self, turn: Turn, entry: dict[str, Any]) -> None:
        if "form" in entry:
            boxes = {
                str(name): read_answer(self.program, find_definition(self.program, name), _typed(answer))
                for name, answer in entry["boxes"].items()
            }
            if not any(entry["of"] in names for names in self.case.instances.values()):
                raise Failure(f"the answers copy a form of `{entry['of']}`, who is not in the case", "name a new file")
            turn.documents.append(Document(entry["form"], entry["of"], boxes))
            return
        fact = kept_fact(self.program, self.case, entry)
        if entry.get("ticked"):
            turn.ticked.append(fact)
        elif not entry.get("passed"):  # who did not know may know now
            turn.given[fact] = kept_value(self.program, fact, entry["answer"])


def _typed(answer: object) -> str:
    """A kept answer as it would be typed."""
    return {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else str(answer)


def write_kept(path: Path, people: dict[str, Any] | None, told: dict[str, Any]) -> None:
    """Write a file of answers, whole or not at all."""
    kept = {**({PEOPLE: people} if people is not None else {}), **told}
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)


def people_kept(path: Path | None) -> dict[str, Any] | None:
    """Who there is, as a file of answers says it; None if there is no file, or it does not say so."""
    if path is None or not path.exists():
        return None
    try:
        people = json.loads(path.read_text(encoding="utf-8")).get(PEOPLE)
        if people is not None and not isinstance(people, dict):
            raise TypeError
    except FAULTS as fault:
        raise no_answers(path) from fault
    return people


def no_answers(path: Path) -> Failure:
    """What is told of a file that is none of answers."""
    return Failure(f"`{path}` holds no answers", "name a file that `--save` wrote, or a new one")
