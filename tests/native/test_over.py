"""Expressions over many periods, and over a number of periods that differs by row, are computed by machine code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.ir.program import Program
from engine.native import Options, evaluate
from engine.native.agreement import all_figures, differences
from engine.native.results import ERROR
from engine.native.samples import random_population
from engine.pipeline import compile_rules
from engine.population.columns import column_of
from engine.values.periods import parse_period
from tests.cli.command import write_rules

PROGRAMS = Path(__file__).parents[1] / "language" / "programs"
SETTINGS = """\
about: A land of months
law: Test Act
currency: EUR
covers: {from: 2015-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
"""
HEAD = "entity: person, period: month, label: L, law: s. 1"
MODULE = f"""\
about: Months before
law: Test Act
exports: [summed, counted, some, every, least, most, unbounded]
inputs:
  pay: {{entity: person, period: month, type: money, label: Pay, range: 0 .. 100_000}}
  worked: {{entity: person, period: month, type: boolean, label: Worked, event: true}}
  back: {{entity: person, period: month, type: integer, label: Back, range: -3 .. 9}}
variables:
  summed: {{{HEAD}, type: money, formula: sum(pay * 2 over last back months)}}
  counted: {{{HEAD}, type: integer, formula: count(worked over last back months)}}
  some: {{{HEAD}, type: boolean, formula: any(worked over last back months)}}
  every: {{{HEAD}, type: boolean, formula: all(worked over last back months)}}
  least: {{{HEAD}, type: money or none, formula: min(pay over last back months)}}
  most: {{{HEAD}, type: money or none, formula: max(pay over last back months)}}
  unbounded: {{{HEAD}, type: money, formula: "sum(pay over last (min(3, back)) months)"}}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_a_number_of_months_of_each_persons_own(missing: float, program: Program) -> None:
    columns = random_population(program, parse_period("2024-05"), 200, 3, missing=missing)
    back = next(cell for cell in columns.columns if cell.name.endswith("back"))
    column = columns.columns[back]
    entries = np.random.default_rng(1).integers(-3, 10, len(column.entries))
    columns = replace(columns, columns={**columns.columns, back: column_of(entries, column.missing)})
    result = evaluate(program, columns, all_figures(program), options=Options(cache="", width=4))
    assert differences(program, columns, result) == []
    assert (result.handed_over == 0) is (missing == 0.0)
    figures = result.figures["least"]
    assert figures.status is not None and ERROR not in figures.status
    assert len(set(result.figures["counted"].entries.tolist())) > 5


def test_days_of_a_year_and_weeks_of_a_tax_year_need_no_interpreter() -> None:
    program = compile_rules(PROGRAMS / "calendars")
    columns = random_population(program, parse_period("2024", dict(program.settings.calendars)), 4, 1)
    wanted = ["days_present", "tax_weeks_in", "recent_days"]
    result = evaluate(program, columns, wanted, options=Options(cache=""))
    assert result.handed_over == 0
    assert differences(program, columns, result) == []
