"""Arrow's functions of whole columns that every population goes through, called by their names.

`pyarrow.compute` writes a function of Python's for each of three hundred when it is imported, which takes longer than
reading a small population. `compute` stands for it, and imports it when something else of it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow
import pyarrow._compute  # what `pyarrow.compute` calls, and what it gives out again
from numpy.typing import NDArray

pa: Any = pyarrow
_by_name: Any = pyarrow._compute
Array = Any


class _WhenAsked:
    def __getattr__(self, name: str) -> Any:
        import pyarrow.compute

        return getattr(pyarrow.compute, name)


compute: Any = _WhenAsked()


def filled(array: Array, value: object) -> Array:
    """The array with `value` in empty cells."""
    if not array.null_count:
        return array
    return _by_name.call_function("coalesce", [array, pa.scalar(value, array.type)])


def empty_cells(array: Array) -> NDArray[np.bool_]:
    """Which cells are empty."""
    if not array.null_count:
        return np.zeros(len(array), dtype=bool)
    empty: NDArray[np.bool_] = _by_name.call_function("is_null", [array]).to_numpy(zero_copy_only=False)
    return empty


def places_among(array: Array, words: Sequence[str]) -> NDArray[np.int32]:
    """Where each text stands among `words`; -1 for an empty cell and for what is not there."""
    options = _by_name.SetLookupOptions(value_set=pa.array(words, array.type))
    places: NDArray[np.int32] = filled(_by_name.call_function("index_in", [array], options), -1).to_numpy()
    return places
