"""Many units at once: machine code and the interpreter give the same figures."""

from __future__ import annotations

from fractions import Fraction

from api.cli.demo import FIGURES
from api.rules import programs
from api.taxsim.batch import Batch, Person, Unanswered, Unit
from api.taxsim.sample import sampled_units
from citizens.sample import load_sample
from engine.native import WORTH_COMPILING
from engine.values.periods import parse_period


def test_compiled_figures_are_the_interpreters() -> None:
    units = [other_unit.unit for other_unit in sampled_units(load_sample(WORTH_COMPILING + 20))]
    out_of_range = Unit((Person("head", {"employment_income": Fraction(-1)}),), {})
    batch = Batch(programs.load_program("us"), parse_period("2024"), FIGURES)
    compiled = list(batch.answers([units[0], out_of_range, *units[1:]]))
    assert isinstance(compiled[1], Unanswered)
    assert str(compiled[1]).startswith("employment_income: -1 is out of the range")
    for unit, answer in list(zip(units[1:], compiled[2:], strict=True))[::9]:
        assert answer == batch.answer(unit)
