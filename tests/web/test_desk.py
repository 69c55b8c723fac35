"""The desk: nothing without a purpose, the list of a run's faults, a correction with a preview, and two writers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from api.cases.reach import may_be_stated
from api.http.app import create_app
from api.http.config import Config
from api.http.service import Service
from api.rules.programs import load_program
from api.web import ROUTERS
from tests.api.http.assessed import RUN, assessed
from tests.api.http.client import TestClient, ready
from tests.api.http.logs import CARL, secured, token

WHY = "case/7 the form W-2"
FIELD = "f.kim.wages"


def client_of(folder: Path, config: Config | None = None) -> Iterator[TestClient]:
    rules, log = assessed(folder)
    own = (config or Config()).model_copy(update={"rules": (rules,)})
    with TestClient(create_app(Service(own, log), ROUTERS), raise_server_exceptions=False) as test_client:
        yield ready(test_client)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    yield from client_of(tmp_path)


@pytest.fixture
def production(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "keys").mkdir()
    yield from client_of(tmp_path, secured(tmp_path / "keys"))


def hidden(text: str) -> dict[str, str]:
    result = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
    return {unescape(name): unescape(value) for name, value in result}


def test_from_the_list_of_faults_to_a_correction(client: TestClient) -> None:
    assert "3 groups, 1 with a fault" in client.get("/desk").text
    without = client.post("/desk/faults", data={"run": RUN, "why": " "})
    assert without.status_code == 422 and "Say why you look" in without.text
    listed = client.post("/desk/faults", data={"run": RUN, "why": WHY}).text
    assert "1 to work through" in listed and "is recorded as text" in listed
    record = client.post("/record", data=hidden(listed)).text
    assert "Correct<span" in record
    begun = client.post("/desk/correct", data={**hidden(record), "fact": "wages", "day": "2024-01-01"}).text
    fields = {**hidden(begun), "day": "2024-01-01", "reason": "the form says so"}
    wrong = client.post("/desk/correct", data={**fields, FIELD: "loads", "go": "preview"})
    assert wrong.status_code == 422 and "Enter an amount" in wrong.text
    preview = client.post("/desk/correct", data={**fields, FIELD: "30,000", "go": "preview"}).text
    assert "What the correction changes" in preview and "$3,600" in preview
    done = client.post("/desk/correct", data={**hidden(preview), "go": "record"})
    assert done.status_code == 200 and "The correction is recorded" in done.text
    facts = client.get("/v1/citizens/kim?valid_at=2024-02-01").json()["facts"]
    assert str(facts["wages"]["value"]) == "30000"
    looks = str(client.get("/v1/citizens/kim/access").json())
    assert WHY in looks and "correction of wages" in looks
    again = client.post("/desk/correct", data={**hidden(preview), "go": "record"})
    assert again.status_code == 200, "the same form sent twice is one correction"
    assert len(client.get("/v1/citizens/kim/history").json()["events"]) == 2


def test_of_two_who_correct_one_record_the_second_is_told(client: TestClient) -> None:
    start = {"citizen": "ann", "purpose": WHY, "fact": "wages", "day": "2024-01-01"}
    forms = [hidden(client.post("/desk/correct", data=start).text) for _ in range(2)]
    sent = [{**form, "day": "2024-01-01", "reason": "a slip", "f.ann.wages": "31000", "go": "record"} for form in forms]
    assert [client.post("/desk/correct", data=answer).status_code for answer in sent] == [200, 412]


def test_who_may_come_to_the_desk(production: TestClient) -> None:
    ann = token("ann", "citizen", "person/ann")
    start = {"citizen": "kim", "purpose": WHY, "fact": "wages", "day": "2024-01-01"}
    for headers, status in (({}, 401), (ann, 403), (token("x", "analyst"), 403)):
        assert production.get("/desk", headers=headers).status_code == status
        assert production.post("/desk/faults", data={"run": RUN, "why": WHY}, headers=headers).status_code == status
        assert production.post("/desk/correct", data=start, headers=headers).status_code == status
    carl = token(**CARL)
    assert production.get("/desk", headers=carl).status_code == 200
    assert production.post("/desk/correct", data=start, headers=carl).status_code == 200
    assert production.post("/desk/correct", data={**start, "purpose": "curious"}, headers=carl).status_code == 403
    other = {**start, "citizen": "ann"}
    assert production.post("/desk/correct", data=other, headers=carl).status_code == 404
    forged = {**start, "version": "1", "key": "k", "reason": "r", "f.ann.wages": "1", "go": "record", "citizen": "ann"}
    assert production.post("/desk/correct", data=forged, headers=carl).status_code == 404
    elsewhere = {**carl, "sec-fetch-site": "cross-site"}
    assert production.post("/desk/correct", data=start, headers=elsewhere).status_code == 403


def test_a_total_that_people_state_can_be_corrected_and_what_is_computed_cannot() -> None:
    program = load_program("us")
    stated = {name: may_be_stated(program.definitions[name]) for name in ("employment_income", "age", "eitc")}
    assert stated == {"employment_income": True, "age": True, "eitc": False}
