"""A subject's history for a person to read: its events, and for each change point what took its place.

1. Walk the events in order and keep, for each key (attribute, day), the event that recorded it last.
2. Each later event with the key takes the place of that one: the earlier point is marked with the later event, the
   later one with the value it replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from api.failures import Failure
from citizens import (
    Arrival,
    Belongs,
    Change,
    Correction,
    Departure,
    Event,
    Facts,
    History,
    HorizonPassed,
    Known,
    Point,
    Retraction,
    Timeline,
    Value,
)

_WORDS = {
    Facts: "replaced",
    Correction: "corrected",
    Retraction: "retracted",
    Departure: "carried over",
    Arrival: "carried back",
}


@dataclass(slots=True)
class Mark:
    """What is to be said of one change point: the offset and value that it replaced, and what replaced it how."""

    before: tuple[int, Value] | None = None
    after: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An event, and a mark for each of its change points by (attribute, day)."""

    event: Event
    marks: dict[tuple[str, date], Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a group: who, in which role."""

    subject: str
    role: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What held of a subject on a day, as known at `offset`; of a group, who was in it (None: it is not asked)."""

    timeline: Timeline
    offset: int
    changes: tuple[Change, ...]
    members: tuple[Member, ...] | None


def history(log: History, subject: str, known: Known = None) -> list[TimelineEntry]:
    """All events of a subject as known. Raises Failure for one of whom the log knows nothing."""
    events = log.read_subject(subject, known)
    if not events:
        raise nothing_known(log, subject)
    return marked(events)


def nothing_known(log: History, subject: str) -> Failure:
    """Why there is no history: never seen, or not yet seen then."""
    if log.version(subject):
        return Failure(f"nothing was known of `{subject}` then", "ask as known later")
    help = "check the name, `<entity>/<id>`; erased subjects have none; `log as-of` shows who is in a group"
    return Failure(f"nothing is recorded of `{subject}`", help)


def marked(events: Iterable[Event]) -> list[TimelineEntry]:
    """The events with marks on their change points."""
    entries: list[TimelineEntry] = []
    last: dict[tuple[str, date], tuple[TimelineEntry, Value]] = {}
    for event in events:
        entry = TimelineEntry(event)
        for point in points_of(event):
            key = (point.attribute, point.valid_from)
            mark = entry.marks[key] = Mark()
            if key in last:
                earlier, value = last[key]
                mark.before = (earlier.event.offset, value)
                earlier.marks[key].after = (event.offset, _WORDS[type(event.body)])
            last[key] = (entry, point.value)
        entries.append(entry)
    return entries


def points_of(event: Event) -> Iterator[Point]:
    """An event's change points; those of a retraction have no value."""
    match event.body:
        case Facts(points) | Correction(points):
            yield from points
        case Retraction(keys):
            yield from (Point(attribute, day, None) for attribute, day in keys)


def standing(log: History, subject: str, valid: date, known: Known) -> Standing:
    """The facts that held. Raises Failure for one of whom nothing was known, HorizonPassed for what is compacted."""
    timeline = log.timeline(subject, known)
    offset = log.offset_of(known)
    changes = tuple(timeline.holding(valid))
    members = _members(log, subject, valid, offset, changes)
    if not timeline.version and not members:
        raise nothing_known(log, subject)
    return Standing(timeline, offset, changes, members)


def _members(
    log: History, subject: str, valid: date, offset: int, changes: Iterable[Change]
) -> tuple[Member, ...] | None:
    """Who belonged to the subject: a relation is named after the group's entity. None for what is itself a member."""
    if any(isinstance(change.value, Belongs) for change in changes):
        return None
    entity = subject.partition("/")[0]
    members = []
    for member in log.belonging_to(subject):
        try:
            held = log.timeline(member, offset).at(valid).get(entity)
        except HorizonPassed:
            return None
        if isinstance(held, Belongs) and held.group == subject:
            members.append(Member(member, held.role))
    return tuple(members)
