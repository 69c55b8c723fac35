"""Homes: in which of a population's logs each subject is written.

A population that one log cannot take is several logs (on Kafka the partitions of one name), each with its own subjects:

1. Whoever belongs together is written in one log: a person with their groups, a record with its owner. So a household
   is computed from one log, and what is true of one log is true of each.
2. A subject stays where it was first written, unless it is moved (`moving`). One that is new goes where those are that
   it belongs to.
3. Where all who belong together are new, the one of them that belongs to nobody says it: BLAKE2b-64 of its name, modulo
   the number of logs. Processes that know nothing of each other come to the same.
4. What would join subjects of two homes is refused until one of them is moved. Nothing is written in two homes, and
   nothing is moved in silence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from citizens.errors import Refused
from citizens.events import Arrival, Belongs, Correction, Departure, Draft, Event, Facts
from citizens.log import History, Known

Tie = tuple[str, str | None]
"""A subject, and one that it belongs to; None if it belongs to nobody."""


class LivesElsewhere(Refused):
    """Subjects that belong together are at home in two logs."""


def born_in(subject: str, logs: int) -> int:
    """The home of a new subject that belongs to nobody, from 0 on."""
    digest = hashlib.blake2b(subject.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % logs


def known_when_left(departure: Event) -> int:
    """The offset as known at which somebody left, by which the arrival names the departure."""
    return int(departure.event_id.rpartition("/")[2])


def ties_of(draft: Draft) -> Iterable[Tie]:
    """Whom a draft is about, and whom it says that subject belongs to."""
    yield draft.subject, None
    if isinstance(draft.body, Facts | Correction):
        for point in draft.body.points:
            if isinstance(point.value, Belongs):
                yield draft.subject, point.value.group


class Homes:
    """The homes of the subjects of these logs, which are open for reading."""

    def __init__(self, logs: Sequence[History]) -> None:
        self._logs = logs
        self._filled = self._with_events()

    def _with_events(self) -> list[int]:
        return [number for number, log in enumerate(self._logs) if log.head()]

    def of(self, subject: str) -> int | None:
        """In which log a subject is written, or named as somebody's group or owner; None if in none."""
        for number in self._filled:
            if self._logs[number].version(subject) and self._logs[number].moved_to(subject) is None:
                return number
        for number in self._filled:
            if self._logs[number].belonging_to(subject) and self._logs[number].moved_to(subject) is None:
                return number
        return None

    def then_of(self, subject: str, known: Sequence[Known]) -> tuple[int, Known] | None:
        """In which log a subject was, as known in each log, and as known when there; None if in none.

        Of who was on the way then, the log that they had left says what was known when they left: nothing has been
        recorded of them in between.
        """
        left: tuple[int, Known] | None = None
        for number in self._asked_then(subject):
            log, to = self._logs[number], known[number]
            events = log.read_subject(subject, to)
            if events and log.moved_to(subject, to) is None:
                return number, to
            gone = [event for event in events if isinstance(event.body, Departure)]
            if gone and not self._has_come(number, gone[-1], known):
                left = number, gone[-1].offset - 1
        home = self.of(subject) if left is None and not self.all_of(subject) else None
        return left if home is None else (home, known[home])

    def _asked_then(self, subject: str) -> Sequence[int]:
        """The logs in which a subject may have been."""
        return self._filled

    def _has_come(self, number: int, departure: Event, known: Sequence[Known]) -> bool:
        """Whether who left a log was known in the new one by then."""
        assert isinstance(departure.body, Departure)
        to = departure.body.to
        bodies = (event.body for event in self._logs[to].read_subject(departure.subject, known[to]))
        halves = ((body.came_from, body.known) for body in bodies if isinstance(body, Arrival))
        return (number, known_when_left(departure)) in halves

    def all_of(self, subject: str) -> list[int]:
        """All logs in which a subject was ever written, its home last."""
        written = [number for number in self._filled if self._logs[number].version(subject)]
        return sorted(written, key=lambda number: self._logs[number].moved_to(subject) is None)

    def delivered(self, subject: str, source: str, event_id: str, home: int) -> int:
        """In which log a delivery of a subject stands, if it came before the subject moved; else its home."""
        former = (number for number in self.all_of(subject) if number != home)
        return next((number for number in former if self._logs[number].delivered(source, [event_id])[0]), home)

    def settle(self, ties: Iterable[Tie]) -> Mapping[str, int]:
        """The home of every subject that is named. Raises LivesElsewhere for subjects of two homes that shall belong
        together."""
        together = _Together()
        for subject, other in ties:
            together.join(subject, other)
        homes: dict[str, int] = {}
        for members in together.sets():
            home = self._home(members, together.belonging)
            homes |= dict.fromkeys(members, home)
        return homes

    def _home(self, members: Sequence[str], belonging: set[str]) -> int:
        there = {home: subject for subject in members if (home := self.of(subject)) is not None}
        if len(there) > 1:
            (home, subject), (other_home, other) = sorted(there.items())[:2]
            message = f"`{subject}` is written in partition {home}, and `{other}` in partition {other_home}"
            remedy = f"move one of them with all who belong to it: `rulewright log move {other} --to {home}`"
            raise LivesElsewhere(f"{message}: they cannot belong together", remedy)
        if there:
            return next(iter(there))
        free = [subject for subject in members if subject not in belonging]
        return born_in(min(free or members), len(self._logs))


class _Together:
    """Sets of subjects that belong together: a forest whose trees are joined (union-find, paths halved)."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}
        self.belonging: set[str] = set()

    def join(self, subject: str, other: str | None) -> None:
        """Put a subject with another, which it belongs to."""
        top = self._top(subject)
        if other is not None:
            self.belonging.add(subject)
            self._above[top] = self._top(other)

    def _top(self, subject: str) -> str:
        above = self._above
        above.setdefault(subject, subject)
        while above[subject] != subject:
            above[subject] = above[above[subject]]
            subject = above[subject]
        return subject

    def sets(self) -> Iterable[list[str]]:
        """The sets, in the order in which their first subjects were named."""
        members: dict[str, list[str]] = {}
        for subject in self._above:
            members.setdefault(self._top(subject), []).append(subject)
        return members.values()
