"""Events that come from another store of the same log, put behind the last one here as they are.

1. Header, payload and link are carried unchanged. A link that does not follow from the one before it is refused, so
   nothing enters that the chain does not vouch for.
2. What the tables beside the events say is made anew from the payloads, which takes the keys. Of an erased subject's
   payload nothing is known any more, and nothing is indexed.
3. Where the other store has forgotten a run of events, a gap is carried in its place, with their deliveries.

Everything is written in a transaction that the caller begins and ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from citizens import chain, codec
from citizens.errors import LogDamaged
from citizens.events import Origin
from citizens.kinds import ASSESSMENT, VALUED_KINDS
from citizens.payload_json import decode_json
from citizens.sqlite.connections import set_meta
from citizens.sqlite.reader import Reader, StoredEvent, Tip
from citizens.sqlite.writer import INSERT_EVENT

Delivery = tuple[bytes, int]
"""What stands for a delivery, and the offset at which it stands."""
FLUSHED = 5_000


class Taker:
    """Takes events in order, from `tip` on. `reader` has the writing connections. Call `flush` at the end."""

    def __init__(self, reader: Reader, tip: Tip) -> None:
        self.tip = tip
        self.events = 0
        self._reader = reader
        self._rows: list[StoredEvent] = []
        self._uses: list[tuple[int, int]] = []
        self._members: set[tuple[int, int]] = set()
        self._origins: dict[Origin, tuple[int, bytes]] = {}

    def event(self, row: StoredEvent, origin: Origin) -> None:
        """Take one event; the number that `row` gives its origin is another store's. Raises LogDamaged."""
        number, digest = self._origin(origin)
        head = chain.header(
            row.offset,
            row.recorded_at_us,
            row.kind,
            row.subject,
            version=row.version,
            delivery=row.delivery,
            origin=digest,
        )
        if row.offset != self.tip.offset + 1 or chain.link(self.tip.link, head, row.payload) != row.chain:
            message = f"the event at offset {row.offset} does not follow from offset {self.tip.offset} of what is here"
            raise LogDamaged(message, "verify the log that it comes from", offset=row.offset)
        taken = row._replace(origin=number)
        self._rows.append(taken)
        self._index(taken)
        self.tip = Tip(row.offset, row.chain, row.recorded_at_us)
        self.events += 1
        if len(self._rows) >= FLUSHED:
            self.flush()

    def gap(self, gap: chain.Gap, deliveries: Sequence[Delivery]) -> None:
        """Take a run of events that was forgotten elsewhere. Raises LogDamaged unless it lies behind the last event."""
        if gap.first != self.tip.offset + 1 or gap.before != self.tip.link:
            raise LogDamaged(f"the chain does not lead into the compacted run at offset {gap.first}", offset=gap.first)
        self.flush()
        insert_gap(self._reader, gap)
        insert_deliveries(self._reader, deliveries)
        self.tip = Tip(gap.last, gap.after, gap.recorded_to_us)

    def _index(self, row: StoredEvent) -> None:
        """Note whose facts an assessment used, and which groups a fact names."""
        if row.kind not in (*VALUED_KINDS, ASSESSMENT):
            return
        plain = self._reader.payload(row)
        if plain is None:
            return
        if row.kind == ASSESSMENT:
            self._uses += [(number, row.offset) for number in {number for number, _ in decode_json(plain)[7]}]
        else:
            self._members |= {(group, row.subject) for group in codec.groups_named(plain)}

    def _origin(self, origin: Origin) -> tuple[int, bytes]:
        """The number and digest of an origin, stored now if it is new here."""
        known = self._origins.get(origin)
        if known is None:
            run = self._reader.connection.execute
            fields = (origin.source, origin.actor, origin.legal_basis, origin.retention)
            where = "source = ? AND actor = ? AND legal_basis = ? AND retention = ?"
            number = run(f"SELECT number FROM origins WHERE {where}", fields).get
            if number is None:
                run("INSERT INTO origins(source, actor, legal_basis, retention) VALUES(?, ?, ?, ?)", fields)
                number = self._reader.connection.last_insert_rowid()
            known = self._origins[origin] = (number, chain.origin_digest(origin))
        return known

    def flush(self) -> None:
        """Write what was taken."""
        connection = self._reader.connection
        connection.executemany(INSERT_EVENT, self._rows)
        insert_deliveries(self._reader, [(row.delivery, row.offset) for row in self._rows])
        connection.executemany("INSERT OR IGNORE INTO uses VALUES(?, ?)", self._uses)
        connection.executemany("INSERT OR IGNORE INTO members VALUES(?, ?)", sorted(self._members))
        set_meta(connection, "last_number", self._reader.keys.last_number.to_bytes(8, "big"))
        self._rows, self._uses, self._members = [], [], set()


def insert_gap(reader: Reader, gap: chain.Gap) -> None:
    """Write down a compacted run."""
    values = (gap.first, gap.last, gap.before, gap.after, gap.recorded_from_us, gap.recorded_to_us)
    reader.connection.execute("INSERT OR REPLACE INTO gaps VALUES(?, ?, ?, ?, ?, ?)", values)


def insert_deliveries(reader: Reader, deliveries: Iterable[Delivery]) -> None:
    """Write down which deliveries stand where. One that stands already is left as it is."""
    reader.connection.executemany("INSERT OR IGNORE INTO deliveries VALUES(?, ?)", deliveries)
