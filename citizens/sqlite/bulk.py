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
from typing import Any

import apsw
import numpy as np

from citizens import chain, codec
from citizens.events import Origin
from citizens.points import Ints
from citizens.sqlite.ahead import ahead
from citizens.sqlite.connections import EVENTS_INDEXES, Settings, connect
from citizens.sqlite.crypto import Bytes, Rows, headers, links, seal
from citizens.sqlite.durable import sync_file
from citizens.sqlite.reader import StoredEvent, Tip
from citizens.sqlite.sealed import COUNTER_BITS
from citizens.sqlite.writer import INSERT_EVENT

_NUMBER_BYTES, _LENGTH_BITS = 20, 24
_NUMBER = f"CAST(substr(?{{}}, {_NUMBER_BYTES} * (rowid - 1) + 1, {_NUMBER_BYTES}) AS INTEGER)"
_INSERT_FIRST_EVENTS = (
    f"INSERT INTO events SELECT ?1 + rowid, ?2, {codec.FACTS}, {_NUMBER.format(3)}, 1, 1, "
    "substr(?4, 16 * (rowid - 1) + 1, 16), "
    f"substr(?5, (value >> {_LENGTH_BITS}) + 1, value & {(1 << _LENGTH_BITS) - 1}), "
    "substr(?6, 32 * (rowid - 1) + 1, 32) FROM carray(?7)"
)
_INSERT_DELIVERIES = "INSERT INTO deliveries SELECT substr(?1, 16 * (rowid - 1) + 1, 16), value FROM carray(?2)"
_INSERT_MEMBERS = f"INSERT OR IGNORE INTO members SELECT value, {_NUMBER.format(2)} FROM carray(?1)"


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


@dataclass(frozen=True, slots=True, eq=False)
class Chained:
    """Events as they are stored, of one moment and origin, from `first` on."""

    first: int
    recorded_at_us: int
    numbers: Ints
    versions: Ints
    deliveries: Bytes
    stored: Rows
    links: Bytes

    @property
    def tip(self) -> Tip:
        """Where they end."""
        return Tip(self.first + len(self.numbers) - 1, self.links[-32:].tobytes(), self.recorded_at_us)

    def rows(self, origin: int) -> Iterator[StoredEvent]:
        """The events one by one."""
        columns = (self.numbers.tolist(), self.versions.tolist(), Rows.even(self.deliveries, 16), self.stored)
        together = zip(*columns, Rows.even(self.links, 32), strict=True)
        for offset, (number, version, delivery, stored, link) in enumerate(together, self.first):
            yield StoredEvent(offset, self.recorded_at_us, codec.FACTS, number, version, origin, delivery, stored, link)


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
    _insert_members(connection, np.concatenate(members))
    _insert_deliveries(connection, first, np.concatenate(deliveries))
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
            offsets, tip.recorded_at_us, codec.FACTS, numbers,
            versions=version, deliveries=loaded.deliveries, origins=origin,
        )  # fmt: skip
        stored = seal(loaded.keys, Rows.even(heads, len(heads) // len(numbers)), loaded.payloads)
        linked = links(tip.link, heads, stored)
        chained = Chained(tip.offset + 1, tip.recorded_at_us, numbers, version, loaded.deliveries, stored, linked)
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
    lengths = np.diff(chained.stored.ends)
    if (chained.versions > 1).any() or int(lengths.max()) >> _LENGTH_BITS:
        connection.executemany(INSERT_EVENT, chained.rows(1))
        return
    places = (chained.stored.ends[:-1] << _LENGTH_BITS) | lengths
    columns = (_as_text(chained.numbers), chained.deliveries.tobytes(), chained.stored.data.tobytes())
    rest = (chained.links.tobytes(), _carray(places))
    connection.execute(_INSERT_FIRST_EVENTS, (chained.first - 1, chained.recorded_at_us, *columns, *rest))


def _insert_members(connection: apsw.Connection, members: Ints) -> None:
    if len(members):  # SQLite takes no array that is empty
        members = members[np.lexsort((members[:, 1], members[:, 0]))]
        connection.execute(_INSERT_MEMBERS, (_carray(np.ascontiguousarray(members[:, 0])), _as_text(members[:, 1])))


def _insert_deliveries(connection: apsw.Connection, first: int, deliveries: Bytes) -> None:
    """What stands for the deliveries of consecutive events, in order of their bytes."""
    if not len(deliveries):
        return
    halves = deliveries.view(">u8").astype(np.uint64).reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    in_order = deliveries.reshape(-1, 16)[order].tobytes()
    connection.execute(_INSERT_DELIVERIES, (in_order, _carray(order + first)))


def _carray(numbers: Ints) -> Any:
    return apsw.carray(numbers.data, flags=apsw.SQLITE_CARRAY_INT64)


def _as_text(numbers: Ints) -> bytes:
    """Numbers as digits of one width: SQL cannot cut integers out of bytes."""
    return numbers.astype(f"S{_NUMBER_BYTES}").tobytes()
