"""A log on Kafka for a process that works on it for long: its store follows the topics, whoever writes them.

1. A thread looks every second whether the topics have more than the store, and takes it in. While a process of this
   machine writes the log, that one keeps the store, and the thread lets it be.
2. If the brokers do not answer, questions go on being answered from the store; `store_age` says how old it is.
3. Appends take turns, as in any `SharedLog`.
"""

from __future__ import annotations

import threading
from pathlib import Path
from time import monotonic

import apsw
from confluent_kafka import KafkaException

from citizens.errors import CitizensError, LogLocked
from citizens.kafka.address import Address
from citizens.kafka.catching_up import STORED, catch_up
from citizens.kafka.log import open_kafka_log
from citizens.kafka.store import place_of
from citizens.kafka.transport import Reading
from citizens.sqlite.connections import checkpoint, connect
from citizens.sqlite.durable import WriterLock
from citizens.sqlite.log import SqliteLog
from citizens.sqlite.shared import SharedLog

LOOK_SECONDS = 1.0


class TailedLog(SharedLog):
    """One partition of a log on Kafka, read from a store that follows the topics, and written in turn with others."""

    def __init__(
        self, address: Address, *, keys: Path | None, kek: bytes | None, look_seconds: float = LOOK_SECONDS
    ) -> None:
        """Catch the store up, and follow from there. Parameters as of `open_kafka_log`."""
        open_kafka_log(address, write=False, keys=keys, kek=kek).close()

        def opens() -> SqliteLog:
            return open_kafka_log(address, keys=keys, kek=kek)

        super().__init__(address.folder, keys=keys, settings=STORED, kek=kek, opens=opens)
        self._address, self._look_seconds = address, look_seconds
        self._current_at = monotonic()
        self._ends = threading.Event()
        self._tail = threading.Thread(target=self._follow, name="tail", daemon=True)
        self._tail.start()

    def store_age(self) -> float:
        """How many seconds ago the store was last known to hold all that the topics do."""
        return max(monotonic() - self._current_at - self._look_seconds, 0.0)

    def close(self) -> None:
        """Stop following and writing, and let go of the files."""
        self._ends.set()
        self._tail.join()
        super().close()

    def _follow(self) -> None:
        reading = Reading(self._address)
        try:
            while not self._ends.wait(self._look_seconds):
                self._looked(reading)
        finally:
            reading.close()

    def _looked(self, reading: Reading) -> None:
        started = monotonic()
        try:
            self._take_in(reading)
        except LogLocked:
            pass  # a process of this machine writes the log, and keeps the store
        except (CitizensError, KafkaException, apsw.Error):
            return  # the brokers do not answer, or the topics are not what they were: the store's age tells it
        self._current_at = started

    def _take_in(self, reading: Reading) -> None:
        """Take into the store what the topics have more. Raises LogLocked while a process of this machine writes it."""
        with self._reader() as reader:
            place = place_of(reader.connection)
        if reading.end(reading.audit) <= place.audit:
            return
        lock = WriterLock(self.layout.folder / "lock")
        try:
            catch_up(self._address, self.layout, reading, self._kek)
        finally:
            lock.release()
        connection = connect(self.layout.events_path(), self._settings, write=True)
        try:
            checkpoint(connection, wait=False)
        finally:
            connection.close()
