"""A page for each kind of problem, to which the `type` of a problem document leads."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.problems import KINDS, Refusal
from api.http.schemas import refusals
from api.http.service import answer

router = APIRouter(tags=["operations"])


@router.get(
    "/problems/{kind}", summary="What a kind of problem means", response_class=Response, responses=refusals(404)
)
async def problem_kind(request: Request, kind: str) -> Response:
    """Its status, its title, and what to do."""
    problem = KINDS.get(kind)
    if problem is None:
        raise Refusal("not-found")
    said = {"type": f"/problems/{kind}", "status": problem.status, "title": problem.title, "what_to_do": problem.about}
    return answer(said, cache="public, max-age=3600")
