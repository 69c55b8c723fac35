"""Lists that follow from who is in a group are whole where the members are: pairs that are made, smaller groups."""

from __future__ import annotations

from typing import Any

import pytest

from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Outcome, Possible
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.text.diagnostics import Diagnostics
from tests.cli.command import write_rules

SETTINGS = """
about: A land
law: Act
currency: USD
money_grid: 0.01
rate_grid: 0.000000001
rounding: half_up
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  dwelling: {plural: dwellings, of: person, roles: {owner: {min: 1, max: 1}, resident: {plural: residents}}}
  unit: {plural: units, of: person, within: dwelling, roles: {member: {plural: members_of_unit}}}
  tie: {plural: ties, belongs_to: {of: person, with: person}, made_for: [dwelling]}
"""
MODULE = """
about: Ties
law: Act
exports: [is_near, near, units_here]
inputs:
  is_near: {entity: tie, period: year, type: boolean, status: true, label: Near, absent: false}
variables:
  near: {entity: person, period: year, type: integer, label: N, law: s. 1, formula: count(t in ties where t.is_near)}
  units_here: {entity: dwelling, period: year, type: integer, label: U, law: s. 2, formula: count(u in units)}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


def outcome(program: Program, name: str, whose: str, **data: Any) -> Outcome:
    people: dict[str, Any] = {"people": {"ada": {}, "ben": {}}}
    case = case_from_data(program, {"at": "2024", **people, **data}, Diagnostics())
    assert case is not None
    definition = program.find(name)
    assert definition is not None
    return Interpreter(program, case).find(Fact(definition.name, whose, case.at))


TIE = {"ada/ben": {"is_near": True}}


def home(**more: Any) -> dict[str, Any]:
    return {"dwellings": {"home": {"owner": "ada", "residents": ["ben"]}}, **more}


def test_of_each_pair_of_members_there_is_one_record(program: Program) -> None:
    known = home(ties=TIE, complete=["residents"])
    assert outcome(program, "near", "ada", **known) == Known(1), "there is nobody else to whom there could be a tie"
    silent = home(ties={**TIE, "ben/ada": {"is_near": False}})
    assert isinstance(outcome(program, "near", "ada", **silent), Possible), "somebody else may live there"
    assert isinstance(outcome(program, "near", "ada", **{**known, "open": ["ties"]}), Possible)


def test_the_smaller_groups_are_those_of_the_members(program: Program) -> None:
    units = {"a": {"members_of_unit": ["ada"]}, "b": {"members_of_unit": ["ben"]}}
    assert outcome(program, "units_here", "home", **home(units=units, complete=["residents"])) == Known(2)
    assert isinstance(outcome(program, "units_here", "home", **home(units=units)), Possible)
    one = home(units={"a": units["a"]}, complete=["residents"])
    assert isinstance(outcome(program, "units_here", "home", **one), Possible), "ben may be in a unit of his own"
    assert outcome(program, "units_here", "home", **{**one, "complete": ["residents", "units"]}) == Known(1)
