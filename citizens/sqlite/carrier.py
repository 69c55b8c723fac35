"""Carrying what one store of a log has and a copy of it lacks: keys first, then erasures, events, gaps and positions.

Each event's link is computed again (`carrying`). What the log has forgotten since is dropped in the copy too: it gets
its next events file without it. Replicas and increments of backups are brought forward so.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from citizens import chain
from citizens.errors import LogDamaged
from citizens.sqlite.bulk import finish_file, open_unsafe
from citizens.sqlite.carrying import Delivery, Taker, insert_gap
from citizens.sqlite.compaction import copy_survivors
from citizens.sqlite.connections import SHIPPED, Settings, checkpoint, get_meta
from citizens.sqlite.erasure import add_to_ledger, read_ledger, read_on
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.layout import Layout, create_events
from citizens.sqlite.reader import Reader, Tip, read_tip

OnStep = Callable[[str], None]


class Carrier:
    """Brings the copy in `target` forward."""

    def __init__(self, target: Layout, settings: Settings = SHIPPED, on_step: OnStep = lambda _: None) -> None:
        self._target, self._settings, self._on_step = target, settings, on_step

    def carry(self, log: Reader, copy: Reader, tip: Tip, limit: int = -1) -> tuple[Tip, int]:
        """Carry what comes after `tip`, at most `limit` events (-1: all), durably: the new end, and how many."""
        dropped = dropped_since(log, copy)
        if dropped:
            return self._rewritten(log, copy, tip, dropped)
        return self._appended(log, copy, tip, limit)

    def _appended(self, log: Reader, copy: Reader, tip: Tip, limit: int) -> tuple[Tip, int]:
        connection = copy.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            taker = _taken(log, copy, tip, limit)
            if taker.tip.offset == read_tip(log).offset:
                _carry_positions(log, copy)
            self._on_step("taken")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        checkpoint(connection, wait=False)
        return taker.tip, taker.events

    def _rewritten(self, log: Reader, copy: Reader, tip: Tip, dropped: list[int]) -> tuple[Tip, int]:
        """The copy's next events file, without what the log has forgotten and with all that it has since."""
        path = self._target.next_path()
        meta = dict(copy.connection.execute("SELECT name, value FROM meta"))
        create_events(path, get_meta(copy.connection, "log_id"), self._settings, indexed=False, meta=meta)
        connection = open_unsafe(path, self._settings)
        copy_survivors(connection, self._target.events_path(), np.array(dropped, dtype=np.int64))
        new = Reader(connection, copy.keys)
        for gap in log.gaps():
            if gap.last <= tip.offset:
                insert_gap(new, gap)
        taker = _taken(log, new, tip, -1)
        _carry_positions(log, new)
        finish_file(connection, path)
        self._on_step("written")
        self._target.swap(path)
        self._on_step("swapped")
        self._target.remove_strays()
        return taker.tip, taker.events


def carry_erasures(source: Layout, target: Layout, copy: Reader, on_step: OnStep = lambda _: None) -> None:
    """Carry out on the copy's keys what the log's ledger of erasures says, once it is in the copy's own."""
    entries = read_ledger(source.erasures_path)
    if len(entries) == len(read_ledger(target.erasures_path)):
        return
    add_to_ledger(target.erasures_path, entries)
    on_step("ledger")
    if copy.keys.destroy_many((entry.number, entry.fingerprint) for entry in entries):
        target.clear_cache()
        copy.keys.scrub()
    copy.keys.note_destroyed(read_on(target.erasures_path, "")[1])


def dropped_since(log: Reader, copy: Reader) -> list[int]:
    """The offsets of events that the copy has, and the log has forgotten."""
    select = "SELECT offset FROM events WHERE offset BETWEEN ? AND ?"
    return [row[0] for gap in log.gaps() for row in copy.connection.execute(select, (gap.first, gap.last))]


def _taken(log: Reader, copy: Reader, tip: Tip, limit: int) -> Taker:
    """Put the log's events after `tip`, at most `limit` of them (-1: all), behind those of the copy."""
    taker = Taker(copy, tip)
    gaps = iter([gap for gap in log.gaps() if gap.first > tip.offset])
    gap = next(gaps, None)
    for row in log.rows("WHERE offset > ? ORDER BY offset LIMIT ?", (tip.offset, limit)):
        while gap is not None and gap.first == taker.tip.offset + 1:
            taker.gap(gap, deliveries_of(log, gap))
            gap = next(gaps, None)
        taker.event(row, log.origin(row.origin)[0])
    taker.flush()
    return taker


def deliveries_of(log: Reader, gap: chain.Gap) -> list[Delivery]:
    """The deliveries of the events of a gap, in order of offset."""
    select = "SELECT delivery, offset FROM deliveries WHERE offset BETWEEN ? AND ? ORDER BY offset"
    return [(delivery, offset) for delivery, offset in log.connection.execute(select, (gap.first, gap.last))]


def _carry_positions(log: Reader, copy: Reader) -> None:
    rows = list(log.connection.execute("SELECT consumer, position, needs, digest FROM positions"))
    copy.connection.execute("DELETE FROM positions")
    copy.connection.executemany("INSERT INTO positions VALUES(?, ?, ?, ?)", rows)


def carry_keys(log: KeyStore, copy: KeyStore) -> None:
    """Put the keys that were given out since into the copy's store, durably. Raises LogDamaged for another store."""
    if log.identity != copy.identity:
        raise LogDamaged("the replica's key store is not the log's", "start the replica again in another folder")
    if log.last_number > copy.last_number:
        copy.take_rows(log.rows_after(copy.last_number))


def link_at(reader: Reader, offset: int) -> bytes | None:
    """The link of an event, or of a compacted run's end; None if that is not known here."""
    if offset == 0:
        return chain.genesis(get_meta(reader.connection, "log_id"))
    link = reader.connection.execute("SELECT chain FROM events WHERE offset = ?", (offset,)).get
    return link or reader.connection.execute("SELECT after FROM gaps WHERE last = ?", (offset,)).get  # type: ignore[no-any-return]
