"""The hash chain over events as they are stored.

1. The chain starts from a hash of the log's random identity.
2. Each event's link is SHA-256 over the link before it, the event's header, and SHA-256 of its payload as stored
   (ciphertext). So headers and payloads' hashes alone verify it. The header holds a digest of the event's origin, so
   that the origin's texts are covered though they are stored once.
3. Where compaction removed a run of events, a gap keeps the link before the run and the link after it. A hash over all
   gaps is in the compaction's own event, which is in the chain.

So a changed, swapped, added or removed event is found from the file alone, without any key. What a chain cannot see is
its own end cut off: an anchor (offset and link, kept elsewhere) sees that.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from citizens.errors import LogDamaged
from citizens.events import Origin

_HEADER = struct.Struct(">QqHQQ16s32s")


@dataclass(frozen=True, slots=True)
class Gap:
    """A removed run of offsets, `first` to `last`, the links around it, and when its ends were recorded."""

    first: int
    last: int
    before: bytes
    after: bytes
    recorded_from_us: int
    recorded_to_us: int


def genesis(log_id: bytes) -> bytes:
    """The link before the first event."""
    return hashlib.sha256(b"rulewright log 2\0" + log_id).digest()


def origin_digest(origin: Origin) -> bytes:
    """What stands for an origin in the header."""
    fields = [origin.source, origin.actor, origin.legal_basis, origin.retention]
    return hashlib.sha256(json.dumps(fields).encode()).digest()


def header(
    offset: int, recorded_at_us: int, kind: int, subject: int, *, version: int, delivery: bytes, origin: bytes
) -> bytes:
    """An event's header as bytes. `origin` is the origin's digest. Payloads are sealed to it as well."""
    return _HEADER.pack(offset, recorded_at_us, kind, subject, version, delivery, origin)


def link(before: bytes, head: bytes, payload: bytes) -> bytes:
    """The link of one event, given the link before it, its header, and its payload as stored."""
    return hashlib.sha256(before + head + hashlib.sha256(payload).digest()).digest()


def seal_plain(head: bytes, payload: bytes) -> bytes:
    """A payload that is not encrypted, as stored: behind a digest of it and its header."""
    return hashlib.sha256(head + payload).digest() + payload


def open_plain(head: bytes, stored: bytes) -> bytes:
    """The payload that `seal_plain` was given. Raises LogDamaged if anything was changed."""
    digest, payload = stored[:32], stored[32:]
    if hashlib.sha256(head + payload).digest() != digest:
        raise LogDamaged("a record of the log itself does not match its digest", "verify the log and restore it")
    return payload


def gaps_digest(gaps: Iterable[Gap]) -> str:
    """A hash over gaps in order of offset, in hexadecimal. Their links are covered by the chain itself."""
    total = hashlib.sha256()
    for gap in gaps:
        total.update(struct.pack(">QQqq", gap.first, gap.last, gap.recorded_from_us, gap.recorded_to_us))
    return total.hexdigest()
