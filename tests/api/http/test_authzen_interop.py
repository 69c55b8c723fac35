"""AuthZEN's interop scenarios, as rules and a log of our own, asked of a served API.

The expected decisions are those that the scenarios publish (openid/authzen): 43 of the Todo application, 25 of its
gateway, 198 searches, and the 6 of an identity provider's. The certification has a file of its own.
"""

from __future__ import annotations

import itertools
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

RULES = Path(__file__).parent / "interop"
SINCE = date(2021, 1, 1)


def user_id(code: str) -> str:
    """The identity of one of the five users of the Todo application."""
    return f"CiRmZD{code}MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs"


# Who: the code in their identity, their address, their roles, then what they may: create, update Rick's, update their
# own, delete Rick's, delete their own.
TODO_USERS = {
    "rick": ("A2", "rick@the-citadel.com", ("is_admin", "is_evil_genius"), "yyyyy"),
    "morty": ("E2", "morty@the-citadel.com", ("is_editor",), "ynyny"),
    "summer": ("I2", "summer@the-smiths.com", ("is_editor",), "ynyny"),
    "beth": ("M2", "beth@the-smiths.com", ("is_viewer",), "nnnnn"),
    "jerry": ("Q2", "jerry@the-smiths.com", ("is_viewer",), "nnnnn"),
}
# Record: department, owner, who may view, edit, delete it.
RECORDS = """
101 legal alice abcd a a
102 legal bob abcd b b
103 legal carol abcd c c
104 accounting dan adf d d
105 legal erin abcde e e
106 accounting felix adf f f
107 sales alice ad a a
108 legal bob abcd b b
109 accounting carol acdf c c
110 sales dan ad ad d
111 accounting erin adef e e
112 legal felix abcdf f f
113 sales alice ad a a
114 accounting bob abdf b b
115 finance carol acde cd c
116 legal dan abcd d d
117 legal erin abcde e e
118 accounting felix adf f f
119 legal alice abcd a a
120 accounting bob abdf b b
"""
ACTIONS = ("view", "edit", "delete")
TABLE = {line.split()[0]: line.split()[1:] for line in RECORDS.strip().splitlines()}
USERS = {
    "alice": ("manager", "sales"),
    "bob": ("employee", "legal"),
    "carol": ("contractor", "legal"),
    "dan": ("manager", "finance"),
    "erin": ("employee", "finance"),
    "felix": ("contractor", "accounting"),
}


def _served(folder: Path, rules: tuple[str, ...], people: list[Any]) -> Iterator[TestClient]:
    config = Config(rules=tuple(str(RULES / name) for name in rules))
    log = open_log(folder / "log")
    log.append(people)
    with serving(config, Service(config, log)) as client:
        yield client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server of three scenarios, with their users and records in its log."""
    people = []
    for code, address, roles, _ in TODO_USERS.values():
        held = dict.fromkeys(roles, True)
        people.append(facts(f"user/{user_id(code)}", SINCE, email=address, **held))
        writes = "is_viewer" not in roles
        people.append(facts(f"identity/{user_id(code)}", SINCE, writes=writes, reads=True))
    people += [facts(f"user/{name}", SINCE, role=role, department=of) for name, (role, of) in USERS.items()]
    people += [facts(f"record/{id}", SINCE, kept_by=row[0], owner=row[1]) for id, row in TABLE.items()]
    yield from _served(tmp_path_factory.mktemp("interop"), ("todo", "gateway", "records"), people)


def post(client: TestClient, path: str, body: Any, status: int = 200) -> Any:
    done = client.post(f"/access/v1/{path}", json=body)
    assert done.status_code == status, done.text
    return done.json()


def decision(client: TestClient, subject: Any, action: str, resource: Any) -> bool:
    body = {"subject": subject, "action": {"name": action}, "resource": resource}
    result: bool = post(client, "evaluation", body)["decision"]
    return result


def a_todo(owner: str) -> dict[str, Any]:
    return {"type": "todo", "id": f"7240d0db-{owner[:4]}", "properties": {"ownerID": owner}}


@pytest.mark.parametrize("name", TODO_USERS)
def test_the_todo_application(client: TestClient, name: str) -> None:
    code, own, _, expected = TODO_USERS[name]
    subject = {"type": "user", "id": user_id(code)}
    for email in ("beth@the-smiths.com", own):
        assert decision(client, subject, "can_read_user", {"type": "user", "id": email})
    assert decision(client, subject, "can_read_todos", {"type": "todo", "id": "todo-1"})
    ricks, mine = a_todo("rick@the-citadel.com"), a_todo("morty@the-citadel.com" if name == "rick" else own)
    asked = [("can_create_todo", {"type": "todo", "id": "todo-1"})]
    asked += [(action, item) for action in ("can_update_todo", "can_delete_todo") for item in (ricks, mine)]
    said = "".join("y" if decision(client, subject, action, fact) else "n" for action, fact in asked)
    assert said == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("rick", [True, True]), ("morty", [False, True]), ("jerry", [False] * 2)]
)
def test_several_todos_at_once(client: TestClient, name: str, expected: list[bool]) -> None:
    own = "jerry@the-smiths.com" if name != "morty" else "morty@the-citadel.com"
    body = {
        "subject": {"type": "user", "id": user_id(TODO_USERS[name][0])},
        "action": {"name": "can_update_todo"},
        "evaluations": [{"resource": a_todo("rick@the-citadel.com")}, {"resource": a_todo(own)}],
    }
    assert [evaluation["decision"] for evaluation in post(client, "evaluations", body)["evaluations"]] == expected


@pytest.mark.parametrize("name", TODO_USERS)
def test_the_gateway(client: TestClient, name: str) -> None:
    subject = {"type": "identity", "id": user_id(TODO_USERS[name][0])}
    writes = name not in ("beth", "jerry")
    routes = [("GET", "/users/{userId}", True), ("GET", "/todos", True), ("POST", "/todos", writes)]
    routes += [("PUT", "/todos/{todoId}", writes), ("DELETE", "/todos/{todoId}", writes)]
    for action, route, expected in routes:
        assert decision(client, subject, action, {"type": "route", "id": route}) is expected
    assert not decision(client, subject, "POST", {"type": "route", "id": "/users/{userId}"})


def test_who_may_do_what_with_a_record(client: TestClient) -> None:
    for id, (_, _, *expected) in TABLE.items():
        for action, letters in zip(ACTIONS, expected, strict=True):
            body = {"subject": {"type": "user"}, "action": {"name": action}, "resource": {"type": "record", "id": id}}
            result = post(client, "search/subject", body)["results"]
            assert "".join(entry["id"][0] for entry in result) == letters, (id, action)
            assert {entry["type"] for entry in result} == {"user"}


def test_with_which_records_somebody_may_do_what(client: TestClient) -> None:
    """The eighteen of the search scenario; the six by `delete` are the identity provider's."""
    for name, (at, action) in itertools.product(USERS, enumerate(ACTIONS)):
        body = {"subject": {"type": "user", "id": name}, "action": {"name": action}, "resource": {"type": "record"}}
        listed = [entry["id"] for entry in post(client, "search/resource", body)["results"]]
        assert listed == [id for id, row in TABLE.items() if name[0] in row[2 + at]], (name, action)


def test_which_actions_somebody_may_take(client: TestClient) -> None:
    for name, (id, row) in itertools.product(USERS, TABLE.items()):
        body = {"subject": {"type": "user", "id": name}, "resource": {"type": "record", "id": id}}
        names = [entry["name"] for entry in post(client, "search/action", body)["results"]]
        assert names == [action for at, action in enumerate(ACTIONS) if name[0] in row[2 + at]], (name, id)


def test_results_come_in_pages(client: TestClient) -> None:
    body: dict[str, Any] = {"action": {"name": "view"}, "resource": {"type": "record", "id": "105"}}
    result, token = [], ""
    for _ in range(3):
        page = {"limit": 2, **({"token": token} if token else {})}
        said = post(client, "search/subject", {**body, "subject": {"type": "user"}, "page": page})
        result += [entry["id"] for entry in said["results"]]
        token = said["page"]["next_token"]
    assert (result, token) == (["alice", "bob", "carol", "dan", "erin"], "")
    post(client, "search/subject", {**body, "subject": {"type": "user"}, "page": {"token": "nonsense"}}, 400)


def test_somebody_who_is_shown_sees_that(client: TestClient) -> None:
    body = {"subject": {"type": "user"}, "action": {"name": "delete"}, "resource": {"type": "record", "id": "112"}}
    post(client, "search/subject", body)
    looks = client.app.service.population.log_of("access/felix").timeline("access/felix").changes  # type: ignore[attr-defined]
    assert "search delete" in [look.value for look in looks]
