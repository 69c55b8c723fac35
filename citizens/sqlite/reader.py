"""Reading events out of the embedded log: one connection to the events, one to the keys.

Each payload was sealed to its header when it was written, so a flipped bit or a swapped row in either is found at the
read, at its offset. (The chain, which also finds missing rows, is walked by `verification`.)
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import apsw

from citizens import chain, codec
from citizens.book_entries import for_the_books, from_the_books
from citizens.errors import LogDamaged, LogUnavailable
from citizens.events import Body, Compaction, Departure, Event, Hold, Origin, Promotion, Release, Unreadable
from citizens.kinds import (
    COMPACTION,
    DEPARTURE,
    FIRST_PLAIN_KIND,
    KIND_NAMES,
    LAST_FACTS_KIND,
    POSTING,
    PROMOTION,
    TIME_CORRECTION,
)
from citizens.sqlite.cipher import decrypt, encrypt
from citizens.sqlite.keys import KeyStore

COLUMNS = "offset, recorded_at_us, kind, subject, version, origin, delivery, payload, chain"


NOT_AS_WRITTEN = (struct.error, TypeError, ValueError, AttributeError)
"""What reading stumbles over when a flipped bit has changed a value's type."""


class _Nobody:
    """Names without a key store: events about the log itself name nobody."""

    def number(self, subject: str) -> int:
        raise NotImplementedError

    def name(self, number: int) -> str:
        raise NotImplementedError


_NOBODY = _Nobody()


class StoredEvent(NamedTuple):
    """An event as stored."""

    offset: int
    recorded_at_us: int
    kind: int
    subject: int
    version: int
    origin: int
    delivery: bytes
    payload: bytes
    chain: bytes


@dataclass(frozen=True, slots=True)
class Tip:
    """Where the log ends."""

    offset: int
    link: bytes
    recorded_at_us: int


class Reader:
    """A pair of connections. Not for use by two threads at once. Without keys, only the chain can be read."""

    def __init__(self, events: apsw.Connection, keys: KeyStore | None) -> None:
        self.connection = events
        self._keys = keys
        self._origins: dict[int, tuple[Origin, bytes]] = {}
        self._migrated: bool | None = None
        self._corrections: list[tuple[int, int]] | None = None
        self._lost: tuple[int, dict[str, int]] = (-1, {})

    def refresh(self) -> None:
        """Forget what another process may have changed since."""
        self._corrections = None
        if self._keys is not None:
            self._keys.forget()

    @property
    def keys(self) -> KeyStore:
        """The key store. Raises LogUnavailable if it is not open."""
        if self._keys is None:
            raise LogUnavailable("the key store is not open, so no subject can be read", "open it as well")
        return self._keys

    def rows(self, where: str, values: tuple[int | bytes, ...] = ()) -> Iterator[StoredEvent]:
        """Rows under a condition that is this program's own text, never a user's."""
        cursor = self.connection.execute(f"SELECT {COLUMNS} FROM events {where}", values)
        return guarded(StoredEvent(*row) for row in cursor)

    def events(self, where: str, values: tuple[int | bytes, ...] = ()) -> list[Event]:
        """The same rows as events."""
        return [self.event(row) for row in self.rows(where, values)]

    def event(self, row: StoredEvent) -> Event:
        """The event of a row. Raises LogDamaged, with the offset, if the row is not as it was written."""
        try:
            return self._event(row)
        except NOT_AS_WRITTEN as error:
            raise LogDamaged(
                f"event at offset {row.offset} is not as it was written", "restore it", offset=row.offset
            ) from error

    def _event(self, row: StoredEvent) -> Event:
        origin, _ = self.origin(row.origin)
        plain = self.payload(row)
        if plain is None:
            erased: Body = Unreadable(KIND_NAMES.get(row.kind, str(row.kind)))
            event_id, body = "", erased
        else:
            event_id, body = codec.decode(row.kind, plain, self._keys or _NOBODY)
        subject = self.keys.name(row.subject) if row.subject else ""
        recorded_at_us = self.moment(row.offset, row.recorded_at_us)
        return Event(row.offset, recorded_at_us, subject, row.version, body, origin, event_id, row.chain)

    def moment(self, offset: int, recorded_at_us: int) -> int:
        """When an event was recorded: not after any later correction of time, whatever the clock said then."""
        if self._corrections is None:
            select = "SELECT offset, recorded_at_us FROM events WHERE kind >= 32 AND kind = ? ORDER BY offset"
            self._corrections = list(self.connection.execute(select, (TIME_CORRECTION,)))
        return min([recorded_at_us, *(at for later, at in self._corrections if later > offset)])

    def payload(self, row: StoredEvent) -> bytes | None:
        """The row's payload in the clear, or None if the subject was erased. Of its postings the amounts stay."""
        head = self.header(row)
        try:
            if row.kind >= FIRST_PLAIN_KIND:
                return chain.open_plain(head, row.payload)
            key = self.keys.key(row.subject)
            if row.kind == POSTING:
                return _open_posting(self.keys.books, key, row.payload, head)
            return None if key is None else decrypt(key, row.payload, head)
        except LogDamaged as error:
            message = f"event at offset {row.offset}: {error.message}"
            raise LogDamaged(message, error.remedy, offset=row.offset) from None

    def in_the_books(self, row: StoredEvent) -> bytes:
        """What stays of a posting in the books, its period and amounts; empty if that went with the subject's key."""
        end = 4 + int.from_bytes(row.payload[:4], "big")
        return decrypt(self.keys.books, row.payload[4:end], self.header(row)) if end > 4 else b""

    def header(self, row: StoredEvent) -> bytes:
        """The header that the row's payload and link were made over."""
        _, digest = self.origin(row.origin)
        return chain.header(
            row.offset,
            row.recorded_at_us,
            row.kind,
            row.subject,
            version=row.version,
            delivery=row.delivery,
            origin=digest,
        )

    def origin(self, number: int) -> tuple[Origin, bytes]:
        """The origin with that number and its digest."""
        if number not in self._origins:
            select = "SELECT source, actor, legal_basis, retention FROM origins WHERE number = ?"
            row = self.connection.execute(select, (number,)).fetchone()
            if row is None:
                raise LogDamaged(f"there is no origin {number}", "verify the log and restore it from a backup")
            origin = Origin(*row)
            self._origins[number] = (origin, chain.origin_digest(origin))
        return self._origins[number]

    def head(self) -> int:
        """The offset of the last event; 0 if there is none."""
        return int(self.connection.execute("SELECT coalesce(max(offset), 0) FROM events").get)

    def version(self, number: int) -> int:
        """The version of the subject with that number."""
        select = "SELECT version FROM events WHERE subject = ? ORDER BY offset DESC LIMIT 1"
        return int(self.connection.execute(select, (number,)).get or 0)

    def versions(self, numbers: Iterable[int]) -> dict[int, int]:
        """The versions of many subjects at once; 0 for one of which nothing is recorded."""
        last = "SELECT version FROM events WHERE subject = value ORDER BY offset DESC LIMIT 1"
        asked = array("q", numbers)
        if not asked:  # SQLite takes no array that is empty
            return {}
        bound = (apsw.carray(asked, flags=apsw.SQLITE_CARRAY_INT64),)
        rows = self.connection.execute(f"SELECT value, ({last}) FROM carray(?)", bound)
        return {subject: version or 0 for subject, version in rows}

    def moved_to(self, number: int, to: int | None = None) -> int | None:
        """The log that the subject has moved to, by the events up to an offset; None if it is here."""
        where = f"WHERE subject = ? AND kind <= {LAST_FACTS_KIND} AND offset <= ? ORDER BY offset DESC LIMIT 1"
        last = next(self.rows(where, (number, self.head() if to is None else to)), None)
        body = self.event(last).body if last is not None and last.kind == DEPARTURE else None
        return body.to if isinstance(body, Departure) else None

    def position(self, consumer: str) -> int:
        """Where the consumer stands. Raises LogDamaged if the row does not match its digest."""
        return self.standing(consumer)[0]

    def standing(self, consumer: str) -> tuple[int, str]:
        """Where the consumer stands, and what it needs of the log from there on."""
        select = "SELECT position, needs, digest FROM positions WHERE consumer = ?"
        row = self.connection.execute(select, (consumer,)).fetchone()
        if row is None:
            return 0, "nothing"
        if position_digest(consumer, row[0], row[1]) != row[2]:
            raise LogDamaged(f"the position of consumer `{consumer}` is damaged", "verify the log and restore it")
        return int(row[0]), str(row[1])

    def consumers(self) -> list[str]:
        """The names of all consumers."""
        return [name for (name,) in self.connection.execute("SELECT consumer FROM positions ORDER BY consumer")]

    def find_delivery(self, delivery: bytes) -> int | None:
        """The offset at which a delivery stands."""
        return self.connection.execute("SELECT offset FROM deliveries WHERE delivery = ?", (delivery,)).get  # type: ignore[no-any-return]

    def find_deliveries(self, deliveries: Iterable[bytes]) -> dict[bytes, int]:
        """The offsets at which those of many deliveries stand that stand anywhere."""
        select = "SELECT delivery, offset FROM deliveries WHERE delivery IN (SELECT value FROM carray(?))"
        return dict(self.connection.execute(select, (apsw.carray(tuple(deliveries)),)))

    def find_own(self, source: str, event_id: str, number: int) -> int | None:
        """The offset at which something stands that this program made of the subject with that number itself."""
        offset = self.find_delivery(self.keys.delivery(source, event_id, number))
        if offset is not None or not self.is_migrated():
            return offset
        earlier = self.find_delivery(self.keys.delivery(source, event_id))  # as the first format told deliveries apart
        whose = self.connection.execute("SELECT subject FROM events WHERE offset = ?", (earlier or 0,)).get
        return earlier if whose == number else None

    def is_migrated(self) -> bool:
        """Whether the log was begun in an earlier format. That never changes in an events file."""
        if self._migrated is None:
            self._migrated = bool(self.connection.execute("SELECT count(*) FROM meta WHERE name = 'migrated'").get)
        return self._migrated

    def members(self, number: int) -> list[int]:
        """The numbers of all subjects that were ever recorded as belonging to the one with that number."""
        select = "SELECT subject FROM members WHERE target = ? ORDER BY subject"
        return [subject for (subject,) in self.connection.execute(select, (number,))]

    def offset_at(self, moment_us: int) -> int:
        """The last offset, present or compacted, recorded at or before the moment. Recorded times never go back."""
        low, high = 0, self.head()
        select = "SELECT offset, recorded_at_us FROM events WHERE offset > ? ORDER BY offset LIMIT 1"
        while low < high:
            middle = (low + high) // 2
            offset, recorded_at_us = one_row(self.connection, select, middle)
            if self.moment(offset, recorded_at_us) <= moment_us:
                low = offset
            else:
                high = middle
        gap = self.connection.execute("SELECT last, recorded_to_us FROM gaps WHERE first = ?", (low + 1,)).fetchone()
        return gap[0] if gap is not None and self.moment(*gap) <= moment_us else low

    def gaps(self) -> Iterator[chain.Gap]:
        """The compacted runs in order."""
        select = "SELECT first, last, before, after, recorded_from_us, recorded_to_us FROM gaps ORDER BY first"
        return (chain.Gap(*row) for row in self.connection.execute(select))

    def lost(self) -> dict[str, int]:
        """Per attribute, the offset before which compaction has made answers impossible."""
        last = self.connection.execute("SELECT max(offset) FROM events WHERE kind >= 32 AND kind = 49").get or 0
        if self._lost[0] != last:
            lost: dict[str, int] = {}
            for event in self.events("WHERE kind >= 32 AND kind = ? ORDER BY offset", (COMPACTION,)):
                assert isinstance(event.body, Compaction)
                for attribute, offset in event.body.lost:
                    lost[attribute] = max(offset, lost.get(attribute, 0))
            self._lost = (last, lost)
        return self._lost[1]

    def is_held(self, number: int) -> bool:
        """Whether the subject with that number is under hold for at least one case."""
        return bool(self._holds("WHERE subject = ? AND kind IN (32, 33) ORDER BY offset", (number,)))

    def held(self) -> set[int]:
        """The numbers of the subjects that are under hold for at least one case."""
        return self._holds("WHERE kind >= 32 AND kind IN (32, 33) ORDER BY offset", ())

    def _holds(self, where: str, values: tuple[int, ...]) -> set[int]:
        cases: dict[int, set[str]] = {}
        for row in self.rows(where, values):
            plain = self.payload(row)
            body = codec.decode(row.kind, plain, self.keys)[1] if plain is not None else None
            match body:
                case Hold():
                    cases.setdefault(row.subject, set()).add(body.case)
                case Release():
                    cases.setdefault(row.subject, set()).discard(body.case)
                case _:
                    continue
        return {number for number, open_cases in cases.items() if open_cases}

    def close(self) -> None:
        """Close both connections."""
        self.connection.close()
        if self._keys is not None:
            self._keys.close()


def one_row(connection: apsw.Connection, select: str, *values: int | bytes) -> tuple[Any, ...]:
    """The one row that must be there. Raises LogDamaged if it is not."""
    row = connection.execute(select, values).fetchone()
    if row is None:
        raise LogDamaged("a row of the log that others speak of is missing", "verify the log and restore it")
    return tuple(row)


def position_digest(consumer: str, position: int, needs: str) -> bytes:
    """What a consumer's row is checked against."""
    return hashlib.sha256(f"position\0{consumer}\0{position}\0{needs}".encode()).digest()


def seal_payload(keys: KeyStore, kind: int, number: int, payload: bytes, head: bytes) -> bytes:
    """A payload as it is stored: plain about the log itself, else under its subject's key.

    A posting is in two parts, behind the first one's length: movement, period and amounts under the books' key, which
    outlives the subject, and the texts under the subject's.
    """
    if number == 0:
        return chain.seal_plain(head, payload)
    key = keys.key(number)
    assert key is not None, "a subject found by name has a key"
    if kind != POSTING:
        return encrypt(key, payload, head)
    books, texts = for_the_books(payload)
    kept = encrypt(keys.books, books, head)
    return len(kept).to_bytes(4, "big") + kept + encrypt(key, texts, head)


def _open_posting(books: bytes, key: bytes | None, stored: bytes, head: bytes) -> bytes | None:
    end = 4 + int.from_bytes(stored[:4], "big")
    if end == 4:  # a posting of somebody erased in the log's first format, whose amounts went with the key
        return None
    texts = decrypt(key, stored[end:], head) if key is not None else None
    return from_the_books(decrypt(books, stored[4:end], head), texts)


def epoch_of(reader: Reader) -> int:
    """Which life of the log this is: 1, and one more for each time that a copy became the log that is written."""
    events = reader.events("WHERE kind >= 32 AND kind = ? ORDER BY offset DESC LIMIT 1", (PROMOTION,))
    return events[0].body.epoch if events and isinstance(events[0].body, Promotion) else 1


def guarded(rows: Iterable[StoredEvent]) -> Iterator[StoredEvent]:
    """The rows, with SQLite's own complaint turned into LogDamaged that says after which offset."""
    last = 0
    try:
        for row in rows:
            last = row.offset
            yield row
    except (apsw.CorruptError, apsw.NotADBError, apsw.IOError) as error:
        message = f"the file cannot be read after offset {last} ({error})"
        raise LogDamaged(message, "verify the log and restore it from a backup", offset=last + 1) from error


def read_tip(reader: Reader) -> Tip:
    """Where the log ends now, compacted runs at the end included."""
    row = next(reader.rows("ORDER BY offset DESC LIMIT 1"), None)
    if row is None:
        log_id = reader.connection.execute("SELECT value FROM meta WHERE name = 'log_id'").get
        return Tip(0, chain.genesis(log_id), 0)
    return Tip(row.offset, row.chain, row.recorded_at_us)
