"""Figures of a population as Arrow tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow

from engine.ir.program import Program
from engine.native.running import Result
from engine.population.arrays import figure_array
from engine.population.columns import Columns

pa: Any = pyarrow
STATUSES = ("known", "not_applicable", "undetermined", "error")


def to_arrow(program: Program, columns: Columns, result: Result, entity: str) -> Any:
    """The wanted figures of an entity, a row for each of its rows, with the ids if it has any.

    Money and rates are decimals, members of an enum are dictionary-encoded names. Where there is no value the cell is
    null, and `<figure>_status` says why (a column only where some cell is null).
    """
    made: dict[str, Any] = {}
    if entity in columns.ids:
        made[f"{entity}_id"] = pa.array(columns.ids[entity].tolist())
    for name, figures in result.figures.items():
        definition = program.definitions[figures.cell.name]
        if definition.entity == entity:
            known = figures.status == 0 if figures.status is not None else np.ones(len(figures.entries), dtype=bool)
            made[name] = figure_array(program, definition, figures.entries, known)
            if figures.status is not None:
                codes = pa.array(figures.status.astype(np.int8))
                made[f"{name}_status"] = pa.DictionaryArray.from_arrays(codes, list(STATUSES))
    return pa.table(made)
