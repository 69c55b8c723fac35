"""`POST /v1/find`: everybody in the server's log for whom a condition holds, counted and ranked."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.cases.naming import find_definition, named_figures, read_period
from api.failures import Failure
from api.find import find as use_case
from api.find.candidates import looked_at
from api.find.condition import NAME, entity_of, overlay
from api.find.together import find_in_parts
from api.history.access import read_known
from api.history.looks import record_query
from api.history.parts import CUT
from api.history.population import AsKnown, NamedCut
from api.http.access import ANALYST, CASE_WORKER, OPERATOR, Caller, require
from api.http.cases import fault_of
from api.http.forms import Form, read_form
from api.http.problems import Fault, Refusal
from api.http.record import population_of
from api.http.schemas import body_of, refusals
from api.http.service import Service, answer, read_document, service_of
from engine.ir.program import Program

router = APIRouter(tags=["records"])
MOST_SHOWN = 1_000
EXAMPLES = {
    "who may have a credit": {"ruleset": "us", "at": "2024", "condition": "eitc > 0", "by": "eitc", "sum": ["eitc"]}
}


class FindWanted(Form):
    """A condition, and what to say of those for whom it holds."""

    ruleset: str = Field("us", max_length=100, description="A ruleset of this server: see `/v1/rulesets`.")
    at: str = Field(max_length=60, description="2024, 2024-03 or 2024-03-05: the facts that hold on its last day.")
    condition: str = Field(max_length=4_000, description="In the rule language: `eitc > 0 and not files_separately`.")
    known_at: str | None = Field(None, max_length=60, description="As known: a day, a moment, `#17`, `cut:NAME`.")
    of: str = Field("", max_length=100, description="The entity; that of the first figure if not given.")
    show: list[str] = Field(default_factory=list, max_length=20, description="Figures to say of each.")
    by: str = Field("", max_length=200, description="The largest of this figure first.")
    top: int = Field(20, ge=0, le=MOST_SHOWN)
    sum: list[str] = Field(default_factory=list, max_length=20, description="Figures to add up over everybody found.")
    group: str = Field("", max_length=200, description="Also count by the values of this figure.")
    unknown: bool = Field(False, description="What is not recorded is not known, instead of absent.")
    count_missing: bool = Field(False, description="With `unknown`: how many answers depend on which fact alone.")


@router.post(
    "/v1/find",
    summary="Everybody for whom a condition holds",
    response_class=Response,
    responses={
        200: {"model": use_case.SearchResult},
        **refusals(400, 401, 403, 404, 406, 408, 413, 415, 422, 429, 503),
    },
    openapi_extra=body_of(FindWanted, EXAMPLES),
)
async def find_route(request: Request) -> Response:
    """Case workers, who say why in `Purpose`, and operators are shown rows, each of which is logged as a look at that
    record; analysts get the counts and sums. A count of fewer than ten is a look at each of them. The log keeps every
    question, too: who asked what, and how many gave which answer."""
    caller = require(request, OPERATOR, CASE_WORKER, ANALYST)
    service = service_of(request)
    purpose = request.headers.get("purpose", "")[:300]
    rows = caller.anybody or not caller.roles.isdisjoint({OPERATOR, CASE_WORKER})
    if rows and not purpose and not caller.anybody:
        raise Refusal("no-purpose")
    document, _ = await read_document(request)
    form = read_form(FindWanted, document)
    population_of(service)
    return answer(await service.run(_found, service, form, caller, purpose, rows))


def _found(service: Service, form: FindWanted, caller: Caller, purpose: str, rows: bool) -> use_case.SearchResult:
    words = [form.at, form.condition, form.of, form.by, form.group, *form.show, *form.sum, form.known_at or ""]
    program = service.laws.law(form.ruleset).program
    population = population_of(service)
    try:
        period = read_period(program, form.at)
        condition = overlay(form.condition, entity_of(program, form.condition, form.of), period)
        program = _with(service, form, condition)
        wanted = use_case.Wanted(
            tuple(figure for name in form.show for figure in named_figures(program, name, period)),
            find_definition(program, form.by) if form.by else None,
            form.top if rows else 0,
            tuple(figure for name in form.sum for figure in named_figures(program, name, period)),
            find_definition(program, form.group) if form.group else None,
            form.unknown,
            form.count_missing,
        )
        asked = program.definitions[NAME]
        named = wanted.figures
        known = population.each_known(_known(form.known_at))
        parts = list(zip(population.logs, known, strict=True))
        listed, touched = find_in_parts(program, asked, form.condition, period, parts=parts, read=named, wanted=wanted)
    except Failure as fault:
        raise Refusal("invalid-request", [fault_of(fault, "", words)]) from None
    said = {"why": purpose or "development", "what": form.condition[:300]}
    for log, names in zip(population.logs, touched, strict=True):
        record_query(log, caller.name, "api", {**said, **use_case.counted_in(listed)})
        population.looked_at(looked_at(program, log, names, period.end), caller.name, "api", said)
    return listed


def _known(text: str | None) -> AsKnown:
    """As known when: a cut, or what commands take."""
    return NamedCut(text.removeprefix(CUT)) if text and text.startswith(CUT) else read_known(text, "known_at")


def _with(service: Service, form: FindWanted, condition: dict[str, object]) -> Program:
    try:
        return service.laws.law(form.ruleset, condition).program
    except Refusal as refusal:
        faults = [Fault("/condition", error.message, error.remedy, error.code) for error in refusal.errors]
        raise Refusal("invalid-request", faults) from None
