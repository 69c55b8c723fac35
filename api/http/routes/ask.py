"""`POST /v1/ask`: the next question of an interview. Nothing is kept: the case in the request is the state."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.cases.naming import find_definition, period_for
from api.failures import Failure
from api.http.access import ANYBODY, require
from api.http.cases import fault_of, read_request_case
from api.http.forms import BasisWanted, Form, read_form
from api.http.problems import Refusal
from api.http.programs import Law
from api.http.reading import Document
from api.http.routes.calculate import law_of, wanted_of
from api.http.schemas import body_of, refusals
from api.http.service import Service, answer, read_document, service_of
from api.interview.interview import Step, next_step
from engine.interpret.outcomes import Fact

router = APIRouter(tags=["figures"])
EXAMPLES = {
    "what to ask for a credit": {
        "ruleset": "us",
        "at": "2024",
        "case": {"people": {"ada": {"age": 34}}, "tax_units": {"home": {"head": "ada"}}},
        "want": ["eitc"],
    }
}


class Passed(Form):
    """A fact that nobody could tell: it is not asked for again."""

    fact: str = Field(max_length=200)
    of: str = Field(max_length=200, description="The id in the case.")


class AskWanted(Form):
    """A case with the answers so far, the figures to determine, and what nobody could tell."""

    ruleset: str = Field("us", max_length=100, description="A ruleset of this server: see `/v1/rulesets`.")
    case: dict[str, Any] = Field(description="As in `/v1/calculate`; what is not listed is not known.")
    at: str | None = Field(None, max_length=60, description="2024, 2024-03 or 2024-03-05; else what the case says.")
    want: list[str] = Field(min_length=1, max_length=20, description="The figures to determine.")
    passed: list[Passed] = Field(default_factory=list, max_length=500)
    reform: dict[str, Any] | str | None = Field(None, description="An overlay, or the name of one that is shipped.")
    basis: BasisWanted | None = Field(None, description="Ask for that version of the law, or 409.")


@router.post(
    "/v1/ask",
    summary="The next question",
    response_class=Response,
    responses={200: {"model": Step}, **refusals(400, 401, 406, 408, 409, 413, 415, 422, 429, 503)},
    openapi_extra=body_of(AskWanted, EXAMPLES),
)
async def ask_route(request: Request) -> Response:
    """The figures so far, and the question that is expected to move them most; none, and the interview is over."""
    require(request, *ANYBODY)
    service = service_of(request)
    document, _ = await read_document(request)
    form = read_form(AskWanted, document)
    law = await law_of(service, form.ruleset, document.data.get("reform"), form.basis)
    return answer(await service.run(_asked, service, law, document, form))


def _asked(service: Service, law: Law, document: Document, form: AskWanted) -> Step:
    limits, program = service.config.limits, law.program
    case = read_request_case(program, document, document.data["case"], "/case", at=form.at, most=limits.instances)
    wanted = wanted_of(law, case, form.want, limits.results)
    sent = [*(name for names in case.instances.values() for name in names), *form.want]
    try:
        passed: list[Fact] = []
        for fact_passed in form.passed:
            definition = find_definition(program, fact_passed.fact)
            passed.append(Fact(definition.name, fact_passed.of, period_for(program, definition, case.at)))
        return next_step(program, case, wanted, passed, law.interpreters)[0]
    except Failure as fault:
        raise Refusal(
            "invalid-request", [fault_of(fault, "/passed", [*sent, *(fact_passed.fact for fact_passed in form.passed)])]
        ) from None
