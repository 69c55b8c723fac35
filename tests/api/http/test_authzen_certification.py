"""The certification scenario of AuthZEN's working group, test by test, under the numbers of its sections.

The scenario (openid/authzen, `certification/authorization-api-1_0-scenario.md`) numbers its tests: `c-2-4-6` is here
"2-4-6". Each is sent as it is written there, and judged as its harness judges it. Not here: TLS (5-1), which stands
before the server, and signed metadata, which is optional and which we do not give.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.http.config import Config
from api.http.service import Service
from citizens import open_log
from tests.api.http.client import TestClient, serving
from tests.api.http.logs import facts

RULES = Path(__file__).parent / "interop" / "certification"
SINCE = date(2021, 1, 1)
URL = "https://pdp.example.gov"
Check = Callable[[TestClient], None]

ALICE, BOB = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
ADMIN = {**BOB, "properties": {"role": "admin"}}
ONE, TWO = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
ACTIVE, ARCHIVED = ({**of, "properties": {"status": is_}} for of, is_ in ((ONE, "active"), (TWO, "archived")))
READ, WRITE = {"name": "read"}, {"name": "write"}
ANY_USER, ANY_RECORD = {"type": "user"}, {"type": "record"}
CONTEXT = {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}
RULE_1 = {"subject": ALICE, "action": READ, "resource": ONE}
RULE_4 = {"subject": BOB, "action": WRITE, "resource": ONE}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server with the scenario's fixture."""
    log = open_log(tmp_path_factory.mktemp("certification") / "log")
    log.append(
        [
            facts("user/alice", SINCE, role="writer"),
            facts("user/bob", SINCE, role="admin"),
            facts("record/record-1", SINCE, status="active"),
            facts("record/record-2", SINCE, status="archived"),
        ]
    )
    config = Config(rules=(str(RULES),), url=URL)
    with serving(config, Service(config, log)) as served:
        yield served


def post(client: TestClient, path: str, body: Any, status: int = 200) -> Any:
    """What a path answers, which must be JSON with that status."""
    done = client.post(f"/access/v1/{path}", json=body)
    assert done.status_code == status, done.text
    if status == 200:
        assert done.headers["content-type"] == "application/json"
    return done.json()


def decides(body: Any, expected: bool, path: str = "evaluation") -> Check:
    """A decision (which is a boolean, beside which `context` is an object), the same each time."""

    def check(client: TestClient) -> None:
        for _ in range(2):
            said = post(client, path, body)
            assert said["decision"] is expected
            assert isinstance(said.get("context", {}), dict)

    return check


def decides_all(body: Any, *expected: bool | None) -> Check:
    """A batch: as many decisions, in order; None where only the structure counts."""

    def check(client: TestClient) -> None:
        said = post(client, "evaluations", body)["evaluations"]
        assert len(said) == len(expected)
        for item, decision in zip(said, expected, strict=True):
            assert item["decision"] is decision if decision is not None else isinstance(item["decision"], bool)

    return check


def refuses(*bodies: Any, path: str = "evaluation") -> Check:
    """400 for each of some bodies."""

    def check(client: TestClient) -> None:
        for body in bodies:
            post(client, path, body, 400)

    return check


def refuses_bytes(content: bytes, kind: str = "application/json") -> Check:
    """400 for a body as it is sent."""

    def check(client: TestClient) -> None:
        done = client.post("/access/v1/evaluation", content=content, headers={"Content-Type": kind})
        assert done.status_code == 400

    return check


def finds(what: str, body: Any, *least: str) -> Check:
    """A search: each result is well formed and of the type that is sought, and these are among them. None: nobody."""

    def check(client: TestClient) -> None:
        results = post(client, f"search/{what}", body)["results"]
        assert isinstance(results, list)
        if what == "action":
            assert all(isinstance(entry["name"], str) for entry in results)
        else:
            assert all(entry["type"] == body[what]["type"] and isinstance(entry["id"], str) for entry in results)
        ids = {entry.get("id") or entry["name"] for entry in results}
        assert ids.issuperset(least) if least else not ids

    return check


def finds_the_same(what: str, body: Any, other: Any) -> Check:
    """Two searches with the same results."""

    def check(client: TestClient) -> None:
        first, second = (post(client, f"search/{what}", sent)["results"] for sent in (body, other))
        assert first == second
        assert first

    return check


def several(*checks: Check) -> Check:
    """One after the other."""

    def check(client: TestClient) -> None:
        for each in checks:
            each(client)

    return check


def without(body: dict[str, Any], *path: str) -> dict[str, Any]:
    """A body without one of its fields."""
    if len(path) == 1:
        return {name: value for name, value in body.items() if name != path[0]}
    return {**body, path[0]: without(body[path[0]], *path[1:])}


def batch(*evaluations: Any, **shared: Any) -> dict[str, Any]:
    """Several questions, with what they share."""
    return {**shared, "evaluations": list(evaluations)}


def deleting(soft: bool) -> dict[str, Any]:
    return {**RULE_1, "action": {"name": "delete", "properties": {"soft": soft}}}


def echoes(client: TestClient) -> None:
    """The request's own id comes back, with refusals too."""
    for body, status in ((RULE_1, 200), ({}, 400)):
        done = client.post("/access/v1/evaluation", json=body, headers={"X-Request-ID": "bfe9eb29-ab87"})
        assert (done.status_code, done.headers["x-request-id"]) == (status, "bfe9eb29-ab87")


def pages(client: TestClient) -> None:
    """A page at a time: every result once, and an empty token at the end."""
    listed: list[str] = []
    token = ""
    for _ in range(2):
        page = {"limit": 1, **({"token": token} if token else {})}
        said = post(client, "search/subject", {**WHO_READS, "page": page})
        assert isinstance(said["page"]["next_token"], str)
        listed += [result["id"] for result in said["results"]]
        token = said["page"]["next_token"]
    assert (sorted(listed), token) == (["alice", "bob"], "")


def metadata(client: TestClient) -> dict[str, Any]:
    done = client.get("/.well-known/authzen-configuration")
    assert (done.status_code, done.headers["content-type"]) == (200, "application/json")
    said: dict[str, Any] = done.json()
    return said


def required_metadata(client: TestClient) -> None:
    said = metadata(client)
    assert said["policy_decision_point"] == URL
    assert said["access_evaluation_endpoint"] == f"{URL}/access/v1/evaluation"


def metadata_leads_on(client: TestClient) -> None:
    """Every address is under the base's, by HTTPS, and answers; capabilities, where there are any, are texts."""
    said = metadata(client)
    assert all(isinstance(capability, str) for capability in said.get("capabilities", []))
    addresses = {name: said[name] for name in said if name.endswith("_endpoint")}
    assert len(addresses) == 5
    for address in addresses.values():
        assert address.startswith(f"{URL}/access/v1/")
        assert client.post(address.removeprefix(URL), json={}).status_code == 400


WHO_READS = {"subject": ANY_USER, "action": READ, "resource": ONE}
WHAT_ALICE_READS = {"subject": ALICE, "action": READ, "resource": ANY_RECORD}
WHAT_ALICE_DOES = {"subject": ALICE, "resource": ONE}
UNSAID = {"subject": ANY_USER, "action": READ, "resource": ANY_RECORD}
BATCH_OF_ONE = {"subject": ALICE, "action": READ, "evaluations": [{"resource": ONE}]}
LATER = {"time": "2025-06-27T19:00-07:00", "source": "batch-override"}
EXECUTE_ALL = {"options": {"evaluations_semantic": "execute_all"}}

TESTS: dict[str, Check] = {
    # What the fixture decides: the eight rules of 1-4, and 1-6, by which context changes none.
    "1-4 rule 2": decides({**RULE_1, "action": WRITE}, True),
    "1-4 rule 3": decides({**RULE_1, "subject": BOB}, True),
    "1-6": decides({**RULE_4, "context": CONTEXT}, False),
    "2-2-1": decides(RULE_1, True),
    "2-2-2": decides(RULE_4, False),
    "2-2-3": decides({**RULE_1, "context": CONTEXT}, True),
    "2-2-4": decides({**RULE_1, "action": WRITE, "resource": ARCHIVED}, False),
    "2-2-5": decides({"subject": ADMIN, "action": WRITE, "resource": ARCHIVED}, True),
    "2-2-6": decides(deleting(soft=True), True),
    "2-2-7": decides(deleting(soft=False), False),
    "2-2-8": decides(
        {
            "subject": {**ALICE, "properties": {"department": "Sales", "role": "manager"}},
            "action": {"name": "read", "properties": {"method": "GET"}},
            "resource": {**ONE, "properties": {"status": "active", "owner": "bob"}},
        },
        True,
    ),
    "2-2-9": decides({**RULE_1, "foo": "bar", "futureField": {"nested": True}}, True),
    "2-3-1": several(decides(RULE_1, True), decides(RULE_4, False)),
    "2-3-2": decides(RULE_1, True),
    "2-4-1": refuses(*(without(RULE_1, name) for name in ("subject", "action", "resource"))),
    "2-4-2": refuses(
        *(
            without(RULE_1, *path)
            for path in (
                *(("subject", "type"), ("subject", "id"), ("action", "name")),
                *(("resource", "type"), ("resource", "id")),
            )
        )
    ),
    "2-4-3": refuses_bytes(json.dumps(RULE_1).encode(), "text/plain"),
    "2-4-4": several(refuses_bytes(b"{"), refuses_bytes(b"[]")),
    "2-4-5": refuses_bytes(b""),
    "2-4-6": refuses({**RULE_1, "subject": "alice"}, {**RULE_1, "action": {"name": 123}}),
    "2-5-1": echoes,
    "2-5-2": decides(RULE_1, True),
    "2-6": decides(RULE_4, False),
    "3-2-1": decides_all(batch({"resource": ONE}, {"resource": TWO}, subject=ALICE, action=READ), None, None),
    "3-2-2": decides_all(batch({"action": READ}, {"action": WRITE}, subject=BOB, resource=ONE), True, False),
    "3-2-3": decides_all(batch({"resource": ACTIVE}, {"resource": ARCHIVED}, subject=ALICE, action=WRITE), True, False),
    "3-2-4": decides_all(batch({"subject": ALICE}, {"subject": ADMIN}, action=WRITE, resource=ARCHIVED), False, True),
    "3-2-5": decides_all({"evaluations": [RULE_1, RULE_4]}, True, False),
    "3-2-6": decides_all(
        {
            **BATCH_OF_ONE,
            "context": {"time": CONTEXT["time"]},
            "evaluations": [{"resource": ONE}, {"resource": TWO, "context": LATER}],
        },
        None,
        None,
    ),
    "3-2-7": decides_all(
        {"subject": ALICE, "action": WRITE, "resource": ACTIVE, "evaluations": [{}, {"resource": ARCHIVED}]},
        True,
        False,
    ),
    "3-3-1": decides_all({"evaluations": [RULE_1] * 3}, True, True, True),
    "3-3-2": decides_all({"evaluations": [RULE_4, RULE_1, RULE_4]}, False, True, False),
    "3-3-3": decides_all({"evaluations": [RULE_4, {**RULE_1, "resource": TWO}]}, False, None),
    "3-3-4": lambda client: assert_no_decision(post(client, "evaluations", BATCH_OF_ONE)),
    "3-4-1": decides_all({**BATCH_OF_ONE, **EXECUTE_ALL, "evaluations": [{"resource": ONE}, {}]}, True, False),
    "3-4-2": decides(RULE_1, True, "evaluations"),
    "3-4-3": decides({**RULE_1, "evaluations": []}, True, "evaluations"),
    "4-2-1": finds("subject", WHO_READS, "alice", "bob"),
    "4-2-2": finds_the_same("subject", {**WHO_READS, "context": CONTEXT}, WHO_READS),
    "4-2-3": finds_the_same("subject", {**WHO_READS, "subject": ALICE}, WHO_READS),
    "4-2-4": finds("subject", {"subject": ANY_USER, "action": WRITE, "resource": ARCHIVED}, "bob"),
    "4-3-1": finds("resource", WHAT_ALICE_READS, "record-1"),
    "4-3-2": finds_the_same("resource", {**WHAT_ALICE_READS, "context": CONTEXT}, WHAT_ALICE_READS),
    "4-3-3": finds_the_same("resource", {**WHAT_ALICE_READS, "resource": ONE}, WHAT_ALICE_READS),
    "4-3-4": finds("resource", {"subject": ADMIN, "action": WRITE, "resource": ANY_RECORD}, "record-2"),
    "4-4-1": finds("action", WHAT_ALICE_DOES, "read", "write"),
    "4-4-2": finds_the_same("action", {**WHAT_ALICE_DOES, "context": CONTEXT}, WHAT_ALICE_DOES),
    "4-4-3": finds("action", {"subject": ADMIN, "resource": ARCHIVED}, "write"),
    "4-5-1": finds("subject", {**WHO_READS, "page": {"limit": 1}}, "alice"),
    "4-5-2": pages,
    "4-5-3": pages,
    "4-5-4": finds("subject", {**WHO_READS, "page": {}}, "alice", "bob"),
    "4-6-1": several(
        finds("action", {"subject": {"type": "user", "id": "nonexistent-user"}, "resource": ONE}),
        finds("resource", {**WHAT_ALICE_READS, "subject": {"type": "user", "id": "nonexistent-user"}}),
    ),
    "4-6-2": several(
        finds("subject", {**WHO_READS, "subject": {"type": "spaceship"}}),
        finds("resource", {**WHAT_ALICE_READS, "resource": {"type": "spaceship"}}),
        finds("action", {**WHAT_ALICE_DOES, "resource": {"type": "spaceship", "id": "x"}}),
    ),
    "4-7-1": several(
        refuses(without(WHO_READS, "action"), path="search/subject"),
        refuses(without(WHAT_ALICE_READS, "subject"), path="search/resource"),
        refuses(without(WHAT_ALICE_DOES, "resource"), path="search/action"),
    ),
    "4-7-2": several(
        refuses(UNSAID, path="search/subject"),
        refuses(UNSAID, path="search/resource"),
        refuses({"subject": ANY_USER, "resource": ONE}, path="search/action"),
    ),
    "5-2": decides(RULE_1, True),  # `post` asks for the media type of every answer
    "5-3": refuses({}),
    "5-4": echoes,
    "5-5": finds("subject", {**WHO_READS, "futureField": {"nested": True}}, "alice", "bob"),
    "6-1": lambda client: assert_known(metadata(client)),
    "6-2": lambda client: assert_known(metadata(client)),
    "6-3": required_metadata,
    "6-4": metadata_leads_on,
    "6-5": several(required_metadata, metadata_leads_on),
}


def assert_no_decision(said: Any) -> None:
    assert "decision" not in said


def assert_known(said: dict[str, Any]) -> None:
    """What the specification names, and nothing else."""
    names = {"policy_decision_point", "access_evaluation_endpoint", "access_evaluations_endpoint", "capabilities"}
    assert said.keys() <= names | {f"search_{what}_endpoint" for what in ("subject", "resource", "action")}


@pytest.mark.parametrize("number", TESTS)
def test_the_certification(client: TestClient, number: str) -> None:
    TESTS[number](client)


def test_every_numbered_test_of_the_levels_is_here() -> None:
    """The scenario's sections that state a test: how many there are under each heading (2-6 has none below it)."""
    headings = {"2-2": 9, "2-3": 2, "2-4": 6, "2-5": 2, "3-2": 7, "3-3": 4, "3-4": 3}
    headings |= {"4-2": 4, "4-3": 4, "4-4": 3, "4-5": 4, "4-6": 2, "4-7": 2}
    stated = {f"{heading}-{number + 1}" for heading, count in headings.items() for number in range(count)} | {"2-6"}
    assert stated <= TESTS.keys()
    assert len(stated) == 53
