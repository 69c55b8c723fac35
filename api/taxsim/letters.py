"""The bytes of columns of text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def letters_of(strings: pa.StringArray) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Where each string begins among the letters, with the end of the last, and the letters."""
    held: Any = strings.buffers()
    starts = np.frombuffer(held[1], dtype=np.int32)[strings.offset : strings.offset + len(strings) + 1]
    letters = np.frombuffer(held[2], dtype=np.uint8) if held[2] is not None else np.empty(0, dtype=np.uint8)
    return starts, letters
