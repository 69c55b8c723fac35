"""Rows of numbers as text, all at once.

1. Each row has the same room for each cell: a matrix of bytes, with a mask of those that belong to the text.
2. The digits of a number come four at a time from a table; leading zeros, and a sign where there is none, are masked.
3. What the mask leaves, in order, is the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.taxsim.answers import written
from api.taxsim.blocks import Mask

Bytes = NDArray[np.uint8]
_FOUR = np.array([list(f"{number:04d}".encode()) for number in range(10_000)], dtype=np.uint8)
_TWO = np.array([list(f"{number:02d}".encode()) for number in range(100)], dtype=np.uint8)
_POWERS = [10**power for power in range(1, 19)]
_MINUS, _POINT = ord("-"), ord(".")


@dataclass(frozen=True, slots=True)
class Cells:
    """A column's cells: bytes row by row, and which of them are part of the text (None: all)."""

    text: Bytes
    shown: NDArray[np.bool_] | None


def lines_of(columns: Sequence[Cells], separator: str, count: int) -> bytes:
    """The rows, each on a line."""
    width = sum(cells.text.shape[1] + 1 for cells in columns)
    text = np.empty((count, width), dtype=np.uint8)
    shown = np.ones((count, width), dtype=np.bool_)
    at = 0
    for number, cells in enumerate(columns):
        end = at + cells.text.shape[1]
        text[:, at:end] = cells.text
        if cells.shown is not None:
            shown[:, at:end] = cells.shown
        text[:, end] = ord("\n" if number == len(columns) - 1 else separator)
        at = end + 1
    return text[shown].tobytes()


def letters_of(strings: pa.StringArray) -> tuple[NDArray[np.int32], Bytes]:
    """How many bytes each string has, and the bytes of all."""
    held: Any = strings.buffers()
    offsets = np.frombuffer(held[1], dtype=np.int32)[strings.offset : strings.offset + len(strings) + 1]
    letters = np.frombuffer(held[2], dtype=np.uint8) if held[2] is not None else np.empty(0, dtype=np.uint8)
    return np.diff(offsets), letters[offsets[0] : offsets[-1]]


def words(strings: pa.StringArray) -> Cells:
    """Text as it is."""
    lengths, letters = letters_of(strings)
    shown = np.arange(int(lengths.max(initial=0))) < lengths[:, None]
    text = np.zeros(shown.shape, dtype=np.uint8)
    text[shown] = letters
    return Cells(text, shown)


def whole(numbers: NDArray[np.int64]) -> Cells:
    """Whole numbers."""
    return _signed(numbers, _digits(np.abs(numbers)))


def amounts(hundredths: NDArray[np.int64], there: Mask | None = None) -> Cells:
    """Hundredths with two decimals; `there` says which cells are not empty."""
    if there is None and len(hundredths) and (hundredths == hundredths[0]).all():
        same = np.frombuffer(written(int(hundredths[0])).encode(), dtype=np.uint8)
        return Cells(np.broadcast_to(same, (len(hundredths), len(same))), None)
    size = np.abs(hundredths)
    dollars = size // 100
    before = _digits(dollars)
    width = before.text.shape[1]
    text = np.empty((len(size), width + 3), dtype=np.uint8)
    text[:, :width] = before.text
    text[:, width] = _POINT
    text[:, width + 1 :] = _TWO[size - dollars * 100]
    shown = np.ones(text.shape, dtype=np.bool_)
    shown[:, :width] = before.shown
    if there is not None:
        shown &= there[:, None]
    return _signed(hundredths, Cells(text, shown), there)


def _digits(numbers: NDArray[np.int64]) -> Cells:
    """Of numbers that are not negative."""
    most = int(numbers.max(initial=0))
    groups = 1
    while most >= 10 ** (4 * groups):
        groups += 1
    text = np.empty((len(numbers), 4 * groups), dtype=np.uint8)
    left = numbers
    for group in range(groups - 1, -1, -1):
        higher = left // 10_000 if group else 0
        text[:, 4 * group : 4 * group + 4] = _FOUR[left - higher * 10_000]
        left = higher  # type: ignore[assignment]
    digits = np.ones(len(numbers), dtype=np.int8)
    for power in _POWERS[: 4 * groups - 1]:
        digits += numbers >= power
    return Cells(text, np.arange(4 * groups, dtype=np.int8) >= (4 * groups - digits)[:, None])


def _signed(numbers: NDArray[np.int64], cells: Cells, there: Mask | None = None) -> Cells:
    below = numbers < 0
    if there is not None:
        below &= there
    if not below.any() or cells.shown is None:
        return cells
    sign = np.full((len(numbers), 1), _MINUS, dtype=np.uint8)
    return Cells(np.hstack([sign, cells.text]), np.hstack([below[:, None], cells.shown]))
