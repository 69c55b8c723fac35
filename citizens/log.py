"""The log: append, read, and where a consumer stands. What any store of events must do.

The embedded store (`sqlite_log`) and the distributed one satisfy this protocol and pass the same tests. Offsets count
from 1; "after 0" is from the beginning. An offset names one event for ever, and offsets may have gaps.

A log is one totally ordered stream, because "as known at K" is a cut through it: on Kafka one partition. A population
that one partition cannot take is several logs, each with its own subjects.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol

from citizens.events import Draft, Event
from citizens.snapshot import Attributes, Snapshot
from citizens.timeline import Timeline

RUN, FOLLOWER = "annual-", "follow-"
"""How the consumers of an annual run, and of who follows it, are named: the assessment and its period come after."""

MOVED_TO, MOVED_FROM = "moved-to-", "moved-from-"
"""How the consumers are named that say as known when people last left for another log of the population, and came from
another; its number comes after."""

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


Needs = Literal["state", "events", "nothing"]
"""What compaction leaves a consumer: every answer as known at its position, the retractions after it, or neither."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Move `consumer` from `expected` to `to`, in the transaction of the events it goes with.

    `needs` is what it still needs of the log from then on; `ends` are other consumers, which need nothing any more.
    """

    consumer: str
    expected: int
    to: int
    needs: Needs = "events"
    ends: tuple[str, ...] = ()


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


class History(Log, Protocol):
    """A log that answers what its events come to. The annual run, the follower and imports ask nothing else of one.

    Whatever is asked as known at an offset can be answered from the events up to it, so a log without indexes can
    answer it too, by reading them (`points.scan_events`, `timeline.build`).
    """

    def timeline(self, subject: str, known: Known = None) -> Timeline:
        """One subject's facts as known. Raises HorizonPassed if some of what was known then is compacted."""

    def snapshot(
        self,
        valid_on: date,
        known: Known = None,
        *,
        attributes: Attributes = None,
        subjects: Collection[str] | None = None,
    ) -> Snapshot:
        """Everybody's facts as columns, as valid on the day, as known; or those of some subjects.

        A group that one of `subjects` belongs to is then there as well, but not who else is in it. Raises HorizonPassed
        if what was known then of these attributes is compacted.
        """

    def read_facts(self, after: int, to: int, limit: int = -1) -> list[Event]:
        """The facts, corrections and retractions above `after` and up to `to`, in order, at most `limit` (-1: all)."""

    def read_assessments(self, after: int, limit: int = 1_000) -> list[Event]:
        """The next assessments above `after`, at most `limit`; empty at the end. Some may be unreadable."""

    def users_of(self, subject: str) -> set[str]:
        """The subjects that were ever assessed with this subject's facts. Erased ones are left out."""

    def assessments_of(self, subject: str, below: int | None = None, limit: int = 10) -> list[Event]:
        """The assessments of a subject, the newest first, below an offset, at most `limit`."""

    def owed(self, subject: str, period: str, currency: str) -> Decimal:
        """What a subject's postings for a period leave it owing (above zero) or owed."""

    def posted(self, to: int) -> set[str]:
        """The subjects that have postings in the ledger up to an offset."""

    def delivered(self, source: str, event_ids: Sequence[str], *, of: Sequence[str] | None = None) -> list[bool]:
        """For each delivery of a source whether it stands, compacted ones among them.

        `of` are the subjects of what this program recorded itself, whose ids are told apart by subject.
        """

    def has_entity(self, entity: str) -> bool:
        """Whether any subject of an entity has been written of, and is not erased."""

    def entities(self) -> list[str]:
        """The entities of all subjects that have been written of, and are not erased, in order.

        The program's own are among them, such as those of runs. Of a population each log knows its part.
        """

    def belonging_to(self, subject: str) -> list[str]:
        """All subjects that were ever recorded as belonging to this one: members of a group, records of an owner.

        Which of them do so on a day, their timelines say. Erased ones are left out.
        """

    def moved_to(self, subject: str, known: Known = None) -> int | None:
        """The log of the population that a subject has moved to, as known; None if it is here, or was never here."""

    def read_moves(self, after: int, to: int) -> list[Event]:
        """The departures and arrivals above `after` and up to `to`, in order. Those of erased subjects may be
        unreadable."""

    def positions(self) -> dict[str, int]:
        """The position of every consumer."""
