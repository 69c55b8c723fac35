"""What somebody tries first: a new ruleset, its names, and a case without saying which figures are wanted."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import run

FAMILY = """\
at: 2024
complete: true
people: {ada: {age: 34, employment_income: 31_000}, ben: {age: 9}}
tax_units: {home: {head: ada, dependents: [ben]}}
"""


def test_show_takes_the_ruleset_before_the_name_as_other_commands_do(tmp_path: Path) -> None:
    land = tmp_path / "my_land"
    made = run("new", land)
    manual = Path(made.stdout.splitlines()[-1].removeprefix("The language: "))
    assert manual.is_file() and manual.read_text().startswith("# The rule language")
    for order in ((land, "allowance"), ("allowance", "--rules", land)):
        assert run("show", *order).stdout.startswith("allowance  (figure of benefits/allowance)")
    assert run("graph", land, "allowance").stdout.startswith("flowchart")
    alone = run("show", land)
    assert alone.returncode == 2
    assert f"`rulewright list {land}` lists the names in it" in alone.stderr
    assert "is not one name" in run("show", "a", "b", "c").stderr


def test_calc_of_many_figures_shows_the_chief_ones_and_how_to_see_all(tmp_path: Path) -> None:
    case = tmp_path / "family.yaml"
    case.write_text(FAMILY)
    brief = run("calc", "us", case)
    figures = [line.split("  ")[0] for line in brief.stdout.splitlines() if line]
    assert "income_tax" in figures and "eitc" in figures and len(figures) < 20
    assert "`--want all` shows every one" in brief.stdout
    assert "  0 USD" not in brief.stdout and "  no" not in brief.stdout.split("\n\n")[0]
    assert len(run("calc", "us", case, "--want", "all").stdout.splitlines()) > 300


def test_calc_of_few_figures_shows_them_all(rules: Path, case: Path) -> None:
    whole, named = run("calc", rules, case), run("calc", rules, case, "--want", "all")
    assert whole.stdout == named.stdout and "--want" not in whole.stdout
