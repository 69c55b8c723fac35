"""`annual`, `follow` and `ledger` on rules that are not American: taxes of couples, benefits of households."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.second_land import MODULE, SETTINGS
from tests.cli.command import run, write_rules

EVENTS = """
- {subject: citizen/ana, id: a, facts: {2024-01-01: {pay: 30_000, withheld: 7_000, born: 1985-05-05,
    couple: {group: couple/c, role: partner}, household: {group: household/h, role: resident}}}}
- {subject: citizen/ben, id: b, facts: {2024-01-01: {pay: 10_000, born: 1984-05-05, attended: true,
    couple: {group: couple/c, role: partner}, household: {group: household/h, role: resident}}}}
- {subject: citizen/cat, id: c, facts: {2024-01-01: {born: 2006-03-15,
    household: {group: household/h, role: resident}}}}
"""
BASIS = ("--source", "register", "--legal-basis", "Basic Law")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return write_rules(tmp_path / "land", MODULE, SETTINGS)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    made = tmp_path / "land.db"
    assert run("log", "append", "--create", "-", "--log", made, *BASIS, stdin=EVENTS).returncode == 0
    return made


def told(*arguments: str | Path, stdin: str = "") -> Any:
    done = run(*arguments, "--json", stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def lines(log: Path, subject: str) -> list[tuple[str, str | None, str, str]]:
    """A subject's postings: the movement, the account, the period, the amount."""
    result = told("ledger", subject, "--log", log)["lines"]
    return [(entry["movement"], entry["account"], entry["period"], entry["amount"]) for entry in result]


def test_the_rules_of_the_land_are_sound(rules: Path) -> None:
    assert run("check", rules).returncode == 0
    assert run("test", rules).returncode == 0


def test_every_assessment_of_the_year_is_made(rules: Path, log: Path) -> None:
    runs = told("annual", rules, "--year", "2024", "--log", log)["runs"]
    assert [(other_run["assessment"], other_run["period"]) for other_run in runs[:3]] == [
        ("taxes", "2024"),
        ("family_benefit", "2024-01"),
        ("family_benefit", "2024-02"),
    ]
    assert len(runs) == 1 + 12 + 12
    assert runs[0]["totals"] == {
        "couple_income": "40000.00",
        "income_tax": "8000.00",
        "church_tax": "720.00",
        "tax_withheld": "7000.00",
    }
    assert lines(log, "couple/c") == [
        ("liability", "Income tax", "2024", "8000.00"),
        ("liability", "Church tax", "2024", "720.00"),
        ("payment", "Tax withheld", "2024", "7000.00"),
    ]
    # Cat turns 18 on 15 March: the benefit of March is the last, and each month is paid out
    assert lines(log, "household/h") == [
        (movement, account, f"2024-0{month}", "250.00")
        for month in (1, 2, 3)
        for movement, account in (("entitlement", "Child benefit"), ("refund", None))
    ]
    assert len(lines(log, "citizen/ben")) == 24
    assert lines(log, "citizen/ana") == []


def test_a_late_fact_corrects_taxes_and_benefits_each_for_its_own_people(rules: Path, log: Path) -> None:
    told("annual", rules, "--year", "2024", "--log", log)
    late = """
- {subject: citizen/cat, id: c2, corrects: {2024-01-01: {born: 2006-01-15}}, reason: register}
- {subject: citizen/ben, id: b2, corrects: {2024-01-01: {pay: 11_000}}, reason: register}
"""
    assert run("log", "append", "--create", "-", "--log", log, *BASIS, stdin=late).returncode == 0
    changed = told("follow", "--rules", rules, "--once", "--log", log)["changed"]
    assert {(change["assessment"], change["period"], change["group"]) for change in changed} == {
        ("taxes", "2024", "couple/c"),
        ("family_benefit", "2024-02", "household/h"),
        ("family_benefit", "2024-03", "household/h"),
    }
    assert lines(log, "couple/c")[3:] == [
        ("liability", "Income tax", "2024", "200.00"),
        ("liability", "Church tax", "2024", "18.00"),
    ]
    # the benefit of two months was paid out too much and is owed back
    owed = told("ledger", "household/h", "--log", log)["balances"]["EUR"]
    assert owed["by_period"] == {"2024-01": "0.00", "2024-02": "250.00", "2024-03": "250.00"}


def test_rules_that_do_not_say_what_is_assessed_are_refused(tmp_path: Path, log: Path) -> None:
    silent = write_rules(tmp_path / "silent", MODULE, SETTINGS[: SETTINGS.index("assessment:")])
    done = run("annual", silent, "--year", "2024", "--log", log)
    assert done.returncode == 1
    assert "do not say what an assessment consists of" in done.stderr
    assert "add `assessment:` to ruleset.yaml" in done.stderr
