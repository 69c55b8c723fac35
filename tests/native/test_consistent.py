"""Random populations in which no figure lies outside its range, and which are as drawn otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from api.rules.programs import load_program
from engine.ir.program import Program
from engine.native import Options, evaluate
from engine.native.agreement import component_count
from engine.native.consistent import consistent
from engine.native.plan.laying import lay_out
from engine.native.samples import random_population
from engine.population.columns import Column, Columns
from engine.values.periods import parse_period
from tests.rulesets import check, told

AT = parse_period("2024")
RULES = """
    about: Wages
    law: Test Act
    exports: [wages, inmate_pay, other, besides, both, tax]
    inputs:
      wages: {entity: person, period: year, type: money, label: Wages, range: 0 .. 1_000_000, absent: 0}
      inmate_pay: {entity: person, period: year, type: money, label: Of that, range: 0 .. 1_000_000, absent: 0}
      other: {entity: person, period: year, type: money, label: Other, range: 0 .. 1_000_000, absent: 0}
      joined: {entity: person, period: year, type: boolean, label: Joined, event: true, absent: false}
      left: {entity: person, period: year, type: boolean, label: Left, event: true, absent: false}
    variables:
      besides:
        entity: person
        period: year
        type: money
        label: Rest
        law: s.1
        range: 0 ..
        formula: wages - inmate_pay
      both:
        entity: person
        period: year
        type: integer
        label: Both
        law: s.2
        range: 0 .. 1
        formula: (if joined then 1 else 0) + (if left then 1 else 0)
      tax: {entity: person, period: year, type: money, label: Tax, law: s.3, formula: (besides + other) * 10%}
"""


def test_facts_are_set_to_zero_until_no_figure_lies_outside_its_range(tmp_path: Path) -> None:
    compiled = check(tmp_path, {"wages": RULES})
    program = compiled.program
    assert program is not None, told(compiled)
    drawn = random_population(program, AT, 200, 3)
    repaired = consistent(program, drawn, 3)
    assert _errors(program, drawn) > 50
    assert _errors(program, repaired) == 0
    before, after = _by_name(drawn), _by_name(repaired)
    assert np.array_equal(before["other"].entries, after["other"].entries)
    for name in ("wages", "inmate_pay", "joined", "left"):
        changed = before[name].entries != after[name].entries
        assert (after[name].entries[changed] == 0).all()
        assert not changed.all() and after[name].entries.any(), name


def _errors(program: Program, columns: Columns) -> int:
    result = evaluate(program, columns, ["besides", "both"], options=Options(cache=""))
    statuses = [figures.status for figures in result.figures.values()]
    return sum(int((status != 0).sum()) for status in statuses if status is not None)


def _by_name(columns: Columns) -> dict[str, Column]:
    return {cell.name.rpartition(":")[2]: column for cell, column in columns.columns.items()}


def test_groups_of_several_kinds_do_not_join_everybody() -> None:
    program = load_program("us")
    columns = random_population(program, AT, 100, 1)
    layout = lay_out(program, columns, Options())
    assert component_count(layout) > 20
    assert np.bincount(layout.component["person"]).max() < 50
