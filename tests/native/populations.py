"""Populations of the programs of `programs.py`: people, households, families that lie across them, and licences."""

from __future__ import annotations

import numpy as np

from engine.ir.program import Definition, Program
from engine.native.samples import boundaries, random_entries, random_groups
from engine.population.columns import Cell, Column, Columns, GroupLink, column_of
from engine.values.periods import ETERNITY, Period


def periods_of(definition: Definition, at: Period) -> list[Period]:
    """The periods for which a fact is given: this year and the last, the months of this, or all time."""
    if definition.period == at.kind:
        return [at, at.shift(-1)]
    return [ETERNITY] if definition.period == ETERNITY.kind else list(at.months())


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
    groups_of = {"household": link}
    counts = {"person": people, "household": groups, "licence": licences}
    if rng.random() < 0.6:
        counts["family"], groups_of["family"] = random_groups(program, "family", people, rng)
    else:
        counts["family"], groups_of["family"] = groups, link
    columns: dict[Cell, Column] = {}
    for definition in program.definitions.values():
        if not definition.is_input and rng.random() > 0.1:
            continue
        for period in periods_of(definition, at):
            if rng.random() > density:
                continue
            count = counts[definition.entity]
            entries = random_entries(program, definition, count, rng, edges)
            empty = rng.random(count) < missing if missing else None
            columns[Cell(definition.name, period)] = column_of(entries, empty)
    return Columns(at, counts, columns, groups_of, {"licence": owners}, complete=rng.random() < 0.8)
