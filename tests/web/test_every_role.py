"""Every route of the API and every page, tried with each role and with none: who gets in is said here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from api.http.access import ANALYST, CASE_WORKER, CITIZEN, OPERATOR, ROLES
from api.http.app import create_app
from api.http.routes import ROUTERS
from api.http.service import Service
from api.web import ROUTERS as PAGES
from tests.api.http.client import TestClient, ready
from tests.api.http.logs import people, secured, token

EVERYBODY = {"", *ROLES}
ANY_ROLE = set(ROLES)
RECORD = {CITIZEN, CASE_WORKER}
DESK = {CASE_WORKER, OPERATOR}
# How paths begin, the longest first that fits: who is not told 401 or 403.
MAY = {
    "/": EVERYBODY,
    "/livez": EVERYBODY,
    "/readyz": EVERYBODY,
    "/metrics": EVERYBODY,
    "/openapi.json": EVERYBODY,
    "/problems": EVERYBODY,
    "/static": EVERYBODY,
    "/law": EVERYBODY,
    "/v1/rulesets": EVERYBODY,
    "/.well-known": EVERYBODY,
    "/compat/openfisca": EVERYBODY,
    "/compat/openfisca/calculate": ANY_ROLE,
    "/compat/openfisca/trace": ANY_ROLE,
    "/compat/policyengine": EVERYBODY,
    "/compat/policyengine/us": ANY_ROLE,
    "/v1/calculate": ANY_ROLE,
    "/v1/ask": ANY_ROLE,
    "/v1/sweep": ANY_ROLE,
    "/v1/cure": ANY_ROLE,
    "/access/v1": ANY_ROLE,
    "/access/v1/search/subject": {OPERATOR},
    "/owed": ANY_ROLE,
    "/calculator": ANY_ROLE,
    "/may": ANY_ROLE,
    "/steps": ANY_ROLE,
    "/v1/batch": {OPERATOR, ANALYST},
    "/v1/jobs": {OPERATOR, ANALYST},
    "/v1/find": {OPERATOR, CASE_WORKER, ANALYST},
    "/v1/events": {OPERATOR, ANALYST},
    "/v1/runs": DESK,
    "/desk": DESK,
    "/desk/correct": {CASE_WORKER},
    "/v1/citizens": RECORD,
    "/v1/citizens/{citizen}/payments": {CASE_WORKER},
    "/record": RECORD,
    "/permits": ANY_ROLE,
    "/permits/of": RECORD,
    "/v1/permits": EVERYBODY,
    "/v1/permits/verify": ANY_ROLE,
    "/v1/permits/{place}/revoke": {OPERATOR},
}
ROUTES = [
    (method, route.path)
    for router in (*ROUTERS, *PAGES)
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]


def allowed(path: str) -> set[str]:
    fitting = [prefix for prefix in MAY if path == prefix or (prefix != "/" and path.startswith(prefix))]
    return MAY[max(fitting, key=len)]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("roles")
    app = create_app(Service(secured(folder), people(folder)), PAGES)
    with TestClient(app, raise_server_exceptions=False) as test_client:
        yield ready(test_client)


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[f"{method} {path}" for method, path in ROUTES])
def test_who_gets_in(client: TestClient, method: str, path: str) -> None:
    if "stream" in path:
        pytest.skip("a stream has no end")
    place = path.replace("{citizen}", "ann").replace("{ruleset}", "land").replace("{run}", "income_tax-2024")
    place = place.replace("{name:path}", "wages").replace("{path:path}", "pages.css")
    place = place.replace("{place}", "7")
    for part in ("name", "job", "kind", "id"):
        place = place.replace("{" + part + "}", "wages")
    for role in ("", *ROLES):
        record = "person/ann" if role == CITIZEN else ""
        headers = token("carl", role, record) if role else {}
        if role in (CASE_WORKER, OPERATOR):
            headers["Purpose"] = "case/7 a test"
        kind = "application/x-www-form-urlencoded" if (method, path) in FORMS else "application/json"
        body = b"purpose=case/7+a+test&citizen=ann&why=a+test&fact=wages" if kind != "application/json" else b"{}"
        query = "?want=income_tax&at=2024&ruleset=land" if path == "/v1/batch" else ""
        sent = client.request(method, f"{place}{query}", headers={**headers, "Content-Type": kind}, content=body)
        inside = sent.status_code not in (401, 403)
        assert inside == (role in allowed(path)), (role, sent.status_code, sent.text[:300])
        if not role and not inside:
            assert sent.status_code == 401


FORMS = {
    (method, path) for method, path in ROUTES if method == "POST" and not path.startswith(("/v1", "/a", "/compat"))
}
