"""Rows that hang on facts that are not known: code tells them as the interpreter does, and names the fact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Outcome
from engine.ir.program import Program
from engine.native import Options, evaluate, handover
from engine.native.agreement import differences
from engine.native.results import UNDETERMINED
from engine.population.columns import Columns
from engine.population.door import from_numpy
from engine.values.periods import parse_period
from tests.rulesets import check, told

RULES = """
    about: A credit
    law: Test Act
    exports: [credit, tax, age, wages]
    inputs:
      age: {entity: person, period: year, type: integer, label: Age, range: 0 .. 120, stock: true}
      wages: {entity: person, period: year, type: money, label: Wages, range: 0 .. 1_000_000, absent: 0}
    variables:
      income: {entity: tax_unit, period: year, type: money, label: I, law: s.1, formula: sum(m.wages for m in members)}
      tax: {entity: tax_unit, period: year, type: money, label: T, law: s.1, formula: 20% * income}
      credit:
        entity: tax_unit
        period: year
        type: money
        label: C
        law: s.1
        formula: max(0 USD, 1_000 USD * count(m in dependents where m.age < 17) - 5% * max(0 USD, income - 50_000 USD))
"""
AT = parse_period("2024")
MANY = 400


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    compiled = check(tmp_path_factory.mktemp("rules"), {"made": RULES})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def population(program: Program, seed: int) -> Columns:
    """Units of a head and a dependent, some of whose ages and wages are not known."""
    draw = np.random.default_rng(seed)
    units = np.arange(MANY)
    tables = {
        "tax_unit": {"id": units},
        "person": {
            "id": np.arange(2 * MANY),
            "tax_unit_id": np.repeat(units, 2),
            "tax_unit_role": np.tile(np.array(["head", "dependent"]), MANY),
            "age": np.ma.masked_array(draw.integers(0, 70, 2 * MANY), draw.random(2 * MANY) < 0.3),
            "wages": np.ma.masked_array(draw.integers(0, 90_000, 2 * MANY), draw.random(2 * MANY) < 0.2),
        },
    }
    columns = from_numpy(program, AT, tables, complete=False)
    assert columns.columns is not None, columns.problems
    return columns.columns


def test_what_code_proves_is_what_the_interpreter_finds(program: Program, tmp_path: Path) -> None:
    columns = population(program, 7)
    result = evaluate(program, columns, ["credit", "tax"], options=Options(cache=tmp_path))
    assert differences(program, columns, result) == []
    assert result.handed_over < MANY / 2, "most are proved"


def test_the_fact_is_named_and_not_what_does_not_matter(program: Program, tmp_path: Path) -> None:
    columns = population(program, 8)
    tax = evaluate(program, columns, ["tax"], options=Options(cache=tmp_path)).figures["tax"]
    assert tax.status is not None
    undetermined = set(np.flatnonzero(tax.status == UNDETERMINED).tolist())
    assert undetermined
    assert set(tax.messages) == undetermined
    assert set(tax.messages.values()) == {"cannot be determined: `wages` is not known"}


def test_the_interpreter_is_asked_only_what_code_could_not_tell(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Watched(Interpreter):
        def find(self, fact: Fact) -> Outcome:
            asked.append(fact.name.rpartition(":")[2])
            return super().find(fact)

    monkeypatch.setattr(handover, "Interpreter", Watched)
    columns = population(program, 9)
    result = evaluate(program, columns, ["credit", "tax"], options=Options(cache=tmp_path))
    assert 0 < result.handed_over == asked.count("credit"), "some rows are determined, or hang on two facts together"
    assert "tax" not in asked, "what hangs on wages alone was proved"
    monkeypatch.undo()
    assert differences(program, columns, result) == []
