"""The key store: which number stands for which subject, and the key that its events are encrypted under.

It is a file apart from the events, so that it can be kept and backed up apart. A subject's row holds its name and a
random 256-bit key. Erasing the subject empties both, durably, and no event of it can be read again.

1. A subject is given the next number when it is first written of: the log's partition in the upper 16 bits, a count in
   the lower 48. Numbers are never given out twice.
2. New rows are committed before the events that need them: an event without its key would be a lost event, a key
   without events is harmless.
3. Every row, erased ones too, is sealed under the store's own key, which names the row's number, entity and id. So a
   flipped bit cannot turn one person into another. The store's key can be wrapped under a key-encryption key that lies
   elsewhere (`envelope`); then who has the file alone can read names, but no history.
4. The pepper of deliveries and the key of the books are sealed in the same way. The books' key is never destroyed:
   money that has moved stays on record under a number when the name is gone.
5. A key's fingerprint names it in the ledger of erasures: after a restore the same number may come to stand for
   somebody else, whose key has another fingerprint.
6. The file may be read and written by its owner alone. A wider one is refused.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import apsw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from citizens.errors import InvalidEvent, LogDamaged
from citizens.events.checks import KEPT_FOR_ERASED, are_plain, check_letters
from citizens.points import Ints
from citizens.snapshot import Mask
from citizens.sqlite.cipher import KEY_BYTES, fingerprint
from citizens.sqlite.crypto import Bytes, Rows, seal
from citizens.sqlite.key_table import KeyTable
from citizens.sqlite.sealed import COUNTER_BITS, SealedStore

_COUNT = (1 << COUNTER_BITS) - 1
CACHED, WORTH_OPENING_TOGETHER, CHECKED_TOGETHER = 400_000, 20, 50_000
_INSERT = "INSERT INTO subjects(number, entity, id, sealed) VALUES(?, ?, ?, ?)"
_SEALED_BYTES = KEY_BYTES + 28
_INSERT_MANY = (
    f"INSERT INTO subjects(number, entity, id, sealed) SELECT ?1 + rowid, ?2, value, "
    f"substr(?3, {_SEALED_BYTES} * (rowid - 1) + 1, {_SEALED_BYTES}) FROM carray(?4)"
)
_SELECT = "SELECT number, entity, id, sealed FROM subjects"
_SELECT_MANY = f"{_SELECT} WHERE entity = ? AND id IN (SELECT value FROM carray(?))"
_SELECT_IN_ORDER = (
    "SELECT number, entity, id, sealed FROM carray(?1) CROSS JOIN subjects ON number = value "
    "WHERE entity = ?2 AND id IS NOT NULL"
)
_SELECT_NUMBERS = f"{_SELECT} WHERE number IN (SELECT value FROM carray(?))"


def _check_new(identifier: str) -> None:
    """Raise InvalidEvent for an id that no new subject may have."""
    check_letters(identifier)
    if identifier.startswith(KEPT_FOR_ERASED):
        raise InvalidEvent("ids that start with `erased-` are kept for erased subjects", "choose another id")


@dataclass(frozen=True, slots=True, eq=False)
class Numbered:
    """The numbers of some subjects and, end to end, their keys."""

    numbers: Ints
    keys: Bytes


def _noting(rows: Iterable[tuple[Any, ...]], numbers: array[int]) -> Iterator[tuple[Any, ...]]:
    """The rows, with their numbers noted as they come."""
    for row in rows:
        numbers.append(row[0])
        yield row


def _picked(keys: Rows, pick: Mask) -> Iterator[Bytes]:
    return (keys.data[keys.ends[row] : keys.ends[row + 1]] for row in np.flatnonzero(pick).tolist())


class KeyStore(SealedStore):
    """One connection to the key store. Not for use by two threads at once."""

    def find(self, subject: str) -> int | None:
        """The subject's number, or None if it has none."""
        known = self._numbers.get(subject)
        if known is not None:
            return known
        entity, _, identifier = subject.partition("/")
        row = self._connection.execute(f"{_SELECT} WHERE entity = ? AND id = ?", (entity, identifier)).fetchone()
        number = self._loaded(row) if row is not None else None
        return number if number is not None and self._keys[number] is not None else None

    def find_many(self, subjects: Collection[str]) -> dict[str, int]:
        """The numbers of those of many subjects that have one."""
        numbers: dict[str, int] = {}
        by_entity: dict[str, list[str]] = {}
        for subject in subjects:
            known = self._numbers.get(subject)
            if known is not None:
                numbers[subject] = known
            else:
                entity, _, identifier = subject.partition("/")
                by_entity.setdefault(entity, []).append(identifier)
        for entity, identifiers in by_entity.items():
            among = (entity, apsw.carray(tuple(identifiers)))
            rows: list[Any] = self._connection.execute(_SELECT_MANY, among).fetchall()
            for key, row in zip(self._loaded_many(rows), rows, strict=True):
                if key is not None:
                    numbers[f"{entity}/{row[2]}"] = row[0]
        return numbers

    def number(self, subject: str) -> int:
        """The subject's number, given out now if it has none. Durable after `commit`."""
        known = self.find(subject)
        return known if known is not None else self._add(subject, os.urandom(KEY_BYTES))

    def _add(self, subject: str, key: bytes) -> int:
        self._begin()
        entity, _, identifier = subject.partition("/")
        _check_new(identifier)
        number = self._last + 1
        self._connection.execute(_INSERT, (number, entity, identifier, self._seal(number, entity, identifier, key)))
        self._last = number
        self._remember(number, subject, key)
        return number

    def add_many(self, entity: str, identifiers: Sequence[str]) -> Numbered:
        """Numbers and keys of many different subjects of one entity, given out where they have none."""
        self._begin()
        known = self._known(entity, identifiers) if self.has_entity(entity) else {}
        added = self._add_new(entity, [name for name in identifiers if name not in known] if known else identifiers)
        if not known:
            return added
        numbers, keys = np.empty(len(identifiers), np.int64), np.empty((len(identifiers), KEY_BYTES), np.uint8)
        was_known = np.array([name in known for name in identifiers], dtype=np.bool_)
        numbers[~was_known], keys[~was_known] = added.numbers, added.keys.reshape(-1, KEY_BYTES)
        for row in np.flatnonzero(was_known).tolist():
            number, key = known[identifiers[row]]
            numbers[row], keys[row] = number, np.frombuffer(key, np.uint8)
        return Numbered(numbers, keys.reshape(-1))

    def _known(self, entity: str, identifiers: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        numbers = self.find_many([f"{entity}/{identifier}" for identifier in identifiers])
        known: dict[str, tuple[int, bytes]] = {}
        for subject, number in numbers.items():
            key = self.key(number)
            if key is not None:
                known[subject.partition("/")[2]] = (number, key)
        return known

    def _add_new(self, entity: str, identifiers: Sequence[str]) -> Numbered:
        if not are_plain(identifiers):
            for identifier in identifiers:
                _check_new(identifier)
        numbers = self._last + 1 + np.arange(len(identifiers), dtype=np.int64)
        keys = np.frombuffer(os.urandom(KEY_BYTES * len(identifiers)), np.uint8)
        if not len(identifiers):
            return Numbered(numbers, keys)
        texts: Any = pa.array(numbers).cast(pa.string())
        rows = pc.binary_join_element_wise(texts, pa.scalar(entity), pa.array(identifiers, pa.string()), "\0")
        sealed = seal(self._store_key, Rows.of_arrow(rows), Rows.even(keys, KEY_BYTES)).data.tobytes()
        self._connection.execute(_INSERT_MANY, (self._last, entity, sealed, apsw.carray(tuple(identifiers))))
        self._last += len(identifiers)
        return Numbered(numbers, keys)

    def name(self, number: int) -> str:
        """The subject's name, or `<entity>/erased-<number>`."""
        known = self._names.get(number)
        if known is None:
            self._load(number)
            known = self._names[number]
        return known

    def key(self, number: int) -> bytes | None:
        """The subject's key, or None once it is erased."""
        if number not in self._keys:
            self._load(number)
        return self._keys[number]

    def load(self, numbers: Iterable[int]) -> None:
        """Have the rows of many subjects in memory, those that there are, as long as they fit into it."""
        missing = array("q", [number for number in numbers if number not in self._keys][:CACHED])
        if missing:  # SQLite takes no array that is empty
            among = (apsw.carray(missing, flags=apsw.SQLITE_CARRAY_INT64),)
            self._loaded_many(self._connection.execute(_SELECT_NUMBERS, among).fetchall())

    def _load(self, number: int) -> None:
        row = self._connection.execute(f"{_SELECT} WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise LogDamaged(f"the key store has no subject {number}", "it is older than the log: restore a newer one")
        self._loaded(row)

    def _loaded(self, row: tuple[Any, ...]) -> int:
        """Check a row's seal and keep it in memory; its number."""
        number, entity, identifier, _ = row
        key = self._open(row)
        self._remember(number, f"{entity}/{identifier}" if key is not None else f"{entity}/erased-{number}", key)
        return int(number)

    def _loaded_many(self, rows: Sequence[tuple[Any, ...]]) -> list[bytes | None]:
        """Check the seals of many rows and keep those in memory that fit into it; the keys."""
        if len(rows) < WORTH_OPENING_TOGETHER or self._destroyed:
            keys = [self._open(row) for row in rows]
        else:
            keys = [key or None for key in self._unsealed_many(rows)]
        for (number, entity, identifier, _), key in zip(rows, keys, strict=True):
            self._remember(number, f"{entity}/{identifier}" if key else f"{entity}/erased-{number}", key)
        return keys

    def _remember(self, number: int, name: str, key: bytes | None) -> None:
        if len(self._keys) >= CACHED:
            self.forget()
        self._keys[number] = key
        self._names[number] = name
        if key is not None:
            self._numbers[name] = number

    def all_names(self) -> Iterable[tuple[int, str, str | None]]:
        """(number, entity, id) of every subject in order of number, seals not checked: for who has read the keys."""
        select = "SELECT number, entity, id FROM subjects ORDER BY number"
        rows: list[Any] = self._connection.execute(select).fetchall()
        if not self._destroyed:
            return rows
        gone = {number for number in self._destroyed if self.key(number) is None}
        return [(row[0], row[1], None if row[0] in gone else row[2]) for row in rows]

    def table(self, numbers: Collection[int] | None = None) -> KeyTable:
        """The keys of everybody, or of the subjects with some numbers, who was not erased; all seals are checked."""
        if numbers is None:
            rows = self._connection.execute(f"{_SELECT} ORDER BY number").fetchall()
        elif not numbers:  # SQLite takes no array that is empty
            rows = []
        else:
            among = (apsw.carray(array("q", numbers), flags=apsw.SQLITE_CARRAY_INT64),)
            rows = self._connection.execute(f"{_SELECT_NUMBERS} ORDER BY number", among).fetchall()
        if numbers is not None and len(rows) < len(set(numbers)):
            self._load(min(set(numbers) - {row[0] for row in rows}))  # which says that it is missing
        keys = self._unsealed_many(rows)
        left = np.diff(keys.ends) == KEY_BYTES
        known = np.array([row[0] for row in rows], dtype=np.int64)
        for place in np.flatnonzero(np.isin(known, list(self._destroyed))).tolist():
            left[place] = self._open(rows[place]) is not None
        data = keys.data if left.all() else np.concatenate([np.empty(0, np.uint8), *_picked(keys, left)])
        return KeyTable(known[left], data)

    def keys_of(self, entity: str, numbers: Ints, ids: Any) -> Bytes | None:
        """The keys of many subjects of an entity, end to end; None unless each number is of the subject with that id
        (`ids` are an Arrow array of texts), and none is erased. All seals are checked."""
        among = (apsw.carray(np.ascontiguousarray(numbers).data, flags=apsw.SQLITE_CARRAY_INT64), entity)
        rows = self._connection.execute(_SELECT_IN_ORDER, among).fetchall()
        if len(rows) < len(numbers) or not self._destroyed.keys().isdisjoint(numbers.tolist()):
            return None
        if not pa.array([row[2] for row in rows], pa.string()).equals(ids):
            return None
        keys = self._unsealed_many(rows)
        return keys.data if len(keys.data) == KEY_BYTES * len(rows) else None

    def numbers(self) -> set[int]:
        """The numbers of every subject, seals not checked."""
        return {number for (number,) in self._connection.execute("SELECT number FROM subjects")}

    def all_rows(self) -> Iterable[tuple[int, str, str | None, bytes | None]]:
        """(number, entity, id, key) of every subject in order of number, seals checked."""
        for row in self._connection.execute(f"{_SELECT} ORDER BY number"):
            yield row[0], row[1], row[2], self._open(row)

    def rows_after(self, number: int) -> Iterable[tuple[Any, ...]]:
        """The rows of subjects above a number as they are stored, sealed: for a copy of this store."""
        return self._connection.execute(f"{_SELECT} WHERE number > ? ORDER BY number", (number,))

    def take_rows(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Put in rows of the store that this is a copy of, durably. One that is not as it was sealed is refused."""
        self._begin()
        try:
            for row in rows:
                self._open(row)
                self._connection.execute(_INSERT, row)
                self._last = max(self._last, row[0])
            self.commit()
        except BaseException:
            self.roll_back()
            raise

    def has_entity(self, entity: str) -> bool:
        """Whether a subject of the entity has a key."""
        select = "SELECT 1 FROM subjects WHERE entity = ? AND id IS NOT NULL LIMIT 1"
        return self._connection.execute(select, (entity,)).get is not None

    def entities(self) -> list[str]:
        """The entities of which a subject has a key, in order."""
        select = "SELECT entity FROM subjects WHERE id IS NOT NULL AND entity > ? ORDER BY entity LIMIT 1"
        found, last = [], ""
        while (row := self._connection.execute(select, (last,)).get) is not None:
            last = str(row)
            found.append(last)
        return found

    def names_of(self, entity: str, after: str, limit: int) -> list[str]:
        """The next subjects of an entity in order of their ids, above the id `after`; those erased are left out."""
        select = f"{_SELECT} WHERE entity = ? AND id > ? ORDER BY id LIMIT ?"
        rows = self._connection.execute(select, (entity, after, limit)).fetchall()
        numbers = [self._loaded(row) for row in rows]
        return [self.name(number) for number in numbers if self._keys[number] is not None]

    def erased(self) -> list[int]:
        """The numbers of the subjects that were erased."""
        return [number for (number,) in self._connection.execute("SELECT number FROM subjects WHERE id IS NULL")]

    def count(self) -> tuple[int, int]:
        """How many subjects have a key, and how many were erased."""
        row = self._connection.execute("SELECT count(id), count(*) - count(id) FROM subjects").fetchone()
        return (row[0], row[1]) if row is not None else (0, 0)

    def check(self) -> list[str]:
        """What is wrong with the store as a whole, each row opened; empty if nothing."""
        problems = self.check_structure()
        walked = array("q")
        try:
            cursor = self._connection.execute(f"{_SELECT} ORDER BY number")
            while rows := list(_noting(islice(cursor, CHECKED_TOGETHER), walked)):
                self._unsealed_many(rows)
        except UnicodeDecodeError:
            problems.append(f"a row after subject {walked[-1] if walked else 0} is no text any more")
            return problems
        count, highest = len(walked), walked[-1] if walked else 0
        last = self.last_number  # after the rows: whoever writes meanwhile only gives out more
        if highest > last:
            problems.append(f"subject {highest} has a number that was never given out")
        if count < highest & _COUNT:
            problems.append(f"it has {count:,} rows, and {highest & _COUNT:,} numbers were given out")
        return problems

    def still_holds(self, number: int, expected_fingerprint: str) -> bool:
        """Whether the key of that fingerprint lies in the file, though it may count as destroyed."""
        row = self._connection.execute(f"{_SELECT} WHERE number = ? AND id IS NOT NULL", (number,)).fetchone()
        key = self._unsealed(row) if row is not None else None
        return key is not None and fingerprint(key) == expected_fingerprint

    def destroy(self, number: int, expected_fingerprint: str) -> bool:
        """Destroy the key and the name, if the key is the one meant. Durable on return; `scrub` empties the WAL."""
        self.commit()
        self.forget()
        if not self.still_holds(number, expected_fingerprint):
            return False
        row = self._connection.execute(f"{_SELECT} WHERE number = ?", (number,)).fetchone()
        assert row is not None, "what the file still holds has a row"
        emptied = (self._seal(number, row[1], "", b""), number)
        self._connection.execute("UPDATE subjects SET id = NULL, sealed = ? WHERE number = ?", emptied)
        return True

    def destroy_many(self, meant: Iterable[tuple[int, str]]) -> int:
        """The same for many, in one transaction; how many were destroyed."""
        self.commit()
        destroyed = 0
        with self._connection:
            for number, expected in meant:
                destroyed += self.destroy(number, expected)
        return destroyed
