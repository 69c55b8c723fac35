"""*Permits*: those of a person with how they stand, a new one by the record, and a check of one that somebody shows.

A permit is signed only for what a record says, never for what somebody answers about themselves on `/may`: whoever
checks it at a roadside relies on the office, not on its holder. The check is that of `rulewright permit verify`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.failures import Failure, Misuse
from api.history.population import Population
from api.http.access import CASE_WORKER, CITIZEN, require
from api.http.problems import Fault, Refusal
from api.http.record import Look, look_of, population_of, seen
from api.http.service import PRIVATE, Service, service_of
from api.permits.credential import Verified, verify, without
from api.permits.holder import Challenge, holder_key
from api.permits.keys import public_keys
from api.permits.office import Issued, NotPermitted, Office
from api.permits.register import WrongRegister
from api.web.permission_said import Permission, permissions
from api.web.permits_said import Own, asked_over, own_said, shown_said
from api.web.record import sample_of
from api.web.rendering import POLICY, page, require_visitor, shown
from api.web.steps import own_form, read_fields

router = APIRouter(include_in_schema=False)
DAYS = 365
MOST_LISTED, MOST_WHY = 50, 300
CHECKED = ("permit", "keys", "status", "issuer", "day", "nonce", "audience", "unproved")


@router.get("/permits")
@shown
async def permits(request: Request) -> Response:
    """Two forms: check a permit, and whose to list."""
    require_visitor(request)
    return _start(request, {}, {})


def _start(request: Request, said: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    service = service_of(request)
    try:
        caller = require(request, CITIZEN, CASE_WORKER)
    except Refusal:
        caller = None
    return page(
        request,
        "permits.html",
        nav="permits",
        status=422 if wrong else 200,
        office=service.permits,
        lists=service.permits is not None and service.population is not None and caller is not None,
        caller=caller,
        sample=sample_of(service),
        said=said,
        wrong=wrong,
    )


@router.post("/permits/check")
@shown
async def check(request: Request) -> Response:
    """Whether a permit may be relied on, and what it says."""
    require_visitor(request)
    service = service_of(request)
    fields = await read_fields(request)
    said = {name: fields.get(name, "").strip() for name in CHECKED}
    wrong = _wrong(service, said)
    if wrong:
        return _start(request, said, wrong)
    try:
        verified = await service.run(_verified, service, said)
    except Misuse as fault:
        return _start(request, said, {"keys": f"{fault.message[:1].upper()}{fault.message[1:]}".replace("`", "")})
    return page(
        request,
        "permit_checked.html",
        nav="permits",
        verified=verified,
        permit=shown_said(service, verified),
        day=said["day"] or datetime.now(UTC).date().isoformat(),
    )


def _wrong(service: Service, said: Mapping[str, str]) -> dict[str, str]:
    wrong = {}
    if not said["permit"]:
        wrong["permit"] = "Paste the permit"
    if service.permits is None and not said["keys"]:
        wrong["keys"] = "Paste the public key of whoever issued it: this server issues no permits"
    if said["day"]:
        try:
            date.fromisoformat(said["day"])
        except ValueError:
            wrong["day"] = "Enter a day, such as 2026-03-03"
    if bool(said["nonce"]) != bool(said["audience"]):
        wrong["nonce"] = "Enter both what the holder was asked to sign and your name, or neither"
    return wrong


def _verified(service: Service, said: Mapping[str, str]) -> Verified:
    """The check: by the keys that were pasted, or by those and the list of this server. Raises Misuse for no keys."""
    now = datetime.now(UTC)
    day = datetime.combine(date.fromisoformat(said["day"]), time(12), UTC) if said["day"] else None
    keys, status, issuer = (
        public_keys(said["keys"], "this") if said["keys"] else {},
        said["status"] or None,
        said["issuer"],
    )
    if not said["keys"] and service.permits is not None:
        keys = {key["kid"]: key for key in service.permits.keys()["keys"]}
        status, issuer = status or service.permits.status(now)[0], issuer or service.permits.issuer.name
    return verify(
        said["permit"],
        keys,
        day or now,
        status,
        challenge=Challenge(said["nonce"], said["audience"]) if said["nonce"] else None,
        needs_holder=not said["unproved"],
        clock=None if day else now,
        issuer=issuer,
    )


@router.post("/permits/of")
@shown
async def of_person(request: Request) -> Response:
    """The permits of a person, and a new one. A look at the record, which is logged."""
    own_form(request)
    caller, service = require(request, CITIZEN, CASE_WORKER), service_of(request)
    office = _office(service)
    fields = await read_fields(request)
    own = caller.record.partition("/")[2]
    citizen, purpose = fields.get("citizen", "").strip()[:200] or own, fields.get("purpose", "").strip()[:MOST_WHY]
    wrong = {"citizen": "Enter the person’s number"} if not citizen else {}  # noqa: RUF001
    if not caller.record and not purpose:
        wrong["purpose"] = "Say why you look: the person can read it"
    if wrong:
        return _start(request, fields, wrong)
    law = service.laws.law(service.laws.names[0], None, "")
    look = look_of(request, law, citizen, None, known_at=None, purpose=purpose or None)
    asked = next((each for each in permissions(service) if each.address == fields.get("permission")), None)
    if fields.get("go") == "issue" and asked is not None:
        return await _issue(request, office, look, asked, fields)
    await service.record(seen, service, look, "permits")
    return await _listed(request, office, look, {}, fields)


async def _issue(
    request: Request, office: Office, look: Look, asked: Permission, fields: Mapping[str, str]
) -> Response:
    service, named = service_of(request), asked.definition.short_name
    try:
        holder = _holder(fields.get("holder", "").strip())
    except Misuse as fault:
        await service.record(seen, service, look, "permits")
        told = f"{fault.message[:1].upper()}{fault.message[1:]}"
        return await _listed(request, office, look, {"wrong": {"holder": told}}, fields)
    await service.record(seen, service, look, f"permit {named}")
    try:
        issued = await service.run(_issued, service, office, look, asked, holder=holder)
    except NotPermitted as fault:
        refused = {"refused": asked, "reasons": fault.decision.unmet}
        return await _listed(request, office, look, refused, fields)
    return page(
        request,
        "permit_issued.html",
        nav="permits",
        issued=issued,
        asked=asked,
        citizen=look.person.partition("/")[2],
        purpose=fields.get("purpose", ""),
        caller=look.caller,
    )


def _holder(text: str) -> dict[str, str] | None:
    """The public key that somebody pasted for whoever may show a permit. Raises Misuse."""
    if not text:
        return None
    return holder_key(next(iter(public_keys(text, "this").values())))


def _issued(
    service: Service, office: Office, look: Look, asked: Permission, *, holder: Mapping[str, str] | None
) -> Issued:
    population, program = population_of(service), asked.law.program
    place, over = population.place(look.person), asked_over(asked.law.program, asked.definition, look.valid)
    wanted = (program, place.log, look.person, asked.definition.short_name)
    try:
        return office.issue(
            *wanted, day=look.valid, now=datetime.now(UTC), days=DAYS, over=over, holder=holder, names=population
        )
    except (WrongRegister, NotPermitted):
        raise
    except Failure as fault:
        raise Refusal("conflict", [Fault("", fault.message, fault.help)]) from None


async def _listed(
    request: Request, office: Office, look: Look, more: Mapping[str, Any], fields: Mapping[str, str]
) -> Response:
    service = service_of(request)
    own = await service.record(_own, service, office, look)
    return page(
        request,
        "permits_own.html",
        nav="permits",
        status=422 if more.get("wrong") else 409 if more else 200,
        permits=own[:MOST_LISTED],
        left=max(0, len(own) - MOST_LISTED),
        offered=permissions(service),
        citizen=look.person.partition("/")[2],
        purpose=fields.get("purpose", ""),
        said=fields,
        caller=look.caller,
        **{"refused": None, "reasons": (), "wrong": {}, **more},
    )


def _own(service: Service, office: Office, look: Look) -> list[Own]:
    """The permits of a person, the newest first; those of who was merged with them are theirs, too."""
    population, today = population_of(service), datetime.now(UTC).date()
    office.register.hide(population)
    known = {
        place.log.pseudonym(name)
        for name in _names(population, look.person)
        for place in population.former_places(name)
    }
    entries = [entry for entry in office.register.entries() if entry.is_pseudonym and entry.instance in known]
    return [own_said(service, entry, today) for entry in reversed(entries)]


def _names(population: Population, person: str) -> list[str]:
    """A person, and who was merged with them, directly or through others."""
    names, entity = [person], person.partition("/")[0]
    for name in names:
        belong = population.log_of(name).belonging_to(name)
        names += [other for other in belong if other.partition("/")[0] == entity and other not in names]
    return names


@router.post("/permits/file")
@shown
async def as_file(request: Request) -> Response:
    """A permit as a file, which its holder keeps."""
    require_visitor(request)
    fields = await read_fields(request)
    try:
        token = without(fields.get("permit", ""), ())
    except Failure as fault:
        raise Refusal("invalid-request", [Fault("", fault.message, "send it from the page")]) from None
    headers = {
        "Content-Disposition": 'attachment; filename="permit.jwt"',
        "Content-Security-Policy": POLICY,
        "Cache-Control": PRIVATE,
    }
    return Response(token + "\n", 200, headers, "text/plain; charset=us-ascii")


def _office(service: Service) -> Office:
    """Who issues permits. Raises Refusal (404) for a server where nobody does."""
    if service.permits is None:
        raise Refusal("no-permits")
    return service.permits
