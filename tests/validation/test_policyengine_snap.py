"""The reader of PolicyEngine's SNAP tests, on cases of our own in their format."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from engine.interpret.constants import Constants
from engine.values.types import Value
from tests.validation.policyengine_names import CountedOut, NoCounterpart, Test
from tests.validation.policyengine_snap import MARGIN, Figure, Names, differing_in_both_ways, figures, load

PARENT = {"age": 30, "employment_income": 12_000}
FAMILY = {
    "people": {"mia": PARENT, "ann": {"age": 5}},
    "spm_units": {"home": {"members": ["mia", "ann"], "housing_cost": 6_000}},
    "households": {"home": {"state_code": "OH"}},
}


@pytest.fixture(scope="module")
def names() -> Names:
    return load()


def _agreeing(names: Names, period: str, said: dict[str, Any], expected: dict[str, Any]) -> list[bool]:
    test = Test("own", 1, {"period": period, "input": said, "output": expected})
    return [figure.agrees(MARGIN) for figure in figures(test, names, Constants(names.program))]


def test_a_month_of_a_year_s_amounts(names: Names) -> None:
    expected = {
        "snap_gross_income": 1_000,
        "snap_standard_deduction": 204,
        "snap_unit_size": 2,
        "is_snap_eligible": True,
    }
    assert _agreeing(names, "2024-10", FAMILY, expected) == [True] * 4
    assert _agreeing(names, "2024-10", FAMILY, {"snap_gross_income": 1_001}) == [False]


def test_money_of_a_year_is_that_of_its_months(names: Names) -> None:
    assert _agreeing(names, "2024", FAMILY, {"snap_standard_deduction": "198 * 9 + 204 * 3"}) == [True]


def test_a_test_agrees_in_one_of_the_two_ways_to_round(names: Names) -> None:
    said = {"snap_net_income_pre_shelter": 1_000, "snap_excess_shelter_expense_deduction": 571.50, "state_code": "OH"}
    for net_income, differs, in_dollars in ((429, False, ["own #1"]), (428.50, False, []), (428, True, [])):
        test = Test(
            "own",
            1,
            {
                "period": "2024-10",
                "absolute_error_margin": 0.01,
                "input": said,
                "output": {"snap_net_income": net_income},
            },
        )
        in_dollars_alone: list[str] = []
        assert bool(differing_in_both_ways(test, names, Constants(names.program), in_dollars_alone)) is differs
        assert in_dollars_alone == in_dollars


def test_twelve_months_may_each_be_half_a_cent_off() -> None:
    months: list[Value | None] = [Fraction(16_667, 100)] * 12
    assert Figure("snap_gross_income", months, 2_000).agrees(Fraction(1, 100))
    assert not Figure("snap_gross_income", months, "1_999.96").agrees(Fraction(1, 100))
    assert not Figure("snap_gross_income", months[:1], "166.65").agrees(Fraction(1, 100))


def test_what_has_no_counterpart_is_named(names: Names) -> None:
    for period, said, expected, lack in (
        ("2024-10", {"number_of_moons": 1}, {"snap": 0}, "number_of_moons"),
        ("2024-10", {}, {"number_of_moons": 1}, "output number_of_moons"),
    ):
        with pytest.raises(NoCounterpart, match=lack):
            _agreeing(names, period, said, expected)


def test_what_is_no_law_of_snap_is_counted_out(names: Names) -> None:
    for period, said, expected, reason in (
        ("2017-10", {}, {"snap": 0}, "before October 2018"),
        ("2024-10", {"county_str": "KINGS_COUNTY_NY"}, {"snap_utility_region": "NY_NYC"}, "by county"),
        ("2024-10", {"weeks_worked": 1}, {"snap": 0}, "by weeks"),
        ("2024-10", {"takes_up_snap_if_eligible": False}, {"snap": 0}, "who enrols"),
    ):
        with pytest.raises(CountedOut, match=reason):
            _agreeing(names, period, said, expected)


def test_lists_without_people_and_costs_of_self_employment(names: Names) -> None:
    said = {
        "state_code": ["AR", "AL"],
        "self_employment_income": [2_000, 300],
        "snap_self_employment_income_expense": 300,
    }
    assert _agreeing(names, "2025", said, {"snap_self_employment_expense_deduction": [300, 120]}) == [True, True]


def test_every_name_of_the_mapping_is_a_figure_of_ours(names: Names) -> None:
    several = ("of_person_by_year", "of_unit_by_year", "utilities", "flags")
    ours = [item for kind in several for item in names.mapping[kind].values()]
    assert not {our for our in ours if names.program.find(our) is None}
    assert all(names.figure(figure) for figure in names.mapping["wanted"])
    enums = names.program.settings.enums
    assert all(
        its in enums[enum].members for enum, members in names.mapping["members"].items() for its in members.values()
    )


def test_husband_wife_and_child_of_who_serves_are_known(names: Names) -> None:
    recent = {"immigration_status": "LEGAL_PERMANENT_RESIDENT", "years_since_us_entry": 1}
    said = {
        "people": {
            "vet": {"age": 50, "is_veteran": True, "is_tax_unit_head": True},
            "wife": {"age": 48, "is_tax_unit_spouse": True} | recent,
            "pupil": {"age": 21, "is_full_time_college_student": True, "is_tax_unit_dependent": True} | recent,
            "brother": {"age": 30, "is_tax_unit_dependent": True} | recent,
        },
        "tax_units": {"home": {"members": ["vet", "wife", "pupil", "brother"]}},
    }
    wanted = {"meets_snap_qualified_alien_waiting_period": [True, True, True, False]}
    assert _agreeing(names, "2025-01", said, wanted) == [True] * 4


def test_ssi_that_is_expected_beside_snap_is_received(names: Names) -> None:
    said = {"age": 67, "state_code": "TX"}
    assert _agreeing(names, "2026-01", said, {"ssi": 994, "snap_unearned_income": 994, "is_usda_disabled": True}) == [
        True,
        True,
    ]


def _two(state: str, **said: dict[str, Any]) -> dict[str, Any]:
    people = {name: {"age": 33} | its for name, its in said.items()}
    return {
        "people": people,
        "spm_units": {"home": {"members": list(people)}},
        "households": {"home": {"members": list(people), "state_code": state}},
    }


def test_who_pays_support_and_whose_medical_costs_count(names: Names) -> None:
    alien = {"immigration_status": "UNDOCUMENTED", "child_support_expense": 3_600}
    said = _two("TX", mum=alien, dad={"child_support_expense": 1_200})
    assert _agreeing(names, "2026-01", said, {"snap_countable_child_support_expense": 250}) == [True]
    said = _two("TX", mum={}, dad={"age": 20, "is_full_time_college_student": True, "child_support_expense": 1_200})
    assert _agreeing(names, "2026-01", said, {"snap_countable_child_support_expense": 0}) == [True]
    said = _two("OH", old={"age": 70, "other_medical_expenses": 1_200}, young={"other_medical_expenses": 2_400})
    assert _agreeing(names, "2022-01", said, {"snap_excess_medical_expense_deduction": 65}) == [True]


def test_home_and_care_are_paid_evenly_and_aid_goes_to_the_eligible(names: Names) -> None:
    said = _two("TX", mum={"immigration_status": "UNDOCUMENTED"}, kid={"age": 8})
    said["spm_units"]["home"] |= {"childcare_expenses": 2_400, "tanf": 2_400}
    assert _agreeing(names, "2026-01", said, {"snap_dependent_care_deduction": 150}) == [True]
    assert _agreeing(names, "2026-01", said, {"snap_unearned_income": 200}) == [True]


def test_energy_aid_of_the_state_and_a_telephone_among_the_utilities(names: Names) -> None:
    wanted = "snap_utility_allowance_type"
    assert _agreeing(names, "2025-01", _two("MA", ann={}, bob={}), {wanted: "SUA"}) == [True]
    assert _agreeing(names, "2026-01", _two("PA", ann={}, bob={"age": 60}), {wanted: "SUA"}) == [True]
    assert _agreeing(names, "2026-01", _two("PA", ann={}, bob={}), {wanted: "NONE"}) == [True]
    said = {
        "count_distinct_utility_expenses": 2,
        "phone_expense": 600,
        "snap_utility_region_str": "MO",
        "snap_state_using_standard_utility_allowance": False,
    }
    assert _agreeing(names, "2026-01", said, {wanted: "IUA"}) == [True]


def test_one_parent_of_missouri_claims_the_care_and_a_single_student_is_excused(names: Names) -> None:
    student = {"is_full_time_college_student": True}
    wanted = "is_snap_ineligible_student"
    for state, expected in (("MO", [False, True, False]), ("TX", [False, False, False])):
        said = _two(state, mum=student, dad=student, kid={"age": 4})
        assert _agreeing(names, "2025-01", said, {wanted: expected}) == [True] * 3
    working = student | {"weekly_hours_worked": 20}
    assert (
        _agreeing(names, "2025-01", _two("MO", mum=working, dad=student, kid={"age": 4}), {wanted: [False] * 3})
        == [True] * 3
    )
    assert _agreeing(names, "2025-01", _two("OH", mum=student, kid={"age": 8}), {wanted: [False, False]}) == [True] * 2
