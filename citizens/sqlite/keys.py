"""The key store: which number stands for which subject, and the key that its events are encrypted under.

It is a file apart from the events, so that it can be kept and backed up apart. A subject's row holds its name and a
random 256-bit key. Erasing the subject empties both, durably, and no event of it can be read again.

1. A subject is given the next number when it is first written of. Numbers are never given out twice.
2. New rows are committed before the events that need them: an event without its key would be a lost event, a key
   without events is harmless.
3. Each row carries a seal over its content, so that a flipped bit cannot turn one person into another.
4. A key's fingerprint names it in the ledger of erasures: after a restore the same number may come to stand for
   somebody else, whose key has another fingerprint.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import apsw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from citizens.errors import InvalidEvent, LogDamaged, LogUnavailable
from citizens.sqlite.connections import KEYS_TABLES, Settings, checkpoint, connect, get_meta, has_tables

KEY_BYTES = 32
NONCE_BYTES = 12
CACHED = 400_000
_INSERT = "INSERT INTO subjects(number, entity, id, key, seal) VALUES(?, ?, ?, ?, ?)"


def seal(number: int, entity: str, identifier: str, key: bytes) -> bytes:
    """What a row's content is checked against."""
    return hashlib.sha256(f"{number}\0{entity}\0{identifier}\0".encode() + key).digest()[:16]


def fingerprint(key: bytes) -> str:
    """Names a key without giving it away."""
    return hashlib.sha256(b"rulewright key\0" + key).hexdigest()[:32]


def encrypt(key: bytes, payload: bytes, about: bytes) -> bytes:
    """Nonce and AES-GCM ciphertext. `about` is authenticated with it and must be given again to decrypt.

    The nonce is random and not the offset: after a restore an offset is written again under the same key.
    """
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, payload, about)


def decrypt(key: bytes, stored: bytes, about: bytes) -> bytes:
    """The payload that `encrypt` was given. Raises LogDamaged if anything was changed."""
    try:
        return AESGCM(key).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], about)
    except InvalidTag:
        raise LogDamaged("a payload does not decrypt under its subject's key; verify the log and restore it") from None


def _check_free(identifier: str) -> None:
    if identifier.startswith("erased-"):
        raise InvalidEvent("ids that start with `erased-` are kept for erased subjects; name the subject otherwise")


class KeyStore:
    """One connection to the key store. Not for use by two threads at once."""

    def __init__(self, path: Path, settings: Settings, *, write: bool, log_id: bytes | None = None) -> None:
        """Open the store. With `log_id`, set up a new one for that log if the file is empty."""
        self.path = path
        self._connection = connect(path, settings, write=write)
        self._writing = False
        self._next = 1
        self._names: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._keys: dict[int, bytes | None] = {}
        if log_id is not None and not has_tables(self._connection):
            self._set_up(log_id)
        self.log_id = get_meta(self._connection, "log_id")
        self.pepper = get_meta(self._connection, "pepper")

    def _set_up(self, log_id: bytes) -> None:
        with self._connection:
            self._connection.execute(KEYS_TABLES)
            rows = [("log_id", log_id), ("pepper", os.urandom(KEY_BYTES))]
            self._connection.executemany("INSERT INTO meta VALUES(?, ?)", rows)

    def delivery(self, source: str, event_id: str) -> bytes:
        """The 16 bytes that stand for a delivery. Keyed, because an event id may hold a national id."""
        text = f"{source}\0{event_id}".encode()
        return hashlib.blake2b(text, digest_size=16, key=self.pepper).digest()

    def find(self, subject: str) -> int | None:
        """The subject's number, or None if it has none."""
        known = self._numbers.get(subject)
        if known is not None:
            return known
        entity, _, identifier = subject.partition("/")
        select = "SELECT number, entity, id, key, seal FROM subjects WHERE entity = ? AND id = ?"
        row = self._connection.execute(select, (entity, identifier)).fetchone()
        return self._loaded(row) if row is not None else None

    def number(self, subject: str) -> int:
        """The subject's number, given out now if it has none. Durable after `commit`."""
        known = self._numbers.get(subject)
        if known is not None:
            return known
        found = self.find(subject)
        return found if found is not None else self._add(subject, os.urandom(KEY_BYTES))

    def _add(self, subject: str, key: bytes) -> int:
        self._begin()
        entity, _, identifier = subject.partition("/")
        _check_free(identifier)
        number = self._next
        self._connection.execute(_INSERT, (number, entity, identifier, key, seal(number, entity, identifier, key)))
        self._next += 1
        self._remember(number, subject, key)
        return number

    def add_many(self, entity: str, identifiers: Sequence[str]) -> list[tuple[int, bytes]]:
        """(number, key) of many different subjects of one entity, in order, given out where they have none."""
        self._begin()
        select = "SELECT number, key FROM subjects WHERE entity = ? AND id = ?"
        first = self._next == 1
        known = [None if first else self._connection.execute(select, (entity, name)).fetchone() for name in identifiers]
        rows = list(self._new_rows(entity, [name for name, row in zip(identifiers, known, strict=True) if row is None]))
        self._connection.executemany(_INSERT, rows)
        self._next += len(rows)
        added = iter([(row[0], row[3]) for row in rows])
        return [row if row is not None else next(added) for row in known]

    def _new_rows(self, entity: str, identifiers: Sequence[str]) -> Iterable[tuple[int, str, str, bytes, bytes]]:
        keys = os.urandom(KEY_BYTES * len(identifiers))
        for index, identifier in enumerate(identifiers):
            _check_free(identifier)
            number, key = self._next + index, keys[index * KEY_BYTES : (index + 1) * KEY_BYTES]
            yield number, entity, identifier, key, seal(number, entity, identifier, key)

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

    def _load(self, number: int) -> None:
        select = "SELECT number, entity, id, key, seal FROM subjects WHERE number = ?"
        row = self._connection.execute(select, (number,)).fetchone()
        if row is None:
            raise LogDamaged(f"the key store has no subject {number}; it is older than the log: restore a newer one")
        self._loaded(row)

    def _loaded(self, row: tuple[Any, ...]) -> int:
        """Check a row's seal and keep it in memory; its number."""
        number, entity, identifier, key, stored = row
        if key is not None and seal(number, entity, identifier, key) != stored:
            raise LogDamaged(f"the key store's row of subject {number} is damaged; restore the key store")
        self._remember(number, f"{entity}/{identifier}" if key is not None else f"{entity}/erased-{number}", key)
        return int(number)

    def _remember(self, number: int, name: str, key: bytes | None) -> None:
        if len(self._keys) >= CACHED:
            self.forget()
        self._keys[number] = key
        self._names[number] = name
        if key is not None:
            self._numbers[name] = number

    def forget(self) -> None:
        """Drop everything held in memory, so that what was erased elsewhere is erased here."""
        self._keys.clear()
        self._names.clear()
        self._numbers.clear()

    def all_names(self) -> Iterable[tuple[int, str, str | None]]:
        """(number, entity, id) of every subject in order of number, seals not checked: for who has read the keys."""
        yield from self._connection.execute("SELECT number, entity, id FROM subjects ORDER BY number")

    def all_rows(self) -> Iterable[tuple[int, str, str | None, bytes | None]]:
        """(number, entity, id, key) of every subject in order of number, seals checked."""
        rows = self._connection.execute("SELECT number, entity, id, key, seal FROM subjects ORDER BY number")
        for number, entity, identifier, key, stored in rows:
            if key is not None and seal(number, entity, identifier, key) != stored:
                raise LogDamaged(f"the key store's row of subject {number} is damaged; restore the key store")
            yield number, entity, identifier, key

    def has_entity(self, entity: str) -> bool:
        """Whether a subject of the entity has a key."""
        select = "SELECT 1 FROM subjects WHERE entity = ? AND id IS NOT NULL LIMIT 1"
        return self._connection.execute(select, (entity,)).get is not None

    def count(self) -> tuple[int, int]:
        """How many subjects have a key, and how many were erased."""
        row = self._connection.execute("SELECT count(key), count(*) - count(key) FROM subjects").fetchone()
        return (row[0], row[1]) if row is not None else (0, 0)

    def check_structure(self) -> list[str]:
        """What SQLite finds wrong with the file; empty if nothing."""
        rows = [row[0] for row in self._connection.execute("PRAGMA integrity_check(20)")]
        return [message for message in rows if message != "ok"]

    def _begin(self) -> None:
        if not self._writing:
            self._connection.execute("BEGIN IMMEDIATE")
            self._writing = True
            self._next = 1 + (
                self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'subjects'").get or 0
            )

    def commit(self) -> None:
        """Make numbers given out so far durable."""
        if self._writing:
            self._connection.execute("COMMIT")
            self._writing = False

    def roll_back(self) -> None:
        """Take back numbers given out since the last commit."""
        self.forget()
        if self._writing:
            self._writing = False
            self._connection.execute("ROLLBACK")

    def destroy(self, number: int, expected_fingerprint: str) -> bool:
        """Destroy the key and the name, if the key is the one meant. Durable on return; `scrub` empties the WAL."""
        self.commit()
        self.forget()
        row = self._connection.execute("SELECT key FROM subjects WHERE number = ?", (number,)).fetchone()
        if row is None or row[0] is None or fingerprint(row[0]) != expected_fingerprint:
            return False
        self._connection.execute("UPDATE subjects SET id = NULL, key = NULL, seal = NULL WHERE number = ?", (number,))
        return True

    def scrub(self) -> None:
        """Empty the WAL file, where old content of rows stays behind. Raises LogUnavailable if a reader prevents it."""
        try:
            checkpoint(self._connection, wait=True)
        except apsw.BusyError:
            message = "the key is destroyed, and a reader still keeps the old pages of the key store"
            raise LogUnavailable(message + "; close readers, and open the log again, which empties them") from None

    def checkpoint(self) -> None:
        """Move WAL pages into the store, without waiting for anybody."""
        checkpoint(self._connection, wait=False)

    def close(self) -> None:
        """Close the connection; numbers not committed are lost."""
        self._connection.close()
