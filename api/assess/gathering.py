"""A snapshot's people and records dealt out to their groups, and any part of it as tables for the engine's door.

1. A person is in the group that the relation named after the group's entity leads to, or alone. Where people are
   assessed themselves, each is a group of one: there are no members, only records.
2. A record goes with its owner: into the owner's group, or nowhere.
3. A part is some rows of the groups' table, with everybody and everything in them, group by group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from api.assess.binding import Binding, Rows
from citizens import Link, Snapshot, Subjects, Table, UsedOf

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """A table of people or of records: `of` has the row of each row's group (-1: none), `order` is by group."""

    table: Table
    link: Link
    of: Rows
    order: Rows
    subjects: Subjects

    def inside(self, picked: Any) -> Rows:
        """The rows in groups that a mask picks, group by group."""
        rows: Rows = self.order[picked[self.of[self.order]]]
        return rows

    def name(self, row: int) -> str:
        """The subject of a row."""
        return f"{self.table.entity}/{self.table.ids[row]}"


def _members(table: Table, link: Link, of: Rows) -> Members:
    inside = np.flatnonzero(of >= 0)
    return Members(table, link, of, inside[np.argsort(of[inside], kind="stable")], subjects_of(table))


def subjects_of(table: Table) -> Subjects:
    """All subjects of a table."""
    return Subjects(table.entity, table.numbers, pa.array(table.ids, pa.string()))


class Population:
    """A snapshot's groups, and who and what is in each: people first, then `records` by entity.

    `sizes` are how many people are in each group; `alone` how many are in none. `moved` are the rows of groups that
    somebody is in on some of the days on which it is asked, and not on all.
    """

    def __init__(self, binding: Binding, snapshot: Snapshot, groups: Table, people: Members | None) -> None:
        self.binding, self.groups, self.subjects = binding, groups, subjects_of(groups)
        self.members = {} if people is None else {binding.person: people}
        for entity, owner in binding.records.items():
            table = snapshot.tables.get(entity)
            owned = table.links.get(owner) if table is not None else None
            if table is not None and owned is not None:
                of = owned.rows
                if people is not None and owner == binding.person:
                    of = _through(owned.rows, people.link.rows)
                self.members[entity] = _members(table, owned, of)
        self.sizes: Rows = np.ones(len(groups), dtype=np.int64)
        self.alone = 0
        if people is not None:
            self.sizes = np.bincount(people.of[people.order], minlength=len(groups)).astype(np.int64)
            self.alone = len(people.table) - len(people.order)
        self.moved: Rows = np.empty(0, dtype=np.int64)
        if people is not None:
            self.moved = binding.moved(people.table, groups, snapshot.formerly)
        self.misfits = self._misfits(snapshot)

    def occupied(self) -> Rows:
        """The rows of groups that somebody is in."""
        return np.flatnonzero(self.sizes)

    def settled(self, rows: Rows) -> tuple[Rows, list[str]]:
        """Some rows without those of groups that are assessed from whole histories, and the names of these."""
        moved = np.isin(rows, self.moved) & (self.sizes[rows] > 0)
        return rows[~moved], [self.group_name(row) for row in rows[moved].tolist()]

    def group_name(self, row: int) -> str:
        """The subject of a group."""
        return f"{self.groups.entity}/{self.groups.ids[row]}"

    def name(self, entity: str, row: int) -> str:
        """The subject of a row of the groups' table, or of one of people or records."""
        return self.group_name(row) if entity == self.groups.entity else self.members[entity].name(row)

    def _misfits(self, snapshot: Snapshot) -> dict[int, list[str]]:
        """Faults of facts that were left out of the snapshot, by the row of the group."""
        faults: dict[int, list[str]] = {}
        if not snapshot.misfits:
            return faults
        rows = {self.group_name(row): row for row in range(len(self.groups))}
        for member in self.members.values():
            rows |= {member.name(row): int(member.of[row]) for row in member.order.tolist()}
        for misfit in snapshot.misfits:
            row = rows.get(misfit.subject, -1)
            if row >= 0 and self.binding.reads(misfit.subject.partition("/")[0], misfit.attribute):
                told = f"{misfit.subject}: `{misfit.attribute}` is recorded as {misfit.kind}"
                faults.setdefault(row, []).append(told)
        return faults


def _through(rows: Rows, others: Rows) -> Rows:
    """Rows of rows: where `rows` lead on to; -1 for none."""
    return np.where(rows >= 0, others[np.maximum(rows, 0)] if len(others) else -1, -1)


def population_of(binding: Binding, snapshot: Snapshot) -> Population | None:
    """A snapshot's people dealt out to groups; None if nobody is in any."""
    groups = snapshot.tables.get(binding.group)
    if groups is None:
        return None
    if not binding.person:
        return Population(binding, snapshot, groups, None)
    people = snapshot.tables.get(binding.person)
    link = people.links.get(binding.group) if people is not None else None
    if people is None or link is None:
        return None
    return Population(binding, snapshot, groups, _members(people, link, link.rows))


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some groups (`rows`, rising) with everybody and everything in them: `inside` are rows by entity."""

    population: Population
    rows: Rows
    inside: dict[str, Rows]

    def tables(self) -> dict[str, Any]:
        """What the engine's door takes: the groups that somebody is in, their people and their records."""
        binding, population = self.population.binding, self.population
        occupied = self.rows[population.sizes[self.rows] > 0]
        made: dict[str, Any] = {binding.group: binding.group_table(population.groups, occupied)}
        for entity, rows in self.inside.items():
            members = population.members[entity]
            table = binding.person_table if entity == binding.person else binding.record_table
            if entity == binding.person or len(rows):
                made[entity] = table(members.table, members.link, rows)
        return made

    def place(self, entity: str, row: int) -> tuple[int, str]:
        """The row of the group, and the subject's name, of a row of one of the tables."""
        population = self.population
        if entity == population.binding.group:
            at = int(self.rows[population.sizes[self.rows] > 0][row])
            return at, population.group_name(at)
        members, at = population.members[entity], int(self.inside[entity][row])
        return int(members.of[at]), members.name(at)

    def used(self) -> tuple[UsedOf, ...]:
        """The groups, their people and their records, with the attributes that were known of each."""
        population, binding = self.population, self.population.binding
        ones = np.ones(len(self.rows), dtype=np.int64)
        own = _known_names(binding, population.groups, self.rows, ())
        used = [UsedOf(population.subjects.take(self.rows), ones, own)]
        for entity, rows in self.inside.items():
            members = population.members[entity]
            known = _known_names(binding, members.table, rows, (binding.relation(entity),))
            used.append(UsedOf(members.subjects.take(rows), self._counts(entity), known))
        return tuple(used)

    def _counts(self, entity: str) -> Rows:
        """How many of an entity are in each group; none counts where nobody is in the group."""
        of = self.population.members[entity].of[self.inside[entity]]
        return np.bincount(of, minlength=len(self.population.groups))[self.rows]


def part_of(population: Population, rows: Rows) -> Part:
    """Some groups, by their rows in rising order."""
    picked = np.zeros(len(population.groups), dtype=np.bool_)
    picked[rows] = population.sizes[rows] > 0
    return Part(population, rows, {entity: members.inside(picked) for entity, members in population.members.items()})


def _known_names(binding: Binding, table: Table, rows: Rows, also: Names) -> Any:
    """The attributes that are known of each row, in order of name and joined by spaces: an Arrow dictionary array."""
    columns = binding.columns(table)
    if not columns or not len(rows):
        return _coded(np.zeros(len(rows), np.int64), [also])
    known = np.stack([column.stated[rows] for column in columns.values()], axis=1)
    which, first = _patterns(known)
    names = [binding.attribute(column) for column in columns]
    patterns = [tuple(sorted({*(names[at] for at in np.flatnonzero(known[row])), *also})) for row in first]
    return _coded(which, patterns)


def _patterns(known: Any) -> tuple[Rows, Rows]:
    """Which of the lines that occur each line is, and where each of those comes first."""
    packed = np.packbits(known, axis=1)
    _, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return which.ravel(), first


def _coded(which: Rows, patterns: Sequence[Names]) -> Any:
    indices: Any = pa.array(which, pa.int32())
    return pa.DictionaryArray.from_arrays(indices, pa.array([" ".join(names) for names in patterns], pa.string()))
