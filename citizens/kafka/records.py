"""What stands in the topics, as bytes.

`events`: key: the event's number, 8 bytes. Value: a version byte, the length of the origin's texts (2 bytes), those as
a JSON array, and the payload as stored: ciphertext. Under the key MARK stands the number of the last compaction: below
it payloads may be missing.

`audit`: no key. Each record begins with a version byte, its kind, the number of its frame, its place in the frame, and
how many records the frame has. A frame is what one append made; readers take it whole or not at all. The kinds:

    EVENT      header, SHA-256 of the payload, link: no text, nothing personal
    ADVANCE    where a consumer stands, and what it needs from there on
    OPENED     a writer took the partition: when, and where it can be reached
    DROPPED    runs of numbers that the compaction in the same frame forgot
    NULLED     all nulls of the compaction with that number are written
    GAP        a run that was forgotten before the log was copied here, and its deliveries
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from citizens import chain
from citizens.errors import LogDamaged, OtherFormat
from citizens.events import Origin
from citizens.sqlite.reader import StoredEvent

VERSION = 1
EVENT, ADVANCE, OPENED, DROPPED, NULLED, GAP = range(1, 7)
MARK = b"last compaction"
MOST_BYTES = 1_000_000
_FRAME = struct.Struct(">BBQII")
_HEADER = struct.Struct(">QqHQQ16s32s")
_GAP = struct.Struct(">QQ32s32sqq")
_RUN = struct.Struct(">QQ")


@dataclass(frozen=True, slots=True)
class Audit:
    """A record of the audit topic: its kind, its frame, its place among how many, and what it says."""

    kind: int
    frame: int
    index: int
    count: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Linked:
    """An event as the audit topic has it: its row without origin and payload, digests of both."""

    row: StoredEvent
    origin_digest: bytes
    payload_digest: bytes

    def follows(self, before: bytes) -> bool:
        """Whether its link follows from the one before."""
        row = self.row
        head = chain.header(
            row.offset,
            row.recorded_at_us,
            row.kind,
            row.subject,
            version=row.version,
            delivery=row.delivery,
            origin=self.origin_digest,
        )
        return hashlib.sha256(before + head + self.payload_digest).digest() == row.chain


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a consumer stands, and what it needs from there on."""

    consumer: str
    position: int
    needs: str


def framed(frame: int, contents: Sequence[tuple[int, bytes]]) -> list[bytes]:
    """The audit records of one frame, from (kind, content)."""
    count = len(contents)
    return [_FRAME.pack(VERSION, kind, frame, index, count) + content for index, (kind, content) in enumerate(contents)]


def read_audit(value: bytes | None) -> Audit:
    """The record in a value of the audit topic. Raises LogDamaged, or OtherFormat for a newer program's."""
    if value is None or len(value) < _FRAME.size:
        raise LogDamaged("the audit topic holds a record that no writer wrote", "see who writes to it")
    version, kind, frame, index, count = _FRAME.unpack_from(value)
    if version != VERSION:
        raise OtherFormat(f"the topics hold records of format {version}", "they need a newer program", version=version)
    return Audit(kind, frame, index, count, value[_FRAME.size :])


_origin_digest = lru_cache(maxsize=1_024)(chain.origin_digest)


def event_audit(row: StoredEvent, origin: Origin) -> bytes:
    """An event for the audit topic."""
    digest = _origin_digest(origin)
    head = _HEADER.pack(row.offset, row.recorded_at_us, row.kind, row.subject, row.version, row.delivery, digest)
    return head + hashlib.sha256(row.payload).digest() + row.chain


def read_linked(content: bytes) -> Linked:
    """The event of an EVENT record."""
    if len(content) != _HEADER.size + 64:
        raise LogDamaged("the audit topic holds an event that no writer wrote", "see who writes to it")
    offset, recorded_at_us, kind, subject, version, delivery, digest = _HEADER.unpack_from(content)
    row = StoredEvent(offset, recorded_at_us, kind, subject, version, 0, delivery, b"", content[-32:])
    return Linked(row, digest, content[-64:-32])


def event_key(number: int) -> bytes:
    """The key of an event in the topic of events."""
    return number.to_bytes(8, "big")


def event_value(origin: Origin, payload: bytes) -> bytes:
    """An event for the topic of events."""
    return _before_payload(origin) + payload


@lru_cache(maxsize=1_024)
def _before_payload(origin: Origin) -> bytes:
    texts = json.dumps([origin.source, origin.actor, origin.legal_basis, origin.retention], ensure_ascii=False).encode()
    return bytes((VERSION,)) + len(texts).to_bytes(2, "big") + texts


def frame_of(value: bytes | None) -> tuple[int, int, int]:
    """Of an audit record its frame, its place in it, and how many records the frame has. Raises LogDamaged."""
    if value is None or len(value) < _FRAME.size:
        raise LogDamaged("the audit topic holds a record that no writer wrote", "see who writes to it")
    return _FRAME.unpack_from(value)[2:]


def read_event_value(value: bytes) -> tuple[Origin, bytes]:
    """The origin and the payload of a value of the topic of events. Raises LogDamaged."""
    end = 3 + int.from_bytes(value[1:3], "big")
    try:
        return Origin(*json.loads(value[3:end])), value[end:]
    except (ValueError, TypeError) as error:
        raise LogDamaged("the topic of events holds a record that no writer wrote", "see who writes to it") from error


def standing_audit(standing: Standing) -> bytes:
    """A position for the audit topic."""
    return json.dumps([standing.consumer, standing.position, standing.needs]).encode()


def read_standing(content: bytes) -> Standing:
    """The position of an ADVANCE record."""
    return Standing(*json.loads(content))


def dropped_audit(runs: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """Runs of forgotten numbers for the audit topic, in pieces that a record can hold."""
    most = MOST_BYTES // _RUN.size
    for start in range(0, len(runs), most):
        yield b"".join(_RUN.pack(*run) for run in runs[start : start + most])


def read_runs(content: bytes) -> list[tuple[int, int]]:
    """The runs of a DROPPED record."""
    return [(first, last) for first, last in _RUN.iter_unpack(content)]


def gap_audit(gap: chain.Gap, deliveries: Sequence[bytes]) -> Iterator[bytes]:
    """A gap for the audit topic, with the deliveries of its numbers in order, in pieces that a record can hold."""
    fixed = _GAP.pack(gap.first, gap.last, gap.before, gap.after, gap.recorded_from_us, gap.recorded_to_us)
    most = MOST_BYTES // 16
    for start in range(0, max(len(deliveries), 1), most):
        yield fixed + start.to_bytes(8, "big") + b"".join(deliveries[start : start + most])


def read_gap(content: bytes) -> tuple[chain.Gap, list[tuple[bytes, int]]]:
    """The gap of a GAP record, and (delivery, number) of those that this piece has."""
    gap = chain.Gap(*_GAP.unpack_from(content))
    start, rest = int.from_bytes(content[_GAP.size : _GAP.size + 8], "big"), content[_GAP.size + 8 :]
    return gap, [(rest[at : at + 16], gap.first + start + at // 16) for at in range(0, len(rest), 16)]
