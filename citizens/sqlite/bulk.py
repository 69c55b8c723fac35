"""Writing an events file from end to end: fast, because nothing of it counts until it is complete.

The file is written without a journal and without syncs, its indexes are built last, and then it is synced once and
swapped in (`layout`). A crash on the way leaves a stray file and the old log. Compaction and bulk loads do this.

A bulk load works on whole columns of events: sealed and chained by `crypto`, put in by one statement that cuts its
cells out of the columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw
import numpy as np

from citizens import chain
from citizens.events import Origin
from citizens.kinds import FACTS
from citizens.points import Ints
from citizens.sqlite.ahead import ahead
from citizens.sqlite.chained import MAX_STORED_BYTES, Chained, insert_deliveries, insert_events, insert_pairs
from citizens.sqlite.connections import EVENTS_INDEXES, Settings, connect
from citizens.sqlite.crypto import Bytes, Rows, headers, links, seal
from citizens.sqlite.durable import sync_file
from citizens.sqlite.reader import Tip
from citizens.sqlite.sealed import COUNTER_BITS
from citizens.sqlite.writer import INSERT_EVENT


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """Facts events of a bulk load: their subjects' numbers and keys, deliveries, and payloads in the clear.

    `members` are pairs of numbers: a group, and the subject of one of the events that names it.
    """

    numbers: Ints
    keys: Bytes
    deliveries: Bytes
    payloads: Rows
    members: Ints


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
    members, deliveries = [np.empty((0, 2), np.int64)], [np.empty(0, np.uint8)]
    first = tip.offset + 1
    for chained in ahead(chain_up(tip, chain.origin_digest(origin), _noting(events, members))):
        _insert(connection, chained)
        deliveries.append(chained.deliveries)
        tip = chained.tip
    insert_pairs(connection, "members", np.concatenate(members))
    insert_deliveries(connection, first, np.concatenate(deliveries))
    return tip


def _noting(events: Iterable[Loaded], members: list[Ints]) -> Iterator[Loaded]:
    for loaded in events:
        if len(loaded.numbers):
            members.append(loaded.members)
            yield loaded


def chain_up(tip: Tip, digest: bytes, events: Iterable[Loaded]) -> Iterator[Chained]:
    """The events behind `tip`, of the origin with that digest. None of `events` is empty."""
    versions = _Versions()
    origin = np.frombuffer(digest, np.uint8)
    for loaded in events:
        numbers, version = loaded.numbers, versions.take(loaded.numbers)
        offsets = tip.offset + 1 + np.arange(len(numbers), dtype=np.int64)
        heads = headers(
            offsets, tip.recorded_at_us, FACTS, numbers,
            versions=version, deliveries=loaded.deliveries, origins=origin,
        )  # fmt: skip
        stored = seal(loaded.keys, Rows.even(heads, len(heads) // len(numbers)), loaded.payloads)
        linked = links(tip.link, heads, stored)
        chained = Chained(
            tip.offset + 1, tip.recorded_at_us, np.full(len(numbers), FACTS, np.int64), numbers,
            versions=version, deliveries=loaded.deliveries, stored=stored, links=linked,
        )  # fmt: skip
        tip = chained.tip
        yield chained


class _Versions:
    """How many events each subject has by now, by its place in its partition."""

    def __init__(self) -> None:
        self._counts: Ints = np.zeros(0, np.int64)

    def take(self, numbers: Ints) -> Ints:
        """Count in events of these subjects, in order: the subjects' versions after each."""
        places = numbers & ((1 << COUNTER_BITS) - 1)
        if (missing := int(places.max()) + 1 - len(self._counts)) > 0:
            self._counts = np.concatenate([self._counts, np.zeros(missing, np.int64)])
        order = np.argsort(places, kind="stable")
        in_order = places[order]
        first = np.ones(len(places), np.bool_)
        first[1:] = in_order[1:] != in_order[:-1]
        runs = np.arange(len(places)) - np.maximum.accumulate(np.where(first, np.arange(len(places)), 0))
        versions = np.empty(len(places), np.int64)
        versions[order] = self._counts[in_order] + runs + 1
        np.maximum.at(self._counts, places, versions)
        return versions


def _insert(connection: apsw.Connection, chained: Chained) -> None:
    if (chained.versions > 1).any() or int(np.diff(chained.stored.ends).max()) >= MAX_STORED_BYTES:
        connection.executemany(INSERT_EVENT, chained.rows(1))
        return
    insert_events(connection, chained, 1)
