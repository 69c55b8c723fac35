"""Published amounts are what the indexes make of the amounts in the statute, rounded as it orders; later ones are
projected.

Each line of the tables names a constant and its cell, the amount in the statute and its base year (as a tax year, in
which the index of the year before counts), the step, the way of rounding, and the years.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.reading.declared_constants import Scale, Table
from engine.values.numbers import RoundingMode, round_to

DOWN, NEAREST = RoundingMode.DOWN, RoundingMode.HALF_UP
TO_2017, FROM_2013, CHAINED = range(2013, 2018), range(2013, 2027), range(2019, 2027)
CPI, C_CPI = "consumer_price_index", "chained_cpi"
STANDARD, AGED = ("basic_standard_deduction_amount", "aged_or_blind_amount")
EXEMPTION, PHASE_OUT, AMT_RATES = (
    "tax/amt:amt_exemption_amount",
    "tax/amt:amt_exemption_phase_out_start",
    "amt_rates",
)
Line = tuple[str, object, int, int, int, RoundingMode, Iterable[int]]

PRICES: list[Line] = [
    (STANDARD, "single", 3_000, 1988, 50, DOWN, TO_2017),  # 26 USC 63(c)(2)(C), (4)
    (STANDARD, "head_of_household", 4_400, 1988, 50, DOWN, TO_2017),
    (AGED, "joint", 600, 1988, 50, DOWN, FROM_2013),  # 26 USC 63(f)
    (AGED, "single", 750, 1988, 50, DOWN, FROM_2013),
    ("ordinary_rates", ("single", 2), 22_100, 1993, 50, DOWN, TO_2017),  # 26 USC 1(a)-(d), (f)(6)
    ("ordinary_rates", ("single", 3), 53_500, 1993, 50, DOWN, TO_2017),
    ("ordinary_rates", ("joint", 3), 89_150, 1993, 50, DOWN, TO_2017),
    ("ordinary_rates", ("head_of_household", 2), 29_600, 1993, 50, DOWN, TO_2017),
    ("ordinary_rates", ("head_of_household", 3), 76_400, 1993, 50, DOWN, TO_2017),
    ("ordinary_rates", ("single", 6), 400_000, 2013, 50, DOWN, TO_2017),  # 26 USC 1(i)(3)
    ("ordinary_rates", ("joint", 6), 450_000, 2013, 50, DOWN, TO_2017),
    ("ordinary_rates", ("head_of_household", 6), 425_000, 2013, 50, DOWN, TO_2017),
    (EXEMPTION, "single", 50_600, 2012, 100, NEAREST, TO_2017),  # 26 USC 55(d)(4)
    (EXEMPTION, "joint", 78_750, 2012, 100, NEAREST, TO_2017),
    (PHASE_OUT, "single", 112_500, 2012, 100, NEAREST, TO_2017),
    (PHASE_OUT, "joint", 150_000, 2012, 100, NEAREST, TO_2017),
    (AMT_RATES, ("joint", 1), 175_000, 2012, 100, NEAREST, FROM_2013),
    ("eitc_terms", (1, "threshold"), 11_610, 1996, 10, NEAREST, FROM_2013),  # 26 USC 32(b)(2), (j)
]
CHAINED_PRICES: list[Line] = [
    ("ordinary_rates", ("joint", 1), 19_050, 2018, 50, DOWN, range(2019, 2026)),  # 26 USC 1(j)(3)
    ("ordinary_rates", ("joint", 2), 77_400, 2018, 50, DOWN, range(2019, 2026)),
    ("ordinary_rates", ("joint", 3), 165_000, 2018, 50, DOWN, CHAINED),
    ("ordinary_rates", ("joint", 4), 315_000, 2018, 50, DOWN, CHAINED),
    ("ordinary_rates", ("joint", 5), 400_000, 2018, 50, DOWN, CHAINED),
    ("ordinary_rates", ("joint", 6), 600_000, 2018, 50, DOWN, CHAINED),
    ("ordinary_rates", ("single", 1), 9_525, 2018, 25, DOWN, range(2019, 2026)),
    ("ordinary_rates", ("single", 3), 82_500, 2018, 25, DOWN, CHAINED),
    ("ordinary_rates", ("single", 5), 200_000, 2018, 25, DOWN, CHAINED),
    ("ordinary_rates", ("separate", 6), 300_000, 2018, 25, DOWN, CHAINED),
    ("ordinary_rates", ("head_of_household", 1), 13_600, 2018, 50, DOWN, range(2019, 2026)),
    ("ordinary_rates", ("head_of_household", 4), 157_500, 2018, 50, DOWN, CHAINED),
    ("ordinary_rates", ("head_of_household", 6), 500_000, 2018, 50, DOWN, CHAINED),
    (STANDARD, "single", 12_000, 2018, 50, DOWN, range(2019, 2025)),  # 26 USC 63(c)(7)
    (STANDARD, "head_of_household", 18_000, 2018, 50, DOWN, range(2019, 2025)),
    (STANDARD, "single", 15_750, 2025, 50, DOWN, [2026]),
    (STANDARD, "joint", 31_500, 2025, 50, DOWN, [2026]),
    (STANDARD, "head_of_household", 23_625, 2025, 50, DOWN, [2026]),
    (EXEMPTION, "single", 70_300, 2018, 100, NEAREST, CHAINED),  # 26 USC 55(d)(4)(B)
    (EXEMPTION, "joint", 109_400, 2018, 100, NEAREST, CHAINED),
    (PHASE_OUT, "joint", 1_000_000, 2018, 100, NEAREST, range(2019, 2026)),
    ("zero_rate_threshold", "joint", 77_200, 2018, 50, DOWN, CHAINED),  # 26 USC 1(j)(5)(C)
    ("zero_rate_threshold", "single", 38_600, 2018, 25, DOWN, CHAINED),
    ("fifteen_percent_rate_threshold", "joint", 479_000, 2018, 50, DOWN, CHAINED),
    ("fifteen_percent_rate_threshold", "head_of_household", 452_400, 2018, 50, DOWN, CHAINED),
    ("eitc_investment_income_limit", None, 10_000, 2021, 50, DOWN, range(2022, 2027)),  # 26 USC 32(j)(2)(B)
    ("credits/ctc:refundable_ctc_each", None, 1_400, 2018, 100, DOWN, CHAINED),  # 26 USC 24(h)(5)
    ("credits/ctc:ctc_amount", None, 2_200, 2025, 100, DOWN, [2026]),  # 26 USC 24(i)
]


@pytest.fixture(scope="module")
def program() -> Program:
    return compile_rules(Path(__file__).parents[2] / "rules" / "us")


def content(program: Program, name: str, cell: object, year: int) -> Fraction:
    """An amount at the beginning of a year."""
    stated = Constants(program).at(name, date(year, 1, 1))
    assert stated is not None
    constant = (program.parameters | program.tables | program.scales)[name]  # type: ignore[operator]
    match constant, cell:
        case Table(), (int() as key, str() as column):
            return Fraction(stated.content[(key,)][column])
        case Table(), str():
            return Fraction(stated.content[(cell,)][""])
        case Scale(), (str() as key, int() as place):
            return Fraction(stated.content[key][place].threshold)
    return Fraction(stated.content)


def grown(program: Program, index: str, amount: int, base: int, year: int) -> Fraction:
    return amount * content(program, index, None, year) / content(program, index, None, base)


def wrong(program: Program, index: str, lines: list[Line]) -> list[tuple[str, object, int, Fraction, Fraction]]:
    """Where a published amount is not what the index makes of the amount in the statute."""
    listed = []
    for name, cell, amount, base, step, mode, years in lines:
        for year in years:
            computed = Fraction(round_to(grown(program, index, amount, base, year), Fraction(step), mode))
            published = content(program, name, cell, year)
            if computed != published:
                listed.append((name, cell, year, computed, published))
    return listed


def test_amounts_with_a_base_before_2017_follow_the_consumer_price_index(program: Program) -> None:
    exceptional = {(AMT_RATES, 2018)}  # 191,100 was published, 200 more than the index of that year gives
    listed = [problem for problem in wrong(program, CPI, PRICES) if (problem[0], problem[2]) not in exceptional]
    assert listed == []


def test_amounts_with_a_later_base_follow_the_chained_index(program: Program) -> None:
    assert wrong(program, C_CPI, CHAINED_PRICES) == []


@pytest.mark.parametrize(
    ("children", "amount", "rate"), [(0, 4_220, "7.65"), (1, 6_330, "34"), (2, 8_890, "40"), (3, 8_890, "45")]
)
def test_the_greatest_earned_income_credit_is_its_rate_of_indexed_earned_income(
    program: Program, children: int, amount: int, rate: str
) -> None:
    for year in FROM_2013:
        if (children, year) != (0, 2021):  # P.L. 117-2 s.9621
            earned = round_to(grown(program, CPI, amount, 1996, year), Fraction(10), NEAREST)
            greatest = round_to(earned * Fraction(rate) / 100, Fraction(1), NEAREST)
            assert content(program, "eitc_terms", (children, "maximum"), year) == greatest, year


def test_the_wage_base_follows_wages_and_stays_where_benefits_are_not_raised(program: Program) -> None:
    for year in FROM_2013:
        computed = round_to(grown(program, "average_wage_index", 60_600, 1994, year), Fraction(300), NEAREST)
        published = content(program, "social_security_wage_base", None, year)
        assert published == (118_500 if year == 2016 else computed), year  # 42 USC 430(a): no rise of benefits for 2016


def test_what_is_uprated_from_an_amount_in_the_statute_would_have_been_projected_as_it_was_published(
    program: Program,
) -> None:
    for name in (
        STANDARD,
        "eitc_investment_income_limit",
        "credits/ctc:refundable_ctc_each",
        "social_security_wage_base",
    ):
        constant = (program.parameters | program.tables)[name]  # type: ignore[operator]
        assert constant.uprate is not None
        base = constant.uprate.base.year
        cell = "single" if isinstance(constant, Table) else None
        amount = content(program, name, cell, base)
        factor = content(program, constant.uprate.by, None, 2026) / content(program, constant.uprate.by, None, base)
        assert constant.uprate.grid.store(amount * factor) == content(program, name, cell, 2026)


def test_what_is_known_until_2026_is_projected_in_2027_and_says_so(program: Program) -> None:
    constants = Constants(program)
    for name in (STANDARD, "ordinary_rates", "eitc_terms", EXEMPTION, "social_security_wage_base"):
        now, later = constants.at(name, date(2026, 7, 1)), constants.at(name, date(2027, 7, 1))
        assert now is not None
        assert later is not None
        assert (now.projected, later.projected) == (False, True)
        assert later.content != now.content
    terms = constants.at("eitc_terms", date(2027, 1, 1))
    assert terms is not None
    assert terms.content[(1,)]["phase_in"] == Fraction(34, 100)
