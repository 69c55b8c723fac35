"""Under load: what has no room is refused at once, and health checks are answered; the sample population is served."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from api.http.config import Config, Limits
from api.http.server import sample_log
from api.http.service import Service
from tests.api.http.client import CASE, land, serving

QUESTION: dict[str, Any] = {"ruleset": "land", "at": "2024", "case": CASE, "want": ["income_tax"]}


def test_a_full_queue_is_503_and_livez_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, begun = threading.Event(), threading.Semaphore(0)

    def slow(*_: Any, **__: Any) -> Any:
        begun.release()
        held.wait(20)
        raise ValueError

    config = Config(rules=(land(tmp_path),), limits=Limits(threads=1, waiting=2))
    with serving(config) as client, ThreadPoolExecutor(3) as pool:
        monkeypatch.setattr("api.http.routes.calculate.calculate", slow)
        waiting = [pool.submit(client.post, "/v1/calculate", json=QUESTION) for _ in range(3)]
        assert begun.acquire(timeout=20)
        while "rulewright_computing 3.0" not in client.get("/metrics").text:
            pass
        refused = client.post("/v1/calculate", json=QUESTION)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/busy")
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/livez").status_code == 200
        held.set()
        assert [answer.result().status_code for answer in waiting] == [500] * 3
        monkeypatch.undo()
        assert client.post("/v1/calculate", json=QUESTION).status_code == 200


def test_an_answer_that_takes_too_long_is_503(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    with serving(Config(rules=(land(tmp_path),), limits=Limits(seconds=0.2))) as client:
        monkeypatch.setattr("api.http.routes.calculate.calculate", lambda *_, **__: held.wait(20))
        done = client.post("/v1/calculate", json=QUESTION)
        held.set()
        assert (done.status_code, done.json()["errors"][0]["message"]) == (503, "the answer took too long")


def test_a_server_without_options_serves_the_sample(tmp_path: Path) -> None:
    config = Config()
    with serving(config, Service(config, sample_log(tmp_path))) as client:
        record = client.get("/v1/citizens/u00001-head?valid_at=2024-12-31").json()
        assert record["groups"] == [{"subject": "tax_unit/u00001", "role": "head"}]
        query = "at=2024&valid_at=2024-12-31&want=income_tax&explain=none"
        answer = client.get(f"/v1/citizens/u00001-head/entitlements?{query}").json()
        (result,) = answer["results"]
        assert (result["status"], result["of"]["id"]) == ("determined", "u00001")
        assert "left_out" not in answer
        owed = client.get("/v1/citizens/u00001-head/entitlements?at=2024&valid_at=2024-12-31&explain=none").json()
        assert [entry["figure"] for entry in owed["results"]] == ["income_tax_refundable_credits"]
