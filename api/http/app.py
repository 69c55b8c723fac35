"""The application: every route, its description in OpenAPI 3.1, and what turns an exception into a problem document.

`create_app` makes one for a service; `rulewright serve` runs it, tests call it in the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from time import process_time

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from api.failures import Failure
from api.http.guard import Guard, Told, problem, refusal_of_any, told
from api.http.openapi import described, named
from api.http.problems import Fault, Refusal
from api.http.routes import ROUTERS
from api.http.service import Service
from api.version import engine_version

_BY_STATUS = {404: "not-found", 405: "no-such-method", 406: "not-acceptable", 413: "too-large", 415: "not-supported"}
LAG_EVERY = 0.02


def create_app(service: Service, pages: Sequence[APIRouter] = (), to_people: Told = problem) -> Guard:
    """The application for a service: the API, and `pages` for people. `to_people` makes what a browser is shown of an
    address that leads nowhere."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        watch = asyncio.create_task(_watch(service))
        load = asyncio.create_task(service.start())
        try:
            yield
        finally:
            service.stopping.set()
            for task in (watch, load):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            service.close()

    app = FastAPI(
        title="rulewright",
        version=engine_version(),
        description="Taxes, benefits and permissions, computed exactly from rules that are data, with reasons.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=named,
    )
    app.state.service, app.state.to_people = service, to_people
    for router in (*ROUTERS, *pages):
        app.include_router(router)
    for kind in (Refusal, Failure, Exception):
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _query)
    described(app)
    guarded = Guard(app, service)
    if service.config.origins:
        return Guard(CORSMiddleware(app, service.config.origins, ("GET", "POST"), ("Content-Type",)), service, app)
    return guarded


async def _watch(service: Service) -> None:
    """Measure how late the event loop wakes, and how much of that this process has had of the processor: a machine with
    other work makes the loop late, too, and nobody here can mend that."""
    loop, metrics, worst, worst_held = asyncio.get_running_loop(), service.metrics, 0.0, 0.0
    while True:
        ready, began, worked = service.ready, loop.time(), process_time()
        await asyncio.sleep(LAG_EVERY)
        lag = max(0.0, loop.time() - began - LAG_EVERY)
        held = min(lag, process_time() - worked)
        if ready:  # loading the law is nobody's request
            worst, worst_held = max(worst, lag), max(worst_held, held)
        metrics.loop_lag.set(lag)
        metrics.worst_lag.set(worst)
        metrics.worst_held.set(worst_held)


async def _refused(request: Request, fault: Exception) -> Response:
    """Whatever was raised, as a page or a problem document."""
    return told(request, refusal_of_any(fault, request.scope["instance"]))


async def _http(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    kind = _BY_STATUS.get(fault.status_code, "not-found")
    refusal = Refusal(kind, headers=dict(fault.headers or {}))
    to_people: Told = request.app.state.to_people if "text/html" in request.headers.get("accept", "") else problem
    return to_people(request, refusal)


async def _query(request: Request, fault: Exception) -> Response:
    """A query that FastAPI could not read: where, and never what was sent."""
    assert isinstance(fault, RequestValidationError)
    faults = []
    for error in fault.errors():
        name = str(error["loc"][-1])
        message = f"{error['msg'][:1].lower()}{error['msg'][1:]}"
        faults.append(Fault("", f"`{name}`: {message}", "see the parameters of this route in /openapi.json"))
    return problem(request, Refusal("bad-query", faults))
