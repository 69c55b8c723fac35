"""Cases of the shipped rules through the real command: given as documents or as totals, and of years to come."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import run

PEOPLE = (
    "complete: true\npeople: {ada: {age: 34%s}, ben: {age: 9}}\ntax_units: {home: {head: ada, dependents: [ben]}}\n"
)
TOTALS = PEOPLE % ", employment_income: 31_000, federal_income_tax_withheld: 640, taxable_interest_income: 120"
DOCUMENTS = (
    PEOPLE % ""
    + """\
forms_w2:
  mill: {person: ada, w2_wages: 22_000, w2_income_tax_withheld: 640}
  shop: {person: ada, w2_wages: 9_000}
forms_1099_int: {bank: {person: ada, int_interest: 120}}
"""
)


def figures(folder: Path, text: str, year: str, wanted: str = "") -> list[dict[str, object]]:
    path = folder / "case.yaml"
    path.write_text(text, encoding="utf-8")
    done = run("calc", "us", path, "--at", year, "--json", *(["--want", wanted] if wanted else []))
    assert done.returncode == 0, done.stderr
    return [entry for entry in json.loads(done.stdout)["results"] if entry["of"]["entity"] == "tax_unit"]


def test_documents_and_totals_give_the_same_figures(tmp_path: Path) -> None:
    by_documents, by_totals = figures(tmp_path, DOCUMENTS, "2024"), figures(tmp_path, TOTALS, "2024")
    assert by_documents == by_totals
    assert len(by_documents) > 100


def test_a_lone_document_without_an_id_belongs_to_the_lone_person(tmp_path: Path) -> None:
    lone = "complete: true\nperson: {age: 34}\nform_w2: {w2_wages: 22_000}\ntax_unit:\n"
    assert figures(tmp_path, lone, "2024", "adjusted_gross_income")[0]["value"] == "22000.00"


def test_figures_of_years_to_come_are_marked_as_projections(tmp_path: Path) -> None:
    now, later = (figures(tmp_path, TOTALS, year, "standard_deduction")[0] for year in ("2026", "2027"))
    assert (now["projected"], later["projected"]) == (False, True)
    assert now["value"] == "24150.00"
    assert str(later["value"]) > str(now["value"])
    case = tmp_path / "case.yaml"
    assert run("calc", "us", case, "--at", "2027", "--want", "standard_deduction").stdout.endswith("USD (projected)\n")
    assert "Standard deduction: " in (why := run("why", "us", case, "standard_deduction", "--at", "2027").stdout)
    assert "(projected)" in why.split("\n")[0]


def test_years_beyond_the_projections_are_refused(tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text(TOTALS, encoding="utf-8")
    done = run("calc", "us", case, "--at", "2037", "--want", "eitc")
    assert (done.returncode, "project to 2036-12-31" in done.stderr) == (2, True)
