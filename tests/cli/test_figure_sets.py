"""`figure_sets`: one name for several figures, in every command that takes names of figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.python.surface import load
from tests.cli.command import CASE, MODULE, SETTINGS, run, write_rules

SETS = (
    SETTINGS
    + """\
figure_sets:
  taxes: {label: What a unit pays, law: Tax Act, figures: [income_tax, withheld]}
  withholding: {label: What is withheld, figures: [withheld]}
"""
)
WITH_MONTH = MODULE.replace("exports: [income_tax,", "exports: [income_tax, withheld,").replace(
    "examples:",
    """\
  withheld: {label: Withheld in a month, entity: tax_unit, period: month, type: money, law: s. 9, formula: 100 USD}
examples:""",
)


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    write_rules(folder / "land", WITH_MONTH, SETS)
    (folder / "case.yaml").write_text(CASE, encoding="utf-8")
    (folder / "people.csv").write_text(
        "person_id,tax_unit_id,tax_unit_role,wages,age\nann,home,head,30000,30\nbo,home,dependent,0,3\n",
        encoding="utf-8",
    )
    (folder / "tax_units.csv").write_text("tax_unit_id\nhome\n", encoding="utf-8")
    return folder


def figures_of(land: Path, at: str, want: str) -> list[str]:
    done = run("calc", "land", "case.yaml", "--at", at, "--want", want, "--json", cwd=land)
    assert done.returncode == 0, done.stderr
    return [result["figure"] for result in json.loads(done.stdout)["results"]]


def test_a_set_asks_for_the_figures_of_that_time(land: Path) -> None:
    assert figures_of(land, "2024", "taxes") == ["income_tax"]
    assert figures_of(land, "2024-05", "taxes") == ["income_tax", "withheld"]
    assert figures_of(land, "2024-05", "withheld,taxes") == ["withheld", "income_tax"]


def test_a_set_without_a_figure_of_that_time_is_refused(land: Path) -> None:
    done = run("calc", "land", "case.yaml", "--at", "2024", "--want", "withholding", cwd=land)
    assert (done.returncode, done.stdout) == (2, "")
    assert "`withheld` is per month, and 2024 touches 12 of them" in done.stderr


def test_a_set_of_a_group_that_the_case_lacks_is_told_once(land: Path) -> None:
    (land / "alone.yaml").write_text("at: 2024-05\npeople: {ann: {wages: 1}}\n", encoding="utf-8")
    done = run("calc", "land", "alone.yaml", "--want", "wages,taxes", cwd=land)
    assert done.returncode == 1
    assert done.stderr.count("and the case has none") == 1


def test_a_population_is_asked_for_a_set(land: Path) -> None:
    inputs = ["--input", "people.csv", "--input", "tax_units.csv"]
    done = run("batch", "land", "--at", "2024-05", *inputs, "--output", "-", "--want", "taxes", cwd=land)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("tax_unit_id,income_tax,withheld")
    done = run("find", "land", "withheld > 0", "--at", "2024-05", *inputs, "--show", "taxes", "--json", cwd=land)
    assert set(json.loads(done.stdout)["rows"][0]["figures"]) == {"income_tax", "withheld"}


def test_questions_are_asked_for_a_set(land: Path) -> None:
    (land / "open.yaml").write_text(CASE.replace("wages: 30_000", ""), encoding="utf-8")
    done = run("ask", "land", "open.yaml", "--want", "taxes", stdin="30000\n", cwd=land)
    assert done.returncode == 0, done.stderr
    assert "(income_tax of home): 3,550 USD" in done.stdout and "withheld" not in done.stdout
    assert run("ask", "land", "taxes", stdin="", cwd=land).stderr.startswith("How many dependents are there?")


def test_a_set_is_shown_found_and_proposed(land: Path) -> None:
    shown = run("show", "land", "taxes", cwd=land).stdout
    assert shown.splitlines()[:2] == ["taxes  (figure_set of the ruleset)", "  What a unit pays"]
    assert "    withheld" in shown.splitlines()
    assert run("search", "unit", "pays", "--rules", "land", cwd=land).stdout.startswith("taxes  figure_set")
    assert "did you mean `taxes`" in run("calc", "land", "case.yaml", "--want", "taxis", cwd=land).stderr


def test_a_set_is_a_name_in_python(land: Path) -> None:
    rules = load(str(land / "land"))
    case = {
        "people": {"ann": {"wages": 30_000}, "bo": {"age": 3}},
        "tax_units": {"home": {"head": "ann", "dependents": ["bo"]}},
    }
    assert list(rules.calculate(case | {"complete": ["dependents"]}, ["taxes"], "2024-05")) == [
        "income_tax",
        "withheld",
    ]


def test_what_a_household_may_be_owed_has_a_name() -> None:
    shown = run("show", "us", "benefits")
    assert shown.returncode == 0, shown.stderr
    for figure in ("household_benefits_owed_of_month", "household_net_income", "is_on_benefit_cliff"):
        assert f"    {figure}" in shown.stdout.splitlines()
