"""Exact totals of units that are parted in several ways at once.

1. Units are added up once, in the cells of all partings crossed. A group's total is the sum of its cells.
2. What is added up are weights, or entries times weights, in digits of so many bits that no sum of any of them leaves
   the whole numbers that a double holds exactly. A total is put together from its digits at the end.
3. Weights that leave no room for a digit are added up one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.simulate.exactly import total_of
from api.simulate.groups import Parting

_DOUBLE_BITS = 52


@dataclass(frozen=True, slots=True, eq=False)
class Crossed:
    """The cells of some partings, by number in `place`; `shape` is how many groups each parting has."""

    place: NDArray[np.int64]
    shape: tuple[int, ...]

    def counts(self) -> list[list[int]]:
        """For each parting, how many units its groups have."""
        return self._by_parting([(0, np.bincount(self.place, minlength=self._cells))])

    def totals(self, weights: NDArray[np.int64], entries: NDArray[Any] | None = None) -> list[list[int]]:
        """For each parting, the total weight of its groups, or of entries times weights."""
        return self._by_parting(list(self._digits(weights, entries)))

    @property
    def _cells(self) -> int:
        return int(np.prod(self.shape))

    def _by_parting(self, digits: Sequence[tuple[int, NDArray[Any]]]) -> list[list[int]]:
        totals = [[0] * groups for groups in self.shape]
        for shift, table in digits:
            crossed = table.reshape(self.shape)
            for axis, groups in enumerate(totals):
                others = tuple(other for other in range(len(self.shape)) if other != axis)
                for place, digit in enumerate(crossed.sum(axis=others)):
                    groups[place] += int(digit) << shift
        return totals

    def _digits(self, weights: NDArray[np.int64], entries: NDArray[Any] | None) -> Iterator[tuple[int, NDArray[Any]]]:
        """How far each digit stands to the left, and its total in each cell."""
        bits = _DOUBLE_BITS - total_of(weights).bit_length()
        rest = np.ones(len(weights), dtype=np.int64) if entries is None else entries.astype(np.int64, copy=False)
        if bits < 1:
            yield 0, _one_by_one(self.place, self._cells, weights, rest)
            return
        shift = 0
        while len(rest) and (int(rest.min()) < -1 or int(rest.max()) > 1):
            yield shift, np.bincount(self.place, (rest & ((1 << bits) - 1)) * weights, self._cells)
            rest, shift = rest >> bits, shift + bits
        yield shift, np.bincount(self.place, rest * weights, self._cells)


def crossed(ways: Sequence[Parting]) -> Crossed:
    """The partings crossed."""
    shape = tuple(len(way.labels) for way in ways)
    place = np.zeros(len(ways[0].of), dtype=np.int64)
    for way, groups in zip(ways, shape, strict=True):
        place = place * groups + way.of
    return Crossed(place, shape)


def _one_by_one(
    places: NDArray[np.int64], count: int, weights: NDArray[np.int64], entries: NDArray[np.int64]
) -> NDArray[Any]:
    table = np.zeros(count, dtype=object)
    for place, entry, weight in zip(places.tolist(), entries.tolist(), weights.tolist(), strict=True):
        table[place] += entry * weight
    return table
