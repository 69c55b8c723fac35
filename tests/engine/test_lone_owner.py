"""Records that name no owner belong to the only one there is, where that one needs no id."""

from __future__ import annotations

from pathlib import Path

from engine.interpret.case_reader import case_from_data
from engine.text.diagnostics import Diagnostics
from tests.rulesets import check

RULES = """
    about: Points
    law: Test Act
    exports: [points, licences_held]
    inputs:
      points: {entity: licence, period: year, type: integer, label: Points, absent: 0}
    variables:
      licences_held: {entity: person, period: year, type: integer, label: L, law: s. 1, formula: count(l in licences)}
    examples:
      - at: 2024
        given: {complete: true, person: {}, licences: {a: {points: 1}, b: {points: 2}}}
        expect: {licences_held: 2}
"""


def test_records_of_the_only_person_need_no_owner(tmp_path: Path) -> None:
    compiled = check(tmp_path, {"made": RULES})
    assert compiled.program is not None
    data = {"at": "2024", "complete": True, "licences": {"a": {"points": 1}, "b": {"points": 2}}}
    case = case_from_data(compiled.program, {**data, "person": {}}, Diagnostics())
    assert case is not None and case.records["licence", "person"] == ("a", "b")
    problems = Diagnostics()
    assert case_from_data(compiled.program, {**data, "people": {"ann": {}}}, problems) is None
    assert {problem.code for problem in problems} == {"E805"}
