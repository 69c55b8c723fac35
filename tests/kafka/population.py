"""A population in three partitions beside the same people in one embedded log: the same figures and ledgers.

Two followers share the partitions out. One is killed while facts arrive; the other takes over what it followed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from tests.api.http.real import free_port, wait_until_ready
from tests.api.second_land import MODULE, SETTINGS
from tests.cli.command import ROOT, write_rules

BASIS = ("--source", "register", "--legal-basis", "Basic Law")
HOUSEHOLDS = 20
PARTITIONS = 3
YEAR = "2024"


def same_as_one_log(brokers: str, folder: Path) -> None:
    """The drill. `folder` is empty."""
    rules = write_rules(folder / "land", MODULE, SETTINGS)
    there = Commands(folder / "there", f"kafka://{brokers}/nation?partitions={PARTITIONS}")
    here = Commands(folder / "here", str(folder / "here" / "log"))
    for commands in (there, here):
        commands.told("log", "append", "--create", "-", *BASIS, stdin=_everybody())
    heads = [stats["head"] for stats in there.each("log", "stats")]
    assert all(heads) and sum(heads) == 2 * HOUSEHOLDS
    assert there.told("log", "cut", "before")["offsets"] == heads
    totals = [
        [run["totals"] for run in commands.told("annual", rules, "--year", YEAR)["runs"]] for commands in (there, here)
    ]
    assert totals[0] == totals[1] and any(value != "0.00" for value in totals[0][0].values())
    asked = ("find", rules, "income_tax > 7_000 EUR", "--at", YEAR, "--sum", "income_tax", "--by", "income_tax")
    answers = [commands.told(*asked) for commands in (there, here)]
    assert answers[0]["count"] == answers[1]["count"] and answers[0]["count"]["yes"] and answers[0]["count"]["no"], (
        answers
    )
    assert {row["of"]["id"] for row in answers[0]["rows"]} == {row["of"]["id"] for row in answers[1]["rows"]}
    with there.follower(rules, "one") as first, there.follower(rules, "two") as second:
        assert first.poll() is None and second.poll() is None
        for number in range(3):
            late = _late(number)
            for commands in (there, here):
                commands.told("log", "append", "-", *BASIS, stdin=late)
            there.wait_until_followed()
            here.told("follow", "--rules", rules, "--once")
            if number == 0:
                first.send_signal(signal.SIGKILL)
    for number in range(0, HOUSEHOLDS, 4):
        assert _balances(there, f"couple/{number}") == _balances(here, f"couple/{number}")
    then = ("log", "as-of", "citizen/a0", "--valid", "2024-06-01", "--known")
    facts = there.told(*then, "cut:before")["facts"], here.told(*then, f"#{2 * HOUSEHOLDS}")["facts"]
    assert facts[0]["pay"]["value"] == facts[1]["pay"]["value"]
    _serves(there, rules)
    joins = _refuses_to_part(there)
    _moves(there, here, rules, joins)


def _everybody() -> str:
    events = []
    for number in range(HOUSEHOLDS):
        couple, household = (
            {"group": f"couple/{number}", "role": "partner"},
            {"group": f"household/{number}", "role": "resident"},
        )
        for who, pay in (("a", 20_000 + 700 * number), ("b", 9_000)):
            facts = {"pay": pay, "withheld": pay // 5, "born": "1985-05-05", "couple": couple, "household": household}
            events.append({"subject": f"citizen/{who}{number}", "id": f"{who}{number}", "facts": {"2024-01-01": facts}})
    return "\n".join(map(json.dumps, events))


def _late(round_: int) -> str:
    events = [
        {
            "subject": f"citizen/a{number}",
            "id": f"late{round_}-{number}",
            "corrects": {"2024-01-01": {"pay": 30_000 + 1_000 * round_ + number}},
            "reason": "late",
        }
        for number in range(HOUSEHOLDS)
    ]
    return "\n".join(map(json.dumps, events))


def _serves(there: Commands, rules: Path) -> None:
    """A server over all partitions, with stores of its own: it sees what others append, and others what it records."""
    with there.server(rules, "served") as url, httpx.Client(base_url=url, timeout=60) as client:

        def pay_of(who: str, **asked: str) -> Any:
            record = client.get(f"/v1/citizens/{who}", params={"valid_at": "2024-12-31", **asked}).json()
            partitions.add(record["known_at"].split(":")[1])
            return Decimal(str(record["facts"]["pay"]["value"]))

        partitions: set[str] = set()
        for number in range(0, HOUSEHOLDS, 3):
            assert pay_of(f"a{number}") == 32_000 + number
            ledgers = client.get(f"/v1/citizens/a{number}/ledger").json()["ledgers"]
            couple = next(ledger for ledger in ledgers if ledger["subject"] == f"couple/{number}")
            assert couple["lines"][-1]["balance"] == _balances(there, f"couple/{number}")[-1][-1]
        assert len(partitions) > 1
        body = {"corrects": {"2024-01-01": {"withheld": 7}}, "reason": "by the server"}
        made = [client.post("/v1/citizens/b19/facts", json=body, headers={"Idempotency-Key": "s1"}) for _ in "ab"]
        assert [each.status_code for each in made] == [201, 201] and made[0].json() == made[1].json(), made[0].text
        told = there.told("log", "as-of", "citizen/b19", "--valid", "2024-12-31")["facts"]["withheld"]["value"]
        assert Decimal(str(told)) == 7
        event = {"subject": "citizen/b18", "id": "elsewhere", "facts": {"2024-07-01": {"pay": 5}}}
        there.told("log", "append", "-", *BASIS, stdin=json.dumps(event))
        until = time.monotonic() + 30
        while pay_of("b18") != 5:
            assert time.monotonic() < until, "the server does not see what another process has appended"
            time.sleep(0.2)
        asked = {"ruleset": "land", "at": YEAR, "condition": "income_tax > 7_000 EUR", "sum": ["income_tax"]}
        count = client.post("/v1/find", json=asked).json()["count"]
        assert count["yes"] + count["no"] == HOUSEHOLDS, count
        assert pay_of("a0", known_at="cut:before") == 20_000
        counters = client.get("/metrics").text
        assert all(f'rulewright_log_readable{{partition="{part}"}} 1.0' in counters for part in range(PARTITIONS))


def _balances(commands: Commands, subject: str) -> list[tuple[str, ...]]:
    lines = commands.told("ledger", subject)["lines"]
    return [(line["movement"], line["account"], line["period"], line["amount"], line["balance"]) for line in lines]


def _refuses_to_part(there: Commands) -> dict[str, Any]:
    """People of two partitions are not joined in silence; what would have joined two of them."""
    homes = {subject: part for part, subjects in enumerate(there.homes()) for subject in subjects}
    first = next(iter(homes))
    other = next(subject for subject in homes if homes[subject] != homes[first])
    joins = {"subject": first, "id": "joins", "facts": {"2025-01-01": {"friend": {"group": other, "role": "friend"}}}}
    done = there.run("log", "append", "-", *BASIS, stdin=json.dumps(joins))
    assert done.returncode == 1 and "cannot belong together" in done.stderr and "Traceback" not in done.stderr
    return joins


def _moves(there: Commands, here: Commands, rules: Path, joins: dict[str, Any]) -> None:
    """Who moves goes with all who belong to them, joins whom they wish, and is assessed as in one log ever after."""
    (facts,) = joins["facts"].values()
    subject, friend = joins["subject"], facts["friend"]["group"]
    why = ("--legal-basis", "Registers Act s. 9", "--reason", "friendship")
    moved = there.told("log", "move", subject, "--to", friend, *why)
    people = [name for name in moved["moved"] if not name.startswith("access/")]  # who looked goes along
    assert len(people) == 4 and moved["from"] != moved["to"]
    assert there.told("log", "move", subject, "--to", friend, *why)["moved"] == []
    late = {"subject": subject, "id": "moved", "corrects": {"2024-01-01": {"pay": 41_000}}, "reason": "late"}
    again = _everybody().splitlines()[2 * int(subject.removeprefix("citizen/a"))]
    for commands in (there, here):
        events = "\n".join((json.dumps(joins), json.dumps(late), again))
        recorded = commands.told("log", "append", "-", *BASIS, stdin=events)
        assert (recorded["recorded"], recorded["duplicates"]) == (2, 1)
        commands.told("follow", "--rules", rules, "--once")
    couple = f"couple/{subject.removeprefix('citizen/a')}"
    assert _balances(there, couple) == _balances(here, couple)
    then = ("log", "as-of", subject, "--valid", "2024-06-01", "--known")
    facts_then = there.told(*then, "cut:before")["facts"], there.told(*then, "2100-01-01")["facts"]
    assert [each["pay"]["value"] for each in facts_then] != [facts_then[0]["pay"]["value"]] * 2
    held = there.told("log", "hold", subject, "--case", "appeal 7", *why)
    assert held["held_for"] == ["appeal 7"] and len(there.told("log", "hold")["held"]) == 1
    there.told("log", "hold", subject, "--case", "appeal 7", "--release", *why)
    assert len(there.told("log", "erase", subject, "--open-accounts", "--yes", *why)["ledgers"]) == 2
    assert there.run("log", "show", subject).returncode == 1


class Commands:
    """The real command on one log, with stores and keys in a folder."""

    def __init__(self, folder: Path, log: str) -> None:
        folder.mkdir()
        self._folder, self._log = folder, log
        self._environment = {
            **os.environ,
            "RULEWRIGHT_KEYS": str(folder / "keys.db"),
            "RULEWRIGHT_STORE": str(folder / "store"),
            "RULEWRIGHT_LOG": log,
        }

    def run(self, *arguments: str | Path, stdin: str = "", store: str = "store") -> subprocess.CompletedProcess[str]:
        """The command, to its end."""
        environment = self._environment | {"RULEWRIGHT_STORE": str(self._folder / store)}
        return subprocess.run(
            [sys.executable, "-m", "api.cli", *map(str, arguments)],
            input=stdin, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def told(self, *arguments: str | Path, stdin: str = "") -> Any:
        """Its answer in JSON."""
        done = self.run(*arguments, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def each(self, *arguments: str) -> list[Any]:
        """Its answers, one a partition."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        decoder, left, answers = json.JSONDecoder(), done.stdout.strip(), []
        while left:
            answer, end = decoder.raw_decode(left)
            answers.append(answer)
            left = left[end:].strip()
        return answers

    def homes(self) -> list[list[str]]:
        """By partition, some subjects that are written there."""
        listed: list[list[str]] = [[] for _ in range(PARTITIONS)]
        for number in range(HOUSEHOLDS):
            subject = f"citizen/a{number}"
            for part in range(PARTITIONS):
                done = self.run("log", "show", subject, "--log", f"{self._log}&partition={part}")
                if done.returncode == 0:
                    listed[part].append(subject)
                    break
            if sum(map(bool, listed)) > 1:
                break
        return listed

    def wait_until_followed(self) -> None:
        """Return when every follower stands at the end of its partition."""
        until = time.monotonic() + 90
        while time.monotonic() < until:
            behind = [stats["behind"] for stats in self.each("log", "stats")]
            if not any(number for each in behind for name, number in each.items() if name.startswith("follow-")):
                return
            time.sleep(0.5)
        raise AssertionError("the followers did not catch up")

    @contextmanager
    def server(self, rules: Path, store: str) -> Iterator[str]:
        """A server of the log, with a store of its own; its address."""
        port = free_port()
        options = ("serve", "--rules", str(rules), "--port", str(port), "--log", self._log)
        url = f"http://127.0.0.1:{port}"
        with self._process(options, store) as process:
            wait_until_ready(process, url)
            yield url

    def follower(self, rules: Path, store: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A process that follows, with a store of its own."""
        return self._process(("follow", "--rules", str(rules), "--every", "0.2"), store)

    @contextmanager
    def _process(self, arguments: Sequence[str], store: str) -> Iterator[subprocess.Popen[bytes]]:
        """The command until the end of the block. What it prints lies beside its store."""
        environment = self._environment | {"RULEWRIGHT_STORE": str(self._folder / store)}
        command = [sys.executable, "-m", "api.cli", *arguments]
        with (self._folder / f"{store}.log").open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
