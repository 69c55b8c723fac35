"""Whether the files under an open log are still the ones that it opened.

A process that works for long, such as a server, keeps pages of the events file in memory. If somebody puts another file
in its place, copies one over it or cuts it off, what is in memory and what is on the disk are two states, and an answer
might come from both. So before each question, and after each commit:

1. An events file keeps its name and its place on the disk (device and inode) for ever: a compaction writes the next one
   under another name. Another file under the same name was put there by hand.
2. It never becomes shorter.
3. If its size or time of change is another than before, somebody has moved the WAL into it, or written over it. Then
   the bytes on the disk are read past what is in memory and past the WAL: they must be of the same log, and have the
   event that was last seen on the disk, with its link.

What was found is not forgotten: until the file is as it was, every question is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import stat_result
from pathlib import Path
from threading import Lock
from time import sleep
from urllib.parse import quote

import apsw

from citizens.errors import LogDamaged

_TRIES, _PAUSE_SECONDS = 5, 0.02
_REMEDY = "stop this process, put the log's own files back, and start it again: opening verifies them"


@dataclass(frozen=True, slots=True)
class _OnDisk:
    """What the file itself says, without the WAL: whose it is, and its last event with the link; empty for nothing."""

    log_id: bytes = b""
    offset: int = 0
    link: bytes = b""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The state in which a file was last found right."""

    path: Path
    place: tuple[int, int]
    size: int
    changed_at_ns: int
    held: _OnDisk


class Watch:
    """What one open log has seen of its events file. Its methods may be called by many threads."""

    def __init__(self, vfs: str | None) -> None:
        self._vfs = vfs
        self._lock = Lock()
        self._seen: _Seen | None = None

    def require_same(self, path: Path) -> None:
        """Raise LogDamaged if the events file that counts is not the one that was seen, gone on."""
        try:
            state = path.stat()
        except OSError as error:
            raise LogDamaged(f"{path} is gone ({error.strerror})", _REMEDY) from None
        with self._lock:
            seen = self._seen
            if seen is None or seen.path != path:
                held = self._held(path, seen)
            elif seen.place != _place(state):
                raise LogDamaged(f"another file was put in the place of {path}", _REMEDY)
            elif state.st_size < seen.size:
                raise LogDamaged(f"{path} was cut off: it had {seen.size:,} bytes and has {state.st_size:,}", _REMEDY)
            elif (state.st_size, state.st_mtime_ns) == (seen.size, seen.changed_at_ns):
                return
            else:
                held = self._held(path, seen)
            self._seen = _Seen(path, _place(state), state.st_size, state.st_mtime_ns, held)

    def require_in_place(self, path: Path) -> None:
        """The same, by name and length alone: for a writer, after each commit."""
        with self._lock:
            seen = self._seen
        if seen is None or seen.path != path:
            self.require_same(path)
            return
        try:
            state = path.stat()
        except OSError as error:
            raise LogDamaged(f"{path} is gone ({error.strerror})", _REMEDY) from None
        if seen.place != _place(state) or state.st_size < seen.size:
            raise LogDamaged(f"{path} was exchanged or cut off", _REMEDY)

    def _held(self, path: Path, before: _Seen | None) -> _OnDisk:
        """What the file holds. Raises LogDamaged unless it is what was seen before, gone on.

        While another process moves the WAL into it, its pages may not fit together for a moment: then look again.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                held = self._read(path, before if before is not None and before.path == path else None)
                break
            except apsw.Error as error:
                if before is None or before.path != path or not before.held.log_id:
                    return _OnDisk()  # nothing has been moved into it yet
                if not tries_left:
                    raise LogDamaged(f"{path} was written over ({error})", _REMEDY) from None
            sleep(_PAUSE_SECONDS)
        if before is not None and before.held.log_id and held.log_id != before.held.log_id:
            raise LogDamaged(f"{path} is now the file of another log", _REMEDY)
        return held

    def _read(self, path: Path, before: _Seen | None) -> _OnDisk:
        """Read the file without the WAL and past every cache. Raises LogDamaged if the event last seen is not there."""
        uri = f"file:{quote(str(path.absolute()))}?immutable=1"
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        connection = apsw.Connection(uri, flags=flags, vfs=self._vfs)
        try:
            log_id = connection.execute("SELECT value FROM meta WHERE name = 'log_id'").get
            last = connection.execute("SELECT offset, chain FROM events ORDER BY offset DESC LIMIT 1").fetchone()
            offset, link = last if last is not None else (0, b"")
            if before is not None and before.held.offset:
                select = "SELECT chain FROM events WHERE offset = ?"
                there = connection.execute(select, (before.held.offset,)).get
                gone = "SELECT 1 FROM gaps WHERE first <= ? AND last >= ?"
                compacted = connection.execute(gone, (before.held.offset,) * 2).get
                if there != before.held.link and not compacted:
                    told = f"the event at offset {before.held.offset:,} is not in it as it was"
                    raise LogDamaged(f"{path} was exchanged: {told}", _REMEDY)
            if not (isinstance(log_id, bytes) and isinstance(offset, int) and isinstance(link, bytes)):
                raise apsw.CorruptError("its pages do not fit together")  # as a crash may leave it, with all in the WAL
            return _OnDisk(log_id, offset, link)
        finally:
            connection.close()


def _place(state: stat_result) -> tuple[int, int]:
    return state.st_dev, state.st_ino
