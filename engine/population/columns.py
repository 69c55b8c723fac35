"""A population as columns: for each entity its rows, the figures given of them, and how people, groups and records
belong together.

1. Figures are whole numbers: money in steps of the ruleset's grid (or the figure's finer one), rates likewise,
   integers as they are, dates as ordinal day numbers, booleans as 0 and 1, a member of an enum by its place.
2. A person's group is a row number in the table of groups (-1: in none) with the number of the role; a record has
   its owner's.
3. What is empty in a column is missing: then the default holds, what absence means, or the fact is unknown. Of what
   may be none one entry is reserved for that, which is no missing one and lies outside the bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, eq=False)
class Columns:
    """A population at a period. `counts` has every entity; `groups` is by group entity, `owners` by record entity.

    `complete`: a fact without a column, or missing in one, means what the rules say of its absence.
    """

    at: Period
    counts: Mapping[str, int]
    columns: Mapping[Cell, Column]
    groups: Mapping[str, GroupLink] = field(default_factory=dict)
    owners: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    ids: Mapping[str, Entries] = field(default_factory=dict)
    complete: bool = True


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
        cell: column_of(
            column.entries[keep[program.definitions[cell.name].entity]],
            column.missing[keep[program.definitions[cell.name].entity]] if column.missing is not None else None,
        )
        for cell, column in columns.columns.items()
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
    ids = {entity: found[keep[entity]] for entity, found in columns.ids.items()}
    return Columns(columns.at, counts, cells, groups, owners, ids, columns.complete)


def closed(program: Program, columns: Columns, keep: Mapping[str, NDArray[np.bool_]]) -> dict[str, NDArray[np.bool_]]:
    """Keep no row that is linked, directly or through others, with one that is not kept."""
    found = {entity: np.array(keep.get(entity, np.ones(count, dtype=bool))) for entity, count in columns.counts.items()}
    while True:
        before = sum(int(rows.sum()) for rows in found.values())
        for group, link in columns.groups.items():
            people, inside = found[program.settings.entities[group].of], link.group >= 0
            found[group][link.group[inside & ~people]] = False
            people[inside] &= found[group][link.group[inside]]
        for entity, rows in columns.owners.items():
            owner = found[program.settings.entities[entity].belongs_to]
            owner[rows[~found[entity]]] = False
            found[entity] &= owner[rows]
        if before == sum(int(rows.sum()) for rows in found.values()):
            return found
