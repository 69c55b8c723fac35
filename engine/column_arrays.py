"""Columns of figures as Arrow arrays: exact decimals, dates, words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.columns import unit_of
from engine.ir.program import Definition, Program
from engine.types import Kind

_EPOCH = 719_163  # the ordinal of 1970-01-01


def figure_array(program: Program, definition: Definition, entries: NDArray[Any], known: NDArray[np.bool_]) -> Any:
    """A column of figures as Arrow: money and rates as exact decimals, dates as dates, an enum's members as words."""
    mask = ~known
    match definition.type.kind:
        case Kind.BOOLEAN:
            return pa.array(entries.astype(np.bool_), mask=mask)
        case Kind.ENUM:
            members = list(program.settings.enums[definition.type.enum].members)
            places: Any = pa.array(entries.astype(np.int32), mask=mask)
            return pa.DictionaryArray.from_arrays(places, pa.array(members))
        case Kind.DATE:
            return pa.array((entries.astype(np.int64) - _EPOCH).astype(np.int32), mask=mask).cast(pa.date32())
        case Kind.INTEGER:
            return pa.array(entries.astype(np.int64), mask=mask)
    return decimals(entries, unit_of(program, definition), mask)


def decimals(entries: NDArray[Any], unit: int, mask: NDArray[np.bool_]) -> Any:
    """Whole numbers of 1/`unit` (a power of ten) as decimals: 128-bit words, of which the low one is the number."""
    places = len(str(unit)) - 1
    words = np.empty((len(entries), 2), dtype=np.int64)
    words[:, 0] = entries
    words[:, 1] = np.where(words[:, 0] < 0, -1, 0)
    valid = pa.array(~mask).buffers()[1] if mask.any() else None
    return pa.Array.from_buffers(pa.decimal128(20, places), len(entries), [valid, pa.py_buffer(words.tobytes())])
