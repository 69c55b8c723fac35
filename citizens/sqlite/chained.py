"""Many events of one moment and origin as they are stored, in columns, and put into a file by one statement each.

SQL cannot take columns apart, so the statement cuts each event's cells out of byte strings: numbers are digits of one
width, payloads lie end to end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apsw
import numpy as np

from citizens.kinds import FACTS
from citizens.points import Ints
from citizens.sqlite.crypto import Bytes, Rows
from citizens.sqlite.reader import StoredEvent, Tip

_NUMBER_BYTES, _KIND_BYTES, _LENGTH_BITS = 20, 2, 24
MAX_STORED_BYTES = 1 << _LENGTH_BITS
_NUMBER = f"CAST(substr(?{{}}, {_NUMBER_BYTES} * (rowid - 1) + 1, {_NUMBER_BYTES}) AS INTEGER)"
_KIND = f"CAST(substr(?{{}}, {_KIND_BYTES} * (rowid - 1) + 1, {_KIND_BYTES}) AS INTEGER)"
_INSERT = (
    f"INSERT INTO events SELECT ?1 + rowid, ?2, {{kind}}, {_NUMBER.format(3)}, {{version}}, ?8, "
    "substr(?4, 16 * (rowid - 1) + 1, 16), "
    f"substr(?5, (value >> {_LENGTH_BITS}) + 1, value & {(1 << _LENGTH_BITS) - 1}), "
    "substr(?6, 32 * (rowid - 1) + 1, 32) FROM carray(?7)"
)
_INSERT_FIRST_FACTS = _INSERT.format(kind=FACTS, version=1)
_INSERT_ANY = _INSERT.format(kind=_KIND.format(9), version=_NUMBER.format(10))
_INSERT_DELIVERIES = "INSERT INTO deliveries SELECT substr(?1, 16 * (rowid - 1) + 1, 16), value FROM carray(?2)"
_SELECT_DELIVERED = (
    "SELECT 1 FROM carray(?2) CROSS JOIN deliveries ON delivery = substr(?1, 16 * value + 1, 16) LIMIT 1"
)
_INSERT_PAIRS = f"INSERT OR IGNORE INTO {{}} SELECT value, {_NUMBER.format(2)} FROM carray(?1)"


@dataclass(frozen=True, slots=True, eq=False)
class Chained:
    """Events as they are stored, of one moment and origin, from `first` on."""

    first: int
    recorded_at_us: int
    kinds: Ints
    numbers: Ints
    versions: Ints
    deliveries: Bytes
    stored: Rows
    links: Bytes

    @property
    def tip(self) -> Tip:
        """Where they end."""
        return Tip(self.first + len(self.numbers) - 1, self.links[-32:].tobytes(), self.recorded_at_us)

    def rows(self, origin: int) -> Iterator[StoredEvent]:
        """The events one by one."""
        numbers = (self.kinds.tolist(), self.numbers.tolist(), self.versions.tolist())
        columns = (*numbers, Rows.even(self.deliveries, 16), self.stored, Rows.even(self.links, 32))
        for offset, (kind, number, version, *rest) in enumerate(zip(*columns, strict=True), self.first):
            yield StoredEvent(offset, self.recorded_at_us, kind, number, version, origin, *rest)


def insert_events(connection: apsw.Connection, chained: Chained, origin: int) -> None:
    """Put events in; none of them may be stored in `MAX_STORED_BYTES` or more."""
    lengths = np.diff(chained.stored.ends)
    places = (chained.stored.ends[:-1] << _LENGTH_BITS) | lengths
    columns = (as_text(chained.numbers), chained.deliveries.tobytes(), chained.stored.data.tobytes())
    cells = (chained.first - 1, chained.recorded_at_us, *columns, chained.links.tobytes(), carray(places), origin)
    if (chained.versions == 1).all() and (chained.kinds == FACTS).all():
        connection.execute(_INSERT_FIRST_FACTS, cells)
        return
    kinds = np.char.zfill(chained.kinds.astype(f"S{_KIND_BYTES}"), _KIND_BYTES).tobytes()
    connection.execute(_INSERT_ANY, (*cells, kinds, as_text(chained.versions)))


def insert_deliveries(connection: apsw.Connection, first: int, deliveries: Bytes) -> None:
    """What stands for the deliveries of consecutive events, in order of their bytes."""
    if len(deliveries):
        order = _in_order(deliveries)
        in_order = deliveries.reshape(-1, 16)[order].tobytes()
        connection.execute(_INSERT_DELIVERIES, (in_order, carray(order + first)))


def is_any_delivered(connection: apsw.Connection, deliveries: Bytes) -> bool:
    """Whether any of some deliveries stands already."""
    asked = (deliveries.tobytes(), carray(_in_order(deliveries)))
    return bool(len(deliveries)) and connection.execute(_SELECT_DELIVERED, asked).get is not None


def _in_order(deliveries: Bytes) -> Ints:
    halves = deliveries.view(">u8").astype(np.uint64).reshape(-1, 2)
    return np.lexsort((halves[:, 1], halves[:, 0]))


def insert_pairs(connection: apsw.Connection, table: str, pairs: Ints) -> None:
    """Put pairs of numbers into one of the tables `members` and `uses`; those that are there already stay."""
    if len(pairs):  # SQLite takes no array that is empty
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        first = carray(np.ascontiguousarray(pairs[:, 0]))
        connection.execute(_INSERT_PAIRS.format(table), (first, as_text(pairs[:, 1])))


def carray(numbers: Ints) -> Any:
    """Whole numbers as an array that SQL can read."""
    return apsw.carray(numbers.data, flags=apsw.SQLITE_CARRAY_INT64)


def as_text(numbers: Ints) -> bytes:
    """Numbers as digits of one width: SQL cannot cut integers out of bytes."""
    return numbers.astype(f"S{_NUMBER_BYTES}").tobytes()
