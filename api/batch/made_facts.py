"""Rows of tables that state facts of groups which no figure makes: nobody would read them, so they are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from api.failures import Failure
from engine.ir.program import Program
from engine.native.strays import strays
from engine.population.columns import Columns
from engine.population.faults import Refused

SHOWN = 5


def stray_rows(program: Program, columns: Columns, tables: Mapping[str, Any]) -> list[Refused]:
    """The rows of `tables`, from which the columns come, that name a group that there never is."""
    return [
        refused
        for kind, rows in strays(program, columns).items()
        for refused in _of(program, columns, tables, kind, rows)
    ]


def require_made(program: Program, columns: Columns, tables: Mapping[str, Any]) -> None:
    """Raise Failure if a row names a group that there never is."""
    lost = stray_rows(program, columns, tables)
    if lost:
        more = [f"and {len(lost) - SHOWN:,} more"] * (len(lost) > SHOWN)
        told = "\n  ".join([*(f"{each.entity}, row {each.row}: {each.message}" for each in lost[:SHOWN]), *more])
        raise Failure(f"rows of groups that there are not:\n  {told}", "name each group after its first member")


def _of(program: Program, columns: Columns, tables: Mapping[str, Any], kind: str, rows: Any) -> Iterator[Refused]:
    declared = program.settings.entities[kind]
    people = np.flatnonzero(rows)
    larger = columns.groups[declared.within].group[people]
    ids = columns.ids[declared.within], columns.ids[declared.of]
    names = {
        f"{ids[0][whole]}/{ids[1][person]}": str(ids[1][person]) for whole, person in zip(larger, people, strict=True)
    }
    table = tables[kind]
    column = next(name for name in (f"{kind}_id", "id") if name in table.column_names)
    for row, given in enumerate(table[column].to_pylist()):
        if (first := names.get(str(given))) is not None:
            yield Refused(kind, row + 1, column, f"no {kind} is called `{given}`, since `{first}` is the first of none")
