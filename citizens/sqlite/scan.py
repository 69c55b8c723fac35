"""The facts of a stretch of the embedded log as arrays, straight from its rows (see `citizens.points`).

Rows are read in order, decrypted and parsed. This runs once per event: it is the speed of a snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from citizens import chain
from citizens.codec import LAST_FACTS_KIND
from citizens.errors import LogDamaged
from citizens.points import Groups, Heads, Scan, gathered, put
from citizens.sqlite.cipher import NONCE_BYTES
from citizens.sqlite.reader import NOT_AS_WRITTEN, Reader

STRETCH = 50_000
_SELECT = (
    "SELECT offset, recorded_at_us, kind, subject, version, origin, delivery, payload FROM events "
    f"WHERE offset > ? AND offset <= ? AND kind <= {LAST_FACTS_KIND} "
)
_EVERYBODY, _ONE = _SELECT + "ORDER BY offset", _SELECT + "AND subject = ? ORDER BY offset"
_parse = json.JSONDecoder().raw_decode


def scan(reader: Reader, after: int, to: int, subjects: Sequence[int] | None = None) -> Scan:
    """The facts with offsets above `after` and up to `to`, of everybody or of the subjects with some numbers.

    Raises LogDamaged with the offset.
    """
    unreadable: list[int] = []
    rows = _rows(reader, after, to, subjects)
    return gathered(_stretches(reader, rows, _keys(reader, subjects), unreadable), unreadable)


def _keys(reader: Reader, subjects: Sequence[int] | None) -> dict[int, bytes]:
    """The keys of subjects that were not erased, by number."""
    if subjects is None:
        return {number: key for number, _, _, key in reader.keys.all_rows() if key is not None}
    numbered_keys = ((number, reader.keys.key(number)) for number in subjects)
    return {number: key for number, key in numbered_keys if key is not None}


def _rows(reader: Reader, after: int, to: int, subjects: Sequence[int] | None) -> Iterator[tuple[Any, ...]]:
    """Rows with facts: in order of offset, or subject by subject."""
    if subjects is None:
        yield from reader.connection.execute(_EVERYBODY, (after, to))
        return
    for number in subjects:
        yield from reader.connection.execute(_ONE, (after, to, number))


def _stretches(
    reader: Reader, rows: Iterable[tuple[Any, ...]], keys: dict[int, bytes], unreadable: list[int]
) -> Iterator[tuple[Heads, Groups]]:
    """The rows in stretches of 50,000 events, each with its headers and its values by (day, shape)."""
    heads, groups = Heads(), Groups()
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
                heads, groups = Heads(), Groups()
    except (InvalidTag, *NOT_AS_WRITTEN) as error:
        raise LogDamaged(
            f"the event at offset {offset} was changed ({type(error).__name__})", "restore it", offset=offset
        ) from None
    yield heads, groups


def _take(row: tuple[Any, ...], key: bytes, reader: Reader, heads: Heads, groups: Groups) -> None:
    """Decrypt and parse one row. This runs once per event: it is the speed of a snapshot."""
    offset, recorded_at_us, kind, subject, version, origin, delivery, stored = row
    head = chain.header(
        offset, recorded_at_us, kind, subject, version=version, delivery=delivery, origin=reader.origin(origin)[1]
    )
    plain = AESGCM(key).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], head)
    fields, _ = _parse(plain.decode())
    put(groups, heads.add(offset, subject, origin, kind), fields[1])
