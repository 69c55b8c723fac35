"""*What am I owed?*: one question a page, what is known so far beside it, a check, and the answer with its reasons.

Every page is a form; what was answered travels in it and is stored nowhere. Without a script all of it works.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.cases.calculate import Asked, Basis, Result, calculate
from api.cases.naming import find_definition
from api.http.cases import read_request_case
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.reading import Document
from api.http.service import Service, service_of
from api.web.books import book_of
from api.web.questions import UNKNOWN, Answers, Question, Script, read_answers, script_for
from api.web.rendering import page, shown
from api.web.steps import read_fields

router = APIRouter(include_in_schema=False)
MORE = 1000


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit on the page: its figure and name, met, unmet or open, whether it is paid out, and its ends."""

    result: Result
    name: str
    kind: str
    paid: bool
    low: Fraction
    high: Fraction | None
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Owed:
    """All credits of a family, and what those that are paid out come to."""

    basis: Basis
    credits: Sequence[Credit]
    low: Fraction
    high: Fraction | None


@router.get("/owed")
@shown
async def start(request: Request) -> Response:
    """The first question."""
    law, script = _asked_here(service_of(request))
    answers = Answers(script, law.program.settings)
    return await _question(request, law, answers, script.pages[0], {})


@router.post("/owed")
@shown
async def go_on(request: Request) -> Response:
    """The page after the one that was sent: the next question, one to go back to, the check, or the answer."""
    law, script = _asked_here(service_of(request))
    fields = await read_fields(request)
    answers = read_answers(script, law.program.settings, fields)
    go = fields.get("go", "on")
    asked = next((one for one in script.pages if one.key == fields.get("question")), None)
    if go == "answer" and all(map(answers.answered, answers.pages())):
        return await _answer(request, law, answers)
    named = next((one for one in answers.pages() if one.key == go), None)
    if named is not None:
        return await _question(request, law, answers, named, {})
    if asked is not None and go == "on":
        wrong = answers.wrong(asked, fields)
        if wrong:
            return await _question(request, law, answers, asked, wrong)
    following = next((one for one in answers.pages() if not answers.answered(one)), None)
    if following is not None:
        return await _question(request, law, answers, following, {})
    return page(request, "owed_check.html", nav="owed", answers=answers, script=script)


def _asked_here(service: Service) -> tuple[Law, Script]:
    """The first law here that has questions. Raises Refusal if none has."""
    for name in service.laws.names:
        law = service.laws.law(name, None, "")
        script = script_for(law)
        if script is not None:
            return law, script
    raise Refusal("not-found", [Fault("", "no law that is served here asks questions", "serve `us`")])


async def _question(
    request: Request, law: Law, answers: Answers, question: Question, wrong: Mapping[str, str]
) -> Response:
    pages = answers.pages()
    at = pages.index(question)
    before = pages[at - 1].key if at else ""
    settled = all(
        answers.answered(one) for one in pages if one.kind in ("count", "age", "choice") and one.of != "child"
    )
    so_far = None
    if settled and not wrong and any(map(answers.answered, pages[1:])):
        so_far = await service_of(request).run(_owed, service_of(request), law, answers)
    return page(
        request,
        "owed_question.html",
        nav="owed",
        status=422 if wrong else 200,
        answers=answers,
        question=question,
        fields=list(answers.fields(question)),
        number=at + 1,
        count=len(pages),
        before=before,
        wrong=wrong,
        so_far=so_far,
        book=book_of(law),
        hidden={key: text for key, text in answers.said.items() if key not in wrong},
    )


async def _answer(request: Request, law: Law, answers: Answers) -> Response:
    service = service_of(request)
    owed, changes = await service.run(lambda: (_owed(service, law, answers), _changes(service, law, answers)))
    unknown = [
        one for one in answers.pages() if any(answers.said[each.name] == UNKNOWN for each in answers.fields(one))
    ]
    return page(
        request,
        "owed_answer.html",
        nav="owed",
        answers=answers,
        script=answers.script,
        owed=owed,
        changes=changes,
        unknown=unknown,
        bring=_bring(answers),
        book=book_of(law),
        case=json.dumps(answers.case()),
        hidden=answers.said,
    )


def _owed(service: Service, law: Law, answers: Answers) -> Owed:
    """The credits of the family that was described."""
    found = _calculated(service, law, answers, answers.case(), "reasons")
    names = list(answers.script.credits.items())
    pairs = zip(found.results, names, strict=True)
    credits = [_credit(one, name, key in answers.script.paid) for one, (key, name) in pairs]
    paid = [one for one in credits if one.paid]
    highs = [one.high for one in paid]
    high = None if None in highs else sum((one for one in highs if one is not None), Fraction(0))
    return Owed(found.basis, credits, sum((one.low for one in paid), Fraction(0)), high)


def _calculated(service: Service, law: Law, answers: Answers, case: Any, explain: str) -> Any:
    wanted = [find_definition(law.program, name) for name in answers.script.credits]
    limit = service.config.limits.instances
    read = read_request_case(law.program, Document({"case": case}), case, "/case", answers.year, limit)
    return calculate(law.program, read, wanted, Asked(explain), reforms=law.reforms, constants=law.constants)


def _credit(result: Result, name: str, paid: bool) -> Credit:
    if result.status == "failed":
        raise Refusal("invalid-request", [Fault("", "these answers do not fit together", "go back and check them")])
    reasons = [one.fails for one in result.reasons.not_met if one.fails] if result.reasons is not None else []
    if result.status == "undetermined":
        low, high = (Fraction(str(end)) if end is not None else None for end in (result.low, result.high))
        return Credit(result, name, "open", paid, max(low or Fraction(0), Fraction(0)), high, reasons)
    value = Fraction(str(result.value)) if result.value is not None else Fraction(0)
    return Credit(result, name, "met" if value > 0 else "unmet", paid, value, value, reasons)


def _changes(service: Service, law: Law, answers: Answers) -> list[tuple[str, Fraction]]:
    """What would change the credits, by how much in all; only where everything is known."""
    if UNKNOWN in answers.said.values():
        return []
    now = _total(_calculated(service, law, answers, answers.case(), "none"))
    more = answers.case()
    earned = next(one for one in answers.script.pages if one.kind == "money")
    you = more["people"]["you"]
    you[earned.fact] = str(Fraction(you[earned.fact]) + MORE) if Fraction(you[earned.fact]).denominator == 1 else ""
    found = []
    if you[earned.fact]:
        found.append((f"Earning ${MORE:,} more", _total(_calculated(service, law, answers, more, "none")) - now))
    child = answers.case()
    child["people"]["another"] = {
        one.fact: "5" for one in answers.script.pages if one.of == "child" and one.kind == "age"
    }
    group = answers.script.group
    child[group["plural"]]["home"][group["children"]].append("another")
    found.append(("Another child of 5 at home", _total(_calculated(service, law, answers, child, "none")) - now))
    return found


def _total(found: Any) -> Fraction:
    return sum((Fraction(str(one.value)) for one in found.results if one.value is not None), Fraction(0))


def _bring(answers: Answers) -> list[str]:
    """What proves the answers."""
    listed = list(answers.script.bring)
    for question in answers.pages():
        said = [answers.said.get(one.name, "0") for one in answers.fields(question)]
        if question.bring and any(text.strip("0,.$ ") for text in said):
            listed.append(question.bring)
    return [*listed, *([answers.script.children_bring] if answers.children else [])]
