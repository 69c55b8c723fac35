"""Figures that are determined in spite of facts that are not known: code tells them, as the interpreter does."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.ir.program import Definition, Program
from engine.native import Options, evaluate, running
from engine.native.agreement import all_figures, differences
from engine.native.results import KNOWN, UNDETERMINED
from engine.population.columns import Columns
from engine.population.door import from_numpy
from engine.values.periods import parse_period
from engine.values.types import Kind
from tests.native.made_constants import AT
from tests.native.populations import population_of
from tests.native.programs import random_program
from tests.native.wider import wider_program
from tests.rulesets import check, told

RULES = """
    about: A credit
    law: Test Act
    exports: [credit, share, tax, supplement, household, step_up, wages, age, savings, away, form]
    inputs:
      age: {entity: person, period: year, type: integer, label: Age, range: 0 .. 120, stock: true}
      wages: {entity: person, period: year, type: money, label: Wages, range: 0 .. 1_000_000, absent: 0}
      away: {entity: person, period: year, type: boolean, label: Away, absent: false}
      savings: {entity: tax_unit, period: year, type: money, label: Savings, range: -1_000 .. 1_000_000, absent: 0}
      form: {entity: tax_unit, period: year, type: filing_status, label: Form, absent: single}
    parameters:
      ceiling: {type: money, law: s.1, values: {2020-01-01: 50_000}}
    scales:
      rates:
        law: s.2
        kind: marginal
        values:
          2020-01-01:
            - {above: 0, rate: 10%}
            - {above: 20_000, rate: 20%}
    tables:
      allowance:
        law: s.3
        key: {form: filing_status}
        type: money
        values: {2020-01-01: {single: 100, joint: 100, separate: 250}}
    functions:
      taper:
        arguments: {income: money, limit: money}
        type: money
        formula: let above = max(0 USD, income - limit) in max(0 USD, 1_000 USD - 5% * above)
    variables:
      income: {entity: tax_unit, period: year, type: money, label: I, law: s.1, formula: sum(m.wages for m in members)}
      tax: {entity: tax_unit, period: year, type: money, label: T, law: s.2, formula: "rates(max(0 USD, income))"}
      credit:
        entity: tax_unit
        period: year
        type: money
        label: C
        law: s.1
        formula: |
          if savings > 100_000 USD then 0 USD
          else min(600 USD, taper(income, ceiling) * count(m in dependents where m.age < 17 and not m.away))
      share:
        entity: tax_unit
        period: year
        type: rate
        label: S
        law: s.1
        formula: if income > 0 then min(1, 10_000 USD / income) else 1
      supplement:
        entity: tax_unit
        period: year
        type: money
        label: A
        law: s.3
        formula: allowance[form] + min(0 USD, savings * 0)
      household:
        entity: tax_unit
        period: year
        type: boolean
        label: H
        law: s.1
        formula: any(m.age >= 18 or m.away for m in members)
      step_up:
        entity: tax_unit
        period: year
        type: money
        label: U
        law: s.1
        formula: max(abs(savings), sum(highest 1 of m.wages for m in members))
"""
AT_2024 = parse_period("2024")
MANY = 400


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    compiled = check(tmp_path_factory.mktemp("rules"), {"made": RULES})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def population(program: Program, seed: int) -> Columns:
    """Units of a head and a dependent, of whom some facts are not known."""
    draw = np.random.default_rng(seed)

    def gaps(entries: np.ndarray, share: float) -> np.ndarray:
        return np.ma.masked_array(entries, draw.random(len(entries)) < share)

    units = np.arange(MANY)
    tables = {
        "tax_unit": {
            "id": units,
            "savings": gaps(draw.integers(-1_000, 200_000, MANY), 0.2),
            "form": gaps(draw.choice(np.array(["single", "joint", "separate"]), MANY), 0.1),
        },
        "person": {
            "id": np.arange(2 * MANY),
            "tax_unit_id": np.repeat(units, 2),
            "tax_unit_role": np.tile(np.array(["head", "dependent"]), MANY),
            "age": gaps(draw.integers(0, 70, 2 * MANY), 0.2),
            "away": gaps(draw.random(2 * MANY) < 0.5, 0.2),
            "wages": gaps(draw.integers(0, 90_000, 2 * MANY), 0.2),
        },
    }
    found = from_numpy(program, AT_2024, tables, complete=False)
    assert found.columns is not None, found.problems
    return found.columns


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code is written for few rows too."""
    monkeypatch.setattr(running, "WORTH_PROVING", 1)
    monkeypatch.setattr(running, "WORTH_WRITING", 1)


def test_code_tells_what_is_determined_as_the_interpreter_does(program: Program, tmp_path: Path, always: None) -> None:
    columns = population(program, 7)
    wanted = ["credit", "tax", "share", "supplement", "household", "step_up"]
    result = evaluate(program, columns, wanted, options=Options(cache=tmp_path))
    assert differences(program, columns, result) == []
    assert result.handed_over < MANY / 20


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_random_programs_with_missing_facts_give_the_interpreters_answers(always: None, seed: int) -> None:
    random = Random(seed)
    program = ranged((wider_program if seed % 3 == 0 else random_program)(random), random)
    columns = population_of(program, AT, 12, seed, missing=random.choice([0.05, 0.2, 0.6]))
    columns = replace(columns, complete=False)
    result = evaluate(program, columns, all_figures(program), options=Options(cache=""))
    assert differences(program, columns, result) == []


def ranged(program: Program, random: Random) -> Program:
    """The program with ranges for most of its numbers: what is not known then has two ends."""
    return replace(program, definitions={name: _ranged(held, random) for name, held in program.definitions.items()})


def _ranged(definition: Definition, random: Random) -> Definition:
    if not definition.is_input or not definition.type.is_number or random.random() < 0.1:
        return definition
    low, high = random.choice(
        {
            Kind.MONEY: [(0, 10**6), (-5_000, 10**5), (0, 10**10), (-(10**10), 10**10)],
            Kind.RATE: [(0, 1), (-1, 2)],
            Kind.INTEGER: [(0, 130), (-3, 5), (0, 3)],
        }[definition.type.kind]
    )
    absent = definition.absent
    if isinstance(absent, int | Fraction) and not isinstance(absent, bool):
        absent = min(max(absent, low), high)
    return replace(definition, low=Fraction(low), high=Fraction(high), absent=absent)


CHOSEN = """
    about: The highest
    law: Test Act
    exports: [best, how_many, wages]
    inputs:
      wages: {entity: person, period: year, type: money, label: Wages, range: 0 .. 1_000_000}
      how_many: {entity: tax_unit, period: year, type: integer, label: How many, range: 0 .. 3}
    variables:
      best:
        entity: tax_unit
        period: year
        type: money
        label: B
        law: s.1
        formula: sum(highest how_many of m.wages for m in members)
"""


def test_how_many_count_may_be_unknown_within_a_range(tmp_path: Path) -> None:
    compiled = check(tmp_path, {"made": CHOSEN})
    assert compiled.program is not None, told(compiled)
    tables = {
        "tax_unit": {"id": np.arange(2), "how_many": np.ma.masked_array([0, 2], [True, False])},
        "person": {
            "id": np.arange(3),
            "tax_unit_id": np.array([0, 1, 1]),
            "tax_unit_role": np.array(["head", "head", "dependent"]),
            "wages": np.array([100, 20, 30]),
        },
    }
    found = from_numpy(compiled.program, AT_2024, tables, complete=False)
    assert found.columns is not None
    result = evaluate(compiled.program, found.columns, ["best"], options=Options(cache=""))
    best = result.figures["best"]
    assert best.status is not None
    assert best.status.tolist() == [UNDETERMINED, KNOWN]
    assert best.entries.tolist() == [0, 5_000]
    assert best.messages == {0: "cannot be determined: `how_many` is not known"}
