"""A log that goes from a folder to topics: the same numbers, links, ciphertexts and positions.

1. The topics are made with the log's own identity, so the chain begins with the same link. The key store goes first.
2. Rows are written in frames, each link computed anew. Where the log has forgotten a run of events, a gap is written.
3. Cut off, it goes on from where the topics end, if what they hold is what the log has. A log that was compacted, or
   written otherwise, since is refused.

The way back is a copy of the store (`sqlite.replica`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from citizens import chain
from citizens.errors import Refused
from citizens.kafka.address import Address
from citizens.kafka.log import BULK_EVENTS, KafkaLog, open_kafka_log
from citizens.kafka.records import ADVANCE, GAP, Standing, gap_audit, standing_audit
from citizens.kafka.store import tip_of
from citizens.kafka.writer import KafkaWriter
from citizens.sqlite.backup import copy_database
from citizens.sqlite.carrier import carry_keys, deliveries_of, dropped_since
from citizens.sqlite.carrying import Taker
from citizens.sqlite.connections import SHIPPED, check_format, connect, get_meta
from citizens.sqlite.erasure import read_ledger
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.layout import Layout
from citizens.sqlite.reader import Reader, StoredEvent
from citizens.sqlite.replica import require_prefix
from citizens.sqlite.writer import Clock, system_clock


def copy_to_topics(
    source: Layout,
    address: Address,
    *,
    keys: Path | None = None,
    kek: bytes | None = None,
    clock: Clock = system_clock,
    frame_events: int = BULK_EVENTS,
) -> tuple[int, int]:
    """Copy the log in a folder to topics, new or begun before; how many events were written, and up to which offset."""
    reader = _opened(source, kek)
    try:
        log_id = get_meta(reader.connection, "log_id")
        to = keys if keys is not None else address.folder / "keys.db"
        if not to.exists():
            to.parent.mkdir(parents=True, exist_ok=True)
            copy_database(source.keys_path, to)
        with open_kafka_log(address, create=True, keys=to, clock=clock, kek=kek, log_id=log_id) as log:
            written = log.take_from(lambda writer: _copied(reader, writer, frame_events))
            log.take_erasures(read_ledger(source.erasures_path))
            return written, log.head()
    finally:
        reader.close()


def _opened(source: Layout, kek: bytes | None) -> Reader:
    """The log, all of one moment."""
    path = source.events_path()
    connection = connect(path, SHIPPED, write=False)
    check_format(connection, path)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM meta").fetchall()
    return Reader(connection, KeyStore(source.keys_path, SHIPPED, write=False, kek=kek))


def _copied(source: Reader, writer: KafkaWriter, frame_events: int) -> int:
    """Write what the topics lack; the number of events."""
    copy = writer.reader
    if get_meta(source.connection, "log_id") != get_meta(copy.connection, "log_id"):
        raise Refused("the topics hold another log", "copy it under another name")
    tip = require_prefix(source, copy)
    if tip != tip_of(copy) or dropped_since(source, copy):
        raise Refused("the log was compacted since the copy was begun", "copy it under another name")
    carry_keys(source.keys, copy.keys)
    pieces, total = _pieces(source, tip.offset), 0
    while chunk := list(islice(pieces, frame_events)):
        total += _write_frame(source, writer, chunk)
    _write_positions(source, writer)
    return total


def _pieces(source: Reader, after: int) -> Iterator[StoredEvent | chain.Gap]:
    """Rows and gaps in order."""
    gaps = iter([gap for gap in source.gaps() if gap.first > after])
    gap = next(gaps, None)
    for row in source.rows("WHERE offset > ? ORDER BY offset", (after,)):
        while gap is not None and gap.first < row.offset:
            yield gap
            gap = next(gaps, None)
        yield row


def _write_frame(source: Reader, writer: KafkaWriter, pieces: list[StoredEvent | chain.Gap]) -> int:
    with writer.transaction():
        taker = Taker(writer.reader, tip_of(writer.reader))
        events: list[tuple[bytes, bytes | None]] = []
        audit: list[tuple[int, bytes]] = []
        for piece in pieces:
            if isinstance(piece, chain.Gap):
                deliveries = deliveries_of(source, piece)
                taker.gap(piece, deliveries)
                audit += [(GAP, part) for part in gap_audit(piece, [delivery for delivery, _ in deliveries])]
            else:
                origin, _ = source.origin(piece.origin)
                taker.event(piece, origin)
                of_rows, of_audit = writer.parts_of(piece, origin)
                events.append(of_rows)
                audit.append(of_audit)
        taker.flush()
        writer.publish((events, audit))
    writer.tip = taker.tip
    return taker.events


def _write_positions(source: Reader, writer: KafkaWriter) -> None:
    rows = list(source.connection.execute("SELECT consumer, position, needs FROM positions"))
    if not rows:
        return
    with writer.transaction():
        for consumer, position, needs in rows:
            writer.put_position(consumer, position, needs)
        standings = [standing_audit(Standing(*row)) for row in rows]
        writer.publish(([], []), [(ADVANCE, standing) for standing in standings])


__all__ = ["KafkaLog", "copy_to_topics"]
