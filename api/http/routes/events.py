"""`GET /v1/events`: the log in order, as pages or as a stream of server-sent events.

An operator reads everything, in the form of CloudEvents; an analyst types and offsets only. A stream that breaks goes
on with `Last-Event-ID`: it misses and repeats nothing, since the offset of an event never changes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.failures import Misuse
from api.history.access import AnyLog
from api.history.json import body_json, kind_of
from api.history.views import moment
from api.http.access import ANALYST, OPERATOR, require
from api.http.problems import Fault, Refusal
from api.http.record import population_of
from api.http.schemas import refusals
from api.http.service import JSON, Service, answer, require_acceptable, service_of
from citizens import Event

router = APIRouter(tags=["events"])
STREAM = "text/event-stream"
LOOK_EVERY, BEAT_EVERY, BLOCK = 0.2, 15.0, 200


@dataclass(frozen=True, slots=True)
class EventsPage:
    """Events in order, and the offset to go on from; `head` is the last offset there is."""

    events: tuple[Any, ...]
    next: int
    head: int


@router.get(
    "/v1/events",
    summary="The log, in order",
    response_class=Response,
    responses={
        200: {"model": EventsPage, "content": {STREAM: {"schema": {"type": "string"}}}},
        **refusals(400, 401, 403, 404, 406, 429, 503),
    },
)
async def events(
    request: Request,
    from_: Annotated[int, Query(alias="from", ge=1, le=10**15, description="The first offset.")] = 1,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    partition: Annotated[int | None, Query(ge=0, lt=4_096, description="Of a log in partitions: which.")] = None,
) -> Response:
    """A page of JSON, or with `Accept: text/event-stream` a stream that goes on as events are recorded. Of a log in
    several partitions, each of which counts its own offsets, name one."""
    caller = require(request, OPERATOR, ANALYST)
    service = service_of(request)
    log = _log_of(service, partition)
    whole = OPERATOR in caller.roles
    if require_acceptable(request, JSON, STREAM) == STREAM:
        return _stream(service, log, _after(request, from_), whole=whole, partition=partition)
    record = await service.record(log.read, from_ - 1, limit)
    head = await service.record(log.head)
    following = record[-1].offset + 1 if record else from_
    page = EventsPage(tuple(cloud_event(event, whole, partition) for event in record), following, head)
    if following > head:
        return answer(page)
    of = "" if partition is None else f"&partition={partition}"
    return answer(page, Link=f'</v1/events?from={following}&limit={limit}{of}>; rel="next"')


def _log_of(service: Service, partition: int | None) -> AnyLog:
    """The log, or that of a partition. Raises Refusal (400)."""
    try:
        return population_of(service).part(partition)
    except Misuse as fault:
        raise Refusal("bad-query", [Fault("", fault.message, fault.help)]) from None


def cloud_event(event: Event, whole: bool, partition: int | None = None) -> dict[str, object]:
    """An event in CloudEvents' form; without `whole` only its type and offset."""
    said: dict[str, object] = {
        "specversion": "1.0",
        "id": str(event.offset),
        "source": "/v1/events" if partition is None else f"/v1/events?partition={partition}",
        "type": f"rulewright.{kind_of(event.body)}",
    }
    if not whole:
        return said
    origin = event.origin
    told = {"source": origin.source, "actor": origin.actor, "legal_basis": origin.legal_basis}
    data = {"id": event.event_id, "version": event.version, "origin": told, **body_json(event.body)}
    return {
        **said,
        "subject": event.subject,
        "time": moment(event.recorded_at_us),
        "datacontenttype": JSON,
        "data": data,
    }


def _after(request: Request, from_: int) -> int:
    """The offset after which a stream begins. Raises Refusal (400)."""
    last = request.headers.get("last-event-id", "")
    if not last:
        return from_ - 1
    if not (last.isascii() and last.isdigit() and len(last) <= 15):
        raise Refusal("bad-cursor", [Fault("", "`Last-Event-ID` is an offset", "send the `id` of the last event")])
    return int(last)


def _stream(service: Service, log: AnyLog, after: int, *, whole: bool, partition: int | None) -> Response:
    if service.streams >= service.config.limits.streams:
        raise Refusal("busy", headers={"Retry-After": "10"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    sent = _sent(service, log, after, whole=whole, partition=partition)
    return StreamingResponse(sent, media_type=STREAM, headers=headers)


async def _sent(service: Service, log: AnyLog, after: int, *, whole: bool, partition: int | None) -> AsyncIterator[str]:
    """Events as they stand, and then as they are recorded, until the client leaves or the server stops."""
    service.streams += 1
    quiet = 0.0
    try:
        yield ": begins\n\n"
        while not service.stopping.is_set():
            record = await service.record(log.read, after, BLOCK)
            for event in record:
                data = json.dumps(cloud_event(event, whole, partition), ensure_ascii=False, separators=(",", ":"))
                yield f"id: {event.offset}\nevent: {kind_of(event.body)}\ndata: {data}\n\n"
                after = event.offset
            if record:
                quiet = 0.0
                continue
            await asyncio.sleep(LOOK_EVERY)
            quiet += LOOK_EVERY
            if quiet >= BEAT_EVERY:
                quiet = 0.0
                yield ": still here\n\n"
    finally:
        service.streams -= 1
