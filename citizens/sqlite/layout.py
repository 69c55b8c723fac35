"""The folder that a log is: which file is which, and how a new events file takes the old one's place.

    current             names the events file that counts
    events-000001.db    the events; compaction and bulk load write the next one beside it
    keys.db             subjects' names and keys
    erasures.log        the ledger of erasures
    anchor              how far the log reached, and its link there, when it was last at rest
    lock                held by the writer
    cache/              snapshots as Parquet; may be deleted

A new events file counts from the moment when `current` has been replaced. A crash before leaves a stray file, which the
next writer removes; a crash after leaves the old file, which it removes too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from citizens.errors import AnchorMismatch, LogDamaged
from citizens.sqlite.connections import EVENTS_INDEXES, EVENTS_TABLES, FORMAT, SHIPPED, Settings, connect
from citizens.sqlite.durable import replace_file, sync_folder

_EVENTS = re.compile(r"events-(\d{6})\.db")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Event `offset` of the log has the link `chain`. Kept apart from the log, it shows that a tail was cut off."""

    log_id: str
    offset: int
    chain: str

    def to_json(self) -> str:
        """The anchor as one line of JSON."""
        return json.dumps({"log_id": self.log_id, "offset": self.offset, "chain": self.chain})

    @staticmethod
    def from_json(text: str) -> Anchor:
        """The anchor that `to_json` wrote. Raises AnchorMismatch if the text is none."""
        try:
            fields = json.loads(text)
            return Anchor(str(fields["log_id"]), int(fields["offset"]), str(fields["chain"]))
        except (ValueError, KeyError, TypeError):
            raise AnchorMismatch(
                "the anchor is unreadable; verify the whole log, then delete the anchor file"
            ) from None


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one log. `keys_path` may lie in another place than the folder."""

    folder: Path
    keys_path: Path

    @property
    def erasures_path(self) -> Path:
        """The ledger of erasures."""
        return self.folder / "erasures.log"

    @property
    def cache_path(self) -> Path:
        """The folder of cached snapshots."""
        return self.folder / "cache"

    def events_path(self) -> Path:
        """The events file that counts. Raises LogDamaged if there is none."""
        try:
            name = (self.folder / "current").read_text(errors="replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            raise LogDamaged(f"{self.folder} holds no log: the file `current` is missing; check the path") from None
        if not _EVENTS.fullmatch(name) or not (self.folder / name).exists():
            message = f"{self.folder}/current names no events file; write the newest one's name into it, then verify"
            raise LogDamaged(message)
        return self.folder / name

    def next_path(self) -> Path:
        """Where the next events file is written. What an attempt that failed left there is removed."""
        match = _EVENTS.fullmatch(self.events_path().name)
        assert match is not None
        path = self.folder / f"events-{int(match[1]) + 1:06}.db"
        for stray in self.folder.glob(path.name + "*"):
            stray.unlink()
        return path

    def swap(self, path: Path) -> None:
        """Make `path`, complete and synced, the events file that counts."""
        sync_folder(self.folder)
        replace_file(self.folder / "current", path.name.encode() + b"\n")

    def remove_strays(self) -> None:
        """Delete events files that do not count, with what SQLite put beside them."""
        current = self.events_path().name
        for path in self.folder.glob("events-*.db*"):
            if not path.name.startswith(current):
                path.unlink()

    def read_anchor(self) -> Anchor | None:
        """The anchor left by the last writer, or None."""
        try:
            return Anchor.from_json((self.folder / "anchor").read_text(errors="replace"))
        except FileNotFoundError:
            return None

    def write_anchor(self, anchor: Anchor) -> None:
        """Leave an anchor."""
        replace_file(self.folder / "anchor", anchor.to_json().encode() + b"\n")

    def clear_cache(self) -> None:
        """Delete cached snapshots."""
        shutil.rmtree(self.cache_path, ignore_errors=True)

    def create(self, settings: Settings) -> None:
        """Make a new log, unless there is one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / "current").exists():
            return
        if any(self.folder.glob("events-*.db")) and not self._unused(settings):
            message = (
                f"{self.folder} has events but no file `current`; restore again, or write the newest one's name into it"
            )
            raise LogDamaged(message)
        for path in self.folder.glob("events-*.db*"):
            path.unlink()
        path = self.folder / "events-000001.db"
        create_events(path, os.urandom(16), settings, indexed=True)
        self.swap(path)

    def _unused(self, settings: Settings) -> bool:
        """Whether the events file without `current` is what a crash during creation left: no events in it."""
        connection = connect(self.folder / "events-000001.db", settings, write=True)
        try:
            tables = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'events'").get
            return not tables or not connection.execute("SELECT count(*) FROM events").get
        finally:
            connection.close()


def create_events(path: Path, log_id: bytes, settings: Settings = SHIPPED, *, indexed: bool) -> None:
    """An empty events file, durable. Indexes may be left to be built after a load."""
    connection = connect(path, settings, write=True)
    with connection:
        connection.execute(EVENTS_TABLES + (EVENTS_INDEXES if indexed else ""))
        rows = [("log_id", log_id), ("format", FORMAT.to_bytes(4, "big"))]
        connection.executemany("INSERT INTO meta VALUES(?, ?)", rows)
    connection.close()
