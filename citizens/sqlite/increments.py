"""Increments of a backup, and a log as it was at any point that they reach.

1. An increment is a folder like a backup, that holds what came after another one: the events from its last on, all
   gaps, the deliveries since, the positions; of the keys those given out since; the ledger of erasures whole. Its
   manifest names how far the one before reached (`after`), and how far it reaches itself.
2. `combine` makes one whole backup of a backup and its increments in order. Each link is computed again; what was
   forgotten in between is dropped. It needs no more memory than a replica.
3. `cut` takes a whole backup back to an offset: events, deliveries and uses after it go, and who was recorded as
   belonging to whom is read again for the subjects concerned. Consumers stand where they stood, or at the end.
   A run that had not begun by then has no position, one that had not ended has no follower.
4. Nobody can go back behind a compaction that a backup contains: what was forgotten then is in none of its rows. A
   backup from before it can.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import apsw

from citizens import codec
from citizens.errors import LogDamaged, Refused
from citizens.events import Facts
from citizens.kinds import COMPACTION, LAST_FACTS_KIND, VALUED_KINDS
from citizens.log import FOLLOWER, RUN
from citizens.sqlite.anchoring import anchor_of, check_anchor
from citizens.sqlite.backup import (
    check_backup,
    copy_database,
    erase_again,
    fail_cleanly,
    read_manifest,
    restore,
    write_manifest,
)
from citizens.sqlite.carrier import Carrier, carry_erasures, carry_keys
from citizens.sqlite.connections import KEYS_TABLES, SHIPPED, check_format, checkpoint, connect
from citizens.sqlite.durable import copy_private, sync_file
from citizens.sqlite.erasure import add_to_ledger, read_ledger
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.layout import Anchor, Layout, create_events
from citizens.sqlite.log import SqliteLog
from citizens.sqlite.reader import Reader, Tip, position_digest, read_tip
from citizens.sqlite.readings import microseconds
from citizens.sqlite.verification import Verification

RUNS = "annual_run/"
_TABLES = {
    "origins": "",
    "gaps": "",
    "positions": "",
    "events": "WHERE offset >= :after",
    "deliveries": "WHERE offset > :after",
}


def backup_since(log: SqliteLog, previous: Path | str, target: Path | str) -> Anchor:
    """Copy what came since the backup or increment `previous` into the new folder `target`; how far it reaches.

    Raises Refused if something lies at `target`, or if `previous` is none of this log's.
    """
    after, folder = check_backup(Path(previous)), Path(target)
    with log.reader() as reader:
        try:
            check_anchor(reader, after)
        except LogDamaged as error:
            raise Refused(f"{previous} is no backup of this log ({error.message})", "make a whole backup") from error
    with fail_cleanly(folder):
        anchor = log.anchor()
        _copy_events(log.layout.events_path(), folder / "events.db", after.offset)
        _copy_keys(log.layout.keys_path, folder / "keys.db", after.numbers)
        erase_again(log, folder / "keys.db")
        (folder / "erasures.log").touch()
        add_to_ledger(folder / "erasures.log", read_ledger(log.layout.erasures_path))
        write_manifest(folder, anchor, after)
        return anchor


def _copy_events(source: Path, target: Path, after: int) -> None:
    """The tables' rows after an offset, and its own event: what comes next is linked to that."""
    reading = connect(source, SHIPPED, write=False)
    try:
        reading.execute("BEGIN")
        meta = dict(reading.execute("SELECT name, value FROM meta"))
        copy_private(Path(os.devnull), target)
        create_events(target, meta["log_id"], SHIPPED, indexed=True, meta=meta)
        with _written_alone(target) as writing:
            for table, where in _TABLES.items():
                _copy_rows(reading, writing, f"SELECT * FROM {table} {where}", table, {"after": after})
    finally:
        reading.close()


def _copy_keys(source: Path, target: Path, after: int) -> None:
    """The store's secrets, and the rows given out after a number."""
    copy_private(Path(os.devnull), target)
    reading = connect(source, SHIPPED, write=False)
    try:
        reading.execute("BEGIN")
        with _written_alone(target) as writing:
            writing.execute(KEYS_TABLES)
            _copy_rows(reading, writing, "SELECT * FROM meta", "meta", {})
            _copy_rows(reading, writing, "SELECT * FROM subjects WHERE number > :after", "subjects", {"after": after})
    finally:
        reading.close()


def _copy_rows(
    reading: apsw.Connection, writing: apsw.Connection, select: str, table: str, values: dict[str, int]
) -> None:
    cursor = reading.execute(select, values)
    rows = iter(cursor)
    first = next(rows, None)
    if first is None:
        return
    insert = f"INSERT INTO {table} VALUES({', '.join('?' * len(first))})"
    writing.execute(insert, first)
    writing.executemany(insert, rows)


@contextmanager
def _written_alone(path: Path) -> Iterator[apsw.Connection]:
    """A connection for writing a file that does not count yet, in one transaction; durable at the end."""
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("journal_mode", "delete")
        with connection:
            yield connection
    finally:
        connection.close()
    sync_file(path)


def combine(
    backup: Path, increments: Sequence[Path], target: Path, to: int | datetime | None = None, kek: bytes | None = None
) -> Anchor:
    """Make one backup in the new folder `target` of a backup and its increments, up to an offset or moment.

    Raises LogDamaged if one is not whole, Refused if they do not follow upon each other, or do not reach that far.
    """
    anchor = check_backup(backup)
    with fail_cleanly(target):
        layout = _laid_out(backup, target)
        for increment in increments:
            if _reached(layout, to, kek):
                break
            anchor = _add(increment, anchor, layout, kek)
        with _opened(layout, kek) as reader:
            if to is not None:
                cut(reader, _offset(reader, to))
            anchor = anchor_of(reader)
        _as_backup(layout, anchor)
        return anchor


def recover(
    backup: Path | str,
    increments: Sequence[Path | str],
    target: Path | str,
    to: int | datetime | None = None,
    *,
    keys: Path | str | None = None,
    erasures: Path | str | None = None,
    erasures_lost: bool = False,
    kek: bytes | None = None,
) -> Verification:
    """Restore a backup and its increments into the folder `target`, up to an offset or moment (see `restore`).

    They are put together beside the folder first, which takes room for the log once more.
    """
    folder = Path(target).absolute()
    stage = folder.with_name(f".{folder.name}.restoring")
    shutil.rmtree(stage, ignore_errors=True)
    try:
        combine(Path(backup), [Path(increment) for increment in increments], stage, to, kek)
        return restore(stage, folder, keys=keys, erasures=erasures, erasures_lost=erasures_lost, kek=kek)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _laid_out(backup: Path, target: Path) -> Layout:
    """A backup's files as a log's folder."""
    layout = Layout(target, target / "keys.db")
    copy_private(backup / "keys.db", layout.keys_path)
    copy_private(backup / "erasures.log", layout.erasures_path)
    copy_database(backup / "events.db", target / "events-000001.db")
    layout.swap(target / "events-000001.db")
    return layout


@contextmanager
def _opened(layout: Layout, kek: bytes | None) -> Iterator[Reader]:
    connection = connect(layout.events_path(), SHIPPED, write=True)
    try:
        keys = KeyStore(layout.keys_path, SHIPPED, write=True, kek=kek)
    except BaseException:
        connection.close()
        raise
    reader = Reader(connection, keys)
    try:
        yield reader
        checkpoint(connection, wait=True)
        keys.scrub()
    finally:
        reader.close()


def _reached(layout: Layout, to: int | datetime | None, kek: bytes | None) -> bool:
    """Whether what is put together so far goes as far as is wanted."""
    with _opened(layout, kek) as reader:
        tip = read_tip(reader)
    match to:
        case None:
            return False
        case int():
            return tip.offset >= to
        case datetime():
            return tip.recorded_at_us > microseconds(to)


def _add(increment: Path, anchor: Anchor, layout: Layout, kek: bytes | None) -> Anchor:
    """Bring what is put together forward by an increment; how far that reaches."""
    reaches, after = read_manifest(increment)
    check_backup(increment)
    if after is None or (after.log_id, after.offset, after.chain) != (anchor.log_id, anchor.offset, anchor.chain):
        goes_on = f"goes on from offset {after.offset}" if after is not None else "is a whole backup"
        message = f"{increment} {goes_on}, and what is before it ends at offset {anchor.offset}"
        raise Refused(message, "give a backup and all its increments, in order")
    source = Layout(increment, increment / "keys.db")
    log = Reader(connect(increment / "events.db", SHIPPED, write=False), None)
    keys = KeyStore(increment / "keys.db", SHIPPED, write=False, kek=kek)
    try:
        check_format(log.connection, increment / "events.db")
        with _opened(layout, kek) as copy:
            carry_keys(keys, copy.keys)
            carry_erasures(source, layout, copy)
            Carrier(layout).carry(log, copy, _start(log, copy))
    finally:
        log.close()
        keys.close()
    return reaches


def _start(log: Reader, copy: Reader) -> Tip:
    """Where to go on: the copy's end, or the start of what the increment has forgotten around it."""
    tip = read_tip(copy)
    gap = next((gap for gap in log.gaps() if gap.first <= tip.offset < gap.last), None)
    return tip if gap is None else Tip(gap.first - 1, gap.before, tip.recorded_at_us)


def _offset(reader: Reader, to: int | datetime) -> int:
    """The offset that is meant. Raises Refused if the backup does not reach it."""
    head = reader.head()
    if isinstance(to, int):
        if not 0 <= to <= head:
            raise Refused(f"the backup reaches offset {head}, not {to}", "give more increments, or an earlier point")
        return to
    return reader.offset_at(microseconds(to))


def cut(reader: Reader, offset: int) -> None:
    """Take a log that does not count yet back to an offset. Raises Refused if what was known then is forgotten."""
    select = "SELECT offset FROM events WHERE kind >= 32 AND kind = ? AND offset > ? LIMIT 1"
    compacted = reader.connection.execute(select, (COMPACTION, offset)).get
    if compacted is not None:
        message = f"the backup was made after the compaction at offset {compacted}, which forgot what was known before"
        raise Refused(message, "take a backup from before it, or a point after it")
    connection = reader.connection
    with connection:
        connection.execute("CREATE TEMP TABLE moved AS SELECT DISTINCT subject FROM events WHERE offset > ?", (offset,))
        for table in ("events", "deliveries", "uses"):
            connection.execute(f"DELETE FROM {table} WHERE offset > ?", (offset,))
        _members_again(reader)
        _positions_again(reader, offset)
        connection.execute("DROP TABLE moved")


def _members_again(reader: Reader) -> None:
    """Read again to whom the subjects belonged of which events went."""
    connection = reader.connection
    connection.execute("DELETE FROM members WHERE subject IN (SELECT subject FROM moved)")
    left: set[tuple[int, int]] = set()
    for row in reader.rows(f"WHERE kind IN {VALUED_KINDS} AND subject IN (SELECT subject FROM moved)"):
        plain = reader.payload(row)
        if plain is not None:
            left |= {(group, row.subject) for group in codec.groups_named(plain)}
    connection.executemany("INSERT OR IGNORE INTO members VALUES(?, ?)", sorted(left))


def _positions_again(reader: Reader, offset: int) -> None:
    """Consumers at the end at most; none of a run that had not begun, no follower of one that had not ended."""
    run = reader.connection.execute
    for consumer in reader.consumers():
        position, needs = reader.standing(consumer)
        if not _stood(reader, consumer):
            run("DELETE FROM positions WHERE consumer = ?", (consumer,))
        elif position > offset or consumer.startswith(RUN):
            ended = consumer.startswith(RUN) and _stood(reader, FOLLOWER + consumer.removeprefix(RUN))
            needs = "state" if consumer.startswith(RUN) and not ended else needs
            at = min(position, offset)
            values = (at, needs, position_digest(consumer, at, needs), consumer)
            run("UPDATE positions SET position = ?, needs = ?, digest = ? WHERE consumer = ?", values)


def _stood(reader: Reader, consumer: str) -> bool:
    """Whether a consumer was there: a run's once it had begun, its follower once it had ended."""
    begun, followed = consumer.startswith(RUN), consumer.startswith(FOLLOWER)
    if not begun and not followed:
        return True
    number = reader.keys.find(RUNS + consumer.partition("-")[2])
    events = reader.events(f"WHERE subject = ? AND kind <= {LAST_FACTS_KIND}", (number or 0,))
    told = {point.attribute for event in events if isinstance(event.body, Facts) for point in event.body.points}
    return bool(told) if begun else "groups" in told


def _as_backup(layout: Layout, anchor: Anchor) -> None:
    """Turn the folder that was put together into a backup."""
    copy_database(layout.events_path(), layout.folder / "events.db")
    for path in [*layout.folder.glob("events-*.db*"), *layout.folder.glob("keys.db-*"), layout.folder / "current"]:
        path.unlink()
    write_manifest(layout.folder, anchor, None)
