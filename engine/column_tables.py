"""Arrow tables into columns, and columns of figures back into Arrow: the door at which a population is checked.

A table holds the rows of one entity: `id`; for people the id of their group and their role in it, in columns named
after the group (`tax_unit`, `tax_unit_role`); for records the id of whom they belong to (`person`); every other column
is a fact or figure by its name. An empty cell is a missing fact.

1. Find what each column is; a column that is no figure of the entity is a fault of the table.
2. Turn its cells into whole numbers of the figure's grid. Cells that are no value of its type, off its grid or outside
   its range are faults with their row and column.
3. Join ids: an id that stands twice, a group that is not there, a role that does not exist, too many or too few in one.
4. Everything that is wrong is told; a group with a fault in it, or in one of its people, is refused, the rest goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.columns import Cell, Column, Columns, GroupLink, column_of, unit_of
from engine.declarations import Entity
from engine.ir.program import Definition, Program
from engine.periods import Period, parse_date
from engine.types import Kind

MAX_FAULTS = 10_000
_NO_ROW = -1
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at the door. `row` counts from 1 in its table (0: the table as a whole)."""

    table: str
    row: int
    column: str
    message: str


@dataclass(slots=True)
class Admitted:
    """A population that came through the door. `refused` marks rows of each entity that are not to be computed."""

    columns: Columns
    refused: dict[str, NDArray[np.bool_]]
    faults: list[Fault] = field(default_factory=list)


def admit(
    program: Program, period: Period, tables: Mapping[str, pa.Table], complete: bool, first_rows: Mapping[str, int]
) -> Admitted:
    """Columns from one table for each entity. `first_rows`: how many rows of its file stand before each table."""
    door = _Door(program, period, tables, first_rows)
    return door.admit(complete)


class _Door:
    def __init__(
        self, program: Program, period: Period, tables: Mapping[str, pa.Table], first_rows: Mapping[str, int]
    ) -> None:
        self.program = program
        self.period = period
        self.tables = tables
        self.first_rows = first_rows
        self.faults: list[Fault] = []
        self.refused = {entity: np.zeros(len(table), dtype=np.bool_) for entity, table in tables.items()}
        self.rows: dict[str, dict[str, int]] = {}

    def entity(self, name: str) -> Entity:
        return self.program.settings.entities[name]

    def fault(self, entity: str, row: int, column: str, message: str) -> None:
        """Note a fault in a row (from 0 in this table; -1: in the table) and refuse the row."""
        if row >= 0:
            self.refused[entity][row] = True
        if len(self.faults) < MAX_FAULTS:
            shown = row + 1 + self.first_rows.get(entity, 0) if row >= 0 else 0
            self.faults.append(Fault(self.entity(entity).plural, shown, column, message))

    def admit(self, complete: bool) -> Admitted:
        counts = {name: len(self.tables[name]) if name in self.tables else 0 for name in self.program.settings.entities}
        for entity, table in self.tables.items():
            self.rows[entity] = self.ids(entity, table)
        groups = {name: self.group(name) for name, entity in self.program.settings.entities.items() if entity.of}
        owners = {name: self.owners(name) for name in self.tables if self.entity(name).belongs_to}
        columns: dict[Cell, Column] = {}
        for entity, table in self.tables.items():
            columns.update(self.figures(entity, table))
        self.spread_refusals(groups)
        ids = {entity: np.array(list(rows), dtype=object) for entity, rows in self.rows.items()}
        made = Columns(self.period, counts, columns, groups, owners, ids, complete)
        return Admitted(made, self.refused, self.faults)

    # --- who they are

    def ids(self, entity: str, table: pa.Table) -> dict[str, int]:
        """Each id with its row. Rows without one, or with another's, are refused and get a name of their own."""
        if "id" not in table.column_names:
            return {f"{row + self.first_rows.get(entity, 0)}": row for row in range(len(table))}
        found: dict[str, int] = {}
        for row, text in enumerate(_texts(table, "id")):
            if text is None or text in found:
                self.fault(entity, row, "id", "is empty" if text is None else "is the id of an earlier row")
                text = f"<row {row}>"
            found[text] = row
        return found

    def group(self, name: str) -> GroupLink:
        """For each person its group and role."""
        entity = self.entity(name)
        people = self.tables.get(entity.of)
        size = len(people) if people is not None else 0
        rows = np.full(size, _NO_ROW, dtype=np.int32)
        roles = np.zeros(size, dtype=np.int8)
        if people is None or name not in people.column_names:
            return GroupLink(rows, roles)
        known = self.rows.get(name, {})
        numbers = {word: at for at, role in enumerate(entity.roles) for word in (role.name, role.plural)}
        role_column = f"{name}_role"
        words = _texts(people, role_column) if role_column in people.column_names else [None] * size
        for row, (group, word) in enumerate(zip(_texts(people, name), words, strict=True)):
            if group is None:
                continue
            if group not in known:
                self.fault(entity.of, row, name, f"there is no {name} with this id")
            elif word not in numbers:
                message = "is empty" if word is None else "is no role of a " + name
                self.fault(
                    entity.of, row, role_column, f"{message}; one of {', '.join(one.name for one in entity.roles)}"
                )
            else:
                rows[row], roles[row] = known[group], numbers[word]
        self.check_roles(entity, rows, roles)
        return GroupLink(rows, roles)

    def check_roles(self, entity: Entity, rows: NDArray[np.int32], roles: NDArray[np.int8]) -> None:
        size = len(self.tables[entity.name]) if entity.name in self.tables else 0
        for number, role in enumerate(entity.roles):
            held = np.bincount(rows[(roles == number) & (rows >= 0)], minlength=size)
            for group in np.flatnonzero(held < role.minimum):
                self.fault(entity.name, int(group), role.name, "nobody has this role")
            if role.maximum is not None:
                for group in np.flatnonzero(held > role.maximum):
                    self.fault(entity.name, int(group), role.name, f"{held[group]} people have this role")

    def owners(self, name: str) -> NDArray[np.int32]:
        """For each record the row of whom it belongs to."""
        owner = self.entity(name).belongs_to
        table = self.tables[name]
        found = np.full(len(table), _NO_ROW, dtype=np.int32)
        if owner not in table.column_names:
            self.fault(name, _NO_ROW, owner, "the column is missing: it says whom each record belongs to")
            return found
        known = self.rows.get(owner, {})
        for row, text in enumerate(_texts(table, owner)):
            if text is None or text not in known:
                self.fault(name, row, owner, f"there is no {owner} with this id")
            else:
                found[row] = known[text]
        return found

    def spread_refusals(self, groups: Mapping[str, GroupLink]) -> None:
        """A group is refused with any of its people, so that no figure is computed from half of a household."""
        for name, link in groups.items():
            person = self.entity(name).of
            if name in self.refused and person in self.refused:
                bad = link.group[self.refused[person] & (link.group >= 0)]
                self.refused[name][bad] = True

    # --- what is known of them

    def figures(self, entity: str, table: pa.Table) -> Iterator[tuple[Cell, Column]]:
        entities = self.program.settings.entities
        links = {"id"} | {word for name, one in entities.items() if one.of == entity for word in (name, f"{name}_role")}
        links.add(self.entity(entity).belongs_to)
        for name in table.column_names:
            if name in links:
                continue
            definition = self.program.find(name)
            if definition is None or definition.entity != entity:
                whose = "no figure" if definition is None else f"a figure of a {definition.entity}"
                self.fault(entity, _NO_ROW, name, f"is {whose}: remove or rename the column")
                continue
            period = definition.period.containing(self.period.start)
            yield Cell(definition.name, period), self.column(entity, definition, table.column(name))

    def column(self, entity: str, definition: Definition, cells: Any) -> Column:
        """A column's cells as whole numbers of the figure's grid, faults told."""
        array = cells.combine_chunks()
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        missing = np.asarray(array.is_null())
        entries, bad = _entries(self.program, definition, array, missing)
        bad = {row: message for row, message in bad.items() if not missing[row]}
        for row, message in bad.items():
            self.fault(entity, row, definition.short_name, message)
        self.check_range(entity, definition, entries, missing)
        return column_of(entries, missing if missing.any() else None)

    def check_range(self, entity: str, definition: Definition, entries: NDArray[Any], missing: NDArray[Any]) -> None:
        unit = unit_of(self.program, definition)
        for bound, outside in ((definition.low, np.less), (definition.high, np.greater)):
            if bound is not None and definition.type.is_number:
                for row in np.flatnonzero(outside(entries, float(bound * unit)) & ~missing):
                    self.fault(entity, int(row), definition.short_name, f"is outside the range that ends at {bound}")


Bad = dict[int, str]


def _texts(table: pa.Table, column: str) -> list[str | None]:
    array = table.column(column)
    if pa.types.is_floating(array.type):
        array = pc.cast(array, pa.int64(), safe=False)
    found: list[str | None] = pc.cast(array, pa.string()).to_pylist()
    return found


def _entries(program: Program, definition: Definition, array: Any, missing: NDArray[Any]) -> tuple[NDArray[Any], Bad]:
    match definition.type.kind:
        case Kind.BOOLEAN:
            return _booleans(array)
        case Kind.ENUM:
            members = list(program.settings.enums[definition.type.enum].members)
            return _coded(array, {one: at for at, one in enumerate(members)}, f"is no member of {definition.type.enum}")
        case Kind.DATE:
            return _dates(array)
    return _numbers(array, unit_of(program, definition), definition, missing)


def _booleans(array: Any) -> tuple[NDArray[Any], Bad]:
    if pa.types.is_boolean(array.type):
        return np.asarray(pc.cast(pc.fill_null(array, pa.scalar(False)), pa.int8())), {}
    coded, bad = _coded(array, {"true": 1, "false": 0, "1": 1, "0": 0}, "is neither true nor false")
    return coded.astype(np.int8), bad


def _coded(array: Any, codes: Mapping[str, int], message: str) -> tuple[NDArray[Any], Bad]:
    entries = np.zeros(len(array), dtype=np.int32)
    bad: Bad = {}
    for row, text in enumerate(pc.cast(array, pa.string()).to_pylist()):
        if text in codes:
            entries[row] = codes[text]
        else:
            bad[row] = message
    return entries, bad


def _dates(array: Any) -> tuple[NDArray[Any], Bad]:
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return _parsed(array, _date_ordinal, "is no date written YYYY-MM-DD")
    if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
        days = np.asarray(pc.fill_null(pc.cast(pc.cast(array, pa.date32()), pa.int32()), 0)).astype(np.int32)
        return days + np.int32(719_163), {}
    return np.zeros(len(array), dtype=np.int32), dict.fromkeys(range(len(array)), "is no date")


def _date_ordinal(text: str) -> int:

    return parse_date(text).toordinal()


def _parsed(array: Any, parse: Callable[[str], int], message: str) -> tuple[NDArray[Any], Bad]:
    entries = np.zeros(len(array), dtype=np.int64)
    bad: Bad = {}
    for row, text in enumerate(array.to_pylist()):
        try:
            entries[row] = parse(text) if text is not None else 0
        except (ValueError, OverflowError):
            bad[row] = message
    return entries, bad


def _numbers(array: Any, unit: int, definition: Definition, missing: NDArray[Any]) -> tuple[NDArray[Any], Bad]:
    message = f"is no {definition.type} on a grid of {Fraction(1, unit)}"
    if pa.types.is_integer(array.type):
        whole = np.asarray(pc.fill_null(array, 0)).astype(np.int64)
        large = np.flatnonzero(np.abs(whole) > 2**62 // unit)
        return np.where(np.abs(whole) > 2**62 // unit, 0, whole) * unit, dict.fromkeys(map(int, large), message)
    if pa.types.is_floating(array.type):
        scaled = np.asarray(pc.fill_null(array, 0.0)).astype(np.float64) * unit
        rounded = np.rint(scaled)
        with np.errstate(invalid="ignore"):
            off = ~np.isfinite(scaled) | (np.abs(scaled - rounded) > 1e-6 * np.maximum(1.0, np.abs(scaled) * 1e-9))
        off |= np.abs(rounded) >= 2.0**53
        entries = np.where(off, 0, rounded).astype(np.int64)
        return entries, {int(row): message for row in np.flatnonzero(off & ~missing)}
    if pa.types.is_decimal(array.type):
        array = pc.cast(array, pa.string())
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        return np.zeros(len(array), dtype=np.int64), dict.fromkeys(range(len(array)), message)

    def parse(text: str) -> int:
        if not _PLAIN_NUMBER.fullmatch(text) or len(text) > 60:
            raise ValueError(text)
        value = Fraction(text) * unit
        if value.denominator != 1 or abs(value) >= 2**62:
            raise ValueError(text)
        return int(value)

    return _parsed(array, parse, message)


def figure_array(program: Program, definition: Definition, entries: NDArray[Any], known: NDArray[np.bool_]) -> Any:
    """A column of figures as Arrow: money and rates as exact decimals, dates as dates, an enum's members as words."""
    mask = ~known
    match definition.type.kind:
        case Kind.BOOLEAN:
            return pa.array(entries.astype(np.bool_), mask=mask)
        case Kind.ENUM:
            members = list(program.settings.enums[definition.type.enum].members)
            places: Any = pa.array(entries.astype(np.int32), mask=mask)
            return pa.DictionaryArray.from_arrays(places, pa.array(members))
        case Kind.DATE:
            return pa.array((entries.astype(np.int64) - 719_163).astype(np.int32), mask=mask).cast(pa.date32())
        case Kind.INTEGER:
            return pa.array(entries.astype(np.int64), mask=mask)
    return decimals(entries, unit_of(program, definition), mask)


def decimals(entries: NDArray[Any], unit: int, mask: NDArray[np.bool_]) -> Any:
    """Whole numbers of 1/`unit` (a power of ten) as decimals: 128-bit words, of which the low one is the number."""
    places = len(str(unit)) - 1
    words = np.empty((len(entries), 2), dtype=np.int64)
    words[:, 0] = entries
    words[:, 1] = np.where(words[:, 0] < 0, -1, 0)
    valid = pa.array(~mask).buffers()[1] if mask.any() else None
    return pa.Array.from_buffers(pa.decimal128(20, places), len(entries), [valid, pa.py_buffer(words.tobytes())])
