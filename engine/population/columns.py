"""A population as columns: for each entity its rows, the figures given of them, and how people, groups and records
belong together.

1. Figures are whole numbers: money in steps of the ruleset's grid (or the figure's finer one), rates likewise,
   integers as they are, dates as ordinal day numbers, booleans as 0 and 1, a member of an enum by its place.
2. A person's group is a row number in the table of groups (-1: in none) with the number of the role; a record has
   its owner's, and those of its further owners by what formulas call them.
3. What is empty in a column is missing: then the default holds, what absence means, or the fact is unknown. Of what
   may be none one entry is reserved for that, which is no missing one and lies outside the bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Definition, Program
from engine.values.periods import Period
from engine.values.types import Kind

Entries = NDArray[Any]
NONE_ENTRY = -(2**62)  # an entry that states that there is none; below every number that a column may hold


@dataclass(frozen=True, slots=True)
class Cell:
    """A definition for a period: one column of figures. The hash is kept, since cells are looked up all the time."""

    name: str
    period: Period
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.name, self.period)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Cell], tuple[str, Period]]:
        return Cell, (self.name, self.period)  # the hash is another in another process


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Entries (whole numbers) and, if some are missing, a mask of those. `low` and `high` bound the entries."""

    entries: Entries
    missing: NDArray[np.bool_] | None
    low: int
    high: int


@dataclass(frozen=True, slots=True, eq=False)
class GroupLink:
    """For each person the row of its group (-1: none), and the number of its role there."""

    group: NDArray[np.int32]
    role: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """Stretches of days, by the rows of people in order, on which they are in a group (-1: none) in a role. Days are
    ordinal numbers. Whoever is not here is in their group throughout."""

    person: NDArray[np.int64]
    group: NDArray[np.int64]
    role: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def picked(self, rows: NDArray[np.bool_]) -> Stays:
        """Some of them."""
        return Stays(self.person[rows], self.group[rows], self.role[rows], self.first[rows], self.last[rows])


@dataclass(frozen=True, slots=True, eq=False)
class OwnPeriods:
    """A figure for periods that begin on somebody's own day: of each row the calendar's first day and that of the
    period (ordinal numbers; 0: the row says nothing)."""

    name: str
    anchor: NDArray[np.int64]
    start: NDArray[np.int64]
    column: Column


@dataclass(frozen=True, eq=False)
class Columns:
    """A population at a period. `counts` has every entity; `groups` is by group entity, `owners` by record entity.
    `further_owners`, by record entity and what formulas call the owner: the row of each record's.

    `stays`, by group entity: those who are in a group for a time; `groups` has where they are on the last day of `at`.
    `own_periods`: figures of personal calendars.

    `complete`: a fact without a column, or missing in one, means what the rules say of its absence.
    """

    at: Period
    counts: Mapping[str, int]
    columns: Mapping[Cell, Column]
    groups: Mapping[str, GroupLink] = field(default_factory=dict)
    owners: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    ids: Mapping[str, Entries] = field(default_factory=dict)
    complete: bool = True
    stays: Mapping[str, Stays] = field(default_factory=dict)
    own_periods: tuple[OwnPeriods, ...] = ()
    further_owners: Mapping[tuple[str, str], NDArray[np.int32]] = field(default_factory=dict)


def unit_of(program: Program, definition: Definition) -> int:
    """A column's entries are whole numbers of one over this: 100 for money on a grid of 0.01."""
    if definition.grid is None:
        return 1
    settings = program.settings
    usual = settings.money_grid if definition.type.kind is Kind.MONEY else settings.rate_grid
    return lcm(definition.grid.step.denominator, usual.denominator)


def column_of(entries: Entries, missing: NDArray[np.bool_] | None = None) -> Column:
    """A column with its bounds found. Missing entries become 0."""
    if missing is not None:
        if not missing.any():
            missing = None
        else:
            entries = np.where(missing, 0, entries)
    low, high = (int(entries.min()), int(entries.max())) if len(entries) else (0, 0)
    if low == NONE_ENTRY:
        stated = entries[entries != NONE_ENTRY]
        low, high = (int(stated.min()), int(stated.max())) if len(stated) else (0, 0)
    return Column(entries, missing, low, high)


def exact(program: Program, definition: Definition, entry: int) -> Fraction:
    """The number that an entry of a money, rate or integer column stands for."""
    return Fraction(int(entry), unit_of(program, definition))


def kept_rows(program: Program, columns: Columns, keep: Mapping[str, NDArray[np.bool_]]) -> Columns:
    """The population without the rows that are not kept, and without all that belong together with them."""
    keep = closed(program, columns, keep)
    new = {entity: np.cumsum(rows) - 1 for entity, rows in keep.items()}
    cells = {
        cell: _kept_column(column, keep[_listed(program, keep, cell.name)]) for cell, column in columns.columns.items()
    }
    groups: dict[str, GroupLink] = {}
    for group, link in columns.groups.items():
        people = keep[program.settings.entities[group].of]
        rows = link.group[people]
        moved = np.where(rows >= 0, new[group][np.maximum(rows, 0)] if len(new[group]) else -1, -1)
        groups[group] = GroupLink(moved.astype(np.int32), link.role[people])
    owners = {
        entity: new[program.settings.entities[entity].belongs_to][rows[keep[entity]]].astype(np.int32)
        for entity, rows in columns.owners.items()
    }
    counts = {entity: int(rows.sum()) for entity, rows in keep.items()}
    ids = {entity: entity_ids[keep[entity]] for entity, entity_ids in columns.ids.items()}
    stays = {group: _kept_stays(program, group, group_stays, keep, new) for group, group_stays in columns.stays.items()}
    own = tuple(_kept_periods(stated, keep[_listed(program, keep, stated.name)]) for stated in columns.own_periods)
    further = {
        (entity, name): new[further_entity(program, entity, name)][rows[keep[entity]]].astype(np.int32)
        for (entity, name), rows in columns.further_owners.items()
    }
    return Columns(columns.at, counts, cells, groups, owners, ids, columns.complete, stays, own, further)


def further_entity(program: Program, entity: str, name: str) -> str:
    """Of which entity a record's further owner is, by what formulas call it."""
    owner = program.settings.entities[entity].further_owner(name)
    assert owner is not None
    return owner.entity


def owner_links(program: Program, columns: Columns) -> Iterator[tuple[str, str, NDArray[np.int32]]]:
    """Every link from records to whom they belong, first owners before further ones: the records' entity, the owners'
    entity, and the row of each record's."""
    for entity, rows in columns.owners.items():
        yield entity, program.settings.entities[entity].belongs_to, rows
    for (entity, name), rows in columns.further_owners.items():
        yield entity, further_entity(program, entity, name), rows


def _kept_stays(
    program: Program, group: str, stays: Stays, keep: Mapping[str, NDArray[np.bool_]], new: Mapping[str, Entries]
) -> Stays:
    people = program.settings.entities[group].of
    kept = stays.picked(keep[people][stays.person])
    moved = np.where(kept.group >= 0, new[group][np.maximum(kept.group, 0)] if len(new[group]) else -1, -1)
    return replace(kept, person=new[people][kept.person], group=moved)


def _listed(program: Program, rows: Mapping[str, object], name: str) -> str:
    """The entity whose rows a column of a figure has: of groups that a figure makes, that of their people."""
    entity = program.definitions[name].entity
    return entity if entity in rows else program.settings.entities[entity].of


def _kept_column(column: Column, rows: NDArray[np.bool_]) -> Column:
    return column_of(column.entries[rows], column.missing[rows] if column.missing is not None else None)


def _kept_periods(stated: OwnPeriods, rows: NDArray[np.bool_]) -> OwnPeriods:
    return OwnPeriods(stated.name, stated.anchor[rows], stated.start[rows], _kept_column(stated.column, rows))


def closed(program: Program, columns: Columns, keep: Mapping[str, NDArray[np.bool_]]) -> dict[str, NDArray[np.bool_]]:
    """Keep no row that is linked, directly or through others, with one that is not kept."""
    kept = {entity: np.array(keep.get(entity, np.ones(count, dtype=bool))) for entity, count in columns.counts.items()}
    while True:
        before = sum(int(rows.sum()) for rows in kept.values())
        for group, link in columns.groups.items():
            people, inside = kept[program.settings.entities[group].of], link.group >= 0
            kept[group][link.group[inside & ~people]] = False
            people[inside] &= kept[group][link.group[inside]]
        for group, stays in columns.stays.items():
            people, there = kept[program.settings.entities[group].of], stays.group >= 0
            person, of = stays.person[there], stays.group[there]
            kept[group][of[~people[person]]] = False
            people[person] &= kept[group][of]
        for entity, of_owner, rows in owner_links(program, columns):
            owner = kept[of_owner]
            owner[rows[~kept[entity]]] = False
            kept[entity] &= owner[rows]
        if before == sum(int(rows.sum()) for rows in kept.values()):
            return kept
