"""Links of a layout beside those of members and first owners: further owners of records, and larger groups.

1. Rows that further owners bring together are one component: components are joined until no link leads out of one.
2. For each kind of further owner there is a list of the records by it, in the order in which they were given.
3. A group lies in the larger group of its members, as `engine.interpret.cases.larger_groups` finds it: of the people in
   its roles, in the order in which the roles first come up, the first of which those who are in a larger group are all
   in one. Where members are in different ones, the component is the interpreter's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Program
from engine.population.columns import Columns, GroupLink, further_entity
from engine.records import record

Rows = NDArray[np.int64]


@record(frozen=True, slots=True)
class Owned:
    """Rows of `entity`, as given, each with the given row of its owner of the entity `of`: -1 where there is none.
    `place` is where each stands among those of one owner. `open` are the rows of which it cannot be told."""

    entity: str
    further: str
    of: str
    owner: Rows
    place: Rows
    open: Rows


def owned_rows(program: Program, columns: Columns) -> Iterator[Owned]:
    """All links of a population to further owners and to larger groups."""
    for (entity, name), rows in columns.further_owners.items():
        places = np.arange(len(rows), dtype=np.int64)
        yield Owned(
            entity, name, further_entity(program, entity, name), rows.astype(np.int64), places, np.zeros(0, np.int64)
        )
    for group, link in columns.groups.items():
        declared = program.settings.entities[group]
        larger = declared.within
        if larger in columns.groups:
            owner, place, unclear = _larger(link, columns.groups[larger], columns.counts[group])
            yield Owned(group, larger, larger, owner, place, unclear)


def _larger(link: GroupLink, larger: GroupLink, count: int) -> tuple[Rows, Rows, Rows]:
    """Of each group the larger one, its place among the others, and the groups whose members are in several."""
    people = np.flatnonzero(link.group >= 0)
    of, role = link.group[people].astype(np.int64), link.role[people].astype(np.int64)
    roles = int(role.max(initial=0)) + 1
    first = np.full(count * roles, len(link.group), dtype=np.int64)
    np.minimum.at(first, of * roles + role, people)
    home = larger.group[people].astype(np.int64)
    housed = home >= 0
    least, most = np.full(count, np.iinfo(np.int64).max), np.full(count, -1, dtype=np.int64)
    np.minimum.at(least, of[housed], home[housed])
    np.maximum.at(most, of[housed], home[housed])
    place = np.full(count, len(link.group), dtype=np.int64)
    np.minimum.at(place, of[housed], first[(of * roles + role)[housed]])
    return most, place, np.flatnonzero((most >= 0) & (least != most))


def joined(components: Mapping[str, Rows], links: Collection[tuple[str, str, Rows]]) -> dict[str, Rows]:
    """Components so joined that each of these links, from rows of an entity to rows of another, stays within one."""
    if not links:
        return dict(components)
    here = np.concatenate([components[entity] for entity, _, _ in links])
    there = np.concatenate([components[of][rows] for _, of, rows in links])
    label = np.arange(max((int(numbers.max(initial=-1)) for numbers in components.values()), default=-1) + 1)
    while (label[here] != label[there]).any():
        least = np.minimum(label[here], label[there])
        np.minimum.at(label, label[here], least)
        np.minimum.at(label, label[there], least)
        while not np.array_equal(label, label[label]):
            label = label[label]
    return {entity: label[numbers] for entity, numbers in components.items()}


__all__ = ["Owned", "joined", "owned_rows"]
