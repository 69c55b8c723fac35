"""Constants that are worked out once for all the days between two on which they may change."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, timedelta

from engine.interpret.constants import Constants, Stated
from engine.ir.program import Program
from engine.reading.declared_constants import BracketStarts, Overlay, Parameter, Scale, Table


class Steady(Constants):
    """The constants of a program by day. Of each answer `since` is the day from which it is so, projected or not."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._turns: dict[str, list[date]] = {}

    def at(self, name: str, day: date) -> Stated | None:
        """The constant on a day, or None before its first value."""
        turns = self.turns(name)
        place = bisect_right(turns, day)
        return super().at(name, turns[place - 1] if place else date.min)

    def turns(self, name: str) -> list[date]:
        """The days from which a constant may be another, in order."""
        if name not in self._turns:
            self._turns[name] = []  # of one that moves with itself
            self._turns[name] = sorted(set(self._of(self.named(name))))
        return self._turns[name]

    def _of(self, constant: Parameter | Table | Scale) -> Iterator[date]:
        yield from (start for start, _ in constant.values)
        if constant.known_until is not None:
            yield constant.known_until + timedelta(1)
        laid: tuple[Overlay | BracketStarts, ...] = constant.overlays
        if isinstance(constant, Table):
            laid = (*laid, *constant.follows)
            yield from (day for follow in constant.follows for day in self.turns(follow.scale))
        yield from (day for part in laid for day in (part.start, part.end) if day is not None)
        if constant.uprate is not None:
            yield constant.uprate.base + timedelta(1)
            yield from self.turns(constant.uprate.by)
