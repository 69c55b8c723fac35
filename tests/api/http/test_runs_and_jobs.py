"""Annual runs with their faults over HTTP, and batches that are worked off as jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from api.http.config import Config
from api.http.jobs import MOST_JOBS
from api.http.service import Service
from tests.api.http.assessed import RUN, assessed
from tests.api.http.client import TestClient, land, serving
from tests.api.http.logs import CARL, secured, token
from tests.api.http.test_batch import QUERY, send


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    rules, log = assessed(tmp_path)
    config = Config(rules=(rules,))
    with serving(config, Service(config, log)) as client:
        yield client


def test_the_faults_of_a_run_are_a_list_to_work_through(client: TestClient) -> None:
    (run,) = client.get("/v1/runs").json()["runs"]
    assert (run["id"], run["groups"], run["faults"]) == (RUN, 3, 1)
    answer = client.get(f"/v1/runs/{RUN}/faults").json()
    assert (answer["run"] == RUN and "following" not in answer) or answer["following"] == 0
    (fault,) = answer["faults"]
    assert (fault["subject"], fault["about"]) == ("tax_unit/kim", "person/kim")
    assert "`wages` is recorded as text" in fault["fault"]
    looks = client.get("/v1/citizens/kim/access").json()["events"]
    assert any(f"faults of {RUN}" in str(look) for look in looks)
    assert client.get("/v1/runs/nothing-2024/faults").status_code == 404
    assert client.get(f"/v1/runs/{RUN}/faults?limit=0").status_code == 400


def test_the_servers_counters_say_how_the_log_is_doing(client: TestClient) -> None:
    counters = client.get("/metrics").text
    assert 'rulewright_log_faults{kind="`wages` is recorded as text"} 1.0' in counters
    assert f'rulewright_log_follower_lag_events{{follower="follow-{RUN}"}}' in counters
    assert "rulewright_log_anchor_age_seconds +Inf" in counters and "rulewright_log_stuck_runs 0.0" in counters
    assert "kim" not in counters


def test_who_may_see_a_run(tmp_path: Path) -> None:
    rules, log = assessed(tmp_path)
    (tmp_path / "keys").mkdir()
    config = secured(tmp_path / "keys").model_copy(update={"rules": (rules,)})
    path = f"/v1/runs/{RUN}/faults"
    with serving(config, Service(config, log)) as client:
        assert client.get(path).status_code == 401
        for scope, status in (("citizen", 403), ("analyst", 403), ("rule_author", 403), ("operator", 200)):
            assert client.get(path, headers=token("x", scope)).status_code == status, scope
        assert client.get(path, headers=token(**CARL)).status_code == 403
        assert client.get(path, headers={**token(**CARL), "Purpose": "monday's list"}).status_code == 200


# --- jobs


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving(Config(rules=(land(tmp_path_factory.mktemp("rules")),))) as client:
        yield client


def ended(client: TestClient, address: str) -> Any:
    until = monotonic() + 30
    while monotonic() < until:
        answer = client.get(address).json()
        if answer["state"] in ("done", "failed"):
            return answer
        sleep(0.02)
    raise AssertionError(answer)


def test_a_job_is_accepted_worked_off_and_fetched(batches: TestClient) -> None:
    now = send(batches)
    accepted = send(batches, prefer="respond-async")
    assert (accepted.status_code, accepted.headers["preference-applied"]) == (202, "respond-async")
    address = accepted.headers["location"]
    job = ended(batches, address)
    assert (job["state"], job["done"], job["result"]) == ("done", 2, f"{address}/result")
    fetched = batches.get(f"{address}/result")
    assert fetched.text == now.text and fetched.headers["batch-groups"] == "2"
    assert batches.get(f"{address}/result").text == now.text
    assert batches.get(f"{address}/result", headers={"Accept": "text/html"}).status_code == 406
    assert batches.delete(address).status_code == 204
    assert batches.get(address).status_code == batches.delete(address).status_code == 404


def test_a_job_that_fails_says_why(batches: TestClient) -> None:
    accepted = send(batches, path=QUERY.replace("2024", "then"), prefer="respond-async")
    job = ended(batches, accepted.headers["location"])
    assert job["state"] == "failed" and job["errors"]
    assert batches.get(f"{accepted.headers['location']}/result").status_code == 400
    assert batches.delete(accepted.headers["location"]).status_code == 204


def test_jobs_are_bounded(batches: TestClient) -> None:
    sent = [send(batches, prefer="respond-async") for _ in range(MOST_JOBS + 1)]
    assert [answer.status_code for answer in sent] == [202] * MOST_JOBS + [503]
    assert "retry-after" in sent[-1].headers
    for answer in sent[:-1]:
        ended(batches, answer.headers["location"])
        assert batches.delete(answer.headers["location"]).status_code == 204


def test_nobody_asks_after_the_job_of_another(tmp_path: Path) -> None:
    with serving(secured(tmp_path)) as client:
        accepted = send(client, prefer="respond-async", **token("ada", "analyst"))
        address = accepted.headers["location"]
        assert ended_by(client, address) == "done"
        assert client.get(address, headers=token("eve", "analyst")).status_code == 404
        assert client.get(f"{address}/result", headers=token("eve", "operator")).status_code == 404
        assert client.delete(address, headers=token("eve", "analyst")).status_code == 404
        assert client.get(address).status_code == 401
        assert client.get(address, headers=token(**CARL)).status_code == 403


def ended_by(client: TestClient, address: str) -> str:
    until = monotonic() + 30
    state = ""
    while state not in ("done", "failed") and monotonic() < until:
        state = client.get(address, headers=token("ada", "analyst")).json()["state"]
    return state
