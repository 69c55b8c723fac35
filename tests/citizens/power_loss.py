"""A disk that loses power: an APSW VFS that records what SQLite writes and syncs, and images of what could be left.

1. Every write, truncation, deletion and sync of a run goes through to the real files and into one list, in order.
2. Power fails after any operation. What was synced before is on the disk. Of what was not, each write on its own is
   there, is not there, or is there in part: some of its 512-byte sectors. Nothing orders unsynced writes.
3. From a seed, an image of the folder is made as it could be found afterwards.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512


@dataclass(frozen=True)
class Operation:
    """What was done to a file: write `data` at `at`; truncate to `at` bytes; delete; sync."""

    kind: str
    name: str
    at: int = 0
    data: bytes = b""


@dataclass
class Recorder:
    """The list of operations, and the folder as it was before the first."""

    folder: Path
    operations: list[Operation] = field(default_factory=list)
    before: dict[str, bytes] = field(default_factory=dict)

    def begin(self) -> None:
        """Take the folder's files as durable."""
        self.operations.clear()
        self.before = {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}

    def image(self, moment: int, draw: random.Random, target: Path) -> None:
        """Write into `target` what could be on the disk if power failed after `moment` operations."""
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        names = {operation.name for operation in self.operations} | set(self.before)
        for name in sorted(names):
            if name == "lock" or name.endswith("-shm"):
                continue
            content = self._after(name, moment, draw)
            if content is not None:
                (target / name).write_bytes(content)
                (target / name).chmod(0o600)  # as the log makes its files

    def _after(self, name: str, moment: int, draw: random.Random) -> bytes | None:
        start = self.before.get(name)
        content = None if start is None else bytearray(start)
        pending: list[Operation] = []
        for operation in self.operations[:moment]:
            if operation.name != name:
                continue
            pending.append(operation)
            if operation.kind in ("sync", "delete"):
                content = apply(content, pending)
                pending = []
        content = apply(content, list(left(pending, draw)))
        return None if content is None else bytes(content)


def left(pending: list[Operation], draw: random.Random) -> Iterator[Operation]:
    """What of the unsynced operations reached the disk."""
    for operation in pending:
        fate = draw.random()
        if fate < 0.45:
            yield operation
        elif fate < 0.7 and operation.kind == "write":
            for start in range(0, len(operation.data), SECTOR):
                if draw.random() < 0.5:
                    part = operation.data[start : start + SECTOR]
                    yield Operation("write", operation.name, operation.at + start, part)


def apply(content: bytearray | None, operations: list[Operation]) -> bytearray | None:
    """A file's content after operations; None if it is deleted."""
    for operation in operations:
        if operation.kind == "delete":
            content = None
            continue
        content = bytearray() if content is None else content
        if operation.kind == "write":
            end = operation.at + len(operation.data)
            content.extend(bytes(max(0, end - len(content))))
            content[operation.at : end] = operation.data
        elif operation.kind == "truncate":
            del content[operation.at :]
            content.extend(bytes(operation.at - len(content)))
    return content


class RecordingFile(apsw.VFSFile):
    """A file whose operations are recorded. Databases and WALs only; others are scratch."""

    def __init__(self, recorder: Recorder, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path or "scratch").name
        self._recorder = recorder

    def _record(self, operation: Operation) -> None:
        if ".db" in self._name:
            self._recorder.operations.append(operation)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._record(Operation("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._record(Operation("truncate", self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._record(Operation("sync", self._name))


class RecordingVFS(apsw.VFS):
    """The default VFS, recorded."""

    def __init__(self, name: str, recorder: Recorder) -> None:
        super().__init__(name, "")
        self._recorder = recorder

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return RecordingFile(self._recorder, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._recorder.operations.append(Operation("delete", Path(filename).name))
