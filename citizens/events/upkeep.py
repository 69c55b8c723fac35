"""Events about the keeping of the log: holds, and what the log records of itself."""

from __future__ import annotations

from dataclasses import dataclass

from citizens.events.checks import check_text


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold for `case`: nothing of the subject is compacted or erased until it is released."""

    case: str
    reason: str

    def __post_init__(self) -> None:
        check_text(self.case, "a case")
        check_text(self.reason, "a reason")


@dataclass(frozen=True, slots=True)
class Release:
    """The end of the hold for `case`."""

    case: str
    reason: str

    def __post_init__(self) -> None:
        check_text(self.case, "a case")
        check_text(self.reason, "a reason")


@dataclass(frozen=True, slots=True)
class Erasure:
    """The key of subject `number` was destroyed. `fingerprint` is of the key, so the entry fits no later one."""

    number: int
    fingerprint: str
    reason: str


@dataclass(frozen=True, slots=True)
class Compaction:
    """What was compacted, and under which rule.

    `horizons`: per retention class the offset up to which superseded points went. `lost`: per attribute the offset
    before which no answer can be given any more. `gaps`: a hash over the offsets that are gone and the chain around
    them. `tombstone_delay_us` is how long retractions waited, in microseconds.
    """

    horizons: tuple[tuple[str, int], ...]
    lost: tuple[tuple[str, int], ...]
    tombstone_delay_us: int
    dropped: int
    gaps: str


@dataclass(frozen=True, slots=True)
class TimeCorrection:
    """Somebody vouches for the clock: this event's time is right, and what was recorded before it was not after it.

    From here on events are recorded at the clock's time again, though it may lie before that of the event before. The
    log itself writes it.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """A replica became the log that is written, as its `epoch`-th life (the first is 1). The log itself writes it."""

    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What is left of an event whose subject was erased. `kind` still says what kind it was."""

    kind: str
