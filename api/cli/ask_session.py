"""What was answered to lists, turn by turn, and the file that an interview goes on from.

Every turn is kept with what was answered, so `back` takes the last one back, and a file goes on where it was left. If
it was asked who there is, the file says that too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from api.cases.json_values import as_json as value_json
from api.interview.documents import Document, with_documents
from api.interview.kept import FAULTS, kept_document, kept_fact, kept_value, told_document
from api.interview.saved import PEOPLE, TURNS, entries_of, no_answers, read_saved, require_rules, saved_text
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Program
from engine.values.types import NONE, Value


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
        write_kept(path, self.program, self.people, {TURNS: [list(self._told(turn)) for turn in self.turns]})

    def _told(self, turn: Turn) -> Iterator[dict[str, Any]]:
        definitions, settings = self.program.definitions, self.program.settings
        for fact, value in turn.given.items():
            told = "none" if value is NONE else value_json(value, definitions[fact.name].type, settings)
            yield {**self._named(fact), "answer": told}
        yield from ({**self._named(fact), "ticked": True} for fact in turn.ticked)
        yield from ({**self._named(fact), "passed": True} for fact in turn.passed)
        yield from (told_document(self.program, document) for document in turn.documents)

    def _named(self, fact: Fact) -> dict[str, str]:
        name = self.program.definitions[fact.name].short_name
        return {"fact": name, "of": fact.instance, "period": str(fact.period)}

    def resume(self, path: Path) -> None:
        """Take up the turns in a file. Raises Failure for one that holds none."""
        said = read_saved(path)
        require_rules(self.program, said)
        try:
            for told in entries_of(said):
                turn = Turn()
                for entry in told:
                    self._take(turn, entry)
                self.turns.append(turn)
        except FAULTS as fault:
            raise no_answers(f"`{path}`") from fault

    def _take(self, turn: Turn, entry: dict[str, Any]) -> None:
        if "form" in entry:
            turn.documents.append(kept_document(self.program, self.case, entry))
            return
        if entry["fact"] == "everything" and entry.get("answer") is False:
            return  # lists take it so in any case
        fact = kept_fact(self.program, self.case, entry)
        if entry.get("ticked"):
            turn.ticked.append(fact)
        elif not entry.get("passed") and entry["answer"] is not None:  # who did not know may know now
            turn.given[fact] = kept_value(self.program, fact, entry["answer"])


def write_kept(path: Path, program: Program, people: dict[str, Any] | None, told: dict[str, Any]) -> None:
    """Write a file of answers, whole or not at all."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(saved_text(program, people, told), encoding="utf-8")
    beside.replace(path)


def people_kept(path: Path | None) -> dict[str, Any] | None:
    """Who there is, as a file of answers says it; None if there is no file, or it does not say so."""
    return read_saved(path).get(PEOPLE) if path is not None and path.exists() else None
