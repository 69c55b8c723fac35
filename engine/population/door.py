"""Populations from tables: Arrow, Parquet, CSV and NumPy, one table for each entity, checked at the door.

1. A table's columns are figures by name (`name@2023` for another period than the population's), an id (`person_id`
   or `id`), for people the group they are in (`tax_unit_id`) and their role there (`tax_unit_role` or `role`), for
   records whose they are (`person_id`). An empty cell is a missing fact.
2. Every column is turned into whole numbers of its grid, exactly: decimals and text as they are written; a float
   only where it is the double nearest to a number on the grid.
3. Everything that is wrong is reported with table, row (from 1) and column: entries of another type, off the grid or
   out of range; ids twice or missing; links to nobody; too few or too many in a role.
4. With anything wrong there is no population, or, if asked for, one without the rows at fault and all that belong to
   them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute
from numpy.typing import NDArray

from engine.interpret.stated import Days, NotATime, bare, stated_for
from engine.ir.exclusions import Exclusion, Link, exclusions, refusal
from engine.ir.program import Definition, Program
from engine.population.columns import (
    NONE_ENTRY,
    Cell,
    Column,
    Columns,
    Entries,
    GroupLink,
    closed,
    column_of,
    kept_rows,
    unit_of,
)
from engine.population.entries import entries_from
from engine.population.roles import no_such_role, role_places
from engine.reading.declarations import Entity, Role
from engine.values.numbers import range_text
from engine.values.periods import EARLIEST_FACT, LATEST_FACT, Period, add_months
from engine.values.types import NONE, Kind

LOOKED_BACK, LOOKED_AHEAD = 40, 10  # years for which a statement that goes on is laid out

pa: Any = pyarrow
Table = Any
MONEY_LIMIT = 10**10


NO_ID, NO_FIGURE = "no id", "no figure"


@dataclass(frozen=True, slots=True)
class BadCell:
    """What is wrong with a cell of a table. `row` counts from 1; 0 means the whole column or table.

    `remedy`: what to do, where it is known. `kind` is NO_ID or NO_FIGURE for a caller that knows more of these.
    """

    table: str
    row: int
    column: str
    message: str
    remedy: str = ""
    kind: str = ""

    def __str__(self) -> str:
        place = f", row {self.row}" if self.row else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.table}{place}, {self.column}: {self.message}{remedy}"


@dataclass(frozen=True, slots=True)
class Refused:
    """A row (from 1) of an entity's table that is not to be let in, the column at fault, and why."""

    entity: str
    row: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
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
    if not door.problems:
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


def read_tables(
    program: Program, at: Period, paths: Mapping[str, Path], *, complete: bool = True, leave_out: bool = False
) -> Admitted:
    """The same from Parquet files (`.parquet`) or CSV files, whose cells are read as text. Raises OSError."""
    tables = {entity: _read(path) for entity, path in paths.items()}
    files = {entity: str(path) for entity, path in paths.items()}
    return from_arrow(program, at, tables, complete=complete, leave_out=leave_out, files=files)


def _read(path: Path) -> Table:
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return pa.parquet.read_table(path)
    import pyarrow.csv

    csv: Any = pyarrow.csv
    with csv.open_csv(path) as reader:
        names = reader.schema.names
    options = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    return csv.read_csv(path, convert_options=options)


def _places(given: Any, known: Any) -> NDArray[np.int32]:
    """Where each entry stands among those known; -1 where it does not."""
    if pa.types.is_dictionary(given.type):
        given = given.dictionary_decode()
    if given.type != known.type:
        given, known = given.cast(pa.string()), known.cast(pa.string())
    places = pyarrow.compute.index_in(given, known).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return np.where(given.is_null().to_numpy(zero_copy_only=False), -1, places)


def _plain(kind: Any) -> bool:
    """Whether a column of this type can hold ids or roles."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_null(kind)
        or (pa.types.is_dictionary(kind) and _plain(kind.value_type))
    )


def _rising(ids: Any) -> bool:
    """Whether ids are whole numbers, each above the one before: then none is there twice."""
    if ids.null_count or not pa.types.is_integer(ids.type):
        return False
    numbers = ids.to_numpy()
    return bool((numbers[1:] > numbers[:-1]).all())


def _pairs_of(exclusion: Exclusion, columns: Mapping[Cell, Column]) -> Iterator[tuple[Cell, Cell]]:
    """The columns that state two that exclude each other, for periods that touch."""
    seconds = [cell for cell in columns if cell.name == exclusion.second.name]
    firsts = [cell for cell in columns if seconds and cell.name == exclusion.first.name]
    for first in firsts:
        yield from ((first, second) for second in seconds if first.period.touches(second.period))


def _says_something(column: Column) -> NDArray[np.bool_]:
    stated: NDArray[np.bool_] = np.not_equal(column.entries, 0)
    return stated if column.missing is None else np.logical_and(stated, ~column.missing)


@dataclass(slots=True)
class _Door:
    """Admits tables. `bad` collects, for each entity, the rows at fault."""

    program: Program
    at: Period
    tables: dict[str, Table]
    files: dict[str, str]
    problems: list[BadCell] = field(default_factory=list)
    bad: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    refused: Sequence[Refused] = ()
    named: bool = True

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
        for one in self.refused:
            self.report(one.entity, one.row, one.column, one.message)
        groups, owners = self.links()
        columns = {cell: column for entity in self.tables for cell, column in self.figures(entities[entity])}
        self.exclusions(columns, groups, owners)
        groups = {name: self.without_vacant_roles(entities[name], link, columns) for name, link in groups.items()}
        counts = {entity: table.num_rows for entity, table in self.tables.items()}
        ids = {name: one.to_numpy(zero_copy_only=False) for name, one in self.known.items() if one is not None}
        return Columns(self.at, counts, columns, groups, owners, ids, complete)

    def readable(self, entity: Entity, table: Table) -> Table:
        """The table without columns that say the same thing twice or cannot say it: each is reported."""
        names = table.column_names
        repeated = sorted({name for name in names if names.count(name) > 1})
        for name in repeated:
            self.report(entity.name, 0, name, "the column stands twice; keep one of the two")
        linking = [name for name in names if name in self.linking(entity)]
        nested = [name for name in linking if name not in repeated and not _plain(table.schema.field(name).type)]
        for name in nested:
            kind = table.schema.field(name).type
            self.report(entity.name, 0, name, f"holds values of the type {kind}, where ids are whole numbers or text")
        places = [at for at, name in enumerate(names) if name not in repeated and name not in nested]
        return table.select(places)

    def linking(self, entity: Entity) -> set[str]:
        """The columns that are no figures: ids, links and roles."""
        taken = {"id", "role", f"{entity.name}_id", f"{entity.belongs_to}_id"}
        return taken | {f"{one}_{end}" for one in self.program.settings.entities for end in ("id", "role")}

    def sound(self) -> dict[str, NDArray[np.bool_]]:
        return {entity: ~bad for entity, bad in self.bad.items()}

    def report(self, entity: str, row: int, column: str, message: str, remedy: str = "", kind: str = "") -> None:
        """Note a fault; `row` counts from 1."""
        self.problems.append(BadCell(self.files.get(entity, entity), row, column, message, remedy, kind))
        if row:
            self.bad[entity][row - 1] = True

    # --- ids and links

    def identities(self, entity: Entity, table: Table) -> Any:
        """The column of ids, None if there is none. Missing and repeated ones are reported."""
        name = next((one for one in (f"{entity.name}_id", "id") if one in table.column_names), None)
        if name is None:
            return None
        found = table[name].combine_chunks()
        if pa.types.is_dictionary(found.type):
            found = found.dictionary_decode()
        if _rising(found):
            return found
        encoded = found.dictionary_encode()
        if not found.null_count and len(encoded.dictionary) == len(found):
            return found
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        _, first, which = np.unique(codes, return_index=True, return_inverse=True)
        for row in np.flatnonzero((codes < 0) | (first[which] != np.arange(len(codes)))):
            if codes[row] < 0:
                self.report(entity.name, int(row) + 1, name, "there is no id", kind=NO_ID)
            else:
                message = f"`{found[int(row)].as_py()}` is the id of row {first[which[row]] + 1} already"
                self.report(entity.name, int(row) + 1, name, message)
        return found

    def links(self) -> tuple[dict[str, GroupLink], dict[str, NDArray[np.int32]]]:
        groups: dict[str, GroupLink] = {}
        owners: dict[str, NDArray[np.int32]] = {}
        for entity in self.program.settings.entities.values():
            if entity.name in self.tables and entity.of in self.tables:
                groups[entity.name] = self.group(entity)
            elif entity.name in self.tables and entity.belongs_to in self.tables:
                owners[entity.name] = self.pointed(entity.name, f"{entity.belongs_to}_id", entity.belongs_to, True)
        return groups, owners

    def pointed(self, entity: str, column: str, target: str, needed: bool) -> NDArray[np.int32]:
        """The rows that a column of ids points to; -1 for an empty cell."""
        table = self.tables[entity]
        if column not in table.column_names:
            if needed:
                self.report(entity, 0, column, "the column is missing")
            return np.full(table.num_rows, -1 if not needed else 0, dtype=np.int32)
        given, found = table[column].combine_chunks(), np.full(table.num_rows, -1, dtype=np.int32)
        known = self.known[target]
        if known is not None:
            found = _places(given, known)
        empty = given.is_null().to_numpy(zero_copy_only=False)
        for row in np.flatnonzero((found < 0) & ~empty):
            self.report(entity, int(row) + 1, column, f"there is no {target} `{given[int(row)].as_py()}`")
        if needed:
            for row in np.flatnonzero(empty):
                self.report(entity, int(row) + 1, column, f"does not say which {target}")
        return np.maximum(found, 0) if needed else found

    def group(self, entity: Entity) -> GroupLink:
        people = self.tables[entity.of]
        of = self.pointed(entity.of, f"{entity.name}_id", entity.name, False)
        name = next((one for one in (f"{entity.name}_role", "role") if one in people.column_names), None)
        if name is None:
            self.report(entity.of, 0, f"{entity.name}_role", "the column is missing")
            return GroupLink(of, np.zeros(len(of), dtype=np.int8))
        stated = people[name].combine_chunks()
        places = role_places(stated, entity.roles)
        for row in np.flatnonzero((places < 0) & (of >= 0)):
            self.report(entity.of, int(row) + 1, name, no_such_role(stated[int(row)].as_py(), entity))
        role = np.maximum(places, 0).astype(np.int8)
        self.roles(entity, of, role)
        return GroupLink(of, role)

    def roles(self, entity: Entity, of: NDArray[np.int32], role: NDArray[np.int8]) -> None:
        """Report groups with too few or too many in a role."""
        count, roles = self.tables[entity.name].num_rows, len(entity.roles)
        inside = of >= 0
        held = np.bincount(of[inside].astype(np.int64) * roles + role[inside], minlength=count * roles)
        for number, one in enumerate(entity.roles):
            of_role = held.reshape(count, roles)[:, number]
            for row in np.flatnonzero(of_role < one.minimum):
                self.report(entity.name, int(row) + 1, one.name, f"nobody has the role `{one.name}`")
            if one.maximum is not None:
                for row in np.flatnonzero(of_role > one.maximum):
                    message = f"{of_role[row]} have the role `{one.name}`, and at most {one.maximum} may"
                    self.report(entity.name, int(row) + 1, one.name, message)

    def without_vacant_roles(self, entity: Entity, link: GroupLink, columns: Mapping[Cell, Column]) -> GroupLink:
        """The link without those whose role nobody holds, where a fact of the group says so."""
        of = link.group
        for number, role in enumerate(entity.roles):
            for cell, column in columns.items():
                definition = self.program.definitions[cell.name]
                stated = self.vacating(role, definition, column) if definition.entity == entity.name else None
                if stated is None:
                    continue
                if column.missing is not None:
                    stated = stated & ~column.missing
                of = np.where((of >= 0) & (link.role == number) & stated[np.maximum(of, 0)], -1, of).astype(np.int32)
        return replace(link, group=of)

    def vacating(self, role: Role, definition: Definition, column: Column) -> NDArray[np.bool_] | None:
        """The rows in which a column says that nobody holds a role; None if it is not about that."""
        figure, _, member = role.unless_stated.partition(".")
        if definition.short_name == role.unless:
            return column.entries.astype(bool)
        if definition.short_name == figure:
            members = list(self.program.settings.enums[definition.type.enum].members)
            return np.asarray(column.entries == members.index(member))
        return None

    def exclusions(
        self, columns: Mapping[Cell, Column], groups: Mapping[str, GroupLink], owners: Mapping[str, NDArray[np.int32]]
    ) -> None:
        """Report rows in which something is stated beside what stands for it; rows at fault already say nothing."""
        for exclusion in exclusions(self.program):
            for first, second in _pairs_of(exclusion, columns):
                above, below = _says_something(columns[first]), _says_something(columns[second])
                rows = self.rows_of_first(exclusion, len(below), groups, owners)
                both = below & (rows >= 0) & ~self.bad[exclusion.second.entity]
                both[both] = above[rows[both]]
                for row in np.flatnonzero(both):
                    whose = (exclusion.first, int(rows[row])), (exclusion.second, int(row))
                    message, remedy = refusal(exclusion, *(self.name_of(*of) if self.named else "" for of in whose))
                    self.report(exclusion.second.entity, int(row) + 1, exclusion.second.short_name, message, remedy)

    def rows_of_first(
        self,
        one: Exclusion,
        count: int,
        groups: Mapping[str, GroupLink],
        owners: Mapping[str, NDArray[np.int32]],
    ) -> NDArray[np.int32]:
        """For each row of the second of two, the row of the first that it goes with; -1 if none."""
        match one.link:
            case Link.SAME:
                return np.arange(count, dtype=np.int32)
            case Link.RECORD:
                return owners[one.second.entity]
            case Link.MEMBER:
                return groups[one.first.entity].group
            case Link.RECORD_OF_MEMBER:
                return groups[one.first.entity].group[owners[one.second.entity]]

    def name_of(self, definition: Definition, row: int) -> str:
        ids = self.known[definition.entity]
        return str(ids[row].as_py()) if ids is not None else f"row {row + 1}"

    # --- figures

    def figures(self, entity: Entity) -> Iterator[tuple[Cell, Column]]:
        table, taken = self.tables[entity.name], self.linking(entity)
        heads: dict[Cell, str] = {}
        for name in table.column_names:
            if name in taken:
                continue
            cells = self.cells(entity, name)
            if not self.are_free(entity, name, cells, heads):
                continue
            column = self.column(entity, name, self.program.definitions[cells[0].name]) if cells else None
            for cell in cells:
                assert column is not None
                yield cell, column

    def are_free(self, entity: Entity, name: str, cells: list[Cell], heads: dict[Cell, str]) -> bool:
        """Whether no other column states what this one does."""
        for cell in cells:
            other = heads.setdefault(cell, name)
            if other != name:
                message = f"says the same as the column `{other}`: both are of {cell.period}"
                self.report(entity.name, 0, name, message, "keep one of the two")
                return False
        return True

    def cells(self, entity: Entity, name: str) -> list[Cell]:
        """What a column states: a figure for the periods that its head names, all with the same entries."""
        figure, _, text = name.partition("@")
        definition = self.program.find(figure)
        if definition is None or definition.entity != entity.name:
            self.report(entity.name, 0, name, f"a {entity.name} has no figure `{figure}`", kind=NO_FIGURE)
            return []
        if definition.period.is_personal:
            whose = definition.period.calendar.of
            message = f"is per {definition.period}, which begins on a day that differs by {whose}"
            self.report(entity.name, 0, name, message, "state it in cases")
            return []
        try:
            found = stated_for(definition, text, self.program.settings) if text else bare(definition, self.at)
        except NotATime as fault:
            self.report(entity.name, 0, name, fault.message, fault.remedy)
            return []
        if isinstance(found, Days):
            found = self.periods_of(definition, found)
        return [Cell(definition.name, period) for period in found]

    def periods_of(self, definition: Definition, days: Days) -> tuple[Period, ...]:
        """The periods whose last day is one of some days, as far as formulas of the time that is asked for may look."""
        first = max(days.first, add_months(self.at.start, -12 * LOOKED_BACK))
        last = min(days.last, add_months(self.at.end, 12 * LOOKED_AHEAD))
        periods: list[Period] = []
        period = definition.period.containing(first) if first <= last else None
        while period is not None and period.end <= last:
            periods.append(period)
            period = period.shift(1)
        return tuple(periods)

    def column(self, entity: Entity, name: str, definition: Definition) -> Column:
        members = self.program.settings.enums[definition.type.enum].members if definition.type.enum else ()
        unit = unit_of(self.program, definition)
        array = self.tables[entity.name][name].combine_chunks()
        none = _stated_none(array) if definition.may_not_apply else None
        if none is not None:
            array = pyarrow.compute.if_else(pa.array(none), pa.scalar(None, array.type), array)
        entry = entries_from(array, definition.type, unit, tuple(members))
        if none is not None:
            entry = replace(entry, entries=np.where(none, NONE_ENTRY, entry.entries), missing=entry.missing & ~none)
        for row, message in zip(entry.bad_rows(), entry.messages(array), strict=True):
            self.report(entity.name, row + 1, name, message)
        column = column_of(entry.entries, entry.missing if entry.missing.any() else None)
        return self.within(entity, name, definition, column, unit, entry.missing | entry.bad)

    def within(
        self, entity: Entity, name: str, definition: Definition, column: Column, unit: int, empty: NDArray[np.bool_]
    ) -> Column:
        """The column, with 0 for entries that are out of the range of the figure, which are reported."""
        low, high, told = _range_of(definition, unit)
        if (low is None or low <= column.low) and (high is None or column.high <= high):
            return column
        outside = np.zeros(len(column.entries), dtype=bool)
        if low is not None:
            outside |= (column.entries < low) & (column.entries != NONE_ENTRY)
        if high is not None:
            outside |= column.entries > high
        outside &= ~empty
        for row in np.flatnonzero(outside):
            self.report(entity.name, int(row) + 1, name, f"is out of the range {told}")
        return column_of(np.where(outside, 0, column.entries), column.missing)


def _stated_none(array: Any) -> NDArray[np.bool_] | None:
    """Where a column of words says that there is none; None if it nowhere does."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        return None
    words = pyarrow.compute.equal(array, pa.scalar(str(NONE), array.type)).fill_null(False)
    found: NDArray[np.bool_] = words.to_numpy(zero_copy_only=False)
    return found if found.any() else None


def _range_of(definition: Definition, unit: int) -> tuple[int | None, int | None, str]:
    """The least and greatest entry that a figure may have, and both as they are told to people."""
    kind, low, high = definition.type.kind, definition.low, definition.high
    if kind is Kind.DATE:
        return EARLIEST_FACT.toordinal(), LATEST_FACT.toordinal(), f"{EARLIEST_FACT} .. {LATEST_FACT}"
    if not definition.type.is_number:
        return None, None, ""
    if kind is Kind.MONEY and low is None and high is None:
        low, high = Fraction(-MONEY_LIMIT), Fraction(MONEY_LIMIT)
    least, most = None if low is None else ceil(low * unit), None if high is None else floor(high * unit)
    return least, most, range_text(low, high)


__all__ = ["Admitted", "BadCell", "from_arrow", "from_numpy", "read_tables"]
