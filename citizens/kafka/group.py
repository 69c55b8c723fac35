"""Which partitions a process should look after, as Kafka's consumer group shares them out among those there are.

The group only proposes. What makes two that believe they own a partition harmless is the partition's transactional id:
the later one fences the earlier, whose next append is refused. So nothing here need be exact, only prompt.

1. A thread keeps this process's membership alive, and takes what is assigned and revoked. Nothing is consumed: what is
   assigned is paused at once.
2. A process that dies is missed after the session's timeout, and its partitions go to the others. One that ends says
   so, and they go at once.
"""

from __future__ import annotations

import threading
from types import TracebackType

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from citizens.errors import LogUnavailable
from citizens.kafka.address import Address
from citizens.kafka.topics import AUDIT

SESSION_SECONDS = 10
_POLL_SECONDS = 0.2


class Group:
    """This process as a member of the group that looks after a log's partitions. Close it to hand them over."""

    def __init__(self, address: Address, purpose: str = "follow", session_seconds: int = SESSION_SECONDS) -> None:
        """Join. `purpose` tells groups of one log apart."""
        self._mine: set[int] = set()
        self._change = threading.Condition()
        self._ends = threading.Event()
        self._failure = ""
        self._settled = False
        settings = {
            "group.id": f"{address.name}-{purpose}",
            "enable.auto.commit": False,
            "auto.offset.reset": "latest",
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": session_seconds * 1_000,
            "heartbeat.interval.ms": max(session_seconds * 100, 500),
        }
        self._consumer = Consumer(address.client(**settings))
        self._consumer.subscribe(
            [address.topic(AUDIT)], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
        )
        self._thread = threading.Thread(target=self._keep, name="group", daemon=True)
        self._thread.start()

    def partitions(self) -> list[int]:
        """The partitions that are this process's now, in order. Raises LogUnavailable if the group put it out."""
        with self._change:
            if self._failure:
                raise LogUnavailable(f"the group of followers put this process out ({self._failure})", "start it again")
            return sorted(self._mine)

    def wait(self, seconds: float) -> list[int]:
        """The same, once the group has shared out its partitions, or after some seconds."""
        with self._change:
            self._change.wait_for(lambda: self._settled or bool(self._failure), seconds)
        return self.partitions()

    def close(self) -> None:
        """Leave the group: others take over at once."""
        self._ends.set()
        self._thread.join()

    def __enter__(self) -> Group:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- the thread

    def _keep(self) -> None:
        try:
            while not self._ends.is_set():
                message = self._consumer.poll(_POLL_SECONDS)
                error = message.error() if message is not None else None
                if error is not None and error.fatal():  # it comes as a message, and ends membership for good
                    self._fail(error.str())
                    return
        except KafkaException as error:
            self._fail(error.args[0].str() if error.args else "")
        finally:
            self._consumer.close()

    def _fail(self, why: str) -> None:
        with self._change:
            self._failure = why or "no reason given"
            self._mine.clear()
            self._change.notify_all()

    def _assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        consumer.incremental_assign(places)
        try:
            consumer.pause(places)
        except KafkaException as error:
            if error.args[0].code() != KafkaError._UNKNOWN_PARTITION:
                raise
        with self._change:
            self._mine |= {place.partition for place in places}
            self._settled = True
            self._change.notify_all()

    def _revoked(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        consumer.incremental_unassign(places)
        with self._change:
            self._mine -= {place.partition for place in places}
            self._change.notify_all()
