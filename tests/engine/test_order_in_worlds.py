"""A world in which the day of a record is another has another order of records."""

from __future__ import annotations

from pathlib import Path

from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.pipeline import compile_rules
from engine.text.diagnostics import Diagnostics
from engine.values.periods import ETERNITY
from tests.cli.command import write_rules

SETTINGS = """\
about: A land of notes
law: Notes Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  note: {plural: notes, belongs_to: person, sequences: {previous: {by: [noted_on]}}}
"""
MODULE = """\
about: Notes in the order of their days
law: Notes Act
exports: [noted_on, worth, worth_if_later]
inputs:
  noted_on: {entity: note, period: eternity, type: date, label: Day}
  points: {entity: note, period: eternity, type: integer, label: Points}
variables:
  worth:
    label: Points of the note before
    entity: note
    period: eternity
    type: integer
    law: s. 1
    formula: previous.points otherwise 0
  worth_if_later:
    label: Points of the note before, if it were of 2030
    entity: note
    period: eternity
    type: integer
    law: s. 1
    formula: worth as if (noted_on = 2030-01-01)
"""


def test_who_comes_before_whom_is_found_in_the_world_that_is_asked(tmp_path: Path) -> None:
    program = compile_rules(write_rules(tmp_path / "land", MODULE, SETTINGS))
    notes = {
        "first": {"person": "ada", "noted_on": "2024-01-01", "points": 1},
        "second": {"person": "ada", "noted_on": "2024-02-01", "points": 2},
    }
    data = {"at": "2024", "complete": True, "people": {"ada": {}}, "notes": notes}
    case = case_from_data(program, data, Diagnostics())
    assert case is not None
    interpreter = Interpreter(program, case)
    assert interpreter.find(Fact("worth", "first", ETERNITY)) == Known(0)
    assert interpreter.find(Fact("worth_if_later", "first", ETERNITY)) == Known(2)
    assert interpreter.find(Fact("worth_if_later", "second", ETERNITY)) == Known(1)
