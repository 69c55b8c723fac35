"""The embedded log: a folder of SQLite files that one process writes and many may read.

1. `open_log` takes the writer's lock, finds the events file that counts, replays the ledger of erasures on the keys,
   checks the anchor left by the last writer and walks the chain from there to the end.
2. Appends go through the group commit of `sqlite_writer`. Reads use connections of their own, from a pool.
3. Compaction, bulk load and erasure take the writer's lock; the first two put a new events file in place.
4. `close` empties the WAL and leaves an anchor. A poisoned log leaves both as they are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import apsw

from citizens import timeline
from citizens.codec import ASSESSMENT, ERASURE, POSTING
from citizens.errors import HorizonPassed, InvalidEvent, LogDamaged, LogUnavailable, UnderHold
from citizens.events import Draft, Event, Origin, check_text
from citizens.log import Advance, Known, Receipt
from citizens.sqlite import bulk, compaction, snapshot, snapshot_cache, stats, verification
from citizens.sqlite.checkpointer import Checkpointer
from citizens.sqlite.compaction import Compacted, Horizons, OnStep
from citizens.sqlite.connections import SHIPPED, Settings, checkpoint, connect, get_meta
from citizens.sqlite.durable import WriterLock
from citizens.sqlite.erasure import LEDGER_RETENTION, Entry, add_to_ledger, read_ledger, recorded_erasures
from citizens.sqlite.keys import KeyStore, fingerprint
from citizens.sqlite.layout import Anchor, Layout, create_events
from citizens.sqlite.reader import Reader
from citizens.sqlite.snapshot import Attributes, Snapshot
from citizens.sqlite.stats import Stats
from citizens.sqlite.verification import Verification
from citizens.sqlite.writer import Clock, Writer, read_tip, system_clock
from citizens.timeline import Timeline

FORCED_CHECKPOINT = 16
POOLED_READERS = 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def open_log(
    folder: Path | str,
    *,
    write: bool = True,
    keys: Path | str | None = None,
    settings: Settings = SHIPPED,
    clock: Clock = system_clock,
) -> SqliteLog:
    """Open the log in `folder`; with `write`, create it if there is none, and keep other writers out.

    `keys` is the key store's path if it is not in the folder. Raises LogLocked, LogDamaged (AnchorMismatch if the log's
    end is missing) or LogUnavailable.
    """
    path = Path(folder)
    layout = Layout(path, Path(keys) if keys is not None else path / "keys.db")
    try:
        return SqliteLog(layout, settings, clock, write=write)
    except OSError as error:
        message = f"{folder} cannot be opened as a log ({error.strerror}); check the path, its rights, the disk's room"
        raise LogUnavailable(message) from None
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.BusyError) as error:
        message = f"{folder} cannot be opened as a log ({error}); make room on the disk, or see to it and its rights"
        raise LogUnavailable(message) from error
    except apsw.Error as error:
        raise LogDamaged(f"{folder} is not a readable log ({error}); restore it from a backup") from error


class SqliteLog:
    """An open log. Methods may be called by many threads. Satisfies `Log`, and does what only a whole store can do."""

    def __init__(self, layout: Layout, settings: Settings, clock: Clock, *, write: bool) -> None:
        self.layout = layout
        self._settings = settings
        self._clock = clock
        self._pool: list[tuple[Path, Reader]] = []
        self._pool_lock = threading.Lock()
        self._closed = False
        self._stopped = False
        self._writer: Writer | None = None
        self._lock: WriterLock | None = None
        if write:
            self._open_for_writing()
        else:
            with self._reader():
                pass

    def _open_for_writing(self) -> None:
        self.layout.folder.mkdir(parents=True, exist_ok=True)
        self._lock = WriterLock(self.layout.folder / "lock")
        try:
            self.layout.create(self._settings)
            self.layout.remove_strays()
            self._start_writer()
            self._complete_ledger()
            self._finish_erasures()
        except BaseException:
            self._lock.release()
            raise

    def _start_writer(self) -> None:
        path = self.layout.events_path()
        connection = connect(path, self._settings, write=True)
        keys = KeyStore(self.layout.keys_path, self._settings, write=True, log_id=get_meta(connection, "log_id"))
        reader = Reader(connection, keys)
        self._check(reader)
        if self._writer is None:
            self._writer = Writer(reader, self._clock, self._after_commit)
        else:
            self._writer.bind(reader)
        self._stopped = False
        self._wal_pages = 0
        connection.set_wal_hook(self._wal_grew)
        paths = (path, self.layout.keys_path)
        self._checkpointer = Checkpointer(paths, self._settings, self._writer.stop)

    def _check(self, reader: Reader) -> None:
        """Raise LogDamaged unless keys, anchor and the events since the anchor fit."""
        if reader.keys.log_id != get_meta(reader.connection, "log_id"):
            raise LogDamaged("the key store belongs to another log; give this log's own")
        for entry in read_ledger(self.layout.erasures_path):
            reader.keys.destroy(entry.number, entry.fingerprint)
        anchor = self.layout.read_anchor()
        if anchor is not None:
            verification.check_anchor(reader, anchor)
        after = anchor.offset if anchor is not None else 0
        verification.verify(reader, after=_start_of(reader, after), deep=False).require()

    def _wal_grew(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _after_commit(self) -> None:
        """Runs in the writer after each commit: call for a checkpoint, or, far behind, make one."""
        if self._wal_pages >= self._settings.checkpoint_pages:
            self._checkpointer.request()
        if self._wal_pages >= self._settings.checkpoint_pages * FORCED_CHECKPOINT:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Empty the WAL into the database now, unless a reader is in the way."""
        writer = self._require_writer()
        with writer.lock:
            try:
                checkpoint(writer.reader.connection, wait=True)
            except (apsw.BusyError, apsw.LockedError):
                return

    def _require_writer(self) -> Writer:
        if self._writer is None or self._closed:
            raise LogUnavailable("this log is closed, or open for reading only; open it for writing")
        if self._writer.failure is not None:
            raise self._writer.unavailable()
        return self._writer

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        """A reader from the pool, on the events file that counts now."""
        if self._closed:
            raise LogUnavailable("this log is closed; open it again")
        path = self.layout.events_path()
        reader = self._from_pool(path)
        if reader is None:
            events = connect(path, self._settings, write=False)
            reader = Reader(events, KeyStore(self.layout.keys_path, self._settings, write=False))
        reader.keys.forget()
        try:
            yield reader
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise LogDamaged(f"{path} is not as it was written ({error}); verify it, and restore a backup") from error
        except apsw.Error as error:
            raise LogUnavailable(f"{path} cannot be read ({error}); see to the disk and its rights") from error
        finally:
            with self._pool_lock:
                keep = not self._closed and len(self._pool) < POOLED_READERS
                if keep:
                    self._pool.append((path, reader))
            if not keep:
                reader.close()

    def _from_pool(self, path: Path) -> Reader | None:
        """A pooled reader of that events file. Readers of files that were replaced are closed."""
        with self._pool_lock:
            stale = [reader for of, reader in self._pool if of != path]
            self._pool = [pooled for pooled in self._pool if pooled[0] == path]
            found = self._pool.pop()[1] if self._pool else None
        for reader in stale:
            reader.close()
        return found

    # Reading

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
        condition = "WHERE offset > ? AND offset <= ? AND kind <= 3 ORDER BY offset LIMIT ?"
        with self._reader() as reader:
            return reader.events(condition, (after, to, limit))

    def read_assessments(self, after: int, limit: int = 1_000) -> list[Event]:
        """The next assessments above `after`, at most `limit`; empty at the end."""
        with self._reader() as reader:
            return reader.events("WHERE offset > ? AND kind = ? ORDER BY offset LIMIT ?", (after, ASSESSMENT, limit))

    def posted(self, to: int) -> set[str]:
        """The subjects that have postings in the ledger up to an offset."""
        with self._reader() as reader:
            select = "SELECT DISTINCT subject FROM events WHERE offset <= ? AND kind = ?"
            found = reader.connection.execute(select, (to, POSTING))
            return {reader.keys.name(number) for (number,) in found}

    def delivered(self, source: str, event_ids: Sequence[str]) -> list[bool]:
        """For each delivery of a source whether it stands, compacted ones among them."""
        with self._reader() as reader:
            execute, digest = reader.connection.execute, reader.keys.delivery
            select = "SELECT 1 FROM deliveries WHERE delivery = ?"
            return [execute(select, (digest(source, event_id),)).get is not None for event_id in event_ids]

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

    def has_entity(self, entity: str) -> bool:
        """Whether any subject of an entity has been written of, and is not erased."""
        with self._reader() as reader:
            return reader.keys.has_entity(entity)

    def positions(self) -> dict[str, int]:
        """The position of every consumer."""
        with self._reader() as reader:
            names = [name for (name,) in reader.connection.execute("SELECT consumer FROM positions ORDER BY consumer")]
            return {name: reader.position(name) for name in names}

    def offset_of(self, known: Known) -> int:
        """The last offset recorded at or before that moment."""
        with self._reader() as reader:
            return self._offset_of(reader, known)

    def _offset_of(self, reader: Reader, known: Known) -> int:
        match known:
            case None:
                return reader.head()
            case datetime():
                return reader.offset_at(_microseconds(known))
            case int():
                return min(max(known, 0), reader.head())

    def lost(self) -> Mapping[str, int]:
        """Per attribute, the offset before which compaction has made answers impossible."""
        with self._reader() as reader:
            return reader.lost()

    def timeline(self, subject: str, known: Known = None) -> Timeline:
        """One subject's facts as known. Raises HorizonPassed if some of what was known then is compacted."""
        with self._reader() as reader:
            offset = self._offset_of(reader, known)
            _refuse_before(reader, offset, None)
            return timeline.build(subject, _events_of(reader, subject, offset))

    def snapshot(
        self,
        valid_on: date,
        known: Known = None,
        *,
        attributes: Attributes = None,
        subjects: Collection[str] | None = None,
        cached: bool = False,
    ) -> Snapshot:
        """Everybody's facts as columns, as valid on the day, as known. `cached` keeps a copy as Parquet, unencrypted.

        `subjects` limits it to some; a group that one of them belongs to is then there as well, but not who else is
        in it. Snapshots that are narrowed down so, or by `Wanted`, are not cached. Raises HorizonPassed if what was
        known then of these attributes is compacted, Refused if an attribute holds values of several kinds.
        """
        with self._reader() as reader:
            offset = self._offset_of(reader, known)
            _refuse_before(reader, offset, snapshot.attributes_of(attributes))
            if not cached or subjects is not None or isinstance(attributes, Mapping):
                return snapshot.build(reader, valid_on, offset, attributes, subjects)
            return snapshot_cache.build(self.layout.cache_path, reader, valid_on, offset, attributes)

    def held(self) -> set[str]:
        """The subjects under legal hold."""
        with self._reader() as reader:
            return {reader.keys.name(number) for number in reader.held()}

    def anchor(self) -> Anchor:
        """How far the log reaches. Keep it elsewhere: `verify` with it shows whether the end was cut off."""
        with self._reader() as reader:
            return _anchor(reader)

    def stats(self) -> Stats:
        """How much there is in the log."""
        with self._reader() as reader:
            return stats.collect(reader, self.layout)

    def verify(self, anchor: Anchor | None = None) -> Verification:
        """Walk the whole chain, check every table beside it, every key, and the anchor left by the last writer."""
        with self._reader() as reader:
            found = verification.verify(reader, anchor=anchor)
            return verification.with_keys(reader, verification.with_folder(reader, self.layout, found))

    # Writing

    def append(self, drafts: Sequence[Draft], *, advance: Advance | None = None) -> list[Receipt]:
        """Record all drafts, and the advance, or nothing. Returns when they are durable (see `Log.append`)."""
        return self._require_writer().append(drafts, advance)

    def bulk_load(
        self,
        origin: Origin,
        rows: Callable[[KeyStore], Iterable[bulk.Loaded]],
    ) -> int:
        """Fill an empty log with Facts events, all or nothing; the number of them. See `population.import_tables`."""
        writer = self._require_writer()
        with writer.lock:
            if writer.tip.offset:
                raise InvalidEvent("a bulk load fills an empty log; append to this one instead")
            keys, path = writer.reader.keys, self.layout.next_path()
            start = replace(writer.tip, recorded_at_us=self._clock())
            with self._unharmed("bulk load"):
                create_events(path, keys.log_id, self._settings, indexed=False)
                connection = bulk.open_unsafe(path, self._settings)
                bulk.load(connection, start, origin, rows(keys))
                keys.commit()
                bulk.finish_file(connection, path)
            return self._put_in_place(path)

    @contextmanager
    def _unharmed(self, what: str) -> Iterator[None]:
        """Turn an error while a new events file is written into one that says that the log is as it was."""
        try:
            yield
        except BaseException as error:
            self._require_writer().reader.keys.roll_back()
            if not isinstance(error, OSError | apsw.Error | LogUnavailable):
                raise
            message = (
                f"the {what} was not done ({error}); the log is as it was: make room or see to the disk, and repeat"
            )
            raise LogUnavailable(message) from error

    def compact(
        self,
        horizons: Mapping[str, datetime],
        *,
        actor: str,
        legal_basis: str,
        tombstone_delay: timedelta = timedelta(days=30),
        on_step: OnStep = lambda _: None,
    ) -> Compacted:
        """Forget superseded change points recorded at or before their retention class's horizon (see `compaction`).

        Writers wait while it runs. `on_step` is told of each step, for showing progress.
        """
        writer = self._require_writer()
        with writer.lock:
            reader = writer.reader
            limits = _horizons(reader, horizons, tombstone_delay)
            on_step("plan")
            planned = compaction.plan(reader, limits)
            if not len(planned.dropped):
                return Compacted(0, int(reader.connection.execute("SELECT count(*) FROM events").get))
            origin = Origin("log", actor, legal_basis, LEDGER_RETENTION)

            def append(copied: Reader, digest: str) -> None:
                body = compaction.record(planned, limits, digest)
                draft = Draft("", body, origin, f"compaction-{writer.tip.offset + 1}")
                Writer(copied, self._clock, lambda: None).append_in_transaction(draft)

            with self._unharmed("compaction"):
                path = compaction.write(reader, self.layout, self._settings, planned, append, on_step)
            left = self._put_in_place(path)
            on_step("swapped")
            return Compacted(len(planned.dropped), left)

    def _put_in_place(self, path: Path) -> int:
        """Swap in a complete events file and go on with it; the number of its events."""
        writer = self._require_writer()
        self._stop_writer(keep_wal=False)
        try:
            self.layout.swap(path)
            self._start_writer()
        except BaseException as error:
            writer.stop(f"the new events file could not be put in place: {error}")
            raise writer.unavailable() from error
        self.layout.remove_strays()
        self.layout.write_anchor(_anchor(writer.reader))
        return int(writer.reader.connection.execute("SELECT count(*) FROM events").get)

    def erase(self, subject: str, *, actor: str, legal_basis: str, reason: str) -> bool:
        """Destroy the subject's key and name, for ever; False if the subject is not known.

        On return no event of it can be read, here or from a restored backup. Raises UnderHold.
        """
        for text, what in ((actor, "an actor"), (legal_basis, "a legal basis"), (reason, "a reason")):
            check_text(text, what)
        writer = self._require_writer()
        with writer.lock:
            reader = writer.reader
            number = reader.keys.find(subject)
            key = reader.keys.key(number) if number is not None else None
            if number is None or key is None:
                return False
            if number in reader.held():
                raise UnderHold("the subject is under legal hold; release the hold first")
            entry = Entry(number, fingerprint(key), actor, legal_basis, reason)
            try:
                add_to_ledger(self.layout.erasures_path, [entry])
            except OSError as error:
                message = f"nothing was erased ({error.strerror}); make room or see to the disk, and erase again"
                raise LogUnavailable(message) from error
            try:
                self._finish_erasures()
            except (OSError, apsw.Error) as error:
                message = f"the erasure is in the ledger, and not finished ({error}); make room, and erase again"
                writer.stop(message)
                raise LogUnavailable(message) from error
            return True

    def _complete_ledger(self) -> None:
        """Put erasures that the log recorded back into a ledger that has lost them."""
        reader = self._require_writer().reader
        recorded = recorded_erasures(reader.events("WHERE kind >= 32 AND kind = ? ORDER BY offset", (ERASURE,)))
        missing = set(recorded) - set(read_ledger(self.layout.erasures_path))
        if missing:
            add_to_ledger(self.layout.erasures_path, [entry for entry in recorded if entry in missing])

    def _finish_erasures(self) -> None:
        """Carry out what the ledger of erasures says and is not done yet."""
        writer = self._require_writer()
        entries = read_ledger(self.layout.erasures_path)
        with self._pool_lock:
            pooled, self._pool = self._pool, []
        for _, reader in pooled:
            reader.close()
        keys = writer.reader.keys
        destroyed = [keys.destroy(entry.number, entry.fingerprint) for entry in entries]
        if entries:
            self.layout.clear_cache()
            writer.append_about_log([entry.draft() for entry in entries])
        if any(destroyed):
            keys.scrub()
        elif entries:
            with suppress(LogUnavailable):  # pages that an earlier erasure had to leave, if no reader is in the way
                keys.scrub()

    # Closing

    def _stop_writer(self, *, keep_wal: bool) -> None:
        writer = self._writer
        if writer is None or self._stopped:
            return
        self._stopped = True
        self._checkpointer.stop(checkpoint_on_close=not keep_wal)
        with self._pool_lock:
            pooled, self._pool = self._pool, []
        for _, reader in pooled:
            reader.close()
        try:
            if not keep_wal:
                self.checkpoint()
        except apsw.Error:
            keep_wal = True  # the disk is full or failing: what was acknowledged is in the WAL
        if keep_wal:
            # Copying the WAL now could make a failed write look whole; the next opening recovers from it instead.
            writer.reader.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        writer.reader.close()

    def close(self) -> None:
        """Empty the WAL, leave an anchor, and let another writer in. Closing twice does nothing."""
        if self._closed:
            return
        if self._writer is not None:
            with self._writer.lock:
                poisoned = self._writer.failure is not None
                if not poisoned:
                    with suppress(OSError):  # without room for a new anchor the one before it goes on counting
                        self.layout.write_anchor(_anchor(self._writer.reader))
                self._stop_writer(keep_wal=poisoned)
                self._writer.stop("the log was closed")
        self._closed = True
        with self._pool_lock:
            for _, reader in self._pool:
                reader.close()
            self._pool.clear()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> SqliteLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exactly. Raises InvalidEvent for a moment without a time zone."""
    if moment.tzinfo is None:
        raise InvalidEvent("a moment needs a time zone; give `datetime.now(UTC)` or an ISO time ending in Z")
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


def _horizons(reader: Reader, moments: Mapping[str, datetime], delay: timedelta) -> Horizons:
    superseded = {name: reader.offset_at(_microseconds(moment)) for name, moment in moments.items()}
    retractions = {name: reader.offset_at(_microseconds(moment - delay)) for name, moment in moments.items()}
    return Horizons(superseded, retractions, delay // timedelta(microseconds=1))


def _anchor(reader: Reader) -> Anchor:
    tip = read_tip(reader)
    return Anchor(get_meta(reader.connection, "log_id").hex(), tip.offset, tip.link.hex())


def _start_of(reader: Reader, offset: int) -> int:
    """From where to walk the chain: the anchor's offset, or the end of the compacted run that it lies in."""
    inside = "SELECT last FROM gaps WHERE first <= ? AND last >= ?"
    return int(reader.connection.execute(inside, (offset, offset)).get or offset)
