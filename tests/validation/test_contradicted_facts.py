"""Facts of a return that contradict each other: none gives a figure, and the message names what does not agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cases.files import CaseInvalid, load_case
from api.cases.naming import find_definition, period_for
from api.rules import programs
from engine.interpret.cases import instances_of
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Failure

COUPLE = "ada: {age: 40, employment_income: 30_000}, bo: {age: 40, employment_income: 20_000}, cy: {age: 4}"
WITH_CHILD = "ada: {age: 40, employment_income: 30_000}, bo: "

# people, what is said of the return, the figure asked for, the figure that cannot be
FAILING = (
    (
        COUPLE,
        "head: ada, spouse: bo, spouse_is_nonresident_alien: true",
        "income_tax",
        "spouses_said_not_to_be_on_return",
    ),
    (COUPLE, "head: ada, spouse: bo, is_surviving_spouse: true", "income_tax", "spouses_said_not_to_be_on_return"),
    (
        COUPLE,
        "head: ada, spouse: bo, dependents: [cy], is_considered_unmarried: true",
        "income_tax",
        "spouses_said_not_to_be_on_return",
    ),
    ("ada: {age: 30, birth_date: 1980-01-05}", "head: ada", "standard_deduction", "years_between_age_and_birth_date"),
    (
        WITH_CHILD + "{age: 4, nights_with_filer: 300, nights_with_other_claimant: 290}",
        "head: ada, dependents: [bo]",
        "ctc",
        "nights_in_year_with_both",
    ),
    (
        "ada: {age: 40, employment_income: 1_000, inmate_or_workfare_pay: 9_000}",
        "head: ada",
        "eitc",
        "wages_besides_inmate_pay",
    ),
    (
        "ada: {age: 40, taxable_scholarship: 1_000, graduate_stipend: 9_000, traditional_ira_payments: 7_000}",
        "head: ada",
        "adjusted_gross_income",
        "scholarship_besides_stipend",
    ),
    (
        "ada: {age: 40, months_of_self_only_high_deductible_plan: 12, months_of_family_high_deductible_plan: 12, "
        "hsa_contributions: 9_000}",
        "head: ada",
        "adjusted_gross_income",
        "months_of_high_deductible_plan",
    ),
    (
        "ada: {age: 40}",
        "head: ada}}\nforms_1099_div: {fund: {person: ada, div_ordinary_dividends: 100, div_qualified_dividends: 500",
        "income_tax",
        "div_qualified_beyond_ordinary",
    ),
    (
        "ada: {birth_date: 1959-03-01, is_deceased: true, date_of_death: 2022-05-05}",
        "head: ada",
        "standard_deduction",
        "deaths_in_another_year",
    ),
    (
        WITH_CHILD + "{birth_date: 2015-03-01, is_deceased: false, date_of_death: 2024-05-05}",
        "head: ada, dependents: [bo]",
        "ctc",
        "deaths_in_another_year",
    ),
)

# people, what is said of the return: the case itself is refused
REFUSED = (
    (
        WITH_CHILD + "{age: 4, is_us_citizen_or_resident: false, is_resident_only_of_canada_or_mexico: true}",
        "head: ada, dependents: [bo]",
    ),
    (COUPLE, "head: ada, spouse: bo, files_separately: true, filing_status: joint"),
    (COUPLE, "head: ada, is_surviving_spouse: true, filing_status: joint"),
    (COUPLE, "head: ada, spouse: bo, spouse_is_nonresident_alien: true, filing_status: joint"),
    (COUPLE, "head: ada, dependents: [cy], is_considered_unmarried: true, filing_status: separate"),
    (WITH_CHILD + "{age: 4, number_is_for_adoption: true, has_valid_ssn: true}", "head: ada, dependents: [bo]"),
    (
        "ada: {age: 40}",
        "head: ada}}\nforms_w2: {diner: {person: ada, w2_wages: 0, w2_qualified_tips: 6_000",
    ),
)


@pytest.mark.parametrize(("people", "unit", "figure", "named"), FAILING, ids=lambda text: text[-40:])
def test_no_figure_rests_on_facts_that_cannot_all_be_so(
    people: str, unit: str, figure: str, named: str, tmp_path: Path
) -> None:
    program = programs.load_program("us")
    case = load_case(program, str(_written(tmp_path, people, unit)), None)
    definition = find_definition(program, figure)
    fact = Fact(definition.name, next(iter(instances_of(case, definition))), period_for(program, definition, case.at))
    outcome = Interpreter(program, case).find(fact)
    assert isinstance(outcome, Failure) and f"`{named}`" in outcome.message, outcome


@pytest.mark.parametrize(("people", "unit"), REFUSED, ids=lambda text: text[-40:])
def test_a_case_that_contradicts_itself_is_refused(people: str, unit: str, tmp_path: Path) -> None:
    with pytest.raises(CaseInvalid):
        load_case(programs.load_program("us"), str(_written(tmp_path, people, unit)), None)


def _written(folder: Path, people: str, unit: str) -> Path:
    path = folder / "case.yaml"
    path.write_text(
        f"at: 2024\ncomplete: true\npeople: {{{people}}}\ntax_units: {{home: {{{unit}}}}}\n", encoding="utf-8"
    )
    return path
