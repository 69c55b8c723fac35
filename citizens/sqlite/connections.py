"""SQLite as the log uses it: connections, settings that are read back, and the schema.

Both files (events and keys) run in WAL mode with synchronous=FULL: a commit returns when its bytes are on the disk.
Checkpoints are never automatic, so none happens inside a commit; the log makes its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import apsw

from citizens.errors import LogDamaged, LogUnavailable, OtherFormat

FORMAT = 2
PAGE_BYTES = 4096
BUSY_TIMEOUT_MS = 10_000
CACHE_KIB = 65_536

EVENTS_TABLES = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE origins(number INTEGER PRIMARY KEY, source TEXT NOT NULL, actor TEXT NOT NULL,
    legal_basis TEXT NOT NULL, retention TEXT NOT NULL) STRICT;
CREATE TABLE events(offset INTEGER PRIMARY KEY, recorded_at_us INTEGER NOT NULL, kind INTEGER NOT NULL,
    subject INTEGER NOT NULL, version INTEGER NOT NULL, origin INTEGER NOT NULL, delivery BLOB NOT NULL,
    payload BLOB NOT NULL, chain BLOB NOT NULL) STRICT;
CREATE TABLE gaps(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, before BLOB NOT NULL, after BLOB NOT NULL,
    recorded_from_us INTEGER NOT NULL, recorded_to_us INTEGER NOT NULL) STRICT;
CREATE TABLE deliveries(delivery BLOB PRIMARY KEY, offset INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE uses(subject INTEGER NOT NULL, offset INTEGER NOT NULL,
    PRIMARY KEY(subject, offset)) STRICT, WITHOUT ROWID;
CREATE TABLE members(target INTEGER NOT NULL, subject INTEGER NOT NULL,
    PRIMARY KEY(target, subject)) STRICT, WITHOUT ROWID;
CREATE TABLE positions(consumer TEXT PRIMARY KEY, position INTEGER NOT NULL, needs TEXT NOT NULL,
    digest BLOB NOT NULL) STRICT;
"""

MOVES = "kind IN (4, 5)"
"""The condition for departures and arrivals; a query that has it word for word uses their index."""

MOVES_INDEX = f"CREATE INDEX IF NOT EXISTS moves ON events(offset) WHERE {MOVES};"
"""Few events are moves, and a question about everybody at a moment asks for all of them. A log of an earlier program
gets this index when somebody next leaves it or comes to it; until then they are looked for among all events."""

EVENTS_INDEXES = f"""
CREATE INDEX events_by_subject ON events(subject, offset);
CREATE INDEX control_events ON events(kind, offset) WHERE kind >= 32;
{MOVES_INDEX}
"""

KEYS_TABLES = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE subjects(number INTEGER PRIMARY KEY, entity TEXT NOT NULL, id TEXT, sealed BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX subjects_by_id ON subjects(entity, id) WHERE id IS NOT NULL;
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """How SQLite is run. The defaults are what ships; tests of durability change them to have a control.

    `vfs` is the name of a registered APSW VFS. `checkpoint_pages` is how many WAL pages (of 4,096 bytes) may wait
    before a checkpoint is called for; at 16 times that many, a commit waits for one.
    """

    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    vfs: str | None = None
    checkpoint_pages: int = 4_000


SHIPPED = Settings()
_LEVELS = {"NORMAL": 1, "FULL": 2}


def connect(path: Path, settings: Settings, *, write: bool) -> apsw.Connection:
    """A connection in WAL mode. Raises LogDamaged if the file is no database, LogUnavailable if it can't be opened."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE if write else apsw.SQLITE_OPEN_READONLY
    try:
        connection = apsw.Connection(str(path), flags=flags, vfs=settings.vfs)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        if write:
            _configure(connection, path, settings)
        elif not os.access(path.parent, os.W_OK):
            connection = _in_a_folder_for_reading(connection, path)
        connection.execute("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0")
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise LogDamaged(f"{path} is not a readable database ({error})", "restore it from a backup") from error
    except apsw.Error as error:
        raise LogUnavailable(f"{path} cannot be opened ({error})", "check the path, its rights and the disk") from error
    return connection


def _in_a_folder_for_reading(connection: apsw.Connection, path: Path) -> apsw.Connection:
    """The connection, or one that needs no files beside the database: where nobody can write, none can be made."""
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        return connection
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        connection.close()
    left = path.with_name(path.name + "-wal")
    if left.exists() and left.stat().st_size:
        message = f"the last writes to {path} are still in {left.name}, and nothing can be written beside it"
        raise LogUnavailable(message, "open the log once where it can be written, or copy its folder")
    uri = f"file:{quote(str(path.absolute()))}?immutable=1"
    return apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)


def _configure(connection: apsw.Connection, path: Path, settings: Settings) -> None:
    """Set what durability rests on, and read it back: SQLite ignores a pragma that it cannot follow."""
    mode = connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", settings.synchronous)
    connection.pragma("wal_autocheckpoint", 0)
    connection.pragma("secure_delete", True)
    connection.pragma("cache_size", -CACHE_KIB)
    level = connection.pragma("synchronous")
    if mode != "wal" or level != _LEVELS[settings.synchronous]:
        raise LogUnavailable(
            f"{path}: journal mode is {mode} and synchronous is {level}, wanted wal and {settings.synchronous}",
            "put the log on a local file system",
        )


def checkpoint(connection: apsw.Connection, *, wait: bool) -> int:
    """Move WAL pages into the database; the number of pages left in the WAL. `wait` empties the file as well."""
    mode = apsw.SQLITE_CHECKPOINT_TRUNCATE if wait else apsw.SQLITE_CHECKPOINT_PASSIVE
    pages, moved = connection.wal_checkpoint(None, mode)
    return max(pages - moved, 0)


def get_meta(connection: apsw.Connection, name: str) -> bytes:
    """A value of the meta table. Raises LogDamaged if it is not there."""
    value: Any = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).get
    if not isinstance(value, bytes):
        raise LogDamaged(f"the file has no `{name}`: it is not a log, or its first page is damaged", "restore a backup")
    return value


def set_meta(connection: apsw.Connection, name: str, value: bytes) -> None:
    """Put a value into the meta table."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (name, value))


def format_of(connection: apsw.Connection) -> int:
    """The format that the file was written in. The first had none in its key stores."""
    value: Any = connection.execute("SELECT value FROM meta WHERE name = 'format'").get
    return int.from_bytes(value, "big") if isinstance(value, bytes) else 1


def check_format(connection: apsw.Connection, path: Path) -> None:
    """Raise OtherFormat unless this program reads and writes the file's format."""
    version = format_of(connection)
    if version > FORMAT:
        raise OtherFormat(
            f"{path} is of format {version}, and this program knows formats up to {FORMAT}",
            "it needs a newer program",
            version=version,
        )
    if version < FORMAT:
        message = f"{path} is of format {version}, and this program writes format {FORMAT}"
        raise OtherFormat(message, "bring it up to date with `rulewright log migrate`", version=version)


def has_tables(connection: apsw.Connection) -> bool:
    """Whether the file has been set up."""
    return bool(connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'").get)
