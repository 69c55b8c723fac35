"""The front page: what this is, and the doors to it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.service import service_of
from api.web.rendering import page, shown

router = APIRouter(include_in_schema=False)


@router.get("/")
@shown
async def front(request: Request) -> Response:
    """One sentence, and the doors."""
    laws = service_of(request).laws
    served = [laws.law(name, None, "") for name in laws.names]
    figures = sum(sum(not definition.is_input for definition in law.program.definitions.values()) for law in served)
    settings = [law.program.settings for law in served]
    covers = (
        min(setting.covers_from.year for setting in settings),
        max(setting.covers_to.year for setting in settings),
    )
    about = "; ".join(setting.about for setting in settings)
    return page(request, "front.html", figures=figures, covers=covers, about=about)
