"""Everybody accounted for: what became of each person and of the money stated of them, and how they moved.

1. Each person of whom something is known is counted once: in a group that was assessed, in one that could not be, in
   none, as another's duplicate (`merge`), or as somebody of whom nothing counts for the period. Money that is stated
   goes with whom it is stated of, or with the owner of the record; of records without a known owner it is counted by
   itself. So both sums are those of the log, and a reader can check them.
2. What happened to people is read from where they were when the period began, where they are on its last day, and
   where they count for it (`Binding`): who left and joined no other group counts in the last; who was in none before
   has joined; who is in another group has moved. Two who hold the single roles of a group (head and spouse) are a
   couple; one who is in a couple with somebody else than before, or with nobody, has come together or parted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from api.assess.binding import Binding, Rows
from api.assess.gathering import Population
from api.assess.placed import ALONE, ASSESSED, DUPLICATE, FAILED, SILENT, Placed
from api.history.merging import SAME
from citizens import Link, Snapshot, Table, Wanted
from engine.values.types import Kind

NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Lives:
    """How many people left their group and joined no other, moved to another, joined one and were in none before,
    changed their role; came together as a couple, or parted. One person may be in several."""

    left: int = 0
    moved: int = 0
    joined: int = 0
    other_role: int = 0
    together: int = 0
    parted: int = 0

    def __add__(self, other: Lives) -> Lives:
        return Lives(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Lives)))


@dataclass(frozen=True, slots=True)
class Counted:
    """Everybody, by what became of them: places are ASSESSED, FAILED, ALONE, DUPLICATE and SILENT.

    `people` add up to all of whom something is known, `money` with that of `strays` (records whose owner is not known)
    to all that is stated.
    """

    people: tuple[int, ...]
    money: tuple[Decimal, ...]
    strays: int = 0
    stray_money: Decimal = Decimal(0)
    lives: Lives = Lives()

    def __add__(self, other: Counted) -> Counted:
        people = tuple(map(sum, zip(self.people, other.people, strict=True)))
        money = tuple(left + right for left, right in zip(self.money, other.money, strict=True))
        strays, stray_money = self.strays + other.strays, self.stray_money + other.stray_money
        return Counted(people, money, strays, stray_money, self.lives + other.lives)


def columns_of_lives(binding: Binding) -> Mapping[str, Wanted]:
    """What has to be read of a history besides what figures are made of: duplicates, and where people were."""
    if not binding.person:
        return {}
    asked = {_begin(binding): binding.period.start, _end(binding): binding.valid_on}
    same = {SAME: Wanted(kinds="r", group=binding.person)}
    return same | {name: _where(binding, day) for name, day in asked.items()}


def _where(binding: Binding, day: date) -> Wanted:
    return Wanted(kinds="r", group=binding.group, attribute=binding.group, until=day)


def _begin(binding: Binding) -> str:
    return f"{binding.group}@begin"


def _end(binding: Binding) -> str:
    return f"{binding.group}@end"


def counted(
    binding: Binding,
    population: Population | None,
    snapshot: Snapshot,
    failed: Collection[str],
    placed: Placed | None = None,
) -> Counted:
    """Everybody in a snapshot that was asked for `columns_of_lives` too, by what became of them. `population` is the
    snapshot's; None if nobody is in a group. `failed` are the groups that could not be assessed. Where a figure makes
    the groups, `placed` says who was in which."""
    persons = binding.person or binding.group
    people, money = [0] * 5, [Decimal(0)] * 5
    strays, stray_money = 0, Decimal(0)
    for entity, state in _states(binding, population, snapshot, failed, placed).items():
        for place in range(5):
            people[place] += int((state == place).sum()) if entity == persons else 0
            money[place] += stated(binding, snapshot.tables[entity], state == place)
        strays += int((state == NOWHERE).sum())
        stray_money += stated(binding, snapshot.tables[entity], state == NOWHERE)
    people[SILENT] += snapshot.silent.get(persons, 0)
    lives = Lives()
    if population is not None and binding.person:
        lives = _lives(population, snapshot.tables[binding.person].links)
    return Counted(tuple(people), tuple(money), strays, stray_money, lives)


def _states(
    binding: Binding,
    population: Population | None,
    snapshot: Snapshot,
    failed: Collection[str],
    placed: Placed | None,
) -> Mapping[str, Rows]:
    """What became of each row of each table: of groups, their people, and the records of both."""
    states: dict[str, Rows] = {}
    if population is None:
        for entity in {binding.group, binding.person} & set(snapshot.tables):
            alone = snapshot.tables[entity]
            states[entity] = _alone(alone, np.full(len(alone), ALONE, dtype=np.int64))
    elif placed is not None:
        people = placed.of_people(population, failed)
        states[binding.group] = placed.of_homes(population, people)
        states[binding.person] = _alone(population.members[binding.person].table, people)
    else:
        states[binding.group] = _of_groups(population, failed)
        if binding.person:
            states[binding.person] = _of_people(population, states[binding.group])
            states[binding.group][population.sizes == 0] = ALONE
    for entity, owner in binding.records.items():
        table = snapshot.tables.get(entity)
        if table is None:
            continue
        link = table.links.get(owner)
        states[entity] = np.full(len(table), NOWHERE, dtype=np.int64)
        if link is not None and owner in states:
            states[entity] = np.where(link.rows >= 0, states[owner][np.maximum(link.rows, 0)], NOWHERE)
    return states


def _of_groups(population: Population, failed: Collection[str]) -> Rows:
    """By row of the groups' table, whether the group was assessed."""
    groups = np.full(len(population.groups), ASSESSED, dtype=np.int64)
    if failed:
        names = set(failed)
        groups[[row for row in range(len(groups)) if population.group_name(row) in names]] = FAILED
    return groups


def _of_people(population: Population, groups: Rows) -> Rows:
    """What became of each person: what did of the group; another's duplicate is one only while it is in no group."""
    people = population.members[population.binding.person]
    return _alone(people.table, np.where(people.of < 0, ALONE, groups[np.maximum(people.of, 0)]))


def _alone(table: Table, states: Rows) -> Rows:
    """The same, with those in no group who are another's duplicates as such."""
    same = table.links.get(SAME)
    if same is not None:
        states[(states == ALONE) & (same.rows >= 0)] = DUPLICATE
    return states


def stated(binding: Binding, table: Table, rows: Any) -> Decimal:
    """The money that is stated of some rows, added up; it is not a figure of the law, but it must reconcile."""
    total = Decimal(0)
    for name, column in binding.columns(table).items():
        definition = binding.read.get(name)
        if definition is None or definition.type.kind is not Kind.MONEY or column.kind not in ("decimal", "integer"):
            continue
        units = column.values[rows & column.known]
        billions, rest = int((units // 10**9).sum()), int((units % 10**9).sum())  # sums that no int64 overflows
        total += Decimal(billions * 10**9 + rest).scaleb(-column.scale)
    return total


def _lives(population: Population, links: Mapping[str, Link]) -> Lives:
    """What happened to people in the period, from where they were and are."""
    binding = population.binding
    counts = population.members[binding.person].link
    before, after = links.get(_begin(binding)), links.get(_end(binding))
    size = len(counts.rows)
    was, remains = _rows_of(before, size), _rows_of(after, size)
    there, gone = (was >= 0) & (counts.rows >= 0), (counts.rows >= 0) & (remains < 0)
    stays = there & ~gone & (was == counts.rows)
    partners, partners_before = _partners(population, counts), _partners(population, before)
    new = there & (partners != partners_before)
    return Lives(
        left=int(gone.sum()),
        moved=int((there & ~gone & (was != counts.rows)).sum()),
        joined=int(((was < 0) & (counts.rows >= 0) & ~gone).sum()),
        other_role=int((stays & (_roles(before, size) != _roles(counts, size))).sum()),
        together=int((new & (partners >= 0)).sum()),
        parted=int((new & (partners_before >= 0) & (partners < 0)).sum()),
    )


def _rows_of(link: Link | None, size: int) -> Rows:
    return link.rows if link is not None else np.full(size, -1, dtype=np.int64)


def _roles(link: Link | None, size: int) -> Any:
    """Each row's role by name; empty for none."""
    if link is None:
        return np.full(size, "", dtype=object)
    return np.array([*link.role_names, ""], dtype=object)[link.roles]


def _partners(population: Population, link: Link | None) -> Rows:
    """Of each person the row of who holds the group's other single role; -1 for nobody, and where it is not two."""
    size, entity = len(population.members[population.binding.person].table), population.groups.entity
    partners = np.full(size, -1, dtype=np.int64)
    if link is None:
        return partners
    single = [role.name for role in population.binding.program.settings.entities[entity].roles if role.single]
    holders = np.flatnonzero(np.isin(_roles(link, size).astype(str), single) & (link.rows >= 0))
    order = holders[np.argsort(link.rows[holders], kind="stable")]
    _, first, sizes = np.unique(link.rows[order], return_index=True, return_counts=True)
    for_two = first[sizes == 2]
    partners[order[for_two]], partners[order[for_two + 1]] = order[for_two + 1], order[for_two]
    return partners
