"""Cuts through a population: an offset of each of its logs, so that everybody is in them exactly once.

A moment is an offset of each log, but somebody may be on the way then: gone from the old log, and not yet in the new.

1. Each move is two halves: the departures in one log, and the arrivals in the other, which name the first half by the
   old log's number and the offset as known at which they left.
2. A cut with one half inside and the other outside is torn. It is rounded down to before the half that is inside.
3. That may put another half outside whose counterpart is inside, so repeat. Offsets only fall, so it ends, at the
   latest before the first move.
4. A half of which nothing is left, because it was compacted or everybody in it was erased, tears nothing: what was
   known before that cannot be asked any more. Whether it came at all, the new log's position says.

A rounded cut says only what was known by then. It leaves out what one log recorded between the half and the moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock

from citizens.events import Arrival, Departure
from citizens.homes import known_when_left
from citizens.log import MOVED_FROM, MOVED_TO, History


@dataclass(slots=True)
class Halves:
    """A move: the logs' numbers, and the offset of each half's first event; None where nothing is left of it, or, if it
    has not `arrived`, where there is nothing yet."""

    source: int
    target: int
    out: int | None = None
    into: int | None = None
    arrived: bool = False


class Moves:
    """The moves between some logs, remembered. Each log is read on from where it was read to, so what a process asks
    again costs what has been recorded since. Many threads may ask."""

    def __init__(self, logs: Sequence[History]) -> None:
        self.logs = logs
        self._read_to = [0] * len(logs)
        self._moves: dict[tuple[int, int, int], Halves] = {}
        self._lock = Lock()

    def halves(self) -> list[Halves]:
        """Every move of which something was left when it was first read."""
        with self._lock:
            come = [log.positions() for log in self.logs]  # asked first: who had come by then is read below
            for number in range(len(self.logs)):
                self._read_on(number)
            return [
                replace(move, arrived=come[to].get(f"{MOVED_FROM}{source}", 0) >= known)
                for (source, to, known), move in self._moves.items()
            ]

    def _read_on(self, number: int) -> None:
        log = self.logs[number]
        head = log.head()
        if head <= self._read_to[number]:
            return
        for event in log.read_moves(self._read_to[number], head) if _has_moves(log) else ():
            match event.body:
                case Departure(to=to):
                    known = known_when_left(event)
                    self._half(number, to, known).out = known + 1
                case Arrival(came_from=source, known=known):
                    move = self._half(source, number, known)
                    move.into = min(move.into or event.offset, event.offset)
        self._read_to[number] = head

    def _half(self, source: int, target: int, known: int) -> Halves:
        return self._moves.setdefault((source, target, known), Halves(source, target))


def rounded_down(moves: Moves, offsets: Sequence[int]) -> list[int]:
    """The last cut at or before these offsets, one of each log in order, that tears no move."""
    cut = list(offsets)
    left = [move for move in moves.halves() if move.out is not None]
    while torn := [move for move in left if _is_torn(move, cut)]:
        for move in torn:
            assert move.out is not None
            if move.out <= cut[move.source]:
                cut[move.source] = move.out - 1
            else:
                cut[move.target] = min(cut[move.target], (move.into or 1) - 1)
    return cut


def ends_of(moves: Moves) -> list[int]:
    """A cut of now: the ends of all logs, or just before them, that tears no move.

    What the logs' positions say of moves is enough, if it was the same before and after the ends were read and nobody
    was on the way. Only else are all moves looked through.
    """
    logs = moves.logs
    before = _standings(logs)
    ends = [log.head() for log in logs]
    if before == _standings(logs) and _nobody_is_on_the_way(before):
        return ends
    return rounded_down(moves, ends)


def _standings(logs: Sequence[History]) -> list[dict[str, int]]:
    """By log, as known when people last left for others, and came from others."""
    moves = (MOVED_TO, MOVED_FROM)
    return [{name: at for name, at in log.positions().items() if name.startswith(moves)} for log in logs]


def _nobody_is_on_the_way(standings: Sequence[dict[str, int]]) -> bool:
    return all(
        standings[int(name.removeprefix(MOVED_TO))].get(f"{MOVED_FROM}{number}", 0) == at
        for number, standing in enumerate(standings)
        for name, at in standing.items()
        if name.startswith(MOVED_TO)
    )


def _has_moves(log: History) -> bool:
    return any(name.startswith((MOVED_TO, MOVED_FROM)) for name in log.positions())


def _is_torn(move: Halves, cut: Sequence[int]) -> bool:
    if move.into is None and move.arrived:
        return False
    out = move.out is not None and move.out <= cut[move.source]
    into = move.into is not None and move.into <= cut[move.target]
    return out != into
