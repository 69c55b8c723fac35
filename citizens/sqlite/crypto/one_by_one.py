"""The functions of `many`, row by row in Python, where OpenSSL's loops cannot be had. Tests compare the two."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from citizens import chain
from citizens.sqlite.cipher import KEY_BYTES, NONCE_BYTES
from citizens.sqlite.crypto.loops import HEADER_BYTES
from citizens.sqlite.crypto.rows import Bytes, Rows


def seal(keys: Bytes | bytes, nonces: Bytes, abouts: Rows, plains: Rows) -> Rows:
    """Nonce and AES-GCM ciphertext of each row."""
    rows = zip(_ciphers(keys, len(plains)), Rows.even(nonces, NONCE_BYTES), abouts, plains, strict=True)
    return Rows.of([nonce + cipher.encrypt(nonce, plain, about) for cipher, nonce, about, plain in rows])


def unseal(keys: Bytes | bytes, abouts: Rows, sealed: Rows, count: int) -> tuple[Rows, int]:
    """What the first `count` rows were before they were sealed, up to the first that is not as it was."""
    plains: list[bytes] = []
    for cipher, about, row, _ in zip(_ciphers(keys, len(sealed)), abouts, sealed, range(count), strict=False):
        try:
            plains.append(cipher.decrypt(row[:NONCE_BYTES], row[NONCE_BYTES:], about))
        except InvalidTag:
            break
    return Rows.of(plains), len(plains)


def links(before: bytes, heads: Bytes, stored: Rows) -> Bytes:
    """The links of events in order, end to end."""
    made: list[bytes] = []
    for head, payload in zip(Rows.even(heads, HEADER_BYTES), stored, strict=True):
        before = chain.link(before, head, payload)
        made.append(before)
    return np.frombuffer(b"".join(made), np.uint8)


def macs(key: bytes, texts: Rows, person: bytes) -> Bytes:
    """The keyed hash of each text."""
    start = hashlib.blake2b(digest_size=16, key=key, person=person)
    made: list[bytes] = []
    for text in texts:
        hashed = start.copy()
        hashed.update(text)
        made.append(hashed.digest())
    return np.frombuffer(b"".join(made), np.uint8)


def _ciphers(keys: Bytes | bytes, count: int) -> Iterator[AESGCM]:
    if isinstance(keys, bytes):
        one = AESGCM(keys)
        return (one for _ in range(count))
    return (AESGCM(key) for key in Rows.even(keys, KEY_BYTES))
