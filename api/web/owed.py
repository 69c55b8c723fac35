"""*What am I owed?*: one question a page, what is known so far beside it, a check, and the answer with its reasons.

Every page is a form; what was answered travels in it and is stored nowhere. Without a script all of it works.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.cases.calculate import Asked, Basis, Result, calculate
from api.cases.likely import WITHOUT_FORM
from api.cases.naming import find_definition
from api.cases.ranking import facts_ranked
from api.cases.refusals import refusals
from api.failures import Failure
from api.http.cases import read_request_case
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.reading import Document
from api.http.service import Service, service_of
from api.interview.interview import open_facts
from api.web.asking import MOST_CHARACTERS, NONE, FactField, field_name
from api.web.books import book_of
from api.web.granted import SHOWN, Granted, granted
from api.web.owed_files import answers_opened, forms_told, people_saved, read_forms, turns_saved
from api.web.questions import HOME, MOST_ROWS, UNKNOWN, Answers, Question, Script, read_answers, script_for
from api.web.rendering import page, require_visitor, shown
from api.web.saving import Opened, attachment, opened_from, opened_page, taken_up
from api.web.steps import read_fields
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program

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
    require_visitor(request)
    service = service_of(request)
    law, script = _asked_here(service)
    answers = Answers(script, law.program.settings)
    _order_is_ready(service, law, _case(service, law, answers, answers.case()), _wanted(law, answers))
    return await _question(request, law, answers, script.pages[0], wrong={})


@router.post("/owed")
@shown
async def go_on(request: Request) -> Response:
    """The page after the one that was sent: the next question, one to go back to, the check, or the answer.

    Who belongs to the family is asked first; then what moves the credits most, and nothing that no longer can.
    """
    require_visitor(request)
    service = service_of(request)
    law, script = _asked_here(service)
    fields = await read_fields(request)
    answers = read_answers(script, law.program.settings, fields)
    read_forms(law, answers, fields)
    wrong = _read_extra(law, answers, fields)
    if wrong:
        return _extra(request, law, answers, next(iter(wrong)), wrong)
    go = fields.get("go", "on")
    asked = next((question for question in script.pages if question.key == fields.get("question")), None)
    named = next((question for question in answers.pages() if question.key == go), None)
    if named is not None:
        return await _question(request, law, answers, named, wrong={})
    if go == "save":
        typed = {name: text for name, text in fields.items() if text.strip()}
        wrong = answers.typed_faults(asked, typed) if asked is not None else {}
        if wrong and asked is not None:
            return await _question(request, law, answers, asked, wrong=wrong)
        return attachment(law, f"{answers.year}", people_saved(law, answers), turns_saved(law, answers))
    if go in answers.extra:
        return _extra(request, law, answers, go, {})
    if asked is not None and answers.changed_rows(asked, go, fields):
        return await _question(request, law, answers, asked, wrong={}, fresh=go.startswith("more."))
    if asked is not None and go == "on":
        wrong = answers.wrong(asked, fields)
        if wrong:
            return await _question(request, law, answers, asked, wrong=wrong)
    following = await service.run(_following, service, law, answers)
    if following is not None:
        return await _question(request, law, answers, following, wrong={})
    left = [name for name in _opened(law, answers) if name not in answers.extra]
    if left:
        return _extra(request, law, answers, left[0], {})
    if go == "answer":
        return await _answer(request, law, answers)
    taken = await service.run(_granted, service, law, answers)
    return page(
        request, "owed_check.html", nav="owed", answers=answers, script=script, taken=taken, shown=SHOWN,
        **_further(law, answers), whose=answers.called,
    )  # fmt: skip


@router.post("/owed/open")
@shown
async def go_on_from_file(request: Request) -> Response:
    """A file of answers, taken up: what it says, and what of it does not fit."""
    require_visitor(request)
    law, script = _asked_here(service_of(request))

    def read(content: bytes) -> tuple[Opened, Answers]:
        opened = opened_from(law, content)
        return opened, answers_opened(law, script, opened)

    taken = await taken_up(request, read)
    fields: list[tuple[str, str]] = []
    count = 0
    if not isinstance(taken, Failure):
        answers = taken[1]
        fields = [*((f"said-{name}", text) for name, text in answers.said.items()), *answers.hidden()]
        count = len(answers.said) + len(answers.extra) + len(answers.documents)
    return opened_page(request, taken, fields, count, {"nav": "owed", "action": "/owed", "title": "What am I owed?"})


def _following(service: Service, law: Law, answers: Answers) -> Question | None:
    """The next question: who belongs to the family, then the fact that is expected to move the credits most."""
    open_ = [question for question in answers.pages() if not answers.answered(question)]
    family = next(
        (question for question in open_ if question.kind in ("year", "age", "count") or not question.fact), None
    )
    if family is not None or not open_:
        return family
    case, wanted = _case(service, law, answers, answers.case()), _wanted(law, answers)
    told = {
        (question.fact, field.person) for question in answers.pages() for field in answers.fields(question)
        if field.name in answers.said
    }  # fmt: skip
    definitions = law.program.definitions
    needs = open_facts(law.program, case, wanted, law.interpreters)
    left = [need for need in needs if (definitions[need.name].short_name, need.instance) not in told]
    if left and _order_is_ready(service, law, case, wanted):
        left = [fact for fact in facts_ranked(law.program, case, wanted, needs) if fact in left][:1]
    names = {definitions[fact.name].short_name for fact in left}
    return next((page for page in open_ if page.fact in names), None)


def _order_is_ready(service: Service, law: Law, case: Case, wanted: Sequence[Definition]) -> bool:
    """Whether there is code to order the questions. If not, it is made, which takes seconds, and nobody waits for it:
    until then questions come as the script has them."""
    key = (case.at, *(figure.name for figure in wanted))
    if key not in law.orders:
        law.orders[key] = False
        service.later(_make_order, law, case, wanted, key)
    return law.orders[key]


def _make_order(law: Law, case: Case, wanted: Sequence[Definition], key: tuple[object, ...]) -> None:
    facts_ranked(law.program, case, wanted, open_facts(law.program, case, wanted, law.interpreters))
    law.orders[key] = True


# --- what the check opens


def _read_extra(law: Law, answers: Answers, fields: Mapping[str, str]) -> dict[str, str]:
    """Take in what the check opened and what was answered to it; what is wrong, by field."""
    wrong: dict[str, str] = {}
    for name, whose in fields.items():
        opening = law.program.find(name.removeprefix("o.")) if name.startswith("o.") else None
        if opening is not None and opening.is_input:
            answers.opened[opening.short_name] = ",".join(
                holder for holder in whose.split(",") if holder in (*answers.people(), HOME)
            )
    for name in _opened(law, answers):
        field = _field(law, answers, name)
        text = fields.get(name)
        if fields.get("asked") == name and text is None and fields.get("go", "on") == "on":
            wrong[name] = "Choose an answer"
        if text is None or (fields.get("go") == "save" and not text.strip() and not fields.get(f"u.{name}")):
            continue
        typed = NONE if fields.get(f"x.{name}") else text.strip()[:MOST_CHARACTERS]
        said = UNKNOWN if fields.get(f"u.{name}") else typed
        fault = field.fault(said)
        if fault:
            wrong[name] = fault
        else:
            answers.extra[name] = said
    return wrong


def _opened(law: Law, answers: Answers) -> list[str]:
    """The fields that the check opened."""
    group = answers.script.group["plural"]
    entities = law.program.settings.entities
    fields = []
    for short, whose in answers.opened.items():
        definition = law.program.find(short)
        if definition is None:
            continue
        homely = entities[definition.entity].plural == group
        fields += [field_name(holder, short) for holder in whose.split(",") if holder and (holder == HOME) == homely]
    return fields


def _field(law: Law, answers: Answers, name: str) -> FactField:
    _, whose, short = name.split(".", 2)
    definition = law.program.find(short)
    assert definition is not None
    period = definition.period.containing(date(int(answers.year), 12, 31))
    return FactField(Fact(definition.name, whose, period), definition, law.program.settings)


def _further(law: Law, answers: Answers) -> dict[str, Any]:
    """What was answered besides the pages' own questions: forms, and facts, those apart that are as is usual."""
    told = [(_field(law, answers, name), text) for name, text in answers.extra.items()]
    usual = [entry for entry in told if entry[0].told(entry[1]) == entry[0].absent]
    extras = [entry for entry in told if entry not in usual]
    return {"extras": extras, "usual": usual, "forms": forms_told(law, answers)}


def _extra(request: Request, law: Law, answers: Answers, name: str, wrong: Mapping[str, str]) -> Response:
    fact_field = _field(law, answers, name)
    return page(
        request, "owed_extra.html", nav="owed", status=422 if wrong else 200, answers=answers, fact_field=fact_field,
        answer=answers.extra.get(name, ""), fault=wrong.get(name, ""), whose=answers.called(fact_field.fact.instance),
        book=book_of(law),
    )  # fmt: skip


def _granted(service: Service, law: Law, answers: Answers) -> list[Granted]:
    """What was taken for granted."""
    case = _case(service, law, answers, answers.case())
    facts = {question.fact for question in answers.pages()}
    taken = granted(law, case, _wanted(law, answers), answers.extra.keys())
    return [entry for entry in taken if entry.name.removesuffix(WITHOUT_FORM) not in facts]


def _asked_here(service: Service) -> tuple[Law, Script]:
    """The first law here that has questions. Raises Refusal if none has."""
    for name in service.laws.names:
        law = service.laws.law(name, None, "")
        script = script_for(law)
        if script is not None:
            return law, script
    raise Refusal("not-found", [Fault("", "no law that is served here asks questions", "serve `us`")])


async def _question(
    request: Request, law: Law, answers: Answers, question: Question, *, wrong: Mapping[str, str], fresh: bool = False
) -> Response:
    """A question's page. `fresh`: a row was added, and takes the focus."""
    pages = answers.pages()
    before = answers.last(question)
    settled = all(
        answers.answered(each) for each in pages if each.kind in ("count", "age", "choice") and each.of != "child"
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
        number=min(len({each.key for each in pages if answers.answered(each)} - {question.key}) + 1, len(pages)),
        count=len(pages),
        before=before,
        wrong=wrong,
        fresh=fresh,
        most_rows=MOST_ROWS,
        so_far=so_far,
        book=book_of(law),
        hidden={key: text for key, text in answers.said.items() if key not in wrong},
    )


async def _answer(request: Request, law: Law, answers: Answers) -> Response:
    service = service_of(request)
    owed, changes, taken = await service.run(
        lambda: (
            _owed(service, law, answers),
            _changes(service, law, answers),
            _granted(service, law, answers),
        )
    )
    unknown = [
        question
        for question in answers.pages()
        if any(answers.said.get(each.name) == UNKNOWN for each in answers.fields(question))
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
        taken=taken,
        shown=SHOWN,
        whose=answers.called,
        **_further(law, answers),
        case=json.dumps(answers.case()),
        hidden=answers.said,
    )


def _owed(service: Service, law: Law, answers: Answers) -> Owed:
    """The credits of the family that was described."""
    calculated = _calculated(service, law, answers, answers.case(), "reasons")
    names = list(answers.script.credits.items())
    pairs = zip(calculated.results, names, strict=True)
    credits = [_credit(law.program, result, name, key in answers.script.paid) for result, (key, name) in pairs]
    paid = [credit for credit in credits if credit.paid]
    highs = [credit.high for credit in paid]
    high = None if None in highs else sum((high for high in highs if high is not None), Fraction(0))
    return Owed(calculated.basis, credits, sum((credit.low for credit in paid), Fraction(0)), high)


def _calculated(service: Service, law: Law, answers: Answers, case: Any, explain: str) -> Any:
    read, wanted = _case(service, law, answers, case), _wanted(law, answers)
    return calculate(law.program, read, wanted, Asked(explain), reforms=law.reforms, constants=law.constants)


def _case(service: Service, law: Law, answers: Answers, case: Any) -> Case:
    limit = service.config.limits.instances
    return read_request_case(law.program, Document({"case": case}), case, "/case", at=answers.year, most=limit)


def _wanted(law: Law, answers: Answers) -> list[Definition]:
    return [find_definition(law.program, name) for name in answers.script.credits]


def _credit(program: Program, result: Result, name: str, paid: bool) -> Credit:
    if result.status == "failed":
        raise Refusal("invalid-request", [Fault("", "these answers do not fit together", "go back and check them")])
    reasons = [reason.fails for reason in refusals(program, result)]
    if result.status == "undetermined":
        low, high = (Fraction(str(end)) if end is not None else None for end in (result.low, result.high))
        return Credit(result, name, "open", paid, max(low or Fraction(0), Fraction(0)), high, reasons)
    value = Fraction(str(result.value)) if result.value is not None else Fraction(0)
    return Credit(result, name, "met" if value > 0 else "unmet", paid, value, value, reasons)


def _changes(service: Service, law: Law, answers: Answers) -> list[tuple[str, Fraction]]:
    """What would change the credits, by how much in all; only where they are known before and after."""
    now = _total(_calculated(service, law, answers, answers.case(), "none"))
    if UNKNOWN in answers.said.values() or now is None:
        return []
    more, earned = answers.case(), next(question for question in answers.script.pages if question.kind == "money")
    you, fact = more["people"]["you"], answers.fact_of(earned)
    others = []
    if you[fact] != "unknown":  # it was not asked where it no longer matters
        you[fact] = str(Decimal(you[fact]) + MORE)
        others.append((f"Earning ${MORE:,} more", more))
    child = answers.case()
    child["people"]["another"] = {
        question.fact: "5" for question in answers.script.pages if question.of == "child" and question.kind == "age"
    }
    group = answers.script.group
    child[group["plural"]]["home"][group["children"]].append("another")
    others.append(("Another child of 5 at home", child))
    totals = [(what, _total(_calculated(service, law, answers, case, "none"))) for what, case in others]
    return [(what, total - now) for what, total in totals if total is not None]


def _total(calculated: Any) -> Fraction | None:
    """What the credits come to together; None where one is not known."""
    if any(result.status in ("undetermined", "failed") for result in calculated.results):
        return None
    return sum((Fraction(str(result.value)) for result in calculated.results if result.value is not None), Fraction(0))


def _bring(answers: Answers) -> list[str]:
    """What proves the answers."""
    listed = list(answers.script.bring)
    for question in answers.pages():
        said = [answers.said.get(field.name, "0") for field in answers.fields(question)]
        if question.bring and any(text.strip("0,.$ ") for text in said):
            listed.append(question.bring)
    return [*listed, *([answers.script.children_bring] if answers.children else [])]
