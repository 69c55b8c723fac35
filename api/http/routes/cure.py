"""`POST /v1/cure`: what would change a refusal of a case that comes with the request."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.cases.naming import find_definition
from api.cure import cure as use_case
from api.failures import Failure, Misuse
from api.http.access import ANYBODY, require
from api.http.cases import fault_of, read_request_case
from api.http.forms import BasisWanted, Form, read_form
from api.http.problems import Refusal
from api.http.programs import Law
from api.http.reading import Document
from api.http.routes.calculate import CASE, law_of
from api.http.schemas import body_of, refusals
from api.http.service import Service, answer, read_document, service_of
from engine.values.types import Kind

router = APIRouter(tags=["figures"])
EXAMPLES = {
    "too much interest for a credit": {
        "ruleset": "us",
        "at": "2024",
        "case": {
            **CASE,
            "people": {**CASE["people"], "ada": {**CASE["people"]["ada"], "taxable_interest_income": 12000}},
        },
        "requirement": "eitc_eligible",
    }
}


class CureWanted(Form):
    """A complete case, and a requirement that it does not meet."""

    ruleset: str = Field("us", max_length=100, description="A ruleset of this server: see `/v1/rulesets`.")
    case: dict[str, Any] = Field(description="As in `/v1/calculate`, with `complete: true`.")
    at: str | None = Field(None, max_length=60, description="2024, 2024-03 or 2024-03-05; else what the case says.")
    requirement: str = Field(max_length=200, description="A requirement, or another figure that is true or false.")
    of: str = Field("", max_length=200, description="The id in the case; may be left out where there is one.")
    every: bool = Field(False, description="Also larger sets, once smaller ones cure.")
    reform: dict[str, Any] | str | None = Field(None, description="An overlay, or the name of one that is shipped.")
    basis: BasisWanted | None = Field(None, description="Ask for that version of the law, or 409.")


@router.post(
    "/v1/cure",
    summary="What would change a refusal",
    response_class=Response,
    responses={200: {"model": use_case.Cured}, **refusals(400, 401, 406, 408, 409, 413, 415, 422, 429, 503)},
    openapi_extra=body_of(CureWanted, EXAMPLES),
)
async def cure_route(request: Request) -> Response:
    """The smallest sets of facts whose change makes the requirement hold, with values that do, and from when waiting
    alone is enough."""
    require(request, *ANYBODY)
    service = service_of(request)
    document, _ = await read_document(request)
    form = read_form(CureWanted, document)
    law = await law_of(service, form.ruleset, document.data.get("reform"), form.basis)
    return answer(await service.run(_cured, service, law, document, form))


def _cured(service: Service, law: Law, document: Document, form: CureWanted) -> use_case.Cured:
    most = service.config.limits.instances
    case = read_request_case(law.program, document, document.data["case"], "/case", at=form.at, most=most)
    sent = [*(name for names in case.instances.values() for name in names), form.requirement, form.of]
    try:
        wanted = find_definition(law.program, form.requirement)
        if wanted.type.kind is not Kind.BOOLEAN:
            raise Misuse(
                f"`{wanted.short_name}` is of type {wanted.type}: only what is true or false can be refused",
                "name a requirement",
            )
        return use_case.cure(law.program, case, wanted, form.of, every=form.every, reforms=law.reforms)
    except Failure as fault:
        raise Refusal("invalid-request", [fault_of(fault, "/requirement", sent)]) from None
