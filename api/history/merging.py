"""One subject that was recorded under two names, or goes by a new one: the two histories become one.

1. What only the duplicate says becomes facts of the subject that stays, from the same days on, under the duplicate's
   own origins' retention. Where both say something of an attribute, what the subject that stays says stands; the
   difference is told.
2. The facts of the duplicate are retracted, with the reason.
3. Records of the duplicate, and members if it is a group, are given to the subject that stays by corrections.
4. The duplicate is noted as `same_as` the other. So it is held and erased with it, and no text keeps a name.

All of it is recorded at once, or nothing. Assessments that used the duplicate's facts are corrected by `follow`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from api.failures import Failure, Misuse
from citizens import Belongs, Body, Change, Correction, Draft, Facts, Origin, Point, Retraction, SqliteLog, same_value
from citizens.events.checks import OWN_ENTITIES
from citizens.sqlite.erasure import OWNER

SAME = "same_as"


@dataclass(frozen=True, slots=True)
class Merged:
    """What was done: how many facts were taken over, the attributes of which both said something else, and how many
    records or members were given over; whether nothing had been recorded of the other, as where an id changes."""

    carried: int
    differing: tuple[str, ...]
    given: int
    is_new: bool


def merge(log: SqliteLog, duplicate: str, into: str, origin: Origin, reason: str) -> Merged:
    """Make one history of two. Raises Failure or Misuse if they cannot be one."""
    _check(log, duplicate, into)
    changes, there = log.timeline(duplicate).changes, log.timeline(into).changes
    known = {change.attribute for change in there}
    points = tuple(
        Point(change.attribute, change.valid_from, change.value) for change in changes if change.attribute not in known
    )
    given = list(_given(log, duplicate, into, reason))
    bodies: list[tuple[str, Body]] = [(into, Facts(points))] if points else []
    bodies.append((duplicate, Retraction(tuple((change.attribute, change.valid_from) for change in changes), reason)))
    bodies.append((duplicate, Facts((Point(SAME, datetime.now(UTC).date(), Belongs(into, OWNER)),))))
    bodies += given
    stem = f"merge-{log.head() + 1}"
    log.append([Draft(whose, body, origin, f"{stem}-{place}") for place, (whose, body) in enumerate(bodies)])
    return Merged(len(points), tuple(_differing(changes, there)), len(given), is_new=not there)


def _check(log: SqliteLog, duplicate: str, into: str) -> None:
    entities = {subject.partition("/")[0] for subject in (duplicate, into)}
    if duplicate == into or len(entities) > 1 or entities & set(OWN_ENTITIES):
        raise Misuse(f"`{duplicate}` and `{into}` cannot be one", "name two different subjects of one entity")
    if all(change.attribute == SAME for change in log.timeline(duplicate).changes):
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


def _differing(changes: tuple[Change, ...], there: tuple[Change, ...]) -> Iterator[str]:
    """The attributes of which both say something, and not the same."""
    stated = {(change.attribute, change.valid_from): change.value for change in there}
    named = {attribute for attribute, _ in stated}
    for attribute in dict.fromkeys(change.attribute for change in changes if change.attribute in named):
        mine = {change.valid_from: change.value for change in changes if change.attribute == attribute}
        if any(not same_value(stated.get((attribute, day)), value) for day, value in mine.items()):
            yield attribute
