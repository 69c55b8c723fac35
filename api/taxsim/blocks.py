"""Some rows of a table as columns: codes as whole numbers, money as whole cents, ids as text.

A block holds what the file's columns hold and nothing for the others, which mean 0. Rows that could not be read as
columns (a cell that is not a number, an amount beyond 10^15 cents) are kept as they were read one by one, with what is
wrong with them; the columns hold 0 there, or a number that is out of every range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.taxsim.columns import CODES, MONEY
from api.taxsim.table import Row

Cents = NDArray[np.int64]
Mask = NDArray[np.bool_]
Places = NDArray[np.intp]
_Kind = TypeVar("_Kind", bound=np.generic)
TOO_LARGE = 10**15  # cents: far out of any range, and sums of a few stay within 64 bits


def taken(values: NDArray[_Kind], places: Places) -> NDArray[_Kind]:
    """The values at some places, which are in order, each once: no copy where they are all there are."""
    return values if len(places) == len(values) else values[places]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a table. `lines` counts them from 1 in their file; `kept` are those read one by one, by place."""

    lines: NDArray[np.int64]
    ids: pa.StringArray
    codes: Mapping[str, NDArray[np.int64]]
    money: Mapping[str, Cents]
    kept: Mapping[int, Row] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)

    def code(self, name: str) -> NDArray[np.int64]:
        """A code of every row; 0 where the file has no such column."""
        codes = self.codes.get(name)
        return codes if codes is not None else np.zeros(len(self), dtype=np.int64)

    def row(self, place: int) -> Row:
        """A row by itself."""
        if place in self.kept:
            return self.kept[place]
        return Row(
            int(self.lines[place]),
            self.ids[place].as_py(),
            {name: int(values[place]) for name, values in self.codes.items()},
            {name: int(cents[place]) for name, cents in self.money.items()},
        )

    def with_money(self, changed: Mapping[str, Cents], kept: Mapping[int, Row]) -> Block:
        """The same rows with some columns of money replaced."""
        return replace(self, money={**self.money, **changed}, kept=kept)


def block_of(rows: Sequence[Row]) -> Block:
    """Rows that were read one by one."""
    names = rows[0] if rows else Row(0, "")
    return Block(
        np.array([row.line for row in rows], dtype=np.int64),
        pa.array([row.taxsimid for row in rows], pa.string()),
        {name: _bounded([row.codes.get(name, 0) for row in rows]) for name in CODES if name in names.codes},
        {name: _bounded([row.money.get(name, 0) for row in rows]) for name in MONEY if name in names.money},
        dict(enumerate(rows)),
    )


def _bounded(numbers: list[int]) -> NDArray[np.int64]:
    if max(numbers) >= TOO_LARGE or min(numbers) <= -TOO_LARGE:
        numbers = [number if abs(number) < TOO_LARGE else TOO_LARGE for number in numbers]
    return np.array(numbers, dtype=np.int64)


def joined(blocks: Sequence[Block]) -> Block:
    """Blocks of one file, one after another."""
    if len(blocks) == 1:
        return blocks[0]
    starts = np.cumsum([0, *map(len, blocks)]).tolist()
    return Block(
        np.concatenate([block.lines for block in blocks]),
        pa.concat_arrays([block.ids for block in blocks]),
        {name: np.concatenate([block.codes[name] for block in blocks]) for name in blocks[0].codes},
        {name: np.concatenate([block.money[name] for block in blocks]) for name in blocks[0].money},
        {start + place: row for start, block in zip(starts, blocks, strict=False) for place, row in block.kept.items()},
    )
