"""Change points in bulk: the facts of a whole log decoded into arrays.

A million events share a few shapes (`codec`), so a stretch of the log is decoded like this:

1. Read rows in order, decrypt each, parse its JSON.
2. Put its values, as one list, under its (day, shape). Nothing is done per value.
3. At the end of the stretch turn each (day, shape) into a block: one array of events, one array per value.

Values are int64 as stored (units, day numbers, subject numbers, 0 and 1); texts are numbers into `Scan.words`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from citizens import chain
from citizens.codec import parse_shape
from citizens.errors import LogDamaged
from citizens.sqlite.keys import NONCE_BYTES
from citizens.sqlite.reader import NOT_AS_WRITTEN, Reader

Ints = npt.NDArray[np.int64]
STRETCH = 50_000
_SELECT = (
    "SELECT offset, recorded_at_us, kind, subject, version, origin, delivery, payload FROM events "
    "WHERE offset > ? AND offset <= ? AND kind <= 3 "
)
_EVERYBODY, _ONE = _SELECT + "ORDER BY offset", _SELECT + "AND subject = ? ORDER BY offset"
_parse = json.JSONDecoder().raw_decode


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
    recorded_at_us: Ints
    kinds: Ints
    blocks: list[Block]
    words: list[str]
    unreadable: Ints
    """Offsets of events whose subject was erased."""


@dataclass(slots=True)
class _Heads:
    """Columns of the events' headers, as lists that grow."""

    offsets: list[int] = field(default_factory=list)
    subjects: list[int] = field(default_factory=list)
    origins: list[int] = field(default_factory=list)
    recorded_at_us: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)


Groups = dict[tuple[int, str], tuple[list[int], list[Sequence[Any]]]]


def scan(reader: Reader, after: int, to: int, subjects: Sequence[int] | None = None) -> Scan:
    """The facts with offsets above `after` and up to `to`, of everybody or of the subjects with some numbers.

    Raises LogDamaged with the offset.
    """
    rows: dict[str, list[Ints]] = {name: [] for name in ("offsets", "subjects", "origins", "recorded_at_us", "kinds")}
    blocks: list[Block] = []
    words: dict[str, int] = {}
    unreadable: list[int] = []
    count = 0
    for heads, groups in _stretches(reader, _rows(reader, after, to, subjects), _keys(reader, subjects), unreadable):
        blocks.extend(_block(day, shape, group, count, words) for (day, shape), group in groups.items())
        count += len(heads.offsets)
        for name, parts in rows.items():
            parts.append(np.array(getattr(heads, name), dtype=np.int64))
    columns = {name: np.concatenate([np.empty(0, np.int64), *parts]) for name, parts in rows.items()}
    return Scan(**columns, blocks=blocks, words=list(words), unreadable=np.array(unreadable, dtype=np.int64))


def _keys(reader: Reader, subjects: Sequence[int] | None) -> dict[int, bytes]:
    """The keys of subjects that were not erased, by number."""
    if subjects is None:
        return {number: key for number, _, _, key in reader.keys.all_rows() if key is not None}
    found = ((number, reader.keys.key(number)) for number in subjects)
    return {number: key for number, key in found if key is not None}


def _rows(reader: Reader, after: int, to: int, subjects: Sequence[int] | None) -> Iterator[tuple[Any, ...]]:
    """Rows with facts: in order of offset, or subject by subject."""
    if subjects is None:
        yield from reader.connection.execute(_EVERYBODY, (after, to))
        return
    for number in subjects:
        yield from reader.connection.execute(_ONE, (after, to, number))


def _stretches(
    reader: Reader, rows: Iterable[tuple[Any, ...]], keys: dict[int, bytes], unreadable: list[int]
) -> Iterator[tuple[_Heads, Groups]]:
    """The rows in stretches of 50,000 events, each with its headers and its values by (day, shape)."""
    heads, groups = _Heads(), Groups()
    offset = 0
    try:
        for row in rows:
            offset = row[0]
            key = keys.get(row[3])
            if key is None:
                unreadable.append(offset)
                continue
            _take(row, key, reader, heads, groups)
            if len(heads.offsets) == STRETCH:
                yield heads, groups
                heads, groups = _Heads(), Groups()
    except (InvalidTag, *NOT_AS_WRITTEN) as error:
        raise LogDamaged(
            f"the event at offset {offset} was changed ({type(error).__name__}); restore it", offset
        ) from None
    yield heads, groups


def _take(row: tuple[Any, ...], key: bytes, reader: Reader, heads: _Heads, groups: Groups) -> None:
    """Decrypt and parse one row. This runs once per event: it is the speed of a snapshot."""
    offset, recorded_at_us, kind, subject, version, origin, delivery, stored = row
    head = chain.header(offset, recorded_at_us, kind, subject, version, delivery, reader.origin(origin)[1])
    plain = AESGCM(key).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], head)
    index = len(heads.offsets)
    heads.offsets.append(offset)
    heads.subjects.append(subject)
    heads.origins.append(origin)
    heads.recorded_at_us.append(recorded_at_us)
    heads.kinds.append(kind)
    fields, _ = _parse(plain.decode())
    for day, shape, values in fields[1]:
        group = groups.get((day, shape))
        if group is None:
            group = groups[day, shape] = ([], [])
        group[0].append(index)
        group[1].append(values)


def _block(
    day: int, shape: str, group: tuple[list[int], list[Sequence[Any]]], first: int, words: dict[str, int]
) -> Block:
    parsed = parse_shape(shape)
    columns = zip(*group[1], strict=True)
    values = tuple(_array(kind, column, words) for (_, kind), column in zip(parsed, columns, strict=True))
    return Block(day, parsed, np.array(group[0], dtype=np.int64) + first, values)


def _array(kind: str, column: Sequence[Any], words: dict[str, int]) -> Ints:
    if kind == "n":
        return np.zeros(len(column), dtype=np.int64)
    if kind == "s":
        return np.array([words.setdefault(word, len(words)) for word in column], dtype=np.int64)
    return np.array(column, dtype=np.int64)
