"""Printed tables against the figures that stand for them: some cells of each, and the cells that once differed."""

from __future__ import annotations

import pytest

from api.rules import programs
from tests.validation.printed_tables import READINGS, cells, compare

EVERY = 211  # of the tables with thousands of cells; `python -m tests.validation.printed_tables` reads them all
FEW = 400


@pytest.mark.parametrize("table", sorted(READINGS))
def test_every_figure_is_the_printed_one(table: str) -> None:
    printed = [cell for cell in cells() if cell.table == table]
    chosen = printed[:: EVERY if len(printed) > FEW else 7]
    read = list(compare(programs.load_program("us"), chosen))
    assert read, "no cell lies in what the rules cover"
    assert [(cell, event) for cell, event in read if event != cell.value] == []


@pytest.mark.parametrize(
    ("row", "column", "year"),
    [
        ("12350 12400", "single 1", "2024"),  # the earned income amount of 12,390 lies in it: the maximum
        ("22700 22750", "single 3", "2024"),  # so does the phase-out threshold
        ("66819 66850", "joint 3", "2024"),  # past the end of the credit, in the row in which it ends
        ("44000 44050", "single 3", "2022"),  # from 45% of 15,410, which is 6,934.50, not from 6,935
    ],
)
def test_rows_at_the_edges_of_the_earned_income_credit(row: str, column: str, year: str) -> None:
    table = "earned_income_credit_table"
    chosen = [
        other_cell
        for other_cell in cells()
        if (other_cell.table, other_cell.place, other_cell.key, other_cell.at) == (table, row, column, year)
    ]
    assert len(chosen) == 1
    assert all(result == cell.value for cell, result in compare(programs.load_program("us"), chosen))
