"""The file that the key store is: sealed under a key of its own, written in transactions, read by its owner alone.

What the store's own key seals and what it is wrapped under, `keys` and `envelope` say.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import apsw
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from citizens.errors import LogDamaged, LogUnavailable
from citizens.sqlite.cipher import KEY_BYTES, NONCE_BYTES, decrypt, encrypt, fingerprint
from citizens.sqlite.connections import (
    FORMAT,
    KEYS_TABLES,
    Settings,
    check_format,
    checkpoint,
    connect,
    get_meta,
    has_tables,
    set_meta,
)
from citizens.sqlite.crypto import DIGEST_BYTES, Bytes, Rows, macs, unseal
from citizens.sqlite.durable import require_private
from citizens.sqlite.envelope import unwrap, wrap

COUNTER_BITS = 48


def row_of(number: int, entity: str, identifier: str) -> bytes:
    """What a row's seal is over."""
    return f"{number}\0{entity}\0{identifier}".encode()


def _delivery_text(source: str, event_id: str, number: int | None) -> bytes:
    text = f"{source}\0{event_id}".encode()
    return text if number is None else number.to_bytes(8, "big") + text


class SealedStore:
    """One connection to a key store: its secrets, its rows' seals, its transactions."""

    def __init__(
        self,
        path: Path,
        settings: Settings,
        *,
        write: bool,
        log_id: bytes | None = None,
        kek: bytes | None = None,
        partition: int = 0,
    ) -> None:
        """Open the store. With `log_id`, set up a new one for that log if the file is empty. `kek` opens its seal.

        Raises LogDamaged if the store is missing or not as it was written, Refused if others may read it, if it is of
        another format, or if `kek` is not the key that it is wrapped under.
        """
        self.path = path
        if log_id is None and not (path.exists() and path.stat().st_size):
            remedy = "name it with RULEWRIGHT_KEYS if it lies elsewhere, or restore it from a backup"
            raise LogDamaged(f"{path} cannot be opened: there is no key store", remedy)
        require_private(path, create=log_id is not None)
        self._connection = connect(path, settings, write=write)
        self._writing = False
        self._last = 0
        self._names: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._keys: dict[int, bytes | None] = {}
        self._destroyed: dict[int, set[str]] = {}
        try:
            if log_id is not None and not has_tables(self._connection):
                self._set_up(log_id, kek, partition)
            self._unlock(kek)
        except BaseException:
            self._connection.close()
            raise

    def _set_up(self, log_id: bytes, kek: bytes | None, partition: int) -> None:
        store_key, secrets = os.urandom(KEY_BYTES), os.urandom(2 * KEY_BYTES)
        with self._connection:
            self._connection.execute(KEYS_TABLES)
            for name, value in (
                ("format", FORMAT.to_bytes(4, "big")),
                ("log_id", log_id),
                ("store_key", wrap(store_key, kek)),
                ("secrets", encrypt(store_key, secrets, b"secrets\0" + log_id)),
                ("last_number", (partition << COUNTER_BITS).to_bytes(8, "big")),
            ):
                set_meta(self._connection, name, value)

    def _unlock(self, kek: bytes | None) -> None:
        check_format(self._connection, self.path)
        self.log_id = get_meta(self._connection, "log_id")
        store_key = unwrap(get_meta(self._connection, "store_key"), kek)
        try:
            secrets = decrypt(store_key, get_meta(self._connection, "secrets"), b"secrets\0" + self.log_id)
        except LogDamaged:
            raise LogDamaged(f"the key store {self.path} is damaged", "restore it from a backup") from None
        self._store_key, self._sealer = store_key, AESGCM(store_key)
        self.pepper, self.books = secrets[:KEY_BYTES], secrets[KEY_BYTES:]
        self._last = self._stored_last()

    @property
    def identity(self) -> bytes:
        """Names the store without giving anything away: the events file and anchors keep it."""
        return hashlib.sha256(b"rulewright key store\0" + self.pepper).digest()[:16]

    @property
    def is_wrapped(self) -> bool:
        """Whether the store's own key lies under a key-encryption key."""
        return len(get_meta(self._connection, "store_key")) != KEY_BYTES

    @property
    def last_number(self) -> int:
        """The highest number given out."""
        return self._last if self._writing else self._stored_last()

    @property
    def has_new(self) -> bool:
        """Whether numbers were given out that are not committed yet."""
        return self._writing

    def _stored_last(self) -> int:
        return int.from_bytes(get_meta(self._connection, "last_number"), "big")

    def vouch(self, text: bytes) -> str:
        """A seal over a text that only who has the key store can make."""
        return hmac.new(self.books, b"anchor\0" + text, hashlib.sha256).hexdigest()

    def rewrap(self, kek: bytes | None) -> None:
        """Wrap the store's key under another key-encryption key, or none. No row and no event is rewritten."""
        with self._connection:
            set_meta(self._connection, "store_key", wrap(self._store_key, kek))
        checkpoint(self._connection, wait=True)

    def delivery(self, source: str, event_id: str, number: int | None = None) -> bytes:
        """The 16 bytes that stand for a delivery. Keyed, because an event id may hold a national id.

        With `number` it is one that this program made of that subject (0: of the log itself). Those live apart from
        what anybody delivers, and apart from those of an erased subject that had the same name.
        """
        text, person = _delivery_text(source, event_id, number), b"" if number is None else b"own"
        return hashlib.blake2b(text, digest_size=DIGEST_BYTES, key=self.pepper, person=person).digest()

    def deliveries_of(self, told: Sequence[tuple[str, str, int | None]]) -> list[bytes]:
        """What `delivery` gives of many: (source, event id, number or None) of each."""
        made: list[bytes] = [b""] * len(told)
        for own, person in ((False, b""), (True, b"own")):
            places = [place for place, (_, _, number) in enumerate(told) if (number is not None) == own]
            texts = Rows.of([_delivery_text(*told[place]) for place in places])
            for place, digest in zip(places, Rows.even(macs(self.pepper, texts, person), DIGEST_BYTES), strict=True):
                made[place] = digest
        return made

    def deliveries(self, source: str, event_ids: Any) -> Bytes:
        """What stands for each of many deliveries of one source, end to end: the same as `delivery` gives.

        `event_ids` are an Arrow array of texts.
        """
        texts = pc.binary_join_element_wise(pa.scalar(f"{source}\0"), event_ids, "")
        return macs(self.pepper, Rows.of_arrow(texts))

    def _seal(self, number: int, entity: str, identifier: str, key: bytes) -> bytes:
        """A row's key, sealed with what the row says. An erased row seals an empty id and no key."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._sealer.encrypt(nonce, key, row_of(number, entity, identifier))

    def _open(self, row: tuple[Any, ...]) -> bytes | None:
        """A row's key, None if it was erased. Raises LogDamaged unless the row is as it was sealed."""
        key = self._unsealed(row)
        gone = self._destroyed.get(row[0])
        return None if key is not None and gone is not None and fingerprint(key) in gone else key

    def _unsealed(self, row: tuple[Any, ...]) -> bytes | None:
        """A row's key as it lies in the file, though an erasure that this file has not carried out destroyed it."""
        number, entity, identifier, sealed = row
        about = row_of(number, entity, identifier or "")
        try:
            key = self._sealer.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except (InvalidTag, TypeError, ValueError):
            raise LogDamaged(f"the key store's row of subject {number} is damaged", "restore the key store") from None
        return key or None

    def _unsealed_many(self, rows: Sequence[tuple[Any, ...]]) -> Rows:
        """The keys of many rows as they lie in the file, empty for the erased. Raises LogDamaged as `_unsealed`."""
        try:
            numbers, entities, identifiers, sealed = zip(*rows, strict=True)
            texts: Any = pa.array(numbers, pa.int64()).cast(pa.string())
            told: Any = pa.array(entities, pa.string())
            named: Any = pa.array(identifiers, pa.string())
            known_as = pc.fill_null(named, "")
            abouts = pc.binary_join_element_wise(texts, told, known_as, "\0")
            keys, well = unseal(self._store_key, Rows.of_arrow(abouts), Rows.of(sealed))
            if well == len(rows):
                return keys
        except (TypeError, ValueError, pa.ArrowException):
            pass  # a flipped bit has changed a value's type: said of its row below
        return Rows.of([self._unsealed(row) or b"" for row in rows])

    def take_as_destroyed(self, erased: Iterable[tuple[int, str]]) -> None:
        """Keys, by number and fingerprint, that count as destroyed, though this file is older than their erasure."""
        for number, expected in erased:
            self._destroyed.setdefault(number, set()).add(expected)
        self.forget()

    def forget(self) -> None:
        """Drop everything held in memory, so that what was erased elsewhere is erased here."""
        self._keys.clear()
        self._names.clear()
        self._numbers.clear()

    def _begin(self) -> None:
        if not self._writing:
            self._connection.execute("BEGIN IMMEDIATE")
            self._writing = True
            self._last = self._stored_last()

    def commit(self) -> None:
        """Make numbers given out so far durable."""
        if self._writing:
            set_meta(self._connection, "last_number", self._last.to_bytes(8, "big"))
            self._connection.execute("COMMIT")
            self._writing = False

    def roll_back(self) -> None:
        """Take back numbers given out since the last commit."""
        self.forget()
        if self._writing:
            self._writing = False
            self._connection.execute("ROLLBACK")
            self._last = self._stored_last()

    @property
    def replayed(self) -> str:
        """The mark up to which this store has carried out a ledger of erasures; empty for none (see `erasure`)."""
        return self._mark("replayed")

    @property
    def destroyed(self) -> str:
        """The mark up to which the keys of a ledger are destroyed here, though the log may not have recorded it yet."""
        return self._mark("destroyed") or self.replayed

    def _mark(self, name: str) -> str:
        mark: Any = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).get
        return mark.decode(errors="replace") if isinstance(mark, bytes) else ""

    def note_destroyed(self, mark: str) -> None:
        """Keep in mind that the keys of a ledger are destroyed here up to a mark: in a copy that follows a log."""
        set_meta(self._connection, "destroyed", mark.encode())

    def note_replayed(self, mark: str) -> None:
        """Keep in mind that a ledger has been carried out here, and recorded in the log, up to a mark."""
        set_meta(self._connection, "replayed", mark.encode())

    def check_structure(self) -> list[str]:
        """What SQLite finds wrong with the file; empty if nothing."""
        rows = [row[0] for row in self._connection.execute("PRAGMA integrity_check(20)")]
        return [message for message in rows if message != "ok"]

    def scrub(self) -> None:
        """Empty the WAL file, where old content of rows stays behind. Raises LogUnavailable if a reader prevents it."""
        try:
            checkpoint(self._connection, wait=True)
        except apsw.BusyError:
            message = "the key is destroyed, and a reader still keeps the old pages of the key store"
            raise LogUnavailable(message, "close readers, and open the log again, which empties them") from None

    def checkpoint(self) -> None:
        """Move WAL pages into the store, and empty the WAL file unless a reader is in the way."""
        try:
            checkpoint(self._connection, wait=True)
        except apsw.BusyError:
            checkpoint(self._connection, wait=False)

    def close(self) -> None:
        """Close the connection; numbers not committed are lost."""
        self._connection.close()
