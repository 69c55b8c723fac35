"""What can go wrong with the history, as a tree of exceptions.

    CitizensError
      InvalidEvent          what was given cannot be recorded; nothing was written
      Conflict              somebody else was first; read again and decide again
        VersionConflict     the subject has moved on
        PositionConflict    another follower has moved this consumer
        DeliveryConflict    this (source, event id) came before with other content
        MovedAway           the subject goes on in another log of the population
      Refused               the request is understood and will not be done
        HorizonPassed       what was known then has been compacted away
        UnderHold           the subject's history is held for a case
        LogLocked           another process writes this log
        LogBusy             more is waiting to be recorded than is kept waiting; slow down and repeat
        OtherFormat         the log is of another format: it needs migrating, or a newer program
        ClockJump           the clock is far ahead of the last event: somebody has to vouch for it
        PositionBehind      a run or a follower still needs what compaction would forget
      LogUnavailable        nothing more is written until the log is opened again
      LogDamaged            the stored bytes are not what was written; `offset` says from where
        AnchorMismatch      the log does not reach, or does not match, what an anchor saw

Every message says what, where, and what to do. None quotes a payload.
"""

from __future__ import annotations


class CitizensError(Exception):
    """Base of everything this package raises on purpose.

    `message` says what is wrong and where, `remedy` what to do (empty where nothing can be done here). `draft` is the
    place (from 0), among the drafts of one `append`, of the one that was refused; None if no draft was.
    """

    draft: int | None = None

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class InvalidEvent(CitizensError):
    """The caller's input cannot be recorded. Nothing was written."""


class Conflict(CitizensError):
    """The caller's picture of the log is out of date. Nothing was written."""


class VersionConflict(Conflict):
    """`expected_version` is not the subject's version. `actual` is."""

    def __init__(self, subject: str, expected: int, actual: int) -> None:
        super().__init__(
            f"subject is at version {actual}, the event expected {expected}",
            "read its timeline again and decide again",
        )
        self.subject = subject
        self.expected = expected
        self.actual = actual


class PositionConflict(Conflict):
    """The consumer's stored position is not the one expected. `actual` is."""

    def __init__(self, consumer: str, expected: int, actual: int) -> None:
        super().__init__(
            f"consumer `{consumer}` stands at offset {actual}, not {expected}: another follower moved it",
            "read the position again, or stop this follower",
        )
        self.consumer = consumer
        self.expected = expected
        self.actual = actual


class DeliveryConflict(Conflict):
    """A delivery with the same (source, event id) and other content is at `offset`."""

    def __init__(self, source: str, offset: int) -> None:
        super().__init__(
            f"source `{source}` has delivered this event id before, with other content, at offset {offset}",
            "send a correction under a new event id",
        )
        self.source = source
        self.offset = offset


class MovedAway(Conflict):
    """The subject has left this log for the one numbered `to`, and is written there."""

    def __init__(self, subject: str, to: int) -> None:
        super().__init__(f"`{subject}` has moved to partition {to}", "deliver it again, to all partitions of the log")
        self.subject = subject
        self.to = to


class Refused(CitizensError):
    """The request is well formed and will not be carried out."""


class HorizonPassed(Refused):
    """The answer would need what was compacted at or before `horizon` (an offset)."""

    def __init__(self, known_to: int, horizon: int) -> None:
        super().__init__(
            f"what was known at offset {known_to} has been compacted up to offset {horizon}",
            f"ask as known at offset {horizon} or later, or restore a backup made before the compaction",
        )
        self.known_to = known_to
        self.horizon = horizon


class UnderHold(Refused):
    """The subject is under legal hold, so nothing of it may be erased."""


class LogLocked(Refused):
    """Another process has this log open for writing."""


class LogBusy(Refused):
    """More events are waiting to be recorded than are kept waiting. Nothing of this was recorded."""


class OtherFormat(Refused):
    """The log was written in another format. `version` is which."""

    def __init__(self, message: str, remedy: str = "", *, version: int) -> None:
        super().__init__(message, remedy)
        self.version = version


class ClockJump(Refused):
    """The clock is so far ahead of the last event that it may be wrong. Nothing was written."""


class PositionBehind(Refused):
    """A consumer still needs what would be forgotten. `consumer` is which."""

    def __init__(self, message: str, remedy: str = "", *, consumer: str) -> None:
        super().__init__(message, remedy)
        self.consumer = consumer


class LogUnavailable(CitizensError):
    """The writer has stopped, after an I/O error or because it was closed."""


class LogDamaged(CitizensError):
    """Stored bytes are not what was written. `offset` is the first event concerned, if it is known."""

    def __init__(self, message: str, remedy: str = "", *, offset: int | None = None) -> None:
        super().__init__(message, remedy)
        self.offset = offset


class AnchorMismatch(LogDamaged):
    """The log does not contain the event that an anchor was taken of."""
