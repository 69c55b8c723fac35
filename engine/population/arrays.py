"""Columns of figures as Arrow arrays: exact decimals, dates, words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from engine.ir.program import Definition, Program
from engine.population.columns import unit_of
from engine.values.types import Kind

pa: Any = pyarrow
NARROW_LIMIT = 10**18  # what a decimal of 64 bits holds is below this many steps
_EPOCH = 719_163  # the ordinal of 1970-01-01


def figure_array(
    program: Program, definition: Definition, entries: NDArray[Any], known: NDArray[np.bool_], narrow: bool = False
) -> Any:
    """A column of figures as Arrow: money and rates as exact decimals, dates as dates, an enum's members as words.

    `narrow` makes decimals of 64 bits, for entries that are below `NARROW_LIMIT` where they are known.
    """
    mask = None if known.all() else ~known
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
    return decimals(entries, unit_of(program, definition), mask, narrow)


def decimals(entries: NDArray[Any], unit: int, mask: NDArray[np.bool_] | None, narrow: bool = False) -> Any:
    """Whole numbers of 1/`unit` as decimals of as many places as the unit needs; null where the mask holds."""
    places = next(size for size in range(19) if 10**size % unit == 0)
    steps = entries.astype(np.int64, copy=False)
    if 10**places != unit:
        steps = steps * (10**places // unit)
    valid = None if mask is None else pa.py_buffer(np.packbits(~mask, bitorder="little"))
    if narrow:
        return pa.Array.from_buffers(pa.decimal64(18, places), len(steps), [valid, pa.py_buffer(steps)])
    halves = np.empty((len(steps), 2), dtype=np.int64)  # 128 bits each, of which the low half is the number
    halves[:, 0] = steps
    np.right_shift(steps, 63, out=halves[:, 1])
    return pa.Array.from_buffers(pa.decimal128(20, places), len(steps), [valid, pa.py_buffer(halves)])
