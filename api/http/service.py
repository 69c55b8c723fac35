"""What the routes share: the law, the log, the threads that compute, and how answers are given.

Computing runs on a few threads, never on the event loop. What would wait behind more than `limits.waiting` others gets
503 at once, so that the server answers health checks whatever is asked of it.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from typing import Any, ParamSpec, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.failures import Failure, Misuse
from api.history.access import AnyLog, failure_of
from api.history.health import FaultCounts, Health, health
from api.history.population import Population
from api.http.config import Config
from api.http.jobs import Jobs
from api.http.metrics import Metrics
from api.http.problems import Fault, Refusal
from api.http.programs import Laws
from api.http.reading import Document, not_json, read_json
from api.permits.office import Office
from api.permits.register import WrongRegister
from api.schema import to_json
from citizens import (
    CitizensError,
    DeliveryConflict,
    InvalidEvent,
    LogBusy,
    LogDamaged,
    LogLocked,
    LogUnavailable,
    VersionConflict,
)

JSON = "application/json"
RECORDERS = 8
OBSERVE_EVERY, OBSERVED_ASSESSMENTS = 5.0, 20_000
GARBAGE = (4_000, 10, 10)
"""How often Python looks for garbage: often and little, since it holds up the event loop while it looks. A command that
computes once looks seldom."""
PRIVATE = "private, no-store"
_Made = TypeVar("_Made")
_Given = ParamSpec("_Given")


class Service:
    """A server's own things. `close` lets go of them."""

    def __init__(self, config: Config, log: AnyLog | Population | None = None) -> None:
        self.config = config
        self.laws = Laws(config.rules)
        self.population = log if log is None or isinstance(log, Population) else Population([log])
        self.keys: Any = None
        self.permits = _office(config)
        self.metrics = Metrics(self.population is not None and self.population.several)
        self.jobs = Jobs()
        self.ready = False
        self.stopping = asyncio.Event()
        self.streams = 0
        self._records = ThreadPoolExecutor(RECORDERS, thread_name_prefix="recording")
        self._threads = ThreadPoolExecutor(config.limits.threads, thread_name_prefix="computing")
        self._later = ThreadPoolExecutor(1, thread_name_prefix="jobs")
        self._waiting = 0
        self._observed = -OBSERVE_EVERY
        self._faults: dict[int | None, FaultCounts] = {}

    async def start(self) -> None:
        """Load the law; then the server is ready."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self.laws.load)
        gc.collect()
        gc.freeze()  # the law is never garbage: looking through it would hold up the event loop for a quarter second
        gc.set_threshold(*GARBAGE)
        self.ready = True

    async def record(self, work: Callable[_Given, _Made], *given: _Given.args, **named: _Given.kwargs) -> _Made:
        """Read or write the log on a thread of its own kind: those who compute do not hold it up."""
        if self.population is None:
            raise Refusal("no-log")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._records, partial(work, *given, **named))
        except CitizensError as fault:
            raise refusal_of_log(fault) from None

    async def observe_log(self) -> None:
        """Measure how the log is doing, at most every five seconds. A log that cannot be read now keeps its figures."""
        loop = asyncio.get_running_loop()
        if self.population is None or loop.time() < self._observed + OBSERVE_EVERY:
            return
        self._observed = loop.time()
        for part, log in self.population.parts():
            counts = self._faults.setdefault(part, FaultCounts())
            try:
                state = await loop.run_in_executor(self._records, self._observe, log, counts)
            except CitizensError:
                self.metrics.log_unreadable(part)
                continue
            self.metrics.log_state(part, state, counts)

    @staticmethod
    def _observe(log: AnyLog, counts: FaultCounts) -> Health:
        counts.update(log, OBSERVED_ASSESSMENTS)
        return health(log)

    async def run(self, work: Callable[_Given, _Made], *given: _Given.args, **named: _Given.kwargs) -> _Made:
        """Do work on a thread. Raises Refusal if there is no room, or if it takes too long."""
        limits = self.config.limits
        if self._waiting >= limits.waiting + limits.threads:
            raise Refusal("busy", headers={"Retry-After": "1"})
        self._waiting += 1
        self.metrics.waiting.set(self._waiting)
        future = asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *given, **named))
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(future), limits.seconds)
        except TimeoutError:
            future.add_done_callback(lambda late: late.exception())  # nobody waits for it any more
            fault = Fault("", "the answer took too long", "ask for fewer figures, or send it as a batch")
            raise Refusal("busy", [fault], {"Retry-After": "10"}) from None

    def later(self, work: Callable[_Given, object], *given: _Given.args, **named: _Given.kwargs) -> None:
        """Do work for which nobody waits, one piece after the other."""
        self._later.submit(work, *given, **named)

    def _done(self, _future: object) -> None:
        self._waiting -= 1
        self.metrics.waiting.set(self._waiting)

    def close(self) -> None:
        """Finish what is being computed, and close the log."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._later.shutdown(wait=True, cancel_futures=True)
        self.jobs.close()
        self._records.shutdown(wait=True, cancel_futures=True)
        self.laws.close()
        if self.population is not None:
            self.population.close()


def _office(config: Config) -> Office | None:
    """Who issues permits. Raises Misuse for a key that cannot be read."""
    said = config.permits
    if said is None:
        return None
    status_at = f"{config.address}/v1/permits/status"
    return Office.opened(said.key, said.folder, said.issuer or config.address, status_at, said.earlier_keys)


def service_of(request: Request) -> Service:
    """The service behind a request."""
    service: Service = request.app.state.service
    return service


async def read_body(request: Request, limit: int | None = None) -> bytes:
    """The body. Raises Refusal if it is too large, too slow, or compressed."""
    limits = service_of(request).config.limits
    most = limit or limits.body_bytes
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refusal("not-supported", [Fault("", "the body is compressed", "send it as it is")])
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or len(length) > 12 or int(length) > most:
        raise _too_large(most)
    parts, size = [], 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise _too_large(most)
                parts.append(part)
    except TimeoutError:
        raise Refusal("too-slow", headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise not_json("the body ends too early", "send all of it") from None
    return b"".join(parts)


def _too_large(most: int) -> Refusal:
    fault = Fault("", f"the body is larger than {most:,} bytes", "send it in parts, or as a batch")
    return Refusal("too-large", [fault], {"Connection": "close"})


async def read_document(request: Request) -> tuple[Document, bytes]:
    """The body as strict JSON, and its bytes. Raises Refusal for another media type."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if kind.strip().lower() != JSON or charset not in ("", "charset=utf-8"):
        raise Refusal("not-supported", [Fault("", "the body is not JSON", f"send `Content-Type: {JSON}`")])
    require_acceptable(request, JSON)
    body = await read_body(request)
    return read_json(body), body


def require_acceptable(request: Request, *offered: str) -> str:
    """The media type to answer in. Raises Refusal (406) if the client takes none of those offered."""
    accepted = request.headers.get("accept", "*/*")
    wanted = [part.partition(";")[0].strip().lower() for part in accepted.split(",")]
    for accepted_type in wanted:
        for offer in offered:
            if accepted_type in (offer, "*/*", f"{offer.partition('/')[0]}/*"):
                return offer
    raise Refusal("not-acceptable", [Fault("", "none of the accepted forms is offered", f"accept `{offered[0]}`")])


def tag_of(*parts: str | bytes) -> str:
    """A strong entity tag over some parts."""
    digest = sha256()
    for part in parts:
        digest.update((part if isinstance(part, bytes) else part.encode()) + b"\0")
    return f'"{digest.hexdigest()[:32]}"'


def same(request: Request, tag: str) -> bool:
    """Whether the client has the answer of that tag already."""
    sent = request.headers.get("if-none-match", "")
    return tag in [known_tag.strip().removeprefix("W/") for known_tag in sent.split(",")]


def unchanged(tag: str, cache: str) -> Response:
    """The answer that the client has is still right."""
    return Response(status_code=304, headers={"ETag": tag, "Cache-Control": cache})


def answer(value: object, *, tag: str = "", cache: str = PRIVATE, status: int = 200, **headers: str) -> Response:
    """A use case's answer as JSON."""
    fields = {"Cache-Control": cache, **{name.replace("_", "-"): text for name, text in headers.items()}}
    if tag:
        fields["ETag"] = tag
    return Response(to_json(value), status, fields, JSON)


def refusal_of_log(fault: CitizensError) -> Refusal:
    """What the log refuses. Its messages quote no payload."""
    told = failure_of(fault)
    errors = [Fault("", told.message, told.help)]
    match fault:
        case VersionConflict():
            return Refusal("stale-version", errors, {"ETag": f'"v{fault.actual}"'}, {"version": fault.actual})
        case DeliveryConflict():
            return Refusal("key-reused", errors)
        case InvalidEvent():
            return Refusal("invalid-request", errors)
        case LogBusy() | LogLocked():
            return Refusal("busy", errors, {"Retry-After": "2"})
        case LogDamaged():
            return Refusal("damaged", errors, {"Retry-After": "60"})
        case LogUnavailable():
            return Refusal("read-only", errors, {"Retry-After": "30"})
    return Refusal("conflict", errors)


def refusal_of(failure: Failure, pointer: str = "") -> Refusal:
    """A use case's failure as a refusal: what names nothing that is there is 422, a register that is not right 503."""
    if isinstance(failure, WrongRegister):
        return Refusal("damaged", [Fault(pointer, failure.message, failure.help)], {"Retry-After": "60"})
    kind = "invalid-request" if isinstance(failure, Misuse) else "conflict"
    return Refusal(kind, [Fault(pointer, failure.message, failure.help)])
