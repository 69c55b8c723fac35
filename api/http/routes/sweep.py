"""`POST /v1/sweep`: what figures of a case do as one fact moves: exact pieces, and the cause of each jump."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.failures import Failure
from api.http.access import ANYBODY, require
from api.http.cases import fault_of, read_request_case
from api.http.forms import BasisWanted, Form, read_form
from api.http.problems import Refusal
from api.http.programs import Law
from api.http.reading import Document
from api.http.routes.calculate import CASE, law_of
from api.http.schemas import body_of, refusals
from api.http.service import Service, answer, read_document, same, service_of, tag_of, unchanged
from api.simulate.left import left_of
from api.sweep import sweep as use_case

router = APIRouter(tags=["figures"])

EXAMPLES = {
    "a credit by wages": {
        "ruleset": "us",
        "at": "2024",
        "case": CASE,
        "vary": {"of": "ada", "fact": "employment_income", "from": 0, "to": 60000},
        "show": ["eitc"],
    },
}


class VaryWanted(Form):
    """The fact to move, of whom, and from where to where."""

    fact: str = Field(max_length=200)
    from_: int | Decimal | str = Field(alias="from", description="A number, a decimal in a text, or a date.")
    to: int | Decimal | str = Field(description="The last value.")
    of: str = Field("", max_length=200, description="The id in the case; may be left out where there is one.")


class SweepWanted(Form):
    """A complete case, the fact that moves, and the curves to show."""

    ruleset: str = Field("us", max_length=100, description="A ruleset of this server: see `/v1/rulesets`.")
    case: dict[str, Any] = Field(description="As in `/v1/calculate`, with `complete: true`.")
    at: str | None = Field(None, max_length=60, description="2024, 2024-03 or 2024-03-05; else what the case says.")
    vary: VaryWanted
    show: list[str] = Field(
        default_factory=list,
        max_length=8,
        description="Figures, or sums such as `employment_income - income_tax`; else what is left after taxes.",
    )
    reform: dict[str, Any] | str | None = Field(None, description="An overlay, or the name of one, to stand beside.")
    basis: BasisWanted | None = Field(None, description="Ask for that version of the law, or 409.")


@router.post(
    "/v1/sweep",
    summary="Figures as one fact moves",
    response_class=Response,
    responses={200: {"model": use_case.Sweep}, **refusals(400, 401, 406, 408, 409, 413, 415, 422, 429, 503)},
    openapi_extra=body_of(SweepWanted, EXAMPLES),
)
async def sweep_route(request: Request) -> Response:
    """Each curve is straight pieces with their slopes; each jump and bend names the rules that cause it."""
    require(request, *ANYBODY)
    service = service_of(request)
    document, body = await read_document(request)
    form = read_form(SweepWanted, document)
    law = await law_of(service, form.ruleset, None, form.basis)
    changed = document.data.get("reform")
    reform = None if changed is None else await law_of(service, form.ruleset, changed, None)
    tag = tag_of(law.program.fingerprint, body)
    if same(request, tag):
        return unchanged(tag, "private, no-cache")
    sweep = await service.run(_swept, service, law, reform, document, form)
    return answer(sweep, tag=tag, cache="private, no-cache")


def _swept(service: Service, law: Law, reform: Law | None, document: Document, form: SweepWanted) -> use_case.Sweep:
    most = service.config.limits.instances
    case = read_request_case(law.program, document, document.data["case"], "/case", at=form.at, most=most)
    vary = use_case.Vary(form.vary.fact, str(form.vary.from_), str(form.vary.to), form.vary.of)
    laws = [
        use_case.Law(swept_law.program, swept_law.reforms) if swept_law is not None else None
        for swept_law in (law, reform)
    ]
    assert laws[0] is not None
    try:
        return use_case.sweep(laws[0], laws[1], case, vary, form.show, left=left_of(law.program))
    except Failure as fault:
        sent = [name for names in case.instances.values() for name in names]
        words = [*sent, form.vary.fact, str(form.vary.from_), str(form.vary.to), form.vary.of, *form.show]
        raise Refusal("invalid-request", [fault_of(fault, "/vary", words)]) from None
