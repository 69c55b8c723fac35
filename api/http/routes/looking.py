"""What the routes of a record share: how they are asked, and whom they look at."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from starlette.requests import Request

from api.http.programs import Law
from api.http.record import (
    Look,
    look_of,
    population_of,
)
from api.http.schemas import refusals
from api.http.service import Service, service_of

READ = refusals(400, 401, 403, 404, 409, 429, 503)
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


async def looked(
    request: Request, citizen: str, ruleset: str, valid_at: str | None, known_at: str | None
) -> tuple[Service, Law, Look]:
    """Whom a request looks at, on which day and as known when; with the service and the law."""
    service = service_of(request)
    population_of(service)
    law = service.laws.law(_ruleset(service, ruleset), None, "")
    return service, law, look_of(request, law, citizen, valid_at, known_at=known_at)


def _ruleset(service: Service, ruleset: str) -> str:
    return ruleset or service.laws.names[0]
