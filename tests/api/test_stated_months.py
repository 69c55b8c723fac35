"""Months that are stated beside a year's figure that does not count them: a note, and no figure moves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import run, write_rules

MODULE = """\
about: Pay by the year, and a month's part of it
law: Pay Act
exports: [tax, pay_of_month]
inputs:
  pay: {entity: person, period: year, type: money, label: Pay, range: 0 .. 1_000_000, absent: 0}
variables:
  pay_of_month:
    {label: Pay of a month, entity: person, period: month, type: money, law: s. 1, formula: "spread(pay, months)"}
  tax: {label: Tax, entity: person, period: year, type: money, law: s. 2, formula: 10% * pay}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return write_rules(tmp_path / "land", module=MODULE)


def told(rules: Path, ann: str, want: str = "tax") -> str:
    """What `calc` says on stderr of Ann's facts."""
    done = run("calc", rules, "-", "--want", want, stdin=f"at: 2024\ncomplete: true\npeople: {{ann: {ann}}}\n")
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_months_that_the_year_does_not_count_are_told(rules: Path) -> None:
    """The year's tax was nothing, and nobody was told."""
    note = told(rules, "{pay_of_month: {2024-01..2024-12: 100}}")
    assert "`pay_of_month` of `ann` is stated for 12 of 12 months of 2024 and comes to 1,200 USD" in note
    assert "`pay`, which figures of the whole year read, is 0 USD: state that too" in note
    assert "1 of 12 months of 2024 and comes to 100 USD" in told(rules, "{pay_of_month: {2024-03: 100}, pay: 99}")
    assert "comes to 1,200 USD" in told(rules, "{pay_of_month: {2024-01..2024-12: 100}, pay: 1_300}")


@pytest.mark.parametrize(
    "ann",
    [
        "{pay_of_month: {2024-01..2024-12: 100}, pay: 1_200}",
        "{pay_of_month: {2024-03: 100}, pay: 1_200}",
        "{pay: 1_200}",
    ],
)
def test_months_that_the_year_can_hold_are_not_told(rules: Path, ann: str) -> None:
    assert told(rules, ann) == ""


def test_a_year_that_nobody_asked_about_is_not_told(rules: Path) -> None:
    case = "at: 2024-03\ncomplete: true\npeople: {ann: {pay_of_month: 100}}\n"
    done = run("calc", rules, "-", "--want", "pay_of_month", stdin=case)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["pay_of_month", "100", "USD"], "")


def test_why_and_json_tell_it_too(rules: Path) -> None:
    case = "at: 2024\ncomplete: true\npeople: {ann: {pay_of_month: {2024-03: 100}}}\n"
    assert "state that too" in run("why", rules, "-", "tax", stdin=case).stderr
    answer = json.loads(run("calc", rules, "-", "--want", "tax", "--json", stdin=case).stdout)
    assert ["state that too" in note for note in answer["stated_otherwise"]] == [True]
