"""Copies of a log that follow it, and what becomes of them: `Replica`, `promote`, `compare`.

A replica is a folder like any log, with a file `follows` that says whose copy it is. As long as that is there, nobody
writes it but `Replica`, and everybody may read it.

1. A step reads the log in one transaction: first it must contain the replica's last event, with the same link. Else
   the two have forked, and nothing is carried.
2. Keys travel first, then the ledger of erasures, which is carried out on the replica's keys, then the events. They are
   appended in one transaction, durable when the step returns, and each link is computed anew (`carrying`).
3. Positions come with the step that reaches the log's end.
4. What the log has compacted is dropped in the replica too: it writes its next events file without it, and swaps.
5. `promote` records a Promotion, which begins another life (epoch) of the log, and takes `follows` away. From then on
   the old log's later events are a fork. A log that is told to feed a copy of a later life than its own stops and gets
   a file `follows` too. `compare` shows what either has alone; delivered again, (source, id) makes that safe.

A cut-off at any point leaves a replica that is behind, and whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from citizens.errors import Refused
from citizens.events import Event
from citizens.sqlite import anchoring
from citizens.sqlite.backup import copy_database
from citizens.sqlite.carrier import Carrier, OnStep, carry_erasures, carry_keys, link_at
from citizens.sqlite.connections import SHIPPED, Settings, check_format, checkpoint, connect, get_meta
from citizens.sqlite.durable import WriterLock, replace_file, sync_folder
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.layout import Layout, create_events
from citizens.sqlite.log import SqliteLog
from citizens.sqlite.reader import Reader, Tip, epoch_of, read_tip
from citizens.sqlite.writer import Clock, system_clock

CHUNK = 20_000
SHOWN = 1_000


class Forked(Refused):
    """Two copies of one log have both gone on. `common` is the last offset up to which they agree."""

    def __init__(self, message: str, remedy: str, common: int) -> None:
        super().__init__(message, remedy)
        self.common = common


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a replica is: its offset, how many offsets and how much recorded time it is behind; what was carried."""

    offset: int
    behind: int
    behind_us: int
    carried: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two copies of one log: the last offset that both have alike, each one's life, and what each has alone."""

    common: int
    epochs: tuple[int, int]
    heads: tuple[int, int]
    rests: tuple[tuple[Event, ...], tuple[Event, ...]]

    @property
    def forked(self) -> bool:
        """Whether both have gone on."""
        return self.heads[0] > self.common and self.heads[1] > self.common


class Replica:
    """Keeps the copy in `target` near the log in `source`. One process at a time; the log may be written meanwhile."""

    def __init__(
        self,
        source: Layout,
        target: Layout,
        *,
        kek: bytes | None = None,
        settings: Settings = SHIPPED,
        on_step: OnStep = lambda _: None,
        again: bool = False,
    ) -> None:
        """Begin, or go on. Raises Refused if another log lies at `target`, Forked if it has gone on by itself.

        `again` says that a log that was copied there is meant, though it is written by itself since.
        """
        self._source, self._target = source, target
        self._kek, self._settings, self._on_step, self._again = kek, settings, on_step, again
        target.folder.mkdir(parents=True, exist_ok=True)
        self._lock = WriterLock(target.folder / "lock")
        try:
            if not (target.folder / "current").exists():
                self._begin()
            self._require_same()
            target.remove_strays()
        except BaseException:
            self._lock.release()
            raise

    def _begin(self) -> None:
        """An empty copy: the log's identity, its key store, and whose copy it is."""
        with self._reading() as log:
            log_id = get_meta(log.connection, "log_id")
            keys = get_meta(log.connection, "keys")
        self._note(self._target, self._source)
        for stray in self._target.folder.glob("events-*.db*"):
            stray.unlink()
        self._target.keys_path.parent.mkdir(parents=True, exist_ok=True)
        copy_database(self._source.keys_path, self._target.keys_path)
        path = self._target.folder / "events-000001.db"
        meta = {"keys": keys, "last_number": (0).to_bytes(8, "big")}
        create_events(path, log_id, self._settings, indexed=True, meta=meta)
        self._target.swap(path)

    @staticmethod
    def _note(copy: Layout, of: Layout) -> None:
        replace_file(copy.follows_path, f"{of.folder.resolve()}\n".encode())

    def _require_same(self) -> None:
        """Raise unless the target is a copy of the source, or an earlier life of it that has nothing of its own."""
        own = not self._target.follows_path.exists()
        with self._reading() as log, self._writing() as copy:
            if get_meta(log.connection, "log_id") != get_meta(copy.connection, "log_id"):
                raise Refused(f"{self._target.folder} holds another log", "name a new folder for the replica")
            epochs = epoch_of(log), epoch_of(copy)
            if epochs[1] > epochs[0]:
                self._note(self._source, self._target)
                message = f"{self._target.folder} was promoted, and is the log now (life {epochs[1]}, here {epochs[0]})"
                remedy = "`rulewright log compare` shows what only this one has"
                raise Forked(f"{message}: this one accepts no further events", remedy, _common(log, copy))
            require_prefix(log, copy)
            if own and epochs[1] == epochs[0] and not self._again:
                message = f"{self._target.folder} is a log that is written itself, not a replica"
                raise Refused(message, "name a new folder for the replica")
        if own:
            self._note(self._target, self._source)

    @contextmanager
    def _reading(self) -> Iterator[Reader]:
        """The log, all of one moment; its keys are read afterwards, so they are at least as new."""
        path = self._source.events_path()
        connection = connect(path, self._settings, write=False)
        try:
            check_format(connection, path)
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM meta").fetchall()  # from here on nothing changes
            keys = KeyStore(self._source.keys_path, self._settings, write=False, kek=self._kek)
            reader = Reader(connection, keys)
        except BaseException:
            connection.close()
            raise
        try:
            yield reader
        finally:
            reader.close()

    @contextmanager
    def _writing(self) -> Iterator[Reader]:
        path = self._target.events_path()
        connection = connect(path, self._settings, write=True)
        try:
            keys = KeyStore(self._target.keys_path, self._settings, write=True, kek=self._kek)
        except BaseException:
            connection.close()
            raise
        reader = Reader(connection, keys)
        try:
            yield reader
        finally:
            reader.close()

    def step(self, limit: int = CHUNK) -> Lag:
        """Carry up to `limit` events, durably; how far the replica is then. Raises Forked or LogDamaged."""
        with self._reading() as log:
            with self._writing() as copy:
                tip = require_prefix(log, copy)
                carry_keys(log.keys, copy.keys)
                self._on_step("keys")
                carry_erasures(self._source, self._target, copy, self._on_step)
                reached, carried = Carrier(self._target, self._settings, self._on_step).carry(log, copy, tip, limit)
            self._on_step("carried")
            head = read_tip(log)
            behind_us = max(head.recorded_at_us - reached.recorded_at_us, 0)
            return Lag(reached.offset, head.offset - reached.offset, behind_us, carried)

    def finish(self) -> None:
        """Make it a log of its own, with nothing added: for a copy that is not to follow any more."""
        self._target.follows_path.unlink(missing_ok=True)
        sync_folder(self._target.folder)

    def close(self) -> None:
        """Leave an anchor, and let another process follow."""
        try:
            with self._writing() as copy:
                checkpoint(copy.connection, wait=False)
                self._target.write_anchor(anchoring.anchor_of(copy))
        finally:
            self._lock.release()

    def __enter__(self) -> Replica:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def require_prefix(log: Reader, copy: Reader) -> Tip:
    """Where to go on: the copy's end, or the start of what the log has forgotten around it. Raises Forked."""
    tip, head = read_tip(copy), read_tip(log)
    gap = next((gap for gap in log.gaps() if gap.first <= tip.offset < gap.last), None)
    at, link = (gap.first - 1, gap.before) if gap is not None else (tip.offset, link_at(log, tip.offset))
    here = tip.link if gap is None else link_at(copy, at)
    if tip.offset > head.offset or link is None or here != link:
        common = _common(log, copy)
        message = f"the replica has gone on by itself: they agree up to offset {common}"
        raise Forked(f"{message}, and it reaches {tip.offset}", "see `rulewright log compare`", common)
    return tip if gap is None else Tip(at, link, tip.recorded_at_us)


def _known_at(reader: Reader, offset: int) -> int:
    """The highest offset, up to that one, whose link is known here."""
    event = reader.connection.execute("SELECT max(offset) FROM events WHERE offset <= ?", (offset,)).get or 0
    gap = reader.connection.execute("SELECT max(last) FROM gaps WHERE last <= ?", (offset,)).get or 0
    return max(event, gap)


def _common(first: Reader, second: Reader) -> int:
    """The last offset whose link both know alike, by halving: from the first difference on all links differ."""
    low, high = 0, min(read_tip(first).offset, read_tip(second).offset)
    while low < high:
        middle = (low + high + 1) // 2
        at = _known_to_both(first, second, middle)
        if link_at(first, at) == link_at(second, at):
            low = middle
        else:
            high = at - 1
    return _known_to_both(first, second, low)


def _known_to_both(first: Reader, second: Reader, offset: int) -> int:
    """The highest offset, up to that one, whose link both know; 0 is always one."""
    while (lower := min(_known_at(first, offset), _known_at(second, offset))) < offset:
        offset = lower
    return offset


def promote(
    layout: Layout, *, actor: str, legal_basis: str, reason: str, kek: bytes | None = None, clock: Clock = system_clock
) -> int:
    """Make a replica the log that is written; which life of the log that begins. Verifies the chain first.

    Raises Refused if it is not a replica.
    """
    if not layout.follows_path.exists():
        raise Refused(f"{layout.folder} is not a replica", "name the folder that `rulewright log replicate` keeps")
    with SqliteLog(layout, SHIPPED, clock, write=True, kek=kek, promoting=True) as log:
        return log.promote(actor=actor, legal_basis=legal_basis, reason=reason)


def compare(first: Layout, second: Layout, *, kek: bytes | None = None, limit: int = SHOWN) -> Comparison:
    """Where two copies of one log part, and up to `limit` of the events that each has alone. Raises Refused."""
    readers = [_opened(layout, kek) for layout in (first, second)]
    try:
        first_reader, second_reader = readers
        if get_meta(first_reader.connection, "log_id") != get_meta(second_reader.connection, "log_id"):
            raise Refused(f"{first.folder} and {second.folder} are two logs", "name two copies of one")
        common = _common(first_reader, second_reader)
        rests = [tuple(each.events("WHERE offset > ? ORDER BY offset LIMIT ?", (common, limit))) for each in readers]
        heads = read_tip(first_reader).offset, read_tip(second_reader).offset
        return Comparison(common, (epoch_of(first_reader), epoch_of(second_reader)), heads, (rests[0], rests[1]))
    finally:
        for reader in readers:
            reader.close()


def _opened(layout: Layout, kek: bytes | None) -> Reader:
    connection = connect(layout.events_path(), SHIPPED, write=False)
    check_format(connection, layout.events_path())
    return Reader(connection, KeyStore(layout.keys_path, SHIPPED, write=False, kek=kek))
