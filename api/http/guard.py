"""What holds for every request: an instance to ask about, limits, security headers, problem documents, counters, a log.

The log holds the route, never the address or the query: ids and what people ask for stay out of it. An error of ours is
told to the client as its instance only; the log gets the kind of error and where it was raised, without its message,
which may hold what was sent.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections import OrderedDict
from collections.abc import Callable
from time import perf_counter

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.failures import Failure
from api.http.config import is_loopback
from api.http.problems import MEDIA_TYPE, Fault, Refusal, document
from api.http.service import Service, refusal_of, refusal_of_log
from citizens import CitizensError

logger = logging.getLogger("rulewright.http")
ALWAYS = ("/livez", "/readyz", "/metrics")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
MOST_CALLERS = 10_000
_API = ("/v1/", "/access/", "/compat/", "/.well-known/")
"""How the addresses begin that are for programs, whatever opens them."""


class Guard:
    """The outermost application. `local_names_only`: it answers only who calls it by a name of this machine, so that no
    page elsewhere reads it by a name of its own that leads here (DNS rebinding)."""

    local_names_only = False

    def __init__(self, app: ASGIApp, service: Service, whole: ASGIApp | None = None) -> None:
        self.app = app
        self.service = service
        self.whole = whole or app
        self.open = 0
        self.buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["instance"] = instance = f"/v1/requests/{secrets.token_hex(8)}"
        started, status = perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._headers(list(message.get("headers", ())))
            await send(message)

        self.open += 1
        self.service.metrics.open.set(self.open)
        try:
            await self._answer(scope, receive, sending)
        except Exception as fault:  # an error that was answered is raised again by the framework, and is told there
            if not status:
                scope.setdefault("app", self.whole)
                await told(Request(scope), refusal_of_any(fault, instance))(scope, receive, sending)
        finally:
            self.open -= 1
            self.service.metrics.open.set(self.open)
            self._count(scope, status, perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.local_names_only and not is_loopback(_called(scope)):
            message = "a development server answers to names of this machine only"
            raise Refusal("forbidden", [Fault("", message, "open it as `http://127.0.0.1`, with its port")])
        if scope["path"] not in ALWAYS:
            if self.open > self.service.config.limits.in_flight:
                raise Refusal("busy", headers={"Retry-After": "1"})
            self._limit(scope)
        await self.app(scope, receive, send)

    def _limit(self, scope: Scope) -> None:
        """A bucket of requests for each caller, which fills at `per_minute`. Raises Refusal (429) if it is empty."""
        rate = self.service.config.limits.per_minute
        if not rate:
            return
        headers = dict(scope["headers"])
        caller = headers.get(b"authorization", b"").decode("latin-1") or (scope.get("client") or ("",))[0]
        now = perf_counter()
        left, before = self.buckets.pop(caller, (float(rate), now))
        left = min(float(rate), left + (now - before) * rate / 60)
        self.buckets[caller] = (max(left - 1, 0) if left >= 1 else left, now)
        if len(self.buckets) > MOST_CALLERS:
            self.buckets.popitem(last=False)
        if left < 1:
            raise Refusal("too-often", headers={"Retry-After": str(max(1, round((1 - left) * 60 / rate)))})

    def _headers(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        there = {name for name, _ in headers}
        own = (*_HEADERS, *(() if self.service.config.development else (_STRICT_TRANSPORT,)))
        return [*headers, *((name, value) for name, value in own if name not in there)]

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        self.service.metrics.requests.labels(route, scope["method"], str(status)).inc()
        self.service.metrics.seconds.labels(route).observe(seconds)
        logger.info("%s %s %d %.1f ms", scope["method"], route, status, seconds * 1000)


def _called(scope: Scope) -> str:
    """The name that a request calls the server by, without the port."""
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    inside, closed, _ = host.removeprefix("[").partition("]")
    return inside if closed else host.partition(":")[0]


def refusal_of_any(fault: Exception, instance: str) -> Refusal:
    """What was raised as a refusal. What nobody foresaw is logged without its message, which may hold what was sent."""
    match fault:
        case Refusal():
            return fault
        case Failure():
            return refusal_of(fault)
        case CitizensError():
            return refusal_of_log(fault)
    where = traceback.extract_tb(fault.__traceback__)[-1]
    logger.error("%s: %s at %s:%d", instance, type(fault).__name__, where.filename, where.lineno or 0)
    return Refusal("broken")


Told = Callable[[Request, Refusal], Response]
"""What makes the answer to whoever is refused."""


def told(request: Request, refusal: Refusal) -> Response:
    """A refusal as a page for a browser that opens one, else as a problem document."""
    to_people: Told | None = getattr(getattr(request.scope.get("app"), "state", None), "to_people", None)
    if to_people is None or "text/html" not in request.headers.get("accept", "") or request.url.path.startswith(_API):
        return problem(request, refusal)
    try:
        return to_people(request, refusal)
    except Exception as fault:  # such as before the law is loaded, which the menu names
        refusal_of_any(fault, request.scope["instance"])
        return problem(request, refusal)


def problem(request: Request, refusal: Refusal) -> Response:
    """The answer to a request that is refused."""
    return problem_of(request.scope, refusal)


def problem_of(scope: Scope, refusal: Refusal) -> Response:
    """The same for a request that no route has seen."""
    headers = {"Cache-Control": "no-store", **refusal.headers}
    headers.pop("content-length", None)
    return Response(document(refusal, scope["instance"]), refusal.status, headers, MEDIA_TYPE)
