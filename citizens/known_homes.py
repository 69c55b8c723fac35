"""Homes that a process remembers: who was asked about before is looked for in one log, not in all.

1. The first question about a subject goes to every log (`homes`). Its home is remembered, and where it was written.
2. A later question first reads who has left, or come to, that home since: few events, and only the new ones. They are
   forgotten, and looked for in every log again; so is who is no longer written there because they were erased. Whoever
   moves leaves a departure in the log they leave, so a home that is remembered is one.
3. What was found is remembered only if nobody was seen to leave that home while the logs were being asked. A departure
   that nobody has seen yet is read before the next answer (2).
4. Who is in no log is not remembered: anybody may write of them next.

Only so many subjects are remembered; the one that was learnt first goes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from threading import Lock

from citizens.homes import Homes
from citizens.log import History, Known

MOST_REMEMBERED = 100_000
_Where = tuple[int | None, tuple[int, ...]]
"""The home, and every log in which the subject was ever written, its home last."""


class KnownHomes(Homes):
    """The homes of the subjects of these logs, which a process keeps open. Many threads may ask."""

    def __init__(self, logs: Sequence[History], most: int = MOST_REMEMBERED) -> None:
        super().__init__(logs)
        self._most = most
        self._remembered: dict[str, _Where] = {}
        self._read_to: dict[int, int] = {}
        self._moves: Counter[int] = Counter()
        self._lock = Lock()

    def of(self, subject: str) -> int | None:
        """As `Homes.of`."""
        return self._where(subject)[0]

    def all_of(self, subject: str) -> list[int]:
        """As `Homes.all_of`."""
        return list(self._where(subject)[1]) or super().all_of(subject)

    def then_of(self, subject: str, known: Sequence[Known]) -> tuple[int, Known] | None:
        """As `Homes.then_of`."""
        place = super().then_of(subject, known)
        if place is None:  # whoever moved while they were asked about is looked for once more
            self._forget((subject,))
            place = super().then_of(subject, known)
        return place

    def _asked_then(self, subject: str) -> Sequence[int]:
        return sorted(self._where(subject)[1]) or self._filled

    def _where(self, subject: str) -> _Where:
        return self._recalled(subject) or self._looked_up(subject)

    def _recalled(self, subject: str) -> _Where | None:
        """What is remembered of a subject, if it is so still."""
        with self._lock:
            where = self._remembered.get(subject)
        if where is None or where[0] is None:
            return None
        home = where[0]
        self._read_on(home)
        log = self._logs[home]
        if not log.version(subject) and not log.belonging_to(subject):
            self._forget((subject,))
        with self._lock:
            return self._remembered.get(subject)

    def _looked_up(self, subject: str) -> _Where:
        """What the logs say, which is remembered if there is a home."""
        self._filled = self._with_events()
        for number in self._filled:
            self._read_on(number)
        with self._lock:
            moves = Counter(self._moves)
        written = tuple(super().all_of(subject))
        home = super().of(subject)
        if home is None or (written and home != written[-1]):
            return home, tuple(super().all_of(subject))
        with self._lock:
            if self._moves[home] == moves[home] and home in self._read_to:
                self._remembered[subject] = home, written
                if len(self._remembered) > self._most:
                    del self._remembered[next(iter(self._remembered))]
        return home, written

    def _read_on(self, number: int) -> None:
        """Forget who has left a log, or come to it, since it was read last."""
        head = self._logs[number].head()
        with self._lock:
            after = self._read_to.setdefault(number, head)  # of who moved before, nothing is remembered yet
        if head <= after:
            return
        moved = [event.subject for event in self._logs[number].read_moves(after, head)]
        with self._lock:
            for subject in moved:
                self._remembered.pop(subject, None)
            self._moves[number] += len(moved)
            self._read_to[number] = max(self._read_to[number], head)

    def _forget(self, subjects: Sequence[str]) -> None:
        with self._lock:
            for subject in subjects:
                self._remembered.pop(subject, None)
