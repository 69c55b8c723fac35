"""`/v1/citizens/{id}`: a citizen's record: facts as of a day, the history, who looked, what follows from it by law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.cases.calculate import Asked, Basis, Result
from api.cases.naming import find_definition
from api.history.json import event_json
from api.history.population import Population
from api.history.views import Held, Ledger, groups_of, held, ledger_of
from api.http.access import CASE_WORKER, OPERATOR, caller_of
from api.http.forms import Form, read_form
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.record import (
    Look,
    OnRecord,
    Recorded,
    Standing,
    key_of,
    look_of,
    named,
    offset_of,
    on_record,
    page_of,
    place_of,
    population_of,
    record_event,
    recorded_of,
    seen,
    version_of,
)
from api.http.routes.calculate import assessed_names
from api.http.schemas import body_of, refusals
from api.http.service import Service, answer, read_document, service_of
from citizens import Assessment, Belongs, Draft, Event, Movement, Origin, post

router = APIRouter(tags=["citizens"])
_READ = refusals(400, 401, 403, 404, 409, 429, 503)
_WRITE = refusals(400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 429, 503)
ValidAt = Annotated[str | None, Query(max_length=10, description="A day; today if not given.")]
KnownAt = Annotated[
    str | None,
    Query(
        max_length=60_000,
        description="As known on a day, at a moment, or at `offset:18204`; now if not given. Of several partitions "
        "`offset:PARTITION:OFFSET`, a cut (`cut:NAME`), or an offset of each (`offsets:12,40,7`).",
    ),
]
At = Annotated[str | None, Query(max_length=60, description="The period: 2024, 2024-03; the day if not given.")]
Ruleset = Annotated[str, Query(max_length=100)]
Limit = Annotated[int, Query(ge=1, le=1_000)]
After = Annotated[str | None, Query(max_length=100, description="The cursor of the page before.")]
Explain = Annotated[Literal["none", "reasons", "tree"], Query()]


@dataclass(frozen=True, slots=True)
class MemberSaid:
    """Somebody in a group with the citizen, or the group, and in which role."""

    subject: str
    role: str


@dataclass(frozen=True, slots=True)
class Record:
    """What held of a citizen on a day, as known at an offset."""

    subject: str
    valid_at: str
    known_at: str
    version: int
    facts: dict[str, Held]
    groups: tuple[MemberSaid, ...]


@dataclass(frozen=True, slots=True)
class Events:
    """A page of events, newest first, each as `log show --json` prints it."""

    subject: str
    events: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Ledgers:
    """The ledgers of a citizen and of the groups that they were ever in."""

    ledgers: tuple[Ledger, ...]


@dataclass(frozen=True, slots=True)
class Entitlements:
    """Figures computed now from the record. `left_out`: facts recorded in a form that the rules do not take. `unread`:
    facts recorded for a time at which no figure reads them."""

    basis: Basis
    results: tuple[Result, ...]
    left_out: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def _entitlements(figures: OnRecord) -> Entitlements:
    done = figures.calculation
    return Entitlements(done.basis, done.results, figures.left_out, done.unread)


async def _looked(
    request: Request, citizen: str, ruleset: str, valid_at: str | None, known_at: str | None
) -> tuple[Service, Law, Look]:
    service = service_of(request)
    population_of(service)
    law = service.laws.law(_ruleset(service, ruleset), None, "")
    return service, law, look_of(request, law, citizen, valid_at, known_at=known_at)


def _ruleset(service: Service, ruleset: str) -> str:
    return ruleset or service.laws.names[0]


@router.get(
    "/v1/citizens/{citizen}",
    summary="A citizen's facts on a day, as known then or later",
    response_class=Response,
    responses={200: {"model": Record}, **_READ},
)
async def facts(
    request: Request, citizen: str, valid_at: ValidAt = None, known_at: KnownAt = None, ruleset: Ruleset = ""
) -> Response:
    """`ETag` is the record's version, which `If-Match` takes when you record something."""
    service, _, look = await _looked(request, citizen, ruleset, valid_at, known_at)
    record = await service.record(_record, service, look)
    return answer(record, tag=f'"v{record.version}"')


def _record(service: Service, look: Look) -> Record:
    seen(service, look, "facts")
    place = place_of(service, look)
    timeline = place.log.timeline(look.person, place.known)
    changes = timeline.holding(look.valid)
    offset = max((change.offset for change in timeline.changes), default=0)
    groups = tuple(
        MemberSaid(change.value.group, change.value.role) for change in changes if isinstance(change.value, Belongs)
    )
    said = {change.attribute: held(change) for change in changes}
    return Record(look.person, look.valid.isoformat(), place.told(offset), timeline.version, said, groups)


async def _page(
    request: Request, citizen: str, ruleset: str, known_at: str | None, *, limit: int, after: str | None, what: str
) -> Response:
    service, _, look = await _looked(request, citizen, ruleset, None, known_at)
    before = offset_of(after)

    def made() -> tuple[Events, str]:
        seen(service, look, what)
        events, following = page_of(_READERS[what](service, look), limit, before)
        return Events(look.person, tuple(_said(part, event) for part, event in events)), following

    listed, following = await service.record(made)
    if not following:
        return answer(listed)
    return answer(listed, Link=f'<{request.url.path}?limit={limit}&after={following}>; rel="next"')


def _said(part: int | None, event: Event) -> dict[str, object]:
    return event_json(event) if part is None else {"partition": part, **event_json(event)}


def _history(service: Service, look: Look) -> list[Standing]:
    return _written_of(service, look, look.person)


def _assessments(service: Service, look: Look) -> list[Standing]:
    """Of the citizen and of the groups that they were ever in. What was assessed before a move has moved, too."""
    place = place_of(service, look)
    subjects = [look.person, *groups_of(place.log.read_subject(look.person, place.known))]
    events = [event for subject in subjects for event in place.log.read_subject(subject, place.known)]
    assessed = [event for event in events if isinstance(event.body, Assessment)]
    return [(place.part, event) for event in sorted(assessed, key=lambda event: event.offset)]


def _access(service: Service, look: Look) -> list[Standing]:
    return _written_of(service, look, f"access/{look.person.partition('/')[2]}")


def _written_of(service: Service, look: Look, subject: str) -> list[Standing]:
    """Everything recorded of a subject: where it lived before as well, unless it is asked as known at another time."""
    population = population_of(service)
    places = population.former_places(subject) if look.known is None else [population.place(subject, look.known)]
    return [(place.part, event) for place in places for event in place.log.read_subject(subject, place.known)]


_READERS: dict[str, Callable[[Service, Look], list[Standing]]] = {
    "history": _history, "assessments": _assessments, "access": _access,
}  # fmt: skip
_EVENTS: dict[int | str, dict[str, Any]] = {200: {"model": Events}, **_READ}


@router.get("/v1/citizens/{citizen}/history", summary="Every event", response_class=Response, responses=_EVENTS)
async def history(
    request: Request,
    citizen: str,
    known_at: KnownAt = None,
    limit: Limit = 50,
    after: After = None,
    ruleset: Ruleset = "",
) -> Response:
    """What was recorded of the citizen, newest first; `Link` leads to the next page."""
    return await _page(request, citizen, ruleset, known_at, limit=limit, after=after, what="history")


@router.get(
    "/v1/citizens/{citizen}/assessments", summary="Every assessment", response_class=Response, responses=_EVENTS
)
async def assessments(
    request: Request,
    citizen: str,
    known_at: KnownAt = None,
    limit: Limit = 50,
    after: After = None,
    ruleset: Ruleset = "",
) -> Response:
    """Of the citizen and of the groups that they were ever in, newest first."""
    return await _page(request, citizen, ruleset, known_at, limit=limit, after=after, what="assessments")


@router.get("/v1/citizens/{citizen}/access", summary="Who looked, and why", response_class=Response, responses=_EVENTS)
async def access(
    request: Request,
    citizen: str,
    known_at: KnownAt = None,
    limit: Limit = 50,
    after: After = None,
    ruleset: Ruleset = "",
) -> Response:
    """Each look at the record is an event: by whom, for which case, why, and at what."""
    return await _page(request, citizen, ruleset, known_at, limit=limit, after=after, what="access")


@router.get(
    "/v1/citizens/{citizen}/ledger",
    summary="What is owed, and every movement",
    response_class=Response,
    responses={200: {"model": Ledgers}, **_READ},
)
async def ledger(request: Request, citizen: str, known_at: KnownAt = None, ruleset: Ruleset = "") -> Response:
    """Of the citizen, and of the groups that they were ever in."""
    service, _, look = await _looked(request, citizen, ruleset, None, known_at)

    def made() -> Ledgers:
        seen(service, look, "ledger")
        place = place_of(service, look)
        subjects = [look.person, *groups_of(place.log.read_subject(look.person, place.known))]
        ledgers = (ledger_of(subject, place.log.read_subject(subject, place.known)) for subject in subjects)
        return Ledgers(tuple(ledger for ledger in ledgers if ledger.lines))

    return answer(await service.record(made))


@router.get(
    "/v1/citizens/{citizen}/entitlements",
    summary="What the citizen may be owed, computed now",
    response_class=Response,
    responses={200: {"model": Entitlements}, **_READ},
)
async def entitlements(
    request: Request,
    citizen: str,
    at: At = None,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    ruleset: Ruleset = "",
    want: Annotated[str, Query(max_length=2_000, description="Figures by name, with commas.")] = "",
    explain: Explain = "reasons",
) -> Response:
    """The entitlements that the ruleset's assessments name, or the figures that `want` names, from the record."""
    service, law, look = await _looked(request, citizen, ruleset, valid_at, known_at)
    names = [name.strip() for name in want.split(",") if name.strip()] or assessed_names(law, "entitlements")
    wanted = [named(law, name) for name in names]
    await service.record(seen, service, look, "entitlements")
    figures = await service.run(on_record, service, law, look, at, wanted=wanted, asked=Asked(explain))
    return answer(_entitlements(figures))


@router.get(
    "/v1/citizens/{citizen}/permissions/{name}",
    summary="May the citizen do that",
    response_class=Response,
    responses={200: {"model": Entitlements}, **_READ},
)
async def permission(
    request: Request,
    citizen: str,
    name: str,
    at: At = None,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    ruleset: Ruleset = "",
    explain: Explain = "reasons",
) -> Response:
    """A requirement of the rules, on the day, from the record: with the reasons that are met, not met and unknown."""
    service, law, look = await _looked(request, citizen, ruleset, valid_at, known_at)
    definition = find_definition(law.program, name) if law.program.find(name) else None
    if definition is None or definition.requirement is None:
        raise Refusal(
            "not-found", [Fault("", "there is no requirement of this name", "see `variables` of the ruleset")]
        )
    await service.record(seen, service, look, f"permission {definition.short_name}")
    figures = await service.run(on_record, service, law, look, at, wanted=[definition], asked=Asked(explain))
    return answer(_entitlements(figures))


# --- recording


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
    service, law, look = await _looked(request, citizen, ruleset, None, None)
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
    service, law, look = await _looked(request, citizen, ruleset, None, None)
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
