"""Many byte strings in one buffer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from citizens.points import Ints

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Byte strings end to end: row i is `data[ends[i]:ends[i + 1]]`, and `ends` starts at 0."""

    data: Bytes
    ends: Ints

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __iter__(self) -> Iterator[bytes]:
        data = self.data.tobytes()
        ends = self.ends.tolist()
        return (data[start:end] for start, end in pairwise(ends))

    def __getitem__(self, row: int) -> bytes:
        return self.data[self.ends[row] : self.ends[row + 1]].tobytes()

    @classmethod
    def of(cls, parts: Sequence[bytes]) -> Rows:
        """Rows of byte strings. Raises TypeError for what is none."""
        data = b"".join(parts)
        ends = np.zeros(len(parts) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)), out=ends[1:])
        return cls(np.frombuffer(data, np.uint8), ends)

    @classmethod
    def even(cls, data: Bytes | bytes, size: int) -> Rows:
        """Rows of one size each."""
        held = np.frombuffer(data, np.uint8)
        return cls(held, np.arange(0, len(held) + 1, size, dtype=np.int64))

    @classmethod
    def of_arrow(cls, texts: Any) -> Rows:
        """Rows of an Arrow array of texts or byte strings, none of them null."""
        large = texts.cast(pa.large_binary())
        _, places, data = large.buffers()
        ends = np.frombuffer(places, np.int64)[large.offset : large.offset + len(large) + 1]
        held = np.frombuffer(data if data is not None else b"", np.uint8)
        return cls(held[ends[0] : ends[-1]], ends - ends[0])

    def to_arrow(self) -> Any:
        """The same as an Arrow array of byte strings."""
        ends: Any = np.ascontiguousarray(self.ends)
        data: Any = np.ascontiguousarray(self.data)
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(data)]
        return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(self), buffers)
