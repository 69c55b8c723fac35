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
from engine.native.plan.owned import Owned, joined, owned_rows
from engine.native.plan.pointers import (
    GroupOfEach,
    Link,
    Made,
    MemberList,
    MemberPlace,
    MemberStarts,
    Order,
    OwnedList,
    OwnedStarts,
    OwnerOfEach,
    list_of_owned,
)
from engine.native.plan.shape import ColumnShape, Held, Shape, Storage, held
from engine.population.columns import NONE_ENTRY, Cell, Column, Columns, Entries, further_entity
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


def lay_out(program: Program, columns: Columns, options: Options) -> Layout:
    """The layout of a population."""
    layout = Layout(program, ref(columns), options)
    _components(layout)
    _sort(layout)
    _list_members(layout)
    _room_for_made(layout)
    _list_records(layout)
    for owned in owned_rows(program, columns):
        _list_owned(layout, owned)
    _cut(layout)
    return layout


def with_other_columns(layout: Layout, columns: Columns, cells: Collection[Cell]) -> Layout:
    """The layout of a population that differs in the entries of some columns only: the rest is shared, not made
    again."""
    other = frozenset(cells)
    kept = {cell: array for cell, array in layout.kept.items() if cell not in other}
    return replace(layout, population=ref(columns), kept=kept, zeros={}, beyond=set(layout.beyond), orders={}, made=[])


# --- components


def _components(layout: Layout) -> None:
    """Numbers for the components, the same in every entity."""
    columns = layout.columns
    components: dict[str, Rows] = {}
    used = 0
    for people in {layout.program.settings.entities[group].of for group in columns.groups}:
        groups = [name for name in columns.groups if layout.program.settings.entities[name].of == people]
        components[people] = _people_components(columns, groups)
        for group in groups:
            if group in columns.stays:  # who is where differs by day: the interpreter's
                layout.beyond.update(components[people][columns.stays[group].person].tolist())
        for group in groups:
            components[group] = _group_components(columns, group, components[people])
            used = max(used, int(components[group].max(initial=-1)) + 1)
        used = max(used, int(components[people].max(initial=-1)) + 1)
    for entity, count in columns.counts.items():
        if entity not in components and entity not in columns.owners:
            components[entity] = used + np.arange(count, dtype=np.int64)
            used += count
    pending = dict(columns.owners)
    while pending:
        for entity in list(pending):
            owner = layout.program.settings.entities[entity].belongs_to
            if owner in components:
                components[entity] = components[owner][pending.pop(entity)]
    layout.component = _with_further_owners(layout, components)


def _with_further_owners(layout: Layout, components: dict[str, Rows]) -> dict[str, Rows]:
    """The components joined by further owners. Those of which it is known already that they are the interpreter's are
    told in the new numbers."""
    links = [
        (entity, further_entity(layout.program, entity, name), rows.astype(np.int64))
        for (entity, name), rows in layout.columns.further_owners.items()
    ]
    if not links:
        return components
    before = dict(components)
    after = joined(components, links)
    for entity, numbers in before.items():
        at = np.isin(numbers, list(layout.beyond))
        layout.beyond.update(after[entity][at].tolist())
    return after


def _people_components(columns: Columns, groups: list[str]) -> Rows:
    """With one kind of group, its row; people in none follow. With several, groups that share people are one."""
    first = columns.groups[groups[0]].group.astype(np.int64)
    count = columns.counts[groups[0]]
    label = np.where(first >= 0, first, count + np.arange(len(first)))
    if len(groups) == 1 and not columns.stays:
        return label
    links = [_memberships(columns, group) for group in groups]
    while True:
        before = label
        for group, (people, rows) in zip(groups, links, strict=True):
            least = np.full(columns.counts[group], np.iinfo(np.int64).max)
            np.minimum.at(least, rows, label[people])
            label = label.copy()
            np.minimum.at(label, people, least[rows])
        if np.array_equal(before, label):
            return label


def _memberships(columns: Columns, group: str) -> tuple[Rows, Rows]:
    """The rows of people and of the groups that they are in, at any time."""
    rows = columns.groups[group].group
    people = np.flatnonzero(rows >= 0)
    if group not in columns.stays:
        return people, rows[people].astype(np.int64)
    stays = columns.stays[group]
    there = stays.group >= 0
    return np.concatenate([people, stays.person[there]]), np.concatenate([rows[people], stays.group[there]])


def _group_components(columns: Columns, group: str, people: Rows) -> Rows:
    members, rows = _memberships(columns, group)
    count = columns.counts[group]
    component = np.full(count, -1, dtype=np.int64)
    component[rows] = people[members]
    empty = component < 0
    start = max(int(people.max(initial=-1)), count) + 1 if len(columns.groups) > 1 else 0
    return np.where(empty, start + np.arange(count), component)


# --- order


def _sort(layout: Layout) -> None:
    columns = layout.columns
    for entity in columns.counts:
        component = layout.component[entity]
        groups = [name for name in columns.groups if layout.program.settings.entities[name].of == entity]
        if groups:
            link = columns.groups[groups[0]]
            keys: list[Entries] = [link.role, link.group, component]
        elif entity in columns.owners:
            owner = layout.program.settings.entities[entity].belongs_to
            keys = [new_rows(layout, owner)[columns.owners[entity]], component]
        else:
            keys = [component]
        layout.order[entity] = _order(keys)
        order = layout.order[entity]
        layout.component[entity] = component if order is None else component[order]
    for entity in layout.program.settings.entities:
        if is_made(layout.program, columns, entity):
            people = layout.program.settings.entities[entity].of
            layout.order[entity], layout.component[entity] = layout.order[people], layout.component[people]


def _order(keys: list[Entries]) -> Rows | None:
    """The stable order by the last key, then the one before …; None if it is that already."""
    if _in_order(keys):
        return None
    order: Rows = np.lexsort(keys).astype(np.int64)
    return order


def _in_order(keys: list[Entries]) -> bool:
    """Whether rows stand in the order of the last key, then the one before …"""
    fine: Entries = np.ones(max(0, len(keys[0]) - 1), dtype=bool)
    for key in keys:
        fine = (key[:-1] < key[1:]) | ((key[:-1] == key[1:]) & fine)
    return bool(fine.all())


def new_rows(layout: Layout, entity: str) -> Rows:
    """For each given row, its sorted row."""
    order = layout.order[entity]
    count = layout.columns.counts[entity]
    if order is None:
        return np.arange(count, dtype=np.int64)
    new_rows = np.empty(count, dtype=np.int64)
    new_rows[order] = np.arange(count)
    return new_rows


# --- links


def _room_for_made(layout: Layout) -> None:
    """Groups that a figure makes are as large, and as many in a larger group, as that is at most."""
    for entity, declared in layout.program.settings.entities.items():
        if is_made(layout.program, layout.columns, entity):
            layout.members[entity] = layout.members.get(declared.within, _room(1, 16))


def _list_members(layout: Layout) -> None:
    in_order: set[str] = set()
    for group, link in layout.columns.groups.items():
        entity = layout.program.settings.entities[group]
        order = layout.order[entity.of]
        rows = new_rows(layout, group)
        of = np.where(link.group >= 0, rows[np.maximum(link.group, 0)] if len(rows) else 0, -1)
        role = link.role
        if order is not None:
            of, role = of[order], role[order]
        layout.links[GroupOfEach(group)] = padded(of, np.int32)
        inside = np.flatnonzero(of >= 0)
        if len(inside) == len(of):
            layout.placed.add(group)
        order = _order([role[inside], of[inside]])
        members = inside if order is None else inside[order]
        if np.array_equal(members, np.arange(len(members))):
            in_order.add(group)
        layout.links[MemberList(group)] = padded(members, np.int32)
        count, roles = layout.columns.counts[group], len(entity.roles)
        held = np.bincount(of[inside] * roles + role[inside], minlength=count * roles)
        starts = np.concatenate([[0], np.cumsum(held)])
        for number in range(roles + 1):
            layout.links[MemberStarts(group, number)] = padded(
                starts[number : number + count * roles : roles], np.int32
            )
        largest = held.reshape(count, roles).sum(axis=1).max(initial=0)
        layout.members[group] = _room(int(largest), 16)
    layout.in_order = frozenset(in_order)
    _list_nobody(layout)


def member_places(layout: Layout, group: str) -> Entries:
    """What `MemberPlace` points to: made when code asks for it, and kept."""
    pointer = MemberPlace(group)
    if pointer not in layout.links:
        link, order = layout.columns.groups[group], layout.order[layout.program.settings.entities[group].of]
        places = np.empty(len(link.group), dtype=np.int64)
        places[np.lexsort((link.role, link.group))] = np.arange(len(places))  # stable: then as given
        layout.links[pointer] = padded(places if order is None else places[order], np.int32)
    return layout.links[pointer]


def _list_nobody(layout: Layout) -> None:
    """Nobody is listed in groups of a kind of which a population has no table: formulas may ask who is in one."""
    program, columns = layout.program, layout.columns
    for group, entity in program.settings.entities.items():
        if entity.of in columns.counts and group not in columns.groups and not is_made(program, columns, group):
            layout.links[GroupOfEach(group)] = padded(np.full(columns.counts[entity.of], -1, dtype=np.int64), np.int32)
            nothing = padded(np.empty(0, dtype=np.int64), np.int32)
            layout.links |= {MemberStarts(group, number): nothing for number in range(len(entity.roles) + 1)}
            layout.links[MemberList(group)] = nothing


def _list_records(layout: Layout) -> None:
    for entity, owners in layout.columns.owners.items():
        owner = layout.program.settings.entities[entity].belongs_to
        order = layout.order[entity]
        rows = new_rows(layout, owner)[owners]
        rows = rows if order is None else rows[order]
        layout.links[OwnerOfEach(entity)] = padded(rows, np.int32)
        held = np.bincount(rows, minlength=layout.columns.counts[owner])
        starts = np.concatenate([[0], np.cumsum(held)])
        layout.links[MemberStarts(entity, 0)] = padded(starts[:-1], np.int32)
        layout.links[MemberStarts(entity, 1)] = padded(starts[1:], np.int32)
        layout.members[entity] = _room(int(held.max(initial=0)), 16)


def _list_owned(layout: Layout, owned: Owned) -> None:
    """The links of one kind of further owner or larger group."""
    entity, further = owned.entity, owned.further
    rows, order = new_rows(layout, owned.of), layout.order[entity]
    to = np.where(owned.owner >= 0, rows[np.maximum(owned.owner, 0)] if len(rows) else 0, -1)
    place = owned.place
    layout.beyond.update(layout.component[entity][new_rows(layout, entity)[owned.open]].tolist())
    if order is not None:
        to, place = to[order], place[order]
    inside = np.flatnonzero(to >= 0)
    if len(inside) == len(to):
        layout.placed.add(list_of_owned(entity, further))
    listed = inside[np.lexsort((place[inside], to[inside]))]
    held = np.bincount(to[inside], minlength=len(rows))
    starts = np.concatenate([[0], np.cumsum(held)])
    layout.links[OwnerOfEach(entity, further)] = padded(to, np.int32)
    layout.links[OwnedList(entity, further)] = padded(listed, np.int32)
    layout.links[OwnedStarts(entity, further, False)] = padded(starts[:-1], np.int32)
    layout.links[OwnedStarts(entity, further, True)] = padded(starts[1:], np.int32)
    layout.members[list_of_owned(entity, further)] = _room(int(held.max(initial=0)), 16)


def _room(needed: int, least: int) -> int:
    """`needed` or more: a power of two, so that few different shapes arise."""
    size = least
    while size < needed:
        size *= 2
    return size


# --- blocks


def _cut(layout: Layout) -> None:
    """Blocks of whole components within the capacities."""
    total = max((int(component.max(initial=-1)) + 1 for component in layout.component.values()), default=0)
    firsts: dict[str, Rows] = {}
    for entity, component in layout.component.items():
        first = np.searchsorted(component, np.arange(total + 1)).astype(np.int64)
        firsts[entity] = first
        declared = layout.program.settings.entities[entity]
        small = bool(declared.of) and not is_made(layout.program, layout.columns, entity)
        usual = layout.options.block * (1 if small else 8 if declared.belongs_to else 4)
        layout.capacity[entity] = _room(int(np.diff(first).max(initial=0)), usual)
    cuts = [0]
    while cuts[-1] < total:
        ends = [
            int(np.searchsorted(first, first[cuts[-1]] + layout.capacity[entity], side="right")) - 1
            for entity, first in firsts.items()
        ]
        cuts.append(max(cuts[-1] + 1, min(ends)))
    for entity, first in firsts.items():
        layout.blocks[entity] = np.ascontiguousarray(first[np.array(cuts)])
