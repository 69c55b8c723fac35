"""Moves: subjects that go on in another log of their population, each move in both logs exactly once.

Whoever belongs together moves together, so that after a move as before it a household is computed from one log. Ties
that ended hold, too: a late fact of a year in which they were tied still corrects what was computed from both of them
(README.md has the argument, and `tests/api/test_moves.py` the case).

1. `together` finds who that is: everybody who ever belonged to somebody of them, and is not retracted.
2. `depart` writes one transaction in the old log: a `Departure` of each, behind which nothing of them holds there; for
   each of their postings since they came its counterpart, so that the old log's books no longer hold them; and the
   position `moved-to-<log>`, which says as known at which offset they left. They are on their way.
3. `arrive` writes one transaction in the new log: an `Arrival` of each, under the old origins; their assessments,
   adjustments, postings and holds, with offsets made over; and the position `moved-from-<log>`, which keeps it from
   taking them in twice. All of it is read from the old log, as known when they left: the old log is the letter.
4. `confirm` notes in the old log, as `arrived-at-<log>`, that they are there. Until then compaction waits for them.

Any process may do 3 and 4 after a crash, as often as it likes. The old rows go on to answer what was known before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from citizens.errors import Conflict, Refused
from citizens.events import (
    Adjustment,
    Arrival,
    Assessment,
    Belongs,
    Body,
    Departure,
    Draft,
    Entry,
    Event,
    Hold,
    Origin,
    Point,
    Posting,
    Release,
)
from citizens.log import FOLLOWER, MOVED_FROM, MOVED_TO, RUN, Advance, History
from citizens.timeline import Change

ARRIVED_AT = "arrived-at-"
_AGAIN = "#move/"
MOST_SUBJECTS = 1_000
"""How many may move at once: a household and its records, not a town."""
_CARRIED = Assessment | Adjustment | Posting | Hold | Release


@dataclass(frozen=True, slots=True)
class Letter:
    """Subjects on their way between two logs, by number, and as known at which offset of the old one they left."""

    source: int
    target: int
    known: int
    departures: tuple[Event, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        """Who is on the way."""
        return tuple(event.subject for event in self.departures)


def together(log: History, subject: str) -> list[str]:
    """Everybody who belongs together with a subject, itself first. Raises Refused for those who cannot move."""
    members: dict[str, None] = {subject: None}
    left = [subject]
    while left:
        for other in _tied_to(log, left.pop()):
            if other not in members:
                members[other] = None
                left.append(other)
        if len(members) > MOST_SUBJECTS:
            message = f"over {MOST_SUBJECTS:,} subjects belong together with `{subject}`, or once did"
            remedy = "late facts of those years still concern them all: have those move whom they would join"
            raise Refused(message, remedy)
    for gone in filter(_is_erased, {*members, *_assessed_with(log, members)}):
        message = f"`{gone}` belongs together with `{subject}`, and nobody can write of it any more"
        raise Refused(message, "have those move whom they would join")
    return list(members)


def _is_erased(subject: str) -> bool:
    return subject.partition("/")[2].startswith("erased-")


def _assessed_with(log: History, subjects: Iterable[str]) -> set[str]:
    """Whose facts the assessments of some subjects used."""
    bodies = (event.body for subject in subjects for event in log.read_subject(subject))
    return {use.subject for body in bodies if isinstance(body, Assessment) for use in body.used}


def _tied_to(log: History, subject: str) -> Iterator[str]:
    yield from _groups(log, subject)
    yield from (member for member in log.belonging_to(subject) if subject in _groups(log, member))


def _groups(log: History, subject: str) -> dict[str, None]:
    values = (change.value for change in log.timeline(subject).changes)
    return {value.group: None for value in values if isinstance(value, Belongs)}


def check_runs(source: History, target: History) -> None:
    """Raise Refused unless what assesses the subjects in one log does so in the other: runs that are finished there."""
    old, new = source.positions(), target.positions()
    for positions in (old, new):
        open_runs = [name for name in positions if name.startswith(RUN) and _follower(name) not in positions]
        if open_runs:
            what = open_runs[0].removeprefix(RUN)
            raise Refused(f"the annual run of {what} is not finished", "finish it first: `rulewright annual`")
    missing = [name for name in old if name.startswith(FOLLOWER) and name not in new]
    if missing:
        what = missing[0].removeprefix(FOLLOWER)
        raise Refused(f"{what} was assessed in the old partition and not in the new one", "run `rulewright annual`")


def is_moved_from(log: History) -> bool:
    """Whether anybody ever moved away from a log."""
    return any(name.startswith(MOVED_TO) for name in log.positions())


def targets_of(log: History) -> list[int]:
    """The numbers of the logs that somebody has left this one for."""
    return [int(name.removeprefix(MOVED_TO)) for name in log.positions() if name.startswith(MOVED_TO)]


def _follower(run: str) -> str:
    return FOLLOWER + run.removeprefix(RUN)


def depart(log: History, target: int, subjects: Sequence[str], origin: Origin, reason: str) -> int:
    """Have subjects leave for the log numbered `target`, as known at the offset that is returned.

    `log` is open for writing, by nobody else. `origin` says on whose authority, and is of this program's own source.
    """
    if on_the_way(log, -1, target) is not None:
        raise Conflict(f"others are on the way to partition {target}", "try again once they are there")
    known = log.head()
    name = f"move/{target}/{known}"
    leaving = [
        Draft(subject, _departure(log, subject, target, reason), origin, name, log.version(subject), own=True)
        for subject in subjects
    ]
    countered = [
        Draft(event.subject, _countered(event.body, name), event.origin, f"{name}/{event.offset}", own=True)
        for event in _carried(log, subjects, known)
        if isinstance(event.body, Posting)
    ]
    consumer = f"{MOVED_TO}{target}"
    log.append([*leaving, *countered], advance=Advance(consumer, log.position(consumer), known, needs="state"))
    return known


def _departure(log: History, subject: str, target: int, reason: str) -> Departure:
    keys = tuple((change.attribute, change.valid_from) for change in log.timeline(subject).changes)
    return Departure(keys, reason, target)


def _countered(posting: Posting, cause: str) -> Posting:
    entries = tuple(Entry(entry.account, entry.amount.copy_negate()) for entry in posting.entries)
    return replace(posting, entries=entries, cause=cause)


def on_the_way(log: History, here: int, target: int) -> Letter | None:
    """Who has left log `here` for another one, and is not known to be there; None for nobody."""
    known = log.position(f"{MOVED_TO}{target}")
    if known == log.position(f"{ARRIVED_AT}{target}"):
        return None
    behind = log.read(known, MOST_SUBJECTS)
    return Letter(here, target, known, tuple(takewhile(lambda event: isinstance(event.body, Departure), behind)))


def arrive(source: History, target: History, letter: Letter) -> None:
    """Take those in who are on their way, unless they are in. `target` is open for writing, by nobody else."""
    consumer, head = f"{MOVED_FROM}{letter.source}", target.head()
    before = target.position(consumer)
    if before >= letter.known:
        return
    arrivals = list(_arrivals(source, letter))
    events = _carried(source, letter.subjects, letter.known)
    read_to = head + len(arrivals)
    offsets = {event.offset: read_to + place for place, event in enumerate(events, 1)}
    carried = [
        Draft(event.subject, _made_over(event.body, offsets, read_to), event.origin, event_id, own=True)
        for event, event_id in zip(events, _ids(target, letter, events), strict=True)
    ]
    target.append([*arrivals, *carried], advance=Advance(consumer, before, letter.known, needs="nothing"))


def confirm(source: History, letter: Letter) -> None:
    """Note in the old log that they are there. `source` is open for writing."""
    arrived = f"{ARRIVED_AT}{letter.target}"
    before = source.position(arrived)
    if before < letter.known:
        ends = (f"{MOVED_TO}{letter.target}",)
        source.append([], advance=Advance(arrived, before, letter.known, needs="nothing", ends=ends))


def _arrivals(source: History, letter: Letter) -> Iterator[Draft]:
    """What held of each when they left: one event for each origin, and one of whom nothing was said."""
    name = f"move/{letter.source}/{letter.known}"
    for departure in letter.departures:
        by_origin: dict[Origin, list[Point]] = {}
        for change in source.timeline(departure.subject, letter.known).changes:
            by_origin.setdefault(change.origin, []).append(_point(change))
        for place, (origin, points) in enumerate(by_origin.items() or [(departure.origin, [])]):
            body = Arrival(tuple(points), letter.source, letter.known)
            yield Draft(departure.subject, body, origin, f"{name}/{place}", own=True)


def _point(change: Change) -> Point:
    return Point(change.attribute, change.valid_from, change.value)


def _carried(log: History, subjects: Iterable[str], known: int) -> list[Event]:
    """Assessments, postings and holds of some subjects, in order: all, or those since they last came here."""
    events: list[Event] = []
    for subject in subjects:
        own: list[Event] = []
        for event in log.read_subject(subject, known):
            if isinstance(event.body, Arrival):
                own = []
            elif isinstance(event.body, _CARRIED):
                own.append(event)
        events += own
    return sorted(events, key=lambda event: event.offset)


def _ids(target: History, letter: Letter, events: Sequence[Event]) -> Iterator[str]:
    """The events' ids: their old ones, by which nobody is assessed twice, with more behind if they stand here already.

    What an id begins with says by which terms an assessment was made.
    """
    for event in events:
        first = event.event_id.partition(_AGAIN)[0]
        (stands,) = target.delivered(event.origin.source, [first], of=[event.subject])
        yield f"{first}{_AGAIN}{letter.source}/{letter.known}/{event.offset}" if stands else first


def _made_over(body: Body, offsets: dict[int, int], read_to: int) -> Body:
    """What names offsets of the old log names those of the new one."""
    match body:
        case Assessment():
            replaced = offsets.get(body.replaces) if body.replaces is not None else None
            return replace(body, read_to=read_to, replaces=replaced)
        case Adjustment():
            return replace(body, replaces=offsets.get(body.replaces, read_to))
    return body
