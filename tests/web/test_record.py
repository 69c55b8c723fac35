"""The record's page: whose it shows to whom, both times, and that a look leaves its trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from api.http.app import create_app
from api.http.config import Config
from api.http.service import Service
from api.web import ROUTERS
from citizens import Correction, Draft, Origin, Point
from tests.api.http.client import TestClient, land
from tests.api.http.logs import people, secured, token


def ann() -> dict[str, str]:
    return token("ann", "citizen", "person/ann")


def carl() -> dict[str, str]:
    return token("carl", "case_worker")


def client_of(config: Config, log: Any) -> Iterator[TestClient]:
    with TestClient(create_app(Service(config, log), ROUTERS), raise_server_exceptions=False) as test_client:
        while test_client.get("/readyz").status_code != 200:
            sleep(0.02)
        yield test_client


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    yield from client_of(secured(tmp_path), people(tmp_path))


@pytest.fixture
def development(tmp_path: Path) -> Iterator[TestClient]:
    log = people(tmp_path)
    point = Point("wages", date(2024, 1, 1), 31_000)
    log.append(
        [Draft("person/ann", Correction((point,), "a slip"), Origin("office", "clerk", "a slip", "standard"), "late")]
    )
    yield from client_of(Config(rules=(land(tmp_path),)), log)


def test_a_citizen_sees_their_own_record_and_who_looked(client: TestClient) -> None:
    text = client.get("/record", headers=ann()).text
    assert "$30,000" in text and "own record" in text
    assert client.post("/record", data={"citizen": "eve"}, headers=ann()).status_code == 404
    nobody = client.post("/record", data={"citizen": "nobody"}, headers=ann())
    assert nobody.status_code == 404 and "nobody" not in nobody.text


def test_nobody_sees_a_record_without_a_token(client: TestClient) -> None:
    assert client.get("/record").status_code == 401
    assert client.post("/record", data={"citizen": "ann"}).status_code == 401


def test_a_case_worker_says_why_and_the_citizen_reads_it(client: TestClient) -> None:
    without = client.post("/record", data={"citizen": "ann", "purpose": ""}, headers=carl())
    assert without.status_code == 422 and "Say why you look" in without.text
    assert client.post("/record", data={"citizen": "ann", "purpose": "curious"}, headers=carl()).status_code == 403
    assert (
        client.post("/record", data={"citizen": "eve", "purpose": "case/7 a slip"}, headers=carl()).status_code == 404
    )
    seen = client.post("/record", data={"citizen": "ann", "purpose": "case/7 a slip of wages"}, headers=carl())
    assert seen.status_code == 200 and "$30,000" in seen.text
    text = client.get("/record", headers=ann()).text
    assert "a slip of wages" in text and "carl" in text


def test_a_form_of_another_site_opens_nothing(client: TestClient) -> None:
    sent = {**ann(), "sec-fetch-site": "cross-site"}
    assert client.post("/record", data={"citizen": "ann"}, headers=sent).status_code == 403


def test_what_was_learned_later_is_told_from_what_was_known(development: TestClient) -> None:
    asked = {"citizen": "ann", "purpose": "a test", "valid_at": "2024-06-01"}
    now = development.post("/record", data=asked).text
    assert "$31,000</span>" in now and 'class="later"' not in now
    offset = development.get("/v1/citizens/ann/history?limit=1").json()["events"][0]["offset"]
    before = development.post("/record", data={**asked, "known_at": f"offset:{offset - 1}"}).text
    assert "$30,000</span>" in before and 'class="later"' in before
    assert development.post("/record", data={**asked, "valid_at": "2023-01-01"}).text.count("Nothing was recorded") == 1
    assert development.post("/record", data={**asked, "valid_at": "yesterday"}).status_code == 400
