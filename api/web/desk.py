"""*The desk*: for whoever works on other people's records, with a purpose: open one, work through what an annual run
could not assess, and correct a fact, after a look at what that changes.

Nothing here can be had without saying why, and each person whose record is shown can read who looked. A correction is
an event at the record's version that was shown: if somebody else recorded something meanwhile, it is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.cases.calculate import Asked, Result, calculate
from api.cases.naming import find_definition
from api.cases.reach import may_be_stated
from api.history.runs import Run, RunFaults
from api.http.access import CASE_WORKER, OPERATOR, Caller, require
from api.http.cases import read_request_case
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.reading import Document, Number
from api.http.record import Look, gathered, look_of, population_of, record_event, seen
from api.http.routes.runs import faults_shown, runs_of
from api.http.service import Service, service_of
from api.web.asking import MOST_CHARACTERS, NONE, FactField
from api.web.record import sample_of
from api.web.rendering import page, shown
from api.web.steps import own_form, read_fields
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition
from engine.values.periods import PeriodKind, Unit
from engine.values.types import Value

router = APIRouter(include_in_schema=False)
MOST_FAULTS = 50
MOST_WHY = 300


@dataclass(frozen=True, slots=True)
class Effect:
    """A figure before a correction and after it, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A correction that is being written: whose and why, the fact, its day, its value, the reason, and the version of
    the record that it was written for."""

    citizen: str
    purpose: str
    fact: FactField
    day: str
    value: str
    reason: str
    version: str
    key: str


@router.get("/desk")
@shown
async def desk(request: Request) -> Response:
    """Two forms: whose record, and which run; both with the purpose."""
    return await _desk(request, {}, {}, 200)


@router.post("/desk/faults")
@shown
async def faults(request: Request) -> Response:
    """What a run could not assess, as a list to work through."""
    own_form(request)
    caller, service = _worker(request), service_of(request)
    fields = await read_fields(request)
    purpose = fields.get("why", "").strip()[:MOST_WHY]
    if not purpose:
        return await _desk(request, {"why": "Say why you look: each person can read it"}, fields, 422)
    after = int(fields.get("after", "0") or 0) if fields.get("after", "0").isdigit() else 0
    run = fields.get("run", "")[:200]
    run_faults: RunFaults = await service.record(
        faults_shown, service, run, caller, purpose, after=after, limit=MOST_FAULTS
    )
    return page(request, "desk_faults.html", nav="desk", run=run, purpose=purpose, run_faults=run_faults)


@router.post("/desk/correct")
@shown
async def correct(request: Request) -> Response:
    """A correction: its form, then a preview of what it changes, then the record."""
    own_form(request)
    caller, service = require(request, CASE_WORKER), service_of(request)
    fields = await read_fields(request)
    law = service.laws.law(service.laws.names[0], None, "")
    citizen, purpose = fields.get("citizen", "").strip()[:200], fields.get("purpose", "").strip()[:MOST_WHY]
    look = look_of(request, law, citizen, None, known_at=None, purpose=purpose)
    draft, wrong = _read(law, fields, citizen, purpose)
    go = fields.get("go", "edit")
    if go == "record" and not wrong:
        await service.record(_recorded, service, law, look, draft)
        return page(request, "desk_done.html", nav="desk", draft=draft, caller=caller)
    version = await service.record(_version, service, look, draft)
    draft = draft if draft.version else replace(draft, version=version)
    if go == "edit" or wrong:
        shown_wrong = wrong if go != "edit" else {}
        return _form(request, draft, shown_wrong)
    effects = await service.run(_effects, service, law, look, draft)
    return page(request, "desk_preview.html", nav="desk", draft=draft, effects=effects)


def _worker(request: Request) -> Caller:
    return require(request, CASE_WORKER, OPERATOR)


async def _desk(request: Request, wrong: Mapping[str, str], said: Mapping[str, str], status: int) -> Response:
    caller, service = _worker(request), service_of(request)
    sample = sample_of(service)
    recorded_runs: list[Run] = await service.record(runs_of, service)
    return page(
        request,
        "desk.html",
        nav="desk",
        status=status,
        caller=caller,
        runs=recorded_runs,
        sample=sample,
        wrong=wrong,
        said=said,
    )


def _form(request: Request, draft: Draft, wrong: Mapping[str, str]) -> Response:
    return page(request, "desk_correct.html", nav="desk", status=422 if wrong else 200, draft=draft, wrong=wrong)


def _read(law: Law, fields: Mapping[str, str], citizen: str, purpose: str) -> tuple[Draft, dict[str, str]]:
    """The correction that a form describes, and what is wrong with it by field. Raises Refusal for no such fact."""
    program = law.program
    definition = program.find(fields.get("fact", ""))
    if definition is None or definition.entity != law.permissions.subject or not may_be_stated(definition):
        raise Refusal("not-found", [Fault("", "there is no such fact of a person", "choose one on the record's page")])
    day = fields.get("day", "").strip()[:10]
    wrong: dict[str, str] = {}
    try:
        valid = date.fromisoformat(day)
    except ValueError:
        wrong["day"] = "Enter a day, such as 2024-01-01"
        valid = datetime.now(UTC).date()
    fact_field = FactField(
        Fact(definition.name, citizen, definition.period.containing(valid)), definition, program.settings
    )
    typed = NONE if fields.get(f"x.{fact_field.name}") else fields.get(fact_field.name, fields.get("value", "")).strip()
    value = typed[:MOST_CHARACTERS]
    fault = fact_field.fault(value) or ("Enter what is right" if value == "?" else "")
    if fault:
        wrong[fact_field.name] = fault
    reason = fields.get("reason", "").strip()[:MOST_WHY]
    if not reason:
        wrong["reason"] = "Say why it is corrected: the person can read it"
    key = fields.get("key", "") or secrets.token_urlsafe(18)
    return Draft(citizen, purpose, fact_field, day, value, reason, fields.get("version", "")[:20], key[:100]), wrong


def _version(service: Service, look: Look, draft: Draft) -> str:
    """The record's version; that it was looked at is recorded."""
    seen(service, look, f"correction of {draft.fact.definition.short_name}")
    return str(population_of(service).version(look.person))


def _recorded(service: Service, law: Law, look: Look, draft: Draft) -> None:
    """Record the correction, at the version that was shown. Raises Refusal (412) if that is not the record's now."""
    if not population_of(service).version(look.person):
        raise Refusal("not-found")
    value = draft.fact.value(draft.value)
    said = Number(value) if isinstance(value, str) and draft.fact.kind in ("money", "whole") else value
    body = {"corrects": {draft.day: {draft.fact.definition.short_name: said}}, "reason": draft.reason}
    version = int(draft.version) if draft.version.isdigit() else -1
    record_event(service, law, look, Document(body), id=draft.key, version=version)


def _effects(service: Service, law: Law, look: Look, draft: Draft) -> list[Effect]:
    """What the correction does to the figures that assessments name, for each period that holds its day."""
    effects: list[Effect] = []
    day = date.fromisoformat(draft.day)
    for rules in law.program.settings.assessments.values():
        if rules.period is None or rules.period.is_personal:
            continue
        period = rules.period.containing(day)
        case = gathered(service, law, replace(look, valid=period.end), period).case
        given = dict(case.given)
        name = look.person.partition("/")[2]
        value = _value(law, draft)
        for kind in {draft.fact.definition.period.containing(day), draft.fact.definition.period.containing(period.end)}:
            given[Fact(draft.fact.definition.name, name, kind)] = value
        wanted = [
            find_definition(law.program, liability)
            for liability in (*rules.liabilities, *rules.entitlements, *rules.shown)
        ]
        before = calculate(law.program, case, wanted, Asked(), constants=law.constants, must=False).results
        changed = replace(case, given=given)
        after = calculate(law.program, changed, wanted, Asked(), constants=law.constants, must=False).results
        effects += _differing(before, after, str(period))
    return effects


def _value(law: Law, draft: Draft) -> Value:
    """The new value as the rules have it."""
    definition: Definition = draft.fact.definition
    entity = law.program.settings.entities[definition.entity]
    data = {entity.plural: {draft.citizen: {definition.short_name: draft.fact.value(draft.value)}}}
    kind = PeriodKind(Unit.DAY) if definition.period.unit is Unit.ETERNITY else definition.period
    period = str(kind.containing(date.fromisoformat(draft.day)))
    case = read_request_case(law.program, Document(data), data, "", at=period, most=10)
    return next(iter(case.given.values()))


def _differing(before: Sequence[Result], after: Sequence[Result], period: str) -> list[Effect]:
    """The figures that differ."""
    pairs = zip(before, after, strict=True)
    return [Effect(f"{old.label}, {period}", old.text, new.text) for old, new in pairs if old.text != new.text]
