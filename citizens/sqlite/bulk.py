"""Writing an events file from end to end: fast, because nothing of it counts until it is complete.

The file is written without a journal and without syncs, its indexes are built last, and then it is synced once and
swapped in (`layout`). A crash on the way leaves a stray file and the old log. Compaction and bulk loads do this.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import apsw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from citizens import chain, codec
from citizens.events import Origin
from citizens.sqlite.cipher import NONCE_BYTES
from citizens.sqlite.connections import EVENTS_INDEXES, Settings, connect
from citizens.sqlite.durable import sync_file
from citizens.sqlite.reader import StoredEvent, Tip
from citizens.sqlite.writer import INSERT_EVENT

CHUNK, DRAWN = 50_000, 1_000


class Loaded(NamedTuple):
    """One event of a bulk load: its subject's number and key, its payload in the clear, the groups that it names."""

    number: int
    key: bytes
    delivery: bytes
    payload: bytes
    groups: tuple[int | None, ...] = ()


def open_unsafe(path: Path, settings: Settings) -> apsw.Connection:
    """A connection that keeps nothing safe, for a file that does not count yet."""
    connection = connect(path, settings, write=True)
    connection.pragma("journal_mode", "off")
    connection.pragma("synchronous", "OFF")
    connection.pragma("secure_delete", False)
    connection.pragma("cache_size", -200_000)
    return connection


def finish_file(connection: apsw.Connection, path: Path) -> None:
    """Build the indexes, commit, close, and make the file durable."""
    connection.execute(EVENTS_INDEXES)
    connection.execute("COMMIT")
    connection.close()
    sync_file(path)


def load(connection: apsw.Connection, tip: Tip, origin: Origin, events: Iterable[Loaded]) -> Tip:
    """Write Facts events into an empty file, in a transaction that is begun and left open; where they end."""
    connection.execute("BEGIN")
    fields = (origin.source, origin.actor, origin.legal_basis, origin.retention)
    connection.execute("INSERT INTO origins VALUES(1, ?, ?, ?, ?)", fields)
    members: list[tuple[int, int]] = []
    rows_of = chained(tip, chain.origin_digest(origin), events, members, 1)
    while rows := list(islice(rows_of, CHUNK)):
        connection.executemany(INSERT_EVENT, rows)
        tip = Tip(rows[-1].offset, rows[-1].chain, rows[-1].recorded_at_us)
    connection.executemany("INSERT OR IGNORE INTO members VALUES(?, ?)", sorted(members))
    connection.execute("INSERT INTO deliveries SELECT delivery, offset FROM events ORDER BY delivery")
    return tip


def chained(
    tip: Tip, digest: bytes, events: Iterable[Loaded], members: list[tuple[int, int]], origin: int
) -> Iterator[StoredEvent]:
    """The rows of the events, of one origin; who belongs to which group is added to `members`."""
    offset, link, at_us = tip.offset, tip.link, tip.recorded_at_us
    versions: dict[int, int] = {}
    nonces = _nonces()
    header_of, link_of, kind = chain.header, chain.link, codec.FACTS  # looked up once: this is the speed of an import
    for number, key, delivery, payload, groups in events:
        offset += 1
        version = versions[number] = versions.get(number, 0) + 1
        head = header_of(offset, at_us, kind, number, version=version, delivery=delivery, origin=digest)
        nonce = next(nonces)
        stored = nonce + AESGCM(key).encrypt(nonce, payload, head)
        members.extend([(group, number) for group in groups if group is not None])
        link = link_of(link, head, stored)
        yield StoredEvent(offset, at_us, kind, number, version, origin, delivery, stored, link)


def _nonces() -> Iterator[bytes]:
    """Random nonces, drawn many at a time."""
    while True:
        drawn = os.urandom(NONCE_BYTES * DRAWN)
        yield from (drawn[at : at + NONCE_BYTES] for at in range(0, len(drawn), NONCE_BYTES))
