"""What tests do to topics behind the log's back: settings changed, records read raw."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from citizens.kafka.address import Address
from citizens.kafka.transport import Reading


def altered(brokers: str, topic: str, settings: Mapping[str, str]) -> None:
    """Change settings of a topic."""
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in settings.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(20)


def records_of(address: Address, kind: str) -> list[tuple[bytes, bytes | None]]:
    """(key, value) of every committed record of a topic."""
    reading = Reading(address)
    try:
        batches = reading.to_end(address.topic(kind), 0)
        return [(message.key() or b"", message.value()) for batch in batches for message in batch]
    finally:
        reading.close()
