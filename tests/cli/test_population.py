"""`rulewright population describe`: on the shipped sample, against sums taken from the files themselves."""

from __future__ import annotations

import json
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from citizens.sample import load_homes, load_sample
from tests.cli.command import run


@pytest.fixture(scope="module")
def found() -> Any:
    done = run("population", "describe", "us", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_rows_weights_and_totals_are_those_of_the_files(found: Any) -> None:
    sample = load_sample()
    columns: list[list[Any]] = [sample.tax_units[name].to_pylist() for name in ("tax_unit_id", "weight")]
    weights = dict(zip(*columns, strict=True))
    assert found["rows"] == {"person": len(sample.people), "tax_unit": len(sample.tax_units)}
    assert Fraction(found["weight"]) == sum(map(Fraction, weights.values()))
    units = sample.people["tax_unit_id"].to_pylist()
    for name in ("employment_income", "farm_income", "social_security"):
        amounts: list[Any] = sample.people[name].to_pylist()
        fact = next(other_fact for other_fact in found["facts"] if other_fact["fact"] == name)
        whole = sum(Fraction(weights[unit]) * amount for unit, amount in zip(units, amounts, strict=True))
        assert Fraction(fact["total"]) == whole
        assert fact["not_zero"] == sum(amount != 0 for amount in amounts)


def test_households_are_who_share_a_home_in_the_files() -> None:
    sample = load_homes()
    units: list[list[Any]] = [sample.tax_units[name].to_pylist() for name in ("tax_unit_id", "weight")]
    weights = dict(zip(*units, strict=True))
    shared: list[list[Any]] = [sample.people[name].to_pylist() for name in ("dwelling_id", "tax_unit_id")]
    homes = dict(zip(*shared, strict=True))
    people = Counter(shared[0])
    weight = {home: Fraction(weights[unit]) for home, unit in homes.items()}
    done = run("population", "describe", "us", "--population", "cps-homes", "--json")
    assert done.returncode == 0, done.stderr
    described = json.loads(done.stdout)["households"]
    whole = sum(weight.values(), Fraction(0))
    assert described["n"] == len(homes) == len(sample.dwellings)
    assert Fraction(described["weight"]) == whole
    mean = sum((weight[home] * size for home, size in people.items()), Fraction(0)) / whole
    assert abs(Fraction(described["mean_size"]) - mean) <= Fraction(1, 2000)
    alone = sum((weight[home] for home, size in people.items() if size == 1), Fraction(0))
    assert abs(Fraction(described["share_by_size"]["1 person"]) - 100 * alone / whole) <= Fraction(1, 200)


def test_what_is_not_in_it_is_said(found: Any) -> None:
    assert "long_term_capital_gains" in found["incomes_without"]
    assert "employment_income" not in found["incomes_without"]
    assert any("Dependents' ages are drawn" in note for note in found["notes"])


def test_few_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("tax_unit_id,role,age,employment_income\nu,head,40,5000\n")
    (tmp_path / "tax_units.csv").write_text("tax_unit_id,weight\nu,3\n")
    files = [word for name in ("people", "tax_units") for word in ("--population", f"{name}.csv")]
    done = run("population", "describe", *files, "--at", "2024", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"employment_income +person +fewer than 10$", done.stdout, re.MULTILINE)
    assert "15000" not in done.stdout


def test_the_samples_weights_grow_as_the_surveys_total_does() -> None:
    years = {
        year: json.loads(run("population", "describe", "us", "--at", year, "--json").stdout)
        for year in ("2024", "2026")
    }
    totals = {year: Fraction(described["weight"]) for year, described in years.items()}
    assert abs(totals["2026"] / totals["2024"] - Fraction("220134997.82") / Fraction("214875995.16")) < Fraction(
        1, 10**9
    )
    assert any("Weights of 2024 were multiplied by 1.024475" in note for note in years["2026"]["notes"])
    assert not any("Weights of" in note for note in years["2024"]["notes"])


def test_a_command_that_is_left_out_is_told(tmp_path: Path) -> None:
    done = run("population", "us")
    assert (done.returncode, done.stdout) == (2, "")
    assert "`rulewright population describe us`" in done.stderr
    assert "did you mean `describe`?" in run("population", "descibe", "us").stderr
    missing = run("population", "describe", "us", "--view", tmp_path / "view.yaml")
    assert missing.returncode == 2
    assert "there is no view" in missing.stderr


def test_which_benefits_a_population_determines_is_said(tmp_path: Path) -> None:
    done = run("population", "describe", "us", "--population", "cps-homes", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lacking = {benefit["label"]: benefit["missing"] for benefit in json.loads(done.stdout)["benefits"]}
    assert lacking["SNAP"] == ["snap_unit", "takes_up_snap"]
    assert lacking["WIC"] == ["takes_up_wic"]
    told = run("population", "describe", "us", cwd=tmp_path).stdout
    assert "benefits of households that this population determines: none\n" in told
    assert "  SNAP: not without `dwelling`, `snap_unit`, `takes_up_snap`\n" in told
