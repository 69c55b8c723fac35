"""Citizens' records over HTTP: reading as of, recording once, versions, and what follows by law."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.history.access import shared, writing
from api.http.config import Config
from api.http.service import Service
from tests.api.http.client import TestClient, land, serving
from tests.api.http.logs import facts, people

ANN = "/v1/citizens/ann"


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> str:
    return land(tmp_path_factory.mktemp("rules"))


@pytest.fixture
def client(tmp_path: Path, rules: str) -> Iterator[TestClient]:
    config = Config(rules=(rules,))
    with serving(config, Service(config, people(tmp_path))) as client:
        yield client


def state(client: TestClient, body: Any, key: str, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"{ANN}/facts", json=body, headers={"Idempotency-Key": key, **named})


def wages(client: TestClient, query: str = "") -> Any:
    return client.get(f"{ANN}?valid_at=2024-12-31{query}").json()["facts"]["wages"]["value"]


def test_facts_of_a_day_as_known_then_and_now(client: TestClient) -> None:
    before = client.get(f"{ANN}?valid_at=2024-12-31").json()
    assert (before["subject"], before["version"], before["known_at"]) == ("person/ann", 1, "offset:1")
    assert before["facts"]["wages"]["value"] == 30000
    assert before["groups"] == [{"subject": "tax_unit/home", "role": "head"}]
    body = {"corrects": {"2024-01-01": {"wages": 31000}}, "reason": "amended W-2"}
    made = state(client, body, "w2c")
    assert (made.status_code, made.json()["version"]) == (201, 2)
    assert wages(client) == 31000
    assert wages(client, "&known_at=offset:4") == 30000
    assert wages(client, f"&known_at=offset:{made.json()['offset']}") == 31000
    assert client.get(f"{ANN}?valid_at=2023-12-31").json()["facts"] == {}


def test_what_is_recorded_twice_stands_once_and_is_answered_alike(client: TestClient) -> None:
    body = {"corrects": {"2024-01-01": {"wages": 31000}}, "reason": "amended"}
    first, second = state(client, body, "k1"), state(client, body, "k1")
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    other = state(client, {**body, "reason": "another"}, "k1")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")
    missing = client.post(f"{ANN}/facts", json=body)
    assert missing.status_code == 422
    assert "Idempotency-Key" in missing.json()["errors"][0]["message"]


def test_two_writers_of_one_version(client: TestClient) -> None:
    seen = client.get(ANN).headers["etag"]
    assert seen == '"v1"'

    def write(number: int) -> int:
        body = {"facts": {f"2025-01-0{number}": {"wages": number}}}
        return int(state(client, body, f"key{number}", If_Match=seen).status_code)

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(write, range(1, 5)))
    assert statuses == [201, 412, 412, 412]
    stale = state(client, {"facts": {"2025-02-01": {"wages": 1}}}, "late", If_Match=seen)
    assert (stale.status_code, stale.json()["version"], stale.headers["etag"]) == (412, 2, '"v2"')
    assert state(client, {"facts": {"2025-02-01": {"wages": 1}}}, "late", If_Match='"v2"').status_code == 201
    assert state(client, {"facts": {}}, "x", If_Match="*").status_code == 412


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"facts": {"2024-01-01": {"wage": 3}}}, "/facts/2024-01-01/wage"),
        ({"facts": {"2024-01-01": {"wages": "much"}}}, "/facts/2024-01-01/wages"),
        ({"facts": {"2024-01-01": {"wages": -5}}}, "/facts/2024-01-01/wages"),
        ({"facts": {"2024-01-01": {"wages": True}}}, "/facts/2024-01-01/wages"),
        ({"facts": {"2024-13-01": {"wages": 3}}}, "/facts/?"),
        ({"facts": {"2024-01-01": {"wages": 3}}, "role": "operator"}, "/role"),
        ({"facts": {"2024-01-01": {"wages": 3}}, "actor": "mallory"}, "/actor"),
        ({"facts": {"2024-01-01": {"wages": 3}}, "id": "x"}, "/id"),
        ({"facts": {"2024-01-01": {"wages": 3}}, "subject": "castle/1"}, "/subject"),
        ({"corrects": {"2024-01-01": {"wages": 3}}}, "/subject"),
        ({}, "/subject"),
        ([], ""),
    ],
)
def test_what_cannot_be_recorded(client: TestClient, body: Any, pointer: str) -> None:
    done = state(client, body, "bad")
    assert done.status_code == 422, done.text
    assert pointer in [error["pointer"] for error in done.json()["errors"]], done.text
    assert client.get(ANN).json()["version"] == 1


def test_pages_are_newest_first_and_a_cursor_leads_on(client: TestClient) -> None:
    for number in range(5):
        assert state(client, {"facts": {f"2025-0{number + 1}-01": {"wages": number}}}, f"n{number}").status_code == 201
    versions, path = [], f"{ANN}/history?limit=2"
    while path:
        page = client.get(path)
        versions += [event["version"] for event in page.json()["events"]]
        path = page.links["next"]["url"] if "next" in page.links else ""
    assert versions == [6, 5, 4, 3, 2, 1]
    for cursor in ("x", "!!", "YmVmb3JlOng", "YmVmb3JlOjAwNQ"):
        assert client.get(f"{ANN}/history?after={cursor}").status_code == 400


def test_what_follows_from_the_record_by_law(client: TestClient) -> None:
    query = "at=2024&valid_at=2024-12-31&want=income_tax,taxed"
    answer = client.get(f"{ANN}/entitlements?{query}").json()
    tax = answer["results"][0]
    assert (tax["figure"], tax["of"]["id"], tax["value"]) == ("income_tax", "home", "3550.00")
    assert (answer["basis"]["offset"], answer["basis"]["valid_at"]) == (2, "2024-12-31")
    again = client.get(f"{ANN}/entitlements?{query}&known_at=offset:2")
    assert again.json() == answer
    assert state(client, {"corrects": {"2024-01-01": {"wages": 31000}}, "reason": "r"}, "c").status_code == 201
    assert client.get(f"{ANN}/entitlements?{query}").json()["results"][0]["value"] == "3750.00"
    assert client.get(f"{ANN}/entitlements?{query}&known_at=offset:2").json() == answer
    assert client.get(f"{ANN}/entitlements?want=nothing").status_code == 404


def test_facts_that_nothing_reads_are_named(client: TestClient) -> None:
    query = "valid_at=2025-12-31&want=income_tax"
    assert "unread" not in client.get(f"{ANN}/entitlements?at=2024&{query}").json()
    unread = client.get(f"{ANN}/entitlements?at=2025&{query}").json()["unread"]
    assert unread[1:] == ["`wages` of ann for 2024 is read by nothing: what is wanted reads it for 2025"]


def test_money_that_moved_is_posted_in_double_entry(client: TestClient) -> None:
    body = {"movement": "payment", "amount": "500.00", "period": "2024", "cause": "bank/1", "subject": "tax_unit/home"}
    for _ in range(2):
        done = client.post(f"{ANN}/payments", json=body, headers={"Idempotency-Key": "p1"})
        assert (done.status_code, done.json()["subject"]) == (201, "tax_unit/home")
    (ledger,) = client.get(f"{ANN}/ledger").json()["ledgers"]
    (line,) = ledger["lines"]
    assert (line["amount"], line["balance"], line["entries"]) == (
        "500.00",
        "-500.00",
        {"cash": "500.00", "subject": "-500.00"},
    )
    wrong = client.post(f"{ANN}/payments", json={**body, "amount": 500.5}, headers={"Idempotency-Key": "p2"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/amount")
    theirs = {**body, "subject": "tax_unit/other"}
    assert client.post(f"{ANN}/payments", json=theirs, headers={"Idempotency-Key": "p3"}).status_code == 404


def test_each_look_is_an_event_that_the_citizen_sees(client: TestClient) -> None:
    client.get(ANN, headers={"Purpose": "case/7 a look"})
    client.get(f"{ANN}/ledger")
    looks = client.get(f"{ANN}/access").json()["events"]
    said = [next(iter(event["facts"].values())) for event in looks]
    assert [(line["by"], line["what"]) for line in said] == [
        *(("developer", "access"), ("developer", "ledger"), ("developer", "facts"))
    ]
    assert said[2]["why"] == "case/7 a look"
    record = client.get(ANN).json()
    assert (record["version"], record["known_at"]) == (1, "offset:1")


def test_the_log_is_read_in_order(client: TestClient) -> None:
    page = client.get("/v1/events?limit=3").json()
    assert [event["id"] for event in page["events"]] == ["1", "2", "3"]
    assert page["events"][0]["type"] == "rulewright.facts"
    assert page["events"][0]["data"]["facts"]["2024-01-01"]["wages"] == 30000
    more = client.get(f"/v1/events?from={page['next']}").json()
    assert [event["id"] for event in more["events"]] == ["4"]
    end = client.get("/v1/events?from=9")
    assert (end.json()["events"], "next" in end.links) == ([], False)
    assert client.get("/v1/events?from=0").status_code == 400
    bad = client.get("/v1/events", headers={"Accept": "text/event-stream", "Last-Event-ID": "x"})
    assert bad.status_code == 400


def test_the_looks_are_erased_with_the_person(tmp_path: Path, rules: str) -> None:
    log = people(tmp_path)
    config = Config(rules=(rules,))
    with serving(config, Service(config, log)) as client:
        assert client.get(ANN).status_code == 200
        assert log.version("access/ann") == 1
        log.erase_many(["person/ann"], actor="officer", legal_basis="GDPR art. 17", reason="request")
        assert log.read_subject("access/ann") == []
        assert client.get(ANN).status_code == 404
        assert client.get(f"{ANN}/access").status_code == 404


@pytest.mark.parametrize("path", ["nobody", "a%20b", "%27%3B%20DROP%20TABLE%20events--", "a" * 300, "..%2f..%2fetc"])
def test_nobody_is_not_found(client: TestClient, path: str) -> None:
    for inside in ("", "/history", "/ledger", "/entitlements", "/access"):
        done = client.get(f"/v1/citizens/{path}{inside}")
        assert done.status_code == 404, (inside, done.text)
        assert done.json()["type"] == "/problems/not-found"


@pytest.mark.parametrize("query", ["valid_at=yesterday", "valid_at=2024-02-30", "known_at=soon", "known_at=offset:x"])
def test_days_that_are_none(client: TestClient, query: str) -> None:
    done = client.get(f"{ANN}?{query}")
    assert (done.status_code, done.json()["type"]) == (400, "/problems/bad-query")
    assert json.dumps(query.partition("=")[2]) not in done.text


def test_a_server_without_a_log_says_so(rules: str) -> None:
    with serving(Config(rules=(rules,))) as client:
        for path in (ANN, "/v1/events", f"{ANN}/ledger"):
            assert (client.get(path).status_code, client.get(path).json()["type"]) == (404, "/problems/no-log")


def test_others_write_the_log_while_it_is_served(tmp_path: Path, rules: str) -> None:
    people(tmp_path).close()
    config = Config(rules=(rules,))
    with serving(config, Service(config, shared(tmp_path / "log"))) as client:
        body = {"facts": {"2025-01-01": {"wages": 1}}}
        first = client.post("/v1/citizens/ann/facts", json=body, headers={"Idempotency-Key": "1"})
        with writing(tmp_path / "log") as log:
            log.append([facts("person/ann", date(2025, 2, 1), wages=2)])
        second = client.post("/v1/citizens/ann/facts", json=body, headers={"Idempotency-Key": "2"})
        offsets = [event["offset"] for event in client.get("/v1/citizens/ann/history").json()["events"]]
        assert offsets[:3] == [second.json()["offset"], second.json()["offset"] - 1, first.json()["offset"]]
