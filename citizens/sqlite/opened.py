"""An embedded log that this process writes: opened, checked, appended to, and closed.

1. Opening takes the writer's lock, finds the events file that counts, replays the ledger of erasures on the keys,
   checks the anchor left by the last writer and walks the chain from there to the end.
2. Appends go through the group commit of `writer`. Reads use connections of their own, from a pool.
3. `close` empties the WAL and leaves an anchor. A poisoned log leaves both as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Self

import apsw

from citizens.errors import LogDamaged, LogUnavailable
from citizens.events import Draft
from citizens.log import Advance, Receipt
from citizens.sqlite import anchoring, verification
from citizens.sqlite.checkpointer import Checkpointer
from citizens.sqlite.connections import Settings, check_format, checkpoint, connect, get_meta, set_meta
from citizens.sqlite.durable import WriterLock, hash_file
from citizens.sqlite.erasure import (
    read_on,
)
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.layout import Anchor, Layout
from citizens.sqlite.reader import Reader, Tip, read_tip
from citizens.sqlite.readings import Readings
from citizens.sqlite.writer import Clock, Writer

FORCED_CHECKPOINT = 16


class Opened(Readings):
    """A log open for reading, or for writing too. Methods may be called by many threads."""

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
            self._finish_what_was_begun()
        except BaseException:
            self._lock.release()
            raise

    def _finish_what_was_begun(self) -> None:
        """Carry out what was under way when the last writer stopped."""

    def _start_writer(self, reached: Tip | None = None) -> None:
        path = self.layout.events_path()
        connection = connect(path, self._settings, write=True)
        check_format(connection, path)
        reader = Reader(connection, self._open_keys(connection))
        self._check(reader, reached)
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

    def _check(self, reader: Reader, reached: Tip | None) -> None:
        """Raise LogDamaged unless keys, anchor and the events since the anchor fit.

        `reached` is where events end that this process chained and wrote a moment ago; they are not walked again.
        """
        if reached is not None and read_tip(reader) == reached:
            return
        anchor = self.layout.read_anchor()
        if reader.keys.last_number and not self._as_left(anchor):
            for problem in reader.keys.check():
                raise LogDamaged(f"the key store is damaged ({problem})", "restore it from a backup")
        left, _ = read_on(self.layout.erasures_path, reader.keys.replayed)
        if left:
            reader.keys.destroy_many((entry.number, entry.fingerprint) for entry in left)
        if anchor is not None:
            anchoring.check_anchor(reader, anchor)
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
        """Runs in the writer after each commit, before anybody is told of it: what was written must be where the next
        opening looks for it. Calls for a checkpoint or, far behind, makes one."""
        self._files.require_in_place(self._events_path())
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

    def append(self, drafts: Sequence[Draft], *, advance: Advance | None = None) -> list[Receipt]:
        """Record all drafts, and the advance, or nothing. Returns when they are durable (see `Log.append`)."""
        if not self._promoting:
            self.layout.require_own()  # it may have become a copy while it was open
        return self._require_writer().append(drafts, advance)

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
                writer.reader.keys.checkpoint()  # else who opens next must look through the whole key store
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
                anchor = None if poisoned else anchoring.anchor_of(self._writer.reader)
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
