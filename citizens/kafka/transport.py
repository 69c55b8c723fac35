"""One partition's topics: written by one producer that fences all before it, read as far as is committed.

1. Whoever writes a partition takes its transactional id (`NAME-p`). That fences the writer before it and ends what that
   left open, so the committed ends that are read afterwards hold all that will ever come of it.
2. A frame is one transaction. It counts when it has been read back: a commit is answered once it is decided, and the
   markers that readers wait for follow it. One transaction is in flight, and the next begins after the read-back.
3. A commit that may be repeated is repeated. After anything else, and after any timeout, nothing is assumed: the writer
   stops, and the next one reads what stands.
4. Reading to the end ends with the end-of-partition event, never with a position: who starts at the very end has none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from citizens.errors import LogDamaged, LogUnavailable
from citizens.kafka.address import Address
from citizens.kafka.topics import AUDIT, CONTROL, EVENTS, Identity

TRANSACTION_MS = 20_000
PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.05
_BATCH = 5_000


@dataclass(slots=True)
class Place:
    """How far a store has read: the next offset of each topic, and the next frame."""

    events: int = 0
    audit: int = 0
    frame: int = 0


@dataclass(slots=True)
class Frame:
    """The records of one append: (key, value) for the topic of events, values for the audit topic."""

    events: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    audit: list[bytes] = field(default_factory=list)


def unavailable(error: KafkaException | BaseException, what: str) -> LogUnavailable:
    """The error for a cluster that does not do what it is asked."""
    told = error.args[0].str() if isinstance(error, KafkaException) and error.args else str(error)
    return LogUnavailable(f"{what} ({told})", "check the cluster, and repeat")


class Writing:
    """The producer of one partition. Not for use by two threads at once."""

    def __init__(self, address: Address) -> None:
        """Take the partition. Raises LogUnavailable."""
        self._address, self._partition = address, address.here
        self._failed: list[str] = []
        self._producer = Producer(
            address.client(
                **{
                    "transactional.id": f"{address.name}-{address.here}",
                    "acks": "all",
                    "linger.ms": 2,
                    "transaction.timeout.ms": TRANSACTION_MS,
                    "message.timeout.ms": TRANSACTION_MS - 2_000,
                    "message.max.bytes": 2_000_000,
                    "queue.buffering.max.messages": 2_000_000,
                    "queue.buffering.max.kbytes": 1_000_000,
                }
            )
        )
        try:
            self._until(lambda: self._producer.init_transactions(PATIENCE_SECONDS))
        except KafkaException as error:
            raise unavailable(error, f"partition {address.here} of `{address.name}` cannot be written") from error

    def commit(self, frame: Frame) -> None:
        """Write a frame in one transaction. Raises KafkaException; then it is not known whether the frame stands."""
        producer, address = self._producer, self._address
        producer.begin_transaction()
        self._failed.clear()
        self._produce(address.topic(EVENTS), [{"key": key, "value": value} for key, value in frame.events])
        self._produce(address.topic(AUDIT), [{"value": value} for value in frame.audit])
        self._until(lambda: producer.commit_transaction(TRANSACTION_MS / 1000))

    def _produce(self, topic: str, records: list[dict[str, Any]]) -> None:
        """Queue records. Those for which there was no room wait until there is. Raises KafkaException if some in the
        middle were left out: the order is the frame's."""
        while records:
            self._producer.produce_batch(topic, records, self._partition)
            refused = [record.pop("_error", None) for record in records]
            queued = next((place for place, error in enumerate(refused) if error is not None), len(records))
            if any(error is None for error in refused[queued:]):  # the client's errors cannot be compared with None
                raise KafkaException(refused[queued])
            records = records[queued:]
            if records:
                self._producer.poll(0.1)

    def _until(self, ask: object) -> None:
        """Ask again as long as the client says that it may be."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                ask()  # type: ignore[operator]
                return
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() >= until:
                    raise
                time.sleep(0.1)


class Reading:
    """A consumer of one partition's topics, of what is committed. Not for use by two threads at once."""

    def __init__(self, address: Address) -> None:
        self._address, self._partition = address, address.here
        self.events, self.audit = address.topic(EVENTS), address.topic(AUDIT)
        self._consumer = Consumer(
            address.client(
                **{
                    "group.id": f"{address.name}-reader",
                    "isolation.level": "read_committed",
                    "enable.auto.commit": False,
                    "enable.partition.eof": True,
                    "auto.offset.reset": "error",
                    "fetch.wait.max.ms": 100,
                    "fetch.message.max.bytes": 4_000_000,
                }
            )
        )

    def end(self, topic: str, partition: int | None = None) -> int:
        """The offset after the last committed record."""
        asked = TopicPartition(topic, self._partition if partition is None else partition)
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return int(self._consumer.get_watermark_offsets(asked, timeout=5)[1])
            except KafkaException as error:
                if time.monotonic() >= until:
                    raise unavailable(error, f"`{topic}` cannot be read") from error
                time.sleep(0.2)

    def to_end(self, topic: str, start: int, partition: int | None = None) -> Iterator[list[Message]]:
        """The records from `start` to the end as it is now, in batches."""
        number = self._partition if partition is None else partition
        end = self.end(topic, number)
        if start >= end:
            return
        self._consumer.assign([TopicPartition(topic, number, start)])
        heard = time.monotonic()
        while True:
            batch, ended = [], False
            for message in self._consumer.consume(min(_BATCH, end - start + 1), _POLL_SECONDS):
                ended |= self._ends(message) or (message.offset() or 0) >= end - 1
                if message.error() is None and (message.offset() or 0) < end:
                    batch.append(message)
            if batch:
                yield batch
                heard = time.monotonic()
            if ended:
                return
            if time.monotonic() - heard > PATIENCE_SECONDS:
                raise LogUnavailable(f"`{topic}` is read no further", "check the cluster, and repeat")

    def tail(self, place: Place) -> None:
        """Read on in both topics from where a store stands."""
        places = [
            TopicPartition(self.events, self._partition, place.events),
            TopicPartition(self.audit, self._partition, place.audit),
        ]
        self._consumer.assign(places)

    def more(self, wanted: int) -> list[Message]:
        """The next records of either topic, at most that many; after a short wait, what has come."""
        return [
            message for message in self._consumer.consume(min(wanted, _BATCH), _POLL_SECONDS) if not self._ends(message)
        ]

    def _ends(self, message: Message) -> bool:
        """Whether a message says that the partition ends there. Raises LogUnavailable for any other error."""
        error = message.error()
        if error is None:
            return False
        if error.code() == KafkaError._PARTITION_EOF:
            return True
        if error.retriable() or error.code() in (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN):
            return False
        if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            raise LogDamaged(f"the topics of `{self._address.name}` do not reach to where the store stands")
        raise unavailable(KafkaException(error), f"`{self._address.name}` cannot be read")

    def identity(self) -> Identity:
        """What the control topic says. Raises LogDamaged if it says nothing, or what no log is."""
        import json

        for batch in self.to_end(self._address.topic(CONTROL), 0, 0):
            for message in batch:
                try:
                    fields = json.loads(message.value() or b"")
                    return Identity(bytes.fromhex(fields["identity"]), int(fields["partitions"]))
                except (ValueError, KeyError, TypeError):
                    continue
        raise LogDamaged(f"`{self._address.topic(CONTROL)}` does not say which log this is", "see who writes to it")

    def close(self) -> None:
        """Let go of the brokers."""
        self._consumer.close()


def by_topic(messages: Sequence[Message], topic: str) -> tuple[list[Message], list[Message]]:
    """The messages of one topic, and those of the other."""
    sound = [message for message in messages if message.error() is None]
    of_topic = [message for message in sound if message.topic() == topic]
    if len(of_topic) in (0, len(sound)):
        return of_topic, sound if not of_topic else []
    return of_topic, [message for message in sound if message.topic() != topic]
