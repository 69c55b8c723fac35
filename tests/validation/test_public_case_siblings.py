"""Siblings of the cases of public reports: another year, status or day beside a boundary, each settled by statute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from api.cases.files import load_case
from api.rules import programs
from tests.validation.test_public_cases import FOLDER, figures


@dataclass(frozen=True)
class Sibling:
    """A case with some of its text changed, the sections that settle it, and the figures that follow."""

    case: str
    law: str
    changed: Mapping[str, str]
    want: Mapping[str, int | str | bool]


SIBLINGS = (
    Sibling(
        "01_niit_investment_interest",
        "1411(c)(1)(B), 163(d)(1)",
        {"at: 2024": "at: 2023"},
        {"net_investment_income_tax": 1140},
    ),
    Sibling(
        "01_niit_investment_interest",
        "1411(c)(1)(B), 163(d)(1)",
        {"investment_interest_expense: 20_000": "investment_interest_expense: 60_000"},
        {"net_investment_income_tax": 0},
    ),
    Sibling(
        "03_senior_deduction_cents",
        "151(d)(5)(C)(iii); 26 CFR 301.6102-1",
        {"75047": "75016"},
        {"taxable_income": 51267},
    ),
    Sibling(
        "03_senior_deduction_cents",
        "151(d)(5)(C)(iii); 26 CFR 301.6102-1",
        {"75047": "75008"},
        {"taxable_income": 51258},
    ),
    Sibling("101", "32(c)(1)(A)(ii)(I), (c)(3)(C)", {"at: 2024": "at: 2021"}, {"eitc": 0}),
    Sibling("101", "32(c)(1)(A)(ii)(I), (c)(3)(C)", {"over_half_year: false": "over_half_year: true"}, {"eitc": 4213}),
    Sibling("102", "21(a), (b)(1)(A), (g)(1) (2021)", {"2011-09-10": "2011-01-01"}, {"cdcc": 0}),
    Sibling("102", "21(a), (b)(1)(A), (g)(1) (2021)", {"2011-09-10": "2012-01-01"}, {"cdcc": 600}),
    Sibling(
        "102",
        "21(a), (b)(1)(A), (g)(1) (2021)",
        {"at: 2024": "at: 2021", "2011-09-10": "2008-09-10"},
        {"refundable_cdcc": 1500},
    ),
    Sibling("103", "469(i)(1) to (3)", {"120_000": "150_000"}, {"adjusted_gross_income": 150000}),
    Sibling("103", "469(i)(1) to (3)", {"120_000": "90_000"}, {"adjusted_gross_income": 65000}),
    Sibling("104", "1(g)(7)", {"at: 2025": "at: 2024"}, {"adjusted_gross_income": 100400}),
    Sibling("104", "1(g)(7)", {"at: 2025": "at: 2023"}, {"adjusted_gross_income": 100500}),
    Sibling("104", "1(g)(7)", {"3_000": "2_700"}, {"adjusted_gross_income": 100000}),
    Sibling("112", "152(d)(1)(B)", {"at: 2024": "at: 2023", "20_000": "4_700"}, {"filing_status": "single", "ctc": 0}),
    Sibling(
        "112",
        "152(d)(1)(B)",
        {"at: 2024": "at: 2023", "20_000": "4_699"},
        {"filing_status": "head_of_household", "ctc": 500},
    ),
    Sibling("125a", "26 CFR 1.6011-8", {"at: 2024": "at: 2022"}, {"tax_unit_is_required_to_file": True}),
    Sibling(
        "125a",
        "26 CFR 1.6011-8",
        {"advance_premium_tax_credit: 100": "advance_premium_tax_credit: 0"},
        {"tax_unit_is_required_to_file": False},
    ),
    Sibling("125b", "6017, 1402(b)(2)", {"434": "433"}, {"tax_unit_is_required_to_file": False}),
    Sibling("125b", "6017, 1402(b)(2)", {"at: 2024": "at: 2023"}, {"tax_unit_is_required_to_file": True}),
    Sibling("133", "1(d), 6013(a)", {"at: 2024": "at: 2021"}, {"adjusted_gross_income": 50000}),
    Sibling(
        "133", "1(d), 6013(a)", {"files_separately: true": "files_separately: false"}, {"adjusted_gross_income": 110000}
    ),
    Sibling(
        "137",
        "36B(f); 26 CFR 1.36B-4(b)(2)",
        {
            "months_insured_before_marriage: 6, ": "",
            "premiums_before_marriage: 2_400, silver_plan_": "silver_plan_",
            "silver_plan_premiums_before_marriage: 2_400": "months_insured_before_marriage: 0",
        },
        {"excess_advance_premium_tax_credit": 2400},
    ),
    Sibling(
        "147",
        "71, 219(f)(1)",
        {"at: 2024": "at: 2022"},
        {"traditional_ira_deduction": 5000, "adjusted_gross_income": 15000},
    ),
    Sibling(
        "147",
        "71, 219(f)(1)",
        {"divorce_year: 2015": "divorce_year: 2019"},
        {"traditional_ira_deduction": 0, "adjusted_gross_income": 0},
    ),
    Sibling("149", "63(c)(6)(B)", {"at: 2024": "at: 2022"}, {"standard_deduction": 0}),
    Sibling("149", "63(c)(6)(B)", {", is_nonresident_alien: true": ""}, {"standard_deduction": 14600}),
    Sibling(
        "151",
        "25A(c)(2)(A)",
        {"at: 2024": "at: 2025"},
        {"american_opportunity_credit": 1500, "lifetime_learning_credit": 0},
    ),
    Sibling(
        "151",
        "25A(c)(2)(A)",
        {"american_opportunity_expenses: 4_000": "american_opportunity_expenses: 0"},
        {"american_opportunity_credit": 0, "lifetime_learning_credit": 600},
    ),
    Sibling(
        "34a",
        "6413(c)(1)",
        {"at: 2021": "at: 2024", "145_161": "180_000", "9_000": "10_600", "50_000": "32_258", "3_100": "2_000"},
        {"excess_social_security_tax": 2000},
    ),
    Sibling(
        "34a",
        "6413(c)(1)",
        {"at: 2021": "at: 2024", "145_161": "96_774", "9_000": "6_000", "50_000": "80_645", "3_100": "5_000"},
        {"excess_social_security_tax": "546.80"},
    ),
    Sibling(
        "36",
        "107, 1402(a)(8)",
        {"a: {age: 45, ministers_housing_allowance: 6_000}": "a: {age: 45}"},
        {"tax_unit_self_employment_tax": "2402.03", "adjusted_gross_income": "25998.98"},
    ),
    Sibling("38", "86(e)", {"at: 2024": "at: 2023"}, {"tax_unit_taxable_social_security": 2500}),
    Sibling(
        "38", "86(e)", {"lump_sum_of_year: 2_000": "lump_sum_of_year: 0"}, {"tax_unit_taxable_social_security": 3000}
    ),
    Sibling("48", "24(c)(1); Rev. Rul. 2003-72", {"at: 2024": "at: 2023", "2008-01-01": "2007-01-01"}, {"ctc": 2000}),
    Sibling("48", "24(c)(1); Rev. Rul. 2003-72", {"2008-01-01": "2007-12-31"}, {"ctc": 500}),
    Sibling(
        "49",
        "32(c)(1)(A)(ii)(II), 63(f)(1)",
        {"at: 2024": "at: 2023", "1960-01-01": "1959-01-01"},
        {"eitc": 600, "standard_deduction": 15700},
    ),
    Sibling(
        "49", "32(c)(1)(A)(ii)(II), 63(f)(1)", {"1960-01-01": "1959-12-31"}, {"eitc": 0, "standard_deduction": 16550}
    ),
    Sibling(
        "50",
        "63(f)(1); Publication 501, death of a taxpayer",
        {"is_deceased: true": "date_of_death: 2025-11-14"},
        {"standard_deduction": 17750, "additional_senior_deduction": 6000},
    ),
    Sibling(
        "50",
        "63(f)(1); Publication 501, death of a taxpayer",
        {"is_deceased: true": "date_of_death: 2025-11-13"},
        {"standard_deduction": 15750, "additional_senior_deduction": 0},
    ),
    Sibling("51", "63(c)(5)", {"at: 2024": "at: 2023"}, {"standard_deduction": 8400, "taxable_income": 0}),
    Sibling("51", "63(c)(5)", {"8_000": "20_000"}, {"standard_deduction": 14600, "taxable_income": 5400}),
    Sibling("66", "172(a)(2); P.L. 116-136 s.2303", {"at: 2024": "at: 2023"}, {"taxable_income": 7230}),
    Sibling("66", "172(a)(2); P.L. 116-136 s.2303", {"at: 2024": "at: 2020"}, {"taxable_income": 0}),
    Sibling(
        "68",
        "199A(a)(2), (d)(1)(B)",
        {"at: 2024": "at: 2023"},
        {
            "qualified_business_income_deduction": 3230,
            "adjusted_gross_income": 30000,
            "tax_unit_self_employment_tax": 0,
        },
    ),
    Sibling("68", "199A(a)(2), (d)(1)(B)", {"at: 2024": "at: 2025"}, {"qualified_business_income_deduction": 2850}),
    Sibling("69", "2(b)(2)(B), 32(d)(1)", {"at: 2024": "at: 2023"}, {"eitc": 0, "filing_status": "head_of_household"}),
    Sibling(
        "69",
        "2(b)(2)(B), 32(d)(1)",
        {", spouse_is_nonresident_alien: true": ""},
        {"filing_status": "head_of_household", "eitc": 4213},
    ),
    Sibling("97", "26 CFR 1.32-2(c)(2)", {"at: 2024": "at: 2021"}, {"eitc": 3618}),
    Sibling(
        "97", "26 CFR 1.32-2(c)(2)", {"taxable_disability_income: 12_000": "taxable_disability_income: 0"}, {"eitc": 0}
    ),
)


@pytest.mark.parametrize("sibling", SIBLINGS, ids=lambda sibling: f"{sibling.case}, {sibling.law}")
def test_a_sibling_of_a_public_case_gives_what_its_law_says(sibling: Sibling, tmp_path: Path) -> None:
    text = (FOLDER / f"{sibling.case}.yaml").read_text(encoding="utf-8")
    for before, after in sibling.changed.items():
        assert before in text
        text = text.replace(before, after)
    (tmp_path / "case.yaml").write_text(text, encoding="utf-8")
    program = programs.load_program("us")
    case = load_case(program, str(tmp_path / "case.yaml"), None)
    for name, right in sibling.want.items():
        found = figures(program, case, name)
        assert _exact(right) in found, (sibling, name, found)


def _exact(right: int | str | bool) -> object:
    """Amounts exact, all else as it is written."""
    if isinstance(right, bool):
        return right
    return Fraction(right) if isinstance(right, int) or right.replace(".", "").isdigit() else right
