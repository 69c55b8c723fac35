"""Random populations for any program: groups of every size, facts at zero, at thresholds, a step beside them, and at
the ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from engine.columns import Cell, Column, Columns, GroupLink, column_of, unit_of
from engine.constants import Constants
from engine.ir.program import Definition, Program
from engine.periods import FIRST_YEAR, LAST_YEAR, Period
from engine.types import Kind, Value


def boundaries(program: Program, at: Period) -> dict[Kind, list[Fraction]]:
    """Every number among the constants at a period, by kind."""
    constants = Constants(program)
    found: dict[Kind, set[Fraction]] = {
        Kind.MONEY: {Fraction(0)},
        Kind.RATE: {Fraction(0), Fraction(1)},
        Kind.INTEGER: {Fraction(0), Fraction(1)},
    }

    def add(kind: Kind, value: Value) -> None:
        if kind in found and not isinstance(value, bool):
            found[kind].add(Fraction(value))  # type: ignore[arg-type]

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
    return {kind: sorted(values) for kind, values in found.items()}


def random_entries(
    program: Program, definition: Definition, count: int, rng: np.random.Generator, edges: dict[Kind, list[Fraction]]
) -> NDArray[np.int64]:
    """Entries of a column, all within the definition's range."""
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
    near = np.array(
        [int(edge * unit) + step for edge in edges[definition.type.kind] for step in (-1, 0, 1)], dtype=np.int64
    )
    span = {Kind.MONEY: 30_000_000, Kind.RATE: unit, Kind.INTEGER: 100}[definition.type.kind]
    drawn = np.where(rng.random(count) < 0.5, rng.choice(near, count), rng.integers(0, span, count))
    drawn = np.where(rng.random(count) < 0.5, 0, drawn)
    drawn = np.where(rng.random(count) < 0.05, -drawn, drawn)
    drawn = np.where(rng.random(count) < 0.002, rng.choice(np.array([low, high]), count), drawn)
    return np.clip(drawn, low, high)


def random_links(program: Program, groups: int, rng: np.random.Generator) -> tuple[int, dict[str, GroupLink]]:
    """People and the group that each is in, for one kind of group: sometimes none, sometimes many in a group."""
    entity = next(one for one in program.settings.entities.values() if one.of)
    group: list[int] = []
    role: list[int] = []
    for row in range(groups):
        for number, one in enumerate(entity.roles):
            most = one.maximum if one.maximum is not None else 20 if rng.random() < 0.02 else 3
            held = int(rng.integers(one.minimum, most + 1))
            group += [row] * held
            role += [number] * held
    order = rng.permutation(len(group)) if rng.random() < 0.5 else np.arange(len(group))
    link = GroupLink(np.array(group, dtype=np.int32)[order], np.array(role, dtype=np.int8)[order])
    return len(group), {entity.name: link}


def random_population(
    program: Program,
    at: Period,
    groups: int,
    seed: int,
    given: Sequence[str] = (),
    missing: float = 0.0,
    density: float = 1.0,
) -> Columns:
    """A population with a column for every input (or a share of them) and for the figures in `given`."""
    rng = np.random.default_rng(seed)
    edges = boundaries(program, at)
    people, links = random_links(program, groups, rng)
    group = next(iter(links))
    counts = {program.settings.entities[group].of: people, group: groups}
    columns: dict[Cell, Column] = {}
    for definition in program.definitions.values():
        if definition.entity not in counts or not (definition.is_input or definition.short_name in given):
            continue
        if rng.random() > density:
            continue
        count = counts[definition.entity]
        entries = random_entries(program, definition, count, rng, edges)
        empty = rng.random(count) < missing if missing else None
        columns[Cell(definition.name, definition.period.containing(at.start))] = column_of(entries, empty)
    return Columns(at, counts, columns, links)


def population_of(
    program: Program,
    at: Period,
    groups: int,
    seed: int,
    missing: float = 0.0,
    density: float = 1.0,
    largest: int = 3,
) -> Columns:
    """A population of a program of `programs.py`: households, people (some in none), and their licences."""
    rng = np.random.default_rng(seed)
    edges = boundaries(program, at)
    group: list[int] = []
    role: list[int] = []
    for row in range(groups):
        for number, count in enumerate((1, int(rng.integers(0, 2)), int(rng.integers(0, largest + 1)))):
            group += [row] * count
            role += [number] * count
    alone = int(rng.integers(0, 3))
    people = len(group) + alone
    order = rng.permutation(people)
    link = GroupLink(
        np.array(group + [-1] * alone, dtype=np.int32)[order], np.array(role + [0] * alone, dtype=np.int8)[order]
    )
    licences = int(rng.integers(0, 2 * people + 1))
    owners = rng.integers(0, people, licences).astype(np.int32)
    counts = {"person": people, "household": groups, "licence": licences}
    columns: dict[Cell, Column] = {}
    for definition in program.definitions.values():
        if not definition.is_input and rng.random() > 0.1:
            continue
        for period in [at, at.shift(-1)] if definition.period == at.kind else at.months():
            if rng.random() > density:
                continue
            count = counts[definition.entity]
            entries = random_entries(program, definition, count, rng, edges)
            empty = rng.random(count) < missing if missing else None
            columns[Cell(definition.name, period)] = column_of(entries, empty)
    return Columns(at, counts, columns, {"household": link}, {"licence": owners}, complete=rng.random() < 0.8)
