"""Working days are counted and added by machine code, over long closures and by other weekends too."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from engine.native import Options, evaluate
from engine.native.agreement import all_figures, differences
from engine.pipeline import compile_rules
from engine.population.door import from_arrow
from engine.values.periods import parse_period
from tests.cli.command import write_rules

CLOSED = ", ".join((date(2024, 7, 1) + timedelta(day)).isoformat() for day in range(24))
SETTINGS = f"""\
about: A land of closures
law: Test Act
currency: EUR
covers: {{from: 2020-01-01, to: 2026-12-31}}
workdays:
  bank: {{weekend: [saturday, sunday], holidays: [2023-12-25, 2023-12-26, 2024-01-01, {CLOSED}], law: s. 1}}
  mill: {{weekend: [friday], holidays: [2024-01-03, 2024-01-05], law: s. 2}}
entities:
  person: {{plural: people}}
"""
HEAD = "entity: person, period: eternity, label: L, law: s. 1"
MODULE = f"""\
about: Days of work
law: Test Act
exports: [due, due_at_mill, three_after, worked, worked_at_mill]
inputs:
  day: {{entity: person, period: eternity, type: date, label: Day}}
  other: {{entity: person, period: eternity, type: date, label: Other}}
  n: {{entity: person, period: eternity, type: integer, label: N, range: -600 .. 600}}
variables:
  due: {{{HEAD}, type: date, formula: "add_working_days(day, n, bank)"}}
  due_at_mill: {{{HEAD}, type: date, formula: "add_working_days(day, n, mill)"}}
  three_after: {{{HEAD}, type: date, formula: "add_working_days(day, 3, bank)"}}
  worked: {{{HEAD}, type: integer, formula: "working_days_between(day, other, bank)"}}
  worked_at_mill: {{{HEAD}, type: integer, formula: "working_days_between(day, other, mill)"}}
"""


@pytest.mark.parametrize("width", [8, 1])
def test_working_days_need_no_interpreter(width: int, tmp_path: Path) -> None:
    program = compile_rules(write_rules(tmp_path / "land", MODULE, SETTINGS))
    chance = Random(width)
    count = 200
    people = {
        "person_id": list(range(count)),
        "day": [date(2023, 12, 20) + timedelta(chance.randrange(260)) for _ in range(count)],
        "other": [date(2023, 6, 20) + timedelta(chance.randrange(600)) for _ in range(count)],
        "n": [chance.choice([-600, -1, 0, 1, 2, chance.randrange(-40, 40), 599]) for _ in range(count)],
    }
    columns = from_arrow(program, parse_period("2024"), {"person": pa.table(people)}).columns
    assert columns is not None
    result = evaluate(program, columns, all_figures(program), options=Options(cache="", width=width))
    assert differences(program, columns, result) == []
    assert result.handed_over == 0
