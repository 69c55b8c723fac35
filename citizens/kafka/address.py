"""What `--log kafka://host:9092,host:9092/NAME?…` says.

partitions=16      how many partitions the log has; for ever
partition=3        which of them is meant, where there are several
store=DIR          where this machine keeps its store; else RULEWRIGHT_STORE, else under the user's state folder
config=FILE        librdkafka's settings (TLS, SASL), one `name=value` a line; passed on unread
development        one broker will do: settings that would lose data there warn, and are not refused
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from citizens.errors import Refused

STORE_VARIABLE = "RULEWRIGHT_STORE"
MOST_PARTITIONS = 4_096
_FORM = "kafka://host:9092,host:9092/NAME?partitions=1"
_URL = re.compile(r"kafka:/+([^/?]+)/([A-Za-z0-9._-]{1,200})/?(?:\?(.*))?", re.ASCII)
_QUIET = logging.getLogger("rulewright.kafka")
"""Where librdkafka's own lines go. What concerns a user comes as an error; who wants the rest gives this a handler."""
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False
_OWN = frozenset({"transactional.id", "isolation.level", "enable.idempotence", "acks", "group.id", "bootstrap.servers"})
"""What a file of settings may not say: the log's promises rest on it."""


@dataclass(frozen=True, slots=True)
class Address:
    """A log on Kafka, or one partition of it. `settings` go to librdkafka as they are."""

    brokers: str
    name: str
    partitions: int = 1
    partition: int | None = None
    store: Path = Path()
    development: bool = False
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def here(self) -> int:
        """The partition that is meant. Raises Refused if there are several and none is named."""
        if self.partition is not None:
            return self.partition
        if self.partitions > 1:
            message = f"`{self.name}` has {self.partitions} partitions, and this concerns one"
            raise Refused(f"{message}", "add `&partition=0`, or another")
        return 0

    @property
    def folder(self) -> Path:
        """The store of the partition that is meant."""
        return self.store / f"partition-{self.here:04}"

    def keys(self, keys: Path | None) -> Path | None:
        """Where the key store of the partition that is meant lies, if `keys` names a place outside the store: of
        several partitions each has a file of its own beside it, `keys-0003.db`."""
        if keys is None or self.partitions == 1:
            return keys
        return keys.with_name(f"{keys.stem}-{self.here:04}{keys.suffix}")

    def topic(self, kind: str) -> str:
        """The name of the topic of that kind: `events`, `audit`, `letters` or `control`."""
        return f"{self.name}.{kind}"

    def of(self, partition: int) -> Address:
        """The same log, one partition of it."""
        return replace(self, partition=partition)

    def client(self, **more: Any) -> dict[str, Any]:
        """Settings of a client of these brokers."""
        return {"bootstrap.servers": self.brokers, "logger": _QUIET, **dict(self.settings), **more}

    def __str__(self) -> str:
        several = f"?partitions={self.partitions}" if self.partitions > 1 else ""
        partition = f"&partition={self.partition}" if several and self.partition is not None else ""
        return f"kafka://{self.brokers}/{self.name}{several}{partition}"


def is_address(text: object) -> bool:
    """Whether a log is named by an address, not by a folder. A path in between may have lost a slash."""
    return str(text).startswith("kafka:/")


def read_address(text: object) -> Address:
    """The address that a text says. Raises Refused."""
    match = _URL.fullmatch(str(text))
    if match is None:
        raise Refused(f"`{str(text)[:80]}` is not an address of a log on Kafka", f"write `{_FORM}`")
    brokers, name, query = match[1], match[2], match[3] or ""
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(set(options) - {"partitions", "partition", "store", "config", "development"})
    if unknown:
        raise Refused(f"`{unknown[0]}` is not a setting of an address", f"write `{_FORM}`")
    partitions = _number(options, "partitions", 1)
    if not 1 <= partitions <= MOST_PARTITIONS:
        raise Refused(f"a log has 1 to {MOST_PARTITIONS:,} partitions, not {partitions}", "write `partitions=16`")
    partition = _number(options, "partition", 0) if "partition" in options else None
    if partition is not None and not 0 <= partition < partitions:
        raise Refused(f"there is no partition {partition} of {partitions}", "they count from 0")
    settings = _settings(Path(options["config"])) if options.get("config") else ()
    store = Path(options["store"]) if options.get("store") else _default_store(brokers, name)
    return Address(brokers, name, partitions, partition, store, "development" in options, settings)


def _number(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name, str(default))
    if not text.isascii() or not text.isdecimal():
        raise Refused(f"`{name}={text[:40]}` is not a number", f"write `{name}=1`")
    return int(text)


def _default_store(brokers: str, name: str) -> Path:
    named = os.environ.get(STORE_VARIABLE, "").strip()
    state = os.environ.get("XDG_STATE_HOME", "").strip() or str(Path.home() / ".local" / "state")
    return (Path(named) if named else Path(state) / "rulewright" / re.sub(r"[^a-z0-9.]+", "-", brokers.lower())) / name


def _settings(path: Path) -> tuple[tuple[str, str], ...]:
    """The lines `name=value` of a file. Raises Refused, never quoting a value."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise Refused(f"the settings `{path}` cannot be read", "check `config=` and the file's rights") from None
    settings: list[tuple[str, str]] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise Refused(f"{path}, line {number} is not a setting", "write `security.protocol=SASL_SSL`")
        if name in _OWN:
            raise Refused(f"{path}, line {number}: `{name}` is the log's own to set", "take the line out")
        settings.append((name, value))
    return tuple(settings)
