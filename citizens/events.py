"""The kinds of event, and what each says.

A subject is named `<entity>/<id>`: `person/880-12`, `tax_unit/17`. A fact is a change point: from `valid_from` on,
`attribute` of the subject has `value`, until the next change point. A value of None says that it ended. Who belongs to
which group is a fact too, whose value is `Belongs(group, role)`; the attribute is then the relation's name.

Nothing is edited. A correction records other values for change points that exist; a retraction says that a change point
never was, so that the one before it holds on.

Money and rates are `Decimal`, of at most 18 digits. There are no floats in a history.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import Enum
from functools import lru_cache

from citizens.errors import InvalidEvent

MAX_TEXT = 1_000
MAX_POINTS = 10_000
MAX_UNITS = 10**18
MAX_SCALE = 18
EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
"""The context for arithmetic on money: it raises rather than round, whatever the caller's own context does."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}(?:\.[a-z0-9_]{1,100}){0,4}", re.ASCII)
_KIND = re.compile(r"[bitsn]|d(?:[0-9]|1[0-8])", re.ASCII)
_PERIOD = re.compile(r"[0-9A-Za-z_]+(?:[-:.][0-9A-Za-z_]+)*", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Belongs:
    """Membership: the subject is in `group` (a subject's name) with `role`."""

    group: str
    role: str

    def __post_init__(self) -> None:
        check_subject(self.group)
        if not _ROLE.fullmatch(self.role):
            raise InvalidEvent("a role is lower-case letters, digits and `_`, from a letter on", "rename it")


Scalar = bool | int | Decimal | str | date
Value = Scalar | Belongs | None


def same_value(left: Value, right: Value) -> bool:
    """Whether two values are the same fact: of the same kind, and equal. To Python `1 == True`; to a fact it is not."""
    return type(left) is type(right) and left == right


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One change point: `attribute` is `value` from the day `valid_from` on. None ends it.

    Points are equal if their values are the same fact (`same_value`).
    """

    attribute: str
    valid_from: date
    value: Value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Point):
            return NotImplemented
        key = (self.attribute, self.valid_from)
        return key == (other.attribute, other.valid_from) and same_value(self.value, other.value)

    def __hash__(self) -> int:
        return hash((self.attribute, self.valid_from, type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a source says of the subject: at least one change point, each (attribute, valid_from) once."""

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        check_points(self.points)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a source said was wrong: `points` stand in the place of those recorded for the same keys."""

    points: tuple[Point, ...]
    reason: str

    def __post_init__(self) -> None:
        check_points(self.points)
        check_text(self.reason, "a correction's reason")


@dataclass(frozen=True, slots=True)
class Retraction:
    """The change points at `keys`, (attribute, valid_from) each, never were."""

    keys: tuple[tuple[str, date], ...]
    reason: str

    def __post_init__(self) -> None:
        check_points(tuple(Point(attribute, day, None) for attribute, day in self.keys))
        check_text(self.reason, "a retraction's reason")


@dataclass(frozen=True, slots=True)
class Use:
    """An assessment read these attributes of `subject`."""

    subject: str
    attributes: tuple[str, ...]

    def __post_init__(self) -> None:
        check_subject(self.subject)
        for attribute in self.attributes:
            check_name(attribute, "an attribute")


@dataclass(frozen=True, slots=True)
class Row:
    """Figures in stored form, for whole populations: the same `shape` for many rows, and one value for each part.

    A shape is `name:kind` for each figure, parted by spaces: `agi:d2 tax:d2 children:i filed:b`. Kind `d2` is a whole
    number of hundredths, `i` a whole number, `b` true or false, `t` days since 1970-01-01, `s` text, `n` not known
    (None). It is read back as pairs of names and values.
    """

    shape: str
    values: tuple[int | str | None, ...]

    def __post_init__(self) -> None:
        if check_shape(self.shape) != len(self.values):
            raise InvalidEvent(f"a row has {len(self.values)} values for {check_shape(self.shape)} figures")
        for part, value in zip(self.shape.split(" "), self.values, strict=True):
            if not _fits(part.rpartition(":")[2][0], value):
                raise InvalidEvent(
                    f"figure `{part}` has a value of another kind", "values are in stored form, never float"
                )


def _fits(letter: str, value: int | str | None) -> bool:
    if letter in "dit":
        return type(value) is int and -MAX_UNITS < value < MAX_UNITS
    expected = {"b": bool, "s": str, "n": type(None)}
    return type(value) is expected[letter] and (letter != "s" or 0 < len(str(value)) <= MAX_TEXT)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the law makes of the facts: `figures` by name, for `period` ("2024"), facts as valid on `valid_on`.

    `program` is the compiled program's fingerprint, `read_to` the offset up to which facts were read, `used` which
    facts were. `replaces` is the offset of the assessment that this one takes the place of.
    """

    period: str
    valid_on: date
    program: str
    read_to: int
    figures: tuple[tuple[str, Scalar | None], ...] | Row
    used: tuple[Use, ...]
    replaces: int | None = None

    def __post_init__(self) -> None:
        check_text(self.period, "an assessment's period")
        check_text(self.program, "a program's fingerprint")
        if isinstance(self.figures, Row):
            return
        for name, value in self.figures:
            check_value(Point(name, self.valid_on, value))
            check_name(name, "a figure")

    @property
    def fault(self) -> str:
        """Why nothing could be assessed; empty if it was.

        Such an assessment has the figure `fault`, a text that names nobody, and `fault_use`: whose facts among `used`
        are at fault. So the text keeps no name when somebody is erased.
        """
        if isinstance(self.figures, Row) or not self.figures or self.figures[0][0] != FAULT:
            return ""
        told = dict(self.figures)
        place = told.get(FAULT_USE)
        named = f"{self.used[place].subject}: " if isinstance(place, int) and place < len(self.used) else ""
        return f"{named}{told[FAULT]}"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """The difference between two assessments: new less old, figure by figure.

    `assessment` is the event id of the new one (appended in the same transaction), `replaces` the offset of the old.
    """

    period: str
    assessment: str
    replaces: int
    differences: tuple[tuple[str, Decimal], ...]
    reason: str

    def __post_init__(self) -> None:
        check_text(self.period, "an adjustment's period")
        check_text(self.reason, "an adjustment's reason")
        for name, amount in self.differences:
            units_and_scale(amount, "a difference")
            check_name(name, "a figure")


class Movement(Enum):
    """What moves money in the ledger."""

    LIABILITY = "liability"
    ENTITLEMENT = "entitlement"
    PAYMENT = "payment"
    REFUND = "refund"


class Account(Enum):
    """Where money stands. SUBJECT is what the subject owes (above zero) or is owed (below)."""

    SUBJECT = "subject"
    REVENUE = "revenue"
    BENEFITS = "benefits"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class Entry:
    """`amount` onto one account: above zero debits it, below zero credits it."""

    account: Account
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Posting:
    """A movement in the ledger. Its entries add up to zero, or it cannot be built.

    `cause` is the event id of what called for it (an assessment, an adjustment, a bank's message). `account` names the
    tax or benefit that the money is for; empty where it is for whatever is owed.
    """

    movement: Movement
    period: str
    currency: str
    entries: tuple[Entry, ...]
    cause: str
    account: str = ""

    def __post_init__(self) -> None:
        check_text(self.period, "a posting's period")
        check_text(self.currency, "a currency")
        check_text(self.cause, "a posting's cause")
        if self.account:
            check_text(self.account, "a posting's account")
        total = Decimal(0)
        for entry in self.entries:
            units_and_scale(entry.amount, "an entry")
            total = EXACT.add(total, entry.amount)
        if total != 0 or len(self.entries) < 2:
            raise InvalidEvent(f"a posting's entries add up to {total}, not to zero", "give each its counterpart")


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


Body = (
    Facts
    | Correction
    | Retraction
    | Assessment
    | Adjustment
    | Posting
    | Hold
    | Release
    | Erasure
    | Compaction
    | TimeCorrection
    | Promotion
    | Unreadable
)

OWN_SOURCES = ("rulewright", "log", "erasure-ledger")
"""The sources of what this program makes itself. Nobody delivers events under them."""
FAULT, FAULT_USE = "fault", "fault_use"
OWN_ENTITIES = ("annual_run",)
"""The entities of what this program keeps a history of for itself."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event comes from and on what authority: the same for many events.

    `retention` names the class that says how long superseded facts are kept.
    """

    source: str
    actor: str
    legal_basis: str
    retention: str

    def __post_init__(self) -> None:
        for what, text in (("source", self.source), ("actor", self.actor), ("legal basis", self.legal_basis)):
            check_text(text, f"an origin's {what}")
        check_name(self.retention, "a retention class")


@dataclass(frozen=True, slots=True)
class Draft:
    """An event to append. (origin.source, event_id) is its identity: a second delivery of it changes nothing.

    `expected_version` is the subject's version that the writer has seen: the number of events recorded for it (0 for a
    subject never seen). None appends whatever the version is. `own` says that this program made it, and no one
    delivered it: it may have a source of `OWN_SOURCES`, and its identity is (origin.source, event_id) of this subject.
    """

    subject: str
    body: Body
    origin: Origin
    event_id: str
    expected_version: int | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded event. `offset` counts from 1 and never changes; `recorded_at_us` (microseconds since 1970, UTC)
    never goes back; `version` is the subject's after this event; `chain` is the hash over this and all before.

    `subject` is empty for events about the log itself, and `<entity>/erased-<number>` after an erasure.
    """

    offset: int
    recorded_at_us: int
    subject: str
    version: int
    body: Body
    origin: Origin
    event_id: str
    chain: bytes


def check_subject(name: str) -> None:
    """Raise InvalidEvent unless `name` is `<entity>/<id>`."""
    entity, slash, identifier = name.partition("/")
    if not slash or not _ROLE.fullmatch(entity):
        raise InvalidEvent("a subject is named `<entity>/<id>`, the entity in lower case", "write `person/880-12`")
    check_text(identifier, "a subject's id")


def check_new_subject(name: str) -> None:
    """Raise InvalidEvent unless `name` may be given to a subject: it is written in the one form that there is of it."""
    check_subject(name)
    identifier = name.partition("/")[2]
    if identifier != identifier.strip() or "  " in identifier:
        raise InvalidEvent("a subject's id has spaces around it, or two in a row", "remove them")
    if not unicodedata.is_normalized("NFC", identifier):
        raise InvalidEvent("a subject's id is not in Unicode's composed form (NFC)", "write its letters in that form")


def check_draft(draft: Draft) -> None:
    """Raise InvalidEvent unless a draft may be recorded: by anybody, or, if it says so, by this program itself.

    Whoever brings it, by whichever way, the same names, periods and currencies are written in one form only.
    """
    for subject in (draft.subject, *_named_in(draft.body)):
        check_new_subject(subject)
    if isinstance(draft.body, Assessment | Adjustment | Posting):
        check_period(draft.body.period)
    if isinstance(draft.body, Posting):
        check_currency(draft.body.currency)
    if draft.own:
        return
    check_source(draft.origin.source)
    if draft.subject.partition("/")[0] in OWN_ENTITIES:
        raise InvalidEvent("the history of annual runs is kept by this program itself", "name another subject")


def check_source(source: str) -> None:
    """Raise InvalidEvent for a source that is this program's own."""
    if source in OWN_SOURCES:
        message = f"the source `{source}` is kept for what this program records itself"
        raise InvalidEvent(message, "name the source that it comes from")


def _named_in(body: Body) -> Iterator[str]:
    """The other subjects that a body names."""
    match body:
        case Facts(points) | Correction(points):
            yield from (point.value.group for point in points if isinstance(point.value, Belongs))
        case Assessment(used=used):
            yield from (use.subject for use in used)


def check_period(period: str) -> None:
    """Raise InvalidEvent unless a period is written in the one way that names it: `2024`, `2024-03`."""
    check_text(period, "a period")
    if not _PERIOD.fullmatch(period):
        raise InvalidEvent("a period is digits and capital letters, parts joined by `-`", "write `2024` or `2024-03`")


def check_currency(currency: str) -> None:
    """Raise InvalidEvent unless a currency is named by its three capital letters."""
    if not _CURRENCY.fullmatch(currency):
        raise InvalidEvent("a currency is three capital letters", "write `USD`")


def check_text(text: str, what: str) -> None:
    """Raise InvalidEvent unless `text` is 1 to 1,000 characters of valid text without control characters."""
    if not 0 < len(text) <= MAX_TEXT:
        raise InvalidEvent(f"{what} has {len(text):,} characters", f"give 1 to {MAX_TEXT:,}")
    if not text.isprintable():
        raise InvalidEvent(f"{what} has characters that cannot be printed", "remove them")


@lru_cache(maxsize=10_000)
def check_name(name: str, what: str) -> None:
    """Raise InvalidEvent unless `name` is a lower-case name, its parts joined by dots."""
    if not _NAME.fullmatch(name):
        raise InvalidEvent(f"{what} is lower-case letters, digits and `_`, parts joined by `.`", "rename it")


def check_points(points: tuple[Point, ...]) -> None:
    """Raise InvalidEvent unless there are points, their values are sound, and no key comes twice."""
    if not 0 < len(points) <= MAX_POINTS:
        raise InvalidEvent(f"an event has {len(points):,} change points", f"give 1 to {MAX_POINTS:,}")
    if len({(point.attribute, point.valid_from) for point in points}) != len(points):
        raise InvalidEvent("an event sets an attribute twice on one day", "send one value, or two events")
    for point in points:
        check_name(point.attribute, "an attribute")
        check_value(point)


def check_value(point: Point) -> None:
    """Raise InvalidEvent unless the point's value can be stored exactly."""
    where = f"attribute `{point.attribute}`"
    match point.value:
        case datetime():
            raise InvalidEvent(f"{where} is a moment", "give a date")
        case bool() | None | Belongs() | date():
            return
        case int() as whole:
            if abs(whole) >= MAX_UNITS:
                raise InvalidEvent(f"{where} has over 18 digits", "give it in a larger unit")
        case Decimal() as amount:
            units_and_scale(amount, where)
        case str() as text:
            check_text(text, where)
        case _:
            raise InvalidEvent(f"{where} is a {type(point.value).__name__}", "money and rates are Decimal, never float")


def units_and_scale(amount: Decimal, where: str) -> tuple[int, int]:
    """`amount` as (units, scale), meaning units * 10**-scale, exactly. `where` names it in errors."""
    whole, _, fraction = str(amount).partition(".")
    digits = whole + fraction
    if len(digits) <= MAX_SCALE and digits.lstrip("-").isdecimal():
        return int(digits), len(fraction)
    return _unusual_units_and_scale(amount, where)


def _unusual_units_and_scale(amount: Decimal, where: str) -> tuple[int, int]:
    """The same for what is written with an exponent, is long, or is no number."""
    sign, digits, exponent = amount.as_tuple()
    if not isinstance(exponent, int):
        raise InvalidEvent(f"{where} is not a finite number", "leave it out, or say None")
    if len(digits) + max(exponent, 0) > MAX_SCALE or -exponent > MAX_SCALE:
        raise InvalidEvent(f"{where} has over {MAX_SCALE} digits", "round it to its grid first")
    units = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
    return (-units if sign else units), max(-exponent, 0)


@lru_cache(maxsize=10_000)
def check_shape(shape: str) -> int:
    """How many values a row of that shape has. Raises InvalidEvent unless it is `name:kind` parts."""
    parts = shape.split(" ")
    for part in parts:
        name, _, kind = part.partition(":")
        check_name(name, "a figure")
        if not _KIND.fullmatch(kind):
            raise InvalidEvent(f"figure `{name}` has no kind", "say b, i, t, s, n, or d and the number of decimals")
    return len(parts)
