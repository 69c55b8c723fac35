"""Many rows at once give the same bytes as one by one, through OpenSSL's loops and without them."""

from __future__ import annotations

import os
import random

import numpy as np
import pytest

from citizens import chain
from citizens.sqlite.cipher import decrypt, encrypt
from citizens.sqlite.crypto import Bytes, Rows, headers, links, macs, many, seal, unseal
from citizens.sqlite.crypto.openssl import openssl

SIZES = (0, 1, 15, 16, 17, 63, 64, 65, 200, 5_000)


@pytest.fixture(params=["loops", "one by one"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "loops" and openssl() is None:
        pytest.skip("this Python has no OpenSSL in a file of its own")
    monkeypatch.setattr(many, "MANY", 0)
    if request.param == "one by one":
        monkeypatch.setattr(many, "openssl", lambda: None)


def rows_of(seed: int) -> tuple[Bytes, Rows, Rows]:
    drawn = random.Random(seed)
    texts = [drawn.randbytes(size) for size in SIZES]
    abouts = [drawn.randbytes(drawn.randrange(100)) for _ in SIZES]
    return np.frombuffer(drawn.randbytes(32 * len(SIZES)), np.uint8), Rows.of(abouts), Rows.of(texts)


def test_this_python_has_the_loops() -> None:
    """On the machines that we test on they must be used: else a slow log would go unnoticed."""
    assert openssl() is not None


def test_what_is_sealed_together_opens_alone_and_the_reverse() -> None:
    keys, abouts, plains = rows_of(1)
    sealed = seal(keys, abouts, plains)
    alone = list(Rows.even(keys, 32))
    assert [decrypt(*each) for each in zip(alone, sealed, abouts, strict=True)] == list(plains)
    again = Rows.of([encrypt(*each) for each in zip(alone, plains, abouts, strict=True)])
    opened, well = unseal(keys, abouts, again)
    assert (list(opened), well) == (list(plains), len(SIZES))


def test_one_key_of_all_rows() -> None:
    _, abouts, plains = rows_of(2)
    key = os.urandom(32)
    sealed = seal(key, abouts, plains)
    assert [decrypt(key, row, about) for row, about in zip(sealed, abouts, strict=True)] == list(plains)
    assert list(unseal(key, abouts, sealed)[0]) == list(plains)


def test_nonces_differ() -> None:
    keys, abouts, plains = rows_of(3)
    assert len({row[:12] for row in seal(keys, abouts, plains)}) == len(SIZES)


@pytest.mark.parametrize("row", range(len(SIZES)))
def test_the_first_row_at_fault_is_named(row: int) -> None:
    keys, abouts, plains = rows_of(4)
    sealed = seal(keys, abouts, plains)
    for place in (0, 12, -1):  # the nonce, the text or the tag, the tag
        data = sealed.data.copy()
        start, end = sealed.ends[row : row + 2]
        data[start + place if place >= 0 else end + place] ^= 1
        opened, well = unseal(keys, abouts, Rows(data, sealed.ends))
        assert well == row
        assert list(opened)[:row] == list(plains)[:row]


def test_a_row_too_short_to_be_sealed_is_at_fault() -> None:
    keys, abouts, plains = rows_of(5)
    parts = list(seal(keys, abouts, plains))
    parts[3] = parts[3][:27]
    assert unseal(keys, abouts, Rows.of(parts))[1] == 3


def test_headers_and_links_are_those_of_the_chain() -> None:
    drawn = random.Random(6)
    offsets = np.arange(5, dtype=np.int64) + 7
    subjects = np.array([1, 2, 2 << 48, 4, (65535 << 48) + 3], dtype=np.uint64).astype(np.int64)
    deliveries, origin = np.frombuffer(drawn.randbytes(80), np.uint8), drawn.randbytes(32)
    made = headers(
        offsets, -3, 1, subjects, versions=offsets, deliveries=deliveries, origins=np.frombuffer(origin, np.uint8)
    )
    expected = [
        chain.header(int(offset), -3, 1, int(subject) % 2**64, version=int(offset), delivery=delivery, origin=origin)
        for offset, subject, delivery in zip(offsets, subjects, Rows.even(deliveries, 16), strict=True)
    ]
    assert list(Rows.even(made, 82)) == expected
    stored, link = [drawn.randbytes(size) for size in (0, 1, 55, 64, 1_000)], bytes(32)
    for head, payload, told in zip(expected, stored, Rows.even(links(link, made, Rows.of(stored)), 32), strict=True):
        link = chain.link(link, head, payload)
        assert told == link


def test_keyed_hashes_are_those_of_blake2b() -> None:
    import hashlib

    _, _, texts = rows_of(7)
    key = os.urandom(32)
    expected = [hashlib.blake2b(text, digest_size=16, key=key).digest() for text in texts]
    assert list(Rows.even(macs(key, texts), 16)) == expected


def test_no_rows_at_all() -> None:
    none = Rows.of([])
    nothing = np.empty(0, np.uint8)
    assert list(seal(nothing, none, none)) == list(unseal(nothing, none, none)[0]) == []
    assert not len(links(bytes(32), nothing, none))
