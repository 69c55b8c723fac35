"""*May I …?*: a permission of the rules, one question a page, a review of what was taken for granted, and the verdict.

1. The day, and how many records there are of each kind that the permission reads.
2. What must be known, in the order that the interview's engine computes.
3. A review: what a person has not said and usually need not say, each to be ticked or answered.
4. Yes, no or not known, with every condition and its law, what would change a no, and another day to ask for.

What was answered travels in forms and is stored nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.cases.calculate import Asked, Basis, calculate
from api.cases.naming import period_for
from api.cases.reach import reached
from api.cure.cure import Change, Cured, Stated, cure
from api.failures import Failure
from api.history.record import person_entity
from api.http.cases import read_request_case
from api.http.permissions import MAY
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.reading import Document
from api.http.service import Service, service_of
from api.interview.interview import next_step, open_facts
from api.schema import Citation, citations
from api.web.asking import MOST_CHARACTERS, NONE, UNKNOWN, FactField, field_name, fields_for
from api.web.books import book_of
from api.web.rendering import grouped, page, require_visitor, shown
from api.web.steps import read_fields
from engine.interpret.cases import EVERY, Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Definition, ReasonInfo
from engine.text.citations import law_on
from engine.values.periods import Period, PeriodKind, Unit

router = APIRouter(include_in_schema=False)
YOU = "you"
MOST_RECORDS = 9
_NOBODY = Fact("", "", PeriodKind(Unit.ETERNITY).containing(date.min))


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that people may ask for: its requirement, and the kinds of records that it reads."""

    law: Law
    definition: Definition
    records: Sequence[str]

    @property
    def title(self) -> str:
        """`May I drive the vehicle?`"""
        return f"May I {self.definition.label.removeprefix(MAY)}?"

    @property
    def about(self) -> str:
        """`drive the vehicle`"""
        return self.definition.label.removeprefix(MAY)

    @property
    def about_law(self) -> str:
        """What the ruleset is about."""
        return self.law.program.settings.about

    @property
    def address(self) -> str:
        """Its page."""
        return f"/may/{book_of(self.law).short}/{self.definition.short_name}"


@dataclass
class Said:
    """What a form says: the day, how many records there are of each kind, answers by field, what is to be asked all the
    same (`opened`), and whether the review is done."""

    permission: Permission
    day: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    reviewed: bool = False

    @property
    def begun(self) -> bool:
        """Whether the first page is answered."""
        return bool(self.day) and all(entity in self.counts for entity in self.permission.records)

    def data(self, complete: bool) -> dict[str, Any]:
        """The case as a request says it."""
        program = self.permission.law.program
        entities = program.settings.entities
        person = person_entity(program)
        people: dict[str, dict[str, Any]] = {YOU: {}}
        data: dict[str, Any] = {"complete": complete, entities[person].plural: people}
        for entity, count in self.counts.items():
            own = {f"{entity}-{at}": {person: YOU} for at in range(1, count + 1)}
            if own:
                data[entities[entity].plural] = own
        for each in self.fields():
            entity = each.definition.entity
            if each.definition.absent is not None and self.answers[each.name] == UNKNOWN and not complete:
                continue
            data[entities[entity].plural][each.fact.instance][each.definition.short_name] = each.value(
                self.answers[each.name]
            )
        return data

    def fields(self) -> list[FactField]:
        """The facts that were answered, in the order in which they were."""
        program = self.permission.law.program
        made = []
        for name in self.answers:
            _, whose, short = name.split(".", 2)
            definition = program.find(short)
            if definition is not None and self.has(whose, definition.entity):
                period = definition.period.containing(date.fromisoformat(self.day))
                made.append(FactField(Fact(definition.name, whose, period), definition, program.settings))
        return made

    def has(self, whose: str, entity: str) -> bool:
        """Whether there is such a person or record here."""
        if entity == person_entity(self.permission.law.program):
            return whose == YOU
        kind, _, number = whose.rpartition("-")
        return kind == entity and number.isdigit() and 1 <= int(number) <= self.counts.get(entity, 0)

    def hidden(self) -> Iterator[tuple[str, str]]:
        """The form's fields, to be carried on."""
        if self.begun:
            yield "day", self.day
            yield from ((f"n.{entity}", str(count)) for entity, count in self.counts.items())
        yield from self.answers.items()
        yield from ((f"o.{name}", "1") for name in self.opened)
        if self.reviewed:
            yield "reviewed", "1"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition: met, unmet or open; how those in it combine (`all`, `any_of`); what is told where it is not met."""

    status: str
    label: str
    law: Sequence[Citation]
    fails: str
    mode: str
    parts: Sequence[Condition]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the page answers."""

    status: str
    whole: Condition
    basis: Basis
    cured: Cured | None
    problem: str
    granted: Sequence[FactField]


@router.get("/may")
@shown
async def doors(request: Request) -> Response:
    """The permissions that there are."""
    require_visitor(request)
    found = permissions(service_of(request))
    if not found:
        raise Refusal("not-found", [Fault("", "no law that is served here permits anything", "serve `gb`")])
    return page(request, "may_index.html", nav="may", permissions=found)


@router.get("/may/{ruleset}/{name}")
@shown
async def start(request: Request, ruleset: str, name: str) -> Response:
    """The first page: the day, and which records there are."""
    require_visitor(request)
    permission = _permission(service_of(request), ruleset, name)
    return _first(request, Said(permission), {})


@router.post("/may/{ruleset}/{name}")
@shown
async def go_on(request: Request, ruleset: str, name: str) -> Response:
    """The page after the one that was sent."""
    require_visitor(request)
    service = service_of(request)
    permission = _permission(service, ruleset, name)
    form = await read_fields(request)
    said, wrong = _read(permission, form)
    go = form.get("go", "on")
    if not said.begun or go == "first" or any(not name.startswith("f.") for name in wrong):
        return _first(request, said, wrong)
    if wrong:
        bad = [_named(said, name) for name in wrong]
        return _ask(request, said, [fact_field for fact_field in bad if fact_field is not None], wrong, 0)
    if go.startswith("change."):
        named = _named(said, go.removeprefix("change."))
        if named is not None:
            return _ask(request, said, [named], {}, 0)
    return await _next(request, service, said)


def permissions(service: Service) -> list[Permission]:
    """The permissions of all the laws that are served."""
    laws = [service.laws.law(name, None, "") for name in service.laws.names]
    return [
        Permission(law, definition, _records(law, definition)) for law in laws for definition in law.permissions.asked
    ]


def _records(law: Law, definition: Definition) -> list[str]:
    """The kinds of records that a permission reads."""
    program = law.program
    today = definition.period.containing(min(datetime.now(UTC).date(), program.settings.covers_to))
    read = {program.definitions[cell.name].entity for cell in reached(program, today, (definition,))}
    return [entity.name for entity in program.settings.entities.values() if entity.belongs_to and entity.name in read]


def _permission(service: Service, ruleset: str, name: str) -> Permission:
    for permission in permissions(service):
        if book_of(permission.law).short == ruleset and permission.definition.short_name == name:
            return permission
    raise Refusal("not-found")


# --- the form


def _read(permission: Permission, form: Mapping[str, str]) -> tuple[Said, dict[str, str]]:
    """What a form says, and what is wrong with it by field."""
    settings = permission.law.program.settings
    said, wrong = Said(permission, form.get("day", "").strip()[:10]), {}
    try:
        day = date.fromisoformat(said.day)
        if not settings.covers_from <= day <= (settings.projected_to or settings.covers_to):
            raise ValueError
    except ValueError:
        wrong["day"] = f"Enter a day from {settings.covers_from} to {settings.projected_to or settings.covers_to}"
        said.day = ""
    for entity in permission.records:
        text = form.get(f"n.{entity}", "").strip()
        if text.isdigit() and text.isascii() and int(text) <= MOST_RECORDS:
            said.counts[entity] = int(text)
        else:
            wrong[f"n.{entity}"] = f"Enter a number from 0 to {MOST_RECORDS}"
    if not said.begun:
        return said, wrong if "day" in form else {}
    for name, text in form.items():
        if name.startswith("o.f."):
            said.opened.add(name.removeprefix("o."))
        elif name.startswith("f.") and name.count(".") == 2:
            fact_field = _named(said, name)
            if fact_field is None:
                continue
            typed = NONE if form.get(f"x.{name}") else text.strip()[:MOST_CHARACTERS]
            answer = UNKNOWN if form.get(f"u.{name}") else typed
            fault = fact_field.fault(answer)
            said.answers[name] = answer if not fault else ""
            if fault:
                wrong[name] = fault
                del said.answers[name]
    asked = form.get("asked", "")
    if form.get("go", "on") == "on" and asked and asked not in form and _named(said, asked) is not None:
        wrong[asked] = "Choose an answer"
    said.reviewed = bool(form.get("reviewed"))
    return said, wrong


def _named(said: Said, name: str) -> FactField | None:
    """The field of that name, if there is such a fact of somebody here."""
    _, whose, short = (*name.split(".", 2), "", "")[:3]
    program = said.permission.law.program
    definition = program.find(short)
    if definition is None or not definition.is_input or not said.has(whose, definition.entity):
        return None
    period = definition.period.containing(date.fromisoformat(said.day))
    return FactField(Fact(definition.name, whose, period), definition, program.settings)


# --- pages


def _first(request: Request, said: Said, wrong: Mapping[str, str]) -> Response:
    entities = said.permission.law.program.settings.entities
    return page(
        request,
        "may_first.html",
        nav="may",
        status=422 if wrong else 200,
        permission=said.permission,
        said=said,
        wrong=wrong,
        day=said.day or _today(said.permission.law),
        records=[(record, entities[record].plural.replace("_", " ")) for record in said.permission.records],
    )


def _today(law: Law) -> str:
    """Today, or the last day that the rules answer for."""
    settings = law.program.settings
    return min(datetime.now(UTC).date(), settings.projected_to or settings.covers_to).isoformat()


async def _next(request: Request, service: Service, said: Said) -> Response:
    permission = said.permission
    if said.reviewed and not _opened(said):
        verdict = await service.run(_verdict, service, said)
        entities = permission.law.program.settings.entities
        return page(
            request,
            "may_answer.html",
            nav="may",
            permission=permission,
            said=said,
            verdict=verdict,
            answered=[(one, whose(said, one)) for one in said.fields()],
            whose=_who,
            change_words=lambda change: _change_words(permission, change),
            stated_words=lambda stated: _stated_words(permission, stated),
            counts=[(entities[one].plural.replace("_", " "), count) for one, count in said.counts.items()],
            book=book_of(permission.law),
            case=json.dumps(said.data(True)),
        )
    opened = _opened(said)
    if opened:
        return _ask(request, said, opened[:1], {}, len(opened))
    asked, open_ = await service.run(_step, service, said)
    if asked is not None:
        return _ask(request, said, [asked], {}, open_)
    granted = await service.run(_granted, service, said)
    if not granted:
        said.reviewed = True
        return await _next(request, service, said)
    return page(
        request,
        "may_review.html",
        nav="may",
        permission=permission,
        said=said,
        granted=[(fact_field, whose(said, fact_field)) for fact_field in granted],
    )


def _ask(request: Request, said: Said, asked: Sequence[FactField], wrong: Mapping[str, str], left: int) -> Response:
    fact_field = asked[0]
    return page(
        request,
        "may_question.html",
        nav="may",
        status=422 if wrong else 200,
        permission=said.permission,
        said=said,
        one=fact_field,
        whose=whose(said, fact_field),
        answer=said.answers.get(fact_field.name, ""),
        fault=wrong.get(fact_field.name, ""),
        number=len(said.answers) + 2,
        left=left,
        before=next((name for name in reversed(said.answers) if name != fact_field.name), "first"),
        book=book_of(said.permission.law),
    )


def whose(said: Said, one: FactField) -> str:
    """Which record a fact is of, in words; empty for you."""
    return _who(one.fact.instance) if one.fact.instance != YOU else ""


def _who(instance: str) -> str:
    kind, _, number = instance.rpartition("-")
    return f"{kind.replace('_', ' ').capitalize()} {number}" if kind else ""


def _change_words(permission: Permission, change: Change) -> str:
    """`B instead of C`, in the labels of the rules."""
    to = _words_of(permission, change.fact, change.to)
    return to if change.from_ is None else f"{to} instead of {_words_of(permission, change.fact, change.from_)}"


def _stated_words(permission: Permission, stated: Stated) -> str:
    """What a record that is added must say, in the labels of the rules."""
    return _words_of(permission, stated.fact, stated.to)


def _words_of(permission: Permission, fact: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    definition = permission.law.program.find(fact)
    members = FactField(_NOBODY, definition, permission.law.program.settings).members if definition else {}
    return members.get(str(value), grouped(str(value)))


def _opened(said: Said) -> list[FactField]:
    """What the review opened and nobody has answered yet."""
    fact_fields = [_named(said, name) for name in sorted(said.opened) if name not in said.answers]
    return [fact_field for fact_field in fact_fields if fact_field is not None]


# --- computing


def _case(service: Service, said: Said, complete: bool) -> Case:
    data = said.data(complete)
    limit = service.config.limits.instances
    case = read_request_case(said.permission.law.program, Document({"case": data}), data, "/case", said.day, limit)
    return replace(case, whole=case.whole | {EVERY})  # the page shows what is listed, and says that it is all


def _step(service: Service, said: Said) -> tuple[FactField | None, int]:
    """The next question of what must be known, and how many facts are open."""
    law, definition = said.permission.law, said.permission.definition
    case = _case(service, said, False)
    needs = open_facts(law.program, case, [definition], law.constants)
    passed = [need for need in needs if law.program.definitions[need.name].absent is not None or _told(said, need)]
    if len(passed) == len(needs):
        return None, len(needs)
    _, fact = next_step(law.program, case, [definition], passed, law.constants)
    return (fields_for(law.program, [fact])[0] if fact is not None else None), len(needs) - len(passed)


def _told(said: Said, fact: Fact) -> bool:
    short = said.permission.law.program.definitions[fact.name].short_name
    return field_name(fact.instance, short) in said.answers


def _granted(service: Service, said: Said) -> list[FactField]:
    """What was not asked and could change the answer: taken for what it usually is."""
    law = said.permission.law
    needs = open_facts(law.program, _case(service, said, False), [said.permission.definition], law.constants)
    usual = [need for need in needs if law.program.definitions[need.name].absent is not None and not _told(said, need)]
    return fields_for(law.program, usual)


def _verdict(service: Service, said: Said) -> Verdict:
    law, definition = said.permission.law, said.permission.definition
    case = _case(service, said, True)
    calculation = calculate(law.program, case, [definition], Asked(), reforms=law.reforms, constants=law.constants)
    result = calculation.results[0]
    interpreter = Interpreter(law.program, case, law.constants)
    period = period_for(law.program, definition, case.at)
    assert definition.requirement is not None
    whole = _condition(interpreter, definition.requirement, period)
    status = {True: "met", False: "unmet"}[bool(result.value)] if result.status == "determined" else "open"
    cured = None
    if status == "unmet":
        try:
            cured = cure(law.program, case, definition, YOU, every=True)
        except Failure:
            cured = None  # what is refused for want of an answer has no cure by other facts
    problem = result.problem.message if result.problem is not None else ""
    return Verdict(status, whole, calculation.basis, cured, problem, _granted(service, said))


def _condition(interpreter: Interpreter, info: ReasonInfo, period: Period) -> Condition:
    """A reason and those in it, each with how it stands."""
    outcome = interpreter.find(Fact(info.name, YOU, period))
    known = isinstance(outcome, Known) and isinstance(outcome.value, bool)
    status = ("met" if outcome.value else "unmet") if known else "open"  # type: ignore[union-attr]
    words = info.label or info.name.rpartition(".")[2].replace("_", " ")
    parts = [_condition(interpreter, part, period) for part in info.parts]
    return Condition(
        status, words[:1].upper() + words[1:], citations(law_on(info.law, period.start)), info.fails, info.mode, parts
    )
