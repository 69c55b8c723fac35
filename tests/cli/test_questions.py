"""What `calc` asks next: a fact that is missing for several months is one question."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import run

SETTINGS = """\
about: A small land
law: The law
currency: EUR
covers: {from: 2024-01-01, to: 2024-12-31}
entities: {person: {plural: people}}
"""
RENTS = """\
about: Rents of a year
law: The law s. 1
exports: [rent, rent_of_year]
inputs:
  rent:
    entity: person
    period: month
    type: money
    label: Rent
    range: 0 .. 100
    ask: How much is the rent?
variables:
  rent_of_year:
    label: Rent of the year
    entity: person
    period: year
    type: money
    law: The law s. 1
    formula: sum(rent over months)
"""


def told(folder: Path, case: str) -> str:
    for name, text in {"land/ruleset.yaml": SETTINGS, "land/home/rents.yaml": RENTS, "case.yaml": case}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    done = run("calc", folder / "land", folder / "case.yaml", "--at", "2024", "--want", "rent_of_year")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_fact_of_many_months_is_asked_once(tmp_path: Path) -> None:
    answer = told(tmp_path, "people: {ann: {}, bob: {rent: {2024-01..2024-11: 50}}}\n")
    assert answer.count("How much is the rent?") == 2
    assert "(rent of ann for 2024-01 to 2024-12, 12 periods)" in answer
    assert "(rent of bob for 2024-12)" in answer
    assert "more facts" not in answer


def test_what_everybody_can_say_of_a_home_comes_among_the_first(tmp_path: Path) -> None:
    """In which State the home is counted as seldom as what hardly anybody has, and came after dozens of amounts."""
    case = tmp_path / "case.yaml"
    case.write_text(
        "at: 2024-10\npeople: {ann: {}, bob: {}}\ncomplete: [occupants]\ndwellings: {home: {occupants: [ann, bob]}}\n"
    )
    asked = run("calc", "us", case, "--want", "household_snap_of_month").stdout.partition("ask next:")[2]
    first = asked.strip().splitlines()[:5]
    assert any("dwelling_state of home" in line for line in first), asked
    assert any("home_shares_food of home" in line for line in first), asked
