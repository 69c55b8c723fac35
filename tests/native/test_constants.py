"""Constants that are read on a day of each row's own are computed by machine code."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

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
about: A land of rates
law: Test Act
currency: EUR
covers: {from: 2010-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
"""
HEAD = "entity: person, period: year, label: L, law: s. 1, type: money"
MODULE = f"""\
about: Rates on a day
law: Test Act
exports: [parameter_then, table_then, scale_then, index_then, years_before, on_a_date]
inputs:
  born: {{entity: person, period: eternity, type: date, label: Born}}
  wage: {{entity: person, period: year, type: money, label: Wage, range: 0 .. 100_000}}
parameters:
  least: {{type: money, law: s. 1, values: {{2010-01-01: 10, 2015-07-01: 20, 2020-01-01: 30}}}}
  prices: {{type: money, law: s. 1, values: {{2010-01-01: 100, 2020-01-01: 120, 2021-01-01: 130}}}}
  moved:
    type: money
    law: s. 1
    known_until: 2020-12-31
    uprate: {{by: prices, base: 2020-01-01}}
    values: {{2010-01-01: 50}}
tables:
  shares:
    law: s. 2
    key: {{rich: boolean}}
    type: money
    values: {{2010-01-01: {{true: 1, false: 2}}, 2016-02-29: {{true: 3, false: 4}}}}
scales:
  rates:
    kind: marginal
    law: s. 3
    values: {{2010-01-01: [{{above: 0, rate: 10%}}], 2018-01-01: [{{above: 500, rate: 20%}}]}}
variables:
  parameter_then: {{{HEAD}, formula: least @ (born)}}
  table_then: {{{HEAD}, formula: "shares[wage > 900 EUR] @ (born + 1 days)"}}
  scale_then: {{{HEAD}, formula: rates(wage) @ (born)}}
  index_then: {{{HEAD}, formula: moved @ (born)}}
  years_before: {{{HEAD}, formula: least @ (period_start - 6 years)}}
  on_a_date: {{{HEAD}, formula: least @ 2015-06-30}}
"""
WANTED = ["parameter_then", "table_then", "scale_then", "years_before", "on_a_date"]


@pytest.mark.parametrize("width", [8, 4])
def test_constants_on_a_day_of_each_rows_own(width: int, tmp_path: Path) -> None:
    program = compile_rules(write_rules(tmp_path / "land", MODULE, SETTINGS))
    chance = Random(2)
    edges = [
        date(2010, 1, 1),
        date(2015, 7, 1),
        date(2016, 2, 29),
        date(2018, 1, 1),
        date(2020, 1, 1),
        date(2026, 6, 1),
    ]
    born = [chance.choice(edges) + timedelta(chance.randrange(-2 if year else 0, 3)) for year in range(150)]
    born[0] = date(2009, 12, 30)
    people = {"person_id": list(range(150)), "born": born, "wage": [chance.randrange(2_000) for _ in born]}
    columns = from_arrow(program, parse_period("2024"), {"person": pa.table(people)}).columns
    assert columns is not None
    result = evaluate(program, columns, WANTED, options=Options(cache="", width=width))
    assert differences(program, columns, result) == []
    before = sum(day < date(2010, 1, 1) for day in born)  # on which the law says nothing
    assert 0 < result.handed_over == before
    statuses = result.figures["parameter_then"].status
    assert statuses is not None and list(statuses).count(ERROR) == before
    moving = evaluate(program, columns, ["index_then"], options=Options(cache="", width=width))
    assert differences(program, columns, moving) == []
