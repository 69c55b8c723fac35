"""`/v1/calculate`, the law's routes and health, served from the small land's rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.http.config import Config
from api.http.server import application
from api.http.service import Service
from tests.api.http.client import CASE, TestClient, land, serving


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving(Config(rules=(land(tmp_path_factory.mktemp("rules")),))) as client:
        yield client


def asked(client: TestClient, **more: Any) -> Any:
    question = {"ruleset": "land", "at": "2024", "case": CASE, "want": ["income_tax"], **more}
    done = client.post("/v1/calculate", json=question)
    assert done.status_code == 200, done.text
    return done.json()


def test_a_figure_with_its_basis(client: TestClient) -> None:
    answer = asked(client)
    assert answer["basis"]["ruleset"] == "land"
    assert len(answer["basis"]["fingerprint"]) == 64
    assert (answer["basis"]["at"], answer["basis"]["currency"], answer["basis"]["reforms"]) == ("2024", "USD", [])
    (result,) = answer["results"]
    assert (result["figure"], result["of"]) == ("income_tax", {"entity": "tax_unit", "id": "home"})
    assert (result["status"], result["value"], result["text"]) == ("determined", "3550.00", "3,550 USD")
    assert result["law"] == [{"source": "s. 6"}]
    assert result["projected"] is False
    assert "ask_next" not in answer


def test_numbers_may_be_texts_or_json_numbers_with_decimals(client: TestClient) -> None:
    for wages in (30000, "30000", "30000.00"):
        case = {**CASE, "people": {"ann": {"wages": wages}, "bo": {"age": 3}}}
        assert asked(client, case=case)["results"][0]["value"] == "3550.00"
    body = json.dumps({"ruleset": "land", "at": "2024", "case": CASE, "want": ["taxed"]}).replace("30000", "30000.10")
    done = client.post("/v1/calculate", content=body, headers={"Content-Type": "application/json"})
    assert done.json()["results"][0]["value"] == "28000.10"


def test_a_fact_of_a_year_that_nothing_reads_is_named(client: TestClient) -> None:
    case = {**CASE, "people": {"ann": {"wages": {"2023": 30000}}, "bo": {"age": 3}}}
    told = "`wages` of ann for 2023 is read by nothing: what is wanted reads it for 2024"
    assert asked(client, case=case)["unread"] == [told]
    assert "unread" not in asked(client)


def test_what_is_not_known_is_a_range_with_what_to_ask(client: TestClient) -> None:
    case = {"people": {"ann": {"wages": None}}, "tax_units": {"home": {"head": "ann"}}}
    answer = asked(client, case=case, ask=True)
    (result,) = answer["results"]
    assert (result["status"], result["low"], result["high"], result["needs"]) == (
        *("undetermined", "0.00", "197600.00"), 2,
    )  # fmt: skip
    assert answer["ask_next"][0]["type"] == "list", (
        "who else is at home was not said, and decides which facts there are"
    )
    assert answer["ask_next"][1] == {
        "fact": "wages",
        "of": {"entity": "person", "id": "ann"},
        "period": "2024",
        "type": "money",
        "ask": "How much did you earn?",
        "label": "Wages",
    }


def test_what_was_assumed_is_told(client: TestClient) -> None:
    answer = asked(client, case={**CASE, "people": {"ann": {}, "bo": {"age": 3}}}, ask=True)
    assert [(assumption["fact"], assumption["value"], assumption["because"]) for assumption in answer["assumed"]] == [
        ("wages", "0.00", "absent")
    ]


def test_the_tree_and_how_deep_it_goes(client: TestClient) -> None:
    tree = asked(client, explain="tree")["results"][0]["explanation"]
    assert (tree["amount"], tree["children"][0]["label"]) == ("3,550 USD", "Taxed income")
    assert "children" not in asked(client, explain="tree", depth=0)["results"][0]["explanation"]


def test_a_reform_in_the_request(client: TestClient) -> None:
    reform = {"about": "Half the allowance", "law": "Bill 1", "set": {"allowance": {"2024-01-01": 1000}}}
    answer = asked(client, reform=reform)
    assert answer["results"][0]["value"] == "3750.00"
    assert answer["basis"]["reforms"][0].startswith("overlay:")
    assert answer["basis"]["fingerprint"] != asked(client)["basis"]["fingerprint"]
    wrong = {
        "ruleset": "land",
        "case": CASE,
        "at": "2024",
        "reform": {**reform, "set": {"alowance": {"2024-01-01": 1}}},
    }
    done = client.post("/v1/calculate", json=wrong)
    assert done.status_code == 422
    assert "allowance" in done.json()["errors"][0]["remedy"]


def test_the_same_question_is_the_same_answer(client: TestClient) -> None:
    question = {"ruleset": "land", "at": "2024", "case": CASE, "want": ["income_tax"], "explain": "tree"}
    first, second = (client.post("/v1/calculate", json=question) for _ in range(2))
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    again = client.post("/v1/calculate", json=question, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.post("/v1/calculate", json={**question, "at": "2023"})
    assert other.headers["etag"] != first.headers["etag"]


def test_another_version_of_the_law_is_409_with_the_one_there_is(client: TestClient) -> None:
    fingerprint = asked(client)["basis"]["fingerprint"]
    assert asked(client, basis={"fingerprint": fingerprint[:12]})["basis"]["fingerprint"] == fingerprint
    question = {"ruleset": "land", "at": "2024", "case": CASE, "basis": {"fingerprint": "0" * 64}}
    done = client.post("/v1/calculate", json=question)
    assert (done.status_code, done.json()["available"]) == (409, [fingerprint])


# --- the law


def test_the_law_is_listed_searched_and_shown(client: TestClient) -> None:
    (ruleset,) = client.get("/v1/rulesets").json()["rulesets"]
    assert (ruleset["name"], ruleset["covers_to"]) == ("land", "2026-12-31")
    assert ruleset["entities"][1]["roles"][0] == {"name": "head", "plural": "head", "minimum": 1, "maximum": 1}
    named = client.get("/v1/rulesets/land/variables").json()
    assert [definition["name"] for definition in named["definitions"]] == ["age", "income_tax", "tax:taxed", "wages"]
    assert [definition["name"] for definition in client.get("/v1/rulesets/land/search?q=tax").json()["definitions"]][
        :1
    ] == ["income_tax"]
    shown = client.get("/v1/rulesets/land/variables/income_tax").json()
    assert shown["formulas"][0]["formula"].startswith("let children")
    assert shown["uses"][0] == "age"
    allowance = client.get("/v1/rulesets/land/parameters/allowance").json()
    assert [value["value"] for value in allowance["values"]] == ["1000.00", "2000.00"]
    edges = client.get("/v1/rulesets/land/variables/income_tax/graph").json()["edges"]
    assert {"from": "wages", "to": "tax:taxed"} in edges
    private = client.get("/v1/rulesets/land/variables/tax:taxed")
    assert private.json()["label"] == "Taxed income"


def test_the_law_may_be_kept_under_its_fingerprint(client: TestClient) -> None:
    plain = client.get("/v1/rulesets/land/variables/income_tax")
    assert plain.headers["cache-control"] == "public, max-age=60"
    same = client.get("/v1/rulesets/land/variables/income_tax", headers={"If-None-Match": plain.headers["etag"]})
    assert same.status_code == 304
    fingerprint = client.get("/v1/rulesets/land").json()["fingerprint"]
    kept = client.get(f"/v1/rulesets/land@{fingerprint[:8]}/variables/income_tax")
    assert "immutable" in kept.headers["cache-control"]
    assert client.get("/v1/rulesets/land@ffff/variables/income_tax").status_code == 409


@pytest.mark.parametrize(
    "path",
    ["/v1/rulesets/lnd", "/v1/rulesets/land/variables/incom_tax", "/v1/rulesets/land/parameters/income_tax", "/x"],
)
def test_what_is_not_there_is_404(client: TestClient, path: str) -> None:
    done = client.get(path)
    assert (done.status_code, done.headers["content-type"]) == (404, "application/problem+json")


# --- the server itself


def test_health_metrics_and_pages_of_problems(client: TestClient) -> None:
    assert client.get("/livez").text == "ok\n"
    assert client.get("/readyz").status_code == 200
    asked(client)
    counters = client.get("/metrics").text
    assert 'rulewright_requests_total{method="POST",route="/v1/calculate",status="200"}' in counters
    done = client.post("/v1/calculate", json={})
    page = client.get(done.json()["type"])
    assert (page.status_code, page.json()["title"]) == (200, done.json()["title"])


def test_every_answer_has_the_headers_that_keep_it_safe(client: TestClient) -> None:
    for done in (client.get("/livez"), client.get("/nowhere"), client.post("/v1/calculate", json={})):
        assert done.headers["x-content-type-options"] == "nosniff"
        assert done.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert done.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in done.headers
        assert "server" not in done.headers


def test_the_examples_in_the_openapi_document_run() -> None:
    with serving(Config()) as us:
        described = us.get("/openapi.json").json()
        assert described["openapi"].startswith("3.1")
        ran = 0
        for path, operations in described["paths"].items():
            content = operations.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
            if path == "/v1/find" or "/permits" in path:  # this server has no log and no key: see their own tests
                continue
            for example in content.get("examples", {}).values():
                done = us.post(path, json=example["value"])
                assert done.status_code == 200, (path, done.text)
                ran += 1
        assert ran >= 3
        names = set(described["components"]["schemas"])
        assert {"Calculation", "Result", "Problem", "Described"} <= names


def test_nothing_is_answered_from_elsewhere_in_development(tmp_path: Path) -> None:
    from api.failures import Failure
    from api.http.config import check_address

    check_address(Config(host="127.0.0.1"))
    check_address(Config(host="::1"))
    for host in ("0.0.0.0", "192.0.2.7", "example.org"):
        with pytest.raises(Failure, match="can be reached from elsewhere"):
            check_address(Config(host=host))


def test_a_page_elsewhere_cannot_call_a_development_server_by_a_name_of_its_own(tmp_path: Path) -> None:
    """DNS rebinding: a name that leads to this machine, in a browser that sends it as the host."""
    with TestClient(application(Service(Config(rules=(land(tmp_path),))))) as client:
        for host in ("localhost", "127.0.0.1:8000", "[::1]:8000", "127.0.0.1"):
            assert client.get("/livez", headers={"Host": host}).status_code == 200, host
        for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[", "localhost.evil.example"):
            assert client.get("/livez", headers={"Host": host}).status_code == 403, host
