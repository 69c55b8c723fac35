"""A role that a fact which is not known would vacate: answers hold both cases, and code agrees with the interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.native import Options, evaluate
from engine.native.agreement import differences
from engine.native.results import UNDETERMINED
from engine.pipeline import check_rules
from engine.population.door import from_numpy
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from tests.engine.test_soundness import leaves_room
from tests.rulesets import SETTINGS, told

MODULE = """
about: Tax of a couple
law: Test Act
exports: [wages, separate, total, size, share, rate_of_couple]
inputs:
  wages: {entity: person, period: year, type: money, label: Wages, range: 0 .. 1_000_000, absent: 0}
  separate: {entity: tax_unit, period: year, type: boolean, event: true, label: Separate, absent: false}
variables:
  total: {label: T, entity: tax_unit, period: year, type: money, law: x, formula: sum(m.wages for m in members)}
  size: {label: S, entity: tax_unit, period: year, type: integer, law: x, formula: count(m in members)}
  rate_of_couple: {label: R, entity: tax_unit, period: year, type: rate, law: x, formula: if separate then 20% else 10%}
  share: {label: H, entity: person, period: year, type: money, law: x, formula: wages / 2}
"""
AT = parse_period("2024")
MANY = 200


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("rules")
    text = SETTINGS.read_text(encoding="utf-8")
    role = "      spouse: {max: 1"
    assert role in text
    (folder / "ruleset.yaml").write_text(text.replace(role, f"{role}, unless: separate"), encoding="utf-8")
    (folder / "couple.yaml").write_text(MODULE, encoding="utf-8")
    compiled = check_rules(folder, lint=False)
    assert compiled.program is not None, told(compiled)
    return compiled.program


def interpreter(program: Program, **unit: Any) -> Interpreter:
    people = {"ann": {"wages": 100}, "bo": {"wages": 50}}
    data = {
        "at": 2024,
        "people": people,
        "tax_units": {"home": {"head": "ann", "spouse": "bo", "dependents": [], **unit}},
    }
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    assert case is not None, list(problems)
    return Interpreter(program, case)


@pytest.mark.parametrize("name", ["total", "size", "rate_of_couple"])
def test_a_range_holds_the_answer_of_a_separate_return(program: Program, name: str) -> None:
    fact = Fact(name, "home", AT)
    unknown = interpreter(program).find(fact)
    assert not isinstance(unknown, Known)
    for stated in (True, False):
        assert leaves_room(unknown, interpreter(program, separate=stated).find(fact))


def test_what_does_not_hang_on_it_is_known_and_the_fact_is_asked_for_the_rest(program: Program) -> None:
    made = interpreter(program)
    assert isinstance(made.find(Fact("share", "bo", AT)), Known)
    total = made.find(Fact("total", "home", AT))
    assert {fact.name for fact in getattr(total, "needs", ())} == {"separate"}
    assert isinstance(interpreter(program, separate=False).find(Fact("total", "home", AT)), Known)


def test_code_tells_it_as_the_interpreter_does(program: Program, tmp_path: Path) -> None:
    draw, units = np.random.default_rng(3), np.arange(MANY)
    tables = {
        "tax_unit": {"id": units, "separate": np.ma.masked_array(draw.random(MANY) < 0.3, draw.random(MANY) < 0.5)},
        "person": {
            "id": np.arange(2 * MANY),
            "tax_unit_id": np.repeat(units, 2),
            "tax_unit_role": np.tile(np.array(["head", "spouse"]), MANY),
            "wages": np.ma.masked_array(draw.integers(0, 3, 2 * MANY) * 1_000, draw.random(2 * MANY) < 0.1),
        },
    }
    admitted = from_numpy(program, AT, tables, complete=False)
    assert admitted.columns is not None, admitted.problems
    wanted = ["total", "size", "rate_of_couple", "share"]
    result = evaluate(program, admitted.columns, wanted, options=Options(cache=tmp_path))
    assert differences(program, admitted.columns, result) == []
    status = result.figures["total"].status
    assert status is not None
    assert 0 < np.count_nonzero(status == UNDETERMINED) < MANY
