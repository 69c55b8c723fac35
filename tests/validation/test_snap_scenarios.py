"""SNAP households of 18F's prototype: eligibility and benefit of each, or why they differ."""

from __future__ import annotations

import pytest

from api.rules import programs
from engine.ir.program import Program
from tests.validation import snap_scenarios

ROUNDED, WITHOUT_BENEFIT = {42, 43, 55, 68}, {7, 36}
FEATURE = """Feature: own
  Background:
    Given the household is in VT
    Given an emergency allotment waiver

  Scenario: one
    Given a 2-person household
    And the household does include an elderly or disabled member
    And the household has rent or mortgage costs of $900 monthly
    And the household pays phone bills only
    Then we find the family is likely not eligible
      And we find the estimated benefit is $0 per month
"""


@pytest.fixture(scope="module")
def program() -> Program:
    return programs.load_program("us")


def test_each_scenario_is_as_found_or_explained(program: Program) -> None:
    compared = list(snap_scenarios.compare(program))
    assert len(compared) == 68
    differing = {its.number: its for its in compared if its.ours != its.theirs}
    assert set(differing) == ROUNDED | WITHOUT_BENEFIT
    for number in ROUNDED:
        ours, theirs = differing[number].ours[1], differing[number].theirs[1]
        assert ours is not None and theirs - ours == 1  # 30% of net income goes up to the dollar
    assert all(differing[number].ours[0] and not differing[number].theirs[0] for number in WITHOUT_BENEFIT)


def test_a_feature_is_read_by_its_words() -> None:
    (row,) = snap_scenarios.read_feature(FEATURE)
    said = {name: value for name, value in row.items() if value}
    assert said == {
        "state": "VT",
        "emergency": "True",
        "size": "2",
        "elderly": "True",
        "rent": "900",
        "utilities": "telephone",
        "eligible": "False",
        "benefit": "0",
    }
