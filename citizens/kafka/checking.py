"""Are the topics what their writers wrote? Asked of the topics themselves, beside what the store's verification says.

Every link of the audit topic is computed anew from the first event on, compacted ones too: it needs no key. Each event
that the store has must have the same link there, and the payload that the topic of events holds must have the digest
that the audit topic says; one that is missing there must be one that a compaction took.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice

from citizens.kafka.records import EVENT, GAP, Linked, read_audit, read_event_value, read_gap, read_linked
from citizens.kafka.transport import Reading
from citizens.sqlite.reader import Reader
from citizens.sqlite.verification import MAX_PROBLEMS


def check_topics(topics: Reading, store: Reader, genesis: bytes) -> list[str]:
    """What is wrong, the first 50; empty if nothing."""
    return list(islice(_problems(topics, store, genesis), MAX_PROBLEMS))


def _problems(topics: Reading, store: Reader, genesis: bytes) -> Iterator[str]:
    links = dict(store.connection.execute("SELECT offset, chain FROM events"))
    payloads = _payload_digests(topics)
    last, link = 0, genesis
    for entry in _linked(topics):
        if isinstance(entry, tuple):
            last, link = entry
            continue
        number = entry.row.offset
        if number != last + 1 or not entry.follows(link):
            yield f"the event at offset {number} does not match the chain in the audit topic"
        last, link = number, entry.row.chain
        here = links.pop(number, None)
        if here is not None and here != entry.row.chain:
            yield f"the event at offset {number} is another in the store than in the audit topic"
        if here is not None and number not in payloads:
            yield f"the payload of the event at offset {number} is missing from the topic of events"
        elif here is not None and payloads[number] != entry.payload_digest:
            yield f"the payload of the event at offset {number} is not the one that the audit topic vouches for"
    for number in sorted(links):
        if number <= last:
            yield f"the event at offset {number} is in the store, and not in the audit topic"


def _payload_digests(topics: Reading) -> dict[int, bytes]:
    digests: dict[int, bytes] = {}
    for batch in topics.to_end(topics.events, 0):
        for message in batch:
            key, value = message.key() or b"", message.value()
            if len(key) == 8 and value is not None:
                digests[int.from_bytes(key, "big")] = hashlib.sha256(read_event_value(value)[1]).digest()
    return digests


def _linked(topics: Reading) -> Iterator[Linked | tuple[int, bytes]]:
    """The events of the audit topic in order, and where gaps end. Frames that were begun again are left out."""
    frame: list[Linked | tuple[int, bytes]] = []
    for batch in topics.to_end(topics.audit, 0):
        for message in batch:
            audit = read_audit(message.value())
            if audit.index == 0:
                frame = []
            if audit.kind == EVENT:
                frame.append(read_linked(audit.content))
            elif audit.kind == GAP:
                gap, _ = read_gap(audit.content)
                frame.append((gap.last, gap.after))
            if audit.index == audit.count - 1:
                yield from frame
                frame = []
