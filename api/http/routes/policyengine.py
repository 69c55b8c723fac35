"""`/compat/policyengine`: PolicyEngine's household endpoint, for clients that speak it. Refusals have their form."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.compat.policyengine import Answered, HouseholdInvalid, answer
from api.http.access import ANYBODY, require
from api.http.exact import dump
from api.http.forms import Form
from api.http.problems import Refusal
from api.http.programs import Law
from api.http.reading import Number
from api.http.schemas import body_of, refusals
from api.http.service import JSON, read_document, service_of
from api.version import engine_version

router = APIRouter(prefix="/compat/policyengine", tags=["PolicyEngine"])
EXAMPLES: dict[str, Any] = {
    "a family's credits": {
        "household": {
            "people": {
                "you": {"age": {"2024": 34}, "employment_income": {"2024": 31000}},
                "child": {"age": {"2024": 9}},
            },
            "tax_units": {"main": {"members": ["you", "child"], "eitc": {"2024": None}, "income_tax": {"2024": None}}},
        }
    }
}


class Household(Form):
    """A household: groups of units, each with `members` and variables by period; `null` asks."""

    household: dict[str, Any]
    version: str | None = Field(None, description="Any is accepted: the answer names ours.")
    policy: dict[str, Any] | None = Field(None, description="Not taken: see `reform` of `/v1/calculate`.")


@router.post(
    "/us/calculate",
    summary="A household with every null filled in",
    response_class=Response,
    responses={
        200: {"content": {JSON: {"schema": {"type": "object"}}}},
        **refusals(401, 406, 408, 413, 415, 429, 503),
        400: {"description": "The household cannot be computed", "content": {JSON: {"schema": {"type": "object"}}}},
        404: {"description": "There are no rules of that country", "content": {JSON: {"schema": {"type": "object"}}}},
    },
    openapi_extra=body_of(Household, EXAMPLES),
)
async def calculate(request: Request) -> Response:
    """What is not computed here stays null and is named in `not_computed`; `Prefer: handling=strict` refuses it."""
    require(request, *ANYBODY)
    service = service_of(request)
    document, _ = await read_document(request)
    data = document.data
    strict = "handling=strict" in request.headers.get("prefer", "").replace(" ", "")
    if not isinstance(data, dict) or not isinstance(data.get("household"), dict):
        return _refused("`household` is missing, or not an object", [])
    if data.get("policy"):
        return _refused("`policy` is not taken here", ["send a reform to /v1/calculate"])
    if "axes" in data["household"]:
        return _refused("`axes` are not taken here", ["ask for one household at a time"])
    try:
        law = service.laws.law("us")
    except Refusal:
        return _refused("this server has no rules of that country", [], 404)
    try:
        answered = await service.run(_answered, law, data["household"], strict)
    except HouseholdInvalid as fault:
        return _refused(str(fault), fault.errors)
    return _written(answered, law)


def _answered(law: Law, household: Any, strict: bool) -> Answered:
    return answer(law.program, law.constants, household, Number, strict)


def _written(answered: Answered, law: Law) -> Response:
    """Their answer. Amounts are written as JSON numbers with all their digits: no float comes between."""
    said: dict[str, Any] = {
        "status": "ok",
        "message": None,
        "result": answered.household,
        "policyengine_bundle": {
            "model_version": f"rulewright {engine_version()}",
            "data_version": None,
            "dataset": None,
            "fingerprint": law.program.fingerprint,
        },
    }
    if answered.warnings:
        said["warnings"] = answered.warnings
    if answered.not_computed:
        said["not_computed"] = answered.not_computed
    return Response(dump(said), media_type=JSON, headers={"Cache-Control": "no-store"})


def _refused(message: str, errors: list[str], status: int = 400) -> Response:
    body = {"status": "error", "message": message, "result": None, "errors": errors[:50]}
    return Response(json.dumps(body, ensure_ascii=False), status, {"Cache-Control": "no-store"}, JSON)


@router.get("/versions/us", summary="The versions there are", response_class=Response)
async def versions() -> Response:
    """Ours, under both of their names."""
    return Response(json.dumps({"current": engine_version(), "frontier": engine_version()}), media_type=JSON)


@router.get("/liveness_check", summary="Is it alive", operation_id="policyengine_liveness", response_class=Response)
@router.get("/readiness_check", summary="Is it ready", operation_id="policyengine_readiness", response_class=Response)
async def check(request: Request) -> Response:
    """200 when the law is loaded."""
    ready = service_of(request).ready
    return Response("OK" if ready else "not ready", 200 if ready else 503, media_type="text/plain")
