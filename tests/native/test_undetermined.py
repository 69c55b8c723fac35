"""Rows that hang on facts that are not known: code tells them as the interpreter does, and names the fact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.interpret.compiled import Asked
from engine.interpret.constants import Constants
from engine.interpret.frames import Step
from engine.interpret.interpreter import Interpreter
from engine.interpret.nearby import Nearby
from engine.interpret.outcomes import Fact, Known, Outcome
from engine.ir.program import Program
from engine.native import Options, evaluate, undetermined
from engine.native.agreement import differences
from engine.native.asking import Asking
from engine.native.plan.plan import cell_for
from engine.native.results import UNDETERMINED
from engine.population.columns import Cell, Columns
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

    find = Interpreter.find

    def watched(interpreter: Interpreter, fact: Fact) -> Outcome:
        asked.append(fact.name.rpartition(":")[2])
        return find(interpreter, fact)

    monkeypatch.setattr(Interpreter, "find", watched)
    columns = population(program, 9)
    result = evaluate(program, columns, ["credit", "tax"], options=Options(cache=tmp_path))
    assert 0 < result.handed_over == asked.count("credit"), "some rows are determined, or hang on two facts together"
    assert "tax" not in asked, "what hangs on wages alone was proved"
    monkeypatch.undo()
    assert differences(program, columns, result) == []


TOGETHER = """
    about: An allowance
    law: Test Act
    exports: [allowance, moved, works]
    inputs:
      moved: {entity: person, period: year, type: boolean, label: Moved, absent: false}
      works: {entity: person, period: year, type: boolean, label: Works, absent: false}
    variables:
      allowance:
        entity: person
        period: year
        type: money
        label: A
        law: s.1
        formula: if moved and works then 5 USD else 0 USD
"""


def test_what_hangs_on_two_facts_together_is_proved_and_one_is_named(tmp_path: Path) -> None:
    compiled = check(tmp_path, {"made": TOGETHER})
    assert compiled.program is not None, told(compiled)
    moved = np.ma.masked_array(np.ones(MANY, dtype=bool), np.arange(MANY) % 2 == 0)
    columns = from_numpy(compiled.program, AT, {"person": {"id": np.arange(MANY), "moved": moved}}, complete=False)
    assert columns.columns is not None, columns.problems
    result = evaluate(compiled.program, columns.columns, ["allowance"], options=Options(cache=""))
    allowance = result.figures["allowance"]
    assert result.handed_over == 0
    assert allowance.status is not None and (allowance.status == UNDETERMINED).all()
    assert all(
        message.endswith(("`moved` is not known", "`works` is not known")) for message in allowance.messages.values()
    )
    assert {allowance.messages[row] for row in range(1, MANY, 2)} == {"cannot be determined: `works` is not known"}


def test_households_of_one_shape_share_what_the_interpreter_found(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {
        "tax_unit": {"id": np.arange(3)},
        "person": {
            "id": np.arange(3),
            "tax_unit_id": np.arange(3),
            "tax_unit_role": np.repeat(np.array(["head"]), 3),
            "age": np.array([30, 30, 31]),
            "wages": np.array([80_000, 80_000, 10_000]),
        },
    }
    columns = from_numpy(program, AT, tables, complete=False).columns
    assert columns is not None
    computed: list[str] = []
    compute = Interpreter._computed

    def watched(interpreter: Interpreter, fact: Fact, asked: Asked, nearby: Nearby) -> Step:
        computed.append(fact.name.rpartition(":")[2])
        return compute(interpreter, fact, asked, nearby)

    monkeypatch.setattr(Interpreter, "_computed", watched)
    asking, cells = Asking(program, Constants(program)), [cell_for(program, name, AT) for name in ("tax", "credit")]
    answers: list[tuple[Cell, int, Outcome]] = []
    for row in range(3):
        answers += asking.outcomes(columns, {"tax_unit": [row], "person": [row]}, cells)
        computed.append("next")
    first, second, third = " ".join(computed).split(" next")[:3]
    assert set(first.split()) == {"tax", "income", "credit"}
    assert not second, "all facts are the same"
    assert "tax" in third
    assert [(row, outcome) for cell, row, outcome in answers if cell == cells[0]] == [
        (0, Known(16_000)), (1, Known(16_000)), (2, Known(2_000)),
    ]  # fmt: skip


NESTED = (
    TOGETHER.replace("exports: [allowance, moved, works]", "exports: [allowance, moved, works, pay, limit]")
    .replace(
        "    variables:\n",
        "      pay: {entity: person, period: year, type: money, label: Pay, range: 0 .. 1_000_000, absent: 0}\n"
        "      limit: {entity: person, period: year, type: money, label: Limit, range: 0 .. 1_000_000}\n"
        "    variables:\n",
    )
    .replace("if moved and works then", "if moved and works and pay > limit then")
)


def test_who_is_left_is_named_rightly_however_often_the_others_are_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all rows three facts must be filled together: chance finds that of few at a time, so that the search goes on
    among fewer and fewer. Every second row has stated that it did not move, and hangs on nothing."""
    compiled = check(tmp_path, {"made": NESTED})
    assert compiled.program is not None, told(compiled)
    narrowed: list[int] = []
    rest = undetermined._Search.rest

    def watched(search: undetermined._Search) -> undetermined._Search:
        fewer = rest(search)
        narrowed.append(fewer.columns.counts["person"])
        return fewer

    monkeypatch.setattr(undetermined._Search, "rest", watched)
    monkeypatch.setattr(undetermined._Search, "together", lambda search: None)
    draw = np.random.default_rng(5)
    moved = np.ma.masked_array(np.zeros(MANY, np.bool_), np.arange(MANY) % 2 == 0)
    limit = np.ma.masked_array(draw.integers(0, 1_000, MANY), np.zeros(MANY, np.bool_))
    tables = {"person": {"id": np.arange(MANY), "moved": moved, "limit": limit}}
    columns = from_numpy(compiled.program, AT, tables, complete=False).columns
    assert columns is not None
    result = evaluate(compiled.program, columns, ["allowance"], options=Options(cache=""))
    figure = result.figures["allowance"]
    assert figure.status is not None
    assert set(np.flatnonzero(figure.status == UNDETERMINED).tolist()) == set(range(0, MANY, 2)) == set(figure.messages)
    assert differences(compiled.program, columns, result) == []
    assert len(narrowed) > 2 and narrowed == sorted(narrowed, reverse=True), narrowed
