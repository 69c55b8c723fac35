"""The door of a population: what may come in as it is, and what is told and refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from engine.column_tables import Admitted, admit, decimals, figure_array
from engine.columns import Cell
from engine.ir.program import Program
from engine.periods import parse_period
from tests.rulesets import check, told

RULES = """
    about: Facts
    law: Test Act
    exports: [wages, share, children, abroad, born, filing_status, rent, score]
    inputs:
      wages: {entity: person, period: year, type: money, label: W, range: 0 .. 1_000}
      share: {entity: person, period: year, type: rate, label: S}
      children: {entity: person, period: year, type: integer, label: C}
      abroad: {entity: person, period: year, type: boolean, label: A}
      born: {entity: person, period: eternity, type: date, label: B}
      filing_status: {entity: tax_unit, period: year, type: filing_status, label: F}
      rent: {entity: tax_unit, period: year, type: money, label: R}
      score: {entity: licence, period: year, type: integer, label: L}
"""
YEAR = parse_period("2024")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    compiled = check(tmp_path_factory.mktemp("rules"), {"m": RULES})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def door(
    program: Program, people: dict[str, object], units: dict[str, object] | None = None, **more: object
) -> Admitted:
    size = len(next(iter(people.values())))  # type: ignore[arg-type]
    joined = {
        "id": [f"p{n}" for n in range(size)],
        "tax_unit": ["a"] * size,
        "tax_unit_role": ["head", *["dependent"] * (size - 1)],
    }
    tables = {"person": pa.table({**joined, **people}), "tax_unit": pa.table(units or {"id": ["a"]})}
    tables.update({name: pa.table(columns) for name, columns in more.items()})
    return admit(program, YEAR, tables, complete=True, first_rows={"person": 10})


def faults(admitted: Admitted) -> list[tuple[str, int, str]]:
    return [(fault.table, fault.row, fault.column) for fault in admitted.faults]


def test_values_become_whole_numbers_of_their_grid(program: Program) -> None:
    people = {
        "wages": ["0.01", "12", None],
        "share": [0.5, 0.25, 1.0],
        "children": [0, 1, 2],
        "abroad": ["true", "false", "1"],
        "born": [date(2000, 2, 29), date(1960, 1, 1), None],
    }
    admitted = door(program, people)
    assert admitted.faults == []
    columns = admitted.columns.columns
    by_name = {cell.name: column for cell, column in columns.items()}
    assert by_name["wages"].entries.tolist() == [1, 1200, 0]
    assert by_name["wages"].missing is not None
    assert by_name["wages"].missing.tolist() == [False, False, True]
    assert by_name["share"].entries.tolist() == [500_000_000, 250_000_000, 1_000_000_000]
    assert by_name["abroad"].entries.tolist() == [1, 0, 1]
    assert by_name["born"].entries[0] == date(2000, 2, 29).toordinal()
    assert Cell("born", program.definitions["born"].period.containing(YEAR.start)) in columns


def test_members_find_their_group(program: Program) -> None:
    admitted = door(program, {"wages": [1, 2]})
    link = admitted.columns.groups["tax_unit"]
    assert link.group.tolist() == [0, 0]
    assert link.role.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("column", "values", "row"),
    [
        ("wages", ["0.001", "1"], 11),
        ("wages", ["1", "1_000"], 12),
        ("wages", ["1", "many"], 12),
        ("wages", [1, 1001], 12),
        ("wages", [-1, 1], 11),
        ("wages", [0.123, 1.0], 11),
        ("wages", [float("nan"), 1.0], 11),
        ("wages", [float("inf"), 1.0], 11),
        ("wages", [True, False], 11),
        ("wages", ["1e999999", "1"], 11),
        ("children", ["1.5", "1"], 11),
        ("abroad", ["perhaps", "true"], 11),
        ("born", ["2024-02-30", "2024-02-28"], 11),
        ("tax_unit", ["b", "a"], 11),
        ("tax_unit_role", ["head", "cook"], 12),
        ("tax_unit_role", ["head", None], 12),
        ("id", ["x", "x"], 12),
        ("id", [None, "x"], 11),
    ],
)
def test_a_bad_cell_is_told_and_its_household_refused(
    program: Program, column: str, values: list[object], row: int
) -> None:
    admitted = door(program, {"wages": [1, 2], column: values})
    assert ("people", row, column) in faults(admitted)
    assert admitted.refused["person"][row - 11]
    if column not in ("tax_unit", "tax_unit_role"):
        assert admitted.refused["tax_unit"].all()


def test_roles_are_counted(program: Program) -> None:
    admitted = door(program, {"wages": [1, 2], "tax_unit_role": ["head", "head"]})
    assert faults(admitted) == [("tax_units", 1, "head")]
    nobody = door(program, {"wages": [1]}, {"id": ["a", "b"]})
    assert faults(nobody) == [("tax_units", 2, "head")]
    assert nobody.refused["tax_unit"].tolist() == [False, True]


def test_columns_that_are_no_figures_are_told(program: Program) -> None:
    admitted = door(program, {"wages": [1], "shoe_size": [44], "rent": [3]})
    assert faults(admitted) == [("people", 0, "shoe_size"), ("people", 0, "rent")]


def test_records_name_whom_they_belong_to(program: Program) -> None:
    admitted = door(program, {"wages": [1]}, licence={"person": ["p0", "p7"], "score": [3, 4]})
    assert admitted.columns.owners["licence"].tolist() == [0, -1]
    assert ("licences", 2, "person") in faults(admitted)


def test_figures_leave_as_exact_decimals(program: Program) -> None:
    entries = np.array([1, -250, 10**15], dtype=np.int64)
    known = np.array([True, True, False])
    assert figure_array(program, program.definitions["rent"], entries, known).to_pylist() == [
        Decimal("0.01"),
        Decimal("-2.50"),
        None,
    ]
    assert decimals(entries, 1, ~known).to_pylist()[:2] == [Decimal(1), Decimal(-250)]
    assert Fraction(1, 100) == Fraction(Decimal("0.01"))


def test_everything_is_told_at_once(program: Program) -> None:
    admitted = door(program, {"wages": ["x", "y", "3"], "children": ["1", "z", "3"]})
    assert [row for _, row, _ in faults(admitted)] == [11, 12, 12]
