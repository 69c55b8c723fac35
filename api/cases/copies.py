"""A case's population many times over, so that one batch tries many variations of the case."""

from __future__ import annotations

import numpy as np

from engine.ir.program import Program
from engine.population.columns import Column, Columns, GroupLink, further_entity


def copies(program: Program, columns: Columns, size: int) -> Columns:
    """So many copies, one after the other: a row of an entity of `n` rows stands at `copy * n + row`."""
    cells = {
        cell: Column(
            np.tile(column.entries, size),
            np.tile(column.missing, size) if column.missing is not None else None,
            column.low,
            column.high,
        )
        for cell, column in columns.columns.items()
    }
    groups = {
        name: GroupLink(_moved(link.group, columns.counts[name], size), np.tile(link.role, size))
        for name, link in columns.groups.items()
    }
    owners = {
        entity: _moved(rows, columns.counts[program.settings.entities[entity].belongs_to], size)
        for entity, rows in columns.owners.items()
    }
    further = {
        (entity, name): _moved(rows, columns.counts[further_entity(program, entity, name)], size)
        for (entity, name), rows in columns.further_owners.items()
    }
    counts = {entity: count * size for entity, count in columns.counts.items()}
    return Columns(columns.at, counts, cells, groups, owners, {}, columns.complete, further_owners=further)


def _moved(rows: np.ndarray, count: int, size: int) -> np.ndarray:
    """Row numbers in the copies: each copy's come after those of the one before."""
    shifts = np.repeat(np.arange(size, dtype=np.int64) * count, len(rows))
    tiled = np.tile(rows, size)
    return np.where(tiled < 0, -1, tiled + shifts).astype(np.int32)
