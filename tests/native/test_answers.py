"""Figures leave as Arrow tables with the values that the interpreter has, and a status where there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, NotApplicable
from engine.ir.program import Program
from engine.native import Options, evaluate
from engine.native.agreement import all_figures
from engine.native.answers import to_arrow
from engine.native.handover import case_of
from engine.population.columns import Columns
from engine.values.types import EnumValue
from tests.native.populations import population_of
from tests.native.programs import AT, ENTITIES, random_program


def plain(value: object) -> object:
    match value:
        case Decimal():
            return Fraction(value)
        case EnumValue():
            return value.member
    return value


def outcomes(program: Program, columns: Columns, name: str, entity: str) -> list[object]:
    rows = {one: list(range(count)) for one, count in columns.counts.items()}
    interpreter = Interpreter(program, case_of(program, columns, rows), Constants(program))
    return [interpreter.find(Fact(name, str(row), AT)) for row in range(columns.counts[entity])]


@pytest.mark.parametrize("seed", range(6))
def test_tables_hold_the_interpreters_values(seed: int) -> None:
    program = random_program(Random(seed + 50), variables=12, depth=3)
    columns = replace(population_of(program, AT, 4, seed), complete=True)
    result = evaluate(program, columns, all_figures(program), options=Options(cache=""))
    for entity in ENTITIES:
        table = to_arrow(program, columns, result, entity)
        for name in [one for one in table.column_names if one in program.definitions]:
            statuses = table[f"{name}_status"].to_pylist() if f"{name}_status" in table.column_names else None
            for row, outcome in enumerate(outcomes(program, columns, name, entity)):
                if isinstance(outcome, Known):
                    assert plain(table[name][row].as_py()) == plain(outcome.value)
                    assert statuses is None or statuses[row] == "known"
                else:
                    assert table[name][row].as_py() is None
                    assert statuses is not None
                    assert (statuses[row] == "not_applicable") == isinstance(outcome, NotApplicable)


def test_a_date_is_a_date() -> None:
    program = random_program(Random(1), variables=0)
    columns = replace(population_of(program, AT, 2, 1), complete=True)
    result = evaluate(program, columns, ["person_date"], options=Options(cache=""))
    assert all(isinstance(day, date) for day in to_arrow(program, columns, result, "person")["person_date"].to_pylist())
