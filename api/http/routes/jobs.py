"""`/v1/jobs`: batches that were accepted to be worked off; see `Prefer: respond-async` of `/v1/batch`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.http.access import ANALYST, OPERATOR, require
from api.http.jobs import Job
from api.http.problems import Fault, Refusal
from api.http.routes.batch import ARROW, CSV, chunks_of, sent
from api.http.schemas import refusals
from api.http.service import answer, require_acceptable, service_of

router = APIRouter(tags=["figures"])


@dataclass(frozen=True, slots=True)
class JobSaid:
    """A job: `waiting`, `running`, `done` or `failed`; how many groups are done, and where its result is."""

    id: str
    state: str
    done: int
    result: str = ""
    errors: tuple[dict[str, Any], ...] = ()


_READ = refusals(401, 403, 404, 429, 503)


def _found(request: Request, id: str) -> Job:
    caller = require(request, OPERATOR, ANALYST)
    return service_of(request).jobs.find(caller.name, id)


@router.get(
    "/v1/jobs/{job}", summary="How far a job is", response_class=Response, responses={200: {"model": JobSaid}, **_READ}
)
async def job_state(request: Request, job: str) -> Response:
    """Only who sent it may ask."""
    return answer(_found(request, job).said())


@router.get(
    "/v1/jobs/{job}/result",
    summary="The result of a job",
    response_class=Response,
    responses={
        200: {"content": {CSV: {"schema": {"type": "string"}}, ARROW: {"schema": {"type": "string"}}}},
        **refusals(401, 403, 404, 406, 409, 422, 429, 503),
    },
)
async def job_result(request: Request, job: str) -> Response:
    """As `/v1/batch` would have answered. It may be fetched until the job is deleted, or an hour has passed."""
    batch_job = _found(request, job)
    if batch_job.refusal is not None:
        raise batch_job.refusal
    if batch_job.state != "done":
        raise Refusal("conflict", [Fault("", "the job has not ended", "ask for its state, and come back")])
    offered = require_acceptable(request, CSV, ARROW)
    service = service_of(request)
    lines = sent(service, chunks_of(batch_job.folder, offered))
    return StreamingResponse(lines, media_type=offered, headers=batch_job.headers)


@router.delete(
    "/v1/jobs/{job}",
    summary="Forget a job and its result",
    response_class=Response,
    status_code=204,
    responses=refusals(401, 403, 404, 409, 429, 503),
)
async def forget_job(request: Request, job: str) -> Response:
    """One that is under way is not broken off: 409."""
    service_of(request).jobs.delete(_found(request, job))
    return Response(status_code=204)
