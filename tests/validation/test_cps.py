"""All fourteen years against taxcalc, on the shipped part of its survey: by machine code and by the interpreter."""

from __future__ import annotations

import numpy as np
import pytest

from api.rules import programs
from engine.ir.program import Program
from engine.native import evaluate
from engine.native.agreement import differences
from tests.validation import cps
from tests.validation.classes import CLASSES
from tests.validation.compare import Tally

Found = list[tuple[Tally, cps.Totals]]


@pytest.fixture(scope="module")
def program() -> Program:
    return programs.load_program("us")


@pytest.fixture(scope="module")
def found(program: Program) -> Found:
    return list(cps.compare(program, cps.DATA, cps.YEARS))


def test_the_sample_has_all_years_and_figures(found: Found) -> None:
    kinds = {(tally.year, tally.figure) for tally, _ in found}
    assert kinds == {(year, figure) for year in cps.YEARS for figure in cps.FIGURES}
    assert all(tally.cases >= 44 for tally, _ in found)


def test_every_difference_on_the_survey_is_explained(found: Found) -> None:
    for tally, totals in found:
        assert not tally.unexplained, tally.unexplained
        assert abs(totals.unexplained) < 1e-4, (tally.year, tally.figure)


def test_most_of_the_sample_agrees_although_all_classes_are_in_it(found: Found) -> None:
    assert {"rebates of 2020", "gifts without itemizing in 2020"} < {
        difference.explained for tally, _ in found for difference in tally.differences
    }
    assert all(tally.share > 0.6 for tally, _ in found)


def test_most_units_are_in_no_class() -> None:
    """So that a wrong figure of an ordinary unit is not explained away."""
    for year in (2013, 2019, 2024):
        units = cps.read(cps.DATA / f"cps_{year}.npz")
        rows = [cps.facts(units, year, row) for row in range(len(units["MARS"]))]
        explained = [row for row in rows if any(class_.holds(row) for class_ in CLASSES)]
        assert 0 < len(explained) < 0.3 * len(rows), year


@pytest.mark.parametrize("year", cps.YEARS)
def test_machine_code_and_interpreter_agree_on_the_survey(year: int, program: Program) -> None:
    units = {**cps.read(cps.DATA / f"cps_{year}.npz"), "year": np.array(year)}
    columns = cps.population(program, year, units)
    assert differences(program, columns, evaluate(program, columns, cps.WANTED), every=11) == []
