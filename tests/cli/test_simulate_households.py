"""`rulewright simulate` household by household: totals are those of the units, and what cannot be added up is told."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import run

REFORM = """\
about: A larger child tax credit
law: A bill
set:
  ctc_amount: {2024-01-01: 3_000}
"""


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("homes")
    (folder / "reform.yaml").write_text(REFORM)
    done = run(
        "simulate", "us", "--reform", "reform.yaml", "--at", "2024", "--population", "cps-homes", "--json",
        "--bootstrap", "20", "--report", "out.html", "--tables", "tables", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"folder": folder}


def test_totals_of_households_are_those_of_their_units(answer: Any) -> None:
    reform = answer["years"][0]["reforms"][0]
    households = reform["households"]
    of_units = reform["groups"][0]["rows"][-1]["total_change"]
    net = next(line for line in reform["budget"] if line["kind"] == "net")
    assert Fraction(of_units) == -Fraction(net["change"]) != 0
    for way in households["groups"]:
        *rows, whole = way["rows"]
        assert whole["total_change"] == of_units
        assert sum(row["n"] for row in rows) == whole["n"] == households["n"] == 4_000
        assert (
            sum(Fraction(row["weight"]) for row in rows) == Fraction(whole["weight"]) == Fraction(households["weight"])
        )
    assert "in the household: " in households["poverty_line"]


def test_who_shares_a_home_shares_its_income(answer: Any) -> None:
    """Grown children and others without income are poor as units and not as members of their household."""
    reform = answer["years"][0]["reforms"][0]
    for name in ("poverty", "inequality"):
        of_units, of_homes = (Fraction(where[name][0]["before"]) for where in (reform, reform["households"]))
        assert of_homes < of_units


def test_report_and_tables_have_them(answer: Any) -> None:
    page = (answer["folder"] / "out.html").read_text()
    assert "Household by household" in page
    assert "Households in the sample" in page
    assert any("A household is everybody in one `dwelling`" in sentence for sentence in answer["method"])
    table = (answer["folder"] / "tables" / "household_groups.csv").read_text()
    assert '"size of household","1 person"' in table


def written(folder: Path, second_home: str, second_weight: str) -> list[str]:
    """Twelve homes of a unit of two, and one more unit in a home and with a weight that are given."""
    people = ["person_id,tax_unit_id,role,dwelling_id,dwelling_role,age,employment_income"]
    for at in range(12):
        people += [f"a{at},u{at},head,h{at},occupant,40,{at}000", f"b{at},u{at},dependent,h{at},occupant,9,0"]
    people += ["a,u,head,h0,occupant,30,50000", f"b,u,dependent,{second_home},occupant,3,0"]
    units = ["tax_unit_id,weight", *(f"u{at},10" for at in range(12)), f"u,{second_weight}"]
    (folder / "people.csv").write_text("\n".join(people) + "\n")
    (folder / "tax_units.csv").write_text("\n".join(units) + "\n")
    (folder / "dwellings.csv").write_text("\n".join(["dwelling_id", *(f"h{at}" for at in range(12))]) + "\n")
    return [word for name in ("people", "tax_units", "dwellings") for word in ("--population", f"{name}.csv")]


@pytest.mark.parametrize(
    ("home", "weight", "told"),
    [
        ("h1", "10", "1 of 13 tax_units (the first is row 13) have people in no dwelling, or in several"),
        ("h0", "11", "1 of 13 tax_units (the first is row 13) have another weight than who shares their dwelling"),
    ],
)
def test_homes_that_cannot_be_added_up_are_refused(tmp_path: Path, home: str, weight: str, told: str) -> None:
    files = written(tmp_path, home, weight)
    done = run("population", "describe", "us", *files, "--at", "2024", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr


def test_homes_of_ones_own_files_are_added_up(tmp_path: Path) -> None:
    done = run("population", "describe", "us", *written(tmp_path, "h0", "10"), "--at", "2024", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    households = json.loads(done.stdout)["households"]
    assert (households["n"], households["weight"], households["mean_size"]) == (12, "120.00", "2.167")
