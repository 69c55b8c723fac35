"""Loss of power for a whole folder: files that are created, renamed and deleted, besides what is written into them.

`power_loss.py` has the model of one file's writes. Here, besides:

1. A file is an inode; the folder maps names to inodes. Creating, renaming and deleting change the folder, and are on
   the disk only once the folder has been synced: by the program, or by SQLite when it syncs a journal that it created.
2. Power fails after any operation. Of the folder's changes since its last sync each on its own has happened or not.
3. What the program writes itself (`current`, `anchor`, `erasures.log`) counts from its fsync on, and is lost before.
"""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.citizens.power_loss import Operation, apply, left


@dataclass(frozen=True)
class Change:
    """What was done to the folder: `name` now leads to `inode` (None: it is gone); or all before is on the disk."""

    name: str = ""
    inode: str | None = None
    synced: bool = False


@dataclass
class FolderRecorder:
    """Everything that was done, in order; and which inode each name leads to now."""

    folder: Path
    log: list[Operation | Change] = field(default_factory=list)
    before: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def begin(self) -> None:
        """Take the folder's files as durable."""
        files = [path for path in self.folder.iterdir() if path.is_file()]
        self.before = {path.name: path.read_bytes() for path in files}
        self.names = {name: name for name in self.before}

    def inode(self, name: str) -> str:
        """The inode that a name leads to, made now if there is none."""
        if name not in self.names:
            self.made += 1
            self.change(name, f"{name} ({self.made})")
        return self.names[name]

    def change(self, name: str, inode: str | None) -> None:
        self.log.append(Change(name, inode))
        if inode is None:
            self.names.pop(name, None)
        else:
            self.names[name] = inode

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Record what Python does to the folder from now on."""
        real_fsync, real_rename, real_unlink = os.fsync, os.rename, os.unlink

        def fsync(descriptor: int) -> None:
            real_fsync(descriptor)
            path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
            if path == self.folder:
                self.log.append(Change(synced=True))
            elif path.parent == self.folder:
                inode = self.inode(path.name)
                if ".db" not in path.name:
                    self.log += [Operation("truncate", inode, 0), Operation("write", inode, 0, path.read_bytes())]
                self.log.append(Operation("sync", inode))

        def rename(source: Any, target: Any) -> None:
            real_rename(source, target)
            if Path(target).parent == self.folder:
                inode = self.inode(Path(source).name)
                self.change(Path(target).name, inode)
                self.change(Path(source).name, None)

        def unlink(path: Any) -> None:
            real_unlink(path)
            if Path(path).parent == self.folder:
                self.change(Path(path).name, None)

        for name, made in (("fsync", fsync), ("rename", rename), ("unlink", unlink)):
            patch.setattr(os, name, made)

    def image(self, moment: int, draw: random.Random, target: Path) -> None:
        """Write into `target` what could be on the disk if power failed after `moment` operations."""
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name, inode in self._folder(moment, draw).items():
            if name != "lock" and not name.endswith("-shm"):
                (target / name).write_bytes(self._content(inode, moment, draw))
                (target / name).chmod(0o600)  # as the log makes its files

    def _folder(self, moment: int, draw: random.Random) -> dict[str, str]:
        changes = [(at, event) for at, event in enumerate(self.log[:moment]) if isinstance(event, Change)]
        durable = max((at for at, change in changes if change.synced), default=-1)
        names = {name: name for name in self.before}
        for at, first in changes:
            if first.synced or (at > durable and draw.random() < 0.5):
                continue
            if first.inode is None:
                names.pop(first.name, None)
            else:
                names[first.name] = first.inode
        return names

    def _content(self, inode: str, moment: int, draw: random.Random) -> bytes:
        content: bytearray | None = bytearray(self.before.get(inode, b""))
        pending: list[Operation] = []
        for event in self.log[:moment]:
            if isinstance(event, Operation) and event.name == inode:
                pending.append(event)
                if event.kind == "sync":
                    content, pending = apply(content, pending), []
        return bytes(apply(content, list(left(pending, draw))) or b"")


class FolderFile(apsw.VFSFile):
    """A database or WAL whose operations are recorded by inode."""

    def __init__(self, recorder: FolderRecorder, name: Any, flags: list[int]) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._recorder, self._inode = recorder, ""
        if path is not None and Path(path).parent == recorder.folder:
            self._new_journal = Path(path).name not in recorder.names and ".db-" in Path(path).name
            self._inode = recorder.inode(Path(path).name)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        if self._inode:
            self._recorder.log.append(Operation("write", self._inode, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        if self._inode:
            self._recorder.log.append(Operation("truncate", self._inode, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        if self._inode:
            self._recorder.log.append(Operation("sync", self._inode))
            if self._new_journal:
                self._recorder.log.append(Change(synced=True))
                self._new_journal = False


class FolderVFS(apsw.VFS):
    """The default VFS, recorded."""

    def __init__(self, name: str, recorder: FolderRecorder) -> None:
        super().__init__(name, "")
        self._recorder = recorder

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return FolderFile(self._recorder, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._recorder.change(Path(filename).name, None)
        if syncdir:
            self._recorder.log.append(Change(synced=True))
