"""Permits over HTTP: issued by the record to whoever may see it, checked, taken back, and by a real server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from api.history.events import drafts_of
from api.http.config import Config, Permits
from api.http.server import with_office
from api.http.service import Service
from api.permits.credential import Issuer, status_token, verify, without
from api.permits.holder import Challenge, with_proof
from api.permits.keys import make_key, read_private
from citizens import open_log
from engine.reading.data import read_data
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source
from tests.api.http.client import TestClient, serving
from tests.api.http.logs import PURPOSE, facts, secured, token
from tests.api.http.real import free_port, started, wait_until_ready
from tests.cli.logs import run
from tests.cli.roads import EVENTS, LATE, write_roads

EVA = token("evangeline@login", "citizen", "person/evangeline")
CARL = {**token("carl", "case_worker"), **PURPOSE}
OPS = token("ops", "operator")
STATUS_AT = "https://office.example/v1/permits/status"
NAMED = ("--issuer", "https://office.example", "--status-at", STATUS_AT)
WANTED = {"requirement": "may_drive", "over": "drives", "days": 30}
DEFAULTS = {"source": "register", "actor": "clerk", "legal_basis": "Road Act", "retention": "tax"}


def record_events(folder: Path, text: str) -> None:
    """Record events in the log of a folder."""
    problems = Diagnostics()
    node = read_data(Source("events", text), problems)
    drafts = [read.draft for read in drafts_of(list(node), DEFAULTS, problems)]  # type: ignore[arg-type]
    assert not problems.errors
    log = open_log(folder / "log")
    log.append(drafts)
    log.close()


def office(folder: Path) -> Config:
    """A server with tokens that issues permits, and Eva's record and case 7 in its log."""
    make_key(folder / "key.pem", folder / "key.jwk")
    record_events(folder, EVENTS)
    log = open_log(folder / "log")
    log.append(
        [facts("case/7", citizen="person/evangeline", workers="carl"), facts("person/zoe", birth_date="2015-01-01")]
    )
    log.close()
    said = Permits(key=folder / "key.pem", register=folder / "register")
    rules = str(write_roads(folder / "roads"))
    return secured(folder).model_copy(update={"rules": (rules,), "permits": said, "url": "https://office.example/"})


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("office")
    config = office(folder)
    with serving(config, Service(config, open_log(folder / "log"))) as result:
        yield result


def issued(client: TestClient, **more: Any) -> dict[str, Any]:
    done = client.post("/v1/citizens/evangeline/permits", json={**WANTED, **more}, headers=EVA)
    assert done.status_code == 201, done.text
    answer: dict[str, Any] = done.json()
    return answer


def checked(client: TestClient, permit: str, **more: str) -> dict[str, Any]:
    done = client.post("/v1/permits/verify", json={"permit": permit, **more}, headers=EVA)
    assert done.status_code == 200, done.text
    answer: dict[str, Any] = done.json()
    return answer


def test_a_citizen_gets_a_permit_that_the_public_keys_and_list_verify(client: TestClient) -> None:
    permit = issued(client)
    assert permit["codes"] == ["B", "BE"]
    keys = {key["kid"]: key for key in client.get("/v1/permits/keys").json()["keys"]}
    assert client.get("/.well-known/jwt-vc-issuer").json()["issuer"] == "https://office.example"
    listed = client.get("/v1/permits/status")
    assert listed.headers["content-type"] == "application/statuslist+jwt"
    offline = verify(permit["permit"], keys, datetime.now(UTC), listed.text)
    assert (offline.sound, offline.status) == (True, "valid")
    assert offline.disclosed["subject"] == "person/evangeline"
    assert checked(client, permit["permit"])["status"] == "valid"


def test_the_list_may_be_kept_and_changes_when_a_permit_is_taken_back(client: TestClient) -> None:
    permit = issued(client)
    first = client.get("/v1/permits/status")
    assert first.headers["cache-control"] == "public, max-age=300"
    again = client.get("/v1/permits/status", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    place = f"/v1/permits/{permit['place']}/revoke"
    assert client.post(place, json={"why": "lost"}, headers=EVA).status_code == 403
    assert client.post(place, json={"why": "lost"}, headers=OPS).json() == {"place": permit["place"], "before": False}
    assert client.post(place, json={"why": "lost"}, headers=OPS).json()["before"]
    told = checked(client, permit["permit"])
    assert (told["status"], told["problems"]) == ("revoked", ["it has been revoked"])
    changed = client.get("/v1/permits/status", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    other = next(number for number in range(131_072) if number != permit["place"])
    assert client.post(f"/v1/permits/{other}/revoke", json={"why": "x"}, headers=OPS).status_code == 404


def test_whose_record_it_is_not_gets_none(client: TestClient) -> None:
    asked = "/v1/citizens/zoe/permits"
    assert client.post(asked, json=WANTED, headers=EVA).status_code == 404
    assert client.post(asked, json=WANTED, headers=CARL).status_code == 404  # case 7 is Eva's
    assert client.post("/v1/citizens/evangeline/permits", json=WANTED, headers=CARL).status_code == 201
    assert client.post("/v1/citizens/evangeline/permits", json=WANTED).status_code == 401
    looks = client.get("/v1/citizens/evangeline/access", headers=EVA).json()["events"]
    assert any("permit may_drive" in json.dumps(look) for look in looks)


def test_a_refusal_names_the_reasons_that_are_not_met(client: TestClient) -> None:
    zoe = token("zoe@login", "citizen", "person/zoe")
    done = client.post("/v1/citizens/zoe/permits", json={"requirement": "may_drive"}, headers=zoe)
    assert (done.status_code, done.json()["type"]) == (409, "/problems/not-permitted")
    assert "not met: licence; old_enough" in done.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"requirement": "age"}, "is not a permission of a day"),
        ({"requirement": "nothing"}, "no figure"),
        ({"requirement": "may_drive", "over": "birth_date"}, "with a list of answers"),
        ({"requirement": "may_drive", "holder": {"kty": "RSA"}}, "not an elliptic curve key"),
        ({"requirement": "may_drive", "days": -1}, "greater than or equal"),
    ],
)
def test_what_is_no_permission_is_told(client: TestClient, sent: dict[str, Any], told: str) -> None:
    done = client.post("/v1/citizens/evangeline/permits", json=sent, headers=EVA)
    assert done.status_code == 422, done.text
    assert told in done.json()["errors"][0]["message"]


def test_a_bound_permit_answers_the_verifier_s_challenge(client: TestClient, tmp_path: Path) -> None:
    jwk = make_key(tmp_path / "evangeline.pem", tmp_path / "evangeline.jwk")
    permit = issued(client, holder=jwk)
    assert permit["bound"]
    assert "has not proved" in checked(client, permit["permit"])["problems"][0]
    shown = without(permit["permit"], ["subject"])
    challenge = Challenge("n-1", "police")
    proved = with_proof(shown, read_private(tmp_path / "evangeline.pem"), challenge, datetime.now(UTC))
    told = checked(client, proved, nonce="n-1", audience="police")
    assert (told["holder"], told.get("problems", [])) == ("proved", [])
    assert "another challenge" in checked(client, proved, nonce="n-2", audience="police")["problems"][0]
    half = client.post("/v1/permits/verify", json={"permit": proved, "nonce": "n-1"}, headers=EVA)
    assert half.status_code == 422


def test_a_register_put_back_from_an_older_copy_signs_nothing(tmp_path: Path) -> None:
    config, register = office(tmp_path), tmp_path / "register"
    with serving(config, Service(config, open_log(tmp_path / "log"))) as client:
        permit = issued(client)
        older = (register / "register.db").read_bytes()
        revoke = f"/v1/permits/{permit['place']}/revoke"
        assert client.post(revoke, json={"why": "stolen"}, headers=OPS).status_code == 200
        (register / "register.db").write_bytes(older)
        for done in (
            client.post(revoke, json={"why": "stolen"}, headers=OPS),
            client.post("/v1/citizens/evangeline/permits", json=WANTED, headers=EVA),
        ):
            assert (done.status_code, done.json()["type"]) == (503, "/problems/damaged"), done.text
            assert f"not in `register.db`: {permit['place']}" in done.json()["errors"][0]["message"]
        # the list that was signed last still stands, and takes the permit back
        assert checked(client, permit["permit"])["problems"] == ["it has been revoked"]
        stale = register / "status.jwt"
        signer = Issuer("https://office.example", read_private(tmp_path / "key.pem"), STATUS_AT)
        stale.write_text(status_token(signer, [permit["place"]], datetime(2024, 1, 1, tzinfo=UTC), timedelta(days=1)))
        done = client.get("/v1/permits/status")
        assert (done.status_code, done.json()["type"]) == (503, "/problems/damaged")


def test_a_server_without_a_key_issues_none(tmp_path: Path) -> None:
    with serving(Config(rules=(str(write_roads(tmp_path / "roads")),))) as client:
        for path in ("/v1/permits/keys", "/v1/permits/status", "/.well-known/jwt-vc-issuer"):
            assert client.get(path).json()["type"] == "/problems/no-permits"


# --- a real server


@contextmanager
def real_server(folder: Path, config: Config) -> Iterator[str]:
    port = free_port()
    said = json.loads(config.model_dump_json(by_alias=True, exclude_defaults=True))
    (folder / "server.yaml").write_text(yaml.safe_dump({**said, "port": port, "log": str(folder / "log")}))
    process = started("--config", str(folder / "server.yaml"), stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(process, address)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def test_a_late_fact_takes_back_what_a_real_server_issued(tmp_path: Path) -> None:
    config = office(tmp_path)
    with real_server(tmp_path, config) as address, httpx.Client(base_url=address) as client:
        done = client.post("/v1/citizens/evangeline/permits", json=WANTED, headers=EVA)
        assert done.status_code == 201, done.text
        for name, path in (("permit", ""), ("keys", "/v1/permits/keys"), ("before", "/v1/permits/status")):
            text = client.get(path).text if path else done.json()["permit"]
            (tmp_path / name).write_text(text, encoding="ascii")
        shown = ("permit", "verify", tmp_path / "permit", "--key", tmp_path / "keys")
        assert run(*shown, "--status", tmp_path / "before").returncode == 0
        basis = ("--source", "register", "--legal-basis", "Road Act", "--actor", "clerk")
        (tmp_path / "late.yaml").write_text(LATE, encoding="utf-8")
        assert run("log", "append", tmp_path / "late.yaml", "--log", tmp_path / "log", *basis).returncode == 0
        taken = ("--permits", tmp_path / "register", "--permit-key", tmp_path / "key.pem")
        followed = run("follow", "--log", tmp_path / "log", "--rules", tmp_path / "roads", "--once", *taken, *NAMED)
        assert "1 permit revoked" in followed.stdout, followed.stderr
        (tmp_path / "after").write_text(client.get("/v1/permits/status").text, encoding="ascii")
        told = run(*shown, "--status", tmp_path / "after")
        assert told.returncode == 1
        assert "it has been revoked" in told.stderr
        again = client.post("/v1/citizens/evangeline/permits", json=WANTED, headers=EVA)
        assert again.status_code == 409


def test_a_server_for_trying_out_has_a_key_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    tried = with_office(Config(), tmp_path / "a")
    service = Service(tried)
    assert service.permits is not None and len(service.permits.keys()["keys"]) == 1
    assert with_office(tried, tmp_path / "b") is tried, "who has a key keeps it"
    service.close()
