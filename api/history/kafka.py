"""Logs on Kafka, as commands open them. What only they need is imported when one is named.

An address is `kafka://host:9092,host:9092/NAME?partitions=1`; `citizens.kafka.address` says what else it may hold.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from api.failures import Failure
from citizens import SharedLog, SqliteLog

if TYPE_CHECKING:
    from citizens.kafka.address import Address
    from citizens.kafka.cuts import Cut
    from citizens.kafka.group import Group
    from citizens.kafka.log import KafkaLog


def is_address(log: object) -> bool:
    """Whether a log is named by an address. A path in between may have lost a slash."""
    return str(log).startswith("kafka:/")


def address_of(log: Path | str) -> Address:
    """The address. Raises Failure if this program was installed without what it takes."""
    if importlib.util.find_spec("confluent_kafka") is None:
        raise Failure("a log on Kafka needs confluent-kafka", "install it: `pip install 'rulewright[kafka]'`")
    from citizens.kafka.address import read_address

    return read_address(log)


def is_there(log: Path) -> bool:
    """Whether the log's topics have been made."""
    address = address_of(log)
    from citizens.kafka.topics import is_there as topics_are_there

    return topics_are_there(address)


def store_of(log: Path) -> Path:
    """The folder of the store on this machine."""
    return address_of(log).folder


def opened(log: Path, *, write: bool, create: bool, keys: Path | None, kek: bytes | None) -> KafkaLog:
    """The log, its store caught up; with `create`, its topics are made where there are none."""
    address = address_of(log)
    from citizens.kafka.log import open_kafka_log

    return open_kafka_log(address, write=write, create=create, keys=address.keys(keys), kek=kek)


def shared(log: Path, *, keys: Path | None, kek: bytes | None) -> SharedLog:
    """The log, for reading, and for writing in turn with other processes; its store follows the topics."""
    address = address_of(log)
    from citizens.kafka.tail import TailedLog

    return TailedLog(address, keys=address.keys(keys), kek=kek)


def group_of(log: Path) -> Group:
    """This process as one of those that follow a log's partitions."""
    address = address_of(log)
    from citizens.kafka.group import Group

    return Group(address)


def cuts_of(log: Path) -> Mapping[str, Cut]:
    """The named cuts of a log's partitions."""
    address = address_of(log)
    from citizens.kafka.cuts import cuts_of as made

    return made(address)


def make_cut(log: Path, name: str, offsets: Sequence[int]) -> Cut:
    """Give the partitions' offsets a name."""
    address = address_of(log)
    from citizens.kafka.cuts import make_cut as make

    return make(address, name, offsets)


def verify_topics(log: SqliteLog) -> list[str]:
    """What is wrong with the topics that a log's store is made from."""
    from citizens.kafka.log import KafkaLog

    return log.verify_topics() if isinstance(log, KafkaLog) else []
