"""The routes, a module for each kind of question."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.routes import (
    ask,
    authzen,
    authzen_search,
    batch,
    calculate,
    citizens,
    citizens_by_law,
    citizens_recording,
    cure,
    events,
    find,
    health,
    jobs,
    law,
    openfisca,
    permits,
    policyengine,
    problems,
    runs,
    sweep,
)

ROUTERS: tuple[APIRouter, ...] = (
    calculate.router,
    sweep.router,
    batch.router,
    jobs.router,
    find.router,
    cure.router,
    ask.router,
    law.router,
    citizens.router,
    citizens_by_law.router,
    citizens_recording.router,
    permits.router,
    events.router,
    runs.router,
    authzen.router,
    authzen_search.router,
    openfisca.router,
    policyengine.router,
    health.router,
    problems.router,
)

__all__ = ["ROUTERS"]
