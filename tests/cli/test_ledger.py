"""`rulewright ledger`: what a subject owes and is owed, and that it adds up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.logs import append, ask, run

EVENTS = """\
- {subject: person/ada, id: f, facts: {2024-01-01: {wages: 1, tax_unit: {group: tax_unit/home, role: head}}}}
- {subject: tax_unit/home, id: p1, payment: {amount: 5_000.00, period: 2024, currency: USD, cause: wire 1}}
- {subject: tax_unit/home, id: p2, refund: {amount: 600.00, period: 2024, currency: USD, cause: letter 2}}
- {subject: tax_unit/home, id: p3, payment: {amount: 100, period: 2023, currency: USD, cause: wire 3}}
- {subject: tax_unit/home, id: p4, payment: {amount: 7.50, period: 2024, currency: EUR, cause: wire 4}}
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with payments and a refund."""
    append(tmp_path / "log", EVENTS)
    return tmp_path / "log"


def test_every_movement_stands_with_the_balance_after_it(log: Path) -> None:
    lines = ask("ledger", "tax_unit/home", "--log", log)["lines"]
    shown = [
        (other_line["movement"], other_line["period"], other_line["amount"], other_line["balance"], other_line["cause"])
        for other_line in lines
    ]
    assert shown == [
        ("payment", "2024", "5000.00", "-5000.00", "wire 1"),
        ("refund", "2024", "600.00", "-4400.00", "letter 2"),
        ("payment", "2023", "100", "-4500.00", "wire 3"),
        ("payment", "2024", "7.50", "-7.50", "wire 4"),
    ]
    for line in lines:
        assert sum(Decimal(amount) for amount in line["entries"].values()) == 0


def test_balances_are_kept_apart_by_currency_and_period(log: Path) -> None:
    balances = ask("ledger", "tax_unit/home", "--log", log)["balances"]
    assert (balances["USD"]["owed"], balances["USD"]["by_period"]) == ("-4500.00", {"2024": "-4400.00", "2023": "-100"})
    assert balances["EUR"]["accounts"] == {"subject": "-7.50", "revenue": "0", "benefits": "0", "cash": "7.50"}


def test_a_person_reads_who_owes_whom(log: Path) -> None:
    shown = run("ledger", "tax_unit/home", "--log", log).stdout
    assert shown.startswith("tax_unit/home, in USD\n\nrecorded ")
    for line in ("2024    4,400.00  owed to tax_unit/home", "all     4,500.00  owed to tax_unit/home"):
        assert line in shown
    assert shown.index("tax_unit/home, in EUR") > shown.index("wire 3")


def test_the_books_as_known_earlier(log: Path) -> None:
    assert ask("ledger", "tax_unit/home", "--known", "#2", "--log", log)["balances"]["USD"]["owed"] == "-5000.00"


def test_a_person_is_pointed_to_the_group_that_is_assessed(log: Path) -> None:
    shown = run("ledger", "person/ada", "--log", log).stdout
    assert shown.splitlines() == [
        "person/ada: nothing was posted",
        "person/ada is in tax_unit/home: see `rulewright ledger tax_unit/home`",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["tax_unit/none"], 1, "nothing is recorded of `tax_unit/none`"),
        (["home"], 2, "`home` is not a subject"),
        (["tax_unit/home", "--known", "1999-01-01"], 1, "nothing was known of `tax_unit/home` then"),
        ([], 2, "SUBJECT"),
    ],
)
def test_a_ledger_that_there_is_not(log: Path, arguments: list[str], code: int, words: str) -> None:
    done = run("ledger", *arguments, "--log", log)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def test_a_payment_that_is_posted_twice_counts_once(log: Path) -> None:
    assert append(log, EVENTS)["duplicates"] == 5
    assert len(ask("ledger", "tax_unit/home", "--log", log)["lines"]) == 4


TAXED = """\
- subject: person/ada
  id: f
  facts: {2024-01-01: {age: 34, employment_income: 50_000.00, tax_unit: {group: tax_unit/home, role: head}}}
"""
LATE = """\
- {subject: person/ada, id: late, corrects: {2024-01-01: {employment_income: 60_000.00}}, reason: amended W-2}
"""


def test_who_is_taxed_reads_why_a_correction_was_made(tmp_path: Path) -> None:
    log = tmp_path / "log"
    append(log, TAXED)
    ask("annual", "us", "--year", "2024", "--log", log)
    append(log, LATE)
    late = ask("log", "stats", "--log", log)["head"]
    ask("follow", "--once", "--log", log)
    first, second = ask("ledger", "tax_unit/home", "--log", log)["lines"]
    reason = f"facts recorded since the assessment: employment_income (person, #{late})"
    assert (first["reason"], second["reason"]) == (None, reason)
    assert f"\n{second['cause']}: {reason}\n" in run("ledger", "tax_unit/home", "--log", log).stdout


SNAP = """\
- {subject: person/ada, id: f, facts: {2024-10-01: {birth_date: 1990-01-01, wages_of_month: 900}}}
- {subject: person/ada, id: g, facts: {2024-01-01: {snap_unit: {group: snap_unit/home, role: snap_member}}}}
- {subject: snap_unit/home, id: s, facts: {2024-10-01: {snap_state: ohio, snap_issued: 100}}}
"""
LATE_WAGES = """\
- {subject: person/ada, id: late, corrects: {2024-10-01: {wages_of_month: 1_100}}, reason: pay slip}
"""


def test_a_late_pay_slip_shows_how_much_snap_was_paid_too_much(tmp_path: Path) -> None:
    log = tmp_path / "log"
    append(log, SNAP)
    (october,) = ask("annual", "us", "--year", "2024-10", "--log", log)["runs"]  # of tax units there are none
    assert (october["assessment"], october["totals"]["snap"], october["paid_back"]) == ("snap", "137.00", "37.00")
    append(log, LATE_WAGES)
    ask("follow", "--once", "--log", log)
    balances = ask("ledger", "snap_unit/home", "--log", log)["balances"]
    assert balances["USD"]["by_period"] == {"2024-10": "48.00"}


COUPLE = """\
- subject: person/ada
  id: f
  facts: {2024-10-01: {birth_date: 1990-01-01, snap_unit: {group: snap_unit/home, role: snap_member}}}
- subject: person/ben
  id: g
  facts: {2024-10-01: {birth_date: 1990-01-01, snap_unit: {group: snap_unit/home, role: snap_member}}}
- subject: snap_unit/home
  id: s
  facts: {2024-11-01: {snap_state: ohio, snap_issued: 536}, 2024-12-01: {snap_issued: 536}}
"""
DEATH = """\
- {subject: person/ben, id: late, facts: {2024-11-10: {date_of_death: 2024-11-10}}, reason: register of deaths}
"""


def told_late(folder: Path, events: str) -> Path:
    """A log in which a death became known after two months had been assessed, and was followed."""
    log = folder / "log"
    append(log, events)
    for month in ("2024-11", "2024-12"):
        ask("annual", "us", "--year", month, "--log", log)
    append(log, DEATH)
    ask("follow", "--once", "--log", log)
    return log


def test_a_death_told_late_shows_how_much_snap_was_paid_for_the_dead(tmp_path: Path) -> None:
    log = told_late(tmp_path, COUPLE)
    balances = ask("ledger", "snap_unit/home", "--log", log)["balances"]
    assert balances["USD"]["by_period"] == {"2024-11": "0.00", "2024-12": "244.00"}


EARNER = COUPLE.replace(
    "role: snap_member}}}\n- subject: snap_unit",
    "role: snap_member}}, 2024-11-01: {wages_of_month: 3_000}, 2024-12-01: {wages_of_month: 3_000}}\n"
    "- subject: snap_unit",
).replace("536", "0")


def test_a_death_told_late_shows_how_much_snap_was_not_paid_to_the_widow(tmp_path: Path) -> None:
    log = told_late(tmp_path, EARNER)
    lines = ask("ledger", "snap_unit/home", "--log", log)["lines"]
    moved = [(line["movement"], line["period"], line["amount"]) for line in lines]
    assert moved == [("entitlement", "2024-12", "292.00"), ("refund", "2024-12", "292.00")]


def test_who_erases_an_account_is_told_first_what_is_open_in_it(log: Path) -> None:
    due = "- {subject: tax_unit/home, id: p5, refund: {amount: 900.25, period: 2022, currency: USD, cause: letter 5}}\n"
    append(log, due)
    asked = ("log", "erase", "tax_unit/home", "--yes", "--reason", "r", "--legal-basis", "b", "--log", log)
    refused = run(*asked)
    assert (refused.returncode, "nothing was erased: `tax_unit/home` owes 900.25 USD for 2022; " in refused.stderr) == (
        *(1, True),
    )
    assert run("log", "show", "tax_unit/home", "--log", log).returncode == 0
    done = run(*asked, "--open-accounts")
    assert done.returncode == 0, done.stderr
    assert "`tax_unit/home` owes 900.25 USD for 2022: once it is erased" in done.stderr
    assert "`tax_unit/home` is owed 4,500.00 USD for 2023, 2024: once it is erased" in done.stderr
    assert "`tax_unit/home` is owed 7.50 EUR for 2024: once it is erased" in done.stderr


def test_who_erases_a_subject_without_an_account_is_told_nothing_of_one(log: Path) -> None:
    append(log, "- {subject: person/bob, id: g, facts: {2024-01-01: {wages: 1}}}\n")
    done = run("log", "erase", "person/bob", "--yes", "--reason", "r", "--legal-basis", "b", "--log", log)
    assert done.returncode == 0 and "owe" not in done.stderr


def test_a_member_of_a_group_whose_account_is_open_is_not_erased(log: Path) -> None:
    """The group's debt stayed in the books, and nobody was left who owed it."""
    asked = ("log", "erase", "person/ada", "--yes", "--reason", "r", "--legal-basis", "b", "--log", log)
    refused = run(*asked)
    told = "`person/ada` belongs to a group whose account is open: `tax_unit/home` is owed 4,500.00 USD for 2023, 2024"
    assert (refused.returncode, told in refused.stderr) == (1, True), refused.stderr
    assert run("log", "show", "person/ada", "--log", log).returncode == 0
    done = run(*asked, "--open-accounts")
    assert (done.returncode, told in done.stderr) == (0, True), done.stderr


def test_an_account_that_is_open_outlasts_its_retention_class(log: Path) -> None:
    """It was erased with the rest, and nobody was told."""
    append(log, "- {subject: person/bob, id: g, facts: {2024-01-01: {wages: 1}}}\n")
    today = datetime.now(UTC).date().isoformat()
    asked = ("log", "erase", "--expired", f"tax={today}", "--yes", "--reason", "r", "--legal-basis", "b")
    done = run(*asked, "--log", log)
    assert (done.returncode, "erased: 1 subject " in done.stdout) == (0, True), done.stderr
    assert "`tax_unit/home` is owed 4,500.00 USD for 2023, 2024: kept" in done.stderr
    assert "`--open-accounts`" in done.stderr
    assert run("log", "show", "person/bob", "--log", log).returncode == 1
    assert run("log", "show", "person/ada", "--log", log).returncode == 0, "whose account it is"
    answer = ask(*asked, "--log", log)
    assert (answer["erased"], answer["kept"]) == (0, ["tax_unit/home"])
    done = run(*asked, "--open-accounts", "--log", log)
    assert (done.returncode, "erased: 2 subjects" in done.stdout) == (0, True), done.stderr
    assert "`tax_unit/home` is owed 4,500.00 USD for 2023, 2024: once it is erased" in done.stderr
