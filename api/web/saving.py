"""Answers as a file: a page hands them over as one, and takes up one that a page or the terminal wrote.

The server keeps nothing. What fits no longer, since the rules changed or somebody edited the file, is told entry by
entry, and the rest can be gone on with. There is no link that holds answers: an address ends up in histories, logs and
messages, even its fragment in the first and the last of these.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response

from api.cases.json_values import as_json
from api.failures import Failure
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.service import JSON, PRIVATE, read_body, service_of
from api.interview.documents import Document
from api.interview.kept import FAULTS, kept_document, kept_fact, kept_value
from api.interview.saved import (
    ANSWERS,
    MOST_BYTES,
    PEOPLE,
    TURNS,
    case_of_people,
    entries_of,
    no_answers,
    require_rules,
    saved_from,
    saved_text,
)
from api.rules.programs import find_rules
from api.web.rendering import POLICY, page
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.syntax.files import SCREENS_FILE
from engine.values.types import NONE, Kind, Value

FILE = "answers"
MOST_TOLD, MOST_LETTERS = 20, 300
_AROUND = 10_000
"""What a form may hold around the file."""
_Taken = TypeVar("_Taken")
_REMEDY = "choose a file that this page or `rulewright ask --save` wrote"


@dataclass
class Opened:
    """What a file of answers says: who there is, values by fact, those that are still to be told (`open`: there, with
    no amount yet, or that nobody could tell and may now), forms that were copied, and what does not fit: so much of
    it as a page tells, and how much `more` there is."""

    said: Mapping[str, Any]
    case: Case
    given: dict[Fact, Value] = field(default_factory=dict)
    open: list[Fact] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    more: int = 0

    def tell(self, problem: str) -> None:
        """Note something that does not fit, once."""
        told = f"{problem[:1].upper()}{problem[1:]}"[:MOST_LETTERS]
        if told in self.problems:
            return
        if len(self.problems) < MOST_TOLD:
            self.problems.append(told)
        else:
            self.more += 1


async def read_file(request: Request) -> bytes:
    """The file that a form sends; empty if it sends none. Raises Refusal for what is no such form."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise Refusal(
            "not-supported", [Fault("", "this page takes a form with a file", "send it from the page before")]
        )
    try:
        body = await read_body(request, MOST_BYTES + _AROUND)
    except Refusal as refusal:
        if refusal.kind != "too-large":
            raise
        return b" " * (MOST_BYTES + 1)  # told as what it is: too large to be one

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(request.headers, whole(), max_files=1, max_fields=1).parse()
    except (MultiPartException, KeyError, ValueError):
        raise Refusal("invalid-request", [Fault("", "the form cannot be read", "send it from the page")]) from None
    sent = form.get(FILE)
    return await sent.read() if isinstance(sent, UploadFile) else b""


async def taken_up(request: Request, read: Callable[[bytes], _Taken]) -> _Taken | Failure:
    """What `read` makes of the file that a form sends, or why nothing can be made of it."""
    content = await read_file(request)
    try:
        return await service_of(request).run(read, content)
    except Failure as fault:
        return fault


def opened_page(
    request: Request,
    taken: tuple[Opened, object] | Failure,
    hidden: Sequence[tuple[str, str]],
    count: int,
    about: Mapping[str, str],
) -> Response:
    """The page after a file was chosen: how many answers it holds, what does not fit, and the way on. `about`: the
    entry of the menu, the address to go on at, and the title."""
    failure = taken if isinstance(taken, Failure) else None
    opened = None if isinstance(taken, Failure) else taken[0]
    status = 422 if opened is None or opened.problems else 200
    return page(
        request, "opened.html", status=status, failure=failure, opened=opened, hidden=hidden, count=count, **about
    )


def opened_from(law: Law, content: bytes) -> Opened:
    """What a file says, told against the law of now. Raises Failure for one that is no file of answers, is about other
    rules, or does not say who there is."""
    program = law.program
    if not content:
        raise Failure("no file was chosen, or it is empty", _REMEDY)
    said = saved_from(content, "the file", _REMEDY)
    require_rules(program, said)
    try:
        turns = entries_of(said)
    except FAULTS:
        raise no_answers("the file", _REMEDY) from None
    if said.get(PEOPLE) is None:
        told = "the file does not say who there is: its answers are about a case in another file"
        raise Failure(told, "go on with it in the terminal: `rulewright ask` with that case")
    try:
        case = case_of_people(program, said[PEOPLE])
    except Failure as fault:
        told = f"the file says who there is in a way that these rules do not know: {fault.message}"
        raise Failure(
            told[:MOST_LETTERS], "open it on the page where it was saved, or with the rules it is about"
        ) from None
    opened = Opened(said, case)
    opened.given |= opened.case.given
    for entry in (entry for turn in turns for entry in turn):
        _take(program, opened, entry)
    return opened


def _take(program: Program, opened: Opened, entry: Any) -> None:
    """Take up an entry, or note why it does not fit. Once there is much of that, names are not looked for any more."""
    if opened.more and isinstance(entry, dict) and program.find(str(entry.get("fact"))) is None and "form" not in entry:
        opened.more += 1
        return
    try:
        if "form" in entry:
            opened.documents.append(kept_document(program, opened.case, entry))
        elif entry["fact"] != "everything":
            fact = kept_fact(program, opened.case, entry)
            if entry.get("ticked") or entry.get("passed") or entry["answer"] is None:
                opened.open.append(fact)  # who did not know may know now
            else:
                opened.given[fact] = kept_value(program, fact, entry["answer"])
    except Failure as fault:
        opened.tell(fault.message)
    except FAULTS:
        opened.tell("an entry of the file is no answer")


def attachment(
    law: Law, name: str, people: Mapping[str, Any], turns: Sequence[Sequence[Mapping[str, Any]]]
) -> Response:
    """The answers as a file that the browser saves, in the form that the terminal goes on from."""
    listed = (find_rules(law.name) / SCREENS_FILE).is_file()
    told = {TURNS: turns} if listed else {ANSWERS: [entry for turn in turns for entry in turn]}
    headers = {
        "Content-Disposition": f'attachment; filename="rulewright-{Path(law.name).name}-{name}.json"',
        "Content-Security-Policy": POLICY,
        "Cache-Control": PRIVATE,
    }
    return Response(saved_text(law.program, people, told), 200, headers, JSON)


def answer_text(definition: Definition, value: Value, program: Program) -> str:
    """A value as a form of these pages has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is NONE:
        return str(NONE)
    text = str(as_json(value, definition.type, program.settings))
    return text.removesuffix(".00") if definition.type.kind is Kind.MONEY else text


def told_entry(program: Program, fact: Fact, value: Value | None) -> dict[str, Any]:
    """An answer as a file of answers says it; None for what nobody could tell."""
    definition = program.definitions[fact.name]
    told = None if value is None else as_json(value, definition.type, program.settings)
    named = {"fact": definition.short_name, "of": fact.instance, "period": str(fact.period)}
    return {**named, "answer": told} if told is not None else {**named, "answer": None, "passed": True}


def typed_value(program: Program, fact: Fact, text: str) -> Value | None:
    """The value of an answer as a form has it; None for one that is no value of the fact."""
    try:
        return kept_value(program, fact, text)
    except (Failure, *FAULTS):
        return None
