"""How much there is in a log: for a person to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from citizens.codec import KIND_NAMES
from citizens.layout import Layout
from citizens.sqlite_reader import Reader


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of a log. `file_bytes` is of the events and the keys together, WALs included."""

    head: int
    by_kind: Mapping[str, int]
    compacted: int
    subjects: int
    erased: int
    held: int
    consumers: Mapping[str, int]
    file_bytes: int


def collect(reader: Reader, layout: Layout) -> Stats:
    """Count. Takes a walk over the events' headers."""
    kinds = reader.connection.execute("SELECT kind, count(*) FROM events GROUP BY kind ORDER BY kind")
    by_kind = {KIND_NAMES.get(kind, str(kind)): count for kind, count in kinds}
    gone = reader.connection.execute("SELECT coalesce(sum(last - first + 1), 0) FROM gaps").get
    consumers = dict(reader.connection.execute("SELECT consumer, position FROM positions ORDER BY consumer"))
    subjects, erased = reader.keys.count()
    paths = [*layout.folder.glob("events-*.db*"), *layout.keys_path.parent.glob(layout.keys_path.name + "*")]
    size = sum(path.stat().st_size for path in paths)
    return Stats(reader.head(), by_kind, gone, subjects, erased, len(reader.held()), consumers, size)
