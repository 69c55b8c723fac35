"""`/access/v1/search`: AuthZEN's three searches: who may, with what, and what else."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import ANYBODY, OPERATOR, require
from api.http.authzen import ANSWERS, as_authzen, decider_of, person_of, question_of, read_question, record_look
from api.http.authzen_forms import MOST_EXAMINED, ActionSearch, Page, ResourceSearch, SubjectSearch
from api.http.deciding import Decider
from api.http.permissions import Asked
from api.http.problems import Fault, Refusal
from api.http.schemas import body_of
from api.http.service import answer, service_of

router = APIRouter(tags=["AuthZEN"])


@router.post("/access/v1/search/subject", summary="Who may do something", response_class=Response,
             responses=ANSWERS, openapi_extra=body_of(SubjectSearch, {}))  # fmt: skip
@as_authzen
async def search_subject(request: Request) -> Response:
    """Everybody on record who may, in the order of their ids. For operators; who is found was looked at."""
    caller = require(request, OPERATOR)
    form, document = await read_question(request, SubjectSearch)

    def made() -> dict[str, Any]:
        decider = decider_of(service_of(request), caller, document, form.context)
        people, token = _people(decider, form)
        names = [f"{form.subject.type}/{id}" for id in people]
        record_look(decider, caller, names, f"search {form.action.name}")
        return _found([{"type": form.subject.type, "id": id} for id in people], token)

    return answer(await service_of(request).run(made))


def _people(decider: Decider, form: SubjectSearch) -> tuple[list[str], str]:
    """Those who may, of the next people on record, and where the next page begins."""
    page = form.page or Page()
    people: list[str] = []
    if decider.permission_of(Asked(form.subject.type, form.action.name, form.resource.type, form.resource.id)) is None:
        return people, ""
    ids = decider.on_record(form.subject.type, _token(page.token), MOST_EXAMINED)
    for at, id in enumerate(ids, 1):
        if decider.decide(question_of(form, person=id), explain="none").decision:
            people.append(id)
        if len(people) == page.limit and at < len(ids):
            return people, _as_token(id)
    return people, _as_token(ids[-1]) if len(ids) == MOST_EXAMINED else ""


@router.post("/access/v1/search/resource", summary="With what somebody may do something", response_class=Response,
             responses=ANSWERS, openapi_extra=body_of(ResourceSearch, {}))  # fmt: skip
@as_authzen
async def search_resource(request: Request) -> Response:
    """The resources that the rules name, and for operators those on record."""
    caller = require(request, *ANYBODY)
    form, document = await read_question(request, ResourceSearch)

    def made() -> dict[str, Any]:
        decider = decider_of(service_of(request), caller, document, form.context)
        record_look(decider, caller, [person_of(form)], f"search {form.action.name}")
        resources, token = _resources(decider, form)
        return _found([{"type": form.resource.type, "id": id} for id in resources], token)

    return answer(await service_of(request).run(made))


def _resources(decider: Decider, form: ResourceSearch) -> tuple[list[str], str]:
    page, after = form.page or Page(), _token((form.page or Page()).token)
    named = decider.named(form.subject.type, form.action.name, form.resource.type)
    ids = sorted({*named, *decider.on_record(form.resource.type, after, MOST_EXAMINED)})
    ids = [id for id in ids if id > after]
    resources: list[str] = []
    for at, id in enumerate(ids, 1):
        if decider.decide(question_of(form, resource=id), explain="none").decision:
            resources.append(id)
        if (len(resources) == page.limit or at == MOST_EXAMINED) and at < len(ids):
            return resources, _as_token(id)
    return resources, ""


@router.post("/access/v1/search/action", summary="Which actions are permitted", response_class=Response,
             responses=ANSWERS, openapi_extra=body_of(ActionSearch, {}))  # fmt: skip
@as_authzen
async def search_action(request: Request) -> Response:
    """What the subject may do with the resource, in the order of the rules."""
    caller = require(request, *ANYBODY)
    form, document = await read_question(request, ActionSearch)

    def made() -> dict[str, Any]:
        decider = decider_of(service_of(request), caller, document, form.context)
        record_look(decider, caller, [person_of(form)], "search")
        names = decider.actions(form.subject.type, form.resource.type, form.resource.id)
        met = (name for name in names if decider.decide(question_of(form, action=name), explain="none").decision)
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
        fault = Fault("/page/token", "this is not a token of this server's", "send the `next_token` of the page before")
        raise Refusal("invalid-request", [fault], status=400)
    return id
