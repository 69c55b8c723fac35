"""Laying a population out: its components, the order of rows, the links between them, and blocks."""

from __future__ import annotations

from weakref import ref

import numpy as np

from engine.ir.program import Program
from engine.native.plan.components import find_components, new_rows, order_by, sort_rows
from engine.native.plan.layout import Layout, Rows, is_made, padded
from engine.native.plan.options import Options
from engine.native.plan.owned import Owned, owned_rows
from engine.native.plan.pointers import (
    GroupOfEach,
    MemberList,
    MemberPlace,
    MemberStarts,
    OwnedList,
    OwnedStarts,
    OwnerOfEach,
    list_of_owned,
)
from engine.population.columns import Columns, Entries


def lay_out(program: Program, columns: Columns, options: Options) -> Layout:
    """The layout of a population."""
    layout = Layout(program, ref(columns), options)
    find_components(layout)
    sort_rows(layout)
    _list_members(layout)
    _room_for_made(layout)
    _list_records(layout)
    for owned in owned_rows(program, columns):
        _list_owned(layout, owned)
    _cut(layout)
    return layout


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
        order = order_by([role[inside], of[inside]])
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
