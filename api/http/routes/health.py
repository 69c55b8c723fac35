"""Is the server alive, is it ready, what has it measured, and what can be asked of it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.problems import Refusal
from api.http.service import service_of

router = APIRouter(tags=["operations"])
_TEXT = {"text/plain": {"schema": {"type": "string"}}}


@router.get("/livez", summary="Is the process alive", responses={200: {"content": _TEXT}}, response_class=Response)
async def livez() -> Response:
    """Always 200 while the event loop turns, however busy the server is."""
    return Response("ok\n", media_type="text/plain", headers={"Cache-Control": "no-store"})


@router.get("/readyz", summary="Can it answer", responses={200: {"content": _TEXT}}, response_class=Response)
async def readyz(request: Request) -> Response:
    """503 until the law is loaded, and from the moment the server begins to stop."""
    service = service_of(request)
    if not service.ready or service.stopping.is_set():
        raise Refusal("busy", headers={"Retry-After": "1"})
    return Response("ok\n", media_type="text/plain", headers={"Cache-Control": "no-store"})


@router.get(
    "/metrics", summary="Counters, for Prometheus", responses={200: {"content": _TEXT}}, response_class=Response
)
async def metrics(request: Request) -> Response:
    """How many requests of each route were answered, how fast, how many wait, and how the log does. Of no person."""
    await service_of(request).observe_log()
    return Response(service_of(request).metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    import json

    body = json.dumps(request.app.openapi(), ensure_ascii=False)
    return Response(body, media_type="application/json", headers={"Cache-Control": "max-age=300"})
