"""A log of the first format brought into the present one.

What the first format did otherwise: links were made over payloads, not over their hashes; the key store's rows carried
seals that anybody could make, and had no key of the store; postings were encrypted whole; there was no index of
members; positions did not say what their consumers need.

1. Check every link and every row of the key store by the first format's rules. A log that is not sound is not touched.
2. Write the key store anew beside the old one, put a file `restoring` in the folder, and rename. The pepper stays, so
   second deliveries are known as before.
3. Write the events into the next file with their offsets, headers and ciphertexts; postings are sealed anew, so that
   their amounts stay in the books. Put it in place, and take `restoring` away.

A migration that was cut off is taken up by calling it again. Anchors of the old log do not fit the new one: the log's
own old anchor is kept in the meta table as `migrated`. Erased subjects' postings stay unreadable.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import apsw

from citizens import chain, codec
from citizens.errors import LogDamaged, Refused
from citizens.kinds import COMPACTION, CORRECTION, FACTS, POSTING
from citizens.payload_json import decode_json
from citizens.sqlite.bulk import finish_file, open_unsafe
from citizens.sqlite.cipher import KEY_BYTES, decrypt, encrypt
from citizens.sqlite.connections import (
    FORMAT,
    KEYS_TABLES,
    SHIPPED,
    check_format,
    connect,
    format_of,
    get_meta,
    set_meta,
)
from citizens.sqlite.durable import WriterLock, copy_private, sync_file, sync_folder
from citizens.sqlite.envelope import wrap
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.layout import Layout, create_events
from citizens.sqlite.reader import Reader, StoredEvent, Tip, position_digest, seal_payload
from citizens.sqlite.verification import remains_digest
from citizens.sqlite.writer import INSERT_EVENT


def migrate(folder: Path | str, *, keys: Path | str | None = None, kek: bytes | None = None) -> int:
    """Bring the log in `folder` into the present format; how many events it has. Raises Refused if it is in it.

    `keys` is where the key store lies, if not in the folder; `kek` the key-encryption key to wrap it under, if any.
    """
    path = Path(folder)
    layout = Layout(path, Path(keys) if keys is not None else path / "keys.db")
    lock = WriterLock(layout.folder / "lock")
    try:
        events = _events_of(layout)
        _migrate_keys(layout, events, kek)
        return _migrate_events(layout, events, kek)
    finally:
        lock.release()


def _events_of(layout: Layout) -> Path:
    """The events file, which must be sound by the first format's rules."""
    path = layout.folder / (layout.folder / "current").read_text().strip()
    connection = connect(path, SHIPPED, write=True)
    try:
        if format_of(connection) != 1:
            check_format(connection, path)
            raise Refused(f"{path} is of format {format_of(connection)}", "there is nothing to bring up to date")
        _check_chain(Reader(connection, None))
        connection.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        connection.close()
    return path


def _check_chain(reader: Reader) -> None:
    link = hashlib.sha256(b"rulewright log 1\0" + get_meta(reader.connection, "log_id")).digest()
    gaps = {gap.first: gap for gap in reader.gaps()}
    offset = 0
    for row in reader.rows("ORDER BY offset"):
        while (gap := gaps.get(offset + 1)) is not None:
            offset, link = gap.last, gap.after
        linked = hashlib.sha256(link + reader.header(row) + row.payload).digest()
        if row.offset != offset + 1 or linked != row.chain:
            raise LogDamaged(
                f"the event at offset {row.offset} does not match the chain", "restore it first", offset=row.offset
            )
        offset, link = row.offset, row.chain


# --- keys


def _migrate_keys(layout: Layout, events: Path, kek: bytes | None) -> None:
    """Replace the key store, unless an earlier attempt has."""
    old = connect(layout.keys_path, SHIPPED, write=True)
    try:
        if format_of(old) == FORMAT:
            return
        rows = list(_old_rows(old))
        beside = layout.keys_path.with_name("restored-" + layout.keys_path.name)
        _write_keys(old, rows, beside, kek)
        old.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        old.close()
    layout.restoring_path.touch()
    sync_folder(layout.folder)
    for left in layout.keys_path.parent.glob(layout.keys_path.name + "-*"):
        left.unlink()
    beside.rename(layout.keys_path)
    sync_folder(layout.keys_path.parent)


def _old_rows(old: apsw.Connection) -> Iterator[tuple[int, str, str | None, bytes | None]]:
    """The rows of the first format's key store. Raises LogDamaged for one that does not match its seal."""
    for number, entity, identifier, key, seal in old.execute("SELECT number, entity, id, key, seal FROM subjects"):
        if key is not None:
            expected = hashlib.sha256(f"{number}\0{entity}\0{identifier}\0".encode() + key).digest()[:16]
            if seal != expected:
                raise LogDamaged(f"the key store's row of subject {number} is damaged", "restore the key store")
        yield number, entity, identifier, key


def _write_keys(
    old: apsw.Connection, rows: list[tuple[int, str, str | None, bytes | None]], path: Path, kek: bytes | None
) -> None:
    copy_private(Path(os.devnull), path)
    log_id, store_key = get_meta(old, "log_id"), os.urandom(KEY_BYTES)
    secrets = get_meta(old, "pepper") + os.urandom(KEY_BYTES)
    last = old.execute("SELECT seq FROM sqlite_sequence WHERE name = 'subjects'").get or 0
    connection = apsw.Connection(str(path))
    connection.execute("BEGIN;" + KEYS_TABLES)
    for name, value in (
        ("format", FORMAT.to_bytes(4, "big")),
        ("log_id", log_id),
        ("store_key", wrap(store_key, kek)),
        ("secrets", encrypt(store_key, secrets, b"secrets\0" + log_id)),
        ("last_number", int(last).to_bytes(8, "big")),
    ):
        set_meta(connection, name, value)
    for number, entity, identifier, key in rows:
        about = f"{number}\0{entity}\0{identifier or ''}".encode()
        sealed = encrypt(store_key, key or b"", about)
        connection.execute("INSERT INTO subjects VALUES(?, ?, ?, ?)", (number, entity, identifier, sealed))
    connection.execute("COMMIT")
    connection.close()
    sync_file(path)


# --- events


def _migrate_events(layout: Layout, events: Path, kek: bytes | None) -> int:
    """Write the next events file and put it in place; how many events it has."""
    path = layout.folder / f"events-{int(events.stem.partition('-')[2]) + 1:06}.db"
    for stray in layout.folder.glob(path.name + "*"):
        stray.unlink()
    keys = KeyStore(layout.keys_path, SHIPPED, write=True, kek=kek)
    old = Reader(connect(events, SHIPPED, write=True), keys)
    try:
        anchor = (layout.folder / "anchor").read_bytes() if (layout.folder / "anchor").exists() else b""
        meta = {"keys": keys.identity, "last_number": keys.last_number.to_bytes(8, "big"), "migrated": anchor}
        create_events(path, keys.log_id, SHIPPED, indexed=False, meta=meta)
        connection = open_unsafe(path, SHIPPED)
        count = _copy(old, Reader(connection, keys))
        finish_file(connection, path)
    finally:
        old.close()
    (layout.folder / "anchor").unlink(missing_ok=True)
    layout.swap(path)
    layout.restoring_path.unlink(missing_ok=True)
    sync_folder(layout.folder)
    layout.clear_cache()
    layout.remove_strays()
    return count


def _copy(old: Reader, new: Reader) -> int:
    """The rows with new links, the tables beside them, and the gaps with the links that now lead into them."""
    run = new.connection.execute
    run("BEGIN")
    for table in ("origins", "deliveries", "uses"):
        rows = list(old.connection.execute(f"SELECT * FROM {table}"))
        if rows:
            new.connection.executemany(f"INSERT INTO {table} VALUES({', '.join('?' * len(rows[0]))})", rows)
    consumers = dict(old.connection.execute("SELECT consumer, position FROM positions"))
    for consumer, position in consumers.items():
        needs = _needs(consumer, consumers)
        digest = position_digest(consumer, position, needs)
        run("INSERT INTO positions VALUES(?, ?, ?, ?)", (consumer, position, needs, digest))
    gaps = {gap.first: gap for gap in old.gaps()}
    last = old.connection.execute("SELECT max(offset) FROM events WHERE kind = ?", (COMPACTION,)).get
    tip, count = Tip(0, chain.genesis(old.keys.log_id), 0), 0
    for row in old.rows("ORDER BY offset"):
        while (gap := gaps.get(tip.offset + 1)) is not None:
            values = (gap.first, gap.last, tip.link, gap.after, gap.recorded_from_us, gap.recorded_to_us)
            run("INSERT INTO gaps VALUES(?, ?, ?, ?, ?, ?)", values)
            tip = Tip(gap.last, gap.after, gap.recorded_to_us)
        written = _row(old, new, row, tip, row.offset == last)
        run(INSERT_EVENT, written)
        tip, count = Tip(row.offset, written.chain, row.recorded_at_us), count + 1
    return count


def _row(old: Reader, new: Reader, row: StoredEvent, tip: Tip, last_compaction: bool) -> StoredEvent:
    """An event with its new link; its payload is the old one, but for postings and the last compaction's digest."""
    head, payload = old.header(row), row.payload
    if row.kind == POSTING:
        key = old.keys.key(row.subject)
        plain = _old_payload(old, row, key) if key is not None else None
        payload = b"\0\0\0\0" + payload
        if plain is not None:
            payload = seal_payload(old.keys, row.kind, row.subject, plain, head)
    elif row.kind in (FACTS, CORRECTION) and (plain := old.payload(row)) is not None:
        members = [(group, row.subject) for group in codec.groups_named(plain)]
        new.connection.executemany("INSERT OR IGNORE INTO members VALUES(?, ?)", members)
    elif last_compaction:
        event_id, *fields = decode_json(chain.open_plain(head, payload))
        text = codec.encode_fields(event_id, [*fields[:-1], remains_digest(old)])
        payload = chain.seal_plain(head, text)
    return row._replace(payload=payload, chain=chain.link(tip.link, head, payload))


def _old_payload(old: Reader, row: StoredEvent, key: bytes) -> bytes:
    return decrypt(key, row.payload, old.header(row))


def _needs(consumer: str, consumers: dict[str, int]) -> str:
    """What a consumer of the first format needs: a run that has handed over to its follower needs nothing."""
    kind, _, period = consumer.partition("-")
    if kind != "annual":
        return "events"
    return "nothing" if f"follow-{period}" in consumers else "state"
