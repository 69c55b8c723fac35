"""One subject that was recorded under two names, or goes by a new one: the two histories become one.

1. What only the duplicate says becomes facts of the subject that stays, from the same days on, under the duplicate's
   own origins' retention. Where both say something of an attribute, what the subject that stays says stands; the
   difference is told.
2. The facts of the duplicate are retracted, with the reason.
3. Records of the duplicate, and members if it is a group, are given to the subject that stays by corrections.
4. What somebody paid for the duplicate, and what was paid back to it, moves to the books of the subject that stays:
   paid back there and paid here. What assessments posted stays, and the next ones take it back.
5. The duplicate is noted as `same_as` the other. So it is held and erased with it, and no text keeps a name. What is
   recorded of it later is told by the annual run; merging again takes it over.

All of it is recorded at once, or nothing. Assessments that used the duplicate's facts are corrected by `follow`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from api.failures import Failure, Misuse
from citizens import (
    Belongs,
    Body,
    Change,
    Correction,
    Draft,
    Event,
    Facts,
    History,
    Movement,
    Origin,
    Point,
    Posting,
    Retraction,
    SqliteLog,
    post,
    same_value,
)
from citizens.events import EXACT
from citizens.events.checks import OWN_ENTITIES, OWN_SOURCES
from citizens.sqlite.erasure import OWNER

SAME = "same_as"
SOURCE = OWN_SOURCES[0]


@dataclass(frozen=True, slots=True)
class Merged:
    """What was done: how many facts were taken over, the attributes of which both said something else, and how many
    records or members were given over, how many sums paid or paid back; whether nothing had been recorded of the other,
    as where an id changes."""

    carried: int
    differing: tuple[str, ...]
    given: int
    sums: int
    is_new: bool


def merge(log: SqliteLog, duplicate: str, into: str, origin: Origin, reason: str) -> Merged:
    """Make one history of two. Raises Failure or Misuse if they cannot be one."""
    _check(log, duplicate, into)
    changes, there = _stated(log, duplicate), _stated(log, into)
    known = {change.attribute for change in there}
    points = tuple(
        Point(change.attribute, change.valid_from, change.value) for change in changes if change.attribute not in known
    )
    given, is_new = list(_given(log, duplicate, into, reason)), not there and not log.belonging_to(into)
    stem = f"merge-{log.head() + 1}"
    money = list(_money(log, duplicate, into, stem))
    bodies: list[tuple[str, Body]] = [(into, Facts(points))] if points else []
    if changes:
        keys = tuple((change.attribute, change.valid_from) for change in changes)
        bodies.append((duplicate, Retraction(keys, reason)))
    since = min((change.valid_from for change in changes), default=datetime.now(UTC).date())
    bodies.append((duplicate, Facts((Point(SAME, since, Belongs(into, OWNER)),))))
    bodies += given + money
    log.append([Draft(whose, body, origin, f"{stem}-{place}") for place, (whose, body) in enumerate(bodies)])
    return Merged(len(points), tuple(_differing(changes, there)), len(given), len(money) // 2, is_new)


def known_as(log: History, subject: str) -> str:
    """What a subject is called by now: the one that it was merged into, directly or through others, or itself."""
    seen: set[str] = set()
    while subject not in seen:
        seen.add(subject)
        others = [change.value.group for change in log.timeline(subject).of(SAME) if isinstance(change.value, Belongs)]
        subject = others[-1] if others else subject
    return subject


def is_merged_by(event: Event) -> bool:
    """Whether an event says that its subject is another's duplicate."""
    return isinstance(event.body, Facts) and any(point.attribute == SAME and point.value for point in event.body.points)


def _stated(log: SqliteLog, subject: str) -> tuple[Change, ...]:
    """What counts of a subject, but for whose duplicate it is."""
    return tuple(change for change in log.timeline(subject).changes if change.attribute != SAME)


def _check(log: SqliteLog, duplicate: str, into: str) -> None:
    entities = {subject.partition("/")[0] for subject in (duplicate, into)}
    if duplicate == into or len(entities) > 1 or entities & set(OWN_ENTITIES):
        raise Misuse(f"`{duplicate}` and `{into}` cannot be one", "name two different subjects of one entity")
    now = known_as(log, into)
    if now != into:
        raise Failure(f"`{into}` is `{now}` by now", f"merge into `{now}`")
    if not _stated(log, duplicate) and not any(_given(log, duplicate, into, "asked")):
        raise Failure(
            f"nothing is recorded of `{duplicate}`, or no longer, or it is merged already",
            "check the name; `log show` lists what is",
        )


def _given(log: SqliteLog, duplicate: str, into: str, reason: str) -> Iterator[tuple[str, Body]]:
    """Corrections of whoever belongs to the duplicate: they belong to the other, from the same days on."""
    for member in log.belonging_to(duplicate):
        points = tuple(
            Point(change.attribute, change.valid_from, Belongs(into, change.value.role))
            for change in log.timeline(member).changes
            if isinstance(change.value, Belongs) and change.value.group == duplicate
        )
        if points:
            yield member, Correction(points, reason)


def _money(log: SqliteLog, duplicate: str, into: str, cause: str) -> Iterator[tuple[str, Body]]:
    """Postings that move what was paid by hand, and all that was paid back, from the one's books to the other's."""
    sums: dict[tuple[Movement, str, str], Decimal] = {}
    for event in log.read_subject(duplicate):
        body = event.body
        if not isinstance(body, Posting) or body.movement not in (Movement.PAYMENT, Movement.REFUND):
            continue
        if body.movement is Movement.REFUND or event.origin.source != SOURCE:
            key = body.movement, body.period, body.currency
            sums[key] = EXACT.add(sums.get(key, Decimal(0)), body.entries[0].amount)
    for (movement, period, currency), amount in sums.items():
        if amount:
            yield duplicate, post(movement, EXACT.minus(amount), period=period, currency=currency, cause=cause)
            yield into, post(movement, amount, period=period, currency=currency, cause=cause)


def _differing(changes: tuple[Change, ...], there: tuple[Change, ...]) -> Iterator[str]:
    """The attributes of which both say something, and not the same."""
    stated = {(change.attribute, change.valid_from): change.value for change in there}
    named = {attribute for attribute, _ in stated}
    for attribute in dict.fromkeys(change.attribute for change in changes if change.attribute in named):
        mine = {change.valid_from: change.value for change in changes if change.attribute == attribute}
        if any(not same_value(stated.get((attribute, day)), value) for day, value in mine.items()):
            yield attribute
