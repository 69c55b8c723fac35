"""Hostile requests: each is refused in its way, under a second, in at most 8 KB, without a word of what was sent."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import pytest

from api.http.config import Config, Limits
from tests.api.http.client import CASE, TestClient, land, serving

JSON = {"Content-Type": "application/json"}
QUESTION: dict[str, Any] = {"ruleset": "land", "at": "2024", "case": CASE, "want": ["income_tax"]}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    config = Config(rules=(land(tmp_path_factory.mktemp("rules")),), limits=Limits(instances=50))
    with serving(config) as client:
        yield client


def refused(client: TestClient, body: bytes | str | Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    content = body if isinstance(body, bytes | str | Iterator) else json.dumps(body)
    began = perf_counter()
    done = client.post("/v1/calculate", content=content, headers={**JSON, **(headers or {})})
    assert perf_counter() - began < 1
    assert done.headers["content-type"] == "application/problem+json", done.text
    assert len(done.content) <= 8_000
    answer = done.json()
    assert answer["status"] == done.status_code
    assert answer["type"].startswith("/problems/")
    assert len(answer.get("errors", ())) <= 50
    return done.status_code, answer


def with_wages(text: str) -> str:
    return json.dumps(QUESTION).replace("30000", text)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 100_000, 400),
        (b'"' + b'\\"' * 400_000, 400),
        (with_wages("NaN"), 400),
        (with_wages("Infinity"), 400),
        (with_wages("1e400"), 400),
        (with_wages("9" * 5_000), 400),
        (b'{"case": {}, "case": {}}', 400),
        (b'{"case": {"people": {"a": {}, "a": {}}}}', 400),
        (with_wages('"\\ud800"'), 400),
        (with_wages('"\\u0000"'), 400),
        (json.dumps(QUESTION).encode("utf-16"), 400),
        (b"\xef\xbb\xbf{}", 400),
        (b'{"case": "\xff"}', 400),
        (b"[" + b"0," * 300_000 + b"0]", 413),
        (b"[" + b"[]," * 300_000 + b"0]", 413),
        (b" " * 1_100_000, 413),
    ],
    ids=lambda value: str(value)[:24],
)
def test_bodies_that_are_no_question(client: TestClient, body: bytes | str, status: int) -> None:
    assert refused(client, body)[0] == status


@pytest.mark.parametrize(
    "wages",
    [
        *(
            '"1e999999"',
            '"\u0663\u0664"',
            '"1_000"',
            '" 12 "',
            "true",
            "1e3",
            "-0",
            '"-0.0"',
            "30000.001",
            '"1,000"',
            '"0x10"',
        ),
        *('"much"', "[]", "99999999999", '"012"', '"\u221e"', '"1e3"', '"--1"', '"NaN"', "-1"),
    ],
)
def test_money_that_is_none(client: TestClient, wages: str) -> None:
    status, result = refused(client, with_wages(wages))
    assert status == 422
    assert result["errors"][0]["pointer"].startswith("/case/people/#1/wages"), result
    assert wages in ("true", "[]") or wages.strip('"') not in result["errors"][0]["message"]


def test_a_number_with_an_enormous_exponent_is_refused_at_once(client: TestClient) -> None:
    began = perf_counter()
    assert refused(client, with_wages('"1e999999"'))[0] == 422
    assert perf_counter() - began < 0.25


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "text/plain"}, {"Content-Type": "application/json; charset=latin-1"}]
)
def test_other_media_types(client: TestClient, headers: dict[str, str]) -> None:
    assert refused(client, QUESTION, headers)[0] == 415


def test_a_compressed_body_is_not_unpacked(client: TestClient) -> None:
    bomb = gzip.compress(b"0" * 50_000_000, compresslevel=9)
    assert refused(client, bomb, {"Content-Encoding": "gzip"})[0] == 415


def test_what_cannot_be_answered_as_the_client_wants(client: TestClient) -> None:
    assert refused(client, QUESTION, {"Accept": "text/csv"})[0] == 406


def test_endless_chunks_stop_at_the_limit(client: TestClient) -> None:
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(10_000):
            taken += 1
            yield b" " * 10_000

    assert refused(client, chunks())[0] == 413


def test_a_claimed_length_over_the_limit_is_refused_unread(client: TestClient) -> None:
    assert refused(client, b"{}", {"Content-Length": "20000000"})[0] == 413


def test_a_hundred_thousand_faults_are_fifty(client: TestClient) -> None:
    faulty = {f"unknown_{'x' * (number % 20)}{'y' * (number // 20)}": number for number in range(200)}
    status, result = refused(client, {**QUESTION, "case": {**CASE, "people": {"ann": faulty}}})
    assert status == 422
    assert 0 < len(result["errors"]) <= 50
    assert result["errors_left_out"] == 200 - len(result["errors"])


@pytest.mark.parametrize(
    "case",
    [
        {"people": {"880101-1234": {"wages": "880101-1234"}}, "tax_units": {"home": {"head": "880101-1234"}}},
        {"people": {"ann": {"880101-1234": 3}}},
        {"people": {"ann": {"wages": {"880101-1234": 3}}}},
        {"people": {"ann": {"wages": 1, "bogus": "880101-1234"}}},
        {"people": {"ann": {}}, "tax_units": {"home": {"head": "880101-1234"}}},
        {"people": {"880101-1234": {}}, "tax_units": {"home": {"head": "880101-1234", "dependents": "880101-1234"}}},
        {"people": {"880101-1234": {}}, "tax_units": {"880101-1234": {}}},
        {"880101-1234": {}, "people": "880101-1234"},
        {"people": {"ann": {}}, "complete": "880101-1234"},
    ],
)
def test_a_personal_number_is_never_repeated(
    client: TestClient, case: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    done = client.post("/v1/calculate", json={**QUESTION, "case": case})
    assert done.status_code == 422
    assert "880101" not in done.text
    assert "880101" not in caplog.text
    assert "880101" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"want": ["incom_tax"]}, "/want/0"),
        ({"want": []}, ""),
        ({"at": "2024-13"}, "/at"),
        ({"at": "1960"}, "/at"),
        ({"at": 2024}, "/at"),
        ({"ruleset": "no"}, "/ruleset"),
        ({"explain": "all"}, "/explain"),
        ({"depth": 1.5}, "/depth"),
        ({"role": "operator"}, "/role"),
        ({"case": []}, "/case"),
        ({"reform": "none"}, "/reform"),
        ({"reform": {"set": {}}}, "/reform"),
        ({"case": {"people": {"a": {}, "b": {}}, "tax_units": {"h": {"head": ["a", "b"]}}}}, "/case/tax_units/#1/head"),
        (
            {"case": {"people": {"a": {}}, "tax_units": {"h": {"head": "a"}, "i": {"head": "a"}}}},
            "/case/tax_units/#2/head",
        ),
        ({"case": {"people": {str(number): {} for number in range(60)}}}, "/case"),
    ],
)
def test_questions_that_make_no_sense(client: TestClient, change: Any, pointer: str) -> None:
    if change == {"want": []}:
        done = client.post("/v1/calculate", json={**QUESTION, **change})
        assert (done.status_code, done.json()["results"]) == (200, [])
        return
    status, result = refused(client, {**QUESTION, **change})
    assert status == 422
    assert pointer in [error["pointer"] for error in result["errors"]], result
    assert all(error["message"] for error in result["errors"])


def test_a_method_that_is_none(client: TestClient) -> None:
    done = client.get("/v1/calculate")
    assert (done.status_code, done.headers["allow"]) == (405, "POST")
    assert done.json()["type"] == "/problems/no-such-method"


def test_queries_that_are_out_of_range(client: TestClient) -> None:
    for query in ("limit=0", "limit=x", "skip=-1", f"q={'a' * 200}"):
        done = client.get(f"/v1/rulesets/land/variables?{query}")
        assert (done.status_code, done.json()["type"]) == (400, "/problems/bad-query")


def test_too_often_is_429_with_how_long_to_wait(tmp_path_factory: pytest.TempPathFactory) -> None:
    config = Config(rules=(land(tmp_path_factory.mktemp("rules")),), limits=Limits(per_minute=5))
    with serving(config) as client:
        statuses = [client.get("/problems/busy").status_code for _ in range(8)]
        assert (statuses[:5], set(statuses[6:])) == ([200] * 5, {429})
        assert 1 <= int(client.get("/problems/busy").headers["retry-after"]) <= 12
        assert client.get("/livez").status_code == 200


def test_an_error_of_ours_is_told_as_its_instance_only(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ValueError("880101-1234")

    monkeypatch.setattr("api.http.routes.calculate.calculate", broken)
    done = client.post("/v1/calculate", json=QUESTION)
    assert done.status_code == 500
    assert done.json()["type"] == "/problems/broken"
    assert "880101" not in done.text
    assert "880101" not in caplog.text
    assert done.json()["instance"] in caplog.text
