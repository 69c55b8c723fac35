"""A server over a population in several logs answers as one over one log: each is asked about where they live."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from api.history.access import reading, writing
from api.history.folders import make_population
from api.history.moves import move
from api.history.parts import append_to_parts, make_cut, make_parts
from api.history.population import Population
from api.http.config import Config
from api.http.service import Service
from citizens import Belongs, Draft, Event, Origin, open_log
from citizens.homes import Homes
from tests.api.http.client import TestClient, land, serving
from tests.api.http.logs import facts
from tests.api.http.test_authzen import RULES
from tests.api.http.test_permits import EVA, NAMED, WANTED, office
from tests.cli.command import SETTINGS, write_rules
from tests.cli.logs import run
from tests.cli.roads import LATE

PARTS = 3
MOVES = Origin("rulewright", "clerk", "Registers Act s. 9", "tax")
NAMES = [f"p{number}" for number in range(12)]


def everybody() -> list[Draft]:
    """Twelve people, each in a tax unit of their own with a child, and a case of the first's."""
    drafts = [facts("case/7", citizen="person/p0", workers="carl")]
    for number, name in enumerate(NAMES):
        unit = f"tax_unit/u{number}"
        drafts.append(facts(f"person/{name}", wages=10_000 + 1_000 * number, tax_unit=Belongs(unit, "head")))
        drafts.append(facts(f"person/{name}-child", age=3, tax_unit=Belongs(unit, "dependent")))
    return drafts


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> str:
    return land(tmp_path_factory.mktemp("rules"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    parts = make_population(tmp_path / "population", PARTS)
    make_parts(parts)
    append_to_parts(parts, everybody(), create=False)
    return tmp_path / "population"


@pytest.fixture
def client(folder: Path, rules: str) -> Iterator[TestClient]:
    config = Config(rules=(rules,))
    with serving(config, Service(config, Population.opened(folder))) as client:
        yield client


@pytest.fixture
def single(tmp_path: Path, rules: str) -> Iterator[TestClient]:
    """A server over one log of the same people."""
    config = Config(rules=(rules,))
    log = open_log(tmp_path / "single")
    log.append(everybody())
    with serving(config, Service(config, log)) as client:
        yield client


def logs_of(folder: Path) -> list[Path]:
    return [folder / f"partition-{number:04}" for number in range(PARTS)]


def home_of(folder: Path, subject: str) -> int:
    population = Population.opened(folder)
    try:
        home = Homes(population.logs).of(subject)
    finally:
        population.close()
    assert home is not None
    return home


def without_places(answer: Any) -> Any:
    """An answer without offsets and partitions, which each log counts for itself, and without moments."""
    if isinstance(answer, dict):
        own = ("offset", "partition", "known_at", "recorded_at", "following")
        return {name: without_places(value) for name, value in answer.items() if name not in own}
    return [without_places(item) for item in answer] if isinstance(answer, list) else answer


QUESTIONS = (
    "/v1/citizens/{name}?valid_at=2024-12-31",
    "/v1/citizens/{name}/history",
    "/v1/citizens/{name}/ledger",
    "/v1/citizens/{name}/assessments",
    "/v1/citizens/{name}/entitlements?at=2024&want=income_tax",
    "/v1/citizens/{name}/access",
)


def test_each_is_answered_as_by_one_log(client: TestClient, single: TestClient) -> None:
    for question, name in product(QUESTIONS, NAMES[::4]):
        answers = [each.get(question.format(name=name)) for each in (client, single)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        whole, one = (without_places(answer.json()) for answer in answers)
        if "access" in question:
            assert len(whole["events"]) == len(one["events"]) == len(QUESTIONS)
            continue
        assert whole == one
    assert client.get("/v1/citizens/nobody").status_code == 404


def test_events_go_to_where_people_live_and_are_recorded_once(client: TestClient, folder: Path) -> None:
    for name in NAMES[:6]:
        body = {"corrects": {"2024-01-01": {"wages": 50_000}}, "reason": "amended"}
        sent = [client.post(f"/v1/citizens/{name}/facts", json=body, headers={"Idempotency-Key": name}) for _ in "ab"]
        assert [answer.status_code for answer in sent] == [201, 201], sent[0].text
        assert sent[0].json() == sent[1].json() and sent[1].headers["idempotent-replayed"] == "true"
        assert sent[0].json()["partition"] == home_of(folder, f"person/{name}")
        facts_now = client.get(f"/v1/citizens/{name}?valid_at=2024-12-31").json()
        assert facts_now["facts"]["wages"]["value"] == 50_000
        known = client.get(f"/v1/citizens/{name}?valid_at=2024-12-31&known_at={facts_now['known_at']}").json()
        assert known["facts"] == facts_now["facts"]
        paid = {"movement": "payment", "amount": "5.00", "period": "2024", "cause": "wire"}
        posted = client.post(f"/v1/citizens/{name}/payments", json=paid, headers={"Idempotency-Key": f"{name}-paid"})
        assert posted.status_code == 201, posted.text
        assert client.get(f"/v1/citizens/{name}/ledger").json()["ledgers"][0]["balances"]["USD"]["owed"] == "-5.00"


def test_a_newborn_and_a_stranger_get_a_home(client: TestClient, folder: Path) -> None:
    born = {
        "subject": "person/new",
        "facts": {"2024-05-05": {"tax_unit": {"group": "tax_unit/u3", "role": "dependent"}}},
    }
    made = client.post("/v1/citizens/p3/facts", json=born, headers={"Idempotency-Key": "born"})
    assert made.json()["partition"] == home_of(folder, "person/p3") == home_of(folder, "person/new"), made.text
    stranger = {"facts": {"2024-01-01": {"wages": 7}}}
    made = client.post("/v1/citizens/stranger/facts", json=stranger, headers={"Idempotency-Key": "first"})
    assert made.status_code == 201 and client.get("/v1/citizens/stranger").status_code == 200


def test_who_would_join_another_partition_is_refused_with_the_remedy(client: TestClient, folder: Path) -> None:
    away = next(name for name in NAMES if home_of(folder, f"person/{name}") != home_of(folder, "person/p0"))
    joins = {"facts": {"2024-06-01": {"tax_unit": {"group": f"tax_unit/u{away[1:]}", "role": "dependent"}}}}
    refused = client.post("/v1/citizens/p0/facts", json=joins, headers={"Idempotency-Key": "joins"})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")
    assert "rulewright log move" in refused.json()["errors"][0]["remedy"]


def test_who_moves_under_the_server_is_found_where_they_went(client: TestClient, folder: Path) -> None:
    before = client.get("/v1/citizens/p5?valid_at=2024-12-31").json()
    home = home_of(folder, "person/p5")
    there = (home + 1) % PARTS
    move(logs_of(folder), "person/p5", str(there), MOVES, reason="as they wish")
    after = client.get("/v1/citizens/p5?valid_at=2024-12-31").json()
    assert after["facts"]["wages"]["value"] == before["facts"]["wages"]["value"]
    assert (before["known_at"].split(":")[1], after["known_at"].split(":")[1]) == (str(home), str(there))
    then = client.get(f"/v1/citizens/p5?valid_at=2024-12-31&known_at={before['known_at']}").json()
    assert without_places(then) == without_places(before)
    body = {"corrects": {"2024-01-01": {"wages": 1}}, "reason": "late"}
    made = client.post("/v1/citizens/p5/facts", json=body, headers={"Idempotency-Key": "late"})
    assert (made.status_code, made.json()["partition"]) == (201, there)
    pages, url = [], "/v1/citizens/p5/history?limit=1"
    while url:
        page = client.get(url)
        pages += page.json()["events"]
        url = page.headers.get("link", "").partition("<")[2].partition(">")[0]
    places = [(event["partition"], event["offset"]) for event in pages]
    assert len(places) == len(set(places)) and {part for part, _ in places} == {home, there}
    assert places == [
        (event["partition"], event["offset"]) for event in client.get("/v1/citizens/p5/history").json()["events"]
    ]
    looks = client.get("/v1/citizens/p5/access").json()["events"]
    assert len(looks) >= 3 and {look["partition"] for look in looks} == {home, there}


def test_what_leaves_a_partition_is_not_written_there(folder: Path) -> None:
    """A writer that asked where somebody lives before they moved is refused, whatever it asked."""
    home = home_of(folder, "person/p5")
    move(logs_of(folder), "person/p5", str((home + 1) % PARTS), MOVES, reason="as they wish")
    with writing(logs_of(folder)[home]) as log:
        for draft in (
            facts("person/p5", wages=1),
            facts("person/late", tax_unit=Belongs("tax_unit/u5", "dependent")),
        ):
            with pytest.raises(Exception, match="has moved to partition"):
                log.append([draft])


def test_a_cut_and_a_vector_are_one_state_of_everybody(client: TestClient, folder: Path) -> None:
    heads = []
    for part in logs_of(folder):
        with reading(part) as log:
            heads.append(log.head())
    make_cut(folder, "before", heads)
    body = {"corrects": {"2024-01-01": {"wages": 90_000}}, "reason": "amended"}
    for name in NAMES:
        client.post(f"/v1/citizens/{name}/facts", json=body, headers={"Idempotency-Key": f"late-{name}"})
    for known in ("cut:before", f"offsets:{','.join(map(str, heads))}"):
        for number, name in enumerate(NAMES):
            then = client.get(f"/v1/citizens/{name}?valid_at=2024-12-31&known_at={known}").json()
            assert then["facts"]["wages"]["value"] == 10_000 + 1_000 * number
    asked = {"ruleset": "land", "at": "2024", "condition": "income_tax > 0", "sum": ["income_tax"]}
    then, now = (
        client.post("/v1/find", json={**asked, **known}).json()["count"]["sums"]["income_tax"]
        for known in ({"known_at": "cut:before"}, {})
    )
    assert float(then) < float(now)
    for known, status in (("cut:never", 400), ("offsets:1,2", 400), ("offset:5", 400), ("offset:9:1", 400)):
        answer = client.get(f"/v1/citizens/p0?known_at={known}")
        assert answer.status_code == status and answer.json()["errors"][0]["remedy"], known


def test_find_and_searches_go_over_all_partitions(client: TestClient, single: TestClient) -> None:
    asked = {
        "ruleset": "land",
        "at": "2024",
        "condition": "income_tax > 500 USD",
        "by": "income_tax",
        "sum": ["income_tax"],
    }
    whole, one = (each.post("/v1/find", json=asked) for each in (client, single))
    assert whole.status_code == 200, whole.text
    assert whole.json()["count"] == one.json()["count"]
    assert whole.json()["rows"] == one.json()["rows"]
    shown = [row["of"]["id"] for row in whole.json()["rows"]]
    looks = client.get(f"/v1/citizens/p{shown[0].rpartition('u')[2]}/access").json()["events"]
    assert any("income_tax > 500" in str(look) for look in looks)


def test_the_log_in_order_is_of_one_partition(client: TestClient) -> None:
    refused = client.get("/v1/events")
    assert refused.status_code == 400 and "partition=0" in refused.json()["errors"][0]["remedy"]
    assert client.get("/v1/events?partition=7").status_code == 400
    events = [event for part in range(PARTS) for event in client.get(f"/v1/events?partition={part}").json()["events"]]
    assert len(events) == len(everybody()) == len({(event["source"], event["id"]) for event in events})
    first = client.get("/v1/events?partition=0&limit=1")
    assert "partition=0" in first.headers["link"]


def test_what_is_measured_of_the_log_has_the_partition(client: TestClient, folder: Path) -> None:
    from citizens import Advance

    with writing(logs_of(folder)[1]) as log:
        log.append([], advance=Advance("follow-income_tax-2024", 0, 1))
        behind = log.head() - 1
    counters = client.get("/metrics").text
    for part in range(PARTS):
        assert f'rulewright_log_readable{{partition="{part}"}} 1.0' in counters
    name = 'follower="follow-income_tax-2024",partition="1"'
    assert f"rulewright_log_follower_lag_events{{{name}}} {float(behind)}" in counters


def test_permits_are_decided_and_taken_back_by_the_record_wherever_it_goes(tmp_path: Path) -> None:
    config, log = office(tmp_path), tmp_path / "population"
    make_parts(make_population(log, PARTS))
    with open_log(tmp_path / "log") as first:
        append_to_parts(logs_of(log), [again(event) for event in first.read()], create=False)
    there = str((home_of(log, "person/evangeline") + 1) % PARTS)
    with serving(config, Service(config, Population.opened(log))) as client:
        before = client.post("/v1/citizens/evangeline/permits", json=WANTED, headers=EVA)
        move(logs_of(log), "person/evangeline", there, MOVES, reason="as she wishes")
        after = client.post("/v1/citizens/evangeline/permits", json=WANTED, headers=EVA)
        assert [before.status_code, after.status_code] == [201, 201], after.text
    follow = ("follow", "--rules", tmp_path / "roads", "--log", log, "--once")
    registered = ("--permits", tmp_path / "register", "--permit-key", tmp_path / "key.pem", *NAMED)
    assert "0 permits revoked" in run(*follow, *registered).stdout
    late = run("log", "append", "-", "--log", log, "--source", "r", "--legal-basis", "Road Act", stdin=LATE)
    assert late.returncode == 0, late.stderr
    assert "2 permits revoked" in run(*follow, *registered).stdout


def again(event: Event) -> Draft:
    """What delivers an event a second time."""
    return Draft(event.subject, event.body, event.origin, event.event_id)


def test_decisions_read_the_record_where_it_is(tmp_path: Path) -> None:
    config, log = Config(rules=(str(write_rules(tmp_path / "roads", RULES, SETTINGS)),)), tmp_path / "population"
    make_parts(make_population(log, PARTS))
    drivers = [f"d{number}" for number in range(8)]
    say = {name: {"birth_date": date(2000, 5, 1), "is_banned": number % 2 == 0} for number, name in enumerate(drivers)}
    append_to_parts(
        logs_of(log), [facts(f"person/{name}", date(2020, 1, 1), **said) for name, said in say.items()], create=False
    )
    homes = {home_of(log, f"person/{name}") for name in drivers}
    assert len(homes) > 1
    move(logs_of(log), "person/d1", str((home_of(log, "person/d1") + 1) % PARTS), MOVES, reason="as they wish")
    with serving(config, Service(config, Population.opened(log))) as client:
        asked = {"action": {"name": "drive"}, "resource": {"type": "car", "id": "1"}, "context": {"at": "2026-02-01"}}
        for name in drivers:
            answer = client.post("/access/v1/evaluation", json={**asked, "subject": {"type": "person", "id": name}})
            assert answer.json()["decision"] == (not say[name]["is_banned"]), answer.text
            assert answer.json()["context"]["basis"]["partition"] == home_of(log, f"person/{name}")
        people: list[str] = []
        token = ""
        while token or not people:
            page = {"limit": 1, "token": token}
            found = client.post(
                "/access/v1/search/subject", json={**asked, "subject": {"type": "person"}, "page": page}
            )
            people += [person["id"] for person in found.json()["results"]]
            token = found.json()["page"]["next_token"]
        assert people == [name for name in drivers if not say[name]["is_banned"]]


def test_the_command_serves_a_population(folder: Path, rules: str) -> None:
    from api.http.server import _log

    population = _log(Config(rules=(rules,), log=folder))
    assert population is not None and len(population.logs) == PARTS
    population.close()
