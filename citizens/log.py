"""The log: append, read, and where a consumer stands. What any store of events must do.

The embedded store (`sqlite_log`) and the distributed one satisfy this protocol and pass the same tests. Offsets count
from 1; "after 0" is from the beginning. An offset names one event for ever, and offsets may have gaps.

A log is one totally ordered stream, because "as known at K" is a cut through it: on Kafka one partition. A population
that one partition cannot take is several logs, each with its own subjects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from citizens.events import Draft, Event

Known = int | datetime | None
"""As known when: an offset, a moment with a time zone, or None for now."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an event stands, durably. `duplicate` says that it stood there before this delivery.

    `version` is the subject's version after the event, or None if the event has been compacted since.
    """

    offset: int
    version: int | None
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Advance:
    """Move `consumer` from `expected` to `to`, in the transaction of the events it goes with."""

    consumer: str
    expected: int
    to: int


class Log(Protocol):
    """An append-only history of events."""

    def append(self, drafts: Sequence[Draft], *, advance: Advance | None = None) -> list[Receipt]:
        """Record all drafts, and the advance, or nothing. Returns when they are durable.

        Raises InvalidEvent, a Conflict, or LogUnavailable; after the last it is not known whether the events stand,
        and delivering them again is safe.
        """

    def read(self, after: int = 0, limit: int = 1_000) -> list[Event]:
        """The next events with an offset above `after`, at most `limit`; empty at the end."""

    def read_subject(self, subject: str, known: Known = None) -> list[Event]:
        """All events of one subject as known, in order; empty for a subject never seen."""

    def read_uses(self, subject: str, after: int = 0) -> list[Event]:
        """The assessments above `after` that used facts of this subject, in order."""

    def head(self) -> int:
        """The offset of the last event; 0 if there is none."""

    def version(self, subject: str) -> int:
        """How many events have been recorded for the subject."""

    def position(self, consumer: str) -> int:
        """The offset that the consumer has been advanced to; 0 if never."""

    def offset_of(self, known: Known) -> int:
        """The last offset recorded at or before that moment."""

    def lost(self) -> Mapping[str, int]:
        """Per attribute, the offset before which compaction has made answers impossible."""

    def close(self) -> None:
        """Stop writing and let go of the files."""
