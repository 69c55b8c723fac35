"""Is the log what was written? Answered from the events file alone; with the keys also whether it can be read.

1. Walk the events in order. Each one's link must follow from the one before; offsets must be consecutive except where a
   gap says that a run was compacted, and the links around the gap must fit.
2. The last compaction's event must match a hash over all gaps and over the deliveries whose events are gone.
3. The table that repeats the events' deliveries must repeat them. Positions carry their own digests.
4. SQLite's own check of the file's structure.
5. An anchor, if one is given, must be of this log; so must the one that lies in its folder. The ledger of erasures
   must be whole.
6. With the keys: every row of the key store, every payload under its key, the indexes of facts used and of members, and
   the seal of the anchor in the folder.

All is read in one transaction, so that it is of one moment. What lies beside the events is read before it begins.

Problems are values, each with the offset it concerns; the first 50 are told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import apsw
import numpy as np

from citizens import chain, codec
from citizens.errors import AnchorMismatch, LogDamaged
from citizens.events import Compaction
from citizens.kinds import ASSESSMENT, ERASURE, LAST_FACTS_KIND, TIME_CORRECTION, VALUED_KINDS
from citizens.payload_json import decode_json
from citizens.points import Scan
from citizens.sqlite.anchoring import check_anchor, is_vouched
from citizens.sqlite.connections import SHIPPED, check_format, connect, get_meta
from citizens.sqlite.erasure import read_ledger, recorded_erasures
from citizens.sqlite.layout import Anchor, Layout
from citizens.sqlite.reader import NOT_AS_WRITTEN, Reader, StoredEvent, position_digest
from citizens.sqlite.scan import checked

MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Damage:
    """Something is not as it was written. `offset` is the event's, 0 if it is not an event. `remedy`: if known."""

    offset: int
    what: str
    remedy: str = ""


def damage_of(error: LogDamaged) -> Damage:
    """What a reader complained of."""
    return Damage(error.offset or 0, error.message, error.remedy)


@dataclass(frozen=True, slots=True)
class Verification:
    """What was walked, and what was found wrong. `chain` is the last link, in hexadecimal.

    A chain can be made anew by whoever can write the folder. `vouched_to` is the offset up to which an anchor stands
    for the log that nobody could have made without its key store; 0 if there is none, or no key store was at hand.
    `confirmed_to` is how far the anchors that were given, which lay elsewhere, say the same as the log; 0 if none was.
    """

    events: int
    head: int
    chain: str
    problems: tuple[Damage, ...]
    vouched_to: int = 0
    confirmed_to: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems

    def require(self) -> None:
        """Raise LogDamaged with the first problem, if there is one."""
        if self.problems:
            first = self.problems[0]
            raise LogDamaged(first.what, first.remedy or "restore the log from a backup", offset=first.offset)


@dataclass(slots=True)
class _Walk:
    """Where the walk along the chain stands."""

    offset: int
    link: bytes
    recorded_at_us: int = 0
    events: int = 0
    confirmed: int = 0


def verify(reader: Reader, *, after: int = 0, anchors: Sequence[Anchor] = (), deep: bool = True) -> Verification:
    """Walk the chain from `after`. `deep` also checks the tables beside the events and the file's structure."""
    walk = _Walk(after, b"")
    problems = list(islice(_all_problems(reader, walk, anchors, deep), MAX_PROBLEMS))
    link = walk.link.hex() if isinstance(walk.link, bytes) else ""  # a damaged file may have given it any type
    return Verification(walk.events, _next(walk) - 1, link, tuple(problems), confirmed_to=walk.confirmed)


def _all_problems(reader: Reader, walk: _Walk, anchors: Sequence[Anchor], deep: bool) -> Iterator[Damage]:
    try:
        walk.link = _link_at(reader, walk.offset)
        yield from _walk_chain(reader, walk)
        if deep:
            yield from _check_gaps(reader)
            yield from _check_tables(reader)
            yield from _check_structure(reader.connection)
        yield from _check_anchors(reader, walk, anchors)
    except LogDamaged as error:
        yield damage_of(error)
    except NOT_AS_WRITTEN:
        yield Damage(_next(walk), f"after offset {_next(walk) - 1} there is a value that no writer wrote")
    except apsw.Error as error:
        yield Damage(_next(walk), f"the file cannot be read after offset {_next(walk) - 1} ({error})")


def _check_anchors(reader: Reader, walk: _Walk, anchors: Sequence[Anchor]) -> Iterator[Damage]:
    """What does not fit the anchors given; how far those that fit reach is noted in `walk`."""
    for anchor in anchors:
        try:
            if check_anchor(reader, anchor):
                walk.confirmed = max(walk.confirmed, anchor.offset)
        except LogDamaged as error:
            yield damage_of(error)


def _next(walk: _Walk) -> int:
    """The offset after the last that was walked; a damaged file may have given it any type."""
    return walk.offset + 1 if isinstance(walk.offset, int) else 1


def _link_at(reader: Reader, offset: int) -> bytes:
    """The link of an event or of a compacted run's end."""
    if offset == 0:
        return chain.genesis(get_meta(reader.connection, "log_id"))
    link = reader.connection.execute("SELECT chain FROM events WHERE offset = ?", (offset,)).get
    link = link or reader.connection.execute("SELECT after FROM gaps WHERE last = ?", (offset,)).get
    if link is None:
        raise AnchorMismatch(f"the log has no event at offset {offset}, which an anchor saw", offset=offset)
    return bytes(link)


def _walk_chain(reader: Reader, walk: _Walk) -> Iterator[Damage]:
    gaps = iter([gap for gap in reader.gaps() if gap.first > walk.offset])
    gap = next(gaps, None)
    for row in reader.rows("WHERE offset > ? ORDER BY offset", (walk.offset,)):
        while gap is not None and gap.first == walk.offset + 1:
            if gap.before != walk.link:
                yield Damage(gap.first, f"the chain does not lead into the compacted run at offset {gap.first}")
            walk.offset, walk.link = gap.last, gap.after
            gap = next(gaps, None)
        if row.offset != walk.offset + 1:
            yield Damage(walk.offset + 1, f"events are missing from offset {walk.offset + 1} to {row.offset - 1}")
        if chain.link(walk.link, reader.header(row), row.payload) != row.chain:
            yield Damage(row.offset, f"the event at offset {row.offset} does not match the chain")
        if row.recorded_at_us < walk.recorded_at_us and row.kind != TIME_CORRECTION:
            yield Damage(row.offset, f"the event at offset {row.offset} was recorded before the one before it")
        walk.offset, walk.link, walk.recorded_at_us = row.offset, row.chain, row.recorded_at_us
        walk.events += 1
    if gap is not None:
        yield Damage(gap.first, f"a compacted run at offset {gap.first} has no place in the log")


def _check_gaps(reader: Reader) -> Iterator[Damage]:
    last = None
    for row in reader.rows("WHERE kind >= 32 AND kind = 49 ORDER BY offset DESC LIMIT 1"):
        last = reader.event(row).body
    has_gaps = next(reader.gaps(), None) is not None
    if last is None and has_gaps:
        yield Damage(0, "events were removed without a compaction's record")
    if isinstance(last, Compaction) and last.gaps != remains_digest(reader):
        yield Damage(0, "the compacted runs do not match the last compaction's record")


def remains_digest(reader: Reader) -> str:
    """A hash over what compaction left of removed events: the gaps, and the deliveries that must not come again."""
    total = hashlib.sha256(chain.gaps_digest(reader.gaps()).encode())
    select = (
        "SELECT offset, delivery FROM deliveries WHERE NOT EXISTS "
        "(SELECT 1 FROM events WHERE events.offset = deliveries.offset) ORDER BY offset, delivery"
    )
    for offset, delivery in reader.connection.execute(select):
        total.update(offset.to_bytes(8, "big") + delivery)
    return total.hexdigest()


def _check_tables(reader: Reader) -> Iterator[Damage]:
    connection = reader.connection
    for (offset,) in connection.execute(
        "SELECT events.offset FROM events LEFT JOIN deliveries USING(delivery) "
        "WHERE deliveries.offset IS NOT events.offset LIMIT 50"
    ):
        yield Damage(offset, f"the delivery of the event at offset {offset} is not on record")
    spare = "SELECT (SELECT count(*) FROM deliveries) - (SELECT count(*) FROM events)"
    missing = "SELECT coalesce(sum(last - first + 1), 0) FROM gaps"
    if connection.execute(spare).get != connection.execute(missing).get:
        yield Damage(0, "the record of deliveries has entries that belong to no event")
    rows = connection.execute("SELECT consumer, position, needs, digest FROM positions")
    for consumer, position, needs, digest in rows:
        if position_digest(consumer, position, needs) != digest:
            yield Damage(0, f"the position of consumer `{consumer}` is damaged")


def _check_structure(connection: apsw.Connection) -> Iterator[Damage]:
    for (message,) in connection.execute("PRAGMA integrity_check(20)"):
        if message != "ok":
            yield Damage(0, f"the file's structure is damaged: {message}")


@dataclass(frozen=True, slots=True)
class FolderState:
    """What lies beside the events, read before them: a writer moves the anchor only after the events that it sees."""

    anchor: Anchor | None
    problems: tuple[Damage, ...]


def folder_state(layout: Layout) -> FolderState:
    """The anchor that the last writer left, and what is wrong with it or with the ledger of erasures."""
    anchor, problems = None, []
    try:
        anchor = layout.read_anchor()
    except LogDamaged as error:
        problems.append(damage_of(error))
    try:
        read_ledger(layout.erasures_path)
    except LogDamaged as error:
        problems.append(damage_of(error))
    return FolderState(anchor, tuple(problems))


def verify_events(folder: Path | str, *anchors: Anchor) -> Verification:
    """Verify a log's file of events by itself, for who has no keys. Raises LogDamaged if there is no such file."""
    layout = Layout(Path(folder), Path(folder) / "keys.db")
    state = folder_state(layout)
    path = layout.events_path()
    reader = Reader(connect(path, SHIPPED, write=False), None)
    try:
        check_format(reader.connection, path)
        with _one_moment(reader):
            return _with_folder(reader, state, verify(reader, anchors=anchors))
    finally:
        reader.close()


def verify_all(reader: Reader, state: FolderState, anchors: Sequence[Anchor]) -> Verification:
    """Verify events, keys and what lies beside them."""
    with _one_moment(reader):
        return _with_keys(reader, state, anchors, _with_folder(reader, state, verify(reader, anchors=anchors)))


@contextmanager
def _one_moment(reader: Reader) -> Iterator[None]:
    """All that is read of the events is of one moment, though somebody writes."""
    reader.connection.execute("BEGIN")
    try:
        yield
    finally:
        with suppress(apsw.Error):
            reader.connection.execute("ROLLBACK")


def _with_folder(reader: Reader, state: FolderState, verification: Verification) -> Verification:
    """`verification`, and whether the log still reaches the anchor of its last writer, and the ledger of erasures."""
    problems = list(verification.problems)
    problems += [damage for damage in state.problems if damage not in problems]
    try:
        if state.anchor is not None:
            check_anchor(reader, state.anchor)
    except LogDamaged as error:
        damage = damage_of(error)
        problems += [damage] if damage not in problems else []
    except apsw.Error:
        pass  # the walk has told of it
    return replace(verification, problems=tuple(problems))


def _with_keys(reader: Reader, state: FolderState, given: Sequence[Anchor], verification: Verification) -> Verification:
    """`verification`, and what the keys alone can tell: the key store, payloads, indexes, the seal of the anchor."""
    problems, vouched_to = list(verification.problems), 0
    try:
        known = reader.keys.numbers()
        for (number,) in reader.connection.execute("SELECT DISTINCT subject FROM events WHERE subject > 0"):
            if number not in known:
                problems.append(Damage(0, f"the key store has no subject {number}", "restore a newer one"))
        problems.extend(Damage(0, f"the key store is damaged: {message}") for message in reader.keys.check())
        problems.extend(_check_erased(reader))
        if not verification.problems:
            problems.extend(islice(_check_payloads(reader), MAX_PROBLEMS))
        for anchor in filter(None, (state.anchor, *given)):
            if anchor.seal and not is_vouched(reader, anchor):
                problems.append(Damage(0, f"the anchor of offset {anchor.offset} was not made with this key store"))
            elif anchor.seal:
                vouched_to = max(vouched_to, anchor.offset)
    except NOT_AS_WRITTEN:
        problems.append(Damage(0, "the key store holds a value that no writer wrote", "restore it"))
    except LogDamaged as error:
        problems.append(damage_of(error))
    except apsw.Error as error:
        problems.append(Damage(0, f"the key store cannot be read ({error})", "restore it"))
    return replace(verification, problems=tuple(problems[:MAX_PROBLEMS]), vouched_to=vouched_to)


def _check_erased(reader: Reader) -> Iterator[Damage]:
    """Whether the key store still holds keys that the log says were destroyed: then it is an older one."""
    recorded = recorded_erasures(reader.events("WHERE kind >= 32 AND kind = ?", (ERASURE,)))
    back = sum(reader.keys.still_holds(entry.number, entry.fingerprint) for entry in recorded)
    if back:
        told = f"the key store is older than the log: it still has keys that were destroyed ({back:,})"
        yield Damage(0, told, "put the newest key store back; the next command that writes the log destroys them again")


def _check_payloads(reader: Reader) -> Iterator[Damage]:
    """Every payload under its key, and what the indexes of facts used and of members say of them.

    What erased subjects' events said is not known any more; what the indexes keep of them is passed over.
    """
    recorded: dict[int, set[int]] = {}
    for number, offset in reader.connection.execute("SELECT subject, offset FROM uses"):
        recorded.setdefault(offset, set()).add(number)
    members = set(reader.connection.execute("SELECT target, subject FROM members"))
    for first, last, facts in checked(reader):
        if facts is None:
            where = f"WHERE kind <= {LAST_FACTS_KIND} AND offset BETWEEN ? AND ? ORDER BY offset"
            rows = reader.rows(where, (first, last))
            yield from _check_one_by_one(reader, rows, recorded, members)
        else:
            yield from map(_not_indexed, sorted(_outside(facts, members)))
    rows = reader.rows(f"WHERE kind > {LAST_FACTS_KIND} AND kind < 48 ORDER BY offset")
    yield from _check_one_by_one(reader, rows, recorded, members)
    for offset in recorded:
        yield Damage(offset, f"the index of facts used names offset {offset}, where no assessment is")


def _outside(facts: Scan, members: set[tuple[int, int]]) -> set[int]:
    """The offsets of facts that say who is in which group, where the index of members does not."""
    said = np.isin(facts.kinds, VALUED_KINDS)
    offsets: set[int] = set()
    for block in facts.blocks:
        for (_, kind), values in zip(block.shape, block.values, strict=True):
            if kind.startswith("r"):
                events = block.events[said[block.events]]
                pairs = zip(values[said[block.events]].tolist(), facts.subjects[events].tolist(), strict=True)
                missing = [pair not in members for pair in pairs]
                offsets.update(facts.offsets[events[missing]].tolist())
    return offsets


def _not_indexed(offset: int) -> Damage:
    return Damage(offset, f"the index of members lacks what the event at offset {offset} says")


def _check_one_by_one(
    reader: Reader, rows: Iterator[StoredEvent], recorded: dict[int, set[int]], members: set[tuple[int, int]]
) -> Iterator[Damage]:
    """The same for rows that are read one after the other; what assessments used is taken out of `recorded`."""
    for row in rows:
        try:
            plain = reader.payload(row)
        except LogDamaged as error:
            yield replace(damage_of(error), offset=row.offset)
            continue
        if row.kind == ASSESSMENT:
            indexed = recorded.pop(row.offset, set())
            if plain is not None and {number for number, _ in decode_json(plain)[7]} != indexed:
                told = f"the index of facts used is wrong for the assessment at offset {row.offset}"
                yield Damage(row.offset, told)
        elif row.kind in VALUED_KINDS and plain is not None:
            if any((target, row.subject) not in members for target in codec.groups_named(plain)):
                yield _not_indexed(row.offset)
