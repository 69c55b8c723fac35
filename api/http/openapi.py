"""The OpenAPI 3.1 document: FastAPI's, with the schemas of problems and of requests, and how one says who one is."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from api.http.forms import Form
from api.http.schemas import FaultSaid, Problem


def described(app: FastAPI) -> None:
    """Make the application describe itself so."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def named(route: APIRoute) -> str:
    """The name of an operation, which clients have as a method: `calculate`, `openfisca_calculate`."""
    name = route.name.removesuffix("_route")
    family = str(route.tags[0]).lower() if route.tags else ""
    return f"{family}_{name}" if family in ("openfisca", "policyengine") else name


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = made.setdefault("components", {})
    schemas: dict[str, Any] = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    models: list[type[BaseModel]] = [FaultSaid, Problem, *_forms(Form)]
    for model in models:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        for name, inner in schema.pop("$defs", {}).items():
            schemas.setdefault(name, inner)
        schemas[model.__name__] = schema
    for path in made["paths"].values():
        for operation in path.values():
            validation = operation.get("responses", {}).get("422", {}).get("content", {})
            if "HTTPValidationError" in str(validation):
                del operation["responses"]["422"]
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    made["security"] = [{"token": []}, {"key": []}, {}]
    return made


def _forms(kind: type[Form]) -> list[type[Form]]:
    subclasses = list(kind.__subclasses__())
    return [*subclasses, *(inner for subclass in subclasses for inner in _forms(subclass))]
