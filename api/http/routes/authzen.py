"""`/access/v1`: AuthZEN's Authorization API over requirements of the rules: may somebody do something.

An action is a requirement of the subject's entity, by its name: `drive` means `drive`, `may_drive` or, with the
resource's type, `may_drive_car`. Properties of the subject are facts by name; a resource whose type is a record of
the subject's is one record with its properties. What is not determined is refused, with what to ask: a machine must
not wave somebody through.

An operator's evaluation reads the subject's record, too, where there is one; it stands over properties that say
otherwise, which `on_record_otherwise` names. That is a look, which the citizen sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.cases.calculate import Asked, Calculation, calculate
from api.history.record import person_entity, record_case
from api.http.access import ANYBODY, OPERATOR, Caller, Purpose, require
from api.http.cases import read_request_case
from api.http.forms import Form, read_form
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.reading import Document
from api.http.record import Look, seen
from api.http.schemas import body_of, refusals
from api.http.service import Service, answer, read_document, service_of
from api.schema import as_data
from citizens import CitizensError
from engine.interpret.cases import Case
from engine.ir.program import Definition, Program

router = APIRouter(tags=["AuthZEN"])
STATUS = {True: "met", False: "not_met"}
MOST_EVALUATIONS = 100
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII)


class Subject(Form):
    """Who wants to: `type` is an entity of the rules."""

    type: str = Field(max_length=100)
    id: str = Field(min_length=1, max_length=200)
    properties: dict[str, Any] | None = None


class Action(Form):
    """What they want to do: a requirement of the rules."""

    name: str = Field(min_length=1, max_length=100)
    properties: dict[str, Any] | None = None


class Resource(Form):
    """With what."""

    type: str = Field(max_length=100)
    id: str = Field(min_length=1, max_length=200)
    properties: dict[str, Any] | None = None


class Context(Form):
    """When: the day; today if not given. `ruleset`: the first of this server if not given."""

    at: str | None = Field(None, max_length=20)
    ruleset: str | None = Field(None, max_length=100)


class Evaluation(Form):
    """One question."""

    subject: Subject
    action: Action
    resource: Resource
    context: Context | None = None


class Part(Form):
    """A question of several; what it leaves out stands in the request around it."""

    subject: Subject | None = None
    action: Action | None = None
    resource: Resource | None = None
    context: Context | None = None


class Options(Form):
    """When to stop."""

    evaluations_semantic: Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"] = "execute_all"


class Evaluations(Part):
    """Several questions at once."""

    evaluations: list[Part] = Field(default_factory=list, max_length=MOST_EVALUATIONS)
    options: Options | None = None


class ActionSearch(Form):
    """Which actions are permitted."""

    subject: Subject
    resource: Resource | None = None
    context: Context | None = None


_REFUSED = refusals(400, 401, 413, 415, 429, 503)
_JSON: dict[str, Any] = {"content": {"application/json": {"schema": {"type": "object"}}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {200: _JSON, **_REFUSED}


def _get_form(document: Document, kind: Any) -> Any:
    """The body as a form: what is wrong with it is 400, as AuthZEN has it."""
    try:
        return read_form(kind, document)
    except Refusal as refusal:
        refusal.status = 400
        raise


def _answered(request: Request, value: object) -> Response:
    said = request.headers.get("x-request-id", "")
    return answer(value, X_Request_ID=said) if _REQUEST_ID.fullmatch(said) else answer(value)


@router.post("/access/v1/evaluation", summary="May somebody do something", response_class=Response,
             responses=_ANSWERS, openapi_extra=body_of(Evaluation, {}))  # fmt: skip
async def evaluation(request: Request) -> Response:
    """`decision`, and in `context` its status, the reasons and what it rests on."""
    caller = require(request, *ANYBODY)
    service = service_of(request)
    document, _ = await read_document(request)
    form: Evaluation = _get_form(document, Evaluation)
    await _looked(service, caller, form)
    return _answered(request, await service.run(_decided, service, document, form, "", OPERATOR in caller.roles))


@router.post("/access/v1/evaluations", summary="Several questions at once", response_class=Response,
             responses=_ANSWERS, openapi_extra=body_of(Evaluations, {}))  # fmt: skip
async def evaluations(request: Request) -> Response:
    """Each is answered as one by itself; `options` may say to stop at the first permit or deny."""
    require(request, *ANYBODY)
    service = service_of(request)
    document, _ = await read_document(request)
    form: Evaluations = _get_form(document, Evaluations)
    if not form.evaluations:
        return _answered(request, await service.run(_decided, service, document, _whole(form, Part(), ""), ""))
    semantic = (form.options or Options()).evaluations_semantic
    questions = [_whole(form, part, f"/evaluations/{at}") for at, part in enumerate(form.evaluations)]
    stop = {"deny_on_first_deny": False, "permit_on_first_permit": True}.get(semantic)

    def made() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for at, question in enumerate(questions):
            found.append(_decided(service, document, question, f"/evaluations/{at}"))
            if stop is not None and found[-1]["decision"] is stop:
                break
        return found

    return _answered(request, {"evaluations": await service.run(made)})


def _whole(form: Evaluations, part: Part, pointer: str) -> Evaluation:
    """A question with what stands around it. Raises Refusal (400) for what neither says."""
    said = {name: getattr(part, name) or getattr(form, name) for name in ("subject", "action", "resource", "context")}
    missing = [name for name, value in said.items() if value is None and name != "context"]
    if missing:
        faults = [Fault(f"{pointer}/{name}", "this field is missing", "add it") for name in missing]
        raise Refusal("invalid-request", faults, status=400)
    return Evaluation.model_construct(**said)


@router.post("/access/v1/search/action", summary="Which actions are permitted", response_class=Response,
             responses=_ANSWERS, openapi_extra=body_of(ActionSearch, {}))  # fmt: skip
async def search_action(request: Request) -> Response:
    """The requirements of the subject's entity that are met."""
    require(request, *ANYBODY)
    service = service_of(request)
    document, _ = await read_document(request)
    form: ActionSearch = _get_form(document, ActionSearch)

    def made() -> list[dict[str, str]]:
        law = _law(service, form.context)
        names = [one.short_name for one in _requirements(law.program, form.subject.type)]
        met = (name for name in names if _computed(service, law, document, form, name, "", False)[0])
        return [{"name": name} for name in met]

    return _answered(request, {"results": await service.run(made), "page": {"next_token": ""}})


@router.get("/.well-known/authzen-configuration", summary="AuthZEN's metadata", response_class=Response,
            responses={200: _JSON})  # fmt: skip
async def metadata(request: Request) -> Response:
    """Where its endpoints are."""
    base = f"{request.url.scheme}://{request.url.netloc}"
    return answer(
        {
            "policy_decision_point": base,
            "access_evaluation_endpoint": f"{base}/access/v1/evaluation",
            "access_evaluations_endpoint": f"{base}/access/v1/evaluations",
            "search_action_endpoint": f"{base}/access/v1/search/action",
        },
        cache="public, max-age=3600",
    )


# --- deciding


def _law(service: Service, context: Context | None) -> Law:
    name = context.ruleset if context is not None and context.ruleset else service.laws.names[0]
    try:
        return service.laws.law(name, None, "/context/ruleset")
    except Refusal as refusal:
        refusal.status = 400
        raise


async def _looked(service: Service, caller: Caller, form: Evaluation) -> None:
    """Record that a decision looks at somebody's record, if it does."""
    law = _law(service, form.context)
    if OPERATOR in caller.roles and _on_record(service, law, form):
        look = Look(_person(form), datetime.now(UTC).date(), None, caller, Purpose("", "decision"))
        await service.record(seen, service, look, f"decision {form.action.name}")


def _person(form: Any) -> str:
    return f"{form.subject.type}/{form.subject.id}"


def _on_record(service: Service, law: Law, form: Any) -> bool:
    """Whether there is a record of the subject."""
    if service.log is None or form.subject.type != person_entity(law.program):
        return False
    try:
        return service.log.version(_person(form)) > 0
    except CitizensError:
        return False  # what is no subject's name has no record


def _with_record(service: Service, law: Law, form: Any, case: Case) -> tuple[Case, list[str]]:
    """The case with what is on record of the subject; the facts that were sent otherwise, in whose place it stands."""
    assert service.log is not None and service.circle is not None
    day = case.at.end
    found = record_case(service.log, service.circle, law.program, _person(form), case.at, day, None).case
    differing = [fact.name for fact, value in found.given.items() if case.given.get(fact, value) != value]
    instances = {
        entity: tuple(dict.fromkeys((*found.instances.get(entity, ()), *case.instances.get(entity, ()))))
        for entity in (*found.instances, *case.instances)
    }
    records = {key: tuple(dict.fromkeys((*found.records.get(key, ()), *ids))) for key, ids in case.records.items()}
    merged = replace(
        found,
        instances=instances,
        owner_of={**case.owner_of, **found.owner_of},
        records={**found.records, **records},
        given={**case.given, **found.given},
    )
    return merged, [name.rpartition(":")[2] for name in dict.fromkeys(differing)]


def _decided(
    service: Service, document: Document, form: Evaluation, pointer: str, records: bool = False
) -> dict[str, Any]:
    law = _law(service, form.context)
    met, said = _computed(service, law, document, form, form.action.name, pointer, records)
    return {"decision": met, "context": said}


def _computed(
    service: Service, law: Law, document: Document, form: Any, action: str, pointer: str, records: bool
) -> tuple[bool, dict[str, Any]]:
    """Whether a requirement is met, and its status, reasons and basis. What nobody knows of is refused."""
    definition = requirement(law.program, form.subject.type, action, form.resource)
    if definition is None:
        return False, {"status": "unknown_action", "reasons": {"met": [], "not_met": [], "unknown": []}}
    data = _case(law.program, form)
    at = form.context.at if form.context is not None and form.context.at else datetime.now(UTC).date().isoformat()
    try:
        case = read_request_case(law.program, document, data, pointer, at, service.config.limits.instances)
    except Refusal as refusal:
        refusal.status = 400
        raise
    differing: list[str] = []
    if records and _on_record(service, law, form):
        case, differing = _with_record(service, law, form, case)
    asked = Asked("reasons", ask=True)
    found = calculate(law.program, case, [definition], asked, reforms=law.reforms, constants=law.constants, must=False)
    met, said = _told(found)
    return met, {**said, "on_record_otherwise": differing} if differing else said


def _told(found: Calculation) -> tuple[bool, dict[str, Any]]:
    result = found.results[0]
    status = STATUS[bool(result.value)] if result.status == "determined" else result.status
    said: dict[str, Any] = {"status": status, "reasons": as_data(result.reasons), "basis": as_data(found.basis)}
    if found.ask_next:
        said["ask_next"] = as_data(found.ask_next[:5])
    return status == "met", said


def requirement(program: Program, entity: str, action: str, resource: Resource | None) -> Definition | None:
    """The requirement that an action names, of the subject's entity."""
    names = [action, f"may_{action}", *([f"may_{action}_{resource.type}"] if resource is not None else [])]
    of_entity = {one.short_name: one for one in _requirements(program, entity)}
    return next((of_entity[name] for name in reversed(names) if name in of_entity), None)


def _requirements(program: Program, entity: str) -> Iterator[Definition]:
    for one in program.definitions.values():
        if one.requirement is not None and one.exported and one.entity == entity:
            yield one


def _case(program: Program, form: Any) -> dict[str, Any]:
    """The subject, and the resource if it is a record of theirs, with their properties as facts."""
    entities = program.settings.entities
    who = form.subject
    data: dict[str, Any] = {entities[who.type].plural: {who.id: dict(who.properties or {})}}
    what = form.resource
    if what is not None and what.type in entities and entities[what.type].belongs_to == who.type:
        data[entities[what.type].plural] = {what.id: {who.type: who.id, **(what.properties or {})}}
    return data
