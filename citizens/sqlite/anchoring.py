"""Anchors: made of a log, and held against it (see `layout.Anchor`; signed ones are `notes`)."""

from __future__ import annotations

import hmac
from dataclasses import replace

import apsw

from citizens.errors import AnchorMismatch, LogDamaged
from citizens.sqlite.connections import SHIPPED, connect, get_meta
from citizens.sqlite.layout import Anchor, Layout
from citizens.sqlite.reader import Reader, read_tip


def anchor_of(reader: Reader) -> Anchor:
    """How far the log reaches, sealed with the key store."""
    tip, keys = read_tip(reader), reader.keys
    log_id = get_meta(reader.connection, "log_id").hex()
    numbers = int.from_bytes(get_meta(reader.connection, "last_number"), "big")
    anchor = Anchor(log_id, tip.offset, tip.link.hex(), keys.identity.hex(), numbers)
    return replace(anchor, seal=keys.vouch(anchor.vouched()))


def log_id_of(layout: Layout) -> str:
    """What names the log in a folder, read from its events file alone."""
    connection = connect(layout.events_path(), SHIPPED, write=False)
    try:
        return get_meta(connection, "log_id").hex()
    except apsw.Error as error:
        raise LogDamaged(f"{layout.folder} is not a readable log ({error})", "restore it from a backup") from error
    finally:
        connection.close()


def is_vouched(reader: Reader, anchor: Anchor) -> bool:
    """Whether an anchor was made by somebody who had the log's key store."""
    return hmac.compare_digest(anchor.seal, reader.keys.vouch(anchor.vouched()))


def check_anchor(reader: Reader, anchor: Anchor) -> bool:
    """Raise AnchorMismatch unless the log is the anchor's and contains its event unchanged.

    False if compaction has forgotten the event, so that it could not be compared.
    """
    log_id = get_meta(reader.connection, "log_id").hex()
    if log_id != anchor.log_id:
        raise AnchorMismatch("the anchor is another log's", "give this log's own")
    if anchor.offset > reader.head():
        message = f"the log ends at offset {reader.head()}, an anchor saw offset {anchor.offset}: its end is missing"
        raise AnchorMismatch(message, "restore it from a backup", offset=reader.head() + 1)
    held = reader.connection.execute("SELECT chain FROM events WHERE offset = ?", (anchor.offset,)).get
    held = held or reader.connection.execute("SELECT after FROM gaps WHERE last = ?", (anchor.offset,)).get
    inside = "SELECT count(*) FROM gaps WHERE first <= ? AND last > ?"
    if held is None and anchor.offset and not reader.connection.execute(inside, (anchor.offset, anchor.offset)).get:
        raise AnchorMismatch(
            f"the log has no event at offset {anchor.offset}, which an anchor saw", offset=anchor.offset
        )
    if held is not None and not isinstance(held, bytes):
        raise LogDamaged(f"the event at offset {anchor.offset} has a link that no writer wrote", offset=anchor.offset)
    if held is not None and held.hex() != anchor.chain:
        message = f"the event at offset {anchor.offset} is not the one an anchor saw"
        raise AnchorMismatch(message, "restore the log from a backup", offset=anchor.offset)
    return held is not None or not anchor.offset
