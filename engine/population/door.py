"""Populations from tables: Arrow, Parquet, CSV and NumPy, one table for each entity, checked at the door.

1. A table's columns are figures by name (`name@2023` for another period than the population's), an id (`person_id`
   or `id`), for people the group they are in (`tax_unit_id`) and their role there (`tax_unit_role` or `role`), for
   records whose they are (`person_id`; `child_id` and `parent_id` where formulas call the owners so). An empty cell
   is a missing fact. Groups that a figure makes are named after the larger group and their first member (`home/ada`).
2. Every column is turned into whole numbers of its grid, exactly: decimals and text as they are written; a float
   only where it is the double nearest to a number on the grid.
3. Everything that is wrong is reported with table, row (from 1) and column: entries of another type, off the grid or
   out of range; ids twice or missing; links to nobody; too few or too many in a role.
4. With anything wrong there is no population, or, if asked for, one without the rows at fault and all that belong to
   them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from engine.ir.program import Program
from engine.population.columns import (
    Columns,
    Entries,
    GroupLink,
    closed,
    kept_rows,
)
from engine.population.faults import BadCell, Refused
from engine.population.made_rows import are_of_made, in_rows_of_people, rows_of_people
from engine.population.together import TogetherReader
from engine.reading.declared_settings import Entity
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
    made: bool = True,
) -> Admitted:
    """A population from a table for each entity, by the entity's name. `files` name the tables in messages.

    `refused` are rows that the caller knows to be at fault. `named`: whether ids mean something to whoever reads the
    messages; without it they are left out. `made`: whether a table may be of groups that a figure makes; the columns
    then have its facts in the rows of people (`made_rows`).
    """
    door = _Door(program, at, dict(tables), dict(files or {}), refused=refused, named=named, may_be_made=made)
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


@dataclass(slots=True)
class _Door(TogetherReader):
    """Admits tables. `made`: of the tables of groups that a figure makes, the row (from 0) in which each row of people
    was given, -1 where there is none."""

    may_be_made: bool = True
    made: dict[str, NDArray[np.int64]] = field(default_factory=dict)

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
        apart = {name: self.tables[name] for name in self.of_made()}
        self.tables = {name: table for name, table in self.tables.items() if name not in apart}
        groups, owners = self.links()
        further = self.further_owners()
        for entity, table in apart.items():
            self.give_to_people(entities[entity], table, groups)
        columns = {cell: column for entity in self.tables for cell, column in self.figures(entities[entity])}
        self.exclusions(columns, groups, owners)
        self.contradictions(columns, groups, owners, complete)
        groups = {name: self.without_vacant_roles(entities[name], link, columns) for name, link in groups.items()}
        counts = {entity: table.num_rows for entity, table in self.tables.items() if entity not in self.made}
        ids = {
            name: id_column.to_numpy(zero_copy_only=False)
            for name, id_column in self.known.items()
            if id_column is not None and name not in self.made
        }
        own = tuple(self.own_periods(columns, groups, owners))
        return Columns(self.at, counts, columns, groups, owners, ids, complete, self.stays, own, further)

    def of_made(self) -> list[str]:
        """The tables of groups that a figure makes."""
        entities, heads = self.program.settings.entities, {name: of.column_names for name, of in self.tables.items()}
        return [name for name in heads if self.may_be_made and are_of_made(entities[name], heads)]

    def give_to_people(self, entity: Entity, table: Table, groups: Mapping[str, GroupLink]) -> None:
        """Let a table of groups that a figure makes have a row for each person, that of the group's first member."""
        people, places = self.tables[entity.of].num_rows, self.first_members(entity, table, groups)
        there, names = np.flatnonzero(places >= 0), table.column_names
        wrong, given = np.zeros(people, dtype=np.bool_), np.full(people, -1, dtype=np.int64)
        given[places[there]] = there
        wrong[places[there]] = self.bad[entity.name][there]
        moved = in_rows_of_people([table[name].combine_chunks() for name in names], places, people)
        self.tables[entity.name] = pa.table(dict(zip(names, moved, strict=True)))
        if (ids := self.known[entity.name]) is not None:
            self.known[entity.name] = in_rows_of_people([ids], places, people)[0]
        self.bad[entity.name], self.made[entity.name] = wrong, given

    def first_members(self, entity: Entity, table: Table, groups: Mapping[str, GroupLink]) -> NDArray[np.int64]:
        """The row of the person after whom each row is named; -1 where it names nobody, which is reported."""
        column, named = f"{entity.name}_id", self.known[entity.name]
        ids = self.known[entity.within], self.known[entity.of]
        if named is None or None in ids:
            remedy = f"name each {entity.name} after its {entity.within} and first member, by their ids: `home/ada`"
            self.report(entity.name, 0, column, "the ids are missing", remedy=remedy)
            return np.full(table.num_rows, -1, dtype=np.int64)
        places = rows_of_people(named, ids, groups[entity.within])
        for row in np.flatnonzero((places < 0) & ~self.bad[entity.name]):
            name, day = named[int(row)].as_py(), self.at.end
            message = f"`{name}` names no {entity.within} and somebody who is in it on {day}, as `home/ada` does"
            self.report(entity.name, int(row) + 1, column, message)
        return places

    def report(self, entity: str, row: int, column: str, message: str, *, remedy: str = "", kind: str = "") -> None:
        """Note a fault; `row` counts from 1."""
        given = self.made.get(entity)
        told = row if given is None or not row else int(given[row - 1]) + 1
        self.problems.append(BadCell(self.files.get(entity, entity), told, column, message, remedy, kind))
        if row:
            self.bad[entity][row - 1] = True

    def sound(self) -> dict[str, NDArray[np.bool_]]:
        for entity in self.made:
            self.bad[self.program.settings.entities[entity].of] |= self.bad[entity]
        return {entity: ~bad for entity, bad in self.bad.items() if entity not in self.made}


__all__ = ["Admitted", "from_arrow", "from_numpy"]
