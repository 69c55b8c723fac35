"""The embedded log: a folder of SQLite files that one process writes and many may read.

1. `open_log` takes the writer's lock, finds the events file that counts, replays the ledger of erasures on the keys,
   checks the anchor left by the last writer and walks the chain from there to the end.
2. Appends go through the group commit of `sqlite_writer`. Reads use connections of their own, from a pool.
3. Compaction, bulk load and erasure take the writer's lock; the first two put a new events file in place.
4. `close` empties the WAL and leaves an anchor. A poisoned log leaves both as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import apsw

from citizens.codec import ERASURE
from citizens.errors import InvalidEvent, LogDamaged, LogUnavailable, UnderHold
from citizens.events import Draft, Origin, Promotion, TimeCorrection, check_text
from citizens.log import Advance, Receipt
from citizens.sqlite import bulk, compaction, verification
from citizens.sqlite.checkpointer import Checkpointer
from citizens.sqlite.compaction import Compacted, Horizons, OnStep
from citizens.sqlite.connections import SHIPPED, Settings, check_format, checkpoint, connect, get_meta, set_meta
from citizens.sqlite.durable import WriterLock, hash_file, sync_folder
from citizens.sqlite.erasure import (
    LEDGER_RETENTION,
    LEDGER_SOURCE,
    Certificate,
    Entry,
    add_to_ledger,
    count_lines,
    is_held,
    read_ledger,
    read_on,
    recorded_erasures,
    with_records,
)
from citizens.sqlite.keys import KeyStore, fingerprint
from citizens.sqlite.layout import Anchor, Layout, create_events
from citizens.sqlite.reader import Reader, epoch_of, read_tip
from citizens.sqlite.readings import Readings, microseconds
from citizens.sqlite.writer import Clock, Writer, system_clock

FORCED_CHECKPOINT = 16


def open_log(
    folder: Path | str,
    *,
    write: bool = True,
    keys: Path | str | None = None,
    settings: Settings = SHIPPED,
    clock: Clock = system_clock,
    kek: bytes | None = None,
) -> SqliteLog:
    """Open the log in `folder`; with `write`, create it if there is none, and keep other writers out.

    `keys` is the key store's path if it is not in the folder, `kek` the key-encryption key that it is wrapped under, if
    it is. Raises Refused for a log of another format, for a key store that others may read or that `kek` does not open;
    LogLocked, LogDamaged (AnchorMismatch if the log's end is missing) or LogUnavailable.
    """
    path = Path(folder)
    layout = Layout(path, Path(keys) if keys is not None else path / "keys.db")
    try:
        return SqliteLog(layout, settings, clock, write=write, kek=kek)
    except OSError as error:
        message = f"{folder} cannot be opened as a log ({error.strerror})"
        raise LogUnavailable(message, "check the path, its rights, the disk's room") from None
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.BusyError) as error:
        message = f"{folder} cannot be opened as a log ({error})"
        raise LogUnavailable(message, "make room on the disk, or see to it and its rights") from error
    except apsw.Error as error:
        raise LogDamaged(f"{folder} is not a readable log ({error})", "restore it from a backup") from error


class SqliteLog(Readings):
    """An open log. Methods may be called by many threads. Satisfies `History`, and does what only a whole store can."""

    def __init__(
        self,
        layout: Layout,
        settings: Settings,
        clock: Clock,
        *,
        write: bool,
        kek: bytes | None = None,
        promoting: bool = False,
    ) -> None:
        """`promoting` opens for writing what is a copy of another log, which is refused otherwise."""
        super().__init__(layout, settings, kek)
        self._promoting = promoting
        self._clock = clock
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
            if not self._promoting:
                self.layout.require_own()
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
        check_format(connection, path)
        reader = Reader(connection, self._open_keys(connection))
        self._check(reader)
        if self._writer is None:
            self._writer = self._made_writer(reader)
        else:
            self._writer.bind(reader)
        self._stopped = False
        self._wal_pages = 0
        connection.set_wal_hook(self._wal_grew)
        paths = (path, self.layout.keys_path)
        self._checkpointer = Checkpointer(paths, self._settings, self._writer.stop)

    def _made_writer(self, reader: Reader) -> Writer:
        return Writer(reader, self._clock, self._after_commit)

    def _open_keys(self, connection: apsw.Connection) -> KeyStore:
        """The log's key store. Made new only for a log that never had one: new keys would give out numbers again."""
        path, log_id = self.layout.keys_path, get_meta(connection, "log_id")
        identity = connection.execute("SELECT value FROM meta WHERE name = 'keys'").get
        events = connection.execute("SELECT coalesce(max(offset), 0) FROM events").get
        made_for = None if identity or events else log_id
        keys = KeyStore(path, self._settings, write=True, log_id=made_for, kek=self._kek)
        try:
            if keys.log_id != log_id:
                raise LogDamaged("the key store belongs to another log", "give this log's own")
            if identity is None:
                with connection:
                    set_meta(connection, "keys", keys.identity)
                    set_meta(connection, "last_number", keys.last_number.to_bytes(8, "big"))
            check_keys(connection, keys)
        except BaseException:
            keys.close()
            raise
        return keys

    def _check(self, reader: Reader) -> None:
        """Raise LogDamaged unless keys, anchor and the events since the anchor fit."""
        anchor = self.layout.read_anchor()
        if reader.keys.last_number and not self._as_left(anchor):
            for problem in reader.keys.check():
                raise LogDamaged(f"the key store is damaged ({problem})", "restore it from a backup")
        left, _ = read_on(self.layout.erasures_path, reader.keys.replayed)
        if left:
            reader.keys.destroy_many((entry.number, entry.fingerprint) for entry in left)
        if anchor is not None:
            verification.check_anchor(reader, anchor)
        after = anchor.offset if anchor is not None else 0
        verification.verify(reader, after=_start_of(reader, after), deep=False).require()

    def _as_left(self, anchor: Anchor | None) -> bool:
        """Whether the key store's file is as the last writer left it, to the bit."""
        left = self.layout.keys_path.with_name(self.layout.keys_path.name + "-wal")
        if anchor is None or not anchor.store or (left.exists() and left.stat().st_size):
            return False
        return hash_file(self.layout.keys_path) == anchor.store

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

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more can be written until the log is opened again."""
        return self._writer is None or self._closed or self._writer.failure is not None

    def _require_writer(self) -> Writer:
        if self._writer is None or self._closed:
            raise LogUnavailable("this log is closed, or open for reading only", "open it for writing")
        if self._writer.failure is not None:
            raise self._writer.unavailable()
        return self._writer

    # Writing

    def append(self, drafts: Sequence[Draft], *, advance: Advance | None = None) -> list[Receipt]:
        """Record all drafts, and the advance, or nothing. Returns when they are durable (see `Log.append`)."""
        if not self._promoting:
            self.layout.require_own()  # it may have become a copy while it was open
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
                raise InvalidEvent("a bulk load fills an empty log", "append to this one instead")
            keys, path = writer.reader.keys, self.layout.next_path()
            start = replace(writer.tip, recorded_at_us=self._clock())
            with self._unharmed("bulk load"):
                create_events(path, keys.log_id, self._settings, indexed=False, meta={"keys": keys.identity})
                connection = bulk.open_unsafe(path, self._settings)
                bulk.load(connection, start, origin, rows(keys))
                set_meta(connection, "last_number", keys.last_number.to_bytes(8, "big"))
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
            message = f"the {what} was not done ({error}), and the log is as it was"
            raise LogUnavailable(message, "make room or see to the disk, and repeat") from error

    def compact(
        self,
        horizons: Mapping[str, datetime],
        *,
        actor: str,
        legal_basis: str,
        tombstone_delay: timedelta = timedelta(days=30),
        despite: Collection[str] = (),
        on_step: OnStep = lambda _: None,
    ) -> Compacted:
        """Forget superseded change points recorded at or before their retention class's horizon (see `compaction`).

        Writers wait while it runs. `on_step` is told of each step, for showing progress. Raises PositionBehind if a run
        that is not finished still needs what was known before a horizon; `despite` names consumers that are given up.
        """
        writer = self._require_writer()
        with writer.lock:
            reader = writer.reader
            limits = compaction.spare_consumers(reader, horizons_of(reader, horizons, tombstone_delay), despite)
            on_step("plan")
            planned = compaction.plan(reader, limits)
            if not len(planned.dropped):
                return Compacted(0, int(reader.connection.execute("SELECT count(*) FROM events").get))
            origin = Origin("log", actor, legal_basis, LEDGER_RETENTION)

            def append(copied: Reader, digest: str) -> None:
                body = compaction.record(planned, limits, digest)
                draft = Draft("", body, origin, f"compaction-{writer.tip.offset + 1}")
                Writer(copied, self._clock, lambda: None).write_about_log(draft)

            with self._unharmed("compaction"):
                path = compaction.write(reader, self.layout, self._settings, planned, append, on_step)
            left = self._put_in_place(path)
            on_step("swapped")
            return Compacted(len(planned.dropped), left)

    def _put_in_place(self, path: Path) -> int:
        """Swap in a complete events file and go on with it; the number of its events."""
        writer = self._require_writer()
        self._stop_writer(keep_wal=False)
        self._empty_pool()
        try:
            self.layout.swap(path)
            self._start_writer()
        except BaseException as error:
            writer.stop(f"the new events file could not be put in place: {error}")
            raise writer.unavailable() from error
        self.layout.remove_strays()
        self.layout.write_anchor(verification.anchor_of(writer.reader))
        return int(writer.reader.connection.execute("SELECT count(*) FROM events").get)

    def erase(self, subject: str, *, actor: str, legal_basis: str, reason: str) -> Certificate:
        """Destroy the key and the name of a subject and of the records it owns, for ever (see `erase_many`)."""
        return self.erase_many([subject], actor=actor, legal_basis=legal_basis, reason=reason)

    def erase_many(self, subjects: Iterable[str], *, actor: str, legal_basis: str, reason: str) -> Certificate:
        """Destroy the keys and the names of subjects and of the records they own, all or none, for ever.

        On return no event of them can be read, here or from a restored backup; the amounts of their postings stay in
        the books under their numbers. Subjects that are not known are passed over. Raises UnderHold.
        """
        for text, what in ((actor, "an actor"), (legal_basis, "a legal basis"), (reason, "a reason")):
            check_text(text, what)
        writer = self._require_writer()
        with writer.lock:
            reader = writer.reader
            numbers = with_records(reader, filter(None, map(reader.keys.find, dict.fromkeys(subjects))))
            if not numbers:
                return Certificate((), reader.head())
            for number in numbers:
                if is_held(reader, number):
                    raise UnderHold("the subject is under legal hold, or its owner is", "release the hold first")
            keys = {number: reader.keys.key(number) for number in numbers}
            entries = [
                Entry(number, fingerprint(key), actor, legal_basis, reason)
                for number, key in keys.items()
                if key is not None
            ]
            self._carry_out(entries)
            return Certificate(tuple(entries), writer.tip.offset)

    def _carry_out(self, entries: Sequence[Entry]) -> None:
        """Put erasures into the ledger, and finish them."""
        try:
            add_to_ledger(self.layout.erasures_path, entries)
        except OSError as error:
            message = f"nothing was erased ({error.strerror})"
            raise LogUnavailable(message, "make room or see to the disk, and erase again") from error
        try:
            self._finish_erasures()
        except (OSError, apsw.Error) as error:
            message = f"the erasure is in the ledger, and not finished ({error})"
            self._require_writer().stop(message)
            raise LogUnavailable(message, "see to the disk, and erase again") from error

    def correct_time(self, *, actor: str, legal_basis: str, reason: str) -> int:
        """Vouch for the clock: record that what came before was recorded no later than now; the record's offset.

        From here on events are recorded at the clock's time, though the log had run ahead of it, or though the clock is
        far ahead of the last event.
        """
        writer = self._require_writer()
        origin = Origin("log", actor, legal_basis, LEDGER_RETENTION)
        check_text(reason, "a reason")
        with writer.lock:
            draft = Draft("", TimeCorrection(reason), origin, f"time-{writer.tip.offset + 1}")
            writer.append_about_log([draft], vouched=True)
            writer.reader.refresh()
            return writer.tip.offset

    def promote(self, *, actor: str, legal_basis: str, reason: str) -> int:
        """Record that this copy is the log that is written from now on; which life of the log that begins.

        For a log opened as `promoting`. What the log that it was a copy of records later is a fork.
        """
        writer = self._require_writer()
        check_text(reason, "a reason")
        with writer.lock:
            epoch = epoch_of(writer.reader) + 1
            origin = Origin("log", actor, legal_basis, LEDGER_RETENTION)
            writer.append_about_log([Draft("", Promotion(epoch, reason), origin, f"promotion-{epoch}")])
            self.layout.follows_path.unlink(missing_ok=True)
            sync_folder(self.layout.folder)
            return epoch

    def ahead_us(self) -> int:
        """By how many microseconds the last event's time is ahead of the clock; 0 if it is not."""
        with self._reader() as reader:
            return max(read_tip(reader).recorded_at_us - self._clock(), 0)

    def rewrap_keys(self, kek: bytes | None) -> None:
        """Wrap the key store's own key under another key-encryption key, or under none."""
        writer = self._require_writer()
        with writer.lock:
            writer.reader.keys.rewrap(kek)
            self._kek = kek
            self._empty_pool()

    def _complete_ledger(self) -> None:
        """Put erasures that the log recorded back into a ledger that has lost them."""
        reader = self._require_writer().reader
        count = "SELECT count(*) FROM events WHERE kind >= 32 AND kind = ?"
        if reader.connection.execute(count, (ERASURE,)).get <= count_lines(self.layout.erasures_path):
            return
        recorded = recorded_erasures(reader.events("WHERE kind >= 32 AND kind = ? ORDER BY offset", (ERASURE,)))
        missing = set(recorded) - set(read_ledger(self.layout.erasures_path))
        if missing:
            add_to_ledger(self.layout.erasures_path, [entry for entry in recorded if entry in missing])

    def _finish_erasures(self) -> None:
        """Carry out what the ledger of erasures says and is not done yet."""
        writer = self._require_writer()
        entries, mark = read_on(self.layout.erasures_path, writer.reader.keys.replayed)
        if not entries:
            return
        self._empty_pool()
        keys = writer.reader.keys
        destroyed = keys.destroy_many((entry.number, entry.fingerprint) for entry in entries)
        find = writer.reader.find_own
        unrecorded = [entry.draft() for entry in entries if find(LEDGER_SOURCE, entry.event_id, 0) is None]
        if destroyed or unrecorded:
            self.layout.clear_cache()
        if unrecorded:
            writer.append_about_log(unrecorded)
        try:
            keys.scrub()
        except LogUnavailable:  # a reader is in the way, and pages with old content are left for the next opening
            if destroyed:
                raise
            return
        keys.note_replayed(mark)

    # Closing

    def _stop_writer(self, *, keep_wal: bool) -> None:
        writer = self._writer
        if writer is None or self._stopped:
            return
        self._stopped = True
        self._checkpointer.stop(checkpoint_on_close=not keep_wal)
        self._empty_pool()
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
                anchor = None if poisoned else verification.anchor_of(self._writer.reader)
                self._stop_writer(keep_wal=poisoned)
                if anchor is not None:
                    with suppress(OSError):  # without room for a new anchor the one before it goes on counting
                        self.layout.write_anchor(replace(anchor, store=hash_file(self.layout.keys_path)))
                self._writer.stop("the log was closed")
        self._closed = True
        self._empty_pool()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def horizons_of(reader: Reader, moments: Mapping[str, datetime], delay: timedelta) -> Horizons:
    """The offsets up to which each retention class forgets."""
    superseded = {name: reader.offset_at(microseconds(moment)) for name, moment in moments.items()}
    retractions = {name: reader.offset_at(microseconds(moment - delay)) for name, moment in moments.items()}
    return Horizons(superseded, retractions, delay // timedelta(microseconds=1))


def _start_of(reader: Reader, offset: int) -> int:
    """From where to walk the chain: the anchor's offset, or the end of the compacted run that it lies in."""
    inside = "SELECT last FROM gaps WHERE first <= ? AND last >= ?"
    return int(reader.connection.execute(inside, (offset, offset)).get or offset)


def check_keys(connection: apsw.Connection, keys: KeyStore) -> None:
    """Raise LogDamaged unless the key store is the events file's own, and not older than it."""
    if get_meta(connection, "keys") != keys.identity:
        raise LogDamaged("the key store is not the one that the log was written with", "give that one")
    highest = int.from_bytes(get_meta(connection, "last_number"), "big")
    if keys.last_number < highest:
        told = f"the key store is older than the log: it gave out numbers up to {keys.last_number:,}"
        raise LogDamaged(f"{told}, and the log has them up to {highest:,}", "restore the newest key store")
