"""`/access/v1`: AuthZEN's Authorization API 1.0 over requirements of the rules: may somebody do something.

Single questions, several at once, and the three searches. What decides is in `api.http.deciding`; here is what AuthZEN
says of requests: fields that nobody knows are ignored, whatever is wrong with a question is 400, and `X-Request-ID`
comes back. A question that reads somebody's record is a look, which that citizen sees.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from api.history.looks import record_looks
from api.http.access import ANYBODY, OPERATOR, Caller, require
from api.http.deciding import Decider, Question, invalid, missing
from api.http.forms import Form, read_form
from api.http.permissions import Asked
from api.http.problems import Fault, Refusal
from api.http.reading import Document
from api.http.schemas import body_of, refusals
from api.http.service import Service, answer, read_document, service_of

router = APIRouter(tags=["AuthZEN"])
MOST_EVALUATIONS = 100
MOST_EXAMINED = 1_000
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)


class Lenient(Form):
    """What AuthZEN says has room for what others add to it."""

    model_config = ConfigDict(extra="ignore")


class Subject(Lenient):
    """Who wants to: `type` is the rules' entity of people."""

    type: str = Field(max_length=100)
    id: str = Field(min_length=1, max_length=200)
    properties: dict[str, Any] | None = None


class Action(Lenient):
    """What they want to do, as `permits` of a requirement names it."""

    name: str = Field(min_length=1, max_length=200)
    properties: dict[str, Any] | None = None


class Resource(Lenient):
    """With what."""

    type: str = Field(max_length=200)
    id: str = Field(min_length=1, max_length=200)
    properties: dict[str, Any] | None = None


class Wanted(Lenient):
    """Somebody or something of a type, to be searched for; an id is ignored."""

    type: str = Field(max_length=200)
    properties: dict[str, Any] | None = None


class Context(Lenient):
    """When: the day; today if not given. `ruleset`: the first of this server that knows the action if not given."""

    at: str | None = Field(default=None, max_length=20)
    ruleset: str | None = Field(default=None, max_length=100)


class Evaluation(Lenient):
    """One question."""

    subject: Subject
    action: Action
    resource: Resource
    context: Context | None = None


class Part(Lenient):
    """A question of several; what it leaves out stands in the request around it."""

    subject: Subject | None = None
    action: Action | None = None
    resource: Resource | None = None
    context: Context | None = None


class Options(Lenient):
    """When to stop."""

    evaluations_semantic: Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"] = "execute_all"


class Around(Lenient):
    """What stands around several questions. A part that is no question is refused by itself."""

    evaluations: list[dict[str, Any]] = Field(default_factory=list, max_length=MOST_EVALUATIONS)
    options: Options | None = None


class Evaluations(Part):
    """Several questions at once."""

    evaluations: list[Part] = Field(default_factory=list, max_length=MOST_EVALUATIONS)
    options: Options | None = None


class Page(Lenient):
    """Which part of the results: `token` is the `next_token` of the page before."""

    token: str = Field(default="", max_length=500)
    limit: int = Field(default=100, ge=1, le=MOST_EXAMINED)


class SubjectSearch(Lenient):
    """Who may do something."""

    subject: Wanted
    action: Action
    resource: Resource
    context: Context | None = None
    page: Page | None = None


class ResourceSearch(Lenient):
    """With what somebody may do something."""

    subject: Subject
    action: Action
    resource: Wanted
    context: Context | None = None
    page: Page | None = None


class ActionSearch(Lenient):
    """What somebody may do with something."""

    subject: Subject
    resource: Resource
    context: Context | None = None
    page: Page | None = None


_JSON: dict[str, Any] = {"content": {"application/json": {"schema": {"type": "object"}}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {200: _JSON, **refusals(400, 401, 403, 413, 429, 503)}
_AS_400 = (406, 408, 415, 422)
_EXAMPLE = {
    "who may drive": {
        "subject": {"type": "person", "id": "sam"},
        "action": {"name": "drive"},
        "resource": {"type": "vehicle", "id": "1"},
    }
}


def _as_authzen(route: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """A route whose refusals of what was sent are 400, and whose answers repeat `X-Request-ID`."""

    @wraps(route)
    async def answered(request: Request) -> Response:
        try:
            made: Response = await route(request)
        except Refusal as refusal:
            if refusal.status in _AS_400:
                refusal.status = 400
            refusal.headers = {**refusal.headers, **_repeated(request)}
            raise
        made.headers.update(_repeated(request))
        return made

    return answered


def _repeated(request: Request) -> dict[str, str]:
    said = request.headers.get("x-request-id", "")
    return {"X-Request-ID": said} if _REQUEST_ID.fullmatch(said) else {}


async def _read(request: Request, kind: Any) -> tuple[Any, Document]:
    document, _ = await read_document(request)
    return read_form(kind, document), document


@router.post("/access/v1/evaluation", summary="May somebody do something", response_class=Response,
             responses=_ANSWERS, openapi_extra=body_of(Evaluation, _EXAMPLE))  # fmt: skip
@_as_authzen
async def evaluation(request: Request) -> Response:
    """`decision`, and in `context` its status, the reasons and what it rests on."""
    caller = require(request, *ANYBODY)
    form, document = await _read(request, Evaluation)
    return answer(await service_of(request).run(_single, service_of(request), caller, document, form))


def _single(service: Service, caller: Caller, document: Document, form: Any) -> dict[str, Any]:
    decider = _decider(service, caller, document, form.context)
    _look(decider, caller, [_person(form)], f"decision {form.action.name}")
    found = decider.decide(_question(form))
    return {"decision": found.decision, "context": found.said}


@router.post("/access/v1/evaluations", summary="Several questions at once", response_class=Response,
             responses=_ANSWERS, openapi_extra=body_of(Evaluations, {}))  # fmt: skip
@_as_authzen
async def evaluations(request: Request) -> Response:
    """Each is answered as one by itself; `options` may say to stop at the first permit or deny."""
    caller = require(request, *ANYBODY)
    service = service_of(request)
    around, document = await _read(request, Around)
    if not around.evaluations:
        return answer(await service.run(_single, service, caller, document, read_form(Evaluation, document)))
    return answer({"evaluations": await service.run(_several, service, caller, document, around)})


def _several(service: Service, caller: Caller, document: Document, around: Around) -> list[dict[str, Any]]:
    semantic = (around.options or Options()).evaluations_semantic
    stop = {"deny_on_first_deny": False, "permit_on_first_permit": True}.get(semantic)
    said: list[dict[str, Any]] = []
    looked: set[str] = set()
    for at, part in enumerate(document.data["evaluations"]):
        whole = {name: document.data.get(name) for name in ("subject", "action", "resource", "context")} | part
        try:
            form = _part(whole, document, f"/evaluations/{at}")
            decider = _decider(service, caller, document, form.context)
            if _person(form) not in looked:
                _look(decider, caller, [_person(form)], f"decision {form.action.name}")
                looked.add(_person(form))
            found = decider.decide(_question(form), f"/evaluations/{at}")
            said.append({"decision": found.decision, "context": found.said})
        except Refusal as refusal:
            if refusal.status not in (400, *_AS_400):
                raise
            said.append({"decision": False, "context": invalid(refusal, f"/evaluations/{at}")})
        if stop is not None and said[-1]["decision"] is stop:
            break
    return said


def _part(whole: dict[str, Any], document: Document, pointer: str) -> Evaluation:
    """A question with what stands around it. Raises Refusal for what neither says."""
    lacks = [name for name in ("subject", "action", "resource") if whole[name] is None]
    if lacks:
        raise Refusal("invalid-request", [missing(pointer, name) for name in lacks], status=400)
    return read_form(Evaluation, Document(whole))


# --- searches


@router.post("/access/v1/search/subject", summary="Who may do something", response_class=Response,
             responses=_ANSWERS, openapi_extra=body_of(SubjectSearch, {}))  # fmt: skip
@_as_authzen
async def search_subject(request: Request) -> Response:
    """Everybody on record who may, in the order of their ids. For operators; who is found was looked at."""
    caller = require(request, OPERATOR)
    form, document = await _read(request, SubjectSearch)

    def made() -> dict[str, Any]:
        decider = _decider(service_of(request), caller, document, form.context)
        found, token = _people(decider, form)
        names = [f"{form.subject.type}/{id}" for id in found]
        _look(decider, caller, names, f"search {form.action.name}")
        return _found([{"type": form.subject.type, "id": id} for id in found], token)

    return answer(await service_of(request).run(made))


def _people(decider: Decider, form: SubjectSearch) -> tuple[list[str], str]:
    """Those who may, of the next people on record, and where the next page begins."""
    page = form.page or Page()
    found: list[str] = []
    if decider.found(Asked(form.subject.type, form.action.name, form.resource.type, form.resource.id)) is None:
        return found, ""
    ids = decider.on_record(form.subject.type, _token(page.token), MOST_EXAMINED)
    for at, id in enumerate(ids, 1):
        if decider.decide(_question(form, person=id), explain="none").decision:
            found.append(id)
        if len(found) == page.limit and at < len(ids):
            return found, _as_token(id)
    return found, _as_token(ids[-1]) if len(ids) == MOST_EXAMINED else ""


@router.post("/access/v1/search/resource", summary="With what somebody may do something", response_class=Response,
             responses=_ANSWERS, openapi_extra=body_of(ResourceSearch, {}))  # fmt: skip
@_as_authzen
async def search_resource(request: Request) -> Response:
    """The resources that the rules name, and for operators those on record."""
    caller = require(request, *ANYBODY)
    form, document = await _read(request, ResourceSearch)

    def made() -> dict[str, Any]:
        decider = _decider(service_of(request), caller, document, form.context)
        _look(decider, caller, [_person(form)], f"search {form.action.name}")
        found, token = _resources(decider, form)
        return _found([{"type": form.resource.type, "id": id} for id in found], token)

    return answer(await service_of(request).run(made))


def _resources(decider: Decider, form: ResourceSearch) -> tuple[list[str], str]:
    page, after = form.page or Page(), _token((form.page or Page()).token)
    named = decider.named(form.subject.type, form.action.name, form.resource.type)
    ids = sorted({*named, *decider.on_record(form.resource.type, after, MOST_EXAMINED)})
    ids = [id for id in ids if id > after]
    found: list[str] = []
    for at, id in enumerate(ids, 1):
        if decider.decide(_question(form, resource=id), explain="none").decision:
            found.append(id)
        if (len(found) == page.limit or at == MOST_EXAMINED) and at < len(ids):
            return found, _as_token(id)
    return found, ""


@router.post("/access/v1/search/action", summary="Which actions are permitted", response_class=Response,
             responses=_ANSWERS, openapi_extra=body_of(ActionSearch, {}))  # fmt: skip
@_as_authzen
async def search_action(request: Request) -> Response:
    """What the subject may do with the resource, in the order of the rules."""
    caller = require(request, *ANYBODY)
    form, document = await _read(request, ActionSearch)

    def made() -> dict[str, Any]:
        decider = _decider(service_of(request), caller, document, form.context)
        _look(decider, caller, [_person(form)], "search")
        names = decider.actions(form.subject.type, form.resource.type, form.resource.id)
        met = (name for name in names if decider.decide(_question(form, action=name), explain="none").decision)
        return _found([{"name": name} for name in met], "")

    return answer(await service_of(request).run(made))


def _found(results: list[dict[str, str]], token: str) -> dict[str, Any]:
    return {"results": results, "page": {"next_token": token, "count": len(results)}}


def _as_token(id: str) -> str:
    return urlsafe_b64encode(f"after:{id}".encode()).decode()


def _token(text: str) -> str:
    """The id after which a page begins. Raises Refusal (400) for what this server did not give out."""
    if not text:
        return ""
    try:
        kind, _, id = urlsafe_b64decode(text.encode()).decode().partition(":")
    except ValueError:
        kind, id = "", ""
    if kind != "after" or not id:
        fault = Fault("/page/token", "this is no token of this server's", "send the `next_token` of the page before")
        raise Refusal("invalid-request", [fault], status=400)
    return id


# --- questions


def _decider(service: Service, caller: Caller, document: Document, context: Context | None) -> Decider:
    when = context or Context()
    return Decider(service, document, when.at, when.ruleset, OPERATOR in caller.roles)


def _question(form: Any, *, person: str = "", action: str = "", resource: str = "") -> Question:
    """The question of a form, or one of those that a search asks."""
    subject, wanted = form.subject, form.resource
    name = action or form.action.name
    of_action = None if action else form.action.properties
    asked = Asked(subject.type, name, wanted.type, resource or wanted.id)
    given = {} if person else dict(subject.properties or {})
    return Question(asked, person or subject.id, given, dict(of_action or {}), dict(wanted.properties or {}))


def _person(form: Any) -> str:
    return f"{form.subject.type}/{form.subject.id}"


def _look(decider: Decider, caller: Caller, subjects: Iterable[str], what: str) -> None:
    """Record that a decision looks at somebody's record, if it does."""
    on_record = [subject for subject in subjects if decider.has_record(subject)]
    if on_record:
        assert decider.service.log is not None
        record_looks(
            decider.service.log, on_record, caller.name, "api", {"why": "decision", "case": None, "what": what}
        )


@router.get("/.well-known/authzen-configuration", summary="AuthZEN's metadata", response_class=Response,
            responses={200: _JSON})  # fmt: skip
async def metadata(request: Request) -> Response:
    """Where its endpoints are."""
    base = service_of(request).config.url or f"{request.url.scheme}://{request.url.netloc}"
    paths = {
        "access_evaluation_endpoint": "evaluation",
        "access_evaluations_endpoint": "evaluations",
        "search_subject_endpoint": "search/subject",
        "search_resource_endpoint": "search/resource",
        "search_action_endpoint": "search/action",
    }
    found = {name: f"{base}/access/v1/{path}" for name, path in paths.items()}
    return answer({"policy_decision_point": base, **found}, cache="no-cache")
