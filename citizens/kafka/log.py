"""The log on Kafka: the topics are the truth, and each who writes or reads a partition has a store made from them.

1. Opening for writing takes the partition, which fences whoever wrote it, catches the store up, and says so in the
   audit topic. Then it goes on as the embedded log does: versions, deliveries and positions are compared in the store,
   which is safe, because whoever else had written would have fenced this writer.
2. An append plans its events in the store's transaction, writes them to the topics as one frame, waits until the frame
   has been read back as committed, and commits the store. Only then is it acknowledged.
3. Anything that goes wrong in between stops the writer. What stands is what the topics say; delivering again is safe.
4. Opening for reading catches the store up, unless a process of this machine writes it, which keeps it so.
5. Compaction records what goes in one frame and takes it out of the store. Nulls follow, and Kafka's cleaner frees the
   room.

Names and keys are never in the topics. The key store is this machine's, or lies where RULEWRIGHT_KEYS says: without it
the topics are ciphertext for ever.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import apsw

from citizens import chain
from citizens.errors import InvalidEvent, LogLocked, Refused
from citizens.events import Draft, Origin
from citizens.kafka import topics
from citizens.kafka.address import Address
from citizens.kafka.catching_up import STORED, catch_up, key_store
from citizens.kafka.records import (
    DROPPED,
    MARK,
    NULLED,
    OPENED,
    dropped_audit,
    event_key,
)
from citizens.kafka.store import drop, number_of, runs_of
from citizens.kafka.topics import Identity
from citizens.kafka.transport import Reading, Writing
from citizens.kafka.writer import KafkaWriter
from citizens.sqlite import bulk, compaction
from citizens.sqlite.compaction import Compacted, OnStep
from citizens.sqlite.connections import connect, get_meta, set_meta
from citizens.sqlite.durable import WriterLock, replace_file
from citizens.sqlite.erasure import LEDGER_RETENTION, ErasureEntry, add_to_ledger
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.layout import Layout, create_events
from citizens.sqlite.log import SqliteLog, horizons_of
from citizens.sqlite.opened import check_keys
from citizens.sqlite.reader import Reader, StoredEvent
from citizens.sqlite.verification import remains_digest
from citizens.sqlite.writer import Clock, Writer, system_clock

BULK_EVENTS = 20_000
NULLS = 5_000


def open_kafka_log(
    address: Address,
    *,
    write: bool = True,
    create: bool = False,
    keys: Path | None = None,
    clock: Clock = system_clock,
    kek: bytes | None = None,
    log_id: bytes | None = None,
) -> KafkaLog:
    """Open one partition of a log on Kafka. With `create`, its topics are made where there are none.

    `keys` is where the key store lies, if not in the store's folder; `log_id` the identity of a log that is made as a
    copy. Raises Refused for topics whose settings would lose data, LogUnavailable where no broker answers, LogLocked if
    another process of this machine writes it.
    """
    if not topics.is_there(address):
        if not create:
            message = f"there is no log `{address.name}` at {address.brokers}"
            raise Refused(f"{message}", "check the address; `rulewright log create` makes a new log")
        topics.make(address, log_id)
    topics.check(address)
    folder = address.folder
    layout = Layout(folder, keys if keys is not None else folder / "keys.db")
    return KafkaLog(address, layout, clock, write=write, kek=kek)


class KafkaLog(SqliteLog):
    """One partition of a log on Kafka, open. Satisfies `History`, and does what the embedded log does."""

    def __init__(
        self, address: Address, layout: Layout, clock: Clock, *, write: bool, kek: bytes | None = None
    ) -> None:
        self.address = address
        self._reading = Reading(address)
        self._identity = self._checked_identity()
        try:
            if not write:
                self._catch_up_for_reading(layout, kek)
            super().__init__(layout, STORED, clock, write=write, kek=kek, promoting=True)
        except BaseException:
            self._reading.close()
            raise

    def _checked_identity(self) -> Identity:
        identity = self._reading.identity()
        if identity.partitions != self.address.partitions:
            message = f"`{self.address.name}` was made with {identity.partitions} partitions"
            raise Refused(f"{message}, for ever", f"write `?partitions={identity.partitions}` in its address")
        return identity

    # Opening

    def _catch_up_for_reading(self, layout: Layout, kek: bytes | None) -> None:
        """Catch the store up, unless a process of this machine writes it: that one keeps it so."""
        layout.folder.mkdir(parents=True, exist_ok=True)
        try:
            lock = WriterLock(layout.folder / "lock")
        except LogLocked:
            return
        try:
            self._make_store(layout)
            catch_up(self.address, layout, self._reading, kek)
        finally:
            lock.release()

    def _make_store(self, layout: Layout) -> None:
        """An empty store, unless there is one of this log. One of another is refused."""
        log_id = self._identity.of(self.address.here)
        layout.folder.mkdir(parents=True, exist_ok=True)
        replace_file(layout.follows_path, f"{self.address}\n".encode())
        if (layout.folder / "current").exists():
            connection = connect(layout.events_path(), STORED, write=True)
            try:
                if get_meta(connection, "log_id") != log_id:
                    message = f"{layout.folder} is the store of another log than the one at {self.address}"
                    raise Refused(f"{message}", "name another with `store=`, or move it away")
            finally:
                connection.close()
            return
        for stray in layout.folder.glob("events-*.db*"):
            stray.unlink()
        path = layout.folder / "events-000001.db"
        create_events(path, log_id, STORED, indexed=True)
        layout.swap(path)

    def _open_for_writing(self) -> None:
        self.layout.folder.mkdir(parents=True, exist_ok=True)
        self._lock = WriterLock(self.layout.folder / "lock")
        try:
            self._make_store(self.layout)
            self._writing = Writing(self.address)
            catch_up(self.address, self.layout, self._reading, self._kek, write=True)
            self._start_writer()
            self._say_opened()
            self._finish_nulls()
            self._complete_ledger()
            self._finish_erasures()
        except BaseException:
            self._lock.release()
            raise

    def _open_keys(self, connection: apsw.Connection) -> KeyStore:
        keys = key_store(self.address, self.layout, None, self._kek)
        try:
            check_keys(connection, keys)
        except BaseException:
            keys.close()
            raise
        return keys

    def _made_writer(self, reader: Reader) -> Writer:
        writer = KafkaWriter(reader, self._clock, self._after_commit)
        writer.take(self._writing, self._reading)
        return writer

    def _kafka(self) -> KafkaWriter:
        writer = self._require_writer()
        assert isinstance(writer, KafkaWriter)
        return writer

    def _say_opened(self) -> None:
        """Say in the audit topic that this writer has taken the partition."""
        keys = self._kafka().reader.keys.identity.hex()
        said = {"host": socket.gethostname(), "process": os.getpid(), "at": self._clock(), "keys": keys}
        self._publish([], [], [(OPENED, json.dumps(said).encode())])

    def _publish(
        self,
        rows: Sequence[StoredEvent],
        events: Sequence[tuple[bytes, bytes | None]],
        audit: Sequence[tuple[int, bytes]],
    ) -> None:
        """Write a frame in a transaction of the store of its own. An error stops the writer."""
        writer = self._kafka()
        with writer.lock, writer.transaction():
            of_rows, of_audit = writer.frame_of(rows)
            writer.publish(([*of_rows, *events], [*of_audit, *audit]))

    def take_from(self, copied: Callable[[KafkaWriter], int]) -> int:
        """Let rows of another store of this log be written here."""
        writer = self._kafka()
        with writer.lock:
            return copied(writer)

    def take_erasures(self, entries: Sequence[ErasureEntry]) -> None:
        """Carry out the erasures of the log that this one is a copy of."""
        if entries:
            add_to_ledger(self.layout.erasures_path, entries)
            self._finish_erasures()

    # What is done otherwise than in the embedded log

    def bulk_load(self, origin: Origin, rows: Callable[[KeyStore], Iterable[bulk.Loaded]]) -> int:
        """Fill an empty log with Facts events, in frames; the number of them.

        Cut off, it leaves whole frames; the import is then repeated by appending, which passes over what stands.
        """
        writer = self._kafka()
        with writer.lock:
            if writer.tip.offset:
                raise InvalidEvent("a bulk load fills an empty log", "append to this one instead")
            keys = writer.reader.keys
            loaded = [events for events in rows(keys) if len(events.numbers)]
            keys.commit()
            number, digest = writer.origin(origin)
            start, total = replace(writer.tip, recorded_at_us=self._clock()), 0
            for events, chained in zip(loaded, bulk.chain_up(start, digest, loaded), strict=True):
                made = chained.rows(number)
                while chunk := list(islice(made, BULK_EVENTS)):
                    subjects = {row.subject for row in chunk}
                    members = [(group, subject) for group, subject in events.members.tolist() if subject in subjects]
                    self._write_chunk(writer, chunk, members)
                    total += len(chunk)
            return total

    def _write_chunk(self, writer: KafkaWriter, rows: list[StoredEvent], members: list[tuple[int, int]]) -> None:
        with writer.transaction():
            writer.write_rows(rows, members)
            writer.publish(writer.frame_of(rows))

    def compact(
        self,
        horizons: Mapping[str, datetime],
        *,
        actor: str,
        legal_basis: str,
        tombstone_delay: timedelta = timedelta(days=30),
        despite: Collection[str] = (),
        on_step: OnStep = lambda _: None,
    ) -> Compacted:
        """Forget superseded change points, as the embedded log does; Kafka's cleaner then frees the room."""
        writer = self._kafka()
        with writer.lock:
            reader = writer.reader
            limits = compaction.spare_consumers(reader, horizons_of(reader, horizons, tombstone_delay), despite)
            on_step("plan")
            planned = compaction.plan(reader, limits)
            if not len(planned.dropped):
                return Compacted(0, int(reader.connection.execute("SELECT count(*) FROM events").get))
            runs = runs_of(planned.dropped.tolist())
            origin = Origin("log", actor, legal_basis, LEDGER_RETENTION)
            connection = reader.connection
            with writer.transaction():
                drop(reader, runs)
                body = compaction.record(planned, limits, remains_digest(reader))
                row = writer.write_about_log(Draft("", body, origin, f"compaction-{writer.tip.offset + 1}"))
                number = row.offset.to_bytes(8, "big")
                set_meta(connection, "compacted", number)
                set_meta(connection, "mark", number)
                events, audit = writer.frame_of([row])
                events.append((MARK, number))
                writer.publish((events, audit), [(DROPPED, piece) for piece in dropped_audit(runs)])
            reader.refresh()
            on_step("written")
            self._finish_nulls()
            on_step("swapped")
            return Compacted(len(planned.dropped), int(connection.execute("SELECT count(*) FROM events").get))

    def _finish_nulls(self) -> None:
        """Write a null for every number that is compacted, unless that was done: then the cleaner may take them."""
        writer = self._kafka()
        connection = writer.reader.connection
        compacted = number_of(connection, "compacted")
        if number_of(connection, "nulled") >= compacted:
            return
        numbers = (number for gap in list(writer.reader.gaps()) for number in range(gap.first, gap.last + 1))
        while chunk := list(islice(numbers, NULLS)):
            last = (NULLED, number_of(connection, "nulled").to_bytes(8, "big"))
            self._publish([], [(event_key(number), None) for number in chunk], [last])
        self._publish([], [], [(NULLED, compacted.to_bytes(8, "big"))])
        with connection:
            set_meta(connection, "nulled", compacted.to_bytes(8, "big"))

    def verify_topics(self) -> list[str]:
        """What is wrong with the topics themselves: every link of the audit topic, from the first event on."""
        from citizens.kafka.checking import check_topics

        reading = Reading(self.address)
        try:
            with self._reader() as reader:
                return check_topics(reading, reader, chain.genesis(self._identity.of(self.address.here)))
        finally:
            reading.close()

    def close(self) -> None:
        """Leave the store at rest, and let go of the brokers."""
        if self._closed:
            return
        super().close()
        self._reading.close()
