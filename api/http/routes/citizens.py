"""`/v1/citizens/{id}`: a citizen's record: facts as of a day, the history, who looked, what follows from it by law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.history.json import event_json
from api.history.views import Held, Ledger, groups_of, held, ledger_of
from api.http.record import (
    Look,
    Standing,
    offset_of,
    page_of,
    place_of,
    population_of,
    seen,
)
from api.http.routes.looking import READ, After, KnownAt, Limit, Ruleset, ValidAt, looked
from api.http.service import Service, answer
from citizens import Assessment, Belongs, Event

router = APIRouter(tags=["citizens"])


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


@router.get(
    "/v1/citizens/{citizen}",
    summary="A citizen's facts on a day, as known then or later",
    response_class=Response,
    responses={200: {"model": Record}, **READ},
)
async def facts(
    request: Request, citizen: str, valid_at: ValidAt = None, known_at: KnownAt = None, ruleset: Ruleset = ""
) -> Response:
    """`ETag` is the record's version, which `If-Match` takes when you record something."""
    service, _, look = await looked(request, citizen, ruleset, valid_at, known_at)
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
    service, _, look = await looked(request, citizen, ruleset, None, known_at)
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
_EVENTS: dict[int | str, dict[str, Any]] = {200: {"model": Events}, **READ}


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
    responses={200: {"model": Ledgers}, **READ},
)
async def ledger(request: Request, citizen: str, known_at: KnownAt = None, ruleset: Ruleset = "") -> Response:
    """Of the citizen, and of the groups that they were ever in."""
    service, _, look = await looked(request, citizen, ruleset, None, known_at)

    def made() -> Ledgers:
        seen(service, look, "ledger")
        place = place_of(service, look)
        subjects = [look.person, *groups_of(place.log.read_subject(look.person, place.known))]
        ledgers = (ledger_of(subject, place.log.read_subject(subject, place.known)) for subject in subjects)
        return Ledgers(tuple(ledger for ledger in ledgers if ledger.lines))

    return answer(await service.record(made))
