"""Tax-Calculator's tables as cells of units, so that none tells what another table hides, nor the other way.

Of each table: the units of its rows, and those who take each deduction, owe the minimum tax, or pay less or more.
Who is none of these is told nowhere, but follows from the rest: a secret of its own where they are few.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from api.simulate.answers import NamedTable, TableRow
from api.simulate.disclosure import Published
from api.simulate.distribution import Floats, Parts, by_bands, by_tenths
from api.simulate.named_tables import CENT, CHANGES, SIDES, TAXES, WAYS

Flags = NDArray[np.bool_]
Amounts = Mapping[str, Floats]
_MINIMUM = ("count_AMT", "c09600")
_REST = "rest"


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """Columns that are of the same units of a row: they are hidden together. The first is their count."""

    columns: tuple[str, ...]
    flags: Flags


def tables_of_named(tables: Sequence[NamedTable], before: Amounts, after: Amounts, weights: Floats) -> list[Published]:
    """What Tax-Calculator's tables of a reform tell of how many units."""
    income = before["expanded_income"]
    parts_by_way = dict(zip(WAYS, (by_tenths(income, weights), by_bands(income)), strict=True))
    published: list[Published] = []
    for table in tables:
        way = next(way for way in WAYS if f" {way} " in table.name)
        counted = list(_counted(table.name, before, after))
        rest = ~np.logical_or.reduce([each.flags for each in counted])
        whole = _Counted(("count",), np.ones(len(rest), dtype=np.bool_))
        for each in (whole, *counted, _Counted((_REST,), rest)):
            published += _of_rows(table, parts_by_way[way], each)
    return published


def _counted(name: str, before: Amounts, after: Amounts) -> Iterator[_Counted]:
    """The groups of columns of a table, by its name."""
    kind, _, of = name.split(" ", 2)
    if kind == "distribution":
        amounts = before if of == "current law" else after
        for deduction, columns in SIDES.items():
            yield _Counted(columns, amounts[deduction] > 0)
        yield _Counted(_MINIMUM, amounts["c09600"] > 0)
    else:
        tax = next(tax for tax in TAXES if tax == of)
        change = after[tax] - before[tax]
        for columns, flags in zip(CHANGES, (change < -CENT, change > CENT), strict=True):
            yield _Counted(columns, flags)


def _of_rows(table: NamedTable, parts: Parts, counted: _Counted) -> Iterator[Published]:
    """The rows that are one part, side by side; each that adds parts up, by itself."""
    key = ("named", table.name, counted.columns[0])
    shown = _shown(table, counted.columns[0])
    rows = [row for row, sums in enumerate(parts.sums) if len(sums) == 1]
    row_of = np.full(1 + max(max(sums) for sums in parts.sums), -1, dtype=np.int16)
    row_of[[parts.sums[row][0] for row in rows]] = np.arange(len(rows))
    of = np.where(counted.flags, row_of[parts.of], -1).astype(np.int16)
    n = np.bincount(of + 1, minlength=len(rows) + 1)[1:]
    yield Published(key, tuple(rows), of, n, shown[rows], spared=False)
    for row in (row for row in range(len(parts.sums)) if row not in rows):
        inside = counted.flags & np.isin(parts.of, parts.sums[row])
        cell = np.where(inside, 0, -1).astype(np.int16)
        yield Published((*key, str(row)), (row,), cell, np.array([inside.sum()]), shown[[row]], spared=False)


def _shown(table: NamedTable, column: str) -> Flags:
    """Which rows tell a column; what follows from the others is told by none."""
    if column not in table.columns:
        return np.zeros(len(table.rows), dtype=np.bool_)
    place = table.columns.index(column)
    return np.array([row.cells[place] != "" for row in table.rows])


# --- with further cells hidden


def named_hidden(
    tables: Sequence[NamedTable], hidden: Mapping[tuple[str, ...], Collection[Hashable]]
) -> tuple[NamedTable, ...]:
    """The tables without the cells that are hidden by key."""
    return tuple(_without(table, hidden) for table in tables)


def _without(table: NamedTable, hidden: Mapping[tuple[str, ...], Collection[Hashable]]) -> NamedTable:
    gone: dict[str, set[Hashable]] = {}
    for columns in (("count",), *SIDES.values(), _MINIMUM, *CHANGES):
        rows = {row for key, cells in hidden.items() if key[:3] == ("named", table.name, columns[0]) for row in cells}
        gone |= dict.fromkeys(columns, rows)
    return replace(table, rows=tuple(_row_without(table, row, place, gone) for place, row in enumerate(table.rows)))


def _row_without(table: NamedTable, row: TableRow, place: int, gone: Mapping[str, set[Hashable]]) -> TableRow:
    whole = place in gone["count"]
    cells = (
        "" if whole or place in gone.get(name, ()) else cell
        for name, cell in zip(table.columns, row.cells, strict=True)
    )
    return replace(row, n=None if whole else row.n, cells=tuple(cells))
