"""Change points in bulk: the facts of a stretch of a log as arrays.

A million events share a few shapes (`codec`), so facts are gathered like this:

1. Put each event's values, as one list, under its (day, shape). Nothing is done per value.
2. At the end turn each (day, shape) into a block: one array of events, one array per value.

Values are int64 as stored (units, day numbers, subject numbers, 0 and 1); texts are numbers into `Scan.words`. Any log
can make a `Scan` of its events (`scan_events`); the embedded one makes it from its rows, which is faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from citizens.codec import encode
from citizens.events import Correction, Event, Facts, Retraction
from citizens.kinds import kind_of
from citizens.payload_json import decode_json
from citizens.stored_values import Names, parse_shape

Ints = npt.NDArray[np.int64]
Groups = dict[tuple[int, str], tuple[list[int], list[Sequence[Any]]]]


@dataclass(frozen=True, slots=True)
class Block:
    """Change points of one day and one shape. `events` are rows of the scan; `values[j]` belongs to `shape[j]`."""

    day: int
    shape: tuple[tuple[str, str], ...]
    events: Ints
    values: tuple[Ints, ...]


@dataclass(slots=True)
class Scan:
    """A stretch of the log: one row per event with facts, and the blocks of their change points."""

    offsets: Ints
    subjects: Ints
    origins: Ints
    kinds: Ints
    blocks: list[Block]
    words: list[str]
    unreadable: Ints
    """Offsets of events whose subject was erased."""


@dataclass(slots=True)
class Heads:
    """Columns of the events' headers, as lists that grow."""

    offsets: list[int] = field(default_factory=list)
    subjects: list[int] = field(default_factory=list)
    origins: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)

    def add(self, offset: int, subject: int, origin: int, kind: int) -> int:
        """Take in an event; its row."""
        self.offsets.append(offset)
        self.subjects.append(subject)
        self.origins.append(origin)
        self.kinds.append(kind)
        return len(self.offsets) - 1


class Gatherer:
    """Makes a scan of stretches, one after the other. `words` are the texts that occur, numbered."""

    def __init__(self) -> None:
        self.words: dict[str, int] = {}
        self._rows: list[tuple[Ints, Ints, Ints, Ints]] = []
        self._blocks: list[Block] = []
        self._count = 0

    def take(self, heads: Heads, groups: Groups) -> None:
        """Take in a stretch as headers and values by (day, shape)."""
        rows = (heads.offsets, heads.subjects, heads.origins, heads.kinds)
        offsets, subjects, origins, kinds = (np.array(column, dtype=np.int64) for column in rows)
        blocks = [_block(day, shape, group, self.words) for (day, shape), group in groups.items()]
        self.take_blocks((offsets, subjects, origins, kinds), blocks)

    def take_blocks(self, rows: tuple[Ints, Ints, Ints, Ints], blocks: Iterable[Block]) -> None:
        """Take in a stretch as columns of its rows (offsets, subjects, origins, kinds), and blocks of them."""
        self._blocks.extend(replace(block, events=block.events + self._count) for block in blocks)
        self._count += len(rows[0])
        self._rows.append(rows)

    def scan(self, unreadable: Sequence[int] = ()) -> Scan:
        """The scan of all that was taken in."""
        empty = np.empty(0, np.int64)
        columns = zip((empty, empty, empty, empty), *self._rows, strict=True)
        offsets, subjects, origins, kinds = (np.concatenate(parts) for parts in columns)
        told = np.array(unreadable, dtype=np.int64)
        return Scan(offsets, subjects, origins, kinds, self._blocks, list(self.words), told)


def put(groups: Groups, row: int, stored: Sequence[Any]) -> None:
    """Put an event's change points, in stored form, under their days and shapes."""
    for day, shape, values in stored:
        group = groups.get((day, shape))
        if group is None:
            group = groups[day, shape] = ([], [])
        group[0].append(row)
        group[1].append(values)


def scan_events(events: Iterable[Event], names: Names) -> Scan:
    """The facts among some events, in order of offset. Their origins are not told apart."""
    heads, groups = Heads(), Groups()
    for event in events:
        if isinstance(event.body, Facts | Correction | Retraction):
            row = heads.add(event.offset, names.number(event.subject), 0, kind_of(event.body))
            put(groups, row, decode_json(encode(event.body, event.event_id, names))[1])
    gatherer = Gatherer()
    gatherer.take(heads, groups)
    return gatherer.scan()


def _block(day: int, shape: str, group: tuple[list[int], list[Sequence[Any]]], words: dict[str, int]) -> Block:
    parsed = parse_shape(shape)
    columns = zip(*group[1], strict=True)
    values = tuple(_array(kind, column, words) for (_, kind), column in zip(parsed, columns, strict=True))
    return Block(day, parsed, np.array(group[0], dtype=np.int64), values)


def _array(kind: str, column: Sequence[Any], words: dict[str, int]) -> Ints:
    if kind == "n":
        return np.zeros(len(column), dtype=np.int64)
    if kind == "s":
        return np.array([words.setdefault(word, len(words)) for word in column], dtype=np.int64)
    return np.array(column, dtype=np.int64)
