"""Which rows belong together, and in which order they stand: parts 1 and 2 of a layout.

Components are numbered alike in every entity. Rows are sorted by them, people also by group and role.
"""

from __future__ import annotations

import numpy as np

from engine.native.plan.layout import Layout, Rows, is_made
from engine.native.plan.owned import joined
from engine.population.columns import Columns, Entries, further_entity


def find_components(layout: Layout) -> None:
    """Number the components, alike in every entity."""
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


def sort_rows(layout: Layout) -> None:
    """Find the order of each entity's rows, and put their components into it."""
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
        layout.order[entity] = order_by(keys)
        order = layout.order[entity]
        layout.component[entity] = component if order is None else component[order]
    for entity in layout.program.settings.entities:
        if is_made(layout.program, columns, entity):
            people = layout.program.settings.entities[entity].of
            layout.order[entity], layout.component[entity] = layout.order[people], layout.component[people]


def order_by(keys: list[Entries]) -> Rows | None:
    """The stable order by the last key, then the one before …; None if it is that already."""
    if _is_in_order(keys):
        return None
    order: Rows = np.lexsort(keys).astype(np.int64)
    return order


def _is_in_order(keys: list[Entries]) -> bool:
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
