"""The folder that a log is: which file is which, and how a new events file takes the old one's place.

    current             names the events file that counts
    events-000001.db    the events; compaction and bulk load write the next one beside it
    keys.db             subjects' names and keys
    erasures.log        the ledger of erasures
    anchor              how far the log reached, and its link there, when it was last at rest
    lock                held by the writer
    cache/              left by an earlier program, which kept snapshots; an erasure deletes it

A new events file counts from the moment when `current` has been replaced. A crash before leaves a stray file, which the
next writer removes; a crash after leaves the old file, which it removes too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from citizens.errors import AnchorMismatch, LogDamaged, Refused
from citizens.sqlite.connections import EVENTS_INDEXES, EVENTS_TABLES, FORMAT, SHIPPED, Settings, connect
from citizens.sqlite.durable import replace_file, sync_folder

_SNAPSHOT = re.compile(r"[0-9a-f]{32}(\.new)?")
_EVENTS = re.compile(r"events-(\d{6})\.db")
_FOLLOWS = "follows"


@dataclass(frozen=True, slots=True)
class Anchor:
    """Event `offset` of the log has the link `chain`. Kept apart from the log, it shows that a tail was cut off.

    `keys` names the key store, `numbers` is the highest subject's number; `seal` can be made by nobody without that key
    store. `store` is a hash of the key store's file: only the anchor that a log is left with has one.
    """

    log_id: str
    offset: int
    chain: str
    keys: str = ""
    numbers: int = 0
    seal: str = ""
    store: str = ""

    def vouched(self) -> bytes:
        """The text that the seal is over."""
        return json.dumps([self.log_id, self.offset, self.chain, self.keys, self.numbers]).encode()

    def to_json(self) -> str:
        """The anchor as one line of JSON."""
        return json.dumps({name: value for name, value in asdict(self).items() if value != ""})

    @staticmethod
    def from_json(text: str) -> Anchor:
        """The anchor that `to_json` wrote. Raises AnchorMismatch if the text is none."""
        try:
            fields = json.loads(text)
            texts = {name: str(fields.get(name, "")) for name in ("keys", "seal", "store")}
            numbers = int(fields.get("numbers", 0))
            return Anchor(str(fields["log_id"]), int(fields["offset"]), str(fields["chain"]), numbers=numbers, **texts)
        except (ValueError, KeyError, TypeError):
            raise AnchorMismatch(
                "the anchor is unreadable", "verify the whole log, then delete the anchor file"
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
        """Where earlier programs kept snapshots, unencrypted."""
        return self.folder / "cache"

    def events_path(self) -> Path:
        """The events file that counts. Raises LogDamaged if there is none."""
        self.require_whole()
        try:
            name = (self.folder / "current").read_text(errors="replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            raise LogDamaged(f"{self.folder} holds no log: the file `current` is missing", "check the path") from None
        if not _EVENTS.fullmatch(name) or not (self.folder / name).exists():
            message = f"{self.folder}/current names no events file"
            raise LogDamaged(message, "write the newest one's name into it, then verify")
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
        """Delete snapshots that an earlier program kept, wherever a link leads. Raises OSError if any are left."""
        path = self.cache_path
        if path.is_symlink():
            for snapshot in _snapshots(path):
                shutil.rmtree(snapshot)
            path.unlink()
        elif path.exists():
            gone = (
                self.folder / f"cache-deleted-{os.getpid()}"
            )  # out of the way at once: nobody writes into it any more
            path.rename(gone)
        for gone in self.folder.glob("cache-deleted-*"):
            shutil.rmtree(gone)

    def require_whole(self) -> None:
        """Raise LogDamaged if a restore was cut off here: what lies here is neither the old log nor the new one."""
        if self.restoring_path.exists():
            raise LogDamaged(f"a restore into {self.folder} was cut off", "restore again: `rulewright log restore`")

    @property
    def restoring_path(self) -> Path:
        """A file that is there while a restore puts files in place."""
        return self.folder / "restoring"

    @property
    def follows_path(self) -> Path:
        """A file that is there while the log is a copy of one that is written elsewhere; it says of which."""
        return self.folder / _FOLLOWS

    def require_own(self) -> None:
        """Raise Refused if the log is a copy of one that is written elsewhere: what was written here would fork it."""
        if os.path.exists(os.path.join(self.folder, _FOLLOWS)):  # asked before each append: a path is not taken apart
            whose = self.follows_path.read_text(errors="replace").strip()
            message = f"{self.folder} is a copy of {whose}, and is not written itself"
            raise Refused(message, "write that one, or make this the log: `rulewright log promote`")

    def create(self, settings: Settings) -> None:
        """Make a new log, unless there is one. Never in the place of one that has lost its files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.require_whole()
        if (self.folder / "current").exists():
            return
        unused = self._unused(settings)
        left = [name for name in ("anchor", "keys.db", "erasures.log") if (self.folder / name).exists()]
        if not unused or left:
            what = f"`{left[0]}`" if unused else "events"
            message = f"{self.folder} has {what} but no file `current`: it was a log"
            raise LogDamaged(message, "restore it, or write the newest events file's name into `current`")
        for path in self.folder.glob("events-*.db*"):
            path.unlink()
        path = self.folder / "events-000001.db"
        create_events(path, os.urandom(16), settings, indexed=True)
        self.swap(path)

    def _unused(self, settings: Settings) -> bool:
        """Whether there is no events file, or one that a crash during creation left: no events in it."""
        if not any(self.folder.glob("events-*.db")):
            return True
        connection = connect(self.folder / "events-000001.db", settings, write=True)
        try:
            tables = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'events'").get
            return not tables or not connection.execute("SELECT count(*) FROM events").get
        finally:
            connection.close()


def _snapshots(folder: Path) -> list[Path]:
    """The cached snapshots in a folder, by the form of their names."""
    return [path for path in folder.iterdir() if _SNAPSHOT.fullmatch(path.name)] if folder.is_dir() else []


def create_events(
    path: Path, log_id: bytes, settings: Settings = SHIPPED, *, indexed: bool, meta: Mapping[str, bytes] | None = None
) -> None:
    """An empty events file, durable. Indexes may be left to be built after a load. `meta` is what it keeps besides."""
    connection = connect(path, settings, write=True)
    with connection:
        connection.execute(EVENTS_TABLES + (EVENTS_INDEXES if indexed else ""))
        rows = {**(meta or {}), "log_id": log_id, "format": FORMAT.to_bytes(4, "big")}
        connection.executemany("INSERT INTO meta VALUES(?, ?)", rows.items())
    connection.close()
