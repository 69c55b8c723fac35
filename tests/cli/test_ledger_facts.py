"""A fact with `ledger`: what somebody owes, by themselves and by their groups, decides permissions and finds people."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.cli.logs import run

RULESET = """
about: Who may travel
law: Travel Act
currency: USD
money_grid: 0.01
rounding: half_up
covers: {from: 2020-01-01, to: 2030-12-31}
entities: {person: {plural: people}}
"""
MODULE = """
about: Who may travel
law: Travel Act
exports: [may_travel, debt]
inputs:
  debt: {entity: person, period: day, type: money, stock: true, label: Debt,
    ledger: {household: [head, spouse]}, absent: 0}
requirements:
  may_travel: {entity: person, period: day, law: Travel Act s. 1, needs: debt <= 100 USD, fails: You owe too much.}
examples:
  - at: 2024-01-01
    given: {person: {debt: 100}}
    expect: {may_travel: true}
"""
EVENTS = """
- subject: person/ada
  id: a
  facts:
    2022-01-01: {household: {group: household/h, role: head}}
    2024-01-01: {household: {group: household/i, role: head}}
- {subject: person/bo, id: b, facts: {2022-01-01: {household: {group: household/h, role: spouse}}}}
- {subject: person/kid, id: k, facts: {2022-01-01: {household: {group: household/h, role: child}}}}
- {subject: person/cy, id: c, facts: {2022-01-01: {household: {group: household/h, role: head}, debt: 7}}}
- {subject: person/zoe, id: z, facts: {2022-01-01: {height: 170}}}
- {subject: household/h, id: r22, refund: {amount: 80.00, period: 2022, currency: USD, cause: r}}
- {subject: household/h, id: r23, payment: {amount: 500.00, period: 2023, currency: USD, cause: r}}
- {subject: household/h, id: r24, refund: {amount: 50.00, period: 2024, currency: USD, cause: r}}
- {subject: household/h, id: eur, refund: {amount: 900.00, period: 2022, currency: EUR, cause: r}}
- {subject: person/ada, id: own, refund: {amount: 5.00, period: 2022, currency: USD, cause: r}}
"""
OWED = {"ada": 85, "bo": 130, "kid": 0, "cy": 7, "zoe": 0}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    land = tmp_path / "land"
    land.mkdir()
    (land / "ruleset.yaml").write_text(RULESET, encoding="utf-8")
    (land / "travel.yaml").write_text(MODULE, encoding="utf-8")
    recorded(tmp_path, EVENTS)
    return tmp_path


def recorded(place: Path, events: str) -> None:
    (place / "events.yaml").write_text(events, encoding="utf-8")
    origin = ("--source", "office", "--legal-basis", "Act", "--create")
    done = run("log", "append", place / "events.yaml", "--log", place / "log", *origin)
    assert done.returncode == 0, done.stderr


def found(place: Path, condition: str, *more: str) -> dict[str, str]:
    told = run("find", place / "land", condition, "--at", "2025-03-01", "--log", place / "log", "--json", *more)
    assert (told.returncode, "household" in told.stderr) == (0, False), told.stderr
    return {row["of"]["id"]: str(row["figures"].get("debt")) for row in json.loads(told.stdout)["rows"]}


def test_everybody_owes_their_own_and_what_their_groups_owed_while_they_had_the_role(place: Path) -> None:
    debts = found(place, "debt >= 0", "--show", "debt")
    assert {who.removeprefix("person/"): float(debt) for who, debt in debts.items()} == OWED


def test_who_has_no_fact_that_the_condition_reads_is_asked_about_too(place: Path) -> None:
    assert set(found(place, "may_travel")) == {f"person/{name}" for name in ("ada", "cy", "kid", "zoe")}


def test_a_permit_rests_on_the_ledger_and_a_bounced_payment_takes_it_back(place: Path) -> None:
    assert run("permit", "key", place / "key.pem").returncode == 0
    signing = ("--key", place / "key.pem", "--register", place / "register", "--log", place / "log")
    issue = (
        "permit",
        "issue",
        place / "land",
        "person/bo",
        "may_travel",
        *signing,
        "--at",
        date.today().isoformat(),
        "--output",
        place / "permit",
    )
    refused = run(*issue)
    assert (refused.returncode, "does not hold for bo" in refused.stderr) == (1, True)
    recorded(place, "- {subject: household/h, id: p, payment: {amount: 30, period: 2022, currency: USD, cause: p}}")
    issued = run(*issue)
    assert issued.returncode == 0, issued.stderr
    recorded(place, "- {subject: household/h, id: q, payment: {amount: -30, period: 2022, currency: USD, cause: q}}")
    follow = ("follow", "--once", "--rules", place / "land", "--log", place / "log")
    told = run(*follow, "--permits", place / "register", "--permit-key", place / "key.pem")
    assert (told.returncode, "1 permit revoked" in told.stdout) == (0, True), told.stderr


def test_rules_without_assessments_follow_permits_in_a_log_that_others_assess(place: Path) -> None:
    assessed = (
        "about: Tax\nlaw: Tax Act\nexports: [tax]\n"
        "inputs:\n  height: {entity: person, period: year, type: integer, label: Height, absent: 0}\n"
        "variables:\n  tax: {entity: person, period: year, type: money, label: Tax, law: T, formula: 1 USD * height}\n"
        "examples:\n  - {at: 2024, given: {person: {height: 3}}, expect: {tax: 3}}\n"
    )
    other = place / "other"
    other.mkdir()
    tax = "assessment:\n  tax: {law: Tax Act, of: person, period: year, liabilities: {tax: Tax}}\n"
    (other / "ruleset.yaml").write_text(RULESET + tax, encoding="utf-8")
    (other / "tax.yaml").write_text(assessed, encoding="utf-8")
    annual = run("annual", other, "--year", "2024", "--log", place / "log")
    assert annual.returncode == 0, annual.stderr
    test_a_permit_rests_on_the_ledger_and_a_bounced_payment_takes_it_back(place)


def test_an_assessment_does_not_read_the_ledger_that_it_posts_to(place: Path) -> None:
    rules = "assessment:\n  fine: {law: Travel Act, of: person, period: month, liabilities: {fine: Fine}}\n"
    (place / "land" / "ruleset.yaml").write_text(RULESET + rules, encoding="utf-8")
    fine = MODULE.replace("[may_travel, debt]", "[may_travel, debt, fine]").replace(
        "requirements:",
        "variables:\n  fine: {entity: person, period: month, type: money, label: Fine, law: T, formula: debt @ end}\n"
        "requirements:",
    )
    (place / "land" / "travel.yaml").write_text(fine, encoding="utf-8")
    refused = run("annual", place / "land", "--year", "2024", "--log", place / "log")
    assert refused.returncode != 0
    assert "reads `debt` from the ledger" in refused.stderr, refused.stderr
