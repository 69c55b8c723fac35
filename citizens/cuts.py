"""Cuts through a population: an offset of each of its logs, so that everybody is in them exactly once.

A moment is an offset of each log, but somebody may be on the way then: gone from the old log, and not yet in the new.

1. Each move is two halves: the departures in one log, and the arrivals in the other, which name the first half by the
   old log's number and the offset as known at which they left.
2. A cut with one half inside and the other outside is torn. It is rounded down to before the half that is inside.
3. That may put another half outside whose counterpart is inside, so repeat. Offsets only fall, so it ends, at the
   latest before the first move.

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
    """The two halves of a move: each with the number of its log, and the offset of its first event (None: not yet)."""

    source: int
    out: int | None = None
    target: int = -1
    into: int | None = None


def rounded_down(logs: Sequence[History], offsets: Sequence[int]) -> list[int]:
    """The last cut at or before these offsets, one of each log in order, that tears no move."""
    cut = list(offsets)
    moves = list(halves_of(logs).values())
    while torn := [move for move in moves if _is_torn(move, cut)]:
        for move in torn:
            if move.out is not None and move.out <= cut[move.source]:
                cut[move.source] = move.out - 1
            elif move.into is not None:
                cut[move.target] = min(cut[move.target], move.into - 1)
    return cut


def halves_of(logs: Sequence[History]) -> dict[tuple[int, int, int], Halves]:
    """Every move between these logs, by the numbers of the old and the new log and as known when in the old one."""
    moves: dict[tuple[int, int, int], Halves] = {}
    for number, log in enumerate(logs):
        if not _has_moves(log):
            continue
        for event in log.read_moves(log.head()):
            match event.body:
                case Departure(to=to):
                    move = moves.setdefault((number, to, known_when_left(event)), Halves(number))
                    move.out = min(move.out or event.offset, event.offset)
                case Arrival(came_from=source, known=known):
                    move = moves.setdefault((source, number, known), Halves(source))
                    move.target, move.into = number, min(move.into or event.offset, event.offset)
    return moves


def _has_moves(log: History) -> bool:
    return any(name.startswith((MOVED_TO, MOVED_FROM)) for name in log.positions())


def _is_torn(move: Halves, cut: Sequence[int]) -> bool:
    out = move.out is not None and move.out <= cut[move.source]
    into = move.into is not None and move.into <= cut[move.target]
    return out != into
