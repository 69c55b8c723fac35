"""Group commit: one fsync serves all that waited, and nobody waits for a timer.

1. `append` puts its drafts into a queue. If nobody leads, the caller leads; else it waits.
2. The leader takes everything that is queued, its own drafts among it, into one transaction, wakes whom it was for, and
   hands the lead to the first who has come since.
3. An error that is not one submission's own poisons the queue: everybody waiting is told, and nothing more is written
   until the log is opened again, which verifies it. A failed fsync is not tried again: the kernel may have dropped the
   pages and would report success.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import apsw

from citizens.errors import (
    CitizensError,
    LogUnavailable,
)
from citizens.events import (
    Draft,
)
from citizens.log import Advance, Receipt
from citizens.sqlite.reader import Reader


@dataclass(slots=True, eq=False)
class Submission:
    """What one caller wants appended, and what became of it."""

    drafts: Sequence[Draft]
    advance: Advance | None
    system: bool
    vouched: bool = False
    receipts: list[Receipt] = field(default_factory=list)
    error: CitizensError | None = None
    done: bool = False
    woken: threading.Lock = field(default_factory=threading.Lock)
    """Held until the submission is done, or its caller is to lead."""

    def __post_init__(self) -> None:
        self.woken.acquire()


class GroupCommit:
    """The queue before a log's one writer. `append` may be called by many threads; all else is called under `lock`."""

    reader: Reader

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.failure: str | None = None
        self._queue: list[Submission] = []
        self._queue_lock = threading.Lock()
        self._led = False
        self._chosen: Submission | None = None

    def _transact(self, batch: list[Submission]) -> None:
        """Commit a batch. A submission at fault gets its error; whatever is raised concerns all."""
        raise NotImplementedError

    def append(self, drafts: Sequence[Draft], advance: Advance | None) -> list[Receipt]:
        """As `Log.append`. Never called while holding `lock`: who leads may be waiting for it."""
        submission = Submission(drafts, advance, system=False)
        with self._queue_lock:
            self._queue.append(submission)
            leads, self._led = not self._led, True
        try:
            if not leads:
                submission.woken.acquire()
            if not submission.done:
                self._lead()
        except BaseException:  # an interrupt while waiting: the others must not wait for this caller to lead
            self._leave(submission)
            raise
        if submission.error is not None:
            raise submission.error
        return submission.receipts

    def _lead(self) -> None:
        """Commit what is queued, and hand on the lead."""
        batch: list[Submission] = []
        try:
            with self.lock:
                with self._queue_lock:
                    batch, self._queue = self._queue, []
                self._commit(batch)
        finally:
            for submission in batch:
                submission.woken.release()
            with self._queue_lock:
                self._hand_on()

    def _hand_on(self) -> None:
        """Wake the first in the queue to lead, or note that nobody does."""
        self._led = bool(self._queue)
        self._chosen = self._queue[0] if self._queue else None
        if self._chosen is not None:
            self._chosen.woken.release()

    def _leave(self, submission: Submission) -> None:
        """Take a submission whose caller is gone out of the queue, and the lead off its shoulders."""
        with self._queue_lock:
            if submission in self._queue:
                self._queue.remove(submission)
                if submission is self._chosen:
                    self._hand_on()

    def _commit(self, batch: list[Submission]) -> None:
        try:
            if self.failure is None:
                self._transact(batch)
        except BaseException as error:
            self.poison(f"{type(error).__name__}: {error}")
            if not isinstance(error, Exception):
                raise
        finally:
            for submission in batch:
                submission.done = True
                if self.failure is not None:
                    submission.error = self.unavailable()

    def unavailable(self) -> LogUnavailable:
        """The error for whoever comes after the writer has stopped."""
        return LogUnavailable(
            f"the log accepts no further events ({self.failure})",
            "it is not known whether the last events stand: "
            "open the log again, which verifies it, and deliver them again",
        )

    def poison(self, failure: str) -> None:
        """Stop writing for good. Leaves the WAL as it is: copying it now could make a failed write look whole."""
        self.stop(failure)
        connection = self.reader.connection
        for undo in (self.reader.keys.roll_back, lambda: connection.execute("ROLLBACK")):
            try:
                undo()
            except apsw.Error:
                continue  # the disk is failing, or there was no transaction; SQLite rolls back at the next open

    def stop(self, failure: str) -> None:
        """Take no more events, on word of another thread. Does not wait for the lock, so that nobody can deadlock."""
        self.failure = self.failure or failure
