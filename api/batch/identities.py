"""Ids that stand twice in a file whose parts are read one after another.

Within a part the door finds them. Across parts:

1. The ids of each part are kept as sorted 64-bit numbers: themselves, or a hash of their text. Those that rise already
   are sorted.
2. A part's ids are looked up in the earlier parts whose range they touch: in none, while ids rise from part to part.
3. What a hash finds is looked up in the file: only the same text in an earlier row is the same id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.batch.files import batches
from engine.population.faults import Refused

Keys = NDArray[np.int64]


class Seen:
    """The ids of an entity in the parts read so far."""

    def __init__(self, entity: str, path: Path) -> None:
        self._entity, self._path = entity, path
        self._columns = (f"{entity}_id", "id")
        self._rows = 0
        self._earlier: list[Keys] = []

    def again(self, table: pa.Table) -> Iterator[Refused]:
        """The rows of the next part whose ids an earlier part had."""
        name = next((column for column in self._columns if column in table.column_names), None)
        before, self._rows = self._rows, self._rows + len(table)
        if name is None or not len(table):
            return
        ids = table[name].combine_chunks()
        keys = _keys(ids)
        if keys is None:
            return  # the door reports ids of such a type
        repeated = np.zeros(len(keys), dtype=np.bool_)
        for earlier in self._earlier:
            if earlier[0] <= keys.max() and keys.min() <= earlier[-1]:
                at = np.minimum(np.searchsorted(earlier, keys), len(earlier) - 1)
                repeated |= earlier[at] == keys
        self._earlier.append(keys if bool((keys[1:] > keys[:-1]).all()) else np.unique(keys))
        repeated &= ~ids.is_null().to_numpy(zero_copy_only=False)
        if repeated.any():
            yield from self._told(ids, np.flatnonzero(repeated), name, before)

    def _told(self, ids: Any, rows: NDArray[np.int64], name: str, before: int) -> Iterator[Refused]:
        texts = {str(ids[int(row)].as_py()): int(row) for row in rows}
        first = self._first_rows(set(texts), before)
        for row in rows.tolist():
            text = str(ids[row].as_py())
            if text in first:
                message = f"`{text}` is the id of row {first[text]:,} of the file already"
                yield Refused(self._entity, row + 1, name, message)

    def _first_rows(self, wanted: set[str], before: int) -> dict[str, int]:
        """The row (from 1) of each wanted id among the first `before` rows of the file."""
        rows: dict[str, int] = {}
        row = 0
        for batch in batches(self._path):
            name = next(column for column in self._columns if column in batch.column_names)
            for value in batch[name].to_pylist():
                row += 1
                if row > before:
                    return rows
                if str(value) in wanted:
                    rows.setdefault(str(value), row)
        return rows


def _keys(ids: Any) -> Keys | None:
    """Each id as a number: itself if it is whole, else 64 bits of a hash of its text. None for ids of another type."""
    if pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_decode()
    if pa.types.is_integer(ids.type):
        numbers: Keys = ids.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        return numbers
    if not (pa.types.is_string(ids.type) or pa.types.is_large_string(ids.type) or pa.types.is_floating(ids.type)):
        return None
    texts = ids.cast(pa.string()).fill_null("").to_pylist()
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, dtype=np.int64)
