"""A population laid out for the code: rows that belong together side by side, cut into blocks, in padded arrays.

1. Rows that are linked, directly or through others, form a component: a household with its people, tax units and
   records.
2. Every entity's rows are sorted by component (people also by group and role), so that a run of components is a run
   of rows in each entity. A block is as many components as fit the capacities; nothing in a block reads outside it.
3. For each group entity: the list of members sorted by group and role, and where each role of each group begins in
   it.
4. Columns are copied in that order as the storage that their bounds allow, with room after the end for whole
   vectors.
5. Groups that a figure makes have a row for each person: that of the group whose first member the person is. Who is
   in which is found later (`engine.native.made_groups`), since it differs by program and period.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Definition, Program
from engine.native.plan.options import Options
from engine.native.plan.pointers import (
    Link,
    Made,
    Order,
)
from engine.native.plan.shape import ColumnShape, Held, Shape, Storage, held
from engine.population.columns import NONE_ENTRY, Cell, Column, Columns, Entries
from engine.records import record

PAD = 64
_TYPES = {Storage.DOUBLE: np.float64, Storage.WORD: np.int32, Storage.BYTE: np.int8}
Rows = NDArray[np.int64]


@record(frozen=True, slots=True, eq=False)
class MadeGroups:
    """Groups of a kind that a figure makes for one of its periods: of each person, as given, the row of the first
    member of their group (-1: in none); their links; and the components in which code cannot tell who is together."""

    first: Rows
    links: dict[Link, Entries]
    open: frozenset[int]


@dataclass(slots=True, eq=False)
class Layout:
    """`order`: for each entity the given row of each sorted row (None: as given). `component`: of each sorted row.
    `made`: the groups that figures of some programs make, so far as they were needed."""

    program: Program
    population: ReferenceType[Columns]
    options: Options
    order: dict[str, Rows | None] = field(default_factory=dict)
    component: dict[str, Rows] = field(default_factory=dict)
    blocks: dict[str, Rows] = field(default_factory=dict)
    links: dict[Link, Entries] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    in_order: frozenset[str] = frozenset()
    placed: set[str] = field(default_factory=set)
    kept: dict[Cell, tuple[Entries, Entries | None]] = field(default_factory=dict)
    zeros: dict[tuple[int, Storage], tuple[Entries, Entries | None]] = field(default_factory=dict)
    beyond: set[int] = field(default_factory=set)
    orders: dict[tuple[str, Order], Entries] = field(default_factory=dict)
    made: list[tuple[Program, dict[tuple[str, Made], MadeGroups]]] = field(default_factory=list)

    @property
    def columns(self) -> Columns:
        """The population. It is not kept alive by its layout, which is kept as long as the population lives."""
        population = self.population()
        assert population is not None
        return population

    @property
    def block_count(self) -> int:
        """How many blocks there are."""
        return len(next(iter(self.blocks.values()))) - 1 if self.blocks else 0

    def count(self, entity: str) -> int:
        """How many rows an entity has."""
        return count_of(self.program, self.columns, entity)

    def made_by(self, program: Program) -> dict[tuple[str, Made], MadeGroups]:
        """The groups that a program's figures make, so far as they were needed, by entity."""
        for known, groups in self.made:
            if known is program or (program.fingerprint and known.fingerprint == program.fingerprint):
                return groups
        self.made = [*self.made[-3:], (program, {})]
        return self.made[-1][1]

    def shape(self, cells: dict[Cell, bool]) -> Shape:
        """The shape that code for these columns relies on."""
        shapes = {cell: ColumnShape(self.held(cell).storage, missing) for cell, missing in cells.items()}
        entities = self.program.settings.entities
        stated = frozenset(entity for entity in self.columns.groups if entities[entity].by)
        # Who is not known to be in a group may be computed as if they were in none: that would be another shape.
        placed = frozenset(self.placed) if self.columns.complete else frozenset[str]()
        return Shape(shapes, self.capacity, self.members, self.in_order, self.columns.complete, stated, placed)

    def held(self, cell: Cell) -> Held:
        """How a column is held: decided by its definition, not by its entries."""
        return held(self.program, self.program.definitions[cell.name], self.options)

    def column(self, cell: Cell) -> tuple[Entries, Entries | None]:
        """A column's entries and its mask of missing ones, sorted and padded. Made once."""
        if cell not in self.kept:
            column, how = self.columns.columns[cell], self.held(cell)
            nothing = column.low == column.high == 0 and how.low <= 0 <= how.high and not how.definition.may_not_apply
            if not nothing:
                self.kept[cell] = self._laid_out(column, how)
            else:  # one column of zeros may stand for many facts
                if (id(column), how.storage) not in self.zeros:
                    self.zeros[id(column), how.storage] = self._laid_out(column, how)
                self.kept[cell] = self.zeros[id(column), how.storage]
        return self.kept[cell]

    def _laid_out(self, column: Column, how: Held) -> tuple[Entries, Entries | None]:
        entity = how.definition.entity
        entries = self._within(column, how.definition, how)
        missing = None if column.missing is None else self._sorted(column.missing.view(np.int8), entity, np.int8)
        return self._sorted(entries, entity, _TYPES[how.storage]), missing

    def _sorted(self, entries: Entries, entity: str, kind: type) -> Entries:
        order = self.order[entity]
        return padded(entries if order is None else entries[order], kind)

    def _within(self, column: Column, definition: Definition, held: Held) -> Entries:
        """The entries, with 0 for those beyond the assumed bounds; their components are noted in `beyond`."""
        low, high = held.low, held.high
        if not definition.may_not_apply and low <= column.low and column.high <= high:
            return column.entries
        none = column.entries == NONE_ENTRY
        outside = ((column.entries < low) | (column.entries > high)) & ~none
        if column.missing is not None:  # what is missing is no 0, which may lie outside the range
            outside &= ~column.missing
        order = self.order[definition.entity]
        where = outside if order is None else outside[order]
        self.beyond.update(self.component[definition.entity][where].tolist())
        return np.where(none, held.storage.none, np.where(outside, 0, column.entries))


def is_made(program: Program, columns: Columns, entity: str) -> bool:
    """Whether groups of a kind are made by a figure, and a population does not state them."""
    declared = program.settings.entities[entity]
    return bool(declared.by) and entity not in columns.groups and declared.of in columns.counts


def count_of(program: Program, columns: Columns, entity: str) -> int:
    """How many rows an entity has in a population."""
    made = is_made(program, columns, entity)
    return columns.counts[program.settings.entities[entity].of if made else entity]


def padded(entries: Entries, kind: type) -> Entries:
    """A copy as `kind` with room for a vector after the end."""
    entries_padded: Entries = np.zeros(len(entries) + PAD, dtype=kind)
    entries_padded[: len(entries)] = entries
    return entries_padded


def with_other_columns(layout: Layout, columns: Columns, cells: Collection[Cell]) -> Layout:
    """The layout of a population that differs in the entries of some columns only: the rest is shared, not made
    again."""
    other = frozenset(cells)
    kept = {cell: array for cell, array in layout.kept.items() if cell not in other}
    return replace(layout, population=ref(columns), kept=kept, zeros={}, beyond=set(layout.beyond), orders={}, made=[])
