"""Subjects of no entity of the rules, and facts recorded for other times than they are read for, are told of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import write_rules
from tests.cli.logs import BASIS, append, ask, run
from tests.cli.test_unread import MODULE

ASSESSMENT = """\
assessment:
  levy: {law: Tax Act, of: person, period: year, liabilities: {tax: Tax}}
"""
EVENTS = """\
- {subject: person/ann, id: a, facts: {2024-01-01: {wages: 100.00}}}
- {subject: persom/bo, id: b, facts: {2024-01-01: {wages: 100.00}}}
- {subject: person/cy, id: c, facts: {2023-01-01: {loss: 100.00}}}
"""
UNKNOWN = "the log has subjects `persom/…`, and the rules know no entity `persom`: their facts are not read"
STRAY = "`wages` is read for 2025, and was recorded for 2024-01-01 only: nothing reads it"


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.cli.command import SETTINGS

    return write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS + ASSESSMENT)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    append(tmp_path / "log.db", EVENTS)
    return tmp_path / "log.db"


def test_an_annual_run_and_who_follows_it_name_what_the_rules_do_not_know(land: Path, log: Path) -> None:
    told = run("annual", land, "--year", "2024", "--log", log)
    assert told.returncode == 0 and UNKNOWN in told.stderr and "did somebody mean `person`?" in told.stderr
    assert "annual_run" not in told.stderr and "`loss`" not in told.stderr
    assert ask("annual", land, "--year", "2024", "--log", log)["unread"] == [f"{UNKNOWN} (did somebody mean `person`?)"]
    followed = run("follow", "--rules", land, "--once", "--log", log, "--json")
    assert UNKNOWN in followed.stderr and json.loads(followed.stdout)["unread"]


def test_facts_that_no_rules_know_are_named(land: Path, log: Path) -> None:
    append(log, "- {subject: person/ann, id: e, facts: {2024-01-01: {wagez: 9.00, zzz: 1}}}")
    close = (
        "`wagez` is recorded of a person, and the rules know no such fact: it is not read (did somebody mean `wages`?)"
    )
    other = "`zzz` is recorded of a person, and the rules know no such fact: it is not read"
    told = ask("annual", land, "--year", "2024", "--log", log)["unread"]
    assert told[1:] == [close, other]
    assert close in ask("find", land, "tax > 0 USD", "--at", "2024", "--log", log)["unread"]


def test_facts_that_were_recorded_for_other_times_alone_are_named(land: Path, log: Path) -> None:
    told = run("annual", land, "--year", "2025", "--log", log)
    assert STRAY in told.stderr, told.stderr
    append(log, "- {subject: person/dee, id: d, facts: {2025-01-01: {loss: 5.00}}}")
    condition = "tax > 0 USD or carried > 0 USD"
    assert ask("find", land, condition, "--at", "2025", "--log", log)["unread"][1:] == [STRAY]
    assert "wages" not in run("find", land, "tax > 0 USD", "--at", "2024", "--log", log).stderr


@pytest.mark.parametrize("partitions", [2, 3])
def test_what_one_partition_reads_is_read(land: Path, tmp_path: Path, partitions: int) -> None:
    log = tmp_path / "parts"
    assert run("log", "create", "--log", log, "--partitions", str(partitions)).returncode == 0
    people = "".join(
        f"- {{subject: person/p{at}, id: p{at}, facts: {{202{at % 2 + 3}-01-01: {{wages: 1.00}}}}}}\n"
        for at in range(9)
    )
    append(log, people + EVENTS)
    told = run("find", land, "tax > 0 USD", "--at", "2024", "--log", log)
    assert UNKNOWN in told.stderr and "`wages`" not in told.stderr
    assert (
        "`wages` is read for 2026, and was recorded for days from 2023-01-01 to 2024-01-01 only"
        in run("annual", land, "--year", "2026", "--log", log).stderr
    )


REFUSED = [
    ("persom/bo: {wages: 1.00}", "`persom/bo`: the rules know no entity of this name"),
    ("person/bo: {wage: 1.00}", "2024-01-01 wage: a person has no fact of this name"),
    ("person/bo: {wages: much}", "2024-01-01 wages: the rules take a value of type money here"),
    ("person/bo: {tax_unit: {group: tax_unit/a, role: wife}}", "2024-01-01 tax_unit: a tax_unit has no such role"),
    ("person/bo: {taxunit: {group: tax_unit/a, role: head}}", "a person cannot belong to anything by this name"),
    ("person/bo: {tax_unit: {group: household/a, role: head}}", "the group named here is not a tax_unit"),
    ("tax_unit/a: {wages: 1.00}", "a tax_unit has no fact of this name"),
]


@pytest.mark.parametrize(("event", "message"), REFUSED)
def test_an_append_that_names_its_rules_is_checked_by_them(
    land: Path, tmp_path: Path, event: str, message: str
) -> None:
    subject, _, facts = event.partition(": ")
    text = f"- {{subject: {subject}, id: x, facts: {{2024-01-01: {facts}}}}}\n"
    options = ("--log", tmp_path / "log.db", "--create", "--source", "s", *BASIS)
    told = run("log", "append", "-", *options, "--rules", land, stdin=text)
    assert told.returncode == 1 and message in told.stderr, told.stderr
    assert "nothing was recorded" in told.stderr and not (tmp_path / "log.db").exists()
    taken = run("log", "append", "-", *options, stdin=text)
    assert taken.returncode == 0, "an append without rules takes what other rules may know"


def test_facts_that_the_rules_need_not_know_are_named(land: Path, tmp_path: Path) -> None:
    text = "- {subject: person/bo, id: x, facts: {2024-01-01: {wages: 1.00, email: bo@example.org, tax_unit: null}}}\n"
    options = ("--log", tmp_path / "log.db", "--create", "--source", "s", *BASIS)
    assert "email: a person has no fact" in run("log", "append", "-", *options, "--rules", land, stdin=text).stderr
    assert run("log", "append", "-", *options, "--also", "email", stdin=text).returncode == 2, "by which rules?"
    done = run("log", "append", "-", *options, "--rules", land, "--also", "email", stdin=text)
    assert done.returncode == 0, done.stderr
