"""Figures leave as exact decimals, dates and words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from engine.ir.program import Program
from engine.population.arrays import decimals, figure_array
from engine.population.entries import entries_from
from tests.rulesets import check, told

RULES = """
    about: Facts
    law: Test Act
    exports: [rent, share, children, abroad, born, kind]
    inputs:
      rent: {entity: tax_unit, period: year, type: money, label: R}
      share: {entity: tax_unit, period: year, type: rate, label: S}
      children: {entity: tax_unit, period: year, type: integer, label: C}
      abroad: {entity: tax_unit, period: year, type: boolean, status: true, label: A}
      born: {entity: tax_unit, period: eternity, type: date, label: B}
      kind: {entity: tax_unit, period: year, type: filing_status, label: F}
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    compiled = check(tmp_path, {"m": RULES})
    assert compiled.program is not None, told(compiled)
    return compiled.program


@pytest.mark.parametrize(
    ("name", "entries", "values"),
    [
        ("rent", [1, -250, 10**15], [Decimal("0.01"), Decimal("-2.50"), None]),
        ("share", [333_333_333, 10**9, 0], [Decimal("0.333333333"), Decimal(1), None]),
        ("children", [3, -1, 0], [3, -1, None]),
        ("abroad", [1, 0, 1], [True, False, None]),
        ("born", [date(2000, 2, 29).toordinal(), 1 + 719_162, 719_163], [date(2000, 2, 29), date(1970, 1, 1), None]),
        ("kind", [1, 0, 2], ["joint", "single", None]),
    ],
)
def test_each_type(program: Program, name: str, entries: list[int], values: list[object]) -> None:
    known = np.array([True, True, False])
    array = figure_array(program, program.definitions[name], np.array(entries, dtype=np.int64), known)
    assert array.to_pylist() == values


@pytest.mark.parametrize("narrow", [False, True])
def test_decimals_have_the_places_that_the_unit_needs(narrow: bool) -> None:
    entries = np.array([1, -250, 0])
    assert decimals(entries, 1, None, narrow).to_pylist() == [Decimal(1), Decimal(-250), Decimal(0)]
    assert decimals(entries, 4, None, narrow).to_pylist() == [Decimal("0.25"), Decimal("-62.5"), Decimal(0)]
    missing = np.array([False, True, False])
    assert decimals(entries, 100, missing, narrow).to_pylist() == [Decimal("0.01"), None, Decimal(0)]


def test_narrow_decimals_come_in_as_they_went_out(program: Program) -> None:
    definition = program.definitions["rent"]
    array = figure_array(program, definition, np.array([5, -(10**17)]), np.ones(2, dtype=np.bool_), narrow=True)
    entry = entries_from(array, definition.type, 100, ())
    assert entry.entries.tolist() == [5, -(10**17)]
    assert not entry.bad.any()
