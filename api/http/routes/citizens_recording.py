"""`/v1/citizens/{id}/facts` and `/payments`: what is recorded of a citizen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.history.population import Population
from api.history.views import groups_of
from api.http.access import CASE_WORKER, OPERATOR, caller_of
from api.http.forms import Form, read_form
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.record import (
    Look,
    Recorded,
    key_of,
    population_of,
    record_event,
    recorded_of,
    seen,
    version_of,
)
from api.http.routes.looking import Ruleset, looked
from api.http.schemas import body_of, refusals
from api.http.service import Service, answer, read_document
from citizens import Draft, Movement, Origin, post

router = APIRouter(tags=["citizens"])
_WRITE = refusals(400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 429, 503)


class Statement(Form):
    """An event as `log append` takes it: exactly one of `facts`, `corrects` and `retracts`, under days."""

    subject: str | None = Field(None, max_length=200, description="The citizen, a group or a record of theirs.")
    facts: dict[str, Any] | None = None
    corrects: dict[str, Any] | None = None
    retracts: dict[str, Any] | None = None
    reason: str | None = Field(None, max_length=1_000)
    source: str | None = Field(None, max_length=200)
    legal_basis: str | None = Field(None, max_length=1_000)


@router.post(
    "/v1/citizens/{citizen}/facts",
    summary="Record what is so, what was wrong, or what never was",
    response_class=Response,
    status_code=201,
    responses={201: {"model": Recorded}, **_WRITE},
    openapi_extra=body_of(Statement, {}),
)
async def record(request: Request, citizen: str, ruleset: Ruleset = "") -> Response:
    """`Idempotency-Key` is the event's id at its source: repeated, it is recorded once, and the answer is the same.
    `If-Match: "v17"` records only if the record is still at that version."""
    service, law, look = await looked(request, citizen, ruleset, None, None)
    document, _ = await read_document(request)
    key, version = key_of(request), version_of(request)
    receipt, again = await service.record(record_event, service, law, look, document, id=key, version=version)
    more = {"Idempotent_Replayed": "true"} if again else {}
    return answer(receipt, status=201, tag=f'"v{receipt.version}"' if receipt.version is not None else "", **more)


class Payment(Form):
    """Money that moved: `payment` to the office, or `refund` from it."""

    movement: Literal["payment", "refund"]
    amount: str = Field(pattern=r"^-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,6})?$", description="A decimal, as text.")
    period: str = Field(max_length=60)
    cause: str = Field(min_length=1, max_length=200, description="The bank's message, or what called for it.")
    currency: str | None = Field(None, max_length=10)
    subject: str | None = Field(None, max_length=200, description="The citizen, or one of their groups.")
    legal_basis: str = Field("payment", min_length=1, max_length=1_000)


@router.post(
    "/v1/citizens/{citizen}/payments",
    summary="Post money that moved",
    response_class=Response,
    status_code=201,
    responses={201: {"model": Recorded}, **_WRITE},
    openapi_extra=body_of(Payment, {}),
)
async def payments(request: Request, citizen: str, ruleset: Ruleset = "") -> Response:
    """Double entry: cash on one side, what the citizen owes on the other."""
    caller = caller_of(request)
    if not caller.anybody and caller.roles.isdisjoint({CASE_WORKER, OPERATOR}):
        raise Refusal("forbidden", [Fault("", "this takes the scope `case_worker`", "ask the operator for it")])
    service, law, look = await looked(request, citizen, ruleset, None, None)
    document, _ = await read_document(request)
    form = read_form(Payment, document)
    receipt, again = await service.record(_posted, service, law, look, form, key_of(request))
    return answer(receipt, status=201, **({"Idempotent_Replayed": "true"} if again else {}))


def _posted(service: Service, law: Law, look: Look, form: Payment, key: str) -> tuple[Recorded, bool]:
    seen(service, look, "payment")
    population = population_of(service)
    subject = form.subject or look.person
    if subject != look.person and subject not in _groups_now(population, look.person):
        raise Refusal("not-found")
    if Decimal(form.amount) == 0:
        fault = Fault(
            "/amount", "no money moved", "send the amount that did; below zero it takes back one that did not"
        )
        raise Refusal("invalid-request", [fault])
    body = post(
        Movement(form.movement),
        Decimal(form.amount),
        period=form.period,
        currency=form.currency or law.program.settings.currency,
        cause=form.cause,
    )
    origin = Origin("api", look.caller.name, form.legal_basis, service.config.retention)
    return recorded_of(population, Draft(subject, body, origin, key))


def _groups_now(population: Population, person: str) -> list[str]:
    return groups_of(population.log_of(person).read_subject(person))
