"""Columns of Arrow into whole numbers, exactly; None for a column with a cell that needs to be looked at alone.

1. Whole numbers are taken as they are; an empty cell is 0.
2. Decimals become cents, halves away from zero. A code must be whole.
3. A binary float stands for the shortest decimal that reads back as it, which is what a program prints of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from api.taxsim.blocks import TOO_LARGE, Cents

pc: Any = pyarrow.compute
DECIMAL = pa.decimal128(38, 20)  # 18 digits before the point, 20 after it; what has more is looked at alone
_CENTS = pa.decimal128(38, 2)
_EXACT_FLOAT = 2**53


def whole_numbers(column: pa.Array[Any]) -> NDArray[np.int64] | None:
    """Codes."""
    if pa.types.is_integer(column.type):
        return _integers(column)
    decimal = _decimal(column)
    if decimal is None:
        return None
    try:
        return _integers(decimal.cast(pa.int64()))
    except pa.ArrowInvalid:  # a part of one, or too large
        return None


def cents(column: pa.Array[Any]) -> Cents | None:
    """Amounts in dollars, as whole cents."""
    if pa.types.is_integer(column.type):
        dollars = _integers(column)
        if dollars is None or (len(dollars) and np.abs(dollars).max() >= TOO_LARGE // 100):
            return None
        return dollars * 100
    decimal = _decimal(column)
    return None if decimal is None else _rounded(decimal)


def _integers(column: pa.Array[Any]) -> NDArray[np.int64] | None:
    try:
        whole: Any = column.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    if whole.null_count:
        whole = whole.fill_null(0)
    numbers: NDArray[np.int64] = whole.to_numpy(zero_copy_only=False)
    return numbers


def _decimal(column: pa.Array[Any]) -> pa.Array[Any] | None:
    kind = column.type
    try:
        if pa.types.is_null(kind):
            return column.cast(DECIMAL)
        if pa.types.is_decimal(kind):
            return column.cast(DECIMAL)
        if pa.types.is_floating(kind):
            return _of_floats(column)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return _of_text(column)
    except pa.ArrowInvalid:
        pass
    return None


def _of_floats(column: pa.Array[Any]) -> pa.Array[Any] | None:
    values = column.to_numpy(zero_copy_only=False)
    there = values[np.isfinite(values)] if column.null_count else values
    if len(there) and not np.isfinite(there).all():
        return None
    if column.null_count + len(there) < len(values):
        return None  # not a number, or without bound
    if len(there) and np.abs(there).max() < _EXACT_FLOAT and (there == np.trunc(there)).all():
        return column.cast(pa.int64()).cast(DECIMAL)
    return column.cast(pa.string()).cast(DECIMAL)


def _of_text(column: pa.Array[Any]) -> pa.Array[Any]:
    try:
        return column.cast(DECIMAL)
    except pa.ArrowInvalid:  # empty cells, or spaces around a number
        trimmed = pc.utf8_trim_whitespace(column)
        stated: pa.Array[Any] = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, trimmed.type), trimmed)
        return stated.cast(DECIMAL)


def _rounded(decimal: pa.Array[Any]) -> Cents | None:
    held = pc.round(decimal, 2, "half_towards_infinity").cast(_CENTS).fill_null(0)
    words = np.frombuffer(held.buffers()[1], dtype=np.int64).reshape(-1, 2)[held.offset : held.offset + len(held)]
    low, high = words[:, 0], words[:, 1]
    if (high != low >> 63).any() or (len(low) and np.abs(low).max() >= TOO_LARGE):
        return None
    return low
