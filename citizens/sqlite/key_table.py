"""The keys of many subjects at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from citizens.points import Ints
from citizens.sqlite.cipher import KEY_BYTES
from citizens.sqlite.crypto import Bytes


@dataclass(frozen=True, slots=True, eq=False)
class KeyTable:
    """Numbers of subjects that were not erased, in order, and their keys end to end."""

    numbers: Ints
    keys: Bytes

    def places(self, numbers: Ints) -> Ints:
        """Where each number stands in the table; -1 for one that does not."""
        if not len(self.numbers):
            return np.full(len(numbers), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.numbers, numbers), len(self.numbers) - 1)
        return np.where(self.numbers[at] == numbers, at, -1)

    def keys_of(self, numbers: Ints) -> Bytes:
        """The keys of subjects that are all in the table, end to end."""
        keys: Bytes = self.keys.reshape(-1, KEY_BYTES)[self.places(numbers)].reshape(-1)
        return keys

    def key(self, number: int) -> bytes:
        """The key of a subject that is in the table."""
        return self.keys_of(np.array([number], dtype=np.int64)).tobytes()

    def parted(self, rows: list[Any], column: int) -> tuple[list[Any], Sequence[Any]]:
        """The rows whose subject, in a column, is in the table, and the others."""
        places = self.places(np.fromiter(map(itemgetter(column), rows), np.int64, len(rows)))
        if (places >= 0).all():
            return rows, ()
        known = (places >= 0).tolist()
        together = list(zip(rows, known, strict=True))
        return [row for row, of in together if of], [row for row, of in together if not of]
