"""How routes describe themselves in OpenAPI: request bodies with examples that run, and the refusals they may give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from api.http.forms import Form
from api.http.problems import KINDS, MEDIA_TYPE


class FaultSaid(BaseModel):
    """One thing that is wrong."""

    pointer: str = Field(description="A JSON pointer into the body; the caller's own ids appear as `#1`, `#2`, …")
    code: str = ""
    message: str
    remedy: str = ""


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(description="A page of this server that explains the kind.")
    title: str
    status: int
    instance: str = Field(description="This request: tell it to the operator.")
    errors: list[FaultSaid] = Field(default_factory=list, description="At most 50 faults.")
    errors_left_out: int = 0


_TITLES: dict[int, list[str]] = {}
for _kind in KINDS.values():
    _TITLES.setdefault(_kind.status, []).append(_kind.title)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that a route may give."""
    return {
        status: {
            "description": "; ".join(_TITLES.get(status, ["Refused"])),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in (*statuses, 500)
    }


def body_of(form: type[Form], examples: Mapping[str, Any]) -> dict[str, Any]:
    """A request body: the form by its name, so that clients have a type for it, and examples, which a test sends."""
    schema = {"$ref": f"#/components/schemas/{form.__name__}"}
    shown = {name: {"summary": name, "value": value} for name, value in examples.items()}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "examples": shown}}}}
