"""Random populations for any program, for comparing evaluators: groups of every size, facts at zero, at the law's own
numbers, a step beside them, and at the ends of their ranges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from engine.interpret.constants import Constants
from engine.ir.program import Definition, Program
from engine.native.plan.plan import Supply, cell_for, make_plan
from engine.population.columns import NONE_ENTRY, Cell, Column, Columns, GroupLink, column_of, unit_of
from engine.reading.declared_settings import Entity, Owner, Role
from engine.records import record
from engine.values.dates import FIRST_YEAR, LAST_YEAR
from engine.values.periods import Period
from engine.values.types import Kind, Nothing, Value

_NONE_SHARE = 0.2
_NEAR_SHARE, _FAR_SHARE = 0.8, 0.1


@record(frozen=True, slots=True)
class Edges:
    """The numbers at which law may change its answer, by kind; as entries of a unit they are kept."""

    numbers: dict[Kind, list[Fraction]]
    _kept: dict[tuple[Kind, int], NDArray[np.int64]] = field(default_factory=dict)

    def steps(self, kind: Kind, unit: int) -> NDArray[np.int64]:
        """Each number in steps of 1/`unit`, and a step beside it on either side."""
        kept = self._kept.get((kind, unit))
        if kept is None:
            entries = [int(edge * unit) + step for edge in self.numbers[kind] for step in (-1, 0, 1)]
            kept = self._kept[(kind, unit)] = np.array(entries, dtype=np.int64)
        return kept


def boundaries(program: Program, at: Period) -> Edges:
    """Every number among the constants at a period."""
    constants = Constants(program)
    edges: dict[Kind, set[Fraction]] = {
        Kind.MONEY: {Fraction(0)},
        Kind.RATE: {Fraction(0), Fraction(1)},
        Kind.INTEGER: {Fraction(0), Fraction(1)},
    }

    def add(kind: Kind, value: Value) -> None:
        if kind in edges and not isinstance(value, bool | Nothing):
            edges[kind].add(Fraction(value))  # type: ignore[arg-type]

    for name, parameter in program.parameters.items():
        stated = constants.at(name, at.start)
        if stated is not None and parameter.type is not None:
            add(parameter.type.kind, stated.content)
    for name, table in program.tables.items():
        stated = constants.at(name, at.start)
        for row in stated.content.values() if stated is not None else ():
            for column, value in row.items():
                add(table.columns[column].kind, value)
    for name in program.scales:
        stated = constants.at(name, at.start)
        for brackets in stated.content.values() if stated is not None else ():
            for bracket in brackets:
                add(Kind.MONEY, bracket.threshold or Fraction(0))
    return Edges({kind: sorted(values) for kind, values in edges.items()})


def random_entries(
    program: Program, definition: Definition, count: int, rng: np.random.Generator, edges: Edges
) -> NDArray[np.int64]:
    """Entries of a column, all within the definition's range; of what may be none, some are that."""
    entries = _random_values(program, definition, count, rng, edges)
    return np.where(rng.random(count) < _NONE_SHARE, NONE_ENTRY, entries) if definition.may_not_apply else entries


def _random_values(
    program: Program, definition: Definition, count: int, rng: np.random.Generator, edges: Edges
) -> NDArray[np.int64]:
    unit = unit_of(program, definition)
    match definition.type.kind:
        case Kind.BOOLEAN:
            return rng.integers(0, 2, count)
        case Kind.ENUM:
            return rng.integers(0, len(program.settings.enums[definition.type.enum].members), count)
        case Kind.DATE:
            first = max(date(FIRST_YEAR, 1, 1), date(1900, 1, 1)).toordinal()
            return rng.integers(first, min(date(LAST_YEAR, 1, 1), date(2030, 1, 1)).toordinal(), count)
    usual = {Kind.MONEY: 10**10, Kind.RATE: 4, Kind.INTEGER: 200}[definition.type.kind]
    low = int((definition.low if definition.low is not None else -usual) * unit)
    high = int((definition.high if definition.high is not None else usual) * unit)
    near = edges.steps(definition.type.kind, unit)
    span = {Kind.MONEY: 30_000_000, Kind.RATE: unit, Kind.INTEGER: 100}[definition.type.kind]
    drawn = np.where(rng.random(count) < 0.5, rng.choice(near, count), rng.integers(0, span, count))
    drawn = np.where(rng.random(count) < 0.5, 0, drawn)
    drawn = np.where(rng.random(count) < 0.05, -drawn, drawn)
    drawn = np.where(rng.random(count) < 0.002, rng.choice(np.array([low, high]), count), drawn)
    return np.clip(drawn, low, high)


def random_groups(
    program: Program,
    entity: str,
    people: int,
    rng: np.random.Generator,
    homes: Sequence[NDArray[np.int64]] | None = None,
) -> tuple[int, GroupLink]:
    """Groups of a kind for some people, small and a few large, some people in none; and how many there are. With
    `homes` nobody is together with people of another one."""
    group = np.full(people, -1, dtype=np.int32)
    role = np.zeros(people, dtype=np.int8)
    count = 0
    for home in [np.arange(people)] if homes is None else homes:
        waiting = rng.permutation(home).tolist() if rng.random() < 0.5 else home.tolist()
        del waiting[: int(rng.integers(0, 3)) if len(home) > 5 and (homes is None or rng.random() < 0.1) else 0]
        while held := _fitting(program.settings.entities[entity].roles, len(waiting), rng, 1 if homes is None else 20):
            for number, size in enumerate(held):
                for _ in range(size):
                    person = waiting.pop(0)
                    group[person], role[person] = count, number
            count += 1
    return count, GroupLink(group, role)


def _fitting(roles: Sequence[Role], people: int, rng: np.random.Generator, trials: int) -> list[int]:
    """By how many of some people each role of a group is held, where a group that they can make is drawn."""
    drawn = (_held(roles, rng) for _ in range(trials))
    return next((held for held in drawn if sum(held) <= people and (people or trials == 1)), [])


def _held(roles: Sequence[Role], rng: np.random.Generator) -> list[int]:
    """By how many people each role of a group is held."""
    most = [
        group_role.maximum if group_role.maximum is not None else 20 if rng.random() < 0.02 else 3
        for group_role in roles
    ]
    return [int(rng.integers(group_role.minimum, limit + 1)) for group_role, limit in zip(roles, most, strict=True)]


def _homes(people: int, rng: np.random.Generator) -> Sequence[NDArray[np.int64]]:
    """People parted into homes of one to nine. Where there are groups of several kinds, all people would hang together
    if each kind joined whomever it happened to."""
    ends = np.cumsum(rng.integers(1, 10, people))
    return np.split(np.arange(people), ends[ends < people])


def random_population(
    program: Program,
    at: Period,
    people: int,
    seed: int,
    *,
    given: Sequence[str] = (),
    missing: float = 0.0,
    density: float = 1.0,
) -> Columns:
    """A population with columns for inputs (or a share of them, `density`) and for the figures in `given`, in which a
    share `missing` of the entries is empty.
    """
    rng = np.random.default_rng(seed)
    edges = boundaries(program, at)
    entities = program.settings.entities
    counts: dict[str, int] = {}
    groups: dict[str, GroupLink] = {}
    owners: dict[str, NDArray[np.int32]] = {}
    homes = _homes(people, rng) if sum(bool(entity.of) for entity in entities.values()) > 1 else None
    for entity in entities.values():
        if entity.of:
            counts[entity.of] = people
            counts[entity.name], groups[entity.name] = random_groups(program, entity.name, people, rng, homes)
        elif not entity.belongs_to:
            counts.setdefault(entity.name, people)
    for entity in entities.values():
        if counts.get(entity.belongs_to):
            counts[entity.name] = int(rng.integers(0, 2 * counts[entity.belongs_to] + 1))
            owners[entity.name] = rng.integers(0, counts[entity.belongs_to], counts[entity.name]).astype(np.int32)
    further = {
        (record.name, owner.name): _further_owners((record, owner), owners[record.name], groups, counts, rng)
        for record in entities.values()
        for owner in record.further
        if record.name in owners and counts.get(owner.entity)
    }
    columns: dict[Cell, Column] = {}
    for cell in read_cells(program, at):
        definition = program.definitions[cell.name]
        if definition.entity not in counts or not (definition.is_input or definition.short_name in given):
            continue
        if rng.random() > density:
            continue
        count = counts[definition.entity]
        entries = random_entries(program, definition, count, rng, edges)
        empty = rng.random(count) < missing if missing else None
        columns[cell] = column_of(entries, empty)
    return Columns(at, counts, columns, groups, owners, further_owners=further)


def _further_owners(
    of: tuple[Entity, Owner],
    first: NDArray[np.int32],
    groups: Mapping[str, GroupLink],
    counts: Mapping[str, int],
    rng: np.random.Generator,
) -> NDArray[np.int32]:
    """Whom records belong to besides: for most somebody of a group that the first owner is in, or they themselves, and
    for a few whoever there is, so that households are joined, but not all of them."""
    record, owner = of
    anybody = rng.integers(0, counts[owner.entity], len(first)).astype(np.int32)
    if owner.entity != record.belongs_to:
        return anybody
    near = first.copy()
    link = next(iter(groups.values()), None)
    for row in np.flatnonzero(rng.random(len(first)) < _NEAR_SHARE) if link is not None else ():
        assert link is not None
        together = np.flatnonzero((link.group == link.group[first[row]]) & (link.group >= 0))
        near[row] = rng.choice(together) if len(together) else first[row]
    far = rng.random(len(first)) < (0 if record.made_for else _FAR_SHARE)
    return np.where(far, anybody, near).astype(np.int32)


def read_cells(program: Program, at: Period) -> list[Cell]:
    """What all figures of a period read, themselves included: facts of earlier years and of months too."""
    wanted = [cell_for(program, name, at) for name in program.definitions]
    return list(make_plan(program, wanted, Supply(whole=True)).sources)
