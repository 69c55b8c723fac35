"""Frames of polars, pandas and Arrow as Arrow tables, and back to the kind that was given.

Nothing is imported that the caller did not: a frame is known by what it can do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow

from api.failures import Misuse

pa: Any = pyarrow


def to_arrow(frame: Any) -> Any:
    """A frame as an Arrow table. Also a mapping of column names to lists. Raises Misuse for anything else."""
    match _library(frame):
        case "pyarrow":
            return frame
        case "polars":
            return frame.to_arrow()
        case "pandas":
            return pa.Table.from_pandas(frame, preserve_index=False)
    if isinstance(frame, Mapping):
        return pa.table(dict(frame))
    raise Misuse(f"a {type(frame).__name__} is not a frame", "give a polars or pandas DataFrame, or a pyarrow Table")


def back(table: Any, like: Any) -> Any:
    """An Arrow table as a frame of the library of `like`; a mapping gets a pyarrow Table.

    Amounts stay decimals: in polars of type Decimal, in pandas objects. Nothing becomes a float.
    """
    match _library(like):
        case "polars":
            import polars

            return polars.from_arrow(_wide(table))
        case "pandas":
            return table.to_pandas()
    return table


def _library(frame: Any) -> str:
    """Which library's table this is, if it is one."""
    name = type(frame).__name__
    return type(frame).__module__.partition(".")[0] if name in ("DataFrame", "Table") else ""


def _wide(table: Any) -> Any:
    """Decimals of 64 bits as such of 128, which every version of polars reads."""
    for at, field in enumerate(table.schema):
        if pa.types.is_decimal64(field.type):
            table = table.set_column(at, field.name, table[field.name].cast(pa.decimal128(20, field.type.scale)))
    return table
