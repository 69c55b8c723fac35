"""What a report says to somebody who has never seen one: what a unit is, sums that can be seen, changes of what."""

from __future__ import annotations

import re
from html import unescape

import pytest

from api.simulate.report import report
from api.simulate.request import Request
from api.simulate.run import simulate
from tests.cli.command import write_rules
from tests.cli.test_simulate import REFORM, VIEW

UNITS = 40


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of a report over forty units whose sums are far below a million."""
    folder = tmp_path_factory.mktemp("land")
    rules = write_rules(folder / "rules")
    (folder / "view.yaml").write_text(VIEW + "unit_said: everybody on one return\n")
    (folder / "reform.yaml").write_text(REFORM)
    people = ["person_id,tax_unit_id,role,age,wages", *(f"p{at},u{at},head,40,{900 * at}" for at in range(UNITS))]
    (folder / "people.csv").write_text("\n".join(people) + "\n")
    units = ["tax_unit_id,weight", *(f"u{at},1.5" for at in range(UNITS))]
    (folder / "tax_units.csv").write_text("\n".join(units) + "\n")
    files = tuple(str(folder / name) for name in ("people.csv", "tax_units.csv"))
    asked = Request(
        str(rules), ((folder / "reform.yaml",),), ("2024",), files, view=folder / "view.yaml", samples=20,
        elasticity="0.5",
    )  # fmt: skip
    page = re.sub("<style>.*?</style>", "", report(simulate(asked)), flags=re.DOTALL)
    return unescape(re.sub("<[^>]*>", "|", page))


def test_sums_below_a_million_are_told_as_they_are(told: str) -> None:
    assert "in USD; what is indented is not added to the net" in told
    assert "Total change, USD" in told
    assert "million USD" not in told and "Million USD" not in told


def test_it_says_what_a_unit_is(told: str) -> None:
    assert "A unit is everybody on one return." in told


def test_it_says_of_what_the_large_figures_are_changes(told: str) -> None:
    assert re.search(r"change of the Gini coefficient, 0\.\d+ under current law", told)
    assert re.search(r"Earnings then (rise|fall) by [\d.,]+( thousand)? USD in all\.", told)


def test_rates_are_told_by_labels_with_names_beside(told: str) -> None:
    assert "What income tax (|income_tax|) take of 100 more of wages (|wages|) of the unit's |head|" in told
