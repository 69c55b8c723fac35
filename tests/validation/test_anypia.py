"""Social Security against SSA's own calculator: average, primary amount, family maximum and benefits, to the dime."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest

from api.rules import programs
from tests.validation import anypia, anypia_years
from tests.validation.anypia_figures import Rules, ours

OUTPUTS = list(anypia.outputs())
KINDS = sorted({output.kind for output in OUTPUTS})


@pytest.fixture(scope="module")
def shipped() -> Rules:
    return Rules(programs.load_program("us"))


@pytest.fixture(scope="module")
def of_all_years() -> Rules:
    return Rules(anypia_years.program())


def test_the_outputs_are_all_that_the_calculator_gave() -> None:
    kinds = Counter(output.kind.split()[0] for output in OUTPUTS)
    assert kinds == {"retirement": 484, "survivors": 432, "family": 72, "disability": 204}
    assert sum(map(anypia.is_covered, OUTPUTS)) == 548


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_of_the_years_that_the_rules_cover_is_the_calculators(shipped: Rules, kind: str) -> None:
    _compare(shipped, [output for output in OUTPUTS if output.kind == kind and anypia.is_covered(output)])


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_of_other_years_is_the_calculators(of_all_years: Rules, kind: str) -> None:
    _compare(of_all_years, [output for output in OUTPUTS if output.kind == kind and not anypia.is_covered(output)])


def _compare(rules: Rules, outputs: list[anypia.Output]) -> None:
    for theirs in outputs:
        assert ours(rules, theirs, **_taken_by_the_calculator(theirs)) == theirs


def _taken_by_the_calculator(theirs: anypia.Output) -> dict[str, object]:
    """What the calculator takes to be so, other than the law."""
    if anypia.leaves_out_credits(theirs):
        return {"ss_delayed_months": 0}
    if anypia.is_uninsured(theirs):
        return {"ss_is_disability_insured": True, "ss_is_fully_insured": True}
    return {}


def test_the_credits_are_all_that_the_calculator_leaves_out(shipped: Rules, of_all_years: Rules) -> None:
    left_out = [output for output in OUTPUTS if anypia.leaves_out_credits(output)]
    assert len(left_out) == 14
    for theirs in left_out:
        result = ours(shipped if anypia.is_covered(theirs) else of_all_years, theirs)
        credit = Fraction(325, 1000) if theirs.born.year == 1937 else Fraction(32, 100)
        assert result.benefits[0][0] == Fraction(theirs.benefits[0][0] * (1 + credit) * 10 // 1, 10)
        assert (result.aime, result.pia, result.family_maximum) == (theirs.aime, theirs.pia, theirs.family_maximum)


def test_who_is_not_insured_for_disability_is_whom_the_calculator_names(shipped: Rules, of_all_years: Rules) -> None:
    named = [output for output in OUTPUTS if anypia.is_uninsured(output)]
    assert len(named) == 24
    for theirs in named:
        result = ours(shipped if anypia.is_covered(theirs) else of_all_years, theirs, ss_is_fully_insured=True)
        assert result == replace(theirs, benefits=((Fraction(0),),))


def test_the_base_for_benefits_is_that_for_tax(shipped: Rules) -> None:
    """The two are one amount (42 USC 430): the table by year and the tax rules' dated parameter."""
    ((_, rows),) = shipped.program.tables["ss_earnings_base"].values
    by_year = {key[0]: row[""] for key, row in rows.items()}
    dated = shipped.program.parameters["social_security_wage_base"].values
    for year in range(2013, 2027):
        taxed = max((day, value) for day, value in dated if day.year <= year)[1]
        assert Fraction(str(taxed)) == by_year[year], year
