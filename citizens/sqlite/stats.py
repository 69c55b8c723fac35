"""How much there is in a log: for a person to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from citizens.events import Compaction
from citizens.kinds import COMPACTION, KIND_NAMES
from citizens.sqlite.layout import Layout
from citizens.sqlite.reader import Reader, one_row


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of a log. `file_bytes` is of the events and the keys together, WALs included.

    `recorded_us` are the first and the last moment at which an event that is left was recorded; None of an empty log.
    `horizons` are, by retention class, the offsets up to which superseded facts were compacted. `wal_bytes` wait to be
    moved into the files; `anchored` is how far the anchor in the folder reaches.
    """

    head: int
    by_kind: Mapping[str, int]
    by_retention: Mapping[str, int]
    recorded_us: tuple[int, int] | None
    compacted: int
    horizons: Mapping[str, int]
    subjects: int
    erased: int
    held: int
    consumers: Mapping[str, int]
    file_bytes: int
    wal_bytes: int
    anchored: int


def collect(reader: Reader, layout: Layout) -> Stats:
    """Count. Takes a walk over the events' headers."""
    run = reader.connection.execute
    kinds = run("SELECT kind, count(*) FROM events GROUP BY kind ORDER BY kind")
    by_kind = {KIND_NAMES.get(kind, str(kind)): count for kind, count in kinds}
    first, last = one_row(reader.connection, "SELECT min(recorded_at_us), max(recorded_at_us) FROM events")
    gone = run("SELECT coalesce(sum(last - first + 1), 0) FROM gaps").get
    subjects, erased = reader.keys.count()
    anchor = layout.read_anchor()
    return Stats(
        head=reader.head(),
        by_kind=by_kind,
        by_retention=_by_retention(reader),
        recorded_us=None if first is None else (first, last),
        compacted=gone,
        horizons=_horizons(reader),
        subjects=subjects,
        erased=erased,
        held=len(reader.held()),
        consumers=dict(run("SELECT consumer, position FROM positions ORDER BY consumer")),
        file_bytes=sum(map(_size, _files(layout))),
        wal_bytes=wal_bytes(layout),
        anchored=anchor.offset if anchor is not None else 0,
    )


def wal_bytes(layout: Layout) -> int:
    """How many bytes wait to be moved into the files."""
    return sum(_size(path) for path in _files(layout) if path.name.endswith("-wal"))


def _files(layout: Layout) -> list[Path]:
    return [*layout.folder.glob("events-*.db*"), *layout.keys_path.parent.glob(layout.keys_path.name + "*")]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # a writer has just closed, or swapped the file
        return 0


def _by_retention(reader: Reader) -> dict[str, int]:
    counts: dict[str, int] = {}
    for number, count in list(reader.connection.execute("SELECT origin, count(*) FROM events GROUP BY origin")):
        retention = reader.origin(number)[0].retention
        counts[retention] = counts.get(retention, 0) + count
    return dict(sorted(counts.items()))


def _horizons(reader: Reader) -> dict[str, int]:
    horizons: dict[str, int] = {}
    for event in reader.events("WHERE kind >= 32 AND kind = ? ORDER BY offset", (COMPACTION,)):
        assert isinstance(event.body, Compaction)
        for retention, offset in event.body.horizons:
            horizons[retention] = max(offset, horizons.get(retention, 0))
    return horizons
