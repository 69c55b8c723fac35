"""Tables come in exactly, or every fault in them is told with its row and column."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from citizens import read_table
from engine.ir.program import Program
from engine.population.columns import Cell
from engine.population.door import from_arrow, from_numpy
from tests.native.made_constants import AT
from tests.native.programs import random_program


@pytest.fixture(scope="module")
def program() -> Program:
    return random_program(Random(1), variables=0)


def tables(**people: Any) -> dict[str, pa.Table]:
    count = len(next(iter(people.values())))
    links = {
        "person_id": [f"p{row}" for row in range(count)],
        "household_id": ["h"] * count,
        "role": ["head", *["child"] * (count - 1)],
    }
    return {"person": pa.table({**links, **people}), "household": pa.table({"household_id": ["h"]})}


def entries(program: Program, name: str, values: list[object]) -> list[int | None]:
    admitted = from_arrow(program, AT, tables(**{name: values}))
    assert admitted.columns is not None, admitted.problems
    column = admitted.columns.columns[Cell(name, AT)]
    missing = column.missing if column.missing is not None else np.zeros(len(values), dtype=bool)
    return [None if absent else int(entry) for entry, absent in zip(column.entries, missing, strict=True)]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("person_money", ["12.34", "-0.5", "", "7"], None),
        ("person_money", [Decimal("12.34"), Decimal("-0.50"), None, Decimal(7)], [1234, -50, None, 700]),
        ("person_money", [12.34, -0.5, None, 1e9], [1234, -50, None, 10**11]),
        ("person_money", [3, None, -4], [300, None, -400]),
        ("person_money", ["5.0", "1.230", "-0.10"], [500, 123, -10]),
        ("person_rate", ["0.0765", "1"], [76_500_000, 10**9]),
        ("person_integer", ["65", None], [65, None]),
        ("person_boolean", ["true", "false", None], [1, 0, None]),
        ("person_boolean", [True, False, None], [1, 0, None]),
        ("person_date", ["2000-02-29", None], [730_179, None]),
        ("person_date", [date(1700, 1, 1), date(2899, 12, 31)], [620_548, 1_058_838]),
        ("person_enum", ["green", None, "red"], [1, None, 0]),
    ],
)
def test_entries_are_exact(
    program: Program, name: str, values: list[object], expected: list[int | None] | None
) -> None:
    if expected is None:
        values, expected = [value or None for value in values], [1234, -50, None, 700]
    assert entries(program, name, values) == expected


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("person_money", "12.345", "`12.345` is not a multiple of 0.01"),
        ("person_money", "4o000", "`4o000` is not a number"),
        ("person_money", "5.", "`5.` is not a plain decimal number, with all its digits and nothing else"),
        ("person_money", "1e3", "`1e3` is not a plain decimal number, with all its digits and nothing else"),
        ("person_money", 0.001, "`0.001` is not a multiple of 0.01"),
        ("person_money", Decimal("0.005"), "`0.005` is not a multiple of 0.01"),
        ("person_money", "10000000000.01", "is out of the range -10,000,000,000 .. 10,000,000,000"),
        ("person_integer", "1.5", "`1.5` is not a whole number"),
        ("person_boolean", "perhaps", "`perhaps` is not true or false"),
        ("person_date", "2023-02-29", "`2023-02-29` is not a date written YYYY-MM-DD"),
        ("person_date", "1699-12-31", "is out of the range 1700-01-01 .. 2899-12-31"),
        ("person_date", date(2900, 1, 1), "is out of the range 1700-01-01 .. 2899-12-31"),
        ("person_enum", "yellow", "`yellow` is not one of `red`, `green`, `blue`"),
    ],
)
def test_bad_entries_are_told_with_row_and_column(program: Program, name: str, value: object, message: str) -> None:
    admitted = from_arrow(program, AT, tables(**{name: [None, value]}))
    assert admitted.columns is None
    assert [str(problem) for problem in admitted.problems] == [f"person, row 2, {name}: {message}"]


def test_links_are_checked(program: Program) -> None:
    people = pa.table(
        {
            "person_id": ["a", "b", "b", None],
            "household_id": ["h", "h", "x", "h"],
            "role": ["head", "head", "child", "uncle"],
        }
    )
    homes = pa.table({"household_id": ["h", "empty"]})
    admitted = from_arrow(program, AT, {"person": people, "household": homes})
    assert [str(problem) for problem in admitted.problems] == [
        "person, row 3, person_id: `b` is the id of row 2 already",
        "person, row 4, person_id: there is no id",
        "person, row 3, household_id: there is no household `x`",
        "person, row 4, role: there is no role `uncle` in a household, but `head`, `partner` or `child`",
        "household, row 2, head: nobody has the role `head`",
        "household, row 1, head: 2 have the role `head`, and at most 1 may",
    ]


def test_rows_at_fault_can_be_left_out_with_all_that_belongs_to_them(program: Program) -> None:
    people = {
        "person_id": np.array(["a", "b", "c"]),
        "household_id": np.array(["g", "h", "h"]),
        "role": np.array(["head", "head", "children"]),  # as a case names them
        "person_money": np.array([1.25, 2.5, 0.001]),
    }
    given = {"person": people, "household": {"household_id": np.array(["g", "h"])}}
    admitted = from_numpy(program, AT, given, leave_out=True)
    assert len(admitted.problems) == 1
    assert admitted.columns is not None
    assert admitted.columns.counts == {"person": 1, "household": 1}
    assert admitted.columns.columns[Cell("person_money", AT)].entries.tolist() == [125]
    assert admitted.columns.groups["household"].group.tolist() == [0]


def test_csv_and_parquet_say_the_same(program: Program, tmp_path: Path) -> None:
    given = tables(person_money=["1.10", None, "3"], **{"person_money@2023": ["5", "6", "7"]})
    people, homes = tmp_path / "people.csv", tmp_path / "homes.parquet"
    people.write_text("\n".join([",".join(given["person"].column_names), *_lines(given["person"])]) + "\n")
    parquet.write_table(given["household"], homes)
    admitted = from_arrow(program, AT, {"person": read_table(people), "household": read_table(homes)})
    direct = from_arrow(program, AT, given)
    assert admitted.columns is not None and direct.columns is not None
    for cell, column in direct.columns.columns.items():
        assert admitted.columns.columns[cell].entries.tolist() == column.entries.tolist()
    assert Cell("person_money", AT.shift(-1)) in admitted.columns.columns


def _lines(table: pa.Table) -> list[str]:
    return [",".join("" if cell is None else str(cell) for cell in row.values()) for row in table.to_pylist()]
