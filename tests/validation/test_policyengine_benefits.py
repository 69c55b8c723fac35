"""The reader of PolicyEngine's tests of health coverage and SSI, on cases of our own in their format."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from api.rules import programs
from engine.interpret.constants import Constants
from engine.ir.program import Program
from tests.validation.policyengine_benefits import MAPPING, MARGIN, compared
from tests.validation.policyengine_names import NoCounterpart, Test

YEARLY = frozenset({"employment_income"})
NAMES = yaml.safe_load(MAPPING.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def program() -> Program:
    return programs.load_program("us")


def _agreeing(program: Program, period: str, said: dict[str, Any], expected: dict[str, Any]) -> list[bool]:
    test = Test("own", 1, {"period": period, "input": said, "output": expected})
    return [one.agrees(MARGIN) for one in compared(test, program, NAMES, Constants(program), YEARLY)]


def test_a_share_of_the_guideline_is_an_income(program: Program) -> None:
    said = {"age": 10, "state_code": "TX", "medicaid_income_level": 2.0}
    assert _agreeing(program, "2025", said, {"is_chip_eligible_child": True, "chip_category": "CHILD"}) == [True, True]
    assert _agreeing(program, "2025", said | {"medicaid_income_level": 2.2}, {"is_chip_eligible_child": True}) == [
        False
    ]


def test_money_of_a_year_is_a_twelfth_in_its_months(program: Program) -> None:
    said = {"age": 70, "state_code": "OH", "ssi_unearned_income": 1_200}
    assert _agreeing(program, "2025", said, {"ssi_countable_income": 960, "ssi": 12 * 967 - 960}) == [True, True]


def test_people_of_several_units(program: Program) -> None:
    said = {
        "people": {"ann": {"age": 30, "medicaid_income_level": 1.3}, "bob": {"age": 30, "medicaid_income_level": 1.3}},
        "tax_units": {"a": {"members": ["ann"]}, "b": {"members": ["bob"]}},
        "households": {"a": {"members": ["ann"], "state_code": "OH"}, "b": {"members": ["bob"], "state_code": "TX"}},
    }
    assert _agreeing(program, "2025", said, {"medicaid_category": ["ADULT", "NONE"]}) == [True, True]


def test_what_has_no_counterpart_is_named(program: Program) -> None:
    for said, expected, lack in (({"moons": 1}, {"ssi": 0}, "moons"), ({}, {"moons": 1}, "output moons")):
        with pytest.raises(NoCounterpart, match=lack):
            _agreeing(program, "2025", said, expected)


def test_every_name_of_the_mapping_is_a_figure_of_ours(program: Program) -> None:
    assert not {one for one in NAMES["wanted"] if program.find(NAMES["same"].get(one, one)) is None}
    assert not {its for its in NAMES["same"].values() if program.find(its) is None}
    enums = program.settings.enums
    assert all(its in enums[enum].members for enum, members in NAMES["members"].items() for its in members.values())
