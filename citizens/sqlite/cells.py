"""Rows of a table as payloads, whole columns at a time: the speed of an import.

1. Turn each column into JSON texts, and join the cells of each row, leaving out those that are empty.
2. Rows with the same cells filled share a shape: find the shapes that occur, and which of them each row has.
3. Join each row's event id, day, shape and cells.

The bytes are those that `codec` writes of the same facts, so that a row that is delivered again is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from json.encoder import encode_basestring
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from citizens.snapshot import Mask
from citizens.sqlite.crypto import Rows

_ESCAPED = r'["\\\x00-\x1f]'


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column in stored form: an Arrow array of int64, booleans or texts, null where nothing is recorded.

    All its cells are of one `kind`; those of a relation are of the kind `r.` and the role that `roles` gives the row
    (an Arrow dictionary array).
    """

    name: str
    values: Any
    kind: str = ""
    roles: Any = None

    def slice(self, start: int, count: int) -> StoredColumn:
        """Some of its rows."""
        roles = None if self.roles is None else self.roles.slice(start, count)
        return replace(self, values=self.values.slice(start, count), roles=roles)

    def filter(self, pick: Any) -> StoredColumn:
        """Those of its rows where an Arrow array of booleans is true."""
        roles = None if self.roles is None else self.roles.filter(pick)
        return replace(self, values=self.values.filter(pick), roles=roles)

    def kinds(self) -> list[str]:
        """The kind of each row."""
        if self.roles is None:
            return [self.kind] * len(self.values)
        return [f"r.{role}" for role in self.roles.to_pylist()]


def payloads(columns: Sequence[StoredColumn], event_ids: Any, day: int) -> tuple[Rows, Mask]:
    """The payloads of Facts events of one day, and which rows they are of: those with a cell filled.

    `event_ids` are an Arrow array of texts, one of each row.
    """
    filled = _filled(columns, len(event_ids))
    if not filled.any():
        return Rows.of([]), filled
    if not filled.all():
        pick = pa.array(filled)
        columns, event_ids = [column.filter(pick) for column in columns], event_ids.filter(pick)
    shapes, which = _shapes(columns)
    cells = pc.binary_join_element_wise(*map(_texts, columns), ",", null_handling="skip")
    parts = (pa.scalar("["), json_texts(event_ids), pa.scalar(f",[[{day},"), shapes.take(which), pa.scalar(",["), cells)
    return Rows.of_arrow(pc.binary_join_element_wise(*parts, pa.scalar("]]]]"), "")), filled


def _filled(columns: Sequence[StoredColumn], count: int) -> Mask:
    filled = np.zeros(count, dtype=np.bool_)
    for column in columns:
        filled |= _is_valid(column)
    return filled


def _is_valid(column: StoredColumn) -> Mask:
    valid: Mask = pc.is_valid(column.values).to_numpy(zero_copy_only=False)
    return valid


def _shapes(columns: Sequence[StoredColumn]) -> tuple[Any, Any]:
    """The shapes that occur, as JSON, and which of them each row has."""
    codes = np.empty((len(columns[0].values), len(columns)), dtype=np.uint16)
    for place, column in enumerate(columns):
        codes[:, place] = _is_valid(column)
        if column.roles is not None:
            codes[:, place] *= (column.roles.indices.to_numpy() + 1).astype(np.uint16)
    lines: Any = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(codes.itemsize * len(columns)), len(codes), [None, pa.py_buffer(codes.tobytes())]
    ).dictionary_encode()
    kinds = [
        (column.kind,) if column.roles is None else tuple(f"r.{role}" for role in column.roles.dictionary.to_pylist())
        for column in columns
    ]
    names = [column.name for column in columns]
    shapes = [_shape(names, kinds, np.frombuffer(line, np.uint16).tolist()) for line in lines.dictionary.to_pylist()]
    return pa.array(shapes, pa.string()), lines.indices


def _shape(names: Sequence[str], kinds: Sequence[Sequence[str]], line: Sequence[int]) -> str:
    filled = [f"{names[at]}:{kinds[at][code - 1]}" for at, code in enumerate(line) if code]
    return encode_basestring(" ".join(filled))


def _texts(column: StoredColumn) -> Any:
    """The cells as JSON, null where they are empty."""
    texts = pa.types.is_string(column.values.type)
    return json_texts(column.values) if texts else column.values.cast(pa.string())


def json_texts(texts: Any) -> Any:
    """An Arrow array of texts as JSON."""
    if not pc.any(pc.match_substring_regex(texts, _ESCAPED)).as_py():
        quote = pa.scalar('"')
        return pc.binary_join_element_wise(quote, texts, quote, "")
    coded = texts.dictionary_encode()
    return pa.array(map(encode_basestring, coded.dictionary.to_pylist()), pa.string()).take(coded.indices)
