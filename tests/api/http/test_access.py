"""Who may what: tokens that are not believed, every route with every role, one citizen's token on another's record."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from api.http.access import ROLES
from api.http.service import Service
from tests.api.http.client import CASE, TestClient, serving
from tests.api.http.logs import ANN, CARL, KEY, OTHER_KEY, PURPOSE, people, secured, token

QUESTION = {"ruleset": "land", "at": "2024", "case": CASE, "want": ["income_tax"]}
FACTS = {"facts": {"2025-01-01": {"wages": 1}}}
API_KEY = "ab" * 32


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("secured")
    config = secured(folder)
    digest = hashlib.sha256(API_KEY.encode()).hexdigest()
    (folder / "keys").write_text(f"portal operator {digest}\n", encoding="utf-8")
    with serving(config, Service(config, people(folder))) as client:
        yield client


def ask(client: TestClient, headers: dict[str, str]) -> Any:
    return client.post("/v1/calculate", json=QUESTION, headers=headers)


def signed(header: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", **claims: Any) -> dict[str, str]:
    said = {"iss": "https://login.example", "aud": "rulewright", "sub": "x", "exp": time.time() + 60, **claims}
    kept = {name: value for name, value in said.items() if value is not None}
    return {"Authorization": f"Bearer {jwt.encode(kept, key, algorithm=algorithm, headers=header)}"}


def test_a_token_that_is_believed(client: TestClient) -> None:
    assert ask(client, token(**ANN)).status_code == 200
    assert ask(client, signed({"kid": "one"}, scope="citizen")).status_code == 200


def forged() -> dict[str, dict[str, str]]:
    unsigned = jwt.encode({"sub": "x"}, None, algorithm="none")  # type: ignore[arg-type]
    public = b"a public key that an attacker takes for a secret, long enough"
    return {
        "none at all": {},
        "no bearer": {"Authorization": "Basic YTpi"},
        "empty": {"Authorization": "Bearer "},
        "no JWT": {"Authorization": "Bearer x.y.z"},
        "algorithm none": {"Authorization": f"Bearer {unsigned}"},
        "a shared secret": signed({"kid": "one"}, public, "HS256"),
        "another's key": signed({"kid": "one"}, OTHER_KEY),
        "another key id": signed({"kid": "two"}),
        "no key id": signed({}),
        "a key of its own": signed({"kid": "one", "jku": "https://evil.example/jwks.json"}, OTHER_KEY),
        "no expiry": signed({"kid": "one"}, exp=None),
        "expired": signed({"kid": "one"}, exp=time.time() - 5),
        "not yet": signed({"kid": "one"}, nbf=time.time() + 600),
        "no audience": signed({"kid": "one"}, aud=None),
        "another audience": signed({"kid": "one"}, aud="elsewhere"),
        "another issuer": signed({"kid": "one"}, iss="https://evil.example"),
        "nobody": signed({"kid": "one"}, sub=None),
        "an unknown API key": {"X-API-Key": "cd" * 32},
        "too long": {"Authorization": f"Bearer {'a' * 9_000}"},
    }


@pytest.mark.parametrize("name", forged())
def test_tokens_that_are_not_believed_get_the_same_401(client: TestClient, name: str) -> None:
    done = ask(client, forged()[name])
    assert done.status_code == 401
    assert done.headers["www-authenticate"] == "Bearer"
    told = {key: value for key, value in done.json().items() if key != "instance"}
    assert told == {"type": "/problems/no-token", "title": "The token cannot be used", "status": 401}


def test_an_api_key_is_a_role(client: TestClient) -> None:
    assert client.get("/v1/events", headers={"X-API-Key": API_KEY}).status_code == 200
    assert client.get("/v1/events", headers={"Authorization": f"Bearer {API_KEY}"}).status_code == 200


def test_keys_are_read_again_when_they_change(tmp_path: Path) -> None:
    config = secured(tmp_path)
    assert config.access is not None
    with serving(config) as client:
        assert ask(client, token(**ANN)).status_code == 200
        text = config.access.jwks.read_text(encoding="utf-8")
        config.access.jwks.write_text(text.replace('"one"', '"two"'), encoding="utf-8")
        assert ask(client, token(**ANN)).status_code == 401
        assert ask(client, token(**ANN, kid="two")).status_code == 200


RECORD = ("", "/history", "/assessments", "/ledger", "/access", "/entitlements?want=income_tax")


@pytest.mark.parametrize("role", [*ROLES, "nothing", ""])
def test_every_route_with_every_role(client: TestClient, role: str) -> None:
    headers = token("somebody", role)
    known = role in ROLES
    assert ask(client, headers).status_code == (200 if known else 403)
    assert client.get("/v1/rulesets", headers=headers).status_code == 200
    assert client.get("/livez").status_code == 200
    events = client.get("/v1/events", headers=headers)
    assert events.status_code == (200 if role in ("operator", "analyst") else 403)
    if role == "analyst":
        assert all(set(event) == {"specversion", "id", "source", "type"} for event in events.json()["events"])
    for inside in RECORD:
        status = client.get(f"/v1/citizens/ann{inside}", headers=headers).status_code
        assert status == {"citizen": 404, "case_worker": 403}.get(role, 403), inside
    written = client.post("/v1/citizens/ann/facts", json=FACTS, headers={**headers, "Idempotency-Key": role or "x"})
    assert written.status_code == (404 if role == "citizen" else 403)
    paid = client.post("/v1/citizens/ann/payments", json={}, headers={**headers, "Idempotency-Key": "p"})
    assert paid.status_code == 403


def test_a_citizen_sees_their_own_record_and_nobody_elses(client: TestClient) -> None:
    own = token(**ANN)
    for inside in RECORD:
        assert client.get(f"/v1/citizens/ann{inside}", headers=own).status_code == 200, inside
        others = [client.get(f"/v1/citizens/{name}{inside}", headers=own) for name in ("eve", "bo", "nobody")]
        told = [{key: value for key, value in other.json().items() if key != "instance"} for other in others]
        assert {other.status_code for other in others} == {404}
        assert told[0] == told[1] == told[2]
    stated = client.post("/v1/citizens/ann/facts", json=FACTS, headers={**own, "Idempotency-Key": "own"})
    assert stated.status_code == 201
    event = client.get("/v1/citizens/ann/history", headers=own).json()["events"][0]
    assert (event["source"], event["actor"], event["legal_basis"]) == ("citizen", "ann@login", "stated by the citizen")
    theirs = {**FACTS, "subject": "person/eve"}
    assert (
        client.post("/v1/citizens/ann/facts", json=theirs, headers={**own, "Idempotency-Key": "e"}).status_code == 404
    )


def test_a_case_worker_needs_a_case_of_theirs_about_the_citizen(client: TestClient) -> None:
    carl = token(**CARL)
    for purpose, status in (
        ({}, 403),
        ({"Purpose": "curiosity"}, 403),
        ({"Purpose": "case/7"}, 403),
        ({"Purpose": "case/8 no such case"}, 404),
        (PURPOSE, 200),
    ):
        assert client.get("/v1/citizens/ann", headers={**carl, **purpose}).status_code == status, purpose
    assert client.get("/v1/citizens/eve", headers={**carl, **PURPOSE}).status_code == 404
    assert client.get("/v1/citizens/ann", headers={**token("frank", "case_worker"), **PURPOSE}).status_code == 404
    looks = client.get("/v1/citizens/ann/access", headers=token(**ANN)).json()["events"]
    said = [next(iter(event["facts"].values())) for event in looks]
    told = {"by": "carl", "why": "correction of wages", "case": "case/7", "what": "facts"}
    assert any(told.items() <= line.items() for line in said)
    assert not any(line["by"] == "frank" for line in said)


def test_only_a_configured_server_sends_strict_transport(client: TestClient) -> None:
    assert "strict-transport-security" in client.get("/livez").headers
