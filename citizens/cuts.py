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
from dataclasses import dataclass

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


def rounded_down(logs: Sequence[History], offsets: Sequence[int]) -> list[int]:
    """The last cut at or before these offsets, one of each log in order, that tears no move."""
    cut = list(offsets)
    moves = [move for move in halves_of(logs) if move.out is not None]
    while torn := [move for move in moves if _is_torn(move, cut)]:
        for move in torn:
            assert move.out is not None
            if move.out <= cut[move.source]:
                cut[move.source] = move.out - 1
            else:
                cut[move.target] = min(cut[move.target], (move.into or 1) - 1)
    return cut


def ends_of(logs: Sequence[History]) -> list[int]:
    """A cut of now: the ends of all logs, or just before them, that tears no move.

    What the logs' positions say of moves is enough, if it was the same before and after the ends were read and nobody
    was on the way. Only else are all moves looked through.
    """
    before = _standings(logs)
    ends = [log.head() for log in logs]
    if before == _standings(logs) and _nobody_is_on_the_way(before):
        return ends
    return rounded_down(logs, ends)


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


def halves_of(logs: Sequence[History]) -> list[Halves]:
    """Every move between these logs of which something is left."""
    moves: dict[tuple[int, int, int], Halves] = {}
    for number, log in enumerate(logs):
        for event in log.read_moves(log.head()) if _has_moves(log) else ():
            match event.body:
                case Departure(to=to):
                    known = known_when_left(event)
                    arrived = logs[to].position(f"{MOVED_FROM}{number}") >= known
                    move = moves.setdefault((number, to, known), Halves(number, to))
                    move.out, move.arrived = known + 1, arrived
                case Arrival(came_from=source, known=known):
                    move = moves.setdefault((source, number, known), Halves(source, number))
                    move.into = min(move.into or event.offset, event.offset)
    return list(moves.values())


def _has_moves(log: History) -> bool:
    return any(name.startswith((MOVED_TO, MOVED_FROM)) for name in log.positions())


def _is_torn(move: Halves, cut: Sequence[int]) -> bool:
    if move.into is None and move.arrived:
        return False
    out = move.out is not None and move.out <= cut[move.source]
    into = move.into is not None and move.into <= cut[move.target]
    return out != into
