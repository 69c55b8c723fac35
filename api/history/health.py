"""How a log is doing: followers that are behind, runs that stopped, the age of the last anchor, faults by kind.

1. `health` asks a few rows, so it may be asked every few seconds.
2. Faults are counted by `FaultCounts`, which reads each assessment once and goes on from there. A fault counts as long
   as the group's last assessment of the period has it.
3. The kind of a fault is its text without what is anybody's: names, quoted values and numbers are left out.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from api.history.anchors import anchors_folder, newest
from api.history.assessments import key_of
from citizens import FOLLOWER, RUN, Assessment, SharedLog, SqliteLog

STUCK_SECONDS = 600.0
MOST_KINDS = 50
OTHER = "other"
_BLOCK = 2_000
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”")
_NAME = re.compile(r"`([^`]*)`")
_PLAIN = re.compile(r"[a-z][a-z0-9_.@-]*")
_SUBJECT = re.compile(r"\b([a-z_]+)/\S+")
_DIGITS = re.compile(r"[0-9][0-9,.]*")


@dataclass(frozen=True, slots=True)
class FollowerLag:
    """How far a consumer that follows is behind: in events, and since when the first of them waits."""

    name: str
    offset: int
    behind: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An annual run that was begun as known at `horizon` and is not finished; `idle_seconds` since the last event."""

    name: str
    horizon: int
    idle_seconds: float

    @property
    def stuck(self) -> bool:
        """Whether it has recorded nothing for ten minutes: it was cut off, most likely."""
        return self.idle_seconds > STUCK_SECONDS


@dataclass(frozen=True, slots=True)
class Health:
    """A log's state. `anchor_outside` says that the last anchor lies apart from the log; its age is None if none is."""

    head: int
    followers: tuple[FollowerLag, ...]
    unfinished: tuple[Unfinished, ...]
    anchor_offset: int
    anchor_seconds: float | None
    anchor_outside: bool
    wal_bytes: int
    store_seconds: float = 0.0


def health(log: SqliteLog | SharedLog) -> Health:
    """How the log is doing now."""
    now, head, positions = time.time(), log.head(), log.positions()
    followers = tuple(
        _lag(log, name, at, head, now) for name, at in sorted(positions.items()) if name.startswith(FOLLOWER)
    )
    idle = _seconds_since(log, head - 1, now)
    unfinished = tuple(
        Unfinished(name.removeprefix(RUN), at, idle)
        for name, at in sorted(positions.items())
        if name.startswith(RUN) and f"{FOLLOWER}{name.removeprefix(RUN)}" not in positions
    )
    age = log.store_age() if isinstance(log, SharedLog) else 0.0
    return Health(head, followers, unfinished, *_anchor(log, now), log.wal_bytes(), age)


def _lag(log: SqliteLog | SharedLog, name: str, at: int, head: int, now: float) -> FollowerLag:
    return FollowerLag(name, at, head - at, _seconds_since(log, at, now) if at < head else 0.0)


def _seconds_since(log: SqliteLog | SharedLog, offset: int, now: float) -> float:
    """How long ago the next event after an offset was recorded."""
    recorded = log.recorded_after(max(offset, 0))
    return max(now - recorded / 1_000_000, 0.0) if recorded is not None else 0.0


def _anchor(log: SqliteLog | SharedLog, now: float) -> tuple[int, float | None, bool]:
    """Offset and age of the newest anchor, and whether it lies apart from the log."""
    elsewhere, inside = anchors_folder(), log.layout.read_anchor()
    kept = newest(elsewhere, log.anchor().log_id) if elsewhere is not None else None
    if kept is not None:
        return kept.anchor.offset, max((datetime.now(UTC) - kept.at).total_seconds(), 0.0), True
    if inside is None:
        return 0, None, False
    return inside.offset, max(now - (log.layout.folder / "anchor").stat().st_mtime, 0.0), False


class FaultCounts:
    """Groups that could not be assessed, counted by the kind of their fault. Each assessment is read once."""

    def __init__(self) -> None:
        self.read_to = 0
        self._standing: dict[tuple[str, str, str], str] = {}

    def update(self, log: SqliteLog | SharedLog, most: int | None = None) -> bool:
        """Read on, at most so many assessments; whether all have been read."""
        left, head = most, log.head()
        while left is None or left > 0:
            events = log.read_assessments(self.read_to, _BLOCK)
            for event in events:
                self.read_to = event.offset
                if isinstance(event.body, Assessment):
                    self._note(key_of(event), event.body.fault)
            if len(events) < _BLOCK:
                self.read_to = max(self.read_to, head)
                return True
            left = None if left is None else left - len(events)
        return False

    def _note(self, whose: tuple[str, str, str], fault: str) -> None:
        if fault:
            self._standing[whose] = kind_of_fault(fault)
        else:
            self._standing.pop(whose, None)

    def by_kind(self) -> dict[str, int]:
        """How many there are of each kind, the commonest first; rare ones beyond fifty are together."""
        counted = Counter(self._standing.values()).most_common()
        rest = sum(number for _, number in counted[MOST_KINDS:])
        return dict(counted[:MOST_KINDS]) | ({OTHER: rest} if rest else {})


def kind_of_fault(fault: str) -> str:
    """A fault without what is anybody's."""
    text = _QUOTED.sub("…", fault)
    text = _NAME.sub(lambda match: match[0] if _PLAIN.fullmatch(match[1]) else "…", text)
    about, colon, rest = text.partition(": ")
    text = rest if colon and _SUBJECT.match(about) else text
    return _DIGITS.sub("#", _SUBJECT.sub(r"\1", text))[:200]
