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

from api.taxsim.batch import Batch, Unanswered
from api.taxsim.table import Row
from api.taxsim.units import unit_of
from api.taxsim.vectors import Cents, held, population, vectors_of
from engine.ir.program import Program
from engine.native import WORTH_COMPILING, evaluate
from engine.population.columns import unit_of as steps_of
from engine.values.periods import PeriodKind, Unit


@dataclass(frozen=True, slots=True)
class Found:
    """Figures by name, in whole `steps` to the dollar; and for each row why it has none, if so."""

    figures: dict[str, Cents]
    steps: int
    faults: list[Unanswered | None]


class Figures:
    """The wanted figures of one year, for as many rows as come."""

    def __init__(self, program: Program, year: int, wanted: Sequence[str]) -> None:
        self.program = program
        self.period = PeriodKind(Unit.YEAR).containing(program.settings.covers_from.replace(year=year, month=1, day=1))
        self.batch = Batch(program, self.period, wanted)
        units = {one.short_name: steps_of(program, one) for one in self.batch.wanted}
        self.steps = lcm(100, *units.values())
        self.scale = {name: 1 if unit == 1 else self.steps // unit for name, unit in units.items()}

    def of(self, rows: Sequence[Row]) -> Found:
        """The figures of rows without faults."""
        nothing = {name: np.zeros(len(rows), dtype=np.int64) for name in self.scale}
        found = Found(nothing, self.steps, [None] * len(rows))
        alone = self._together(rows, found) if len(rows) >= WORTH_COMPILING else range(len(rows))
        for place in alone:
            self._alone(rows[place], place, found)
        return found

    def _together(self, rows: Sequence[Row], found: Found) -> Sequence[int]:
        """Put in the figures of all rows that can be columns; the places of the others."""
        vectors = vectors_of(rows)
        inside = held(self.program, vectors)
        places = np.flatnonzero(inside)
        if not len(places):
            return range(len(rows))
        if len(places) < len(rows):
            vectors = vectors_of([rows[place] for place in places.tolist()])
        columns = population(self.program, self.period, vectors)
        result = evaluate(self.program, columns, list(self.scale)).figures
        for name, scale in self.scale.items():
            found.figures[name][places] = result[name].entries * scale
            status = result[name].status
            if status is not None:
                inside[places[status != 0]] = False
        return [int(place) for place in np.flatnonzero(~inside)]

    def _alone(self, row: Row, place: int, found: Found) -> None:
        answer = self.batch.answer(unit_of(row))
        if isinstance(answer, Unanswered):
            found.faults[place] = answer
            return
        for name, value in answer.items():
            assert isinstance(value, int | Fraction)
            found.figures[name][place] = value if isinstance(value, bool) else int(value * self.steps)
