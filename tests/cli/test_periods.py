"""Which period a command answers for: never one that would have to be guessed, and its days are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import run

PROGRAMS = Path(__file__).parents[1] / "language" / "programs"
COVERED = """\
about: A benefit of a month, from a day within one
law: Act
currency: USD
covers: {from: 2024-04-06, to: 2026-12-31}
entities: {person: {plural: people}}
"""
BENEFIT = """\
about: A benefit
law: Act
exports: [benefit]
inputs:
  resources: {entity: person, period: day, type: money, stock: true, label: Savings}
variables:
  benefit:
    {label: Benefit, entity: person, period: month, type: boolean, law: s. 1, formula: resources @ start <= 2_000 USD}
examples:
  - at: 2024-05
    given: {person: {resources: 1}}
    expect: {benefit: true}
"""


@pytest.fixture
def wages(tmp_path: Path) -> Path:
    path = tmp_path / "case.yaml"
    path.write_text("complete: true\nperson: {wage: {tax_month:2024-04-06..tax_month:2025-03-06: 100}}\n", "utf-8")
    return path


@pytest.fixture
def land(tmp_path: Path) -> Path:
    folder = tmp_path / "land"
    folder.mkdir()
    (folder / "ruleset.yaml").write_text(COVERED, encoding="utf-8")
    (folder / "benefit.yaml").write_text(BENEFIT, encoding="utf-8")
    return folder


def test_a_bare_year_is_that_of_the_ruleset_and_its_days_are_told(wages: Path) -> None:
    done = run("calc", PROGRAMS / "calendars", wages, "--at", "2024", "--want", "wages_of_year")
    assert done.stdout == "wages_of_year  1,200 GBP (tax_year:2024, 2024-04-06 to 2025-04-05)\n"
    told = run("calc", PROGRAMS / "calendars", wages, "--at", "2024", "--want", "wages_of_year", "--json")
    data = json.loads(told.stdout)
    assert data["results"][0]["days"] == "2024-04-06 to 2025-04-05"


def test_a_year_that_touches_two_is_refused(wages: Path) -> None:
    done = run("calc", PROGRAMS / "calendars", wages, "--at", "year:2024", "--want", "wages_of_year")
    assert done.returncode == 2
    assert "`wages_of_year` is per tax_year, and 2024 touches 2 of them" in done.stderr
    assert "`tax_year:2024` (2024-04-06 to 2025-04-05)" in done.stderr


def test_a_batch_guesses_no_period_either(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("person_id,resources\na,5000\n", encoding="utf-8")
    options = ("--input", tmp_path / "people.csv", "--want", "wages_of_year", "--output", "-", "--at", "year:2024")
    done = run("batch", PROGRAMS / "calendars", *options)
    assert done.returncode == 2
    assert "2024 touches 2 of them" in done.stderr


def test_savings_without_a_day_hold_throughout_the_month_in_a_table_too(land: Path, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("person_id,resources\na,5000\nb,2000\n", encoding="utf-8")
    options = ("--input", tmp_path / "people.csv", "--want", "benefit", "--output", "-", "--at", "2024-10")
    assert run("batch", land, *options).stdout.splitlines()[1:] == ["a,false,", "b,true,"]
    (tmp_path / "people.csv").write_text("person_id,resources@from 2024-10-02\na,1\n", encoding="utf-8")
    assert "cannot be determined" in run("batch", land, *options, "--missing", "unknown").stdout


def test_a_month_that_begins_before_the_rules_is_refused_and_nothing_is_asked(land: Path, tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text("person: {resources: 1}\n", encoding="utf-8")
    done = run("calc", land, case, "--at", "2024-04", "--want", "benefit")
    assert done.returncode == 2
    assert "`benefit` for 2024-04 begins before 2024-04-06" in done.stderr
    assert run("calc", land, case, "--at", "2024-05", "--want", "benefit").stdout == "benefit  yes\n"
