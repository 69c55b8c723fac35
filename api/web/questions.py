"""The questions of *What am I owed?*: which there are, in which order, what was answered, and the case of it.

An answer is a text, as the form has it; `?` is "I don't know", which counts as an answer. What a ruleset's pages ask is
data: `interviews/NAME.yaml`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from api.http.programs import Law
from api.web.households import MOST_AGE, MOST_CHILDREN, PARTNER, YOU, bare
from engine.interpret.case_reader import owners_of
from engine.reading.declared_settings import Settings

FOLDER = Path(__file__).parent / "interviews"
UNKNOWN = "?"
HOME = "home"
MOST_ROWS = 9
_NAME = re.compile(r"[^\W\d_][\w-]{0,39}", re.UNICODE)
_NAMED = re.compile(rf"name-({YOU}|{PARTNER}|child[0-9]{{1,2}})", re.ASCII)
_AMOUNT = re.compile(r"-?[0-9]{1,8}(?:\.[0-9]{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Question:
    """One page. `kind` is year, age, choice, count or money; `of` whom a fact is: you, partner, each adult or child.
    `rows`: what the amounts of a person come from one by one, each a row of its own (a job, an account). `kept`: the
    fact by which files of answers say it, if it is another, since it leaves out what forms say."""

    key: str
    kind: str
    ask: str
    hint: str = ""
    why: str = ""
    law: str = ""
    fact: str = ""
    of: str = ""
    bring: str = ""
    rows: str = ""
    kept: str = ""


@dataclass(frozen=True)
class Script:
    """A ruleset's questions, the credits that they answer (`paid`: those paid out whatever the tax), what to bring."""

    about: str
    group: Mapping[str, str]
    year: str
    credits: Mapping[str, str]
    paid: Sequence[str]
    pages: Sequence[Question]
    bring: Sequence[str]
    children_bring: str


@cache
def script_of(name: str) -> Script | None:
    """The questions of a ruleset; None if it has none."""
    path = FOLDER / f"{name}.yaml"
    if not re.fullmatch(r"[a-z0-9_-]+", name) or not path.is_file():
        return None
    said = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return Script(pages=[Question(**entry) for entry in said.pop("pages")], **said)


def script_for(law: Law) -> Script | None:
    """The questions of a law."""
    return script_of(Path(law.name).name)


@dataclass(frozen=True, slots=True)
class Field:
    """A control on a page: its name, and whom it is about, in words. `group`: the rows that it is one of; `row`: its
    number; `last`: whether it is the last of them."""

    name: str
    person: str
    words: str
    group: str = ""
    row: int = 1
    last: bool = True


@dataclass
class Answers:
    """What has been answered, by field."""

    script: Script
    settings: Settings
    said: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    """Answers to what the check opened, by field: `f.WHOSE.FACT`."""
    opened: dict[str, str] = field(default_factory=dict)
    """What the check opened, fact by fact: of whom, with commas."""
    rows: dict[str, int] = field(default_factory=dict)
    """How many rows a person has on a page that takes several, where it is more than one: by `KEY-WHOSE`."""
    names: dict[str, str] = field(default_factory=dict)
    """What a file of answers calls people, by what the case calls them."""
    documents: list[dict[str, Any]] = field(default_factory=list)
    """Forms that a file of answers says were copied, as it says them, of people as the case calls them."""

    @property
    def year(self) -> str:
        """The year that is asked about."""
        return self.said.get("year", self.script.year)

    @property
    def married(self) -> bool:
        """Whether there is somebody beside you on the return."""
        return self.said.get("partner") == "yes"

    @property
    def children(self) -> int:
        """How many children there are."""
        text = self.said.get("children", "0")
        return min(int(text), MOST_CHILDREN) if text.isdigit() else 0

    def pages(self) -> list[Question]:
        """The questions that are asked, as far as answers say."""
        return [page for page in self.script.pages if list(self.fields(page))]

    def fields(self, question: Question) -> Iterator[Field]:
        """The controls of a page."""
        people = {"you": "you", PARTNER: "your husband or wife"}
        match question.of:
            case "":
                yield Field(question.key, "", "")
            case "child":
                for at in range(1, self.children + 1):
                    yield Field(
                        f"{question.key}-{at}",
                        f"child{at}",
                        self.names.get(f"child{at}") or (f"Child {at}" if self.children > 1 else "The child"),
                    )
            case "adult":
                yield from self._rows(question, YOU, "You" if self.married else "")
                if self.married:
                    yield from self._rows(question, PARTNER, "Your husband or wife")
            case _:
                if question.of == YOU or self.married:
                    yield Field(question.key, question.of, people[question.of] if question.of != YOU else "")

    def _rows(self, question: Question, person: str, whose: str) -> Iterator[Field]:
        """A person's controls on a page: one, or one for each job or account."""
        group = f"{question.key}-{person}"
        count = self.rows.get(group, 1) if question.rows else 1
        for row in range(1, count + 1):
            what = f"{question.rows} {row}" if count > 1 else ""
            words = f"{whose}, {what}" if whose and what else whose or what.capitalize()
            yield Field(row_name(group, row), person, words, group, row, row == count)

    def changed_rows(self, question: Question, go: str, given: Mapping[str, str]) -> bool:
        """Add or take away a row, as a button of the page says. What was typed beside stays. False: no such button."""
        verb, _, group = go.partition(".")
        if not question.rows or group not in {shown.group for shown in self.fields(question)}:
            return False
        for shown in self.fields(question):
            text = self._typed(shown, given)
            if not fault_of(question, text, self.settings):
                self.said[shown.name] = text
        count = self.rows.get(group, 1)
        if verb == "less":
            self.said.pop(row_name(group, count), None)
        self.rows[group] = max(1, min(MOST_ROWS, count + (1 if verb == "more" else -1)))
        return True

    def _typed(self, shown: Field, given: Mapping[str, str]) -> str:
        """What a control says. An amount beside "I don't know" that was ticked before means the amount."""
        text = given.get(shown.name, "").strip()
        unknown = given.get(f"{shown.name}-unknown") and text in ("", self.said.get(shown.name))
        return UNKNOWN if unknown else text

    def hidden(self) -> Iterator[tuple[str, str]]:
        """What the check opened and what was answered to it, as fields to be carried on."""
        yield from self.extra.items()
        yield from ((f"o.{name}", whose) for name, whose in self.opened.items())
        yield from ((f"rows-{group}", str(count)) for group, count in self.rows.items() if count > 1)
        yield from ((f"name-{person}", name) for person, name in self.names.items())
        yield from ((f"form-{at}", json.dumps(document)) for at, document in enumerate(self.documents, 1))

    def last(self, but: Question | None) -> str:
        """The page that was answered last, for who wants to go back from another."""
        keys = {shown.name: question.key for question in self.pages() for shown in self.fields(question)}
        own = {shown.name for shown in self.fields(but)} if but is not None else set()
        names = list(self.said)
        before = names[: names.index(next(iter(own & set(names))))] if own & set(names) else names
        return next((keys[name] for name in reversed(before) if name in keys), "")

    def people(self) -> list[str]:
        """Everybody, as the case names them."""
        children = [f"child{at}" for at in range(1, self.children + 1)]
        return [YOU, *([PARTNER] if self.married else []), *children]

    def answered(self, question: Question) -> bool:
        """Whether every control of a page has an answer."""
        return all(shown.name in self.said for shown in self.fields(question))

    def wrong(self, question: Question, given: Mapping[str, str]) -> dict[str, str]:
        """What is wrong with the answers to one page, by field; in `said` is what is right."""
        problems: dict[str, str] = {}
        for shown in self.fields(question):
            text = self._typed(shown, given)
            fault = fault_of(question, text, self.settings)
            if fault:
                problems[shown.name] = fault
            self.said[shown.name] = text
        return problems

    def typed_faults(self, question: Question, given: Mapping[str, str]) -> dict[str, str]:
        """Take in what was typed on a page, and what is wrong with it; what was left open is no fault."""
        problems: dict[str, str] = {}
        for shown in self.fields(question):
            text = self._typed(shown, given)
            fault = fault_of(question, text, self.settings) if text else ""
            if fault:
                problems[shown.name] = fault
            elif text:
                self.said[shown.name] = text
        return problems

    def case(self) -> dict[str, Any]:
        """The case: what was answered, what was not or is not known as unknown, and nothing else."""
        people: dict[str, dict[str, Any]] = {YOU: {}, **({PARTNER: {}} if self.married else {})}
        people |= {f"child{at}": {} for at in range(1, self.children + 1)}
        for question in self.script.pages:
            fact = self.fact_of(question)
            for person, texts in self._by_person(question).items() if fact else ():
                people[person][fact] = value_of(question, texts)
        group = self.script.group
        unit: dict[str, Any] = {
            group["first"]: YOU,
            group["children"]: [person for person in people if person.startswith("child")],
        }
        if self.married:
            unit[group["second"]] = PARTNER
        for name, text in self.extra.items():
            _, whose, fact = name.split(".", 2)
            value = "unknown" if text == UNKNOWN else text == "yes" if text in ("yes", "no") else bare(text)
            if whose == HOME or whose in people:
                (unit if whose == HOME else people[whose])[fact] = value
        data: dict[str, Any] = {"complete": True, "people": people, group["plural"]: {HOME: unit}}
        for at, document in enumerate(self.documents, 1):
            if document["of"] not in people:
                continue
            entity = self.settings.entities[document["form"]]
            form = {owners_of(entity)[0]: document["of"], **document["boxes"]}
            data.setdefault(entity.plural, {})[f"{entity.name}-{at}"] = form
        return data

    def fact_of(self, question: Question) -> str:
        """The fact that a question's answer states: without what forms say, where forms were copied."""
        return question.kept if self.documents and question.kept else question.fact

    def called(self, person: str) -> str:
        """Of whom a fact is, in words; empty for the family as a whole, and for you."""
        if person in (YOU, HOME):
            return ""
        if person == PARTNER:
            return "your husband or wife"
        return self.names.get(person) or f"child {person.removeprefix('child')}"

    def sums(self, *, partly: bool = False) -> Iterator[tuple[Question, str, list[str]]]:
        """The questions about a fact that are answered of somebody: each with the person, and the rows' answers.
        `partly`: those too of which only some rows are; the others are empty."""
        for question in self.pages():
            rows: dict[str, list[str]] = {}
            for shown in self.fields(question) if question.fact else ():
                rows.setdefault(shown.person, []).append(self.said.get(shown.name, ""))
            for person, texts in rows.items():
                if all(texts) or (partly and any(texts)):
                    yield question, person, texts

    def _by_person(self, question: Question) -> dict[str, list[str]]:
        """What was answered of each person, row by row."""
        answers: dict[str, list[str]] = {}
        for shown in self.fields(question):
            answers.setdefault(shown.person, []).append(self.said.get(shown.name, UNKNOWN))
        return answers


def read_answers(script: Script, settings: Settings, fields: Mapping[str, str]) -> Answers:
    """The answers that a form carries; those that are not right are left out, and asked again. Forms that were copied
    are not among them: `api.web.owed_files` reads those, with the rules."""
    made = Answers(script, settings)
    for name, text in fields.items():
        if name.startswith("rows-") and text.isascii() and text.isdigit():
            made.rows[name.removeprefix("rows-")] = max(1, min(MOST_ROWS, int(text[:3])))
        if _NAMED.fullmatch(name) and is_name(text):
            made.names[name.removeprefix("name-")] = text
    for question in script.pages:
        for shown in list(made.fields(question)):
            said = fields.get(f"said-{shown.name}")
            if said is not None and not fault_of(question, said, settings):
                made.said[shown.name] = said
    order = {name: at for at, name in enumerate(fields)}
    made.said = dict(sorted(made.said.items(), key=lambda answer: order.get(f"said-{answer[0]}", 0)))
    return made


def is_name(text: str) -> bool:
    """Whether people may be called so."""
    return _NAME.fullmatch(text) is not None


def fault_of(question: Question, text: str, settings: Settings) -> str:
    """What is wrong with an answer; empty if nothing is."""
    first, last = settings.covers_from.year, settings.covers_to.year
    match question.kind:
        case "year":
            return "" if text.isdigit() and first <= int(text) <= last else f"Choose a year from {first} to {last}"
        case "choice":
            return "" if text in ("yes", "no", *([UNKNOWN] if question.fact else [])) else "Choose an answer"
        case "count":
            right = text.isdigit() and int(text) <= MOST_CHILDREN
            return "" if right else f"Enter a number from 0 to {MOST_CHILDREN}"
        case "age":
            right = text == UNKNOWN or (text.isdigit() and int(text) <= MOST_AGE)
            return "" if right else f"Enter an age in whole years, from 0 to {MOST_AGE}"
    right = text == UNKNOWN or _AMOUNT.fullmatch(bare(text)) is not None
    return "" if right else "Enter an amount in dollars, such as 31,000, or 0, or say that you don’t know"  # noqa: RUF001


def value_of(question: Question, texts: Sequence[str]) -> str | bool:
    """The value of a fact: of several rows the sum, which is not known unless each of them is."""
    if UNKNOWN in texts:
        return "unknown"
    if question.kind == "choice":
        return texts[0] == "yes"
    return bare(texts[0]) if len(texts) == 1 else str(sum(Decimal(bare(text)) for text in texts))


def row_name(group: str, row: int) -> str:
    """The field of a person's row on a page; the first has the name of all."""
    return group if row == 1 else f"{group}-{row}"
