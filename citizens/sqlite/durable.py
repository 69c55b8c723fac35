"""Files that survive a crash, and the lock that keeps a second writer out.

A file that names the current state is replaced in four steps: write beside, fsync, rename over, fsync the folder. A
reader therefore sees the old content or the new, never a part.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
from pathlib import Path

from citizens.errors import LogLocked, Refused


def sync_folder(folder: Path) -> None:
    """Make the folder's entries (creations, renames, removals) durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the file's content durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` at `path`, durably and all at once."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    sync_folder(path.parent)


def require_private(path: Path, *, create: bool) -> None:
    """Raise Refused if others than its owner may read or write a file with keys. `create` makes it if it is not there.

    A file that is not there and not to be made is passed over: who opens it will say so.
    """
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.close(descriptor)
    try:
        state = path.stat()
    except FileNotFoundError:
        return
    if state.st_mode & 0o077:
        mode = stat.S_IMODE(state.st_mode)
        raise Refused(f"{path} holds keys, and others may use it (mode {mode:04o})", f"run `chmod 600 {path}`")


def hash_file(path: Path) -> str:
    """SHA-256 of the file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_private(source: Path, target: Path) -> None:
    """Copy a file so that its owner alone may use the copy, durably."""
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with source.open("rb") as reading, os.fdopen(descriptor, "wb") as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)
        writing.flush()
        os.fsync(writing.fileno())


class WriterLock:
    """An exclusive lock on a file, held while this process writes the log. The kernel lets go of it at death."""

    def __init__(self, path: Path) -> None:
        """Take the lock, or raise LogLocked at once."""
        self._file = path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise LogLocked(
                f"{path.parent} is being written by process {holder}", "close it there, or read only"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let another writer in."""
        self._file.close()
