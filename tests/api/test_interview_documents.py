"""Papers in an interview: every form that the shipped lists name may be copied, and says what the tax return reads."""

from __future__ import annotations

from fractions import Fraction

import pytest

from api.cases.naming import find_definition
from api.interview.documents import Form, documents_of, facts_stated, form_faults, form_from, with_documents
from api.interview.screens import screens_in
from api.rules.programs import find_rules, load_program
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.types import Value


@pytest.fixture(scope="module")
def us() -> Program:
    return load_program("us")


@pytest.fixture(scope="module")
def forms(us: Program) -> dict[str, Form]:
    lists = screens_in(find_rules("us"), us).lists
    return {line.fact: line.form for list_ in lists for line in list_.lines if line.form is not None}


def alone(program: Program) -> Case:
    said = {"at": "2024", "complete": True, "people": {"ada": {"age": 40}}, "tax_units": {"home": {"head": "ada"}}}
    case = case_from_data(program, said, Diagnostics())
    assert case is not None
    return case


def figure(program: Program, case: Case, name: str, of: str) -> Value:
    outcome = Interpreter(program, case, Constants(program)).find(
        Fact(find_definition(program, name).name, of, case.at)
    )
    assert isinstance(outcome, Known), outcome
    return outcome.value


@pytest.mark.parametrize(
    ("line", "copies", "name", "expected"),
    [
        ("employment_income_without_form", [[500], [700]], "employment_income", 1_200),
        ("social_security_without_form", [[9_000, 100]], "social_security", 9_000),
        ("taxable_pension_without_form", [[5_000, 4_000], [100]], "taxable_pension_income", 4_100),
        ("unemployment_compensation_without_form", [[900, 200]], "unemployment_compensation", 700),
        ("taxable_interest_without_form", [[120, None, 30]], "taxable_interest_income", 150),
        ("qualified_dividends_without_form", [[100, 60]], "non_qualified_dividend_income", 40),
        ("marketplace_premium_without_form", [[4_800, 5_040, 3_000]], "marketplace_premium", 4_800),
    ],
)
def test_a_form_that_is_a_record(
    us: Program, forms: dict[str, Form], line: str, copies: list[list[int | None]], name: str, expected: int
) -> None:
    case, form = alone(us), forms[line]
    definition = find_definition(us, line)
    of = "ada" if definition.entity == "person" else "home"
    boxes = [
        {box: Fraction(value) for box, value in zip(form.boxes, copy, strict=False) if value is not None}
        for copy in copies
    ]
    documents = documents_of(us, case, form, Fact(definition.name, of, case.at), boxes)
    assert {document.owner for document in documents} == {"ada"}
    assert figure(us, with_documents(us, case, documents), name, of) == expected


@pytest.mark.parametrize(
    ("line", "copies", "stated"),
    [
        ("home_mortgage_interest", [[5_000, 300, 200], [1_000]], {"home_mortgage_interest": 6_300}),
        ("home_mortgage_interest", [[5_000, None, 200]], {"mortgage_insurance_premiums": 200}),
        ("student_loan_interest", [[700], [800]], {"student_loan_interest": 1_500}),
        ("american_opportunity_expenses", [[4_000, 1_500, True]], {"american_opportunity_expenses": 2_500}),
        ("american_opportunity_expenses", [[4_000, 9_000]], {"american_opportunity_expenses": 0}),
        ("american_opportunity_expenses", [[4_000, 0, True]], {"is_enrolled_at_least_half_time": True}),
        ("partnership_s_corp_income", [[-500, None, 40]], {"partnership_s_corp_income": -500}),
        ("partnership_s_corp_income", [[-500, 900, 40]], {"k1_self_employment_income": 40}),
    ],
)
def test_a_paper_that_is_none(
    us: Program, forms: dict[str, Form], line: str, copies: list[list[int | bool | None]], stated: dict[str, Value]
) -> None:
    form, of = forms[line], Fact(find_definition(us, line).name, "ada", alone(us).at)
    boxes = [
        {
            box: value if isinstance(value, bool) else Fraction(value)
            for box, value in zip(form.boxes, copy, strict=False)
            if value is not None
        }
        for copy in copies
    ]
    told = facts_stated(us, form, of, boxes)
    for name, value in stated.items():
        assert told[Fact(find_definition(us, name).name, "ada", of.period)] == value


def test_a_paper_whose_box_is_of_somebody_else_is_told(us: Program) -> None:
    form = form_from({"paper": "Form 1098", "boxes": {"box 1": "eitc", "box 2": "w2_wages", "box 3": "charity"}})
    faults = form_faults(us, "home_mortgage_interest", form)
    assert [fault.split("`")[3] for fault in faults] == ["eitc", "w2_wages", "charity"]
    assert all("not a fact of the person that Form 1098 is about" in fault for fault in faults)
