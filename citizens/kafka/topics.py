"""The topics of a log: made with the settings that its promises rest on, and checked at every start.

| topic | partitions, policy | holds |
| --- | --- | --- |
| `NAME.events` | P, compact | each event's payload, encrypted, under its number; a null for what was compacted |
| `NAME.audit` | P, kept for ever | each event's header, digests and link; positions; what was dropped |
| `NAME.control` | 1, kept for ever | the log's identity and number of partitions |

A setting that is another is refused with the command that mends it; under `development` it warns.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType  # type: ignore[attr-defined]

from citizens.errors import LogDamaged, LogUnavailable, Refused
from citizens.kafka.address import Address

EVENTS, AUDIT, CONTROL = "events", "audit", "control"
PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 3.0
_DAY_MS = 86_400_000
_KEPT = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": "2097152",
    "unclean.leader.election.enable": "false",
}
_POLICIES = {EVENTS: "compact", AUDIT: "delete", CONTROL: "delete"}
_CLEANER = {
    "max.compaction.lag.ms": str(30 * _DAY_MS),
    "segment.ms": str(_DAY_MS),
    "delete.retention.ms": str(7 * _DAY_MS),
}
"""By when what was nulled is gone from the disks, and how long a reader may take to read on without starting anew."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the control topic says: the log's identity, and how many partitions it was made with."""

    log_id: bytes
    partitions: int

    def of(self, partition: int) -> bytes:
        """The identity of one partition's chain."""
        if self.partitions == 1:
            return self.log_id
        return (int.from_bytes(self.log_id, "big") ^ (partition + 1)).to_bytes(16, "big")


def replication(address: Address) -> tuple[int, int]:
    """How many copies a record has, and how many must have it before it is acknowledged."""
    return (1, 1) if address.development else (3, 2)


def wanted(address: Address, kind: str) -> dict[str, str]:
    """The settings of a topic of that kind."""
    settings = {**_KEPT, "cleanup.policy": _POLICIES[kind], "min.insync.replicas": str(replication(address)[1])}
    return {**settings, **(_CLEANER if kind == EVENTS else {})}


def admin_of(address: Address) -> AdminClient:
    """A client for the topics' settings."""
    return AdminClient(address.client(**{"socket.timeout.ms": 10_000}))


def is_there(address: Address) -> bool:
    """Whether the log's topics have been made. Raises LogUnavailable if no broker answers."""
    return address.topic(CONTROL) in _topics(address)


def _topics(address: Address) -> dict[str, int]:
    """The partitions of every topic. Raises LogUnavailable if no broker answers, at once if they refuse this client."""
    refused: list[str] = []

    def note(error: KafkaError) -> None:
        if error.code() in (KafkaError._AUTHENTICATION, KafkaError._SSL):
            refused.append(error.str())

    admin = AdminClient(address.client(**{"socket.timeout.ms": 10_000, "error_cb": note}))
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            topics = admin.list_topics(timeout=_LOOK_SECONDS).topics
            return {name: len(topic.partitions) for name, topic in topics.items()}
        except KafkaException as error:
            admin.poll(0)
            if refused:
                message = f"the brokers of `{address.brokers}` do not let this client in ({refused[-1]})"
                remedy = "check user, password and certificates in the file that `config=` names"
                raise LogUnavailable(message, remedy) from error
            if time.monotonic() > until:
                message = f"no broker of `{address.brokers}` answers ({error.args[0].str()})"
                raise LogUnavailable(message, "check the address, and that the cluster is up") from error


def _answered(ask: Callable[[], Any]) -> dict[Any, Any]:
    """What the brokers answer, asked again while they elect a controller. Raises KafkaException."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return {key: future.result() for key, future in ask().items()}
        except KafkaException as error:
            code = error.args[0].code()
            if code not in (KafkaError._TIMED_OUT, KafkaError._TRANSPORT) and not error.args[0].retriable():
                raise
            if time.monotonic() >= until:
                raise
            time.sleep(0.3)


def make(address: Address, log_id: bytes | None = None) -> None:
    """Make the topics that are missing, and write down the log's identity. Raises LogUnavailable or Refused."""
    admin, copies = admin_of(address), replication(address)[0]
    there = _topics(address)
    new = [
        NewTopic(
            address.topic(kind), 1 if kind == CONTROL else address.partitions, copies, config=wanted(address, kind)
        )
        for kind in _POLICIES
        if address.topic(kind) not in there
    ]
    for new_topic in new:
        try:
            _answered(lambda topic=new_topic: admin.create_topics([topic]))  # type: ignore[misc]
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                told = f"the topic `{new_topic.topic}` cannot be made ({error.args[0].str()})"
                raise LogUnavailable(f"{told}", "a log needs three brokers, or `development` in its address") from error
    if address.topic(CONTROL) not in there:
        _write_identity(address, log_id or os.urandom(16))


def _write_identity(address: Address, log_id: bytes) -> None:
    write_control(address, {"identity": log_id.hex(), "partitions": address.partitions})


def write_control(address: Address, fields: Mapping[str, object]) -> None:
    """Write a record to the control topic. Raises LogUnavailable if it does not stand there on enough brokers."""
    failed: list[str] = []
    producer = Producer(address.client(**{"acks": "all", "enable.idempotence": True, "message.timeout.ms": 20_000}))
    value = json.dumps(fields).encode()
    producer.produce(
        address.topic(CONTROL), value, on_delivery=lambda error, _: failed.append(error.str()) if error else None
    )
    left = producer.flush(PATIENCE_SECONDS)
    if failed or left:
        why = failed[0] if failed else "no answer in time"
        raise LogUnavailable(f"the control topic was not written ({why})", "check the cluster, and repeat")


def check(address: Address) -> None:
    """Compare the topics' settings with those that the promises rest on. Raises Refused with all that differ."""
    differences = list(_differences(address))
    if not differences:
        return
    told = "; ".join(differences)
    if address.development:
        warnings.warn(f"settings of `{address.name}` that would lose data: {told}", stacklevel=2)
        return
    raise Refused(f"topics of `{address.name}` have settings that would lose data: {told}")


def _differences(address: Address) -> Iterator[str]:
    admin = admin_of(address)
    there = _topics(address)
    for kind in _POLICIES:
        name = address.topic(kind)
        if name not in there:
            raise LogDamaged(f"the topic `{name}` is missing", "make the log again: `rulewright log copy`")
        partitions = 1 if kind == CONTROL else address.partitions
        if there[name] != partitions:
            message = f"`{name}` has {there[name]} partitions, and the address says {partitions}"
            raise Refused(f"{message}", "a log keeps its number of partitions: write that in the address")
    resources = [ConfigResource(ResourceType.TOPIC, address.topic(kind)) for kind in _POLICIES]
    try:
        described = _answered(lambda: admin.describe_configs(resources))
    except KafkaException as error:
        message = f"the settings of `{address.name}` cannot be read ({error.args[0].str()})"
        raise LogUnavailable(message, "check the rights to DescribeConfigs, and that the cluster is up") from error
    for resource, entries in described.items():
        settings = {name: entry.value for name, entry in entries.items()}
        kind = resource.name.removeprefix(f"{address.name}.")
        for name, value in wanted(address, kind).items():
            if not _fits(name, settings.get(name), value):
                remedy = f"kafka-configs.sh --alter --topic {resource.name} --add-config {name}={value}"
                yield f"`{resource.name}` has {name}={settings.get(name)}, wanted {value}: `{remedy}`"
    copies = replication(address)[0]
    for kind in _POLICIES:
        topic = admin.list_topics(address.topic(kind), timeout=PATIENCE_SECONDS).topics[address.topic(kind)]
        fewest = min(len(partition.replicas) for partition in topic.partitions.values())
        if fewest < copies:
            yield f"`{topic.topic}` has {fewest} copies, wanted {copies}: `kafka-reassign-partitions.sh`"


_AT_MOST = frozenset({"max.compaction.lag.ms", "segment.ms"})
_AT_LEAST = frozenset({"min.insync.replicas", "max.message.bytes"})
_FREE = frozenset({"delete.retention.ms"})


def _fits(name: str, setting: str | None, value: str) -> bool:
    """Whether a setting keeps the promise as well as the wanted one does."""
    if setting is None or name in _FREE:
        return setting is not None
    if name in _AT_MOST:
        return int(setting) <= int(value)
    if name in _AT_LEAST:
        return int(setting) >= int(value)
    return setting == value
