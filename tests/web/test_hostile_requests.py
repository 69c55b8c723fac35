"""Requests that mean harm, to the pages, to AuthZEN and to what came last: refused in time and without an echo.

Cases and figures have theirs in `tests/api/http/test_hostile_requests.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from api.http.app import create_app
from api.http.config import Config
from api.http.service import Service
from api.web import ROUTERS
from tests.api.http.client import CASE, TestClient, land, ready
from tests.api.http.logs import people

SECRET = "880101-1234"
MAY, CORRECT = "/may/gb/may_drive", "/desk/correct"
BEGUN = "day=2026-03-03&n.licence=0&n.disqualification=0"
FIX = f"citizen=ann&purpose={SECRET}&reason=r&version=1&fact=wages&day=2024-01-01&value=1"
DRIVE: dict[str, Any] = {
    "subject": {"type": "person", "id": SECRET},
    "action": {"name": "drive"},
    "resource": {"type": "vehicle", "id": "1"},
}
QUESTION: dict[str, Any] = {"ruleset": "land", "at": "2024", "case": CASE, "want": ["income_tax"]}
FACTS = {"facts": {"2024-01-01": {"wages": 1}}}
KEY = {"Idempotency-Key": "k"}


def subject(**properties: Any) -> dict[str, Any]:
    return {**DRIVE, "subject": {**DRIVE["subject"], "properties": properties}}


FORMS = [
    (MAY, "&".join(f"f.you.a{at}=1" for at in range(5_000)), 422),
    (MAY, "day=%ff%fe", 422),
    (MAY, "day=2026-03-03&n.licence=%D9%A1&n.disqualification=0", 422),
    (MAY, "day=9999-12-31&n.licence=0&n.disqualification=0", 422),
    (MAY, f"{BEGUN}&f.you.birth_date=%3Cscript%3E", 422),
    (MAY, f"{BEGUN}&f.you.birth_date=2999-01-01&f.you.drives=b&reviewed=1", 422),
    (MAY, f"{BEGUN}&f.you.birth_date=0001-01-01&f.you.drives=b&reviewed=1", 422),
    (MAY, f"{BEGUN}&go=change.f.you.%3Cscript%3E", 200),
    (MAY, f"{BEGUN}&o.f.you.zzz=1&o.f.a=1&o.f.=1", 200),
    (CORRECT, FIX.replace("fact=wages", "fact=income_tax"), 404),
    (CORRECT, FIX.replace("2024-01-01", "2024-02-30") + "&go=preview", 422),
    (CORRECT, FIX.replace("2024-01-01", "0001-01-01") + "&go=preview", 200),
    (CORRECT, FIX.replace("value=1", "value=99999999999") + "&go=preview", 422),
    (CORRECT, FIX.replace("citizen=ann", "citizen=zz") + "&go=record&key=q", 404),
    (CORRECT, FIX.replace("citizen=ann", "citizen=%00"), 404),
    (CORRECT, FIX.replace("version=1", "version=abc") + "&go=record&key=q", 412),
    ("/desk/faults", f"run={SECRET}&why=y&after=%D9%A1", 404),
    ("/record", "citizen=%2F%2F&purpose=x", 404),
    ("/steps", f"ruleset=land&figure={SECRET}&at=2024&case=%7B%7D", 422),
    ("/steps", "", 422),
]
BODIES = [
    ("/access/v1/evaluation", {**DRIVE, "subject": {"type": "person", "id": "a", "properties": [SECRET]}}, 400),
    ("/access/v1/evaluation", subject(birth_date={"x": SECRET}), 400),
    ("/access/v1/evaluation", subject(birth_date=None), 200),
    ("/access/v1/evaluation", subject(**{"may_drive": True, "may_drive.fit": True}), 200),
    ("/access/v1/evaluation", {**DRIVE, "context": {"at": SECRET}}, 400),
    ("/access/v1/evaluation", {**DRIVE, "context": [1]}, 400),
    ("/access/v1/evaluation", {**DRIVE, "context": {"ruleset": SECRET}}, 400),
    ("/access/v1/evaluation", {**DRIVE, "resource": {"type": "licence", "id": "../x"}}, 200),
    ("/access/v1/evaluation", {**DRIVE, "subject": {"type": "person", "id": "a/b\nc"}}, 200),
    ("/access/v1/evaluation", {**DRIVE, "subject": {"type": "tax_unit", "id": "home"}}, 200),
    ("/access/v1/evaluations", {"evaluations": SECRET}, 400),
    ("/access/v1/evaluations", {"evaluations": [SECRET]}, 400),
    ("/access/v1/evaluations", {"evaluations": [{}] * 5_000}, 400),
    ("/access/v1/search/subject", {**DRIVE, "page": {"token": SECRET}}, 400),
    ("/access/v1/search/subject", {**DRIVE, "page": {"limit": 10**9}}, 400),
    ("/v1/ask", {**QUESTION, "passed": [{"fact": "zz", "of": SECRET}]}, 422),
    (
        "/v1/cure",
        {"ruleset": "gb", "at": "2026-03-03", "case": {"people": {SECRET: {}}}, "condition": "may_drive"},
        422,
    ),
    ("/v1/calculate", {**QUESTION, "want": [SECRET]}, 422),
    ("/v1/calculate", {**QUESTION, "reform": f"../../{SECRET}"}, 422),
    ("/v1/find", {"ruleset": "land", "at": "2024", "condition": "(" * 3_900}, 422),
    ("/v1/find", {"ruleset": "land", "at": "2024", "condition": "-" * 3_990 + "1 > 0"}, 422),
    ("/v1/citizens/ann/facts", {**FACTS, "subject": "person/eve"}, 404),
    ("/v1/citizens/ann/facts", {"subject": "access/ann", "facts": {"2024-01-01": {"by": "x"}}}, 422),
    ("/v1/citizens/ann/facts", {"subject": "case/9", "facts": {"2024-01-01": {"workers": "eve"}}}, 422),
    ("/v1/citizens/ann/facts", {"subject": "annual_run/x-2024", "facts": {"2024-01-01": {"groups": 1}}}, 422),
    ("/v1/citizens/ann/payments", {"movement": "payment", "amount": "-0.00", "period": "2024", "cause": "x"}, 422),
    ("/v1/citizens/ann/payments", {"movement": "payment", "amount": "0", "period": "2024", "cause": "x"}, 422),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = Path(tmp_path_factory.mktemp("served"))
    service = Service(Config(rules=(land(folder), "gb")), people(folder))
    with TestClient(create_app(service, ROUTERS), raise_server_exceptions=False) as test_client:
        yield ready(test_client)


def checked(done: Any, status: int, seconds: float) -> None:
    assert done.status_code == status, done.text[:400]
    assert seconds < 5, "a refusal takes little of the processor"
    assert "<script>" not in done.text
    if status >= 400:
        assert SECRET not in done.text or "<html" in done.text  # a form is shown again as it was filled in
        assert len(done.content) <= 8_192 or "<html" in done.text


@pytest.mark.parametrize(("path", "form", "status"), FORMS, ids=range(len(FORMS)))
def test_a_form_that_means_harm(client: TestClient, path: str, form: str, status: int) -> None:
    began = process_time()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    done = client.post(path, content=form.encode(), headers=kind)
    checked(done, status, process_time() - began)


@pytest.mark.parametrize(("path", "body", "status"), BODIES, ids=range(len(BODIES)))
def test_a_body_that_means_harm(client: TestClient, path: str, body: Any, status: int) -> None:
    began = process_time()
    done = client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json", **KEY})
    checked(done, status, process_time() - began)


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/static/..%2f..%2fconfig.py", {404}),
        ("/static/%00", {404}),
        ("/law/land/" + "a" * 5_000, {404}),
        ("/v1/citizens/%27%20OR%201%3D1--", {404}),
        ("/v1/citizens/%E2%80%AEabc", {404}),
        ("/v1/citizens/ann/history?limit=%D9%A1", {400}),
        ("/v1/citizens/ann?known_at=offset:-1", {400}),
        ("/v1/jobs/..%2f..%2fetc", {404}),
        ("/v1/runs/%2e%2e/faults", {404}),
        ("/v1/runs/x/faults?after=-1", {400}),
        ("/may/gb/%3Cscript%3E", {404}),
        ("/may/..%2f..%2f/x", {404}),
    ],
)
def test_an_address_that_means_harm(client: TestClient, path: str, statuses: set[int]) -> None:
    done = client.get(path)
    assert done.status_code in statuses and "<script>" not in done.text
