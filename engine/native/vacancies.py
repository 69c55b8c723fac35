"""Rows of groups in which somebody holds a role that a fact which is not known would vacate.

Code computes the population once more as if every such fact held (`engine.interpret.vacancies` says why). Where a
figure is the same, it is determined; where it differs, it is not, and the fact is named; where code gives nothing, the
interpreter decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.interpret.vacancies import fact_of
from engine.ir.program import Definition, Program
from engine.native.undetermined import CodeFigure
from engine.population.columns import Cell, Column, Columns, column_of

Mask = NDArray[np.bool_]


def vacated(program: Program, columns: Columns) -> tuple[Columns, list[Definition]] | None:
    """The population in which every fact that is not known vacates its role, and those facts; None where none does."""
    made, deciding = columns, []
    for group, place, fact in _roles(program, columns):
        cell = Cell(fact.name, period) if (period := fact.period_at(columns.at)) is not None else None
        if cell is None or fact.default is not None:
            continue
        column, link = columns.columns.get(cell), columns.groups[group]
        unknown = _missing(column, columns.counts[group])
        holds: Mask = (link.group >= 0) & (link.role == place)
        leaves = holds.copy()
        leaves[holds] = unknown[link.group[holds]]
        if leaves.any():
            deciding.append(fact)
            entries = np.where(unknown, 1, column.entries if column is not None else 0).astype(np.int64)
            groups = {**made.groups, group: replace(link, group=np.where(leaves, -1, link.group).astype(np.int32))}
            made = replace(made, groups=groups, columns={**made.columns, cell: column_of(entries)})
    return (made, deciding) if deciding else None


def _roles(program: Program, columns: Columns) -> Iterator[tuple[str, int, Definition]]:
    for group in columns.groups:
        for place, role in enumerate(program.settings.entities[group].roles):
            fact = fact_of(program, group, role.unless) if role.unless else None
            if fact is not None:
                yield group, place, fact


def _missing(column: Column | None, count: int) -> Mask:
    if column is None:
        return np.ones(count, dtype=np.bool_)
    return column.missing if column.missing is not None else np.zeros(count, dtype=np.bool_)


def compared(here: Mapping[Cell, CodeFigure], there: Mapping[Cell, CodeFigure]) -> dict[Cell, tuple[Mask, Mask]]:
    """For each figure the rows in which it differs between both populations, and those in which code cannot say."""
    return {cell: (outcome.differs(there[cell]), ~outcome.bad & there[cell].bad) for cell, outcome in here.items()}
