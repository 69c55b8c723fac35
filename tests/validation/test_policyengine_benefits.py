"""The reader of PolicyEngine's tests of health coverage, SSI, meals and others, on cases of our own in their format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine.interpret.constants import Constants
from engine.ir.program import Program
from tests.validation.policyengine_benefits import MARGIN, compared, load
from tests.validation.policyengine_names import CountedOut, NoCounterpart, Test
from tests.validation.policyengine_situation import MODULE

YEARLY = frozenset({"employment_income"})


@pytest.fixture(scope="module")
def law() -> tuple[Program, Mapping[str, Any]]:
    return load()


def _agreeing(
    law: tuple[Program, Mapping[str, Any]], period: str, said: dict[str, Any], expected: dict[str, Any]
) -> list[bool]:
    test = Test("own", 1, {"period": period, "input": said, "output": expected})
    return [figure.agrees(MARGIN) for figure in compared(test, *law, Constants(law[0]), YEARLY)]


def test_a_share_of_the_guideline_is_an_income(law: tuple[Program, Mapping[str, Any]]) -> None:
    said = {"age": 10, "state_code": "TX", "medicaid_income_level": 2.0}
    assert _agreeing(law, "2025", said, {"is_chip_eligible_child": True, "chip_category": "CHILD"}) == [True, True]
    assert _agreeing(law, "2025", said | {"medicaid_income_level": 2.2}, {"is_chip_eligible_child": True}) == [False]


def test_money_of_a_year_is_a_twelfth_in_its_months(law: tuple[Program, Mapping[str, Any]]) -> None:
    said = {"age": 70, "state_code": "OH", "ssi_unearned_income": 1_200}
    assert _agreeing(law, "2025", said, {"ssi_countable_income": 960, "ssi": 12 * 967 - 960}) == [True, True]


def test_people_of_several_units(law: tuple[Program, Mapping[str, Any]]) -> None:
    said = {
        "people": {"ann": {"age": 30, "medicaid_income_level": 1.3}, "bob": {"age": 30, "medicaid_income_level": 1.3}},
        "tax_units": {"a": {"members": ["ann"]}, "b": {"members": ["bob"]}},
        "households": {"a": {"members": ["ann"], "state_code": "OH"}, "b": {"members": ["bob"], "state_code": "TX"}},
    }
    assert _agreeing(law, "2025", said, {"medicaid_category": ["ADULT", "NONE"]}) == [True, True]


def test_what_has_no_counterpart_is_named(law: tuple[Program, Mapping[str, Any]]) -> None:
    for said, expected, lack in (({"moons": 1}, {"ssi": 0}, "moons"), ({}, {"moons": 1}, "output moons")):
        with pytest.raises(NoCounterpart, match=lack):
            _agreeing(law, "2025", said, expected)


def test_what_is_no_law_of_ours_is_counted_out(law: tuple[Program, Mapping[str, Any]]) -> None:
    for said, expected, reason in (
        ({"age": 30}, {"medicaid_enrolled": True}, "who enrols"),
        ({"age": 70, "takes_up_ssi_if_eligible": False}, {"ssi": 0}, "who enrols"),
        ({"zip_code": "90210"}, {"pha_payment_standard": 1}, "rents and allowances by area"),
    ):
        with pytest.raises(CountedOut, match=reason):
            _agreeing(law, "2025", said, expected)
    assert _agreeing(
        law, "2025", {"age": 10, "medicaid_income_level": 1.0}, {"chip": 0, "is_chip_eligible": False}
    ) == [True]


def test_lists_without_people_are_situations_of_their_own(law: tuple[Program, Mapping[str, Any]]) -> None:
    said = {"state_code": ["TX", "ME"], "school_meal_fpg_ratio": [1.9, 1.9], "is_in_k12_school": True}
    assert _agreeing(law, "2025", said, {"school_meal_tier": ["PAID", "FREE"]}) == [True, True]


def test_ids_say_who_is_whose_and_on_whose_return(law: tuple[Program, Mapping[str, Any]]) -> None:
    people = {
        "gran": {"age": 60, "person_id": 1, "employment_income": 36_000},
        "dad": {"age": 35, "person_id": 2, "parent_1_id": 1, "employment_income": 12_000},
        "kid": {"age": 9, "person_id": 3, "parent_1_id": 2, "medicaid_claiming_tax_unit_id": 7},
    }
    units = {"a": {"members": ["gran"], "tax_unit_id": 7}, "b": {"members": ["dad"]}, "c": {"members": ["kid"]}}
    home = {"home": {"members": list(people), "state_code": "OH"}}
    said = {"people": people, "tax_units": units, "households": home}
    expected = {"medicaid_household_size": [2, 1, 2], "medicaid_household_income": [36_000, 12_000, 12_000]}
    assert _agreeing(law, "2025", said, expected) == [True] * 6
    people["kid"]["parent_1_id"] = 1
    assert _agreeing(law, "2025", said, {"medicaid_household_size": [2, 1, 2]}) == [True] * 3
    assert _agreeing(law, "2025", said, {"medicaid_household_income": [36_000, 12_000, 36_000]}) == [True] * 3


def test_husband_and_wife_at_home_file_apart(law: tuple[Program, Mapping[str, Any]]) -> None:
    said = {
        "people": {"ann": {"age": 40, "employment_income": 24_000}, "bob": {"age": 40, "employment_income": 12_000}},
        "tax_units": {"a": {"members": ["ann"]}, "b": {"members": ["bob"]}},
        "marital_units": {"couple": {"members": ["ann", "bob"]}},
        "households": {"home": {"members": ["ann", "bob"], "state_code": "OH"}},
    }
    assert _agreeing(law, "2025", said, {"medicaid_household_income": [36_000, 36_000]}) == [True, True]
    said["households"] = {name: {"members": [name], "state_code": "OH"} for name in ("ann", "bob")}
    assert _agreeing(law, "2025", said, {"medicaid_household_income": [24_000, 12_000]}) == [True, True]


def test_an_ssi_unit_is_who_lives_together(law: tuple[Program, Mapping[str, Any]]) -> None:
    rich = {"age": 40, "is_ssi_aged_blind_disabled": False, "ssi_countable_resources": 6_000}
    child = {"age": 10, "is_ssi_aged_blind_disabled": True, "ssi_countable_resources": 0}
    said = {
        "people": {"mum": rich, "kid": child},
        "tax_units": {"a": {"members": ["mum", "kid"]}},
        "marital_units": {"of mum": {"members": ["mum"]}, "of kid": {"members": ["kid"]}},
        "households": {"home": {"members": ["mum", "kid"], "state_code": "OH"}},
    }
    wanted = "ssi_resources_deemed_from_ineligible_parent"
    assert _agreeing(law, "2026-01", said, {wanted: [0, 4_000]}) == [True, True]
    said["people"] = {"mum": rich, "kid": child | {"ssi_lives_in_medical_treatment_facility": True}}
    assert _agreeing(law, "2026-01", said, {wanted: [0, 0]}) == [True, True]
    said["people"] = {"mum": rich | {"is_parent": False}, "kid": child}
    assert _agreeing(law, "2026-01", said, {wanted: [0, 0]}) == [True, True]


def test_marks_that_mean_something_together(law: tuple[Program, Mapping[str, Any]]) -> None:
    said = {
        "people": {"gran": {"age": 50, "is_female": True}, "mum": {"age": 25, "is_mother": True}, "kid": {"age": 0.2}},
        "spm_units": {"home": {"members": ["gran", "mum", "kid"]}},
    }
    assert _agreeing(law, "2025", said, {"wic_category": ["NONE", "POSTPARTUM", "INFANT"]}) == [True] * 3
    said = {"age": 70, "ssi_lives_in_medical_treatment_facility": True, "ssi_medicaid_pays_majority_of_care": True}
    assert _agreeing(law, "2025-01", said, {"ssi_amount_if_eligible": 30}) == [True]
    said = {"age": 70, "ssi_lives_in_medical_treatment_facility": True}
    assert _agreeing(law, "2025-01", said, {"ssi_amount_if_eligible": 967}) == [True]


def test_what_says_that_income_alone_gives_the_largest_award(law: tuple[Program, Mapping[str, Any]]) -> None:
    said = {"pell_grant_head_contribution": 200, "pell_grant_dependent_contribution": 100, "pell_grant_formula": "A"}
    wanted = "pell_grant_sai"
    assert _agreeing(law, "2025", said, {wanted: 300}) == [True]
    assert _agreeing(law, "2025", said | {"pell_grant_eligibility_type": "MAXIMUM"}, {wanted: 0}) == [True]
    assert _agreeing(law, "2025", said | {"pell_grant_formula": "C"}, {wanted: 200}) == [True]


def test_taxes_are_housing_costs_and_dues_are_not(law: tuple[Program, Mapping[str, Any]]) -> None:
    said = {"real_estate_taxes": 1_000, "mortgage_payments": 8_000, "homeowners_association_fees": 500}
    assert _agreeing(law, "2025", said, {"head_start_housing_cost": 9_000}) == [True]


def test_who_nurses_an_infant_of_another_return_is_its_mother(law: tuple[Program, Mapping[str, Any]]) -> None:
    said = {
        "people": {
            "mum": {"age": 25, "is_mother": True, "is_breastfeeding": True},
            "dad": {"age": 30},
            "kid": {"age": 0.2},
        },
        "tax_units": {"a": {"members": ["mum"]}, "b": {"members": ["dad", "kid"]}},
        "spm_units": {"home": {"members": ["mum", "dad", "kid"]}},
    }
    assert _agreeing(law, "2025", said, {"wic_category": ["BREASTFEEDING", "NONE", "INFANT"]}) == [True] * 3


def test_a_child_alone_on_a_return_files_none(law: tuple[Program, Mapping[str, Any]]) -> None:
    said: dict[str, Any] = {
        "people": {
            "mum": {"person_id": 1, "age": 40, "employment_income": 24_000},
            "kid": {"age": 9, "parent_1_id": 1},
        },
        "tax_units": {"a": {"members": ["mum"]}, "b": {"members": ["kid"]}},
        "households": {"home": {"members": ["mum", "kid"], "state_code": "OH"}},
    }
    assert _agreeing(law, "2025", said, {"medicaid_uses_non_filer_rules": [False, True]}) == [True, True]
    said["people"]["kid"]["employment_income"] = 20_000
    assert _agreeing(law, "2025", said, {"medicaid_uses_non_filer_rules": [False, False]}) == [True, True]


def test_school_begins_at_six_in_california(law: tuple[Program, Mapping[str, Any]]) -> None:
    for state, eligible in (("CA", False), ("OH", True)):
        said = {"age": 6, "state_code": state, "employment_income": 0}
        assert _agreeing(law, "2025", said, {"is_head_start_eligible": eligible}) == [True]


def test_wages_that_an_exclusion_abroad_left_out(law: tuple[Program, Mapping[str, Any]]) -> None:
    said = {"age": 30, "state_code": "OH", "employment_income": 12_000, "foreign_earned_income_exclusion": 24_000}
    assert _agreeing(law, "2025", said, {"aca_magi": 36_000}) == [True]


def test_ssi_that_is_expected_is_received(law: tuple[Program, Mapping[str, Any]]) -> None:
    said = {"age": 70, "state_code": "OH"}
    expected = {"ssi": 12 * 967, "medicaid_category": "SSI_RECIPIENT"}
    assert _agreeing(law, "2025", said, expected) == [True, True]


def test_every_name_of_the_mapping_is_a_figure_of_ours(law: tuple[Program, Mapping[str, Any]]) -> None:
    program, names = law
    ours = [*names["same"].values(), *names["wanted_as"].values(), *names["of_year"], *names["all_of"]]
    ours += [its for kind in ("also", "positive", "receipts") for several in names[kind].values() for its in several]
    ours += [its for terms in names["shares"].values() for its in (terms["of"], terms["is"])]
    assert not {its for its in ours if not (program.find(its) or program.find(f"{MODULE}:{its}"))}
    enums = program.settings.enums
    assert all(its in enums[enum].members for enum, members in names["members"].items() for its in members.values())
