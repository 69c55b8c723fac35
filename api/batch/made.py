"""A part's output where its rows are groups that a figure makes: no table lists them, so rows follow the people.

Each group has the name that it has in a case and in the log: that of the larger group and its first member
(`home/ada`). Its row is its first member's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow

from api.batch.streams import Part
from api.batch.table import Rows, figure_column, ids_of, table_of
from engine.ir.program import Definition, Program
from engine.native import Figures, Result
from engine.native.results import Mask
from engine.population.door import Admitted

pa: Any = pyarrow


def table_of_made(
    program: Program, entity: str, wanted: Sequence[Definition], part: Part, admitted: Admitted, *, result: Result
) -> tuple[Any, int]:
    """The groups of a kind in a part, with their figures; and how many have one that cannot be determined."""
    assert admitted.columns is not None
    declared = program.settings.entities[entity]
    people = np.flatnonzero(result.groups[entity])
    link = admitted.columns.groups.get(declared.within)
    if link is None:
        people, larger = people[:0], people[:0]
    else:
        larger = link.group[people].astype(np.int64)
    whole, first = (
        _ids(kind, part, admitted, rows) for kind, rows in ((declared.within, larger), (declared.of, people))
    )
    names = [f"{home}/{person}" for home, person in zip(whole, first, strict=True)]
    rows = Rows(len(people), None)
    made: dict[str, Any] = {f"{entity}_id": pa.array(names, pa.string())}
    for definition in wanted:
        figures = _picked(result.figures[definition.name], people)
        made[definition.short_name] = figure_column(program, definition, figures, rows)
    return table_of(made, rows), len(rows.problems)


def _ids(entity: str, part: Part, admitted: Admitted, rows: Any) -> list[Any]:
    """The ids of some rows that were kept."""
    if entity not in part.tables:
        return []
    ids = ids_of(entity, part.tables[entity], part.first_rows[entity])
    kept: Mask | None = admitted.rows[entity] if admitted.rows is not None else None
    places = rows if kept is None else np.flatnonzero(kept)[rows]
    found: list[Any] = ids.take(pa.array(places)).to_pylist()
    return found


def _picked(figures: Figures, rows: Any) -> Figures:
    """The figures of some rows."""
    status = None if figures.status is None else figures.status[rows]
    messages = {at: figures.messages[row] for at, row in enumerate(rows.tolist()) if row in figures.messages}
    return replace(figures, entries=figures.entries[rows], status=status, messages=messages)
