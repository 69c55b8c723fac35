"""What can be asked of the embedded log: each question through a reader of its own, from a pool."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from citizens import snapshot, timeline
from citizens.book_entries import owed_by
from citizens.errors import HorizonPassed, InvalidEvent
from citizens.events import EXACT, Event
from citizens.garbage import without_search
from citizens.kinds import ASSESSMENT, LAST_FACTS_KIND, POSTING
from citizens.log import Known
from citizens.snapshot import Attributes, Snapshot
from citizens.sqlite import anchoring, stats, verification
from citizens.sqlite.cipher import fingerprint
from citizens.sqlite.connections import MOVES
from citizens.sqlite.layout import Anchor
from citizens.sqlite.reader import Reader
from citizens.sqlite.reader_pool import ReaderPool
from citizens.sqlite.scan import scan
from citizens.sqlite.stats import Stats
from citizens.sqlite.verification import Verification
from citizens.timeline import Timeline

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Readings(ReaderPool):
    """An open log, for reading. Methods may be called by many threads."""

    def read(self, after: int = 0, limit: int = 1_000) -> list[Event]:
        """The next events with an offset above `after`, at most `limit`; empty at the end."""
        with self._reader() as reader:
            return reader.events("WHERE offset > ? ORDER BY offset LIMIT ?", (after, limit))

    def read_subject(self, subject: str, known: Known = None) -> list[Event]:
        """All events of one subject as known, in order; empty for a subject never seen, or erased."""
        with self._reader() as reader:
            return _events_of(reader, subject, self._offset_of(reader, known))

    def read_uses(self, subject: str, after: int = 0) -> list[Event]:
        """The assessments above `after` that used facts of this subject, in order."""
        with self._reader() as reader:
            number = reader.keys.find(subject)
            if number is None:
                return []
            condition = "WHERE offset IN (SELECT offset FROM uses WHERE subject = ? AND offset > ?) AND kind = ?"
            return reader.events(condition + " ORDER BY offset", (number, after, ASSESSMENT))

    def read_facts(self, after: int, to: int, limit: int = -1) -> list[Event]:
        """The facts, corrections and retractions above `after` and up to `to`, in order, at most `limit` (-1: all)."""
        condition = f"WHERE offset > ? AND offset <= ? AND kind <= {LAST_FACTS_KIND} ORDER BY offset LIMIT ?"
        with self._reader() as reader:
            return reader.events(condition, (after, to, limit))

    def read_assessments(self, after: int, limit: int = 1_000) -> list[Event]:
        """The next assessments above `after`, at most `limit`; empty at the end."""
        with self._reader() as reader:
            return reader.events("WHERE offset > ? AND kind = ? ORDER BY offset LIMIT ?", (after, ASSESSMENT, limit))

    def users_of(self, subject: str) -> set[str]:
        """The subjects that were ever assessed with this subject's facts. Erased ones are left out."""
        with self._reader() as reader:
            keys, number = reader.keys, reader.keys.find(subject)
            select = "SELECT DISTINCT events.subject FROM uses JOIN events USING(offset) WHERE uses.subject = ?"
            users = [user for (user,) in reader.connection.execute(select, (number or 0,))]
            return {keys.name(user) for user in users if keys.key(user) is not None}

    def assessments_of(self, subject: str, below: int | None = None, limit: int = 10) -> list[Event]:
        """The assessments of a subject, the newest first, below an offset, at most `limit`."""
        with self._reader() as reader:
            number, last = reader.keys.find(subject), reader.head() + 1 if below is None else below
            where = "WHERE subject = ? AND kind = ? AND offset < ? ORDER BY offset DESC LIMIT ?"
            return reader.events(where, (number, ASSESSMENT, last, limit)) if number is not None else []

    def owed(self, subject: str, period: str, currency: str) -> Decimal:
        """What a subject's postings for a period leave it owing (above zero) or owed."""
        with self._reader() as reader:
            number, total = reader.keys.find(subject), Decimal(0)
            rows = reader.rows("WHERE subject = ? AND kind = ?", (number, POSTING)) if number is not None else ()
            for row in rows:
                amount = owed_by(reader.in_the_books(row), period, currency)
                total = EXACT.add(total, amount)
            return total

    def posted(self, to: int) -> set[str]:
        """The subjects that have postings in the ledger up to an offset."""
        with self._reader() as reader:
            select = "SELECT DISTINCT subject FROM events WHERE offset <= ? AND kind = ?"
            cursor = reader.connection.execute(select, (to, POSTING))
            return {reader.keys.name(number) for (number,) in cursor}

    def delivered(self, source: str, event_ids: Sequence[str], *, of: Sequence[str] | None = None) -> list[bool]:
        """For each delivery of a source whether it stands, compacted ones among them.

        `of` are the subjects of what this program recorded itself, whose ids are told apart by subject.
        """
        with self._reader() as reader:
            keys = reader.keys
            if of is None:
                return [reader.find_delivery(keys.delivery(source, event_id)) is not None for event_id in event_ids]
            return [
                number is not None and reader.find_own(source, event_id, number) is not None
                for event_id, number in zip(event_ids, map(keys.find, of), strict=True)
            ]

    def belonging_to(self, subject: str) -> list[str]:
        """All subjects that were ever recorded as belonging to this one, but for the erased (see `History`)."""
        with self._reader() as reader:
            number = reader.keys.find(subject)
            members = reader.members(number) if number is not None else []
            return [reader.keys.name(member) for member in members if reader.keys.key(member) is not None]

    def moved_to(self, subject: str, known: Known = None) -> int | None:
        """The log of the population that a subject has moved to, as known; None if it is here, or was never here."""
        with self._reader() as reader:
            number = reader.keys.find(subject)
            return reader.moved_to(number, self._offset_of(reader, known)) if number is not None else None

    def read_moves(self, after: int, to: int) -> list[Event]:
        """The departures and arrivals above `after` and up to `to`, in order. Those of erased subjects may be
        unreadable."""
        with self._reader() as reader:
            return reader.events(f"WHERE {MOVES} AND offset > ? AND offset <= ? ORDER BY offset", (after, to))

    def head(self) -> int:
        """The offset of the last event; 0 if there is none."""
        with self._reader() as reader:
            return reader.head()

    def version(self, subject: str) -> int:
        """How many events have been recorded for the subject."""
        with self._reader() as reader:
            number = reader.keys.find(subject)
            return 0 if number is None else reader.version(number)

    def position(self, consumer: str) -> int:
        """The offset that the consumer has been advanced to; 0 if never."""
        with self._reader() as reader:
            return reader.position(consumer)

    def knows(self, subject: str) -> bool:
        """Whether the key store has the subject's name: of whom nothing is recorded, others' events may still name."""
        with self._reader() as reader:
            return reader.keys.find(subject) is not None

    def pseudonym(self, subject: str) -> str | None:
        """What stands for a subject outside of the log, and names nobody who is erased: its number and its key's
        fingerprint. None for one that is not known."""
        with self._reader() as reader:
            number = reader.keys.find(subject)
            key = reader.keys.key(number) if number is not None else None
            return f"{number}-{fingerprint(key)}" if key is not None else None

    def named_by(self, pseudonym: str) -> str | None:
        """The subject that a pseudonym stands for; None once it is erased, or if it is of another log."""
        number, _, expected = pseudonym.partition("-")
        with self._reader() as reader:
            keys = reader.keys
            if not number.isdecimal() or int(number) > keys.last_number or not keys.still_holds(int(number), expected):
                return None
            return keys.name(int(number)) if keys.key(int(number)) is not None else None

    def has_entity(self, entity: str) -> bool:
        """Whether any subject of an entity has been written of, and is not erased."""
        with self._reader() as reader:
            return reader.keys.has_entity(entity)

    def entities(self) -> list[str]:
        """The entities of all subjects that have been written of, and are not erased, in order."""
        with self._reader() as reader:
            return reader.keys.entities()

    def subjects_of(self, entity: str, after: str = "", limit: int = 1_000) -> list[str]:
        """The next subjects of an entity in order of their ids, above the id `after`; those erased are left out."""
        with self._reader() as reader:
            return reader.keys.names_of(entity, after, limit)

    def positions(self) -> dict[str, int]:
        """The position of every consumer."""
        with self._reader() as reader:
            return {name: reader.position(name) for name in reader.consumers()}

    def offset_of(self, known: Known) -> int:
        """The last offset recorded at or before that moment."""
        with self._reader() as reader:
            return self._offset_of(reader, known)

    def _offset_of(self, reader: Reader, known: Known) -> int:
        match known:
            case None:
                return reader.head()
            case datetime():
                return reader.offset_at(microseconds(known))
            case int():
                return min(max(known, 0), reader.head())

    def recorded_after(self, offset: int) -> int | None:
        """When the next event above an offset was recorded, in microseconds since 1970; None if there is none."""
        with self._reader() as reader:
            row = next(reader.rows("WHERE offset > ? ORDER BY offset LIMIT 1", (offset,)), None)
            return reader.moment(row.offset, row.recorded_at_us) if row is not None else None

    def wal_bytes(self) -> int:
        """How many bytes wait to be moved into the files."""
        return stats.wal_bytes(self.layout)

    def lost(self) -> Mapping[str, int]:
        """Per attribute, the offset before which compaction has made answers impossible."""
        with self._reader() as reader:
            return reader.lost()

    def timeline(self, subject: str, known: Known = None) -> Timeline:
        """One subject's facts as known. Raises HorizonPassed if some of what was known then is compacted."""
        with self._reader() as reader:
            offset = self._offset_of(reader, known)
            _refuse_before(reader, offset, None)
            number = reader.keys.find(subject)
            if number is None:
                return timeline.build(subject, ())
            where = f"WHERE subject = ? AND kind <= {LAST_FACTS_KIND} AND offset <= ? ORDER BY offset"
            version = "SELECT version FROM events WHERE subject = ? AND offset <= ? ORDER BY offset DESC LIMIT 1"
            built = timeline.build(subject, reader.events(where, (number, offset)))
            return replace(built, version=reader.connection.execute(version, (number, offset)).get or 0)

    def snapshot(
        self,
        valid_on: date,
        known: Known = None,
        *,
        attributes: Attributes = None,
        subjects: Collection[str] | None = None,
    ) -> Snapshot:
        """Everybody's facts as columns, as valid on the day, as known.

        `subjects` limits it to some; a group that one of them belongs to is then there as well, but not who else is
        in it. Raises HorizonPassed if what was known then of these attributes is compacted, Refused if an attribute
        holds values of several kinds.
        """
        with self._reader() as reader:
            offset = self._offset_of(reader, known)
            _refuse_before(reader, offset, snapshot.attributes_of(attributes))
            numbers = None if subjects is None else _numbers(reader, subjects)
            with without_search():
                scanned = scan(reader, 0, offset, numbers)
                return snapshot.build(scanned, reader.keys, valid_on, offset, attributes, every=subjects is None)

    def held(self) -> set[str]:
        """The subjects under legal hold."""
        with self._reader() as reader:
            return {reader.keys.name(number) for number in reader.held()}

    def anchor(self) -> Anchor:
        """How far the log reaches. Keep it elsewhere: `verify` with it shows whether the end was cut off."""
        with self._reader() as reader:
            return anchoring.anchor_of(reader)

    def stats(self) -> Stats:
        """How much there is in the log."""
        with self._reader() as reader:
            return stats.collect(reader, self.layout)

    def verify(self, *anchors: Anchor) -> Verification:
        """Walk the whole chain, open every payload, check every table beside it, every key, and all anchors.

        All of it is of one moment, whoever writes meanwhile: the anchor in the folder and the ledger are read first,
        the events in one transaction after them.
        """
        folder = verification.folder_state(self.layout)
        with self._reader() as reader:
            return verification.verify_all(reader, folder, anchors)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exactly. Raises InvalidEvent for a moment without a time zone."""
    if moment.tzinfo is None:
        raise InvalidEvent("a moment needs a time zone", "give `datetime.now(UTC)` or an ISO time ending in Z")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _refuse_before(reader: Reader, offset: int, attributes: Collection[str] | None) -> None:
    """Raise HorizonPassed if compaction has taken what an answer as known at `offset` would need."""
    lost = reader.lost()
    asked = lost if attributes is None else [name for name in attributes if name in lost]
    horizon = max((lost[name] for name in asked), default=0)
    if offset < horizon:
        raise HorizonPassed(offset, horizon)


def _events_of(reader: Reader, subject: str, to: int) -> list[Event]:
    """The subject's events up to an offset; none if it has no number, or no longer."""
    number = reader.keys.find(subject)
    if number is None:
        return []
    return reader.events("WHERE subject = ? AND offset <= ? ORDER BY offset", (number, to))


def _numbers(reader: Reader, subjects: Collection[str]) -> list[int]:
    """The numbers of those subjects that have one, in order."""
    return sorted({number for number in map(reader.keys.find, subjects) if number is not None})
