"""Writing a partition: a frame is published within the store's transaction, and read back before that commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from confluent_kafka import KafkaException

from citizens.events import Origin
from citizens.kafka.records import (
    ADVANCE,
    EVENT,
    Standing,
    event_audit,
    event_key,
    event_value,
    framed,
    standing_audit,
)
from citizens.kafka.store import note_place, place_of, read_back
from citizens.kafka.transport import Frame, Reading, Writing, unavailable
from citizens.sqlite.reader import StoredEvent
from citizens.sqlite.writer import Writer, Written

READ_BACK_SECONDS = 40.0


class KafkaWriter(Writer):
    """The writer of a store whose truth are topics: nothing is committed here that was not read back from there."""

    writing: Writing
    reading: Reading

    def take(self, writing: Writing, reading: Reading) -> None:
        """Write to these topics from now on. The reading consumer tails them from where the store stands."""
        self.writing, self.reading = writing, reading
        self._place = place_of(self.reader.connection)
        reading.tail(self._place)

    def _publish(self, written: Written) -> None:
        rows = written.rows()
        if rows or written.advances:
            self.publish(self.frame_of(rows), [(ADVANCE, standing) for standing in self._standings(written)])

    def _standings(self, written: Written) -> Iterable[bytes]:
        for advance in written.advances:
            yield standing_audit(Standing(advance.consumer, advance.to, advance.needs))
            for consumer in advance.ends:
                yield standing_audit(Standing(consumer, self.reader.position(consumer), "nothing"))

    def frame_of(self, rows: Sequence[StoredEvent]) -> tuple[list[tuple[bytes, bytes | None]], list[tuple[int, bytes]]]:
        """What both topics hold of events."""
        origins = {number: self.reader.origin(number)[0] for number in {row.origin for row in rows}}
        events: list[tuple[bytes, bytes | None]] = [
            (event_key(row.offset), event_value(origins[row.origin], row.payload)) for row in rows
        ]
        return events, [(EVENT, event_audit(row, origins[row.origin])) for row in rows]

    @staticmethod
    def parts_of(row: StoredEvent, origin: Origin) -> tuple[tuple[bytes, bytes | None], tuple[int, bytes]]:
        """What each topic holds of one event."""
        return (event_key(row.offset), event_value(origin, row.payload)), (EVENT, event_audit(row, origin))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction of the store, in which one frame is published. An error stops the writer."""
        connection = self.reader.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException as error:
            self.poison(f"{type(error).__name__}: {error}")
            raise

    def publish(
        self,
        parts: tuple[list[tuple[bytes, bytes | None]], list[tuple[int, bytes]]],
        more: Sequence[tuple[int, bytes]] = (),
    ) -> None:
        """Write one frame, and wait until it has been read back. The store's transaction is the caller's.

        Raises LogUnavailable; then it is not known whether the frame stands.
        """
        events, audit = parts
        number = self._place.frame
        frame = Frame(list(events), framed(number, [*audit, *more]))
        waited = {int.from_bytes(key, "big") for key, value in events if len(key) == 8 and value is not None}
        try:
            self.writing.commit(frame)
        except KafkaException as error:
            raise unavailable(error, "the topics were not written") from error
        self._place = read_back(
            self.reading, self._place, number, waited, size=len(frame.audit), patience=READ_BACK_SECONDS
        )
        note_place(self.reader.connection, self._place)
