"""Rows of a table as payloads, many at a time: the speed of an import.

Each column is turned into JSON texts at once, and rows with the same cells filled share a shape. The bytes are those
that `codec` writes of the same facts, so that a row that is delivered again is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any

import numpy as np

STRETCH = 50_000
_BOOLEANS = {True: "true", False: "false", None: None}


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column in stored form: its name, and per row its kind and value, or None."""

    name: str
    kinds: Sequence[str]
    values: Sequence[Any]


def payloads(columns: Sequence[StoredColumn], event_ids: Sequence[str], day: int) -> Iterator[bytes | None]:
    """Of each row the payload of a Facts event of one day; None of a row with no cell filled."""
    for start in range(0, len(event_ids), STRETCH):
        rows = slice(start, start + STRETCH)
        stretch = [StoredColumn(column.name, column.kinds[rows], column.values[rows]) for column in columns]
        yield from _payloads(stretch, event_ids[rows], day)


def _payloads(columns: Sequence[StoredColumn], event_ids: Sequence[str], day: int) -> Iterator[bytes | None]:
    if not columns:
        yield from [None] * len(event_ids)
        return
    patterns, which = _patterns(columns)
    for event_id, pattern, cells in zip(event_ids, which, zip(*map(_texts, columns), strict=True), strict=True):
        head, pick = patterns[pattern]
        if pick is None:
            yield None
        else:
            yield f"[{encode_basestring(event_id)},[[{day},{head},[{','.join(pick(cells))}]]]]".encode()


Picker = Callable[[tuple[Any, ...]], tuple[str, ...]]


def _patterns(columns: Sequence[StoredColumn]) -> tuple[list[tuple[str, Picker | None]], list[int]]:
    """The shapes that occur, each with what picks its cells out of a row, and which of them each row has."""
    kinds = [sorted(set(column.kinds)) for column in columns]
    codes = [
        np.fromiter(
            (0 if value is None else code[kind] for value, kind in zip(column.values, column.kinds, strict=True)),
            np.int16,
            len(column.values),
        )
        for column, code in zip(columns, ({kind: at + 1 for at, kind in enumerate(of)} for of in kinds), strict=True)
    ]
    lines, width = np.stack(codes, axis=1).tobytes(), 2 * len(columns)
    places: dict[bytes, int] = {}
    which = [places.setdefault(lines[at : at + width], len(places)) for at in range(0, len(lines), width)]
    names = [column.name for column in columns]
    return [_pattern(names, kinds, np.frombuffer(line, np.int16).tolist()) for line in places], which


def _pattern(names: Sequence[str], kinds: Sequence[Sequence[str]], line: Sequence[int]) -> tuple[str, Picker | None]:
    filled = [at for at, code in enumerate(line) if code]
    shape = encode_basestring(" ".join(f"{names[at]}:{kinds[at][line[at] - 1]}" for at in filled))
    if not filled:
        return shape, None
    (first, *more) = filled
    return shape, itemgetter(*filled) if more else lambda cells: (cells[first],)


def _texts(column: StoredColumn) -> Sequence[str | None]:
    """The cells as JSON."""
    example = next((value for value in column.values if value is not None), None)
    if isinstance(example, bool):
        return [_BOOLEANS[value] for value in column.values]
    if isinstance(example, str):
        texts = {value: None if value is None else encode_basestring(value) for value in set(column.values)}
        return [texts[value] for value in column.values]
    if None in column.values:
        return [None if value is None else str(value) for value in column.values]
    return list(map(str, column.values))
