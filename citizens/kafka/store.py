"""The store of one partition: the embedded log's tables, made from the topics and caught up from where it stands.

1. `catch_up` first reads the topic of events to its end, into the table `pending`, and then the audit topic. So the
   payload of every event that the audit topic names is there, unless it was compacted, or its marker is on its way.
2. A frame is applied whole, in the transaction that also notes the place. One that is not complete waits, and one that
   a later writer began again is void.
3. A payload that is missing is right only below the last compaction. Then the event is part of a gap, whose links the
   audit topic still has. A payload that does not match the audit topic's digest is passed over as one of a void frame.
4. A compaction's frame says which numbers went. They are taken out here when the frame is applied, whatever the
   cleaner has done by then: so every store has the same gaps, and refuses the same questions.

A store is never ahead of the topics. It may be deleted: it is made anew. Keys are in the key store, which is not.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from itertools import pairwise

import apsw
import numpy as np
from confluent_kafka import Message

from citizens import chain
from citizens.errors import LogDamaged, LogUnavailable
from citizens.events import Origin
from citizens.kafka.records import (
    ADVANCE,
    DROPPED,
    EVENT,
    GAP,
    MARK,
    NULLED,
    OPENED,
    Audit,
    Linked,
    frame_of,
    read_audit,
    read_event_value,
    read_gap,
    read_linked,
    read_runs,
    read_standing,
)
from citizens.kafka.transport import Place, Reading, by_topic
from citizens.sqlite.carrying import Taker, insert_deliveries, insert_gap
from citizens.sqlite.compaction import gaps_after
from citizens.sqlite.connections import set_meta
from citizens.sqlite.reader import Reader, Tip, position_digest, read_tip

PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.05
_PENDING = """CREATE TABLE IF NOT EXISTS pending(number INTEGER PRIMARY KEY, origin TEXT NOT NULL,
    payload BLOB NOT NULL) STRICT"""


class Behind(Exception):
    """The frame needs a payload whose marker is still on its way."""


def place_of(connection: apsw.Connection) -> Place:
    """How far the store has read."""
    stored = connection.execute("SELECT value FROM meta WHERE name = 'place'").get
    return Place(**json.loads(stored)) if isinstance(stored, bytes) else Place()


def note_place(connection: apsw.Connection, place: Place) -> None:
    """Keep how far the store has read, in the transaction of what was read."""
    fields = {"events": place.events, "audit": place.audit, "frame": place.frame}
    set_meta(connection, "place", json.dumps(fields).encode())


def number_of(connection: apsw.Connection, name: str) -> int:
    """A number that the store keeps beside its place: `compacted`, `nulled`."""
    stored = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).get
    return int.from_bytes(stored, "big") if isinstance(stored, bytes) else 0


class Store:
    """Applies what the topics say. `reader` has the writing connections. Not for use by two threads at once."""

    def __init__(self, reader: Reader, topics: Reading) -> None:
        self._reader, self._topics = reader, topics
        self._connection = reader.connection
        self._frame: list[tuple[Audit, int]] = []
        self._connection.execute(_PENDING)
        self.place = place_of(self._connection)

    def catch_up(self) -> None:
        """Apply all that is committed. Raises LogDamaged if the topics are not what a writer wrote."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            behind = self._read_on()
            if not behind:
                return
            if time.monotonic() > until:
                raise LogDamaged(f"{behind}", "restore the topics from a copy of the log")
            time.sleep(_PAUSE_SECONDS)

    def _read_on(self) -> str:
        """Read both topics to their ends; what is still on its way, empty for nothing."""
        self._frame = []
        for batch in self._topics.to_end(self._topics.events, self.place.events):
            with self._connection:
                self._keep(batch)
        for batch in self._topics.to_end(self._topics.audit, self.place.audit):
            with self._connection:
                behind = self._apply(batch)
            if behind:
                return behind
        ahead = number_of(self._connection, "mark") > number_of(self._connection, "compacted")
        return "a compaction is named that no frame records" if ahead else ""

    def _keep(self, messages: Sequence[Message]) -> None:
        """Put payloads into `pending`, by number; a later one takes the place of an earlier."""
        rows, gone = [], []
        for message in messages:
            key, value, offset = message.key(), message.value(), message.offset() or 0
            self.place.events = offset + 1
            if key == MARK and value is not None:
                set_meta(self._connection, "mark", value)
            elif key is None or len(key) != 8:
                raise LogDamaged("the topic of events holds a key that no writer wrote", "see who writes to it")
            elif value is None:
                gone.append((int.from_bytes(key, "big"),))
            else:
                origin, payload = read_event_value(value)
                texts = json.dumps([origin.source, origin.actor, origin.legal_basis, origin.retention])
                rows.append((int.from_bytes(key, "big"), texts, payload))
        self._connection.executemany("INSERT OR REPLACE INTO pending VALUES(?, ?, ?)", rows)
        self._connection.executemany("DELETE FROM pending WHERE number = ?", gone)
        note_place(self._connection, self.place)

    def _apply(self, messages: Sequence[Message]) -> str:
        """Apply the frames that are complete with these messages; what they wait for, empty for nothing."""
        taker = Taker(self._reader, tip_of(self._reader))
        missing = _Missing(self._reader)
        try:
            for message in messages:
                audit = read_audit(message.value())
                if audit.index == 0:
                    self._frame = []  # what stood there of another frame is void
                if audit.index != len(self._frame) or audit.frame != self.place.frame:
                    if audit.frame < self.place.frame:
                        raise LogDamaged(
                            f"frame {audit.frame} appears in the audit topic twice", "see who writes to it"
                        )
                    raise LogDamaged(
                        f"the audit topic lacks what comes before frame {audit.frame}", "restore it from a copy"
                    )
                self._frame.append((audit, message.offset() or 0))
                if len(self._frame) == audit.count:
                    self._apply_frame(taker, missing)
                    self.place.audit, self.place.frame = (message.offset() or 0) + 1, audit.frame + 1
                    self._frame = []
        except Behind as error:  # the frames before it stand
            self._finish(taker, missing)
            return str(error)
        self._finish(taker, missing)
        return ""

    def _finish(self, taker: Taker, missing: _Missing) -> None:
        taker.flush()
        missing.end()
        note_place(self._connection, self.place)

    def _apply_frame(self, taker: Taker, missing: _Missing) -> None:
        linked = {audit.index: read_linked(audit.content) for audit, _ in self._frame if audit.kind == EVENT}
        payloads = {index: self._payload(linked_event) for index, linked_event in linked.items()}
        dropped: list[tuple[int, int]] = []
        for audit, _ in self._frame:
            if audit.kind == EVENT:
                self._take(linked[audit.index], payloads[audit.index], taker, missing)
            elif audit.kind == ADVANCE:
                put_position(self._connection, audit.content)
            elif audit.kind == DROPPED:
                dropped += read_runs(audit.content)
            elif audit.kind == OPENED:
                set_meta(self._connection, "keys", bytes.fromhex(json.loads(audit.content)["keys"]))
            elif audit.kind == NULLED:
                set_meta(self._connection, "nulled", audit.content)
            elif audit.kind == GAP:
                self._take_gap(taker, audit.content)
        claimed = [(linked_event.row.offset,) for linked_event in linked.values()]
        self._connection.executemany("DELETE FROM pending WHERE number = ?", claimed)
        if dropped:
            taker.flush()
            missing.end()
            drop(self._reader, dropped)
            set_meta(self._connection, "compacted", taker.tip.offset.to_bytes(8, "big"))

    @staticmethod
    def _take(linked: Linked, payload: tuple[Origin, bytes] | None, taker: Taker, missing: _Missing) -> None:
        if payload is not None:
            taker.event(linked.row._replace(payload=payload[1]), payload[0])
            return
        taker.flush()
        missing.take(linked, taker.tip)
        taker.tip = Tip(linked.row.offset, linked.row.chain, linked.row.recorded_at_us)

    def _payload(self, linked: Linked) -> tuple[Origin, bytes] | None:
        """The origin and payload of an event; None if it was compacted. Raises Behind if it has not come yet."""
        select = "SELECT origin, payload FROM pending WHERE number = ?"
        pending = self._connection.execute(select, (linked.row.offset,)).fetchone()
        if pending is not None:
            origin = Origin(*json.loads(pending[0]))
            digests = chain.origin_digest(origin), hashlib.sha256(pending[1]).digest()
            if digests == (linked.origin_digest, linked.payload_digest):
                return origin, pending[1]
        if linked.row.offset < number_of(self._connection, "mark"):
            return None
        raise Behind(f"the payload of event {linked.row.offset} is missing, and no compaction took it")

    def _take_gap(self, taker: Taker, content: bytes) -> None:
        gap, deliveries = read_gap(content)
        if gap.first == taker.tip.offset + 1:
            taker.gap(gap, deliveries)
        else:
            insert_deliveries(self._reader, deliveries)


class _Missing:
    """The run of compacted events that is being read over, made into a gap at its end."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._gap: chain.Gap | None = None
        self._deliveries: list[tuple[bytes, int]] = []

    def take(self, linked: Linked, tip: Tip) -> None:
        """Add an event whose payload is gone. Raises LogDamaged unless its link follows."""
        row = linked.row
        if row.offset != tip.offset + 1 or not linked.follows(tip.link):
            raise LogDamaged(f"the event at offset {row.offset} does not match the chain", offset=row.offset)
        gap = self._gap
        if gap is None or gap.last + 1 != row.offset:
            self.end()
            gap = chain.Gap(row.offset, row.offset, tip.link, row.chain, row.recorded_at_us, row.recorded_at_us)
        first = (gap.first, row.offset, gap.before, row.chain, gap.recorded_from_us, row.recorded_at_us)
        self._gap = chain.Gap(*first)
        self._deliveries.append((row.delivery, row.offset))

    def end(self) -> None:
        """Write the run down, joined with the gaps that it touches."""
        if self._gap is None:
            return
        extend_gap(self._reader, self._gap)
        insert_deliveries(self._reader, self._deliveries)
        self._gap, self._deliveries = None, []


def extend_gap(reader: Reader, gap: chain.Gap) -> None:
    """Write down a gap, joined with the one that it touches at its start."""
    select = "SELECT first, last, before, after, recorded_from_us, recorded_to_us FROM gaps WHERE first < ?"
    row = reader.connection.execute(f"{select} ORDER BY first DESC LIMIT 1", (gap.first,)).fetchone()
    if row is not None and row[1] + 1 == gap.first:
        before = chain.Gap(*row)
        gap = chain.Gap(before.first, gap.last, before.before, gap.after, before.recorded_from_us, gap.recorded_to_us)
    insert_gap(reader, gap)


def drop(reader: Reader, runs: Sequence[tuple[int, int]]) -> None:
    """Take events out of the store, and put gaps in their places."""
    select = "SELECT offset FROM events WHERE offset BETWEEN ? AND ? ORDER BY offset"
    here = [row[0] for run in runs for row in reader.connection.execute(select, run)]
    if not here:
        return
    gaps = gaps_after(reader, np.array(sorted(here), dtype=np.int64))
    reader.connection.execute("DELETE FROM gaps")
    for gap in gaps:
        insert_gap(reader, gap)
    reader.connection.executemany("DELETE FROM events WHERE offset BETWEEN ? AND ?", runs)
    reader.refresh()


def runs_of(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted numbers as runs of consecutive ones."""
    if not numbers:
        return []
    starts = [0, *(at for at, (left, right) in enumerate(pairwise(numbers), 1) if right != left + 1)]
    ends = [*(at - 1 for at in starts[1:]), len(numbers) - 1]
    return [(numbers[start], numbers[end]) for start, end in zip(starts, ends, strict=True)]


def put_position(connection: apsw.Connection, content: bytes) -> None:
    """Keep a position that the audit topic says."""
    standing = read_standing(content)
    row = (
        standing.consumer,
        standing.position,
        standing.needs,
        position_digest(standing.consumer, standing.position, standing.needs),
    )
    connection.execute("INSERT OR REPLACE INTO positions VALUES(?, ?, ?, ?)", row)


def tip_of(reader: Reader) -> Tip:
    """Where the store ends, gaps at its end included: while it is made anew, a run may end it."""
    tip = read_tip(reader)
    select = "SELECT last, after, recorded_to_us FROM gaps ORDER BY first DESC LIMIT 1"
    gap = reader.connection.execute(select).fetchone()
    return Tip(*gap) if gap is not None and gap[0] > tip.offset else tip


def read_back(topics: Reading, place: Place, frame: int, numbers: set[int], *, size: int, patience: float) -> Place:
    """Wait until a frame of `size` records, and its numbers' payloads, are read as committed; the place after them.

    Raises LogUnavailable if they do not come: then it is not known whether they stand.
    """
    until, left, missing = time.monotonic() + patience, set(numbers), size
    reached = Place(place.events, place.audit, place.frame)
    while left or missing:
        events, audits = by_topic(topics.more(len(left) + missing), topics.events)
        left.difference_update([int.from_bytes(message.key() or b"", "big") for message in events])
        if events:
            reached.events = (events[-1].offset() or 0) + 1
        for message in audits:
            written, index, count = frame_of(message.value())
            if written != frame:
                raise LogUnavailable(f"frame {written} came where frame {frame} was written: another writes here")
            missing = count - 1 - index
        if audits:
            reached.audit = (audits[-1].offset() or 0) + 1
        if time.monotonic() > until:
            raise LogUnavailable("what was written has not been read back")
    reached.frame = frame + 1
    return reached
