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

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import apsw

from citizens import chain, codec
from citizens.errors import (
    CitizensError,
    ClockJump,
    DeliveryConflict,
    InvalidEvent,
    LogUnavailable,
    PositionConflict,
    VersionConflict,
)
from citizens.events import (
    Assessment,
    Belongs,
    Compaction,
    Correction,
    Draft,
    Erasure,
    Facts,
    Origin,
    Promotion,
    TimeCorrection,
    check_draft,
    check_text,
)
from citizens.log import Advance, Receipt
from citizens.sqlite.connections import get_meta, set_meta
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.reader import COLUMNS, Reader, Row, Tip, position_digest, read_tip, seal_payload

MAX_PAYLOAD_BYTES = 1_000_000
MAX_JUMP_US = 3 * 366 * 86_400 * 1_000_000
"""How far the clock may be ahead of the last event before somebody has to vouch for it: three years of silence."""
_ABOUT_LOG = Erasure | Compaction | TimeCorrection | Promotion
INSERT_EVENT = f"INSERT INTO events({COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
Clock = Callable[[], int]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> int:
    """Microseconds since 1970, UTC. It may go back; what the log records does not."""
    return time.time_ns() // 1_000


@dataclass(slots=True, eq=False)
class _Submission:
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


@dataclass(slots=True)
class _Plan:
    """The rows of one submission, before any is written."""

    tip: Tip
    rows: list[Row] = field(default_factory=list)
    versions: dict[int, int] = field(default_factory=dict)
    uses: list[tuple[int, int]] = field(default_factory=list)
    members: list[tuple[int, int]] = field(default_factory=list)
    offsets: dict[bytes, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """What one transaction writes: the events, and where consumers stand after it."""

    rows: list[Row]
    advances: list[Advance]


class Writer:
    """Appends. `append` may be called by many threads; everything else is called under `lock`."""

    def __init__(self, reader: Reader, clock: Clock, on_commit: Callable[[], None]) -> None:
        """`reader` holds the writing connections; `on_commit` is called after each commit."""
        self.lock = threading.RLock()
        self.failure: str | None = None
        self._clock = clock
        self._on_commit = on_commit
        self._queue: list[_Submission] = []
        self._queue_lock = threading.Lock()
        self._led = False
        self._chosen: _Submission | None = None
        self.bind(reader)

    def bind(self, reader: Reader) -> None:
        """Go on in the events file that `reader` has open."""
        self.reader = reader
        self._origins: dict[Origin, tuple[int, bytes]] = {}
        self.tip = read_tip(reader)
        for number in [row[0] for row in reader.connection.execute("SELECT number FROM origins")]:
            origin, digest = reader.origin(number)
            self._origins[origin] = (number, digest)

    def append(self, drafts: Sequence[Draft], advance: Advance | None) -> list[Receipt]:
        """As `Log.append`. Never called while holding `lock`: who leads may be waiting for it."""
        submission = _Submission(drafts, advance, system=False)
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
        batch: list[_Submission] = []
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

    def _leave(self, submission: _Submission) -> None:
        """Take a submission whose caller is gone out of the queue, and the lead off its shoulders."""
        with self._queue_lock:
            if submission in self._queue:
                self._queue.remove(submission)
                if submission is self._chosen:
                    self._hand_on()

    def _commit(self, batch: list[_Submission]) -> None:
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
            f"the log takes no more events ({self.failure})",
            "it is not known whether the last events stand: "
            "open the log again, which verifies it, and deliver them again",
        )

    def _transact(self, batch: list[_Submission]) -> None:
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
            written.rows.extend(plan.rows)
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

    def _moment(self, submission: _Submission, now: int) -> int:
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
        last = self.reader.keys.last_number.to_bytes(8, "big")
        if get_meta(self.reader.connection, "last_number") != last:
            set_meta(self.reader.connection, "last_number", last)

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

    def append_about_log(self, drafts: Sequence[Draft], *, vouched: bool = False) -> None:
        """Record events about the log itself, in a transaction of their own and past the queue.

        `vouched` says that the clock is right, whatever the last event's time is.
        """
        submission = _Submission(drafts, None, system=True, vouched=vouched)
        with self.lock:
            self._commit([submission])
        if submission.error is not None:
            raise submission.error

    def write_about_log(self, draft: Draft) -> Row:
        """Write an event about the log itself in a transaction that the caller began and ends; its row."""
        tip = replace(self.tip, recorded_at_us=max(self._clock(), self.tip.recorded_at_us))
        plan = self._plan(_Submission([draft], None, system=True), tip)
        self._write(plan, None)
        self.tip = plan.tip
        return plan.rows[0]

    def write_rows(self, rows: Sequence[Row], members: Sequence[tuple[int, int]]) -> None:
        """Write rows that were made elsewhere behind the last, in a transaction that the caller began and ends."""
        plan = _Plan(self.tip, rows=list(rows), members=list(members))
        self._write(plan, None)
        self._note_numbers()
        self.tip = Tip(rows[-1].offset, rows[-1].chain, rows[-1].recorded_at_us)

    def _plan(self, submission: _Submission, tip: Tip) -> _Plan:
        plan = _Plan(tip)
        if submission.advance is not None:
            self._check_advance(submission.advance)
        for index, draft in enumerate(submission.drafts):
            try:
                submission.receipts.append(self._plan_draft(draft, plan, submission.system))
            except CitizensError as error:
                error.draft = index
                raise
        return plan

    def _check_advance(self, advance: Advance) -> None:
        check_text(advance.consumer, "a consumer's name")
        actual = self.reader.position(advance.consumer)
        if actual != advance.expected:
            raise PositionConflict(advance.consumer, advance.expected, actual)
        if advance.to < advance.expected:
            raise InvalidEvent("a position never goes back", "start a consumer under another name")

    def _plan_draft(self, draft: Draft, plan: _Plan, system: bool) -> Receipt:
        about_log = isinstance(draft.body, _ABOUT_LOG)
        if about_log and not system:
            raise InvalidEvent("erasures and compactions are recorded by the log itself", "call erase or compact")
        if not about_log:
            check_draft(draft)
        keys = self.reader.keys
        delivery, known = self._delivered(draft, plan)
        if known is not None:
            return self._duplicate(draft, known, plan)
        number = 0 if about_log else keys.number(draft.subject)
        before = self._version(number, plan)
        if draft.expected_version is not None and draft.expected_version != before:
            raise VersionConflict(draft.subject, draft.expected_version, before)
        delivery = delivery or keys.delivery(draft.origin.source, draft.event_id, number)
        row = self._row(draft, delivery, number, before + 1, plan.tip)
        self._add(plan, row, draft)
        return Receipt(row.offset, row.version, duplicate=False)

    def _delivered(self, draft: Draft, plan: _Plan) -> tuple[bytes | None, int | None]:
        """The draft's delivery (None if its subject has no number yet), and the offset at which it stands already."""
        keys, source, event_id = self.reader.keys, draft.origin.source, draft.event_id
        about_log = isinstance(draft.body, _ABOUT_LOG)
        if not draft.own and not about_log:
            delivery = keys.delivery(source, event_id)
            return delivery, plan.offsets.get(delivery) or self.reader.find_delivery(delivery)
        number = 0 if about_log else keys.find(draft.subject)
        if number is None:
            return None, None
        delivery = keys.delivery(source, event_id, number)
        known = plan.offsets.get(delivery) or self.reader.find_own(source, event_id, number)
        return delivery, known

    def _add(self, plan: _Plan, row: Row, draft: Draft) -> None:
        plan.rows.append(row)
        plan.offsets[row.delivery] = row.offset
        plan.versions[row.subject] = row.version
        plan.tip = Tip(row.offset, row.chain, row.recorded_at_us)
        number = self.reader.keys.number
        match draft.body:
            case Assessment(used=used):
                plan.uses.extend((used_number, row.offset) for used_number in {number(use.subject) for use in used})
            case Facts(points) | Correction(points):
                groups = {number(point.value.group) for point in points if isinstance(point.value, Belongs)}
                plan.members.extend((group, row.subject) for group in groups)

    def _row(self, draft: Draft, delivery: bytes, number: int, version: int, tip: Tip) -> Row:
        payload = codec.encode(draft.body, draft.event_id, self.reader.keys)
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise InvalidEvent(f"an event has {len(payload):,} bytes, over {MAX_PAYLOAD_BYTES:,}", "send it as several")
        kind = codec.kind_of(draft.body)
        origin, digest = self.origin(draft.origin)
        offset = tip.offset + 1
        head = chain.header(offset, tip.recorded_at_us, kind, number, version, delivery, digest)
        stored = seal_payload(self.reader.keys, kind, number, payload, head)
        link = chain.link(tip.link, head, stored)
        return Row(offset, tip.recorded_at_us, kind, number, version, origin, delivery, stored, link)

    def _duplicate(self, draft: Draft, offset: int, plan: _Plan) -> Receipt:
        """The receipt of a delivery that came before. Raises DeliveryConflict if its content was another.

        Of what was compacted, or of a subject erased since, nothing can be compared: it is a duplicate.
        """
        row = next((row for row in plan.rows if row.offset == offset), None)
        row = row or next(self.reader.rows("WHERE offset = ?", (offset,)), None)
        if row is None:
            return Receipt(offset, None, duplicate=True)
        keys = self.reader.keys
        if row.subject == 0 or keys.key(row.subject) is not None:
            payload = self.reader.payload(row)
            if payload is None or not self._same(draft, row, payload):
                raise DeliveryConflict(draft.origin.source, offset)
        return Receipt(offset, row.version, duplicate=True)

    def _same(self, draft: Draft, row: Row, payload: bytes) -> bool:
        keys = self.reader.keys
        if row.kind != codec.kind_of(draft.body) or self.reader.origin(row.origin)[0] != draft.origin:
            return False
        if row.subject and keys.name(row.subject) != draft.subject:
            return False
        stored = _Recorded(keys)
        codec.decode(row.kind, payload, stored)
        return codec.encode(draft.body, draft.event_id, _Meant(keys, stored.numbers)) == payload

    def _version(self, number: int, plan: _Plan) -> int:
        version = plan.versions.get(number)
        return self.reader.version(number) if version is None else version

    def origin(self, origin: Origin) -> tuple[int, bytes]:
        """The number and digest of an origin, stored now if it is new."""
        known = self._origins.get(origin)
        if known is None:
            fields = (origin.source, origin.actor, origin.legal_basis, origin.retention)
            insert = "INSERT INTO origins(source, actor, legal_basis, retention) VALUES(?, ?, ?, ?)"
            self.reader.connection.execute(insert, fields)
            known = (self.reader.connection.last_insert_rowid(), chain.origin_digest(origin))
            self._origins[origin] = known
        return known

    def _write(self, plan: _Plan, advance: Advance | None) -> None:
        connection = self.reader.connection
        connection.executemany(INSERT_EVENT, plan.rows)
        deliveries = [(row.delivery, row.offset) for row in plan.rows]
        connection.executemany("INSERT INTO deliveries VALUES(?, ?)", deliveries)
        connection.executemany("INSERT INTO uses VALUES(?, ?)", plan.uses)
        connection.executemany("INSERT OR IGNORE INTO members VALUES(?, ?)", plan.members)
        if advance is not None:
            self.put_position(advance.consumer, advance.to, advance.needs)
            for consumer in advance.ends:
                self.put_position(consumer, self.reader.position(consumer), "nothing")

    def put_position(self, consumer: str, position: int, needs: str) -> None:
        """Write down where a consumer stands, in a transaction that the caller began and ends."""
        row = (consumer, position, needs, position_digest(consumer, position, needs))
        self.reader.connection.execute("INSERT OR REPLACE INTO positions VALUES(?, ?, ?, ?)", row)


class _Recorded:
    """Names by the key store that notes the numbers asked for, in order."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self.numbers: list[int] = []

    def number(self, subject: str) -> int:
        raise NotImplementedError

    def name(self, number: int) -> str:
        self.numbers.append(number)
        return self._keys.name(number)


class _Meant:
    """Numbers for a second delivery, which gives out none. What named somebody erased since still means them.

    The recorded event asks for the same names in the same order, so each is compared with its own.
    """

    def __init__(self, keys: KeyStore, recorded: Sequence[int]) -> None:
        self._keys = keys
        self._recorded = iter(recorded)

    def number(self, subject: str) -> int:
        recorded = next(self._recorded, 0)
        if recorded and self._keys.key(recorded) is None:
            same_entity = self._keys.name(recorded).partition("/")[0] == subject.partition("/")[0]
            return recorded if same_entity else 0
        return self._keys.find(subject) or 0

    def name(self, number: int) -> str:
        raise NotImplementedError
