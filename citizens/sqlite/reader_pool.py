"""A pool of readers of the embedded log.

A reader opens the events file that counts now and the key store, both for reading only. So questions are answered while
another process writes, and after a compaction has put another file in place.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import apsw

from citizens.errors import LogDamaged, LogUnavailable
from citizens.sqlite.connections import Settings, check_format, connect
from citizens.sqlite.erasure import not_carried_out
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.layout import Layout
from citizens.sqlite.reader import Reader
from citizens.sqlite.watch import Watch

POOLED_READERS = 4


class ReaderPool:
    """The files of an open log, and readers of them. Methods may be called by many threads."""

    def __init__(self, layout: Layout, settings: Settings, kek: bytes | None = None) -> None:
        self.layout = layout
        self._settings = settings
        self._kek = kek
        self._pool: list[tuple[object, Reader]] = []
        self._pool_lock = threading.Lock()
        self._files = Watch(settings.vfs)
        self._current, self._restoring = str(layout.folder / "current"), str(layout.restoring_path)
        self._named: tuple[tuple[int, int, int], Path] | None = None
        self._closed = False

    @property
    def kek(self) -> bytes | None:
        """What the log's key store is wrapped under; None for nothing."""
        return self._kek

    def reader(self) -> AbstractContextManager[Reader]:
        """A reader of the files that count now, for work that no other method does."""
        return self._reader()

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        """A reader from the pool, on the events file and the key store that count now."""
        if self._closed:
            raise LogUnavailable("this log is closed", "open it again")
        path = self._events_path()
        try:
            self._files.require_same(path)
        except LogDamaged:
            self._empty_pool()
            raise
        files = (path, _inode(path), _inode(self.layout.keys_path))
        reader = self._from_pool(files) or self._opened(path)
        reader.refresh()
        try:
            yield reader
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise LogDamaged(f"{path} is not as it was written ({error})", "verify it, and restore a backup") from error
        except apsw.Error as error:
            raise LogUnavailable(f"{path} cannot be read ({error})", "check the disk and its rights") from error
        finally:
            with self._pool_lock:
                keep = not self._closed and len(self._pool) < POOLED_READERS
                if keep:
                    self._pool.append((files, reader))
            if not keep:
                reader.close()

    def _events_path(self) -> Path:
        """The events file that counts. What names it is read again only when it was replaced: this is asked before
        every question."""
        try:
            state = os.stat(self._current)
        except OSError:
            return self.layout.events_path()
        names = (state.st_ino, state.st_mtime_ns, state.st_size)
        named = self._named
        if named is None or named[0] != names or os.path.exists(self._restoring):
            named = self._named = names, self.layout.events_path()
        return named[1]

    def _opened(self, path: Path) -> Reader:
        events = connect(path, self._settings, write=False)
        try:
            check_format(events, path)
            reader = Reader(events, KeyStore(self.layout.keys_path, self._settings, write=False, kek=self._kek))
            undone = not_carried_out(reader, self.layout.erasures_path)
            reader.keys.take_as_destroyed((entry.number, entry.fingerprint) for entry in undone)
            return reader
        except BaseException:
            events.close()
            raise

    def _from_pool(self, files: object) -> Reader | None:
        """A pooled reader of those files. Readers of files that were replaced are closed."""
        with self._pool_lock:
            stale = [reader for of, reader in self._pool if of != files]
            self._pool = [pooled for pooled in self._pool if pooled[0] == files]
            idle_reader = self._pool.pop()[1] if self._pool else None
        for reader in stale:
            reader.close()
        return idle_reader

    def _empty_pool(self) -> None:
        """Close the readers that wait for questions."""
        with self._pool_lock:
            pooled, self._pool = self._pool, []
        for _, reader in pooled:
            reader.close()


def _inode(path: Path) -> int:
    """Which file lies at a path now; 0 if none does."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0
