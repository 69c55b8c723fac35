"""The files that a batch run writes: parts that survive a kill, and the output, which appears whole or not at all.

1. Everything that is not the output stands in one hidden folder beside it, which says that it is ours. One that does
   not say so is somebody else's, and is left alone. Whoever works in it holds its lock: a second run to the same output
   is told so.
2. A part is an Arrow file: written to a new name, synced, renamed. Its metadata hold what was found wrong in it, so
   that a run that takes it up reports that too.
3. A manifest says what the parts were made from. Parts of another manifest are thrown away.
4. The output is encoded by a thread of its own, a row group for each part, while the next part is computed; in the
   folder, synced and renamed at the end.
"""

from __future__ import annotations

import fcntl
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from api.failures import Failure

pq: Any = pyarrow.parquet
_REPORT = b"rulewright"
_MARK = "made-by-rulewright"
_WAITING = 2  # parts that may wait to be encoded


class Parts:
    """The folder of one job's parts, as a context: leaving it removes the folder, unless by an exception.

    Raises Failure if another run holds it, or if it is not ours.
    """

    def __init__(self, output: Path, manifest: str) -> None:
        self.folder = output.with_name(f".{output.name}.rulewright")
        self._manifest = manifest
        self._lock = -1

    def __enter__(self) -> Parts:
        mark = self.folder / _MARK
        try:
            self.folder.mkdir(mode=0o700)
            mark.touch()
        except FileExistsError:
            self._check_ours(mark)
        self._lock = os.open(mark, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise Failure("another run is writing this output", "wait until it is done, or name another file") from None
        self._clear()
        return self

    def _check_ours(self, mark: Path) -> None:
        if self.folder.is_symlink() or not self.folder.is_dir() or not mark.is_file() or mark.is_symlink():
            raise Failure(f"`{self.folder}` is in the way, and is not ours", "move it, or name another output")

    def _clear(self) -> None:
        """Keep the parts of the same job, and nothing else."""
        kept = self.folder / "manifest.json"
        same = _same(kept, self._manifest)
        for stray in self.folder.iterdir():
            if stray.name != _MARK and (not same or stray.suffix == ".new"):
                stray.unlink()
        if not same:
            write_whole(kept, lambda path: path.write_text(self._manifest, encoding="utf-8"))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or not any(self.folder.glob("part-*.arrow")):  # nothing that a next run could take up
            rmtree(self.folder)
        os.close(self._lock)

    def read(self, number: int) -> tuple[pa.Table, bytes] | None:
        """A part of an earlier run with its report; None if it is not there whole."""
        path = self._path(number)
        if not path.exists():
            return None
        try:
            with pa.OSFile(str(path), "rb") as stream, pa.ipc.open_file(stream) as file:
                table = file.read_all()
        except (pa.ArrowInvalid, OSError):
            return None
        report = (table.schema.metadata or {}).get(_REPORT)
        return None if report is None else (table.replace_schema_metadata(None), report)

    def keep(self, number: int, table: pa.Table, report: bytes) -> None:
        """Write a part with its report."""
        marked = table.replace_schema_metadata({_REPORT: report})
        options = pa.ipc.IpcWriteOptions(compression="lz4")

        def write(path: Path) -> None:
            with pa.OSFile(str(path), "wb") as stream, pa.ipc.new_file(stream, marked.schema, options=options) as file:
                file.write_table(marked)

        write_whole(self._path(number), write)

    def _path(self, number: int) -> Path:
        return self.folder / f"part-{number:06d}.arrow"


def _same(path: Path, manifest: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == manifest
    except (OSError, UnicodeDecodeError):
        return False


class Output:
    """The Parquet file to be. Use it as a context: leaving it by an exception leaves no output."""

    def __init__(self, path: Path, folder: Path) -> None:
        """`folder` is where it grows, on the same disk."""
        if path.suffix == ".csv":
            raise Failure("the output is Parquet", "name it `….parquet`")
        self.path = path
        self._new = folder / "output.new"
        self._writer: Any = None
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Output:
        return self

    def add(self, table: pa.Table) -> None:
        """Let a table be encoded. Waits if too many are waiting; raises what went wrong with earlier ones."""
        while len(self._waiting) >= _WAITING or (self._waiting and self._waiting[0].done()):
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._encode, table))

    def _encode(self, table: pa.Table) -> None:
        if self._writer is None:
            self._writer = _writer(self._new, table.schema)
        self._writer.write_table(table)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        whole = False
        try:
            while self._waiting and kind is None:
                self._waiting.popleft().result()
            whole = kind is None
        finally:
            self._thread.shutdown(cancel_futures=True)
            if self._writer is not None:
                self._writer.close()
            if whole and self._writer is not None:
                _appear(self._new, self.path)
            self._new.unlink(missing_ok=True)


def _writer(path: Path, schema: pa.Schema) -> Any:
    """Numbers as plain integers (few values repeat so often that looking for them pays), words by dictionary."""
    words = [field.name for field in schema if pa.types.is_dictionary(field.type) or field.name == "problem"]
    return pq.ParquetWriter(path, schema, use_dictionary=words, store_decimal_as_integer=True, store_schema=False)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that it is there whole or not at all, also after a loss of power."""
    new = path.with_name(path.name + ".new")
    write(new)
    _appear(new, path)


def _appear(new: Path, path: Path) -> None:
    _sync(new)
    os.replace(new, path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
