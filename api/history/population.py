"""The logs of a population, open together: which of them a subject is asked of, and as known when there.

A server keeps them open for long. One log is a population of one part, and is asked as it is. Of several:

1. A subject's home is remembered, and asked of all logs again once it has moved (`citizens.known_homes`), as another
   process may have it do at any time. Who is on the way, because a process died in the middle of a move, is taken in
   first.
2. "As known when" is a moment, an offset of a named part, or a cut, which is an offset of each part.
3. An event goes to the part where its subject lives. If the subject moves away in between, the part refuses it, and it
   is sent after them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import groupby, islice
from pathlib import Path
from threading import Lock
from typing import TypeVar

from api.failures import Failure, Misuse
from api.history.access import AnyLog, log_folder, shared
from api.history.letters import letters_of, settle
from api.history.looks import record_looks
from api.history.parts import Recorded, cuts_of, parts_for, parts_of
from citizens import Draft, Known, MovedAway
from citizens.cuts import Moves, ends_of, rounded_down
from citizens.homes import ties_of
from citizens.known_homes import KnownHomes

_ROUNDS = 5
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class PartOffset:
    """An offset of one part."""

    part: int
    offset: int


@dataclass(frozen=True, slots=True)
class Offsets:
    """A cut: the last offset of each part that is inside, in order."""

    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NamedCut:
    """A cut that was given a name (`rulewright log cut`)."""

    name: str


AsKnown = Known | PartOffset | Offsets | NamedCut
"""As known when: what a whole population can be asked."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subject is asked about: a log, and as known when there. `part` is its number; None where there is one."""

    log: AnyLog
    known: Known
    part: int | None

    def told(self, offset: int) -> str:
        """An offset of this log as `known_at` takes it."""
        return f"offset:{offset}" if self.part is None else f"offset:{self.part}:{offset}"


class Population:
    """The logs of a population. Methods may be called by many threads. `close` closes the logs."""

    def __init__(self, logs: Sequence[AnyLog], log: Path | None = None) -> None:
        """`log` is where the parts lie, where there are several."""
        self.logs = tuple(logs)
        self._log = log
        self._homes, self._moves = KnownHomes(self.logs), Moves(self.logs)
        self._settling = Lock()

    @classmethod
    def opened(cls, log: Path, keys: Path | None = None) -> Population:
        """The population in a folder or at an address, to be written in turn with other processes."""
        logs: list[AnyLog] = []
        try:
            for part in parts_of(log_folder(log)):
                logs.append(shared(part, keys))
        except BaseException:
            for opened in logs:
                opened.close()
            raise
        return cls(logs, log)

    @property
    def several(self) -> bool:
        """Whether there are several logs."""
        return len(self.logs) > 1

    def parts(self) -> list[tuple[int | None, AnyLog]]:
        """Every log with its number; None where there is one."""
        return list(enumerate(self.logs)) if self.several else [(None, self.logs[0])]

    def part(self, number: int | None) -> AnyLog:
        """The log of that number, which may be left out where there is one. Raises Misuse."""
        if number is None and not self.several:
            return self.logs[0]
        if number is None or not 0 <= number < len(self.logs):
            told = "each partition counts its own offsets" if number is None else f"there is no partition {number}"
            raise Misuse(told, f"name one of {len(self.logs)}: `partition=0`")
        return self.logs[number]

    # --- one subject

    def place(self, subject: str, known: AsKnown = None) -> Place:
        """Where a subject is asked about. Of whom nothing is known any log says so. Raises Misuse or Failure."""
        if not self.several:
            return Place(self.logs[0], self._of_one(known), None)
        if isinstance(known, PartOffset):
            return self._at_offset(subject, known)
        place = self._home(subject) if known is None else self._homes.then_of(subject, self._moments(known))
        number, to = place or (0, 0)
        return Place(self.logs[number], to, number)

    def log_of(self, subject: str) -> AnyLog:
        """The log that a subject lives in."""
        return self.place(subject).log

    def version(self, subject: str) -> int:
        """How many events have been recorded of a subject where it lives."""
        return self.log_of(subject).version(subject)

    def former_places(self, subject: str) -> list[Place]:
        """Every log that a subject was ever written in, its home last."""
        if not self.several:
            return [self.place(subject)]
        return [Place(self.logs[number], None, number) for number in self._homes.all_of(subject)]

    def _of_one(self, known: AsKnown) -> Known:
        match known:
            case PartOffset(part=0, offset=offset) | Offsets(offsets=(offset,)):
                return offset
            case PartOffset() | Offsets() | NamedCut():
                raise Misuse("there is one log here, without partitions", "ask as known at `offset:18204`, or a day")
        return known

    def _at_offset(self, subject: str, known: PartOffset) -> Place:
        log = self.part(known.part)
        if not log.read_subject(subject, known.offset):
            there = self._homes.all_of(subject)
            where = f"in partition {there[-1]}" if there else "nowhere"
            message = f"`{subject}` is written {where}, and the offset is one of partition {known.part}"
            raise Failure(message, "ask as known at a moment or a cut")
        return Place(log, known.offset, known.part)

    def _moments(self, known: Known | Offsets | NamedCut) -> list[Known]:
        """As known when in each part. Raises Misuse or Failure."""
        match known:
            case NamedCut(name):
                return list(self._cut(name))
            case Offsets(offsets):
                if len(offsets) != len(self.logs):
                    raise Misuse(f"a cut has an offset of each of {len(self.logs)} partitions", "give them in order")
                return list(offsets)
            case int():
                message = f"each of {len(self.logs)} partitions counts its own offsets"
                raise Misuse(message, "write `offset:PARTITION:OFFSET`, a day, a moment, or `cut:NAME`")
        return [known] * len(self.logs)

    def _cut(self, name: str) -> tuple[int, ...]:
        cut = cuts_of(self._log).get(name) if self._log is not None else None
        if cut is None:
            raise Failure(f"there is no cut `{name[:60]}`", "`rulewright log cut NAME` makes one")
        return cut.offsets

    def _home(self, subject: str) -> tuple[int, Known] | None:
        home = self._homes.of(subject)
        if home is None and self._homes.all_of(subject):
            self.take_in()
            home = self._homes.of(subject)
        return (home, None) if home is not None else None

    def take_in(self) -> None:
        """Take in who is on the way because a process died in the middle of a move."""
        with self._settling:
            if self.several and self._log is not None and next(letters_of(self.logs), None) is not None:
                settle(parts_of(self._log))

    # --- everybody

    def heads(self) -> list[int]:
        """A cut of now: the ends of all logs, by which everybody is in one of them."""
        self.take_in()
        return ends_of(self._moves) if self.several else [self.logs[0].head()]

    def each_known(self, known: AsKnown) -> list[Known]:
        """As known when in each log, for a question about everybody. Raises Misuse or Failure."""
        if not self.several:
            return [self._of_one(known)]
        match known:
            case None:
                return list(self.heads())
            case datetime():
                return list(rounded_down(self._moves, [log.offset_of(known) for log in self.logs]))
            case PartOffset():
                raise Misuse("everybody is asked about, and the offset is of one partition", "ask as known at a moment")
        return self._moments(known)

    def subjects_of(self, entity: str, after: str, limit: int) -> list[str]:
        """The next subjects of an entity by their ids, those who moved where they live now."""
        if not self.several:
            return self.logs[0].subjects_of(entity, after, limit)
        in_order = merge(*(_living_in(log, entity, after, limit) for log in self.logs), key=_id)
        return list(islice((name for name, _ in groupby(in_order)), limit))

    # --- recording

    def append(self, draft: Draft) -> Recorded:
        """Record one event where its subject lives. Raises a CitizensError."""
        if not self.several:
            return Recorded(0, self.logs[0].append([draft])[0])

        def appended() -> Recorded:
            for tie in ties_of(draft):
                for subject in filter(None, tie):
                    self._home(subject)  # takes in who is on the way
            (part,) = parts_for([draft], self.logs, self._homes)
            return Recorded(part, self.logs[part].append([draft])[0])

        return self._after_them(appended)

    def looked_at(self, subjects: Sequence[str], by: str, channel: str, said: Mapping[str, str | None]) -> None:
        """Record in each subject's log that `by` looked at it."""
        by_log: dict[int, list[str]] = defaultdict(list)
        for subject in subjects:
            by_log[self.place(subject).part or 0].append(subject)
        for number, names in by_log.items():
            try:
                record_looks(self.logs[number], names, by, channel, said)
            except MovedAway:
                self.looked_at(names, by, channel, said)

    def _after_them(self, does: Callable[[], _Made]) -> _Made:
        """Do what is done where a subject lives; again if they moved away meanwhile."""
        for _ in range(_ROUNDS):
            try:
                return does()
            except MovedAway:
                continue
        return does()

    # --- names outside of the logs

    def pseudonym(self, subject: str) -> str | None:
        """As `Readings.pseudonym`, of the log where a subject lives."""
        return self.log_of(subject).pseudonym(subject)

    def named_by(self, pseudonym: str) -> str | None:
        """The subject that a pseudonym of any of the logs stands for; None if they are erased."""
        return next((name for log in self.logs if (name := log.named_by(pseudonym)) is not None), None)

    def close(self) -> None:
        """Close the logs."""
        for log in self.logs:
            log.close()


def _id(name: str) -> str:
    return name.partition("/")[2]


def _living_in(log: AnyLog, entity: str, after: str, limit: int) -> Iterator[str]:
    """The subjects of an entity whose home a log is, in order of their ids."""
    while names := log.subjects_of(entity, after, limit):
        yield from (name for name in names if log.moved_to(name) is None)
        after = _id(names[-1])
