"""The single writer of the embedded log, with group commit.

1. `append` puts its drafts into a queue. If nobody leads, the caller leads; else it waits.
2. The leader takes everything that is queued, its own drafts among it, into one transaction, wakes whom it was for, and
   hands the lead to the first who has come since. So one fsync serves all that waited, and nobody waits for a timer.
3. In the transaction each submission is first checked whole (duplicates, versions, positions) and then written whole. A
   check that fails concerns that submission alone, and nothing of it has been written.
4. New keys are committed first, then the events. Only then are the submissions told.
5. Any other error poisons the writer: the transaction is rolled back, everybody waiting is told, and nothing more is
   written until the log is opened again, which verifies it. A failed fsync is not tried again: the kernel may have
   dropped the pages and would report success.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from citizens.errors import (
    CitizensError,
    ClockJump,
)
from citizens.events import (
    Draft,
)
from citizens.log import MOVED_FROM, MOVED_TO, Advance
from citizens.sqlite.chained import insert_deliveries, insert_events, insert_pairs
from citizens.sqlite.connections import MOVES_INDEX, get_meta, set_meta
from citizens.sqlite.group_commit import GroupCommit, Submission
from citizens.sqlite.planning import Plan, Planner
from citizens.sqlite.reader import COLUMNS, Reader, StoredEvent, Tip, position_digest

MAX_JUMP_US = 3 * 366 * 86_400 * 1_000_000
"""How far the clock may be ahead of the last event before somebody has to vouch for it: three years of silence."""
INSERT_EVENT = f"INSERT INTO events({COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_USE, _INSERT_MEMBER = "INSERT INTO uses VALUES(?, ?)", "INSERT OR IGNORE INTO members VALUES(?, ?)"
Clock = Callable[[], int]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> int:
    """Microseconds since 1970, UTC. It may go back; what the log records does not."""
    return time.time_ns() // 1_000


@dataclass(frozen=True, slots=True)
class Written:
    """What one transaction writes: the events, and where consumers stand after it."""

    plans: list[Plan]
    advances: list[Advance]

    def rows(self) -> list[StoredEvent]:
        """The events one by one."""
        return [row for plan in self.plans for row in plan.all_rows()]


class Writer(GroupCommit, Planner):
    """Appends. `append` may be called by many threads; everything else is called under `lock`."""

    def __init__(self, reader: Reader, clock: Clock, on_commit: Callable[[], None]) -> None:
        """`reader` holds the writing connections; `on_commit` is called after each commit."""
        super().__init__()
        self._clock = clock
        self._on_commit = on_commit
        self.bind(reader)

    def bind(self, reader: Reader) -> None:
        """Go on in the events file that `reader` has open."""
        super().bind(reader)
        self._numbers_noted = False  # a crash may have come between the keys' commit and the events'

    def _transact(self, batch: list[Submission]) -> None:
        """One transaction for the batch. What it changes in memory counts only once the commit has returned."""
        connection = self.reader.connection
        connection.execute("BEGIN IMMEDIATE")
        now = self._clock()
        tip, written = self.tip, Written([], [])
        for submission in batch:
            try:
                plan = self._plan(submission, replace(tip, recorded_at_us=self._moment(submission, now)))
            except CitizensError as error:
                submission.error = error
                continue
            self._write(plan, submission.advance)
            written.plans.append(plan)
            written.advances.extend([submission.advance] if submission.advance is not None else [])
            tip = plan.tip
        self._note_numbers()
        self.reader.keys.commit()
        self._publish(written)
        connection.execute("COMMIT")
        self.tip = tip
        self._on_commit()

    def _publish(self, written: Written) -> None:
        """Called before each commit, for a log whose truth lies elsewhere. Whatever it raises stops the writer."""

    def _moment(self, submission: Submission, now: int) -> int:
        """When a submission is recorded: now, but never before the last event, unless somebody vouches for the clock.

        Raises ClockJump if the clock is so far ahead of the last event that everything after it might be misdated. What
        the log records of itself, such as an erasure, does not wait for that: it gets the last event's time.
        """
        last = self.tip.recorded_at_us
        if submission.vouched:
            return now
        if not self.tip.offset or now - last <= MAX_JUMP_US:
            return max(now, last)
        if submission.system:
            return last
        day, before = (str(_EPOCH + timedelta(microseconds=moment))[:10] for moment in (now, last))
        message = f"the clock says {day}, and the last event was recorded on {before}: nothing was recorded"
        raise ClockJump(message, "set the clock, or, if it is right, vouch for it: `rulewright log correct-time`")

    def _note_numbers(self) -> None:
        """Keep the highest subject's number beside the events, so that an older key store is known for what it is."""
        if self._numbers_noted and not self.reader.keys.has_new:
            return
        last = self.reader.keys.last_number.to_bytes(8, "big")
        if get_meta(self.reader.connection, "last_number") != last:
            set_meta(self.reader.connection, "last_number", last)
        self._numbers_noted = True

    def append_about_log(self, drafts: Sequence[Draft], *, vouched: bool = False) -> None:
        """Record events about the log itself, in a transaction of their own and past the queue.

        `vouched` says that the clock is right, whatever the last event's time is.
        """
        submission = Submission(drafts, None, system=True, vouched=vouched)
        with self.lock:
            self._commit([submission])
        if submission.error is not None:
            raise submission.error

    def write_about_log(self, draft: Draft) -> StoredEvent:
        """Write an event about the log itself in a transaction that the caller began and ends; its row."""
        tip = replace(self.tip, recorded_at_us=max(self._clock(), self.tip.recorded_at_us))
        plan = self._plan(Submission([draft], None, system=True), tip)
        self._write(plan, None)
        self.tip = plan.tip
        return plan.rows[0]

    def write_rows(self, rows: Sequence[StoredEvent], members: Sequence[tuple[int, int]]) -> None:
        """Write rows that were made elsewhere behind the last, in a transaction that the caller began and ends."""
        plan = Plan(self.tip, rows=list(rows), members=list(members))
        self._write(plan, None)
        self._numbers_noted = False  # numbers came with them
        self._note_numbers()
        self.tip = Tip(rows[-1].offset, rows[-1].chain, rows[-1].recorded_at_us)

    def _write(self, plan: Plan, advance: Advance | None) -> None:
        connection = self.reader.connection
        if plan.columns is not None:
            insert_events(connection, plan.columns.events, plan.origin)
            insert_deliveries(connection, plan.columns.events.first, plan.columns.events.deliveries)
            insert_pairs(connection, "uses", plan.columns.uses)
        connection.executemany(INSERT_EVENT, plan.rows)
        deliveries = [(row.delivery, row.offset) for row in plan.rows]
        connection.executemany("INSERT INTO deliveries VALUES(?, ?)", deliveries)
        for insert, pairs in ((_INSERT_USE, plan.uses), (_INSERT_MEMBER, plan.members)):
            if pairs:
                connection.executemany(insert, pairs)
        if advance is not None:
            self.put_position(advance.consumer, advance.to, advance.needs)
            self._somebody_left |= advance.consumer.startswith(MOVED_TO)
            if advance.consumer.startswith((MOVED_TO, MOVED_FROM)):
                connection.execute(MOVES_INDEX)
            for consumer in advance.ends:
                self.put_position(consumer, self.reader.position(consumer), "nothing")

    def put_position(self, consumer: str, position: int, needs: str) -> None:
        """Write down where a consumer stands, in a transaction that the caller began and ends."""
        row = (consumer, position, needs, position_digest(consumer, position, needs))
        self.reader.connection.execute("INSERT OR REPLACE INTO positions VALUES(?, ?, ?, ?)", row)
