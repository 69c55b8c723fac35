"""Columns of a table typed by what they hold, as the log stores them: whole columns, as Arrow arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from citizens.errors import InvalidEvent
from citizens.events import check_text
from citizens.sqlite.cells import StoredColumn

MOST_UNITS = 10**18
_NUMBER = "^-?[0-9]{1,18}(\\.[0-9]{1,18})?$"


def typed(name: str, column: Any, scale: int | None) -> StoredColumn:
    """A column in stored form. `scale` is the number of decimals, if it holds floats.

    Raises InvalidEvent for what is no kind of fact, is not exact or too long.
    """
    array: Any = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    types = pa.types
    if types.is_boolean(array.type):
        return StoredColumn(name, array, "b")
    if types.is_date(array.type):
        return StoredColumn(name, array.cast(pa.date32()).cast(pa.int32()).cast(pa.int64()), "t")
    if types.is_integer(array.type) and scale is None:
        return StoredColumn(name, array.cast(pa.int64()), "i")
    if types.is_decimal(array.type):
        return _from_decimals(name, array)
    if types.is_floating(array.type) or types.is_integer(array.type):
        return _from_floats(name, array, scale)
    if types.is_string(array.type) or types.is_large_string(array.type):
        return _from_texts(name, array.cast(pa.string()))
    raise InvalidEvent(f"column `{name}` holds {array.type}, which is not a kind of fact", "convert it or leave it out")


def _from_decimals(name: str, array: Any) -> StoredColumn:
    """Decimals as the whole numbers that Arrow holds them in, of the type's own scale."""
    scale = max(array.type.scale, 0)
    try:
        wide = array.cast(pa.decimal128(38, scale))
    except pa.ArrowInvalid:
        raise _too_long(name, scale) from None
    values = wide.buffers()[1]
    halves = np.frombuffer(values if values is not None else b"", dtype="<i8")
    halves = halves[2 * wide.offset : 2 * (wide.offset + len(wide))].reshape(-1, 2)
    units, above = halves[:, 0], halves[:, 1]
    empty = wide.is_null().to_numpy(zero_copy_only=False)
    if (~empty & ((above != units >> 63) | (units >= MOST_UNITS) | (units <= -MOST_UNITS))).any():
        raise _too_long(name, scale)
    return StoredColumn(name, pa.array(np.ascontiguousarray(units), mask=empty), _kind(scale))


def _kind(scale: int) -> str:
    return "i" if scale == 0 else f"d{scale}"


def _too_long(name: str, scale: int) -> InvalidEvent:
    message = f"column `{name}` has a number of over 18 digits at {scale} decimals"
    return InvalidEvent(message, "give fewer decimals")


def _from_floats(name: str, array: Any, scale: int | None) -> StoredColumn:
    if scale is None:
        raise InvalidEvent(f"column `{name}` holds floats, and facts are exact", "give its scale (2 for cents)")
    numbers = np.asarray(pc.fill_null(array, 0).to_numpy(zero_copy_only=False), dtype=np.float64)
    units = np.rint(numbers * 10**scale)
    wrong = np.flatnonzero(~((units / 10**scale == numbers) & (np.abs(units) < 2**53)))
    if len(wrong):
        raise InvalidEvent(
            f"column `{name}`, row {wrong[0] + 1}: not exactly on a grid of {scale} decimals", "round it"
        )
    empty = array.is_null().to_numpy(zero_copy_only=False)
    return StoredColumn(name, pa.array(units.astype(np.int64), mask=empty), f"d{scale}")


def _from_texts(name: str, array: Any) -> StoredColumn:
    """Numbers, if every cell reads as one, of the scale of the longest; else texts."""
    if pc.all(pc.match_substring_regex(array, _NUMBER)).as_py() is False:
        for text in pc.unique(array).to_pylist():
            if text is not None:
                check_text(text, f"a cell of column `{name}`")
        return StoredColumn(name, array, "s")
    points: Any = pc.find_substring(array, ".")
    decimals = pc.if_else(
        pc.less(points, pa.scalar(0)), 0, pc.subtract(pc.subtract(pc.binary_length(array), points), 1)
    )
    scale = pc.max(decimals).as_py() or 0
    return _from_decimals(name, array.cast(pa.decimal128(38, scale)))
