"""The rows of an append, before any is written: checked whole, so that what is refused has changed nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from citizens import chain, codec
from citizens.assessments import FirstAssessments
from citizens.errors import (
    CitizensError,
    DeliveryConflict,
    InvalidEvent,
    MovedAway,
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
    Hold,
    Origin,
    Promotion,
    Release,
    TimeCorrection,
    check_draft,
    check_text,
)
from citizens.kinds import kind_of
from citizens.log import MOVED_TO, Advance, Receipt
from citizens.sqlite import assessing
from citizens.sqlite.assessing import MAX_PAYLOAD_BYTES, Taken
from citizens.sqlite.group_commit import Submission
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.reader import Reader, StoredEvent, Tip, read_tip
from citizens.sqlite.sealing import Pending, sealed, tip_of

WORTH_ASKING_AT_ONCE = 20  # drafts of one submission
ABOUT_LOG = Erasure | Compaction | TimeCorrection | Promotion


@dataclass(slots=True)
class Plan:
    """The rows of one submission, before any is written."""

    tip: Tip
    rows: list[StoredEvent] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    """What the rows are made of, once all are there."""
    versions: dict[int, int] = field(default_factory=dict)
    uses: list[tuple[int, int]] = field(default_factory=list)
    members: list[tuple[int, int]] = field(default_factory=list)
    offsets: dict[bytes, int] = field(default_factory=dict)
    new: set[bytes] = field(default_factory=set)
    """Deliveries that were looked up together and stand nowhere in the log."""
    numbers: dict[str, int] = field(default_factory=dict)
    """The numbers of the subjects that were looked up together, and of those met since."""
    columns: Taken | None = None
    """Events that are written as columns, instead of rows, of the origin with the number `origin`."""
    origin: int = 0
    deliveries: dict[int, bytes] = field(default_factory=dict)
    """What stands for the delivery of each draft that was looked up with others, by the draft's identity in memory."""

    def all_rows(self) -> list[StoredEvent]:
        """All events one by one."""
        return [*self.rows, *(self.columns.events.rows(self.origin) if self.columns is not None else ())]


class Planner:
    """Makes rows of drafts, in the events file that it is bound to."""

    def bind(self, reader: Reader) -> None:
        """Go on in the events file that `reader` has open."""
        self.reader = reader
        self._origins: dict[Origin, tuple[int, bytes]] = {}
        self.tip = read_tip(reader)
        self._somebody_left = any(name.startswith(MOVED_TO) for name in reader.consumers())
        for number in [row[0] for row in reader.connection.execute("SELECT number FROM origins")]:
            origin, digest = reader.origin(number)
            self._origins[origin] = (number, digest)

    def _plan(self, submission: Submission, tip: Tip) -> Plan:
        plan = Plan(tip)
        if submission.advance is not None:
            self._check_advance(submission.advance)
        if isinstance(submission.drafts, FirstAssessments) and self._plan_columns(submission, plan):
            return plan
        _each(submission.drafts, lambda draft: _check(draft, submission.system))
        if len(submission.drafts) >= WORTH_ASKING_AT_ONCE:
            self._look_up(submission.drafts, plan)
        _each(submission.drafts, lambda draft: submission.receipts.append(self._plan_draft(draft, plan)))
        plan.rows = sealed(self.reader.keys, tip.link, plan.pending)
        plan.tip = tip_of(plan.rows, tip)
        return plan

    def _plan_columns(self, submission: Submission, plan: Plan) -> bool:
        """Whether first assessments were planned as columns. What is wrong with them is found one by one."""
        assert isinstance(submission.drafts, FirstAssessments), "other drafts are planned one by one"
        number, digest = self.origin(submission.drafts.common.origin)
        names = _Numbers(plan.numbers, self.reader.keys)
        try:
            plan.columns = assessing.take(self.reader, submission.drafts, plan.tip, digest, names)
        except InvalidEvent:
            return False
        if plan.columns is None:
            return False
        plan.origin = number
        plan.tip = plan.columns.events.tip
        submission.receipts += plan.columns.receipts()
        return True

    def _look_up(self, drafts: Sequence[Draft], plan: Plan) -> None:
        """Ask at once for what each of many sound drafts asks: numbers, versions, whether it was delivered before."""
        keys = self.reader.keys
        numbers = plan.numbers
        numbers |= keys.find_many(dict.fromkeys(name for draft in drafts for name in _named(draft)))
        if subjects := {numbers[draft.subject] for draft in drafts if draft.subject in numbers}:
            plan.versions |= self.reader.versions(subjects)
        if self.reader.is_migrated():
            return
        known = [draft for draft in drafts if not draft.own or draft.subject in numbers]
        told = keys.deliveries_of([_told(draft, numbers) for draft in known])
        plan.deliveries = dict(zip(map(id, known), told, strict=True))
        if told:
            plan.offsets |= self.reader.find_deliveries(set(told))
            plan.new = set(told) - set(plan.offsets)

    def _check_advance(self, advance: Advance) -> None:
        check_text(advance.consumer, "a consumer's name")
        actual = self.reader.position(advance.consumer)
        if actual != advance.expected:
            raise PositionConflict(advance.consumer, advance.expected, actual)
        if advance.to < advance.expected:
            raise InvalidEvent("a position never goes back", "start a consumer under another name")

    def _plan_draft(self, draft: Draft, plan: Plan) -> Receipt:
        about_log = isinstance(draft.body, ABOUT_LOG)
        keys = self.reader.keys
        delivery, known = self._delivered(draft, plan)
        if known is not None:
            return self._duplicate(draft, known, plan)
        if self._somebody_left and not draft.own and not about_log:
            self._require_here(draft)
        number = 0 if about_log else self._number(draft.subject, plan)
        before = self._version(number, plan)
        if draft.expected_version is not None and draft.expected_version != before:
            raise VersionConflict(draft.subject, draft.expected_version, before)
        delivery = delivery or keys.delivery(draft.origin.source, draft.event_id, number)
        event = self._event(draft, delivery, number, before + 1, plan)
        self._add(plan, event, draft)
        return Receipt(event.offset, event.version, duplicate=False)

    def _require_here(self, draft: Draft) -> None:
        """Raise MovedAway if the subject, or one that it is said to belong to, goes on in another log. What lies here
        of somebody who left is held and released here."""
        if isinstance(draft.body, Hold | Release):
            return
        named = [draft.subject]
        if isinstance(draft.body, Facts | Correction):
            named += [point.value.group for point in draft.body.points if isinstance(point.value, Belongs)]
        for subject in named:
            number = self.reader.keys.find(subject)
            to = self.reader.moved_to(number) if number is not None else None
            if to is not None:
                raise MovedAway(subject, to)

    def _delivered(self, draft: Draft, plan: Plan) -> tuple[bytes | None, int | None]:
        """The draft's delivery (None if its subject has no number yet), and the offset at which it stands already."""
        keys, source, event_id = self.reader.keys, draft.origin.source, draft.event_id
        about_log = isinstance(draft.body, ABOUT_LOG)
        looked_up = plan.deliveries.get(id(draft))
        if not draft.own and not about_log:
            delivery = looked_up or keys.delivery(source, event_id)
            known = plan.offsets.get(delivery)
            if known is None and delivery not in plan.new:
                known = self.reader.find_delivery(delivery)
            return delivery, known
        number = 0 if about_log else plan.numbers.get(draft.subject) or keys.find(draft.subject)
        if number is None:
            return None, None
        delivery = looked_up or keys.delivery(source, event_id, number)
        known = plan.offsets.get(delivery)
        if known is None and delivery not in plan.new:
            known = self.reader.find_own(source, event_id, number)
        return delivery, known

    def _add(self, plan: Plan, row: Pending, draft: Draft) -> None:
        plan.pending.append(row)
        plan.offsets[row.delivery] = row.offset
        plan.versions[row.subject] = row.version
        match draft.body:
            case Assessment(used=used):
                numbers = {self._number(use.subject, plan) for use in used}
                plan.uses.extend((number, row.offset) for number in numbers)
            case Facts(points) | Correction(points):
                named = [point.value.group for point in points if isinstance(point.value, Belongs)]
                groups = {self._number(group, plan) for group in named}
                plan.members.extend((group, row.subject) for group in groups)

    def _number(self, subject: str, plan: Plan) -> int:
        """The subject's number, given out now if it has none."""
        return plan.numbers.get(subject) or _Numbers(plan.numbers, self.reader.keys).number(subject)

    def _event(self, draft: Draft, delivery: bytes, number: int, version: int, plan: Plan) -> Pending:
        payload = codec.encode(draft.body, draft.event_id, _Numbers(plan.numbers, self.reader.keys))
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise InvalidEvent(f"an event has {len(payload):,} bytes, over {MAX_PAYLOAD_BYTES:,}", "send it as several")
        kind = kind_of(draft.body)
        origin, digest = self.origin(draft.origin)
        offset = plan.tip.offset + len(plan.pending) + 1
        return Pending(offset, plan.tip.recorded_at_us, kind, number, version, origin, delivery, digest, payload)

    def _duplicate(self, draft: Draft, offset: int, plan: Plan) -> Receipt:
        """The receipt of a delivery that came before. Raises DeliveryConflict if its content was another.

        Of what was compacted, or of a subject erased since, nothing can be compared: it is a duplicate.
        """
        row: StoredEvent | Pending | None = next((row for row in plan.pending if row.offset == offset), None)
        row = row or next(self.reader.rows("WHERE offset = ?", (offset,)), None)
        if row is None:
            return Receipt(offset, None, duplicate=True)
        keys = self.reader.keys
        if row.subject == 0 or keys.key(row.subject) is not None:
            payload = row.payload if isinstance(row, Pending) else self.reader.payload(row)
            if payload is None or not self._same(draft, row, payload):
                raise DeliveryConflict(draft.origin.source, offset)
        return Receipt(offset, row.version, duplicate=True)

    def _same(self, draft: Draft, row: StoredEvent | Pending, payload: bytes) -> bool:
        keys = self.reader.keys
        if row.kind != kind_of(draft.body) or self.reader.origin(row.origin)[0] != draft.origin:
            return False
        if row.subject and keys.name(row.subject) != draft.subject:
            return False
        stored = _Recorded(keys)
        codec.decode(row.kind, payload, stored)
        return codec.encode(draft.body, draft.event_id, _Meant(keys, stored.numbers)) == payload

    def _version(self, number: int, plan: Plan) -> int:
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


def _told(draft: Draft, numbers: Mapping[str, int]) -> tuple[str, str, int | None]:
    """What tells a draft's delivery from others: its source, its id and, of what this program made, whose it is."""
    return draft.origin.source, draft.event_id, numbers[draft.subject] if draft.own else None


def _each(drafts: Sequence[Draft], do: Callable[[Draft], None]) -> None:
    """Do something with each draft; an error says which draft it is about."""
    for index, draft in enumerate(drafts):
        try:
            do(draft)
        except CitizensError as error:
            error.draft = index
            raise


def _check(draft: Draft, system: bool) -> None:
    """Raise InvalidEvent for a draft that no log takes, or that only the log itself may record."""
    if not isinstance(draft.body, ABOUT_LOG):
        check_draft(draft)
    elif not system:
        raise InvalidEvent("erasures and compactions are recorded by the log itself", "call erase or compact")


def _named(draft: Draft) -> Iterator[str]:
    """The subjects that planning a draft asks for by name."""
    yield draft.subject
    match draft.body:
        case Assessment(used=used):
            yield from (use.subject for use in used)
        case Facts(points) | Correction(points):
            yield from (point.value.group for point in points if isinstance(point.value, Belongs))


class _Numbers:
    """Numbers by the key store, those that are known at hand."""

    def __init__(self, known: dict[str, int], keys: KeyStore) -> None:
        self._known, self._keys = known, keys

    def number(self, subject: str) -> int:
        number = self._known.get(subject)
        if number is None:
            number = self._known[subject] = self._keys.number(subject)
        return number

    def name(self, number: int) -> str:
        return self._keys.name(number)


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
