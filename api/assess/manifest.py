"""What an annual run has recorded, as a manifest: how many assessments, their hash, the rules, and the offsets.

It is read from the log, not from what was computed. So a run that was cut off and went on, or whose parts were computed
by Ray's workers, one of which died and was tried again, has the manifest of one that went through; and who is handed it
can compute the hash again from the log.

The hash is SHA-256 over the first assessment of each group in the order of their offsets: a line of JSON for each, with
the group, the period, the rules' fingerprint and the figures as text.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from api.assess.drafts import first_id
from api.assess.standings import fault_of
from api.assess.terms import Terms
from citizens import Assessment, Event, History, Row
from citizens.moving import is_moved_from

BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class PartManifest:
    """What a run has recorded in one log: as known at which offset, and the offsets of its first and last assessment
    (0: none). `partition` is None where there is one log."""

    partition: int | None
    known_to: int
    groups: int
    faults: int
    rules: tuple[str, ...]
    first_offset: int
    last_offset: int
    sha256: str


def manifest_of(log: History, terms: Terms, horizon: int, partition: int | None = None) -> PartManifest:
    """The manifest of the run by these terms that read the log up to `horizon`."""
    digest, rules = hashlib.sha256(), dict[str, None]()
    groups = faults = first = last = 0
    after, some_left = horizon, is_moved_from(log)
    while events := log.read_assessments(after, BLOCK):
        after = events[-1].offset
        for event in events:
            body = event.body
            if not isinstance(body, Assessment) or not _is_first(event, terms):
                continue
            if some_left and log.moved_to(event.subject) is not None:
                continue  # it went along, and is counted where the group lives
            groups, last, first = groups + 1, event.offset, first or event.offset
            faults += bool(fault_of(body))
            rules[body.program] = None
            digest.update(_line(event.subject, body))
    return PartManifest(partition, horizon, groups, faults, tuple(rules), first, last, digest.hexdigest())


def _is_first(event: Event, terms: Terms) -> bool:
    return terms.made(event) and event.event_id == first_id(terms, event.subject)


def _line(group: str, body: Assessment) -> bytes:
    assert not isinstance(body.figures, Row), "a log gives figures as pairs"
    figures = [[name, None if value is None else str(value)] for name, value in body.figures]
    return json.dumps([group, body.period, body.program, figures], ensure_ascii=False).encode() + b"\n"
