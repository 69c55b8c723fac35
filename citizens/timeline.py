"""One subject's facts as valid on V, as known at K.

1. Take the subject's events recorded by K, in order.
2. For each key (attribute, valid_from) the latest recorded change point counts; a retraction removes the key, and so
   does a departure to another log.
3. What holds on V is, for each attribute, the change point with the latest valid_from at or before V.

This is the rule that `snapshot` computes for everybody at once; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from citizens.events import Correction, Event, Facts, Origin, Retraction, Unreadable, Value


@dataclass(frozen=True, slots=True)
class Change:
    """A change point that counts, and the event that recorded it. Until `valid_until` (exclusive), or for ever."""

    attribute: str
    valid_from: date
    valid_until: date | None
    value: Value
    offset: int
    recorded_at_us: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class Timeline:
    """A subject's change points by attribute and day. `erased` says that its history was destroyed."""

    subject: str
    changes: tuple[Change, ...]
    version: int
    erased: bool = False

    def at(self, valid_on: date) -> dict[str, Value]:
        """What holds on the day, by attribute. An attribute that has ended is there as None."""
        return {change.attribute: change.value for change in self.holding(valid_on)}

    def holding(self, valid_on: date) -> list[Change]:
        """The change points that hold on the day, with the events that recorded them."""
        return [
            change
            for change in self.changes
            if change.valid_from <= valid_on and (change.valid_until is None or valid_on < change.valid_until)
        ]

    def of(self, attribute: str) -> list[Change]:
        """The change points of one attribute, oldest day first."""
        return [change for change in self.changes if change.attribute == attribute]


def build(subject: str, events: Iterable[Event]) -> Timeline:
    """The timeline that the subject's events, in order of offset, make."""
    latest: dict[tuple[str, date], tuple[Value, Event]] = {}
    version, erased = 0, False
    for event in events:
        version = event.version
        match event.body:
            case Facts(points) | Correction(points):
                latest.update({(point.attribute, point.valid_from): (point.value, event) for point in points})
            case Retraction(keys):
                for key in keys:
                    latest.pop(key, None)
            case Unreadable():
                erased = True
            case _:
                continue
    return Timeline(subject, tuple(_changes(latest)), version, erased)


def _changes(latest: dict[tuple[str, date], tuple[Value, Event]]) -> Iterable[Change]:
    keys = sorted(latest)
    for index, (attribute, valid_from) in enumerate(keys):
        value, event = latest[attribute, valid_from]
        following = keys[index + 1] if index + 1 < len(keys) else None
        until = following[1] if following is not None and following[0] == attribute else None
        yield Change(attribute, valid_from, until, value, event.offset, event.recorded_at_us, event.origin)
