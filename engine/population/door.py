"""Populations from tables: Arrow, Parquet, CSV and NumPy, one table for each entity, checked at the door.

1. A table's columns are figures by name (`name@2023` for another period than the population's), an id (`person_id`
   or `id`), for people the group they are in (`tax_unit_id`) and their role there (`tax_unit_role` or `role`), for
   records whose they are (`person_id`; `child_id` and `parent_id` where formulas call the owners so). An empty cell
   is a missing fact.
2. Every column is turned into whole numbers of its grid, exactly: decimals and text as they are written; a float
   only where it is the double nearest to a number on the grid.
3. Everything that is wrong is reported with table, row (from 1) and column: entries of another type, off the grid or
   out of range; ids twice or missing; links to nobody; too few or too many in a role.
4. With anything wrong there is no population, or, if asked for, one without the rows at fault and all that belong to
   them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from engine.ir.program import Program
from engine.population.columns import (
    Columns,
    Entries,
    closed,
    kept_rows,
)
from engine.population.faults import BadCell, Refused
from engine.population.together import TogetherReader
from engine.records import record
from engine.values.periods import Period

pa: Any = pyarrow
Table = Any


@record(frozen=True, slots=True)
class Admitted:
    """The population (None if something was wrong and rows were not to be left out), and what was wrong.

    `rows`, if rows were left out: for each entity which of the given rows were kept.
    """

    columns: Columns | None
    problems: tuple[BadCell, ...]
    rows: Mapping[str, NDArray[np.bool_]] | None = None


def from_arrow(
    program: Program,
    at: Period,
    tables: Mapping[str, Table],
    *,
    complete: bool = True,
    leave_out: bool = False,
    files: Mapping[str, str] | None = None,
    refused: Sequence[Refused] = (),
    named: bool = True,
) -> Admitted:
    """A population from a table for each entity, by the entity's name. `files` name the tables in messages.

    `refused` are rows that the caller knows to be at fault. `named`: whether ids mean something to whoever reads the
    messages; without it they are left out.
    """
    door = _Door(program, at, dict(tables), dict(files or {}), refused=refused, named=named)
    columns = door.admit(complete)
    if not door.problems and not refused:
        return Admitted(columns, ())
    if not leave_out:
        return Admitted(None, tuple(door.problems))
    keep = closed(program, columns, door.sound())
    return Admitted(kept_rows(program, columns, keep), tuple(door.problems), keep)


def from_numpy(
    program: Program,
    at: Period,
    tables: Mapping[str, Mapping[str, Entries]],
    *,
    complete: bool = True,
    leave_out: bool = False,
) -> Admitted:
    """The same from arrays by name. Masked arrays and NaN state missing facts."""
    made = {
        entity: pa.table({name: pa.array(*_masked(entries), from_pandas=True) for name, entries in arrays.items()})
        for entity, arrays in tables.items()
    }
    return from_arrow(program, at, made, complete=complete, leave_out=leave_out)


def _masked(entries: Entries) -> tuple[Any, ...]:
    if isinstance(entries, np.ma.MaskedArray):
        return (entries.data, None, np.ma.getmaskarray(entries))
    return (entries,)


class _Door(TogetherReader):
    """Admits tables."""

    __slots__ = ()

    def admit(self, complete: bool) -> Columns:
        entities = self.program.settings.entities
        for entity in list(self.tables):
            if entity not in entities:
                self.report(entity, 0, "", f"there is no entity `{entity}`")
                del self.tables[entity]
        for entity in list(self.tables):
            self.tables[entity] = self.readable(entities[entity], self.tables[entity])
        for entity, table in self.tables.items():
            self.bad[entity] = np.zeros(table.num_rows, dtype=bool)
            self.known[entity] = self.identities(entities[entity], table)
        for refused_cell in self.refused:
            self.bad[refused_cell.entity][refused_cell.row - 1] = True
            if refused_cell.message:
                self.report(refused_cell.entity, refused_cell.row, refused_cell.column, refused_cell.message)
        groups, owners = self.links()
        further = self.further_owners()
        columns = {cell: column for entity in self.tables for cell, column in self.figures(entities[entity])}
        self.exclusions(columns, groups, owners)
        self.contradictions(columns, groups, owners, complete)
        groups = {name: self.without_vacant_roles(entities[name], link, columns) for name, link in groups.items()}
        counts = {entity: table.num_rows for entity, table in self.tables.items()}
        ids = {
            name: id_column.to_numpy(zero_copy_only=False)
            for name, id_column in self.known.items()
            if id_column is not None
        }
        own = tuple(self.own_periods(columns, groups, owners))
        return Columns(self.at, counts, columns, groups, owners, ids, complete, self.stays, own, further)

    def sound(self) -> dict[str, NDArray[np.bool_]]:
        return {entity: ~bad for entity, bad in self.bad.items()}


__all__ = ["Admitted", "from_arrow", "from_numpy"]
