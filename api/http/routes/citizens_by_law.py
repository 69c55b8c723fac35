"""`/v1/citizens/{id}/entitlements` and `/permissions`: what follows by law from a citizen's record, computed now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.cases.calculate import Asked, Basis, Result
from api.cases.naming import find_definition
from api.http.problems import Fault, Refusal
from api.http.record import (
    OnRecord,
    named,
    on_record,
    seen,
)
from api.http.routes.calculate import assessed_names
from api.http.routes.looking import READ, At, Explain, KnownAt, Ruleset, ValidAt, looked
from api.http.service import answer

router = APIRouter(tags=["citizens"])


@dataclass(frozen=True, slots=True)
class Entitlements:
    """Figures computed now from the record. `left_out`: facts recorded in a form that the rules do not take. `unread`:
    facts recorded for a time at which no figure reads them. `stated_otherwise`: groups recorded otherwise than a figure
    makes them, and months that come to more than the year's figure that was read."""

    basis: Basis
    results: tuple[Result, ...]
    left_out: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    stated_otherwise: tuple[str, ...] = ()


def _entitlements(figures: OnRecord) -> Entitlements:
    done = figures.calculation
    return Entitlements(done.basis, done.results, figures.left_out, done.unread, done.stated_otherwise)


@router.get(
    "/v1/citizens/{citizen}/entitlements",
    summary="What the citizen may be owed, computed now",
    response_class=Response,
    responses={200: {"model": Entitlements}, **READ},
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
    service, law, look = await looked(request, citizen, ruleset, valid_at, known_at)
    names = [name.strip() for name in want.split(",") if name.strip()] or assessed_names(law, "entitlements")
    wanted = [named(law, name) for name in names]
    await service.record(seen, service, look, "entitlements")
    figures = await service.run(on_record, service, law, look, at, wanted=wanted, asked=Asked(explain))
    return answer(_entitlements(figures))


@router.get(
    "/v1/citizens/{citizen}/permissions/{name}",
    summary="May the citizen do that",
    response_class=Response,
    responses={200: {"model": Entitlements}, **READ},
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
    service, law, look = await looked(request, citizen, ruleset, valid_at, known_at)
    definition = find_definition(law.program, name) if law.program.find(name) else None
    if definition is None or definition.requirement is None:
        raise Refusal(
            "not-found", [Fault("", "there is no requirement of this name", "see `variables` of the ruleset")]
        )
    await service.record(seen, service, look, f"permission {definition.short_name}")
    figures = await service.run(on_record, service, law, look, at, wanted=[definition], asked=Asked(explain))
    return answer(_entitlements(figures))
