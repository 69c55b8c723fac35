"""Social Security against the figures that the tests of `Gregable/social-security-tools` state."""

from __future__ import annotations

from collections import Counter

import pytest

from api.rules import programs
from engine.ir.program import Program
from tests.validation import social_security_tools as tools

BENEFITS = list(tools.benefits())
RECORDS = list(tools.records())


@pytest.fixture(scope="module")
def program() -> Program:
    return programs.load_program("us")


def test_the_benefits_are_of_every_kind() -> None:
    assert Counter(benefit.kind for benefit in BENEFITS) == {"retirement": 58, "spouse": 29, "survivor": 24}


def _is_62_only_in_part(born: str, first_month: str) -> bool:
    """Whether this is the month in which 62 is attained after its first day (42 USC 402(a)(2); 20 CFR 404.310(b))."""
    year, month, day = map(int, born.split("-"))
    return day > 2 and first_month == f"{year + 62}-{month:02}"


@pytest.mark.parametrize("kind", ["retirement", "spouse", "survivor"])
def test_every_benefit_is_theirs_but_of_the_month_in_which_62_is_attained(program: Program, kind: str) -> None:
    differing = [
        (benefit, result, due)
        for benefit in BENEFITS
        if benefit.kind == kind
        and (result := tools.ours(program, benefit))
        != (due := 0 if _is_62_only_in_part(benefit.born, benefit.from_month) else benefit.expected)
    ]
    assert not differing, differing[0]


def test_the_month_in_which_62_is_attained_is_the_one_difference() -> None:
    assert sum(_is_62_only_in_part(benefit.born, benefit.from_month) for benefit in BENEFITS) == 11


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: f"{record.file}-{' '.join(record.expected)}")
def test_every_figure_of_a_record_is_theirs(program: Program, record: tools.Record) -> None:
    assert tools.figures(program, record) == record.expected
