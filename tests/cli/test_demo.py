"""The demonstration, and the sample that it computes."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

from citizens.sample import load_sample
from tests.cli.command import run


def test_demo_shows_totals_a_household_and_what_to_try() -> None:
    done = run("demo", "--units", "25")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("25 tax units")
    for words in ("Adjusted gross income", "Earned income credit: 5,190.96 USD", "26 USC 32", "What to try next"):
        assert words in done.stdout


def test_demo_in_json() -> None:
    answer = json.loads(run("demo", "--units", "25", "--json").stdout)
    assert answer["units"] == 25
    assert {figure["figure"] for figure in answer["figures"]} >= {"adjusted_gross_income", "eitc", "income_tax"}
    assert all(isinstance(figure["total"], str) for figure in answer["figures"])


def _where(table: pa.Table, column: str, value: str) -> pa.Table:
    return table.filter(pc.field(column) == value)


def test_the_sample_holds_together() -> None:
    sample = load_sample()
    assert sample.tax_units.num_rows == 10_000
    assert 1.5e8 < float(pc.sum(sample.tax_units["weight"]).as_py()) < 2.5e8
    heads = _where(sample.people, "role", "head")
    assert heads["tax_unit_id"].to_pylist() == sample.tax_units["tax_unit_id"].to_pylist()
    joint = _where(sample.tax_units, "filing_status", "joint")
    spouses = _where(sample.people, "role", "spouse")
    assert spouses["tax_unit_id"].to_pylist() == joint["tax_unit_id"].to_pylist()
    assert pc.max(sample.people["age"]).as_py() <= 85


def test_the_first_part_of_the_sample_has_its_people() -> None:
    sample = load_sample(50)
    assert sample.tax_units.num_rows == 50
    assert set(sample.people["tax_unit_id"].to_pylist()) == set(sample.tax_units["tax_unit_id"].to_pylist())
