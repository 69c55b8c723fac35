"""Figures of a population as Arrow tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow

from engine.column_entries import decimals
from engine.columns import Columns, unit_of
from engine.ir.program import Program
from engine.native.running import Figures, Result
from engine.types import Kind

pa: Any = pyarrow
STATUSES = ("known", "not_applicable", "undetermined", "error")
_EPOCH = 719_163


def to_arrow(program: Program, columns: Columns, result: Result, entity: str) -> Any:
    """The wanted figures of an entity, a row for each of its rows, with the ids if it has any.

    Money and rates are decimals, members of an enum are dictionary-encoded names. Where there is no value the cell is
    null, and `<figure>_status` says why (a column only where some cell is null).
    """
    made: dict[str, Any] = {}
    if entity in columns.ids:
        made[f"{entity}_id"] = pa.array(columns.ids[entity].tolist())
    for name, figures in result.figures.items():
        if program.definitions[figures.cell.name].entity == entity:
            made[name] = _array(program, figures)
            if figures.status is not None:
                codes = pa.array(figures.status.astype(np.int8))
                made[f"{name}_status"] = pa.DictionaryArray.from_arrays(codes, list(STATUSES))
    return pa.table(made)


def _array(program: Program, figures: Figures) -> Any:
    definition = program.definitions[figures.cell.name]
    missing = figures.status != 0 if figures.status is not None else None
    match definition.type.kind:
        case Kind.MONEY | Kind.RATE:
            return decimals(figures.entries, unit_of(program, definition), missing)
        case Kind.BOOLEAN:
            return pa.array(figures.entries != 0, mask=missing)
        case Kind.ENUM:
            members = list(program.settings.enums[definition.type.enum].members)
            codes = pa.array(figures.entries.astype(np.int16), mask=missing)
            return pa.DictionaryArray.from_arrays(codes, members)
        case Kind.DATE:
            days = np.where(missing, 0, figures.entries - _EPOCH) if missing is not None else figures.entries - _EPOCH
            return pa.array(days.astype(np.int32), mask=missing).cast(pa.date32())
    return pa.array(figures.entries.astype(np.int64), mask=missing)
