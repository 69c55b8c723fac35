"""Small cells are not shown: fewer than ten units could be recognised.

A cell with 1 to 9 units is suppressed. What is suppressed in a row or column is, taken together, its total less what is
shown. So where that is one cell, or fewer than ten units, the smallest other cell there is suppressed too, until no
line tells of fewer than ten.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SMALL_BELOW = 10


def suppressed(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which cells of a table of counts (without its totals) are not shown; one row or column is a line of its own."""
    hidden: NDArray[np.bool_] = (counts > 0) & (counts < SMALL_BELOW)
    while True:
        before = int(hidden.sum())
        for axis in (0, 1):
            if counts.shape[axis] > 1:
                _second(counts, hidden, axis)
        if int(hidden.sum()) == before:
            return hidden


def _second(counts: NDArray[np.int64], hidden: NDArray[np.bool_], axis: int) -> None:
    """Hide another cell in each line along `axis` of which the hidden ones could be worked out, or are few together:
    the least that is not empty, if any."""
    for line in range(counts.shape[1 - axis]):
        where = (slice(None), line) if axis == 0 else (line, slice(None))
        cells, shown = counts[where], hidden[where]  # views: what is hidden here is hidden there
        alone = int(shown.sum()) == 1
        if alone or 0 < int(cells[shown].sum()) < SMALL_BELOW:
            open_cells = np.flatnonzero(~shown)
            full = open_cells[cells[open_cells] > 0]
            choice = full if len(full) else open_cells if alone else full
            if len(choice):
                shown[choice[np.argmin(cells[choice])]] = True
