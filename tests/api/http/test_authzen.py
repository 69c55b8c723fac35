"""AuthZEN over requirements of a small land's rules: what is not determined is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.http.config import Config
from api.http.service import Service
from citizens import open_log
from tests.api.http.client import TestClient, serving
from tests.api.http.logs import facts
from tests.cli.command import SETTINGS, write_rules

RULES = """\
about: Who may drive
law: Road Act
exports: [birth_date, is_banned, may_drive, may_open_gate, has_key]
inputs:
  birth_date: {entity: person, period: eternity, type: date, label: Date of birth, ask: When were you born?}
  is_banned: {entity: person, period: day, type: boolean, label: Is banned from driving, ask: Are you banned?}
  has_key: {entity: person, period: day, type: boolean, label: Has a key, absent: false}
requirements:
  may_drive:
    entity: person
    period: day
    label: May drive
    law: s. 1
    permits: {action: drive, resource: {type: car}}
    all:
      old_enough: {needs: birth_date + 18 years <= today, law: s. 2, fails: You must be 18.}
      not_banned: {needs: not is_banned, law: s. 3}
  may_open_gate:
    entity: person
    period: day
    law: s. 4
    all:
      key: {needs: has_key, law: s. 4}
"""
SAM = {"type": "person", "id": "sam", "properties": {"birth_date": "2000-05-01", "is_banned": False}}
CAR = {"type": "car", "id": "1"}
DAY = {"at": "2026-03-03"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = write_rules(Path(tmp_path_factory.mktemp("rules")) / "roads", RULES, SETTINGS)
    with serving(Config(rules=(str(folder),))) as client:
        yield client


def ask(client: TestClient, subject: Any = SAM, action: str = "drive", status: int = 200, **more: Any) -> Any:
    body = {"subject": subject, "action": {"name": action}, "resource": CAR, "context": DAY, **more}
    done = client.post("/access/v1/evaluation", json=body)
    assert done.status_code == status, done.text
    return done.json()


def test_a_decision_with_its_reasons(client: TestClient) -> None:
    question = ask(client)
    assert (question["decision"], question["context"]["status"]) == (True, "met")
    assert [reason["path"] for reason in question["context"]["reasons"]["met"]] == [
        "may_drive.old_enough",
        "may_drive.not_banned",
    ]
    assert len(question["context"]["basis"]["fingerprint"]) == 64
    young = {**SAM, "properties": {"birth_date": "2008-03-04", "is_banned": False}}
    refused = ask(client, young)
    assert (refused["decision"], refused["context"]["status"]) == (False, "not_met")
    assert refused["context"]["reasons"]["not_met"][0]["fails"] == "You must be 18."
    assert ask(client, young, context={"at": "2026-03-04"})["decision"] is True


def test_what_is_not_determined_is_refused_with_what_to_ask(client: TestClient) -> None:
    question = ask(client, {"type": "person", "id": "sam", "properties": {"birth_date": "2000-05-01"}})
    assert (question["decision"], question["context"]["status"]) == (False, "undetermined")
    assert [item["fact"] for item in question["context"]["ask_next"]] == ["is_banned"]
    assert ask(client, action="fly")["context"]["status"] == "unknown_action"
    assert ask(client, action="fly")["decision"] is False


def test_several_questions_share_what_stands_around_them(client: TestClient) -> None:
    parts = [{"action": {"name": "drive"}}, {"action": {"name": "open_gate"}}, {"action": {"name": "drive"}}]
    body: dict[str, Any] = {"subject": SAM, "resource": CAR, "context": DAY, "evaluations": parts}
    result = client.post("/access/v1/evaluations", json=body).json()["evaluations"]
    assert [entry["decision"] for entry in result] == [True, False, True]
    for semantic, expected in (("deny_on_first_deny", [True, False]), ("permit_on_first_permit", [True])):
        stopped = client.post("/access/v1/evaluations", json={**body, "options": {"evaluations_semantic": semantic}})
        assert [evaluation["decision"] for evaluation in stopped.json()["evaluations"]] == expected
    single = client.post("/access/v1/evaluations", json={**body, "evaluations": [], "action": {"name": "drive"}})
    assert single.json()["decision"] is True
    missing = client.post("/access/v1/evaluations", json={"subject": SAM, "evaluations": [{"resource": CAR}]})
    said = missing.json()["evaluations"][0]
    assert (said["decision"], said["context"]["errors"][0]["pointer"]) == (False, "/evaluations/0/action")


def test_which_actions_are_permitted(client: TestClient) -> None:
    body = {"subject": {**SAM, "properties": {**SAM["properties"], "has_key": True}}, "context": DAY}  # type: ignore[dict-item]
    for resource, names in ((CAR, ["drive", "may_open_gate"]), ({"type": "cart", "id": "1"}, ["may_open_gate"])):
        answer = client.post("/access/v1/search/action", json={**body, "resource": resource}).json()
        assert answer == {
            "results": [{"name": name} for name in names],
            "page": {"next_token": "", "count": len(names)},
        }


def test_what_is_not_read_is_named(client: TestClient) -> None:
    question = ask(client, {**SAM, "properties": {**SAM["properties"], "shoe_size": 44, "Dr. No": 1}})  # type: ignore[dict-item]
    assert (question["decision"], question["context"]["not_read"]) == (True, ["subject.shoe_size", "subject.?"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"subject": SAM, "action": {"name": "drive"}},
        {"subject": {"type": "person"}, "action": {"name": "drive"}, "resource": CAR},
        {"subject": SAM, "action": {"name": ""}, "resource": CAR},
        {"subject": "sam", "action": {"name": "drive"}, "resource": CAR},
        {"subject": {**SAM, "properties": {"birth_date": "soon"}}, "action": {"name": "drive"}, "resource": CAR},
    ],
)
def test_questions_that_are_none_are_400(client: TestClient, body: Any) -> None:
    done = client.post("/access/v1/evaluation", json=body)
    assert done.status_code == 400
    assert done.json()["errors"]


def test_the_metadata_and_the_request_id(client: TestClient) -> None:
    answer = client.get("/.well-known/authzen-configuration").json()
    assert answer["access_evaluation_endpoint"].endswith("/access/v1/evaluation")
    body = {"subject": SAM, "action": {"name": "drive"}, "resource": CAR}
    done = client.post("/access/v1/evaluation", json=body, headers={"X-Request-ID": "abc-1"})
    assert done.headers["x-request-id"] == "abc-1"


def test_a_permission_from_the_record(tmp_path: Path) -> None:
    folder = write_rules(tmp_path / "roads", RULES, SETTINGS)
    config = Config(rules=(str(folder),))
    log = open_log(tmp_path / "log")
    log.append([facts("person/sam", date(2020, 1, 1), birth_date=date(2000, 5, 1), is_banned=False)])
    log.append([facts("person/sam", date(2026, 2, 1), is_banned=True)])
    with serving(config, Service(config, log)) as client:

        def may(query: str) -> Any:
            done = client.get(f"/v1/citizens/sam/permissions/may_drive?{query}")
            assert done.status_code == 200, done.text
            return done.json()

        before = may("valid_at=2026-01-31")
        assert before["results"][0]["value"] is True
        banned = may("valid_at=2026-02-01")["results"][0]
        assert (banned["value"], [reason["path"] for reason in banned["reasons"]["not_met"]]) == (
            False,
            ["may_drive.not_banned"],
        )
        assert may("valid_at=2026-02-01&known_at=offset:1")["results"][0]["value"] is True
        assert before["basis"]["at"] == "2026-01-31"
        assert client.get("/v1/citizens/sam/permissions/may_fly").status_code == 404
        assert client.get("/v1/citizens/sam/permissions/has_key").status_code == 404


def test_the_record_stands_over_what_is_sent(tmp_path: Path) -> None:
    folder = write_rules(tmp_path / "roads", RULES, SETTINGS)
    config = Config(rules=(str(folder),))
    log = open_log(tmp_path / "log")
    log.append([facts("person/sam", date(2020, 1, 1), birth_date=date(2000, 5, 1), is_banned=True)])
    with serving(config, Service(config, log)) as client:
        question = ask(client)
        assert (question["decision"], question["context"]["on_record_otherwise"]) == (False, ["is_banned"])
        unsaid = ask(client, {"type": "person", "id": "sam"})
        assert [reason["path"] for reason in unsaid["context"]["reasons"]["not_met"]] == ["may_drive.not_banned"]
        other = ask(client, {**SAM, "id": "kim"})
        assert (other["decision"], "on_record_otherwise" in other["context"]) == (True, False)
        looks = client.get("/v1/citizens/sam/access").json()["events"]
        assert [next(iter(look["facts"].values()))["what"] for look in looks] == [
            "access",
            "decision drive",
            "decision drive",
        ]
