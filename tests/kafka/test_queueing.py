"""Records of a frame are queued in their order, however little room there is."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import KafkaError, KafkaException

from citizens.kafka.transport import Writing


class Producer:
    """Takes so many records at a time, or leaves some out; a stand-in for librdkafka's queue."""

    def __init__(self, room: int, leaves_out: int = -1) -> None:
        self.room, self.leaves_out = room, leaves_out
        self.queued: list[bytes] = []
        self.polls = 0

    def produce_batch(self, _topic: str, records: list[dict[str, Any]], _partition: int) -> int:
        for place, record in enumerate(records):
            if place >= self.room or place == self.leaves_out:
                record["_error"] = KafkaError(KafkaError._QUEUE_FULL)
            else:
                self.queued.append(record["value"])
        return len(records)

    def poll(self, _seconds: float) -> None:
        self.polls += 1


def writing(producer: Producer) -> Writing:
    made = Writing.__new__(Writing)
    made._producer, made._partition = producer, 0  # type: ignore[assignment]
    return made


def test_what_finds_no_room_follows_in_order() -> None:
    producer = Producer(room=7)
    values = [bytes([number]) for number in range(40)]
    writing(producer)._produce("audit", [{"value": value} for value in values])
    assert producer.queued == values and producer.polls == 5


def test_a_frame_with_a_hole_is_given_up() -> None:
    with pytest.raises(KafkaException):
        writing(Producer(room=40, leaves_out=5))._produce(
            "audit", [{"value": b"x"}] * 1 + [{"value": b"y"} for _ in range(20)]
        )
