"""Who is together in groups that a figure makes, for code: links like those of stated groups.

1. Code finds the figure of each person for the period that is asked for, in a run of its own.
2. People of one larger group with the same number are together. They are sorted by group, number and place there, so
   the first of each run is the first member, whose row is the group's.
3. Where code cannot give the figure of somebody in a larger group, it cannot say who is together there: the
   interpreter computes all that belongs to it.
4. Groups that a population states have the links of any others, and code reads those; what runs over the groups of a
   larger one goes to the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.interpret.made_groups import grouping_of, parts_of
from engine.ir.program import Program
from engine.native.plan.components import new_rows
from engine.native.plan.layout import Layout, MadeGroups, Rows, is_made, padded
from engine.native.plan.pointers import (
    GroupList,
    GroupOfEach,
    GroupStarts,
    Link,
    Made,
    MemberList,
    MemberStarts,
    Pointer,
    made_by,
)
from engine.native.undetermined import CodeFigure
from engine.population.columns import Cell, Columns, Entries, GroupLink

Find = Callable[[Sequence[Cell]], Mapping[Cell, CodeFigure]]
"""Code's figures of the population."""


def made_groups(program: Program, layout: Layout, pointers: Collection[Pointer], find: Find) -> set[int]:
    """See to it that a layout has the links of all made groups that code points to. Gives the components in which it
    cannot be told who is together."""
    known = layout.made_by(program)
    wanted = {groups for pointer in pointers if (groups := made_by(pointer)) is not None}
    lacking = [asked for asked in wanted if asked not in known]
    cells = {Cell(made.by, made.period): None for entity, made in lacking if is_made(program, layout.columns, entity)}
    figures = find(list(cells)) if cells else {}
    for entity, made in lacking:
        known[entity, made] = _made(program, layout, entity, made, figures.get(Cell(made.by, made.period)))
    return set().union(*(known[asked].open for asked in wanted))


def parts_made(program: Program, columns: Columns, entity: str) -> list[Made]:
    """Groups of a kind, as a figure makes them, for each of that figure's periods that a population is about."""
    by = grouping_of(program, entity) if is_made(program, columns, entity) else None
    return [] if by is None else [Made(by.name, part) for part in parts_of(columns.at, by)]


def told_groups(program: Program, layout: Layout, entity: str) -> NDArray[np.bool_]:
    """The rows of groups of a kind that there are in some of those periods."""
    known = layout.made_by(program)
    there: NDArray[np.bool_] = np.zeros(layout.count(entity), dtype=np.bool_)
    for made in parts_made(program, layout.columns, entity):
        there |= known[entity, made].first == np.arange(len(there))
    return there


def _made(program: Program, layout: Layout, entity: str, made: Made, numbers: CodeFigure | None) -> MadeGroups:
    declared = program.settings.entities[entity]
    larger = layout.columns.groups.get(declared.within)
    people = layout.columns.counts[declared.of]
    nobody = np.full(people, -1, dtype=np.int64)
    everything = frozenset(np.unique(layout.component[declared.of]).tolist())
    if numbers is None:  # stated
        groups = layout.columns.counts[entity]
        return MadeGroups(nobody, _links(layout, entity, made, nobody, nobody, rows=(groups, 0)), everything)
    if larger is None:
        open_ = frozenset[int]() if layout.columns.complete else everything
        return MadeGroups(nobody, _links(layout, entity, made, nobody, nobody, rows=(people, 0)), open_)
    apart = larger.group < 0  # who may be in a larger group all the same, unless lists are whole
    unclear = (numbers.bad & ~apart) | (apart & (not layout.columns.complete))
    order = layout.order[declared.of]
    opened = layout.component[declared.of][unclear if order is None else unclear[order]]
    first = first_of_each(larger, numbers)
    count = layout.columns.counts[declared.within]
    links = _links(layout, entity, made, first, _places(larger, first), rows=(people, count))
    return MadeGroups(first, links, frozenset(np.unique(opened).tolist()))


def first_of_each(larger: GroupLink, numbers: CodeFigure) -> Rows:
    """Of each person the row of the first member of their group; -1 of those who are in none. Members of a larger group
    stand in the order of its roles, then as given."""
    first = np.full(len(numbers.entries), -1, dtype=np.int64)
    inside = np.flatnonzero((larger.group >= 0) & ~numbers.absent & ~numbers.bad)
    of, entries = larger.group[inside], numbers.entries[inside]
    order = np.lexsort((inside, larger.role[inside], entries, of))
    of, entries, people = of[order], entries[order], inside[order]
    begins: NDArray[np.bool_] = np.ones(len(people), dtype=np.bool_)
    begins[1:] = (of[1:] != of[:-1]) | (entries[1:] != entries[:-1])
    first[people] = people[begins][np.cumsum(begins) - 1]
    return first


def _places(larger: GroupLink, first: Rows) -> Rows:
    """Of each row of a group the larger one; -1 of rows that are no group."""
    return np.where(first == np.arange(len(first)), larger.group, -1).astype(np.int64)


def _links(
    layout: Layout, entity: str, made: Made, first: Rows, places: Rows, *, rows: tuple[int, int]
) -> dict[Link, Entries]:
    """The links of groups by their rows, of which there are `rows`; and those of larger groups. `places`: see
    `_places`."""
    declared = layout.program.settings.entities[entity]
    sorted_people = new_rows(layout, declared.of)
    of = _moved(layout, declared.of, np.where(first >= 0, sorted_people[np.maximum(first, 0)], -1))
    links: dict[Link, Entries] = {GroupOfEach(entity, made): padded(of, np.int32)}
    links[MemberList(entity, made)], starts = _listed(of, rows[0])
    links[MemberStarts(entity, 0, made)] = padded(starts[:-1], np.int32)
    links[MemberStarts(entity, 1, made)] = padded(starts[1:], np.int32)
    larger = new_rows(layout, declared.within) if rows[1] else np.empty(0, dtype=np.int64)
    lying = np.where(places >= 0, larger[np.maximum(places, 0)] if rows[1] else -1, -1)
    links[GroupList(entity, made)], starts = _listed(_moved(layout, declared.of, lying), rows[1])
    links[GroupStarts(entity, False, made)] = padded(starts[:-1], np.int32)
    links[GroupStarts(entity, True, made)] = padded(starts[1:], np.int32)
    return links


def _moved(layout: Layout, entity: str, entries: Rows) -> Rows:
    """Entries by given rows, by sorted ones."""
    order = layout.order[entity]
    return entries if order is None else entries[order]


def _listed(of: Rows, count: int) -> tuple[Entries, Rows]:
    """The rows by whose they are, in order; and where those of each begin."""
    inside = np.flatnonzero(of >= 0)
    members = inside[np.argsort(of[inside], kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(of[inside], minlength=count))])
    return padded(members, np.int32), starts
