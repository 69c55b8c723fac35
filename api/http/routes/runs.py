"""Annual runs, and the groups that they could not assess."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.assess.terms import assessments_by_name
from api.history.population import PartOffset
from api.history.runs import Run, RunFaults, all_runs, faults
from api.http.access import CASE_WORKER, OPERATOR, Caller, require
from api.http.problems import Refusal
from api.http.record import population_of
from api.http.schemas import refusals
from api.http.service import Service, answer, service_of

router = APIRouter(tags=["records"])
_READ = refusals(400, 401, 403, 404, 429, 503)
_OFFSET_BITS = 40
"""A page of faults begins at a partition and an offset in it: one number, below what JSON's readers hold exactly."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Every annual run of the log."""

    runs: tuple[Run, ...]


@router.get("/v1/runs", summary="Annual runs", response_class=Response, responses={200: {"model": Runs}, **_READ})
async def annual_runs(request: Request) -> Response:
    """Which there were, with how many groups, and at how many of them there was a fault."""
    require(request, OPERATOR, CASE_WORKER)
    service = service_of(request)
    return answer(await service.record(lambda: Runs(tuple(runs_of(service)))))


def runs_of(service: Service) -> list[Run]:
    """Every run, over all partitions."""
    return all_runs([log for _, log in population_of(service).parts()])


@router.get(
    "/v1/runs/{run}/faults",
    summary="Who a run could not assess, and why",
    response_class=Response,
    responses={200: {"model": RunFaults}, **_READ},
)
async def run_faults(
    request: Request,
    run: str,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[int, Query(ge=0, lt=2**53, description="The `following` of the page before.")] = 0,
) -> Response:
    """In the order recorded; those assessed since are left out. Each person whose facts are shown is looked at, so case
    workers say why in `Purpose`."""
    caller = require(request, OPERATOR, CASE_WORKER)
    service = service_of(request)
    purpose = request.headers.get("purpose", "")[:300]
    if not purpose and OPERATOR not in caller.roles:
        raise Refusal("no-purpose")
    record = await service.record(faults_shown, service, run, caller, purpose, after=after, limit=limit)
    link = f'<{request.url.path}?limit={limit}&after={record.following}>; rel="next"' if record.following else ""
    return answer(record, Link=link) if link else answer(record)


def faults_shown(service: Service, id: str, caller: Caller, purpose: str, *, after: int, limit: int) -> RunFaults:
    """A page of a run's faults, of which each person's is a look. Raises Refusal (404) for no such run."""
    population = population_of(service)
    run = next((recorded for recorded in runs_of(service) if recorded.id == id), None)
    if run is None:
        raise Refusal("not-found")
    begins = PartOffset(after >> _OFFSET_BITS, after % (1 << _OFFSET_BITS))
    if begins.part >= len(population.logs):
        raise Refusal("bad-cursor")
    page = faults(population.logs[begins.part], run, _entity(service, id.partition("-")[0]), begins.offset, limit)
    following = begins.part << _OFFSET_BITS | page.following if page.following else 0
    if not following and begins.part + 1 < len(population.logs):  # the next partition's are on the next page
        following = begins.part + 1 << _OFFSET_BITS
    people = [subject for fault in page.faults for subject in fault.people]
    said = {"why": purpose or "faults of a run", "case": None, "what": f"faults of {id}"}
    population.looked_at(people, caller.name, "api", said)
    return replace(page, following=following)


def _entity(service: Service, name: str) -> str:
    """Of whom an assessment is made."""
    for ruleset in service.laws.names:
        rules = assessments_by_name(service.laws.law(ruleset, None, "").program).get(name)
        if rules is not None:
            return rules.of
    raise Refusal("not-found")
