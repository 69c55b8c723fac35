"""Decimals of a Parquet file as the whole numbers that it stores.

Arrow makes 128 bits of every decimal, digit by digit checked, though most files hold them in 32 or 64. So it is given
the file's footer without saying that they are decimals, reads whole numbers, and is told afterwards what they are:
decimals of 64 bits over the same memory.

1. A footer is a record of the Thrift compact protocol: a list of the file's columns (elements of a schema), and then
   where their pages lie. Only the first is taken apart; the rest is copied.
2. What says that a column is a decimal are the fields 6 (converted type), 7 and 8 (scale and precision) and 10 (logical
   type) of its element. They are left out where it is stored as an integer.
3. A file with nested columns, with two of one name, or whose footer is not as expected, is read as it is.

Source: the Parquet format's `parquet.thrift` and the specification of the compact protocol (Apache).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as pq

pa: Any = pyarrow
_MAGIC = b"PAR1"
_MOST_FOOTER = 2**26
_INTEGERS = (1, 2)  # among the physical types: of 32 and of 64 bits
_MOST_DIGITS = 18  # of a decimal that 64 bits hold
_BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 3, 7, 8, 9, 10, 11, 12
_VARINTS, _FLAGS = (4, 5, 6), (1, 2)
_TYPE, _REPETITION, _NAME, _CHILDREN, _CONVERTED, _SCALE, _PRECISION, _LOGICAL = 1, 3, 4, 5, 6, 7, 8, 10
_REPEATED = 2
_NUMBERS = (_TYPE, _REPETITION, _CONVERTED, _SCALE, _PRECISION)
_DECIMAL, _LOGICAL_DECIMAL = 5, 5  # among the converted types, and the logical types


@dataclass(frozen=True, slots=True)
class Stored:
    """A file's footer that tells of no decimals stored as integers, and which columns are such: their scale."""

    footer: Any
    decimals: dict[str, Any]

    def as_told(self, name: str, column: Any) -> Any:
        """A column that was read, as what it is."""
        kind = self.decimals.get(name)
        if kind is None:
            return column
        if isinstance(column, pa.ChunkedArray):
            return pa.chunked_array([_over(chunk, kind) for chunk in column.chunks], kind)
        return _over(column, kind)

    def table(self, batch: Any) -> Any:
        """The rows of a batch that was read, as a table."""
        names = batch.schema.names
        return pa.table([self.as_told(name, batch.column(place)) for place, name in enumerate(names)], names=names)


def _over(array: Any, kind: Any) -> Any:
    """Whole numbers as decimals, over the same memory if they have 64 bits."""
    whole = array if array.type == pa.int64() else array.cast(pa.int64())
    return pa.Array.from_buffers(kind, len(whole), whole.buffers(), whole.null_count, whole.offset)


def stored_of(path: Path) -> Stored | None:
    """How a file's columns are stored; None if none of its decimals is an integer, or its footer is not as expected."""
    footer = _footer(path)
    if footer is None:
        return None
    try:
        changed, decimals = _without_decimals(footer)
    except (IndexError, UnicodeDecodeError, _Unexpected):
        return None
    if not decimals:
        return None
    told = b"".join((_MAGIC, changed, len(changed).to_bytes(4, "little"), _MAGIC))
    return Stored(pq.read_metadata(pa.BufferReader(told)), decimals)


def _footer(path: Path) -> bytes | None:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 8))
        end = file.read(8)
        length = int.from_bytes(end[:4], "little")
        if end[4:] != _MAGIC or not 0 < length <= min(size - 12, _MOST_FOOTER):
            return None
        file.seek(size - 8 - length)
        return file.read(length)


class _Unexpected(Exception):
    """The footer is not what the format says."""


def _without_decimals(footer: bytes) -> tuple[bytes, dict[str, Any]]:
    """The footer without what says that integers are decimals, and those that are."""
    schema = next((field for field in _fields(footer, 0) if field[0] == 2), None)
    if schema is None or schema[1] != _LIST:
        raise _Unexpected
    count, kind, at = _list_head(footer, schema[2])
    if kind != _STRUCT:
        raise _Unexpected
    pieces, columns = [footer[:at]], {}
    for place in range(count):
        fields = list(_fields(footer, at))
        end = (fields[-1][3] if fields else at) + 1
        name, decimal = _decimal(footer, fields) if place else ("", None)  # the first is the root
        if place and (name in columns or any(number == _CHILDREN for number, *_ in fields)):
            raise _Unexpected
        columns[name] = decimal
        pieces.append(footer[at:end] if decimal is None else _written(footer, fields))
        at = end
    decimals = {name: decimal for name, decimal in columns.items() if decimal is not None}
    return b"".join([*pieces, footer[at:]]), decimals


Field = tuple[int, int, int, int]  # its number, its type, and where its value begins and ends


def _decimal(footer: bytes, fields: list[Field]) -> tuple[str, Any]:
    """The name of a column, and its type if it is a decimal that is stored as an integer."""
    places = {number: start for number, _, start, _ in fields}
    if _NAME not in places:
        raise _Unexpected
    length, start = _varint(footer, places[_NAME])
    name = footer[start : start + length].decode()
    said = {number: _number(footer, places[number]) for number in _NUMBERS if number in places}
    told = said.get(_CONVERTED) == _DECIMAL
    if _LOGICAL in places and not told:
        told = any(number == _LOGICAL_DECIMAL for number, *_ in _fields(footer, places[_LOGICAL]))
    scale, precision = said.get(_SCALE, 0), said.get(_PRECISION, 0)
    plain = said.get(_TYPE) in _INTEGERS and said.get(_REPETITION) != _REPEATED
    fits = told and plain and 0 <= scale <= precision and 0 < precision <= _MOST_DIGITS
    return name, pa.decimal64(precision, scale) if fits else None


def _written(footer: bytes, fields: list[Field]) -> bytes:
    """An element of the schema without the fields that make it a decimal."""
    pieces, last = [], 0
    for number, kind, start, end in fields:
        if number not in (_CONVERTED, _SCALE, _PRECISION, _LOGICAL):
            pieces += [bytes([(number - last) << 4 | kind]), footer[start:end]]
            last = number
    return b"".join([*pieces, b"\0"])


# --- the compact protocol


def _fields(content: bytes, at: int) -> Iterator[Field]:
    """The fields of the record that begins at a place, as far as they are asked for."""
    number = 0
    while content[at]:
        head, at = content[at], at + 1
        number += head >> 4
        if not head >> 4:
            number, at = _zigzag(content, at)
        end = _end(content, at, head & 15)
        yield number, head & 15, at, end
        at = end


def _end(content: bytes, at: int, kind: int) -> int:
    """Where a value ends."""
    if kind in _FLAGS:
        return at
    if kind in _VARINTS:
        return _varint(content, at)[1]
    if kind in (_BYTE, _DOUBLE):
        return at + (1 if kind == _BYTE else 8)
    if kind == _BINARY:
        length, start = _varint(content, at)
        return start + length
    if kind in (_LIST, _SET):
        count, of, at = _list_head(content, at)
        for _ in range(count):
            at = at + 1 if of in _FLAGS else _end(content, at, of)
        return at
    if kind == _STRUCT:
        for *_, end in _fields(content, at):
            at = end
        return at + 1
    raise _Unexpected  # no map is in a footer


def _list_head(content: bytes, at: int) -> tuple[int, int, int]:
    """How many elements a list has, of which type, and where they begin."""
    head = content[at]
    if head >> 4 < 15:
        return head >> 4, head & 15, at + 1
    count, start = _varint(content, at + 1)
    return count, head & 15, start


def _number(content: bytes, at: int) -> int:
    return _zigzag(content, at)[0]


def _zigzag(content: bytes, at: int) -> tuple[int, int]:
    whole, end = _varint(content, at)
    return (whole >> 1) ^ -(whole & 1), end


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A whole number in sevens of bits, the least first, and where it ends."""
    whole = shift = 0
    while True:
        byte, at = content[at], at + 1
        whole |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            return whole, at
