"""The style sheet, the scripts and the fonts, read once. Under `?v=` of their digest they may be kept for ever."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.http.problems import Refusal
from api.http.service import same, unchanged

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parent / "static"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
FOR_A_DAY, FOR_EVER = "public, max-age=86400", "public, max-age=31536000, immutable"


@cache
def _there() -> dict[str, bytes]:
    """Every file by its path."""
    paths = (path for path in FOLDER.rglob("*") if path.suffix in KINDS)
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in paths}


@cache
def digest(name: str) -> str:
    """What tells this version of a file from another."""
    return sha256(_there()[name]).hexdigest()[:12]


def address(name: str) -> str:
    """Where a page finds a file."""
    return f"/static/{name}?v={digest(name)}"


@router.get("/static/{name:path}")
async def static(request: Request, name: str) -> Response:
    """One file."""
    body = _there().get(name)
    if body is None:
        raise Refusal("not-found")
    tag = f'"{digest(name)}"'
    cache_for = FOR_EVER if request.query_params.get("v") == digest(name) else FOR_A_DAY
    if same(request, tag):
        return unchanged(tag, cache_for)
    headers = {"ETag": tag, "Cache-Control": cache_for}
    return Response(body, 200, headers, KINDS[Path(name).suffix])
