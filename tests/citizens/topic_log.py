"""A log made of topics, in memory: what Kafka gives and no more. It shows that the protocol asks nothing of SQLite.

What a broker gives (`Broker`): records with offsets from 0 that never change; transactions over several topics, of
which a reader sees all or nothing, and whose end takes an offset of its own; fencing: a producer that was replaced can
write no more. No queries, no indexes, no compare-and-set.

What the log makes of it:

1. One partition is one log. Its offsets, plus one, are the log's; control records and aborted transactions leave gaps.
2. A new writer takes the next epoch, so that a zombie is fenced, and rebuilds its state by reading both topics to their
   ends: versions, deliveries, uses, positions. Those are what SQLite answers by indexes.
3. Versions and positions are compared in that state. That is safe, because whoever else has written has fenced us.
4. The events of an append, and the position, are produced in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from citizens import (
    Advance,
    Arrival,
    Assessment,
    Belongs,
    Compaction,
    Correction,
    DeliveryConflict,
    Departure,
    Draft,
    Erasure,
    Event,
    Facts,
    InvalidEvent,
    Known,
    LogUnavailable,
    Origin,
    PositionConflict,
    Posting,
    Receipt,
    Retraction,
    Snapshot,
    Timeline,
    VersionConflict,
    snapshot,
    timeline,
    trial_balance,
)
from citizens.codec import decode, encode
from citizens.events import OWN_SOURCES, check_draft
from citizens.kinds import kind_of
from citizens.points import scan_events
from citizens.snapshot import Attributes

EVENTS, POSITIONS = "events", "positions"
_SAYING = Facts | Correction | Retraction


class Fenced(Exception):
    """Another producer has taken the transactional id."""


@dataclass
class Broker:
    """Topics as lists of records; None is a control record, or one of an aborted transaction."""

    topics: dict[str, list[bytes | None]] = field(default_factory=lambda: {EVENTS: [], POSITIONS: []})
    epoch: int = 0
    fail: bool = False

    def begin(self) -> int:
        """Fence earlier producers; the new one's epoch."""
        self.epoch += 1
        return self.epoch

    def transact(self, epoch: int, records: Sequence[tuple[str, bytes]]) -> list[int]:
        """Write the records, all or none visible; their offsets. Raises Fenced, or OSError if it was aborted."""
        if epoch != self.epoch:
            raise Fenced
        offsets = []
        for topic, record in records:
            offsets.append(len(self.topics[topic]))
            self.topics[topic].append(None if self.fail else record)
        for topic in {topic for topic, _ in records}:
            self.topics[topic].append(None)
        if self.fail:
            raise OSError("not enough replicas")
        return offsets

    def committed(self, topic: str) -> Iterator[tuple[int, bytes]]:
        """What a reader of committed records sees up to the end."""
        return ((offset, record) for offset, record in enumerate(self.topics[topic]) if record is not None)


class _Names:
    """Subjects' numbers, as any store of names gives them out."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def number(self, subject: str) -> int:
        if subject not in self._names:
            self._names.append(subject)
        return self._names.index(subject)

    def name(self, number: int) -> str:
        return self._names[number]

    def load(self, numbers: Iterable[int]) -> None:
        """All are in memory."""

    def all_names(self) -> Iterator[tuple[int, str, str | None]]:
        for number, name in enumerate(self._names):
            entity, _, identifier = name.partition("/")
            yield number, entity, identifier


@dataclass
class TopicLog:
    """The protocol `History` over a broker. `names` and `clock` are shared by all who open the log."""

    broker: Broker
    clock: Callable[[], int]
    names: _Names = field(default_factory=_Names)
    events: list[Event] = field(default_factory=list)
    deliveries: dict[tuple[str, ...], Event] = field(default_factory=dict)
    stands: dict[str, int] = field(default_factory=dict)
    epoch: int = 0
    stopped: str = ""

    def __post_init__(self) -> None:
        self.epoch = self.broker.begin()
        for offset, record in self.broker.committed(EVENTS):
            self._take(self._decoded(offset, record))
        for _, record in self.broker.committed(POSITIONS):
            consumer, _, position = record.decode().rpartition(" ")
            self.stands[consumer] = int(position)

    def _take(self, event: Event) -> None:
        self.events.append(event)
        own = event.origin.source in OWN_SOURCES
        self.deliveries[_identity(event.origin.source, event.event_id, event.subject, own=own)] = event

    def append(self, drafts: Sequence[Draft], *, advance: Advance | None = None) -> list[Receipt]:
        if self.stopped:
            raise LogUnavailable(f"the log accepts no further events ({self.stopped})", "open it again")
        if advance is not None:
            self._check_advance(advance)
        new, receipts = self._planned(drafts)
        records = [(EVENTS, self._encoded(event)) for event in new]
        if advance is not None:
            records.append((POSITIONS, f"{advance.consumer} {advance.to}".encode()))
        try:
            written = self.broker.transact(self.epoch, records)
        except (Fenced, OSError) as error:
            self.stopped = type(error).__name__
            raise LogUnavailable(f"the log accepts no further events ({self.stopped})", "open it again") from error
        recorded = [
            self._decoded(offset, record) for (_, record), offset in zip(records[: len(new)], written, strict=False)
        ]
        for event in recorded:
            self._take(event)
        if advance is not None:
            self.stands[advance.consumer] = advance.to
        return [
            Receipt(recorded[-receipt.offset - 1].offset, receipt.version, False) if receipt.offset < 0 else receipt
            for receipt in receipts
        ]

    def _check_advance(self, advance: Advance) -> None:
        actual = self.position(advance.consumer)
        if actual != advance.expected:
            raise PositionConflict(advance.consumer, advance.expected, actual)
        if advance.to < actual:
            raise InvalidEvent("a position never goes back", "start a consumer under another name")

    def _planned(self, drafts: Sequence[Draft]) -> tuple[list[Event], list[Receipt]]:
        """The events that are new, and a receipt for each draft; below zero stands the place among the new ones."""
        new: list[Event] = []
        receipts: list[Receipt] = []
        planned: dict[tuple[str, ...], Event] = {}
        now = max(self.clock(), self.events[-1].recorded_at_us if self.events else 0)
        for index, draft in enumerate(drafts):
            if isinstance(draft.body, Erasure | Compaction):
                raise InvalidEvent("erasures and compactions are recorded by the log itself", "call erase or compact")
            check_draft(draft)
            identity = _identity(draft.origin.source, draft.event_id, draft.subject, own=draft.own)
            known = self.deliveries.get(identity) or planned.get(identity)
            if known is not None:
                if (known.subject, known.body, known.origin) != (draft.subject, draft.body, draft.origin):
                    raise _at(index, DeliveryConflict(draft.origin.source, known.offset))
                receipts.append(Receipt(known.offset, known.version, duplicate=True))
                continue
            before = self.version(draft.subject) + sum(event.subject == draft.subject for event in new)
            if draft.expected_version not in (None, before):
                raise _at(index, VersionConflict(draft.subject, draft.expected_version or 0, before))
            place = -len(new) - 1
            event_id, origin = draft.event_id, draft.origin
            new.append(Event(place, now, draft.subject, before + 1, draft.body, origin, event_id, b""))
            planned[identity] = new[-1]
            receipts.append(Receipt(place, before + 1, duplicate=False))
        return new, receipts

    def read(self, after: int = 0, limit: int = 1_000) -> list[Event]:
        return [event for event in self.events if event.offset > after][:limit]

    def read_subject(self, subject: str, known: Known = None) -> list[Event]:
        to = self.offset_of(known)
        return [event for event in self.events if event.subject == subject and event.offset <= to]

    def read_uses(self, subject: str, after: int = 0) -> list[Event]:
        return [
            event
            for event in self.read(after, len(self.events))
            if isinstance(event.body, Assessment) and any(use.subject == subject for use in event.body.used)
        ]

    def head(self) -> int:
        return self.events[-1].offset if self.events else 0

    def version(self, subject: str) -> int:
        return max((event.version for event in self.events if event.subject == subject), default=0)

    def position(self, consumer: str) -> int:
        return self.stands.get(consumer, 0)

    def positions(self) -> dict[str, int]:
        return dict(sorted(self.stands.items()))

    def offset_of(self, known: Known) -> int:
        match known:
            case None:
                return self.head()
            case datetime():
                us = (known - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
                return max((event.offset for event in self.events if event.recorded_at_us <= us), default=0)
        return min(max(known, 0), self.head())

    def lost(self) -> Mapping[str, int]:
        return {}

    # --- what the events come to

    def timeline(self, subject: str, known: Known = None) -> Timeline:
        return timeline.build(subject, self.read_subject(subject, known))

    def snapshot(
        self,
        valid_on: date,
        known: Known = None,
        *,
        attributes: Attributes = None,
        subjects: Collection[str] | None = None,
    ) -> Snapshot:
        to = self.offset_of(known)
        wanted = (event for event in self.events if event.offset <= to)
        scan = scan_events((figure for figure in wanted if subjects is None or figure.subject in subjects), self.names)
        return snapshot.build(scan, self.names, valid_on, to, attributes, every=subjects is None)

    def read_facts(self, after: int, to: int, limit: int = -1) -> list[Event]:
        events = [event for event in self.events if after < event.offset <= to and isinstance(event.body, _SAYING)]
        return events if limit < 0 else events[:limit]

    def read_assessments(self, after: int, limit: int = 1_000) -> list[Event]:
        return [event for event in self.events if event.offset > after and isinstance(event.body, Assessment)][:limit]

    def users_of(self, subject: str) -> set[str]:
        return {event.subject for event in self.read_uses(subject)}

    def assessments_of(self, subject: str, below: int | None = None, limit: int = 10) -> list[Event]:
        made = [event for event in self.read_subject(subject) if isinstance(event.body, Assessment)]
        return [event for event in reversed(made) if below is None or event.offset < below][:limit]

    def owed(self, subject: str, period: str, currency: str) -> Decimal:
        balances = trial_balance(self.read_subject(subject))
        return balances[currency].by_period.get(period, Decimal(0)) if currency in balances else Decimal(0)

    def posted(self, to: int) -> set[str]:
        return {event.subject for event in self.events if event.offset <= to and isinstance(event.body, Posting)}

    def delivered(self, source: str, event_ids: Sequence[str], *, of: Sequence[str] | None = None) -> list[bool]:
        subjects = of if of is not None else [""] * len(event_ids)
        pairs = zip(event_ids, subjects, strict=True)
        return [_identity(source, id, subject, own=of is not None) in self.deliveries for id, subject in pairs]

    def has_entity(self, entity: str) -> bool:
        return any(name.startswith(f"{entity}/") for _, name in enumerate(self.names._names))

    def entities(self) -> list[str]:
        return sorted({name.partition("/")[0] for _, name in enumerate(self.names._names) if "/" in name})

    def belonging_to(self, subject: str) -> list[str]:
        fromkeys = dict.fromkeys(
            event.subject
            for event in self.events
            if isinstance(event.body, Facts | Correction)
            and any(isinstance(point.value, Belongs) and point.value.group == subject for point in event.body.points)
        )
        return list(fromkeys)

    def moved_to(self, subject: str, known: Known = None) -> int | None:
        told = [event.body for event in self.read_subject(subject, known) if isinstance(event.body, _SAYING)]
        return told[-1].to if told and isinstance(told[-1], Departure) else None

    def read_moves(self, after: int, to: int) -> list[Event]:
        moves = (event for event in self.events if isinstance(event.body, Arrival | Departure))
        return [event for event in moves if after < event.offset <= to]

    def close(self) -> None:
        self.stopped = self.stopped or "closed"

    # --- bytes

    def _encoded(self, event: Event) -> bytes:
        """A record as it would be on the wire: a line of headers, and the payload that the embedded log stores too."""
        origin = event.origin
        head = (origin.source, origin.actor, origin.legal_basis, origin.retention, event.subject)
        numbers = (event.recorded_at_us, event.version, kind_of(event.body))
        return "\t".join([*head, *map(str, numbers)]).encode() + b"\n" + encode(event.body, event.event_id, self.names)

    def _decoded(self, offset: int, record: bytes) -> Event:
        head, _, payload = record.partition(b"\n")
        source, actor, basis, retention, subject, recorded, version, kind = head.decode().split("\t")
        event_id, body = decode(int(kind), payload, self.names)
        origin = Origin(source, actor, basis, retention)
        return Event(offset + 1, int(recorded), subject, int(version), body, origin, event_id, b"")


def _identity(source: str, event_id: str, subject: str, *, own: bool) -> tuple[str, ...]:
    """What makes a second delivery one: of what the program made itself, the subject too."""
    return (source, event_id, subject) if own else (source, event_id)


def _at(index: int, error: DeliveryConflict | VersionConflict) -> DeliveryConflict | VersionConflict:
    error.draft = index
    return error
