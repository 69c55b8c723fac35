"""`population calibrate` and `--columns`, on a small land: totals are met, and what cannot be is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest

from api.failures import Failure
from api.simulate.calibrating import Target, balanced
from tests.cli.command import run, write_rules
from tests.cli.test_simulate import VIEW

MAP = """\
people:
  PERIDNUM: person_id
  TAX_ID: tax_unit_id
  REL: {role: {1: head, 3: dependent}}
  A_AGE: age
  WSAL: wages
tax_units:
  TAX_ID: tax_unit_id
  WT: weight
"""
TARGETS = """\
targets:
  - {units: all, to: 12_000, source: a count}
  - {people: all, to: 18_000}
  - {total: wages, to: 400_000_000}
  - {count: income_tax, to: 9_500}
"""


@pytest.fixture
def land(tmp_path: Path) -> Path:
    write_rules(tmp_path / "rules")
    people, units = ["PERIDNUM,TAX_ID,REL,A_AGE,WSAL,STATE"], ["TAX_ID,WT"]
    for at in range(120):
        people.append(f"p{at},u{at},1,40,{500 * at + 500},9")
        if at % 2:
            people.append(f"c{at},u{at},3,5,0,9")
        units.append(f"u{at},{80 + at % 7}.5")
    (tmp_path / "people.csv").write_text("\n".join(people) + "\n")
    (tmp_path / "tax_units.csv").write_text("\n".join(units) + "\n")
    (tmp_path / "map.yaml").write_text(MAP)
    (tmp_path / "targets.yaml").write_text(TARGETS)
    (tmp_path / "view.yaml").write_text(VIEW)
    (tmp_path / "reform.yaml").write_text("about: None\nlaw: A bill\nset:\n  allowance: {2024-01-01: 0}\n")
    return tmp_path


FILES = ("--population", "people.csv", "--population", "tax_units.csv", "--columns", "map.yaml", "--at", "2024")


def test_a_map_of_columns_reads_files_with_names_of_their_own(land: Path) -> None:
    done = run("simulate", "rules", "--view", "view.yaml", "--reform", "reform.yaml", *FILES, "--json", cwd=land)
    assert done.returncode == 0, done.stderr
    (year,) = json.loads(done.stdout)["years"]
    assert (year["units"], year["people"]) == (120, 180)
    assert "Columns that the map leaves out were not read: STATE." in year["notes"]


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("A_AGE:", "AAGE:", "person: there is no column `AAGE`; did you mean `A_AGE`?"),
        ("WSAL: wages", "WSAL: wage", "person, WSAL: there is no fact `wage`; did you mean `wages`"),
        ("A_AGE: age", "A_AGE: wages", "person: `A_AGE` and `WSAL` are both mapped to `wages`"),
        ("3: dependent", "4: dependent", "person, REL: the map does not say what `3` is, in 60 rows"),
        ("tax_units:", "tax_unts:", "names an entity `tax_unts` that does not exist"),
        ("WT: weight", "WT: [weight]", "does not say what the column `WT` is"),
    ],
)
def test_a_map_that_does_not_fit_is_told_with_a_remedy(land: Path, was: str, now: str, told: str) -> None:
    (land / "map.yaml").write_text(MAP.replace(was, now))
    done = run("simulate", "rules", "--view", "view.yaml", "--reform", "reform.yaml", *FILES, cwd=land)
    assert done.returncode != 0
    assert told in done.stderr


def test_weights_meet_every_target_and_are_read_again(land: Path) -> None:
    asked = ("population", "calibrate", "targets.yaml", "--rules", "rules", "--view", "view.yaml", *FILES)
    done = run(*asked, "--output", "new.csv", "--json", cwd=land)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    for target in report["targets"]:
        assert abs(Fraction(target["after"]) / Fraction(target["to"]) - 1) < Fraction(1, 10**7), target
    assert report["targets"][0]["before"] == f"{sum(80.5 + at % 7 for at in range(120)):.2f}"
    assert report["effective_units_after"] < report["effective_units_before"]
    weights = [float(str(row["weight"])) for row in pyarrow.csv.read_csv(land / "new.csv").to_pylist()]
    assert sum(weights) == pytest.approx(12_000, rel=1e-7) and min(weights) > 0
    (land / "map.yaml").write_text(MAP.replace("  TAX_ID: tax_unit_id\n  WT", "  tax_unit_id: tax_unit_id\n  weight"))
    files = [text.replace("tax_units.csv", "tax_unit=new.csv") for text in FILES]
    again = run("simulate", "rules", "--view", "view.yaml", "--reform", "reform.yaml", *files, "--json", cwd=land)
    assert again.returncode == 0, again.stderr
    assert float(json.loads(again.stdout)["years"][0]["weight"]) == pytest.approx(12_000, rel=1e-7)


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        ("targets: [{count: income_tax, to: 90_000}, {units: all, to: 12_000}]", "no weights meet all targets"),
        ("targets: [{total: income_tx, to: 90}]", "did you mean `income_tax`"),
        ("targets: [{total: wages}]", "target 1 of `targets.yaml` cannot be understood"),
        ("targets: [{total: wages, to: lots}]", "`lots` is not a plain decimal number"),
        ("goals: []", "has no `targets`"),
    ],
)
def test_targets_that_cannot_be_are_refused_and_nothing_is_written(land: Path, targets: str, told: str) -> None:
    (land / "targets.yaml").write_text(targets)
    asked = ("population", "calibrate", "targets.yaml", "--rules", "rules", "--view", "view.yaml", *FILES)
    done = run(*asked, "--output", "new.csv", cwd=land)
    assert done.returncode != 0
    assert told in done.stderr
    assert not (land / "new.csv").exists()


def by_raking(weights: np.ndarray, flags: Sequence[np.ndarray], totals: Sequence[float]) -> np.ndarray:
    """Iterative proportional fitting: each category in turn is multiplied up to its total, over and over."""
    weights = weights.copy()
    for _ in range(2_000):
        for flag, total in zip(flags, totals, strict=True):
            weights[flag] *= total / weights[flag].sum()
    return weights


def test_counts_of_categories_come_out_as_by_raking() -> None:
    random = np.random.default_rng(7)
    old = random.gamma(3.0, 50.0, 900)
    rows, columns = random.integers(0, 3, 900), random.integers(0, 2, 900)
    flags = [rows == 0, rows == 1, rows == 2, columns == 0, columns == 1]
    aim = old * random.uniform(0.4, 2.0, 900)
    totals = [float(aim[flag].sum()) for flag in flags]
    targets = [Target("count", "x", "", Fraction(0)) for _ in flags]
    ratio, _ = balanced(old, np.stack(flags, axis=1).astype(float), np.array(totals), targets)
    np.testing.assert_allclose(old * ratio, by_raking(old, flags, totals), rtol=1e-7)


def test_what_nothing_meets_is_named() -> None:
    with pytest.raises(Failure, match="count of x"):
        balanced(np.ones(3), np.ones((3, 1)), np.array([-1.0]), [Target("count", "x", "", Fraction(-1))])
