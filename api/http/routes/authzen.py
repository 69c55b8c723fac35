"""`/access/v1`: AuthZEN's Authorization API 1.0 over requirements of the rules: may somebody do something.

Single questions, and several at once; the searches are in `authzen_search`. What decides is in `api.http.deciding`, and
in `api.http.authzen` is what AuthZEN says of requests: fields that nobody knows are ignored, whatever is wrong with a
question is 400, and `X-Request-ID` comes back. A question that reads somebody's record is a look, which that citizen
sees.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import ANYBODY, Caller, require
from api.http.authzen import (
    ANSWERS,
    AS_400,
    JSON_ANSWER,
    as_authzen,
    decider_of,
    person_of,
    question_of,
    read_question,
    record_look,
)
from api.http.authzen_forms import Around, Evaluation, Evaluations, Options
from api.http.deciding import invalid, missing
from api.http.forms import read_form
from api.http.problems import Refusal
from api.http.reading import Document
from api.http.schemas import body_of
from api.http.service import Service, answer, service_of

router = APIRouter(tags=["AuthZEN"])
_EXAMPLE = {
    "who may drive": {
        "subject": {"type": "person", "id": "sam"},
        "action": {"name": "drive"},
        "resource": {"type": "vehicle", "id": "1"},
    }
}


@router.post("/access/v1/evaluation", summary="May somebody do something", response_class=Response,
             responses=ANSWERS, openapi_extra=body_of(Evaluation, _EXAMPLE))  # fmt: skip
@as_authzen
async def evaluation(request: Request) -> Response:
    """`decision`, and in `context` its status, the reasons and what it rests on."""
    caller = require(request, *ANYBODY)
    form, document = await read_question(request, Evaluation)
    return answer(await service_of(request).run(_single, service_of(request), caller, document, form))


def _single(service: Service, caller: Caller, document: Document, form: Any) -> dict[str, Any]:
    decider = decider_of(service, caller, document, form.context)
    record_look(decider, caller, [person_of(form)], f"decision {form.action.name}")
    decision = decider.decide(question_of(form))
    return {"decision": decision.decision, "context": decision.said}


@router.post("/access/v1/evaluations", summary="Several questions at once", response_class=Response,
             responses=ANSWERS, openapi_extra=body_of(Evaluations, {}))  # fmt: skip
@as_authzen
async def evaluations(request: Request) -> Response:
    """Each is answered as one by itself; `options` may say to stop at the first permit or deny."""
    caller = require(request, *ANYBODY)
    service = service_of(request)
    around, document = await read_question(request, Around)
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
            decider = decider_of(service, caller, document, form.context)
            if person_of(form) not in looked:
                record_look(decider, caller, [person_of(form)], f"decision {form.action.name}")
                looked.add(person_of(form))
            decision = decider.decide(question_of(form), f"/evaluations/{at}")
            said.append({"decision": decision.decision, "context": decision.said})
        except Refusal as refusal:
            if refusal.status not in (400, *AS_400):
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


@router.get("/.well-known/authzen-configuration", summary="AuthZEN's metadata", response_class=Response,
            responses={200: JSON_ANSWER})  # fmt: skip
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
    endpoints = {name: f"{base}/access/v1/{path}" for name, path in paths.items()}
    return answer({"policy_decision_point": base, **endpoints}, cache="no-cache")
