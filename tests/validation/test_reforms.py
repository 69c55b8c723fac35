"""Reforms beside taxcalc's answers, on the shipped part of a long run: changes agree, or a class explains them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from api.compat.reforms import NAMES
from api.rules.programs import load_program
from engine.interpret.constants import Constants
from tests.validation import classes
from tests.validation.compare import Tally
from tests.validation.reforms import classes as of_reforms
from tests.validation.reforms import compare, drawing
from tests.validation.reforms.laying import laid_over

FOLDER = Path(compare.__file__).parent
DIFFERENCES = FOLDER.parent / "DIFFERENCES.md"
TABLE = yaml.safe_load((FOLDER / "parameters.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def compared() -> list[tuple[compare.Asked, list[Tally]]]:
    return list(compare.compare(compare.DATA))


def test_every_difference_of_changes_is_explained(compared: list[tuple[compare.Asked, list[Tally]]]) -> None:
    assert len(compared) >= 5
    for reform, tallies in compared:
        for tally in tallies:
            assert not tally.unexplained, (reform.title, tally.unexplained)


def test_most_changes_agree_and_every_reform_changes_something(
    compared: list[tuple[compare.Asked, list[Tally]]],
) -> None:
    cases = sum(tally.cases for _, tallies in compared for tally in tallies)
    assert sum(tally.agreeing for _, tallies in compared for tally in tallies) > 0.95 * cases
    differing = {each.explained for _, tallies in compared for tally in tallies for each in tally.differences}
    assert differing


def test_a_reform_laid_over_the_program_is_the_law_compiled_with_it(tmp_path: Path) -> None:
    reform = next(each for each in compare.asked(compare.DATA) if "II_rt2" in each.names)
    text = compare.overlay(reform)
    path = tmp_path / "reform.yaml"
    path.write_text(text, encoding="utf-8")
    compiled, laid = load_program("us", [path]), laid_over(compare.current_law(), compare.written(), text)
    left, right = Constants(compiled), Constants(laid)
    for name in (*compiled.parameters, *compiled.tables, *compiled.scales):
        for year in range(2013, 2029):
            day = compiled.settings.period(str(year)).start
            assert left.at(name, day) == right.at(name, day), name


def test_what_is_drawn_is_translated() -> None:
    """Every parameter of the table is known here, and so is what moves with it."""
    known = yaml.safe_load(NAMES.read_text(encoding="utf-8"))["taxcalc"]
    for name, how in TABLE.items():
        assert {name, *how.get("with", ())} <= set(known), name


def test_draws_reach_alone_pairs_and_phases_and_change_something() -> None:
    law = {
        year: {name: 0.1 if how["kind"] == "rate" else 10_000.0 for name, how in TABLE.items()}
        for year in range(2014, 2027)
    }
    plain = {name: how for name, how in TABLE.items() if "between" not in how and not how.get("same")}
    drawns = [drawing.drawn(plain, law, {"CTC_c"}, number, random.Random(number)) for number in range(2 * len(plain))]
    sizes = [len([name for name in reform if name in plain]) for _, reform in drawns]
    assert sizes[: len(plain)] == [1] * len(plain) and set(sizes) == {1, 2}
    phases = [values for _, reform in drawns for name, values in reform.items() if name in plain]
    assert any(len(values) > 1 for values in phases)
    assert any(
        min(map(int, values)) < year for year, reform in drawns for name, values in reform.items() if name in plain
    )
    assert all("CTC_c-indexed" in reform for _, reform in drawns if "CTC_c" in reform)


def test_classes_have_a_heading() -> None:
    text = DIFFERENCES.read_text(encoding="utf-8")
    for known in {known.name for known in classes.CLASSES} | {known.name for known in of_reforms.CLASSES}:
        assert f"### {known}\n" in text, known
