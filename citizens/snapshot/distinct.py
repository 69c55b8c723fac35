"""The different numbers among many, where they lie close together: by counting, which is faster than sorting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from citizens.points import Ints

_FAR_APART = 8


def distinct(parts: Sequence[Ints]) -> Ints:
    """The different numbers in some arrays, in order."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return np.empty(0, dtype=np.int64)
    least, most = min(int(part.min()) for part in filled), max(int(part.max()) for part in filled)
    if most - least > _FAR_APART * sum(map(len, filled)):
        return np.unique(np.concatenate(filled))
    there = np.zeros(most - least + 1, dtype=np.bool_)
    for part in filled:
        there[part - least] = True
    return np.flatnonzero(there) + least


def coded(codes: Ints) -> tuple[Ints, Ints]:
    """The different codes, in order, and which of them each is. Codes are small: they count something held."""
    there = np.bincount(codes) > 0
    return np.flatnonzero(there), (np.cumsum(there) - 1)[codes]
