"""`rulewright annual` and `follow`: what users see, and real processes that are really killed.

The population is the first 2,000 tax units of the shipped sample.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from api.history import access
from api.history.tables import sample_tables
from citizens import Account, Assessment, CitizensError, Posting, SharedLog, SqliteLog, open_log, trial_balance
from tests.cli.command import ROOT
from tests.cli.logs import run

BASIS = ("--source", "employer", "--actor", "clerk", "--legal-basis", "26 USC 6051")
UNITS = 2_000
FOLLOW_IN_SMALL_STEPS = """
from api.assess.follow import Follower
from citizens import open_log
from tests.api.households import program
import sys
with open_log(sys.argv[1]) as log:
    follower = Follower(log, program())
    while follower.step(20):
        pass
"""
DAY = date(2024, 1, 1)
SEED = int(os.environ.get("RULEWRIGHT_KILL_SEED", "1"))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with the sample in it."""
    folder = tmp_path_factory.mktemp("history")
    tables = sample_tables()
    units = tables["tax_unit"].slice(0, UNITS).drop_columns(["weight", "state_fips"])
    inside = pc.is_in(tables["person"]["tax_unit_id"], value_set=units["tax_unit_id"].combine_chunks())
    pq.write_table(units, folder / "tax_units.parquet")
    pq.write_table(tables["person"].filter(inside), folder / "people.parquet")
    files = (folder / "people.parquet", folder / "tax_units.parquet")
    done = run("log", "import", "--create", *files, "--log", folder / "sample.db", "--valid-from", "2024-01-01", *BASIS)
    assert done.returncode == 0, done.stderr
    return folder / "sample.db"


@pytest.fixture
def log(sample: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(sample, tmp_path / "citizens.db"))


@pytest.fixture(scope="module")
def finished(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after an annual run that nothing disturbed."""
    folder = Path(shutil.copytree(sample, tmp_path_factory.mktemp("finished") / "citizens.db"))
    assert run("annual", "us", "--year", "2024", "--log", folder).returncode == 0
    return folder


@pytest.fixture
def assessed(finished: Path, tmp_path: Path) -> Path:
    """A copy of that."""
    return Path(shutil.copytree(finished, tmp_path / "assessed.db"))


def answer(*arguments: str | Path) -> dict[str, Any]:
    """What a command answers in JSON."""
    found_answer: dict[str, Any] = json.loads(run(*arguments, "--json").stdout)
    return found_answer


def late_wages(log: Path, people: list[str], wages: str, name: str = "late") -> None:
    """Record other wages for some people."""
    lines = [
        f'{{"subject": "person/{person}", "id": "{name}-{person}", "reason": "an amended form",'
        f' "corrects": {{"2024-01-01": {{"employment_income": {wages}}}}}}}'
        for person in people
    ]
    done = run("log", "append", "--create", "-", "--log", log, *BASIS, stdin="\n".join(lines))
    assert done.returncode == 0, done.stderr


def people_of(log: Path, count: int) -> list[str]:
    """The ids of the first people."""
    with open_log(log, write=False) as opened:
        return list(opened.snapshot(DAY).tables["person"].ids[:count])


def standing(log: SqliteLog) -> dict[str, object]:
    """The figures that stand of every tax unit."""
    by_name: dict[str, object] = {}
    after = 0
    while events := log.read_assessments(after, 5_000):
        after = events[-1].offset
        by_name |= {event.subject: event.body.figures for event in events if isinstance(event.body, Assessment)}
    return by_name


def assessments(log: SqliteLog) -> int:
    """How many there are."""
    return log.stats().by_kind.get("assessment", 0)


def check_sound(log: SqliteLog) -> None:
    """The chain holds, and the books balance."""
    log.verify().require()
    events = log.read(0, 1_000_000)
    assert any(isinstance(event.body, Posting) for event in events)
    assert trial_balance(events)["USD"].total == 0


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    return python("-m", "api.cli", *arguments)


def python(*arguments: str | Path) -> subprocess.Popen[str]:
    """A process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def known_to(log: Path) -> int:
    """The offset up to which the annual run read facts: the end of the import."""
    with open_log(log, write=False) as opened:
        return opened.position("annual-income_tax-2024")


def kill_after(process: subprocess.Popen[str], log: Path, more_events: int) -> bool:
    """Kill the process (kill -9) once it has appended so many events; whether it was still at work."""
    with open_log(log, write=False) as opened:
        target = opened.head() + more_events
        while process.poll() is None and opened.head() < target:
            time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


# --- the annual run


def test_the_annual_run_says_what_it_did_and_does_it_once(log: Path) -> None:
    told = run("annual", "us", "--year", "2024", "--log", log)
    assert told.returncode == 0
    assert "2,000 assessed now" in told.stdout
    again = run("annual", "us", "--year", "2024", "--log", log)
    assert again.stdout.startswith(
        f"income tax 2024: all 2,000 tax units were assessed before, as known at offset {known_to(log):,}\n"
    )
    with open_log(log, write=False) as opened:
        assert assessments(opened) == UNITS
        check_sound(opened)


def test_an_annual_run_that_is_killed_again_and_again_assesses_everybody_once(log: Path, finished: Path) -> None:
    moments = random.Random(SEED)
    killed = 0
    for _ in range(3):
        killed += kill_after(start("annual", "us", "--year", "2024", "--log", log), log, moments.randint(1, 2_500))
    assert killed, "no process was killed at work"
    (told,) = answer("annual", "us", "--year", "2024", "--log", log)["runs"]
    assert told["assessed"] + told["assessed_before"] == told["groups"] == UNITS
    with open_log(log, write=False) as opened, open_log(finished, write=False) as undisturbed:
        assert assessments(opened) == UNITS
        assert standing(opened) == standing(undisturbed)
        assert opened.stats().by_kind == undisturbed.stats().by_kind
        check_sound(opened)


def test_facts_that_are_recorded_between_a_kill_and_the_resumption_are_left_to_the_follower(
    log: Path, finished: Path
) -> None:
    assert kill_after(start("annual", "us", "--year", "2024", "--log", log), log, 600)
    before = known_to(log)
    late_wages(log, people_of(log, 3), "90000.00")
    assert answer("annual", "us", "--year", "2024", "--log", log)["runs"][0]["known_to"] == before
    with open_log(log, write=False) as opened, open_log(finished, write=False) as undisturbed:
        assert standing(opened) == standing(undisturbed)
    assert len(answer("follow", "--once", "--log", log)["changed"]) >= 1


def test_an_annual_run_as_known_earlier_and_not_as_known_at_another_time(log: Path) -> None:
    late_wages(log, people_of(log, 1), "-5.00", "wrong")
    command = ("annual", "us", "--year", "2024", "--log", log)
    with open_log(log, write=False) as opened:
        imported = opened.head() - 1
    assert answer(*command, "--as-known", f"#{imported}")["runs"][0]["failed"] == []
    other = run(*command, "--as-known", "#1000")
    assert other.returncode == 1
    assert f"was begun as known at offset {imported:,}, not 1,000" in other.stderr


def test_who_could_not_be_assessed_is_told_by_every_later_run(tmp_path: Path) -> None:
    event = {
        "subject": "person/ann", "id": "a",
        "facts": {"2024-01-01": {"employment_income": 9, "tax_unit": {"group": "tax_unit/home", "role": "head"}}},
    }  # fmt: skip
    (tmp_path / "events.json").write_text(json.dumps([event]), encoding="utf-8")
    origin = ("--source", "employer", "--legal-basis", "26 USC 6051")
    log = ("--log", tmp_path / "log")
    assert run("log", "append", "--create", tmp_path / "events.json", *log, *origin).returncode == 0
    first, again = (run("annual", "us", "--year", "2024", *log) for _ in range(2))
    assert (first.returncode, again.returncode) == (1, 1)
    assert "0 of 1 tax units were assessed before" in again.stdout
    (told,) = json.loads(run("annual", "us", "--year", "2024", *log, "--json").stdout)["runs"]
    assert (told["failed"], told["failed_before"]) == ([], 1)


def test_an_annual_run_on_nothing_is_refused_with_what_to_do(tmp_path: Path) -> None:
    none = run("annual", "us", "--year", "2024", "--log", tmp_path / "none.db")
    assert (none.returncode, none.stderr.splitlines()[0].startswith("error: there is no log")) == (1, True)
    assert run("annual", "us", "--year", "1890", "--log", tmp_path / "none.db").returncode == 2


# --- following


def test_a_late_fact_is_followed_to_the_ledger(assessed: Path) -> None:
    late_wages(assessed, people_of(assessed, 1), "123456.78")
    told = run("follow", "--once", "--log", assessed)
    assert told.returncode == 0
    assert "adjusted_gross_income +" in told.stdout
    assert "1 event with facts: 1 group assessed again, 1 changed, 0 could not be assessed" in told.stdout
    group = told.stdout.split()[2]
    assert "liability" in run("ledger", group, "--log", assessed).stdout
    late_wages(assessed, people_of(assessed, 1), "-1.00", "wrong")
    wrong = run("follow", "--once", "--log", assessed)
    assert wrong.returncode == 1
    assert "`employment_income` is out of the range" in wrong.stderr


def test_following_before_anybody_was_assessed_says_what_to_do_first(log: Path) -> None:
    told = run("follow", "--once", "--log", log)
    assert (told.returncode, "rulewright annual us" in told.stderr) == (1, True)


def test_a_follower_that_is_killed_again_and_again_corrects_everybody_once(assessed: Path, log: Path) -> None:
    people = people_of(assessed, 240)
    late_wages(assessed, people, "61000.50")
    late_wages(log, people, "61000.50")
    moments = random.Random(SEED)
    killed = 0
    for _ in range(2):
        process = python("-c", FOLLOW_IN_SMALL_STEPS, assessed)
        killed += kill_after(process, assessed, moments.randint(1, 150))
    assert killed, "no process was killed at work"
    assert answer("follow", "--once", "--log", assessed)["failed"] == []
    assert run("annual", "us", "--year", "2024", "--log", log).returncode == 0
    with open_log(assessed, write=False) as opened, open_log(log, write=False) as from_nothing:
        assert standing(opened) == standing(from_nothing)
        check_sound(opened)
        for account in (Account.REVENUE, Account.BENEFITS):
            assert balance(opened, account) == balance(from_nothing, account)


def balance(log: SqliteLog, account: Account) -> Decimal:
    """What stands on an account, over everybody."""
    return trial_balance(log.read(0, 1_000_000))["USD"].accounts[account]


def test_a_follower_that_waits_corrects_what_arrives_and_lets_others_write(assessed: Path) -> None:
    process = start("follow", "--every", "0.1", "--json", "--log", assessed)
    assert process.stdout is not None
    try:
        first = json.loads(process.stdout.readline())
        assert first["changed"] == []
        for attempt in range(50):
            try:
                late_wages(assessed, people_of(assessed, 1), "77777.00")
                break
            except (AssertionError, CitizensError):
                time.sleep(0.1 + attempt / 100)
        while not (told := json.loads(process.stdout.readline()))["changed"]:
            pass
        assert told["changed"][0]["differences"]["adjusted_gross_income"]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130


def test_a_second_follower_is_told_that_another_writes(assessed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "SharedLog", partial(SharedLog, patience=1.5))
    with open_log(assessed):
        told = run("follow", "--once", "--log", assessed)
    assert told.returncode == 1
    waiting, error = told.stderr.splitlines()[:2]
    assert waiting.startswith("waiting until another process has written")
    assert error.startswith("error: ") and "is being written by process" in error
