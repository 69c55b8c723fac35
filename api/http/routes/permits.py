"""Permits: signed for a citizen by their record, the list that takes them back, the keys, and a check.

What a roadside check needs (keys, status list) is public and may be cached for as long as it is good; a check itself
needs no server (`rulewright permit verify`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.failures import Failure, Misuse
from api.http.access import ANYBODY, OPERATOR, require
from api.http.cases import fault_of
from api.http.forms import Form, read_form
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.record import Look, look_of, population_of, seen
from api.http.schemas import body_of, refusals
from api.http.service import Service, answer, read_document, same, service_of, tag_of, unchanged
from api.permits.credential import STATUS_TYPE, Verified, verify
from api.permits.holder import Challenge, holder_key
from api.permits.office import Issued, NotPermitted, Office
from api.permits.register import WrongRegister
from api.permits.status_list import SIZE

router = APIRouter(tags=["permits"])
MEDIA_TYPE = f"application/{STATUS_TYPE}"
MOST_DAYS = 3_660
_BODY = (400, 401, 403, 404, 406, 408, 413, 415, 422, 429, 503)


class PermitWanted(Form):
    """Which permission, for how long at most, and whose key it is bound to."""

    requirement: str = Field(max_length=200, description="A requirement of a day, such as `may_drive`.")
    over: str = Field("", max_length=200, description="Ask for each member of a fact, such as `drives`.")
    days: int = Field(365, ge=0, le=MOST_DAYS, description="The most days it is good for.")
    holder: dict[str, Any] | None = Field(None, description="The holder's public key, a JWK on P-256.")


class PermitShown(Form):
    """What was shown, and what its holder was asked to sign."""

    permit: str = Field(max_length=200_000, description="The token, with the proof of its holder.")
    nonce: str = Field("", max_length=500)
    audience: str = Field("", max_length=500)


class Withdrawal(Form):
    """Why a permit is taken back."""

    why: str = Field(min_length=1, max_length=1_000, description="The register keeps it.")


class KeySet(BaseModel):
    """Public keys (RFC 7517)."""

    keys: list[dict[str, str]]


class IssuerSaid(BaseModel):
    """Who issues, and with which keys (SD-JWT VC's issuer metadata)."""

    issuer: str
    jwks: KeySet


class Withdrawn(BaseModel):
    """A permit that does not stand any more. `before`: it was taken back before."""

    place: int
    before: bool


@router.post(
    "/v1/citizens/{citizen}/permits",
    summary="A permit for a citizen",
    response_class=Response,
    status_code=201,
    responses={201: {"model": Issued}, **refusals(*_BODY, 409)},
    openapi_extra=body_of(PermitWanted, {"who may drive": {"requirement": "may_drive", "over": "drives"}}),
)
async def issue_permit(request: Request, citizen: str, ruleset: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Decided for today by the record as known now, and signed if it holds; else 409 with the reasons. A look at the
    record, which is logged: the citizen's own, or a case worker's with a purpose."""
    service = service_of(request)
    law = service.laws.law(ruleset or service.laws.names[0], None, "")
    look = look_of(request, law, citizen, None, known_at=None)
    office, _population = _office(service), population_of(service)
    document, _ = await read_document(request)
    form = read_form(PermitWanted, document)
    await service.record(seen, service, look, f"permit {form.requirement}")
    return answer(await service.run(_issued, service, office, law, look, form), status=201)


def _issued(service: Service, office: Office, law: Law, look: Look, form: PermitWanted) -> Issued:
    words = [form.requirement, form.over]
    try:
        holder = holder_key(form.holder) if form.holder is not None else None
    except Misuse as fault:
        raise Refusal("invalid-request", [Fault("/holder", fault.message, fault.help)]) from None
    population = population_of(service)
    place = population.place(look.person)
    asked = (law.program, place.log, look.person, form.requirement)
    now = datetime.now(UTC)
    try:
        return office.issue(
            *asked, day=look.valid, now=now, days=form.days, over=form.over, holder=holder, names=population
        )
    except WrongRegister:
        raise
    except NotPermitted as fault:
        raise Refusal("not-permitted", [Fault("", fault.message, fault.help)]) from None
    except Failure as fault:
        kind = "invalid-request" if isinstance(fault, Misuse) else "conflict"
        raise Refusal(kind, [fault_of(fault, "", words)]) from None


@router.get(
    "/v1/permits/status",
    summary="Which permits were taken back",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}, 304: {}, **refusals(404, 429, 503)},
)
async def permit_status(request: Request) -> Response:
    """The signed status list (IETF Token Status List), fresh for at least half a day; `ETag` and `max-age` say how
    long to keep it."""
    service = service_of(request)
    token, left = await service.run(_office(service).status, datetime.now(UTC))
    tag, cache = tag_of(token), f"public, max-age={min(left, 300)}"
    if same(request, tag):
        return unchanged(tag, cache)
    return Response(token, 200, {"ETag": tag, "Cache-Control": cache}, MEDIA_TYPE)


@router.get(
    "/v1/permits/keys",
    summary="The keys that sign permits",
    response_class=Response,
    responses={200: {"model": KeySet}, **refusals(404, 429, 503)},
)
async def permit_keys(request: Request) -> Response:
    """A set of JWKs: what `rulewright permit verify --key` takes."""
    return answer(_office(service_of(request)).keys(), cache="public, max-age=3600")


@router.get(
    "/.well-known/jwt-vc-issuer",
    summary="Who issues permits",
    response_class=Response,
    responses={200: {"model": IssuerSaid}, **refusals(404, 429, 503)},
)
async def permit_issuer(request: Request) -> Response:
    """Issuer metadata as SD-JWT VC has it."""
    office = _office(service_of(request))
    return answer({"issuer": office.issuer.name, "jwks": office.keys()}, cache="public, max-age=3600")


@router.post(
    "/v1/permits/verify",
    summary="Whether a permit may be relied on",
    response_class=Response,
    responses={200: {"model": Verified}, **refusals(*_BODY)},
    openapi_extra=body_of(PermitShown, {"what somebody shows": {"permit": "eyJ…~eyJ…~"}}),
)
async def verify_permit(request: Request) -> Response:
    """By this server's keys and its list of now. `problems` is empty if it may be; nothing is kept."""
    require(request, *ANYBODY)
    service = service_of(request)
    office = _office(service)
    document, _ = await read_document(request)
    form = read_form(PermitShown, document)
    if bool(form.nonce) != bool(form.audience):
        fault = Fault("/nonce", "a challenge has two parts", "send `nonce` and `audience`")
        raise Refusal("invalid-request", [fault])
    return answer(await service.run(_verified, office, form))


def _verified(office: Office, form: PermitShown) -> Verified:
    now = datetime.now(UTC)
    keys = {key["kid"]: key for key in office.keys()["keys"]}
    challenge = Challenge(form.nonce, form.audience) if form.nonce else None
    issuer, status = office.issuer.name, office.status(now)[0]
    return verify(form.permit, keys, now, status, challenge=challenge, clock=now, issuer=issuer)


@router.post(
    "/v1/permits/{place}/revoke",
    summary="Take a permit back",
    response_class=Response,
    responses={200: {"model": Withdrawn}, **refusals(*_BODY)},
    openapi_extra=body_of(Withdrawal, {"a lost card": {"why": "reported as lost"}}),
)
async def revoke_permit(request: Request, place: Annotated[int, Path(ge=0, lt=SIZE)]) -> Response:
    """By hand; what follows from late facts `rulewright follow --permits` takes back by itself."""
    require(request, OPERATOR)
    service = service_of(request)
    office = _office(service)
    document, _ = await read_document(request)
    form = read_form(Withdrawal, document)
    return answer(await service.run(_withdrawn, office, place, form.why))


def _withdrawn(office: Office, place: int, why: str) -> dict[str, object]:
    try:
        stood = office.register.revoke(place, why, datetime.now(UTC))
    except WrongRegister:
        raise
    except Failure as fault:
        raise Refusal("not-found", [Fault("", "there is no permit at this place", fault.help)]) from None
    return {"place": place, "before": not stood}


def _office(service: Service) -> Office:
    """Who issues permits. Raises Refusal (404) for a server where nobody does."""
    if service.permits is None:
        raise Refusal("no-permits")
    return service.permits
