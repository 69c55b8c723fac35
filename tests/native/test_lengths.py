"""Lengths of time are compared by machine code; two that have no order are the interpreter's."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from engine.native import Options, evaluate
from engine.native.agreement import differences
from engine.native.results import ERROR
from engine.pipeline import compile_rules
from engine.population.door import from_arrow
from engine.values.periods import parse_period
from tests.cli.command import write_rules

SETTINGS = """\
about: A land of stays
law: Test Act
currency: EUR
covers: {from: 2015-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  stay: {plural: stays, belongs_to: person}
"""
HEAD = "entity: stay, period: eternity, law: s. 1, label: L"
MODULE = f"""\
about: Lengths
law: Test Act
exports: [is_long, is_short, longest, shortest, in_months, all_of_them]
inputs:
  came: {{entity: stay, period: eternity, type: date, label: Came}}
  went: {{entity: stay, period: eternity, type: date, label: Went}}
parameters:
  limit: {{type: duration, law: s. 1, values: {{2015-01-01: 90 days}}}}
variables:
  length: {{{HEAD}, type: duration, formula: went - came}}
  is_long: {{{HEAD}, type: boolean, formula: length > 90 days}}
  is_short: {{{HEAD}, type: boolean, formula: length <= 3 days}}
  longest: {{{HEAD}, type: boolean, formula: "max(length, 90 days, 30 days) = length"}}
  shortest: {{{HEAD}, type: boolean, formula: "min(length, 90 days, 30 days) != length"}}
  in_months: {{{HEAD}, type: boolean, formula: length < 3 months}}
  all_of_them:
    {{entity: person, period: year, law: s. 1, label: L, type: boolean, formula: sum(s.length for s in stays) >= limit}}
"""
WANTED = ["is_long", "is_short", "longest", "shortest", "all_of_them"]


@pytest.mark.parametrize("width", [8, 1])
def test_lengths_of_time(width: int, tmp_path: Path) -> None:
    program = compile_rules(write_rules(tmp_path / "stays", MODULE, SETTINGS))
    chance = Random(4)
    came = [date(2020, 1, 1) + timedelta(chance.randrange(900)) for _ in range(120)]
    went = [day + timedelta(chance.choice([-5, 0, 3, 4, 30, 89, 90, 91, 400])) for day in came]
    stays = {"person_id": [chance.randrange(40) for _ in came], "came": came, "went": went}
    tables = {"person": pa.table({"person_id": list(range(40))}), "stay": pa.table(stays)}
    columns = from_arrow(program, parse_period("2024"), tables).columns
    assert columns is not None
    result = evaluate(program, columns, WANTED, options=Options(cache="", width=width))
    assert result.handed_over == 0
    assert differences(program, columns, result) == []
    handed = evaluate(program, columns, ["in_months"], options=Options(cache="", width=width))
    assert differences(program, columns, handed) == []
    statuses = handed.figures["in_months"].status
    assert statuses is not None and np.array_equal(
        statuses == ERROR, [end > day for day, end in zip(came, went, strict=True)]
    )
