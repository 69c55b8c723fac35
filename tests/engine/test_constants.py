"""Dated constants, and how they move on after the last value that is stated."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

from engine.interpret.constants import Constants, constants_of
from tests.rulesets import check, codes, told

RULES = """
    about: Constants
    law: Test Act
    exports: [allowance, bands, price_index, steps]
    parameters:
      price_index:
        type: rate
        law: s.1
        values: {2020-01-01: 100, 2024-01-01: 110, 2025-01-01: 121, 2026-01-01: 1331/10}
      allowance:
        type: money
        law: s.2
        values: {2020-01-01: 1_000, 2024-01-01: 1_130}
        known_until: 2024-12-31
        uprate: {by: price_index, base: 2020-01-01, round: down to 50 USD}
    tables:
      bands:
        key: {status: filing_status}
        type: money
        law: s.3
        values: {2024-01-01: {single: 10, joint: 20, separate: 15}}
        known_until: 2024-12-31
        uprate: {by: price_index, base: 2024-01-01, round: half_up to 1 USD}
    scales:
      steps:
        kind: marginal
        law: s.4
        values: {2024-01-01: [{above: 0, rate: 10%}, {above: 100, rate: 20%}]}
        known_until: 2024-12-31
        uprate: {by: price_index, base: 2024-01-01, round: half_up to 1 USD}
"""


def test_stated_values_stand_and_later_ones_follow_the_index(tmp_path: Path) -> None:
    program = check(tmp_path, {"m": RULES}).program
    assert program is not None
    constants = Constants(program)
    stated = constants.at("allowance", date(2024, 6, 1))
    assert stated is not None
    assert (stated.content, stated.projected) == (1130, False)
    projected = constants.at("allowance", date(2026, 1, 1))
    assert projected is not None
    assert (projected.content, projected.projected) == (1300, True)
    assert constants.at("allowance", date(2019, 1, 1)) is None


def test_the_constants_of_a_program_are_shared_and_those_of_another_are_its_own(tmp_path: Path) -> None:
    program, other = (check(tmp_path, {"m": text}).program for text in (RULES, RULES.replace("10, joint", "11, joint")))
    assert program is not None and other is not None
    assert constants_of(program) is constants_of(program)
    cells = [constants_of(law).at("bands", date(2024, 1, 1)) for law in (program, other)]
    assert [stated is not None and stated.content[("single",)][""] for stated in cells] == [10, 11]


def test_every_cell_and_threshold_moves_and_rates_do_not(tmp_path: Path) -> None:
    program = check(tmp_path, {"m": RULES}).program
    assert program is not None
    constants = Constants(program)
    cells = constants.at("bands", date(2025, 1, 1))
    assert cells is not None
    assert [cells.content[(key,)][""] for key in ("single", "joint", "separate")] == [11, 22, 17]
    brackets = constants.at("steps", date(2026, 1, 1))
    assert brackets is not None
    assert [(line.threshold, line.value) for line in brackets.content[None]] == [
        (0, Fraction(1, 10)),
        (121, Fraction(1, 5)),
    ]


def test_what_moves_a_constant_must_be_an_index(tmp_path: Path) -> None:
    unknown = check(tmp_path, {"m": RULES.replace("by: price_index, base: 2020", "by: prices, base: 2020")})
    assert codes(unknown) == ["E401"], told(unknown)
    itself = check(tmp_path, {"m": RULES.replace("by: price_index, base: 2020", "by: allowance, base: 2020")})
    assert codes(itself) == ["E505"], told(itself)
