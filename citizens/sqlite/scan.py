"""The facts of a stretch of the embedded log as arrays, straight from its rows (see `citizens.points`).

1. Rows are fetched in order, many at a time, in a thread of its own.
2. They are opened together, and their payloads taken apart by machine code (`scan_columns`).
3. Rows among which anything is not as it should be are read once more one by one, which tells what and where.

This is the speed of a snapshot.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from itertools import islice

import apsw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from citizens import chain
from citizens.errors import LogDamaged
from citizens.kinds import LAST_FACTS_KIND
from citizens.points import Gatherer, Groups, Heads, Scan, put
from citizens.sqlite.ahead import ahead
from citizens.sqlite.cipher import NONCE_BYTES
from citizens.sqlite.crypto import MANY
from citizens.sqlite.key_table import KeyTable
from citizens.sqlite.reader import NOT_AS_WRITTEN, Reader
from citizens.sqlite.scan_columns import Digests, Row, take_columns

STRETCH = 50_000
_COLUMNS = "offset, recorded_at_us, kind, subject, version, origin, delivery, payload"
_AMONG = f"offset > ? AND offset <= ? AND kind <= {LAST_FACTS_KIND}"
_EVERYBODY = f"SELECT {_COLUMNS} FROM events WHERE {_AMONG} ORDER BY offset"
_SOME = f"SELECT {_COLUMNS} FROM carray(?) AS wanted CROSS JOIN events ON subject = wanted.value WHERE {_AMONG}"
_parse = json.JSONDecoder().raw_decode


def scan(reader: Reader, after: int, to: int, subjects: Sequence[int] | None = None) -> Scan:
    """The facts with offsets above `after` and up to `to`, of everybody or of the subjects with some numbers.

    Raises LogDamaged with the offset.
    """
    keys, digests = reader.keys.table(subjects), _digests(reader)
    gatherer, unreadable = Gatherer(), list[int]()
    for rows in ahead(_stretches(reader, after, to, subjects)):
        readable, gone = keys.parted(rows, 3)
        unreadable.extend(row[0] for row in gone)
        if len(readable) < MANY or not take_columns(readable, keys, digests, gatherer):
            _take_one_by_one(readable, keys, digests, gatherer)
    return gatherer.scan(unreadable)


def checked(reader: Reader) -> Iterator[tuple[int, int, Scan | None]]:
    """All facts stretch by stretch, each with its first and last offset; None in place of facts among which anything is
    not as it should be: whoever reads these one by one finds what. Facts of subjects without a key are left out."""
    head = reader.head()
    try:
        keys, digests = reader.keys.table(None), _digests(reader)
    except LogDamaged:
        yield 1, head, None
        return
    last = 0
    try:
        for rows in _stretches(reader, 0, head, None):
            readable, _ = keys.parted(rows, 3)
            gatherer, before, last = Gatherer(), last, rows[-1][0]
            whole = not readable or (len(readable) >= MANY and take_columns(readable, keys, digests, gatherer))
            yield before + 1, last, gatherer.scan() if whole else None
    except LogDamaged:
        yield last + 1, head, None


def _digests(reader: Reader) -> Digests:
    """The digests of all origins: the connection is another thread's later."""
    numbers = [number for (number,) in reader.connection.execute("SELECT number FROM origins")]
    return {number: reader.origin(number)[1] for number in numbers}


def _stretches(reader: Reader, after: int, to: int, subjects: Sequence[int] | None) -> Iterator[list[Row]]:
    """Rows with facts, many at a time: in order of offset, or subject by subject."""
    if subjects is not None and not subjects:  # SQLite takes no array that is empty
        return
    if subjects is None:
        cursor = reader.connection.execute(_EVERYBODY, (after, to))
    else:
        numbers = apsw.carray(array("q", subjects), flags=apsw.SQLITE_CARRAY_INT64)
        cursor = reader.connection.execute(_SOME, (numbers, after, to))
    last = after
    while True:
        rows: list[Row] = []
        try:
            rows.extend(islice(cursor, STRETCH))
        except NOT_AS_WRITTEN as error:
            raise _changed(rows[-1][0] if rows else last, error) from None
        if not rows:
            return
        last = rows[-1][0]
        yield rows


def _changed(offset: int, error: Exception) -> LogDamaged:
    told = f"the event at offset {offset} was changed ({type(error).__name__})"
    return LogDamaged(told, "restore it", offset=offset)


def _take_one_by_one(rows: Sequence[Row], keys: KeyTable, digests: Digests, gatherer: Gatherer) -> None:
    """Take in rows one after the other. Raises LogDamaged for the first that is not as it was written."""
    heads, groups, offset = Heads(), Groups(), 0
    try:
        for row in rows:
            offset, recorded_at_us, kind, subject, version, origin, delivery, stored = row
            head = chain.header(
                offset, recorded_at_us, kind, subject, version=version, delivery=delivery, origin=digests[origin]
            )
            plain = AESGCM(keys.key(subject)).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], head)
            fields, _ = _parse(plain.decode())
            put(groups, heads.add(offset, subject, origin, kind), fields[1])
        gatherer.take(heads, groups)
    except KeyError:
        told = f"there is no origin {row[5]}"
        raise LogDamaged(told, "verify the log and restore it from a backup") from None
    except (InvalidTag, *NOT_AS_WRITTEN) as error:
        raise _changed(offset, error) from None
