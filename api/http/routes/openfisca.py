"""`/compat/openfisca`: OpenFisca's web API, for clients that speak it. Refusals have their form: a sentence where the
fault is, under the path of the input, with the caller's own ids by their place."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.compat.openfisca import Asked, entities, fill, parameters, split, trace, variable, variables
from api.http.access import ANYBODY, require
from api.http.cases import read_request_case
from api.http.exact import dump
from api.http.forms import Form
from api.http.problems import Refusal
from api.http.programs import Law
from api.http.reading import Document, Number
from api.http.schemas import body_of, refusals
from api.http.service import JSON, Service, read_document, service_of
from api.rules.definitions import describe
from api.version import engine_version
from engine.interpret.interpreter import Interpreter

BASE = "/compat/openfisca"
router = APIRouter(prefix=BASE, tags=["OpenFisca"])
EXAMPLE: dict[str, Any] = {
    "people": {"bill": {"age": {"2024": 34}, "employment_income": {"2024": 31000}}},
    "tax_units": {"home": {"head": ["bill"], "income_tax": {"2024": None}}},
}
_ANY: dict[str, Any] = {"content": {JSON: {"schema": {"type": "object"}}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **refusals(401, 406, 408, 413, 415, 429, 503),
    200: _ANY,
    400: {**_ANY, "description": "A sentence where the fault is"},
    404: {**_ANY, "description": "There is no such variable"},
}


class Situation(Form):
    """A tree of plural entities, ids, variables and periods; `null` asks."""

    people: dict[str, Any] = Field(description="Variables by period, of each person.")


def _answer(service: Service, law: Law, value: Any, status: int = 200) -> Response:
    headers = {
        "Country-Package": f"rulewright-{law.program.settings.name}",
        "Country-Package-Version": law.program.fingerprint[:16],
        "Cache-Control": "no-store",
    }
    return Response(dump(value), status, headers, JSON)


def _law(request: Request) -> tuple[Service, Law]:
    service = service_of(request)
    return service, service.laws.law(service.laws.names[0])


@router.get("/", summary="Where to begin", status_code=300, response_class=Response)
async def welcome(request: Request) -> Response:
    """A word of welcome, as theirs."""
    said = {"welcome": f"This is rulewright {engine_version()}. To learn what it answers, see {BASE}/spec."}
    return _answer(*_law(request), said, 300)


@router.post("/calculate", summary="The same tree, filled in", response_class=Response, responses=_ANSWERS,
             openapi_extra=body_of(Situation, {"a tax": EXAMPLE}))  # fmt: skip
async def calculate(request: Request) -> Response:
    """Every `null` is replaced by the value."""
    return await _asked(request, False)


@router.post("/trace", summary="How the values came about", response_class=Response, responses=_ANSWERS,
             openapi_extra=body_of(Situation, {"a tax": EXAMPLE}))  # fmt: skip
async def trace_route(request: Request) -> Response:
    """For each figure and period its values, what it read, and the parameters."""
    return await _asked(request, True)


async def _asked(request: Request, traced: bool) -> Response:
    require(request, *ANYBODY)
    service, law = _law(request)
    document, _ = await read_document(request)
    if not isinstance(document.data, dict):
        return _answer(service, law, {"error": "the input is not an object"}, 400)
    status, result = await service.run(_computed, service, law, document, traced)
    return _answer(service, law, result, status)


def _computed(service: Service, law: Law, document: Document, traced: bool) -> tuple[int, Any]:
    data, asked = split(law.program, document.data)
    try:
        case = read_request_case(law.program, document, data, "", at=None, most=service.config.limits.instances)
    except Refusal as refusal:
        unknown = any(error.code == "E801" for error in refusal.errors)
        return (404 if unknown else 400), _mirrored(
            (error.pointer.split("/")[1:], error.message) for error in refusal.errors
        )
    interpreter = Interpreter(law.program, case, law.constants)
    values, faults = fill(interpreter, asked, Number)
    if faults:
        return 400, _mirrored((_told(document.data, fault), fault.fault) for fault in faults)
    if traced:
        return 200, trace(interpreter, asked, Number)
    result = {
        plural: {name: _copied(body) for name, body in instances.items()} if isinstance(instances, dict) else instances
        for plural, instances in document.data.items()
    }
    for cell, value in values:
        plural, name, variable_name, period = cell.path
        result[plural][name][variable_name][period] = value
    return 200, result


def _copied(body: Any) -> Any:
    return {key: dict(values) if isinstance(values, dict) else values for key, values in body.items()}


def _told(tree: Any, cell: Asked) -> list[str]:
    plural, name, variable_name, period = cell.path
    return [plural, f"#{list(tree[plural]).index(name) + 1}", variable_name, period[:10]]


def _mirrored(faults: Any) -> dict[str, Any]:
    """Sentences under the path of what they are about."""
    tree: dict[str, Any] = {}
    for path, message in faults:
        *above, last = path or ["error"]
        place = tree
        for part in above:
            inner = place.setdefault(part, {})
            place = inner if isinstance(inner, dict) else place
        place[last or "error"] = message
    return tree


# --- definitions


@router.get("/variables", summary="Every variable", response_class=Response, responses={200: _ANY})
async def variables_route(request: Request) -> Response:
    """By name, with a description."""
    service, law = _law(request)
    return _answer(service, law, variables(law.program, BASE))


@router.get("/variable/{name}", summary="One variable", response_class=Response, responses=_ANSWERS)
async def variable_route(request: Request, name: str) -> Response:
    """Its type, period, entity, references and formulas."""
    service, law = _law(request)

    def made() -> Any:
        definition = law.program.find(name)
        if definition is None:
            return None
        formulas: dict[str, str] = {}
        if not definition.is_input and definition.requirement is None:
            described = describe(law.ruleset(), law.program, definition.name)
            formulas = {formula.from_: formula.formula for formula in described.formulas}
        return variable(law.program, name, formulas)

    fields = await service.run(made)
    return _answer(
        service,
        law,
        fields or {"error": "there is no variable of this name"},
        200 if fields else 404,
    )


@router.get("/parameters", summary="Every parameter", response_class=Response, responses={200: _ANY})
async def parameters_route(request: Request) -> Response:
    """Leaves only, by dotted id."""
    service, law = _law(request)

    def made() -> Any:
        return {
            id: {"description": parameter["description"], "href": f"{BASE}/parameter/{id.replace('.', '/')}"}
            for id, parameter in parameters(law.program, Number)
        }

    return _answer(service, law, await service.run(made))


@router.get("/parameter/{id:path}", summary="One parameter", response_class=Response, responses=_ANSWERS)
async def parameter_route(request: Request, id: str) -> Response:
    """`values`, `brackets` or, of what has parts, `subparams`; by dots or slashes."""
    service, law = _law(request)
    wanted = id.replace("/", ".")

    def made() -> Any:
        parts: dict[str, Any] = {}
        for leaf, parameter in parameters(law.program, Number):
            if leaf == wanted:
                return {"id": leaf, **parameter}
            if leaf.startswith(f"{wanted}."):
                parts.setdefault(leaf[len(wanted) + 1 :].partition(".")[0], {"description": parameter["description"]})
        return {"id": wanted, "description": wanted, "subparams": parts} if parts else None

    fields = await service.run(made)
    return _answer(service, law, fields or {"error": "there is no parameter of this id"}, 200 if fields else 404)


@router.get("/entities", summary="Every entity", response_class=Response, responses={200: _ANY})
async def entities_route(request: Request) -> Response:
    """By its singular name, with its roles."""
    service, law = _law(request)
    return _answer(service, law, entities(law.program))


@router.get("/spec", summary="The OpenAPI document", response_class=Response, responses={200: _ANY})
async def spec(request: Request) -> Response:
    """That of the whole server."""
    return _answer(*_law(request), request.app.openapi())
