"""The rows of an append, sealed and chained: one by one if they are few, all at once if they are many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from citizens import chain
from citizens.book_entries import for_the_books
from citizens.kinds import POSTING
from citizens.sqlite.crypto import MANY, Rows, headers, links, seal
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.reader import StoredEvent, Tip, seal_payload


class Pending(NamedTuple):
    """An event before it is sealed: as it will be stored, its origin's digest, and its payload in the clear."""

    offset: int
    recorded_at_us: int
    kind: int
    subject: int
    version: int
    origin: int
    delivery: bytes
    digest: bytes
    payload: bytes


def sealed(keys: KeyStore, before: bytes, pending: Sequence[Pending]) -> list[StoredEvent]:
    """The events as they are stored, in order. `before` is the link before the first."""
    return _together(keys, before, pending) if len(pending) >= MANY else _one_by_one(keys, before, pending)


def tip_of(rows: Sequence[StoredEvent], tip: Tip) -> Tip:
    """Where the log ends behind some rows; `tip` if there are none."""
    return Tip(rows[-1].offset, rows[-1].chain, rows[-1].recorded_at_us) if rows else tip


def _one_by_one(keys: KeyStore, before: bytes, pending: Sequence[Pending]) -> list[StoredEvent]:
    rows = []
    for offset, at_us, kind, subject, version, origin, delivery, digest, payload in pending:
        head = chain.header(offset, at_us, kind, subject, version=version, delivery=delivery, origin=digest)
        stored = seal_payload(keys, kind, subject, payload, head)
        before = chain.link(before, head, stored)
        rows.append(StoredEvent(offset, at_us, kind, subject, version, origin, delivery, stored, before))
    return rows


def _together(keys: KeyStore, before: bytes, pending: Sequence[Pending]) -> list[StoredEvent]:
    *numbers, deliveries, digests, _ = zip(*pending, strict=True)
    offsets, recorded, kinds, subjects, versions = (np.array(column, np.int64) for column in numbers[:5])
    heads = headers(
        offsets, recorded, kinds, subjects, versions=versions,
        deliveries=Rows.of(deliveries).data, origins=Rows.of(digests).data,
    )  # fmt: skip
    stored = _stored(keys, pending, list(Rows.even(heads, len(heads) // len(pending))))
    chained = Rows.even(links(before, heads, Rows.of(stored)), len(before))
    return [
        StoredEvent(*event[:7], payload, link) for event, payload, link in zip(pending, stored, chained, strict=True)
    ]


def _stored(keys: KeyStore, pending: Sequence[Pending], heads: Sequence[bytes]) -> list[bytes]:
    """The payloads as `seal_payload` stores them."""
    of, plains, abouts = list[bytes](), list[bytes](), list[bytes]()
    for event, head in zip(pending, heads, strict=True):
        if event.subject == 0:
            continue
        key = keys.key(event.subject)
        assert key is not None, "a subject found by name has a key"
        parts = for_the_books(event.payload) if event.kind == POSTING else (event.payload,)
        of += (keys.books, key) if event.kind == POSTING else (key,)
        plains += parts
        abouts += [head] * len(parts)
    done = iter(seal(Rows.of(of).data, Rows.of(abouts), Rows.of(plains)))
    stored = []
    for event, head in zip(pending, heads, strict=True):
        if event.subject == 0:
            stored.append(chain.seal_plain(head, event.payload))
        elif event.kind == POSTING:
            kept = next(done)
            stored.append(len(kept).to_bytes(4, "big") + kept + next(done))
        else:
            stored.append(next(done))
    return stored
