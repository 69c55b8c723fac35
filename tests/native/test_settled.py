"""Where the period alone settles a choice, only the branch taken is planned: a sum of the year ends with the year."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.native import Options, evaluate
from engine.native.agreement import differences
from engine.native.plan.plan import Supply, cell_for, make_plan
from engine.population.columns import Cell, Columns, column_of
from engine.values.periods import parse_period
from tests.rulesets import check, told

RULES = """
about: Test
law: Test Act
exports: [wage, so_far]
inputs:
  wage: {entity: person, period: month, type: money, label: Wage, absent: 0}
variables:
  so_far:
    entity: person
    period: month
    type: money
    label: So far
    law: s.1
    formula: 'if CONDITION then wage else wage + (so_far @ last month)'
"""


@pytest.mark.parametrize(
    "condition",
    [
        "month_of(period_start) = 1",
        "not (month_of(period_end) > 1)",
        "wage > 1_000_000_000 USD or month_of(period_start) <= 1",
        "year_of(period_start) < 2024 or period_start = 2024-01-01",
    ],
)
def test_a_sum_of_the_year_reads_no_earlier_year(tmp_path: Path, condition: str) -> None:
    compiled = check(tmp_path, {"m": RULES.replace("CONDITION", condition)})
    assert compiled.program is not None, told(compiled)
    program, at = compiled.program, parse_period("2024-04")
    months = [parse_period(f"2024-{month:02}") for month in range(1, 5)]
    cells = [Cell("wage", month) for month in months]
    columns = Columns(at, {"person": 2}, {cell: column_of(np.array([1, 2]) * 10**at) for at, cell in enumerate(cells)})
    result = evaluate(program, columns, ["so_far"], options=Options(cache=""))
    assert result.figures["so_far"].entries.tolist() == [1_111, 2_222]
    assert differences(program, columns, result) == []
    plan = make_plan(program, [cell_for(program, "so_far", at)], Supply())
    if "wage" not in condition:
        assert len(plan.sources) == 8
