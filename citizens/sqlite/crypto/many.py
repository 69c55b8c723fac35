"""What `cipher`, `chain` and the key store do to one row, done to many.

Each function works through OpenSSL's loops where they can be had, and row by row otherwise and for a few rows.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from citizens.points import Ints
from citizens.sqlite.cipher import KEY_BYTES, NONCE_BYTES
from citizens.sqlite.crypto import one_by_one
from citizens.sqlite.crypto.loops import HEADER_BYTES, LINK_BYTES, OVERHEAD_BYTES
from citizens.sqlite.crypto.openssl import OpenSsl, openssl
from citizens.sqlite.crypto.rows import Bytes, Rows

DIGEST_BYTES, MANY = 16, 64
"""Bytes of a keyed hash, and from how many rows on the loops are worth making: making them takes 50 ms."""
_HEADER = np.dtype(
    [
        ("offset", ">u8"),
        ("recorded_at_us", ">i8"),
        ("kind", ">u2"),
        ("subject", ">u8"),
        ("version", ">u8"),
        ("delivery", np.uint8, DIGEST_BYTES),
        ("origin", np.uint8, 32),
    ]
)
assert _HEADER.itemsize == HEADER_BYTES
Number = Ints | int


def headers(
    offsets: Ints, recorded_at_us: Number, kinds: Number, subjects: Ints, *, versions: Number, deliveries: Bytes,
    origins: Bytes,
) -> Bytes:  # fmt: skip
    """The headers of many events, end to end (`chain.header`). `origins` are their digests, or one of all of them."""
    made = np.empty(len(offsets), _HEADER)
    made["offset"], made["recorded_at_us"], made["kind"] = offsets, recorded_at_us, kinds
    made["subject"], made["version"] = subjects, versions
    made["delivery"] = deliveries.reshape(-1, DIGEST_BYTES)
    made["origin"] = origins.reshape(-1, 32)
    return made.view(np.uint8)


def sealed_ends(plain_ends: Ints) -> Ints:
    """Where payloads end once they are sealed."""
    ends: Ints = plain_ends + OVERHEAD_BYTES * np.arange(len(plain_ends), dtype=np.int64)
    return ends


def seal(keys: Bytes | bytes, abouts: Rows, plains: Rows) -> Rows:
    """Nonce and AES-GCM ciphertext of each row (`cipher.encrypt`); `keys` are one of each row, or one of all."""
    nonces = np.frombuffer(os.urandom(NONCE_BYTES * len(plains)), np.uint8)
    library = _library(len(plains))
    if library is None:
        return one_by_one.seal(keys, nonces, abouts, plains)
    ends = sealed_ends(plains.ends)
    out = np.empty(int(ends[-1]), np.uint8)
    one_key, own = _key(keys)
    with library.cipher(seals=True, key=one_key) as context:
        places = (_at(own), _at(nonces), *_places(abouts), *_places(plains), _at(out))
        well = library.loops["seal"](context, *places, len(plains))
    if well < len(plains):
        raise OSError(f"OpenSSL did not seal row {well}")
    return Rows(out, ends)


def unseal(keys: Bytes | bytes, abouts: Rows, sealed: Rows) -> tuple[Rows, int]:
    """What `seal` was given, and how many rows of it are sound: from the first that is not, nothing is said."""
    short = np.flatnonzero(np.diff(sealed.ends) < OVERHEAD_BYTES)
    count = int(short[0]) if len(short) else len(sealed)
    library = _library(count)
    if library is None:
        return one_by_one.unseal(keys, abouts, sealed, count)
    ends = sealed.ends - OVERHEAD_BYTES * np.arange(len(sealed.ends), dtype=np.int64)
    out = np.empty(max(int(ends[count]), 0), np.uint8)
    one_key, own = _key(keys)
    with library.cipher(seals=False, key=one_key) as context:
        places = (_at(own), *_places(abouts), *_places(sealed), _at(out))
        well = library.loops["unseal"](context, *places, count)
    return Rows(out, ends[: well + 1]), well


def links(before: bytes, heads: Bytes, stored: Rows) -> Bytes:
    """The links of events in order, end to end (`chain.link`). `before` is the link before the first."""
    library = _library(len(stored))
    if library is None:
        return one_by_one.links(before, heads, stored)
    out = np.empty(LINK_BYTES * len(stored), np.uint8)
    first = np.frombuffer(before, np.uint8)
    with library.digest() as context:
        well = library.loops["link"](context, _at(first), _at(heads), *_places(stored), _at(out), len(stored))
    if well < len(stored):
        raise OSError(f"OpenSSL did not hash row {well}")
    return out


def macs(key: bytes, texts: Rows, person: bytes = b"") -> Bytes:
    """The keyed hash of each text, 16 bytes each (the key store's `delivery`). `person` tells kinds of texts apart."""
    library = _library(len(texts))
    if library is None:
        return one_by_one.macs(key, texts, person)
    out = np.empty(DIGEST_BYTES * len(texts), np.uint8)
    with library.mac(key, DIGEST_BYTES, person) as context:
        well = library.loops["mac"](context, *_places(texts), _at(out), len(texts))
    if well < len(texts):
        raise OSError(f"OpenSSL did not hash row {well}")
    return out


def _library(rows: int) -> OpenSsl | None:
    return openssl() if rows >= MANY else None


def _key(keys: Bytes | bytes) -> tuple[bytes | None, Bytes | None]:
    """The one key of all rows, or the keys of each."""
    if isinstance(keys, bytes):
        assert len(keys) == KEY_BYTES, "a key of AES-256"
        return keys, None
    return None, keys


def _at(array: Any) -> int | None:
    """Where an array lies."""
    if array is None:
        return None
    assert array.flags.c_contiguous, "the loops read rows end to end"
    return int(array.ctypes.data)


def _places(rows: Rows) -> tuple[int | None, int | None]:
    return _at(rows.data), _at(rows.ends)
