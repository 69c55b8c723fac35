"""The figures of many rows: by machine code where there are enough of them, else by the interpreter.

1. Rows whose facts are all in range become columns; their figures come back as columns.
2. A row that is not among them, or whose figures are not all known, is taken alone, and gets its message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from api.taxsim.batch import WORTH_COMPILING, Batch, Unanswered
from api.taxsim.blocks import Block, Cents, Places
from api.taxsim.units import unit_of
from api.taxsim.vectors import held, population, vectors_of
from engine.ir.program import Program
from engine.native import evaluate
from engine.population.columns import unit_of as steps_of
from engine.values.periods import PeriodKind, Unit


@dataclass(frozen=True, slots=True)
class Found:
    """Figures by name, in whole `steps` to the dollar; and why a row has none, by its place among them, if so."""

    figures: dict[str, Cents]
    steps: int
    faults: dict[int, Unanswered]

    def __len__(self) -> int:
        return len(next(iter(self.figures.values())))


class Figures:
    """The wanted figures of one year, for as many rows as come."""

    def __init__(self, program: Program, year: int, wanted: Sequence[str]) -> None:
        self.program = program
        self.year = year
        self.period = PeriodKind(Unit.YEAR).containing(program.settings.covers_from.replace(year=year, month=1, day=1))
        self.batch = Batch(program, self.period, wanted)
        units = {one.short_name: steps_of(program, one) for one in self.batch.wanted}
        self.steps = lcm(100, *units.values())
        self.scale = {name: 1 if unit == 1 else self.steps // unit for name, unit in units.items()}

    def of(self, block: Block, places: Places) -> Found:
        """The figures of some rows without faults, all of this year."""
        nothing = {name: np.zeros(len(places), dtype=np.int64) for name in self.scale}
        found = Found(nothing, self.steps, {})
        many = len(places) >= WORTH_COMPILING
        alone = self._together(block, places, found) if many else np.arange(len(places))
        for at in alone.tolist():
            self._alone(block, int(places[at]), at, found)
        return found

    def _together(self, block: Block, places: Places, found: Found) -> Places:
        """Put in the figures of all rows that can be columns; where the others stand among `places`."""
        vectors = vectors_of(block, places, self.year)
        inside = held(self.program, vectors)
        where = np.flatnonzero(inside)
        if not len(where):
            return np.arange(len(places))
        if len(where) < len(places):
            vectors = vectors_of(block, places[where], self.year)
        columns = population(self.program, self.period, vectors)
        result = evaluate(self.program, columns, list(self.scale)).figures
        for name, scale in self.scale.items():
            found.figures[name][where] = result[name].entries * scale
            status = result[name].status
            if status is not None:
                inside[where[status != 0]] = False
        return np.flatnonzero(~inside)

    def _alone(self, block: Block, place: int, at: int, found: Found) -> None:
        answer = self.batch.answer(unit_of(block.row(place)))
        if isinstance(answer, Unanswered):
            found.faults[at] = answer
            return
        for name, value in answer.items():
            assert isinstance(value, int | Fraction)
            found.figures[name][at] = value if isinstance(value, bool) else int(value * self.steps)
