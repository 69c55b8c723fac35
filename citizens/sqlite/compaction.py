"""What may be forgotten: superseded change points older than their retention class allows.

1. A rule gives each retention class a horizon. A class without one keeps everything. Nothing recorded after the horizon
   of its class goes, nor anything of a subject under hold, nor a subject's last event (it
   says the subject's version).
2. Lay out all change points by key (subject, attribute, valid_from) and offset. A change point is superseded if the
   next one of its key was recorded by the horizon too. So at or after the horizon no answer needs it.
3. An event goes when all its change points are superseded. An event is kept whole otherwise: its hash covers it whole.
4. A retraction goes when it is the last of its keys, has waited the tombstone delay before the horizon, and no earlier
   event with a key of its own is left that would come back to life. Retractions are decided in order of offset.
5. Facts of erased subjects go when their class's horizon has passed; nobody can read them.
6. Copy the survivors, in order and with their offsets, to a new events file; put a gap where a run is missing; append
   the compaction's own event; build indexes; sync; swap (`layout`). The old file counts until the swap.

For each attribute that lost something, the horizon is kept; a question as known before it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import apsw
import numpy as np

from citizens import chain
from citizens.errors import PositionBehind
from citizens.events import Compaction
from citizens.kinds import LAST_FACTS_KIND, RETRACTION
from citizens.points import Ints, Scan
from citizens.snapshot import Mask
from citizens.sqlite.bulk import finish_file, open_unsafe
from citizens.sqlite.connections import Settings, get_meta
from citizens.sqlite.erasure import with_records
from citizens.sqlite.layout import Layout, create_events
from citizens.sqlite.reader import Reader, one_row
from citizens.sqlite.scan import scan
from citizens.sqlite.verification import remains_digest

OnStep = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Horizons:
    """Per retention class: offsets up to which superseded points, and retractions, may go."""

    superseded: Mapping[str, int]
    retractions: Mapping[str, int]
    tombstone_delay_us: int


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Which offsets go, and per attribute the offset before which answers are lost."""

    dropped: Ints
    lost: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did: events removed and left (its own record among them); 0 removed if it had nothing to do."""

    removed: int
    left: int


@dataclass(slots=True)
class _Points:
    """All change points in order of key and offset. `event` is a row of the scan."""

    event: Ints
    attribute: Ints
    names: list[str]
    same_key_next: Mask


def spare_consumers(reader: Reader, horizons: Horizons, despite: Collection[str] = ()) -> Horizons:
    """The horizons, such that every consumer still finds what it needs: followers the retractions they have not read.

    Raises PositionBehind if a run that was cut off needs the state before a horizon: only it can say when it is done.
    """
    latest, retractions = max(horizons.superseded.values(), default=0), dict(horizons.retractions)
    for consumer in (name for name in reader.consumers() if name not in despite):
        position, needs = reader.standing(consumer)
        if needs == "state" and position < latest:
            message = f"`{consumer}` was begun as known at offset {position:,} and is not finished"
            remedy = f"finish it first, compact up to a day before it began, or give it up with `--despite {consumer}`"
            raise PositionBehind(
                f"{message}, and compaction would forget what was known then", remedy, consumer=consumer
            )
        if needs == "events":
            retractions = {name: min(limit, position) for name, limit in retractions.items()}
    return Horizons(horizons.superseded, retractions, horizons.tombstone_delay_us)


def plan(reader: Reader, horizons: Horizons) -> Plan:
    """Decide what goes (steps 1 to 5)."""
    to = max(horizons.superseded.values(), default=0)
    scanned = scan(reader, 0, to, _may_lose(reader, to))
    held, last = set(with_records(reader, reader.held())), _last_events(reader)
    spared = np.isin(scanned.subjects, np.fromiter(held, np.int64, len(held))) | np.isin(scanned.offsets, last)
    limit = np.where(spared, 0, _per_origin(reader, horizons.superseded)[scanned.origins])
    points = _points(scanned)
    superseded = _superseded(points, scanned.offsets, limit)
    going = _whole_events(points, superseded, len(scanned.offsets))
    retraction_limit = np.where(spared, 0, _per_origin(reader, horizons.retractions)[scanned.origins])
    _retractions(points, superseded, going, scanned, retraction_limit)
    lost = _lost(points, going, limit)
    erased = _erased(reader, scanned.unreadable, horizons.superseded, held, set(last.tolist()))
    return Plan(np.sort(np.concatenate([scanned.offsets[going], erased])), lost)


def _may_lose(reader: Reader, to: int) -> list[int]:
    """The subjects of which something may go: what is superseded or taken back needs a second event, or is erased."""
    select = (
        f"SELECT subject FROM events WHERE kind <= {LAST_FACTS_KIND} AND offset <= ? GROUP BY subject "
        f"HAVING count(*) > 1 OR max(kind) = {RETRACTION}"
    )
    several = {number for (number,) in reader.connection.execute(select, (to,))}
    return sorted(several.union(reader.keys.erased()))


def _last_events(reader: Reader) -> Ints:
    rows = reader.connection.execute("SELECT max(offset) FROM events GROUP BY subject")
    return np.array([row[0] for row in rows], dtype=np.int64)


def _per_origin(reader: Reader, limits: Mapping[str, int]) -> Ints:
    """The offset limit of each origin, by its number."""
    rows = list(reader.connection.execute("SELECT number, retention FROM origins"))
    by_number = np.zeros(max((number for number, _ in rows), default=0) + 1, dtype=np.int64)
    for number, retention in rows:
        by_number[number] = limits.get(retention, 0)
    return by_number


def _points(scanned: Scan) -> _Points:
    names: dict[str, int] = {}
    events, attributes, days = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for block in scanned.blocks:
        for name, _ in block.shape:
            code = names.setdefault(name, len(names))
            events.append(block.events)
            attributes.append(np.full(len(block.events), code, dtype=np.int64))
            days.append(np.full(len(block.events), block.day, dtype=np.int64))
    event, attribute, day = np.concatenate(events), np.concatenate(attributes), np.concatenate(days)
    subject = scanned.subjects[event]
    order = np.lexsort((event, day, attribute, subject))
    event, attribute, day, subject = event[order], attribute[order], day[order], subject[order]
    same = np.zeros(len(event), dtype=np.bool_)
    same[:-1] = (subject[1:] == subject[:-1]) & (attribute[1:] == attribute[:-1]) & (day[1:] == day[:-1])
    return _Points(event, attribute, list(names), same)


def _superseded(points: _Points, offsets: Ints, limit: Ints) -> Mask:
    """Whether the next change point of the key was recorded within this one's limit."""
    following = np.zeros(len(points.event), dtype=np.int64)
    following[:-1] = offsets[points.event[1:]]
    superseded: Mask = points.same_key_next & (following <= limit[points.event])
    return superseded


def _whole_events(points: _Points, superseded: Mask, events: int) -> Mask:
    """Events all of whose change points are superseded."""
    all_points = np.bincount(points.event, minlength=events)
    gone = np.bincount(points.event[superseded], minlength=events)
    whole: Mask = (all_points > 0) & (all_points == gone)
    return whole


def _retractions(points: _Points, superseded: Mask, going: Mask, scanned: Scan, limit: Ints) -> None:
    """Add to `going` the retractions that nothing needs any more (step 4)."""
    old = (scanned.kinds == RETRACTION) & ~going & (scanned.offsets <= limit)
    candidates = np.flatnonzero(old[points.event])
    by_event: dict[int, list[int]] = {}
    for place in candidates.tolist():
        by_event.setdefault(int(points.event[place]), []).append(place)
    for event in sorted(by_event):
        if all(superseded[place] or not _revives(points, going, place) for place in by_event[event]):
            going[event] = True


def _revives(points: _Points, going: Mask, place: int) -> bool:
    """Whether an earlier event with the same key is left, or a later one stands on the retraction's record."""
    earlier = place - 1
    while earlier >= 0 and points.same_key_next[earlier]:
        if not going[points.event[earlier]]:
            return True
        earlier -= 1
    return False


def _lost(points: _Points, going: Mask, limit: Ints) -> dict[str, int]:
    lost = np.zeros(len(points.names), dtype=np.int64)
    gone = going[points.event]
    np.maximum.at(lost, points.attribute[gone], limit[points.event[gone]])
    return {name: int(lost[code]) for code, name in enumerate(points.names) if lost[code]}


def _erased(reader: Reader, unreadable: Ints, limits: Mapping[str, int], held: set[int], last: set[int]) -> Ints:
    per_origin = _per_origin(reader, limits)
    select = "SELECT origin, subject FROM events WHERE offset = ?"
    gone = []
    for offset in unreadable.tolist():
        origin, subject = one_row(reader.connection, select, offset)
        if offset <= per_origin[origin] and subject not in held and offset not in last:
            gone.append(offset)
    return np.array(gone, dtype=np.int64)


def write(
    reader: Reader,
    layout: Layout,
    settings: Settings,
    planned: Plan,
    *,
    append: Callable[[Reader, str], None],
    on_step: OnStep,
) -> Path:
    """Copy what is left to the next events file (step 6), up to the swap. `append` adds the compaction's own event."""
    path = layout.next_path()
    meta = dict(reader.connection.execute("SELECT name, value FROM meta"))
    create_events(path, get_meta(reader.connection, "log_id"), settings, indexed=False, meta=meta)
    connection = open_unsafe(path, settings)
    on_step("copy")
    copy_survivors(connection, layout.events_path(), planned.dropped)
    gaps = gaps_after(reader, planned.dropped)
    rows = [(gap.first, gap.last, gap.before, gap.after, gap.recorded_from_us, gap.recorded_to_us) for gap in gaps]
    connection.executemany("INSERT INTO gaps VALUES(?, ?, ?, ?, ?, ?)", rows)
    copied = Reader(connection, reader.keys)
    append(copied, remains_digest(copied))
    on_step("index")
    finish_file(connection, path)
    on_step("written")
    return path


def copy_survivors(connection: apsw.Connection, old: Path, dropped: Ints) -> None:
    """Copy the tables of the events file `old`, without the events at those offsets; a transaction is left open."""
    connection.execute("ATTACH ? AS old", (str(old),))
    connection.execute("BEGIN; CREATE TEMP TABLE dropped(offset INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO dropped VALUES(?)", ((offset,) for offset in dropped.tolist()))
    connection.execute(
        "INSERT INTO events SELECT * FROM old.events WHERE offset NOT IN (SELECT offset FROM dropped) ORDER BY offset"
    )
    for table in ("origins", "deliveries", "uses", "members", "positions"):
        connection.execute(f"INSERT INTO {table} SELECT * FROM old.{table} ORDER BY 1, 2")
    connection.execute("COMMIT; DETACH old; BEGIN")


def gaps_after(reader: Reader, dropped: Ints) -> list[chain.Gap]:
    """The gaps once those events are gone: the old ones and the new runs, joined where they touch."""
    breaks = np.flatnonzero(np.diff(dropped) > 1) + 1
    runs = [(int(run[0]), int(run[-1])) for run in np.split(dropped, breaks) if len(run)]
    pieces = sorted([*(_run_gap(reader, *run) for run in runs), *reader.gaps()], key=lambda gap: gap.first)
    joined: list[chain.Gap] = []
    for piece in pieces:
        if joined and joined[-1].last + 1 == piece.first:
            left = joined.pop()
            piece = chain.Gap(
                left.first, piece.last, left.before, piece.after, left.recorded_from_us, piece.recorded_to_us
            )
        joined.append(piece)
    return joined


def _run_gap(reader: Reader, first: int, last: int) -> chain.Gap:
    select = "SELECT chain, recorded_at_us FROM events WHERE offset = ?"
    before = reader.connection.execute(select, (first - 1,)).fetchone()
    from_us = one_row(reader.connection, select, first)[1]
    after, to_us = one_row(reader.connection, select, last)
    genesis = chain.genesis(get_meta(reader.connection, "log_id"))
    link = before[0] if before is not None else _gap_end(reader, first - 1) or genesis
    return chain.Gap(first, last, link, after, from_us, to_us)


def _gap_end(reader: Reader, last: int) -> bytes | None:
    return reader.connection.execute("SELECT after FROM gaps WHERE last = ?", (last,)).get  # type: ignore[no-any-return]


def record(planned: Plan, horizons: Horizons, digest: str) -> Compaction:
    """The compaction's own event."""
    return Compaction(
        tuple(sorted(horizons.superseded.items())),
        tuple(sorted(planned.lost.items())),
        horizons.tombstone_delay_us,
        len(planned.dropped),
        digest,
    )
