"""Social Security against SSA's own calculator: average, primary amount, family maximum and benefits, to the dime."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from api.rules import programs
from engine.ir.program import Program
from tests.validation import anypia

OUTPUTS = list(anypia.outputs())


@pytest.fixture(scope="module")
def program() -> Program:
    return programs.load_program("us")


def test_the_outputs_are_of_every_kind() -> None:
    kinds = Counter(output.kind for output in OUTPUTS)
    assert kinds == {
        "retirement": 97,
        "disability": 16,
        "family": 24,
        "survivors of 35": 10,
        "survivors of 70": 12,
        "survivors of 61": 13,
    }


@pytest.mark.parametrize("kind", sorted({output.kind for output in OUTPUTS}))
def test_every_figure_is_the_calculators(program: Program, kind: str) -> None:
    differing = [
        (theirs, result)
        for theirs in OUTPUTS
        if theirs.kind == kind and (result := anypia.ours(program, theirs)) != theirs
    ]
    assert not differing, differing[0]


def test_the_base_for_benefits_is_that_for_tax(program: Program) -> None:
    """The two are one amount (42 USC 430): the table by year and the tax rules' dated parameter."""
    ((_, rows),) = program.tables["ss_earnings_base"].values
    by_year = {key[0]: row[""] for key, row in rows.items()}
    dated = program.parameters["social_security_wage_base"].values
    for year in range(2013, 2027):
        taxed = max((day, value) for day, value in dated if day.year <= year)[1]
        assert Fraction(str(taxed)) == by_year[year], year
