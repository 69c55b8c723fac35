"""`POST /v1/calculate`: figures of a case that comes with the request, and nothing kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.cases.calculate import Asked, Calculation, calculate
from api.cases.naming import exported_names, named_figures
from api.failures import Misuse
from api.http.access import ANYBODY, require
from api.http.cases import fault_of, read_request_case
from api.http.forms import BasisWanted, Form, read_form
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.reading import Document
from api.http.schemas import body_of, refusals
from api.http.service import Service, answer, read_document, same, service_of, tag_of, unchanged
from engine.interpret.cases import Case
from engine.ir.program import Definition

router = APIRouter(tags=["figures"])

CASE: dict[str, Any] = {
    "complete": True,
    "people": {"ada": {"age": 34, "employment_income": 31000}, "ben": {"age": 9}},
    "tax_units": {"home": {"head": "ada", "dependents": ["ben"]}},
}
EXAMPLES = {
    "a credit with its reasons": {
        "ruleset": "us",
        "at": "2024",
        "case": CASE,
        "want": ["eitc", "income_tax"],
        "explain": "reasons",
    },
    "why, figure by figure": {
        "ruleset": "us",
        "at": "2024",
        "case": {
            **CASE,
            "people": {**CASE["people"], "cleo": {"age": 6}},
            "tax_units": {"home": {"head": "ada", "dependents": ["ben", "cleo"]}},
        },
        "want": ["income_tax"],
        "explain": "tree",
        "depth": 3,
    },
    "what is not known yet": {
        "ruleset": "us",
        "at": "2024",
        "case": {"people": {"ada": {"age": 34}}, "tax_units": {"home": {"head": "ada"}}},
        "want": ["eitc"],
        "ask": True,
    },
    "under a reform": {
        "ruleset": "us",
        "at": "2025",
        "case": CASE,
        "want": ["refundable_ctc"],
        "reform": {"about": "A larger credit", "law": "A bill", "set": {"ctc_amount": {"2025-01-01": 3000}}},
    },
}


class Calculate(Form):
    """Figures of a case. Numbers of the case may be JSON numbers or texts; `null` says that a fact is not known."""

    ruleset: str = Field("us", max_length=100, description="A ruleset of this server: see `/v1/rulesets`.")
    case: dict[str, Any] = Field(
        description="Who there is, by id under the plural of each entity, with what is given of them; `complete: true` "
        "says that what is not listed is not there, as on a signed return, and `complete: [forms_w2]` that these lists "
        "are whole."
    )
    at: str | None = Field(None, max_length=60, description="2024, 2024-03 or 2024-03-05; else what the case says.")
    want: list[str] | Literal["all", "entitlements", "liabilities"] = Field(
        "all",
        description="Figures by name; or `all` that the ruleset exports and somebody in the case has; or the "
        "`entitlements` or `liabilities` that its assessments name.",
    )
    explain: Literal["none", "reasons", "tree"] = Field("none", description="How much to say of why.")
    depth: int = Field(12, ge=0, le=50, description="How deep a tree goes.")
    ask: bool = Field(False, description="Also say what to ask next, and what was assumed.")
    reform: dict[str, Any] | str | None = Field(None, description="An overlay, or the name of one that is shipped.")
    basis: BasisWanted | None = Field(None, description="Ask for that version of the law, or 409.")


@router.post(
    "/v1/calculate",
    summary="Figures of a case",
    response_class=Response,
    responses={200: {"model": Calculation}, **refusals(400, 401, 406, 408, 409, 413, 415, 422, 429, 503)},
    openapi_extra=body_of(Calculate, EXAMPLES),
)
async def calculate_route(request: Request) -> Response:
    """Each figure is determined, a range, not applicable or failed. The same question under the same law gives the same
    bytes: `ETag` stands for both."""
    require(request, *ANYBODY)
    service = service_of(request)
    document, body = await read_document(request)
    form = read_form(Calculate, document)
    law = await law_of(service, form.ruleset, document.data.get("reform"), form.basis)
    tag = tag_of(law.program.fingerprint, body)
    if same(request, tag):
        return unchanged(tag, "private, no-cache")
    calculation = await service.run(_calculated, service, law, document, form)
    return answer(calculation, tag=tag, cache="private, no-cache")


async def law_of(service: Service, ruleset: str, reform: Any, basis: BasisWanted | None) -> Law:
    """The law that a request asks for. Raises Refusal (409) if its version is another than was asked for."""
    if reform is None:
        law = service.laws.law(ruleset)
    else:
        law = await service.run(service.laws.law, ruleset, reform)
    if basis is not None and not law.program.fingerprint.startswith(basis.fingerprint):
        fault = Fault("/basis/fingerprint", "this version of the law is not here", "ask for one of `available`")
        raise Refusal("other-law", [fault], extra={"available": [law.program.fingerprint]})
    return law


def _calculated(service: Service, law: Law, document: Document, form: Calculate) -> Calculation:
    limits = service.config.limits
    case = read_request_case(law.program, document, document.data["case"], "/case", at=form.at, most=limits.instances)
    wanted = wanted_of(law, case, form.want, limits.results)
    asked = Asked(form.explain, form.depth, form.ask)
    must = isinstance(form.want, list)
    try:
        return calculate(
            law.program,
            case,
            wanted,
            asked,
            reforms=law.reforms,
            constants=law.constants,
            machine=law.machine if must else None,
            must=must,
        )
    except Misuse as fault:
        sent = [name for names in case.instances.values() for name in names]
        raise Refusal("invalid-request", [fault_of(fault, "/want", sent)]) from None


def assessed_names(law: Law, want: str) -> list[str]:
    """The figures that a ruleset's assessments call entitlements or liabilities; for `all` whatever it exports."""
    if want == "all":
        return list(exported_names(law.program))
    listed = (getattr(rules, want) for rules in law.program.settings.assessments.values())
    return list(dict.fromkeys(name for names in listed for name in names))


def wanted_of(law: Law, case: Case, want: Sequence[str] | str, most: int) -> list[Definition]:
    """The definitions that are wanted. Raises Refusal (422) for every name that there is none of, and for too many."""
    program = law.program
    faults: list[Fault] = []
    wanted: dict[str, Definition] = {}
    names = assessed_names(law, want) if isinstance(want, str) else want
    for at, name in enumerate(names):
        try:
            wanted |= {definition.name: definition for definition in named_figures(program, name, case.at)}
        except Misuse as fault:
            faults.append(fault_of(fault, f"/want/{at}", [name]))
    count = sum(len(case.instances.get(definition.entity, ())) for definition in wanted.values())
    if count > most:
        faults.append(Fault("/want", f"this asks for {count:,} figures, and an answer holds {most:,}", "ask for fewer"))
    if faults:
        raise Refusal("invalid-request", faults)
    return list(wanted.values())
