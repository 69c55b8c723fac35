"""Ids that stand twice in a file whose parts are read one after another.

Within a part the door finds them. Across parts:

1. The ids of each part are kept as sorted 64-bit numbers: what their digits say, or a hash of their text. Those that
   rise already are sorted.
2. A part's ids are looked up in the earlier parts whose range they touch: in none, while ids rise from part to part.
3. What a number finds is looked up in the file: only the same text in an earlier row is the same id.
4. If rows of other tables name these ids, the first row of a repeated id is at fault too: who is meant is not known.
   Its part comes before the row that repeats it, so the ids of the whole file are read before anything is computed.
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
from engine.population.functions import compute, empty_cells, filled
from engine.population.links import shared_id

Keys = NDArray[np.int64]
_WHOLE = "^[0-9]{1,18}$"  # what 64 bits hold; `7` and `007` then differ by their text alone


class Seen:
    """The ids of an entity in the parts read so far."""

    def __init__(self, entity: str, path: Path, shared: bool = False) -> None:
        """`shared`: rows of other tables name these ids."""
        self._entity, self._path = entity, path
        self._columns = (f"{entity}_id", "id")
        self._rows = 0
        self._earlier: list[Keys] = []
        self._firsts = self._repeated_later() if shared else {}

    def again(self, table: pa.Table) -> Iterator[Refused]:
        """The rows of the next part whose ids an earlier part had, or a later one has and other tables name."""
        name = next((column for column in self._columns if column in table.column_names), None)
        before, self._rows = self._rows, self._rows + len(table)
        if name is None or not len(table):
            return
        for row, (text, last) in self._firsts.items():
            if before <= row < self._rows <= last:  # within a part the door finds them
                yield Refused(self._entity, row - before + 1, name, shared_id(text))
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
        repeated &= ~empty_cells(ids)
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

    def _repeated_later(self) -> dict[int, tuple[str, int]]:
        """The first row (from 0) of each id that stands again in the file, with the id and its last row."""
        keys = [np.empty(0, np.int64), *(keys for _, keys in self._ids())]
        values, counts = np.unique(np.concatenate(keys), return_counts=True)
        repeated = values[counts > 1]
        if not len(repeated):
            return {}
        rows: dict[str, list[int]] = {}
        before = 0
        for ids, keys_of_ids in self._ids():
            for row in np.flatnonzero(np.isin(keys_of_ids, repeated)).tolist():
                if (value := ids[row].as_py()) is not None:
                    rows.setdefault(str(value), []).append(before + row)
            before += len(ids)
        return {at[0]: (text, at[-1]) for text, at in rows.items() if len(at) > 1}

    def _ids(self) -> Iterator[tuple[Any, Keys]]:
        """The ids of the file with their keys, some at a time; none where no column holds such."""
        for batch in batches(self._path, self._columns):
            name = next((column for column in self._columns if batch.column_names.count(column) == 1), None)
            ids = batch[name].combine_chunks() if name is not None else None
            keys = _keys(ids) if ids is not None else None
            if keys is not None:
                yield ids, keys

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
    """Each id as a number: what its digits say, else 64 bits of a hash of its text. None for ids of another type."""
    if pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_decode()
    if pa.types.is_integer(ids.type):
        numbers: Keys = filled(ids, 0).to_numpy(zero_copy_only=False).astype(np.int64)
        return numbers
    if not (pa.types.is_string(ids.type) or pa.types.is_large_string(ids.type) or pa.types.is_floating(ids.type)):
        return None
    texts = ids.cast(pa.string()).fill_null("")
    whole = compute.match_substring_regex(texts, _WHOLE)
    keys: Keys = compute.if_else(whole, texts, "0").cast(pa.int64()).to_numpy(zero_copy_only=False).copy()
    others = texts.filter(compute.invert(whole)).to_pylist()
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in others)
    keys[~whole.to_numpy(zero_copy_only=False)] = np.frombuffer(digests, dtype=np.int64)
    return keys
