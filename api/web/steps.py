"""Every step of a sum: the explanation of a figure as a tree that opens and closes, for a case that a form posts."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.cases.calculate import Asked, Calculation, calculate
from api.cases.naming import find_definition
from api.http.cases import read_request_case
from api.http.problems import Fault, Refusal
from api.http.programs import Law
from api.http.reading import read_json
from api.http.service import Service, read_body, service_of
from api.web.books import book_of
from api.web.rendering import page, require_visitor, shown

router = APIRouter(include_in_schema=False)
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 2_000
DEPTH = 40


async def read_fields(request: Request) -> dict[str, str]:
    """The fields of a posted form; of one that appears twice, the last. Raises Refusal for what is not a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise Refusal("not-supported", [Fault("", "this page takes a form", "send it from the page before")])
    body = await read_body(request)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise Refusal("invalid-request", [Fault("", "the form cannot be read", "send it from the page")]) from None
    return dict(pairs)


def own_form(request: Request) -> None:
    """Raise Refusal (403) for a form that another site's page sent."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        fault = Fault("", "this form was sent from another site", "open the page, and send it there")
        raise Refusal("forbidden", [fault])


@router.post("/steps")
@shown
async def steps(request: Request) -> Response:
    """The tree of a figure of a case."""
    require_visitor(request)
    service = service_of(request)
    fields = await read_fields(request)
    law = service.laws.law(fields.get("ruleset", ""))
    calculation = await service.run(_explained, service, law, fields)
    return page(request, "steps.html", nav="law", calculation=calculation, book=book_of(law), fields=fields)


@router.get("/steps")
@shown
async def nothing(request: Request) -> Response:
    """A case stands in no address, so there is none here."""
    require_visitor(request)
    fault = Fault("", "the steps of a sum are shown for a case", "open an example of the law, and ask for its steps")
    raise Refusal("not-found", [fault])


def _explained(service: Service, law: Law, fields: dict[str, str]) -> Calculation:
    document = read_json(fields.get("case", "").encode())
    at = fields.get("at") or None
    case = read_request_case(law.program, document, document.data, "/case", at=at, most=service.config.limits.instances)
    wanted = [find_definition(law.program, fields.get("figure", ""))]
    return calculate(law.program, case, wanted, Asked("tree", DEPTH), reforms=law.reforms, constants=law.constants)
