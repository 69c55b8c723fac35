"""What a figure that comes to nothing tells people: its own reasons, not those of every figure on the way to it."""

from __future__ import annotations

from typing import Any

from api.cases.calculate import Asked, calculate
from api.cases.naming import find_definition
from api.cases.refusals import refusals
from api.rules.programs import load_program
from engine.interpret.case_reader import case_from_data
from engine.text.diagnostics import Diagnostics


def told(figure: str, ada: dict[str, Any]) -> list[str]:
    program = load_program("us")
    units = {"home": {"head": "ada", "dependents": ["ben"]}}
    data = {
        "at": "2024",
        "complete": True,
        "people": {"ada": {"age": 34, **ada}, "ben": {"age": 9}},
        "tax_units": units,
    }
    case = case_from_data(program, data, Diagnostics())
    assert case is not None
    results = calculate(program, case, [find_definition(program, figure)], Asked("reasons")).results
    assert results[0].reasons is not None
    return [reason.fails for reason in refusals(program, results[0])]


def test_nothing_of_a_credit_says_why_by_its_own_reasons() -> None:
    """For a child's credit it said that no clean vehicle was bought."""
    assert told("refundable_ctc", {"employment_income": 20}) == []
    rich = {"employment_income": 20_000, "taxable_interest_income": 12_000}
    assert [words for words in told("eitc", rich) if "investment income" in words] == told("eitc", rich) != []
    assert told("eitc_eligible", rich) == told("eitc", rich)


def test_an_amount_that_is_something_is_no_refusal() -> None:
    assert told("eitc", {"employment_income": 20_000}) == []


def test_of_alternatives_of_which_one_is_met_the_others_are_no_refusal() -> None:
    """An adult without evidence of citizenship was told that both parents must consent."""
    program = load_program("us_passport")
    eva = {"birth_date": "1990-05-10", "born_in_us": True, "has_identification": True}
    data = {"at": "2024-05-10", "complete": True, "people": {"eva": {**eva, "gave_social_security_number": True}}}
    case = case_from_data(program, data, Diagnostics())
    assert case is not None
    wanted = [find_definition(program, "may_be_given_passport")]
    (result,) = calculate(program, case, wanted, Asked("reasons")).results
    assert [reason.fails for reason in refusals(program, result)] == ["Submit evidence of your citizenship."]
    assert result.reasons is not None
    assert "may_be_given_passport.consent.both_parents" in {reason.path for reason in result.reasons.not_met}
