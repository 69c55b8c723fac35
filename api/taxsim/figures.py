"""The figures of many rows: by machine code where there are enough of them, else by the interpreter.

1. Rows whose facts are all in range become a population; their figures come back as columns.
2. A row that is not among them, or whose figures are not all known, is taken alone, and gets its message.
3. For marginal rates the figures are computed again, of the same people with more of an income.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from api.taxsim.batch import Batch, Unanswered
from api.taxsim.blocks import Block, Cents, Places
from api.taxsim.units import unit_of
from api.taxsim.vectors import vectors_of
from api.taxsim.year_columns import Population, held
from engine.ir.program import Program
from engine.native import WORTH_COMPILING, Options, evaluate, share_layout
from engine.native.plan.shape import fitting
from engine.population.columns import Columns
from engine.population.columns import unit_of as steps_of
from engine.values.periods import Period, PeriodKind, Unit

_CORES = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class FiguresOfRows:
    """Figures by name, in whole `steps` to the dollar; and why a row has none, by its place among them, if so."""

    figures: dict[str, Cents]
    steps: int
    faults: dict[int, Unanswered]

    def __len__(self) -> int:
        return len(next(iter(self.figures.values())))


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a block, all of one year: those `within` a population (as places among them), and its columns."""

    block: Block
    places: Places
    within: Places
    population: Population | None = None
    columns: Columns | None = None


def period_of(program: Program, year: int) -> Period:
    """A calendar year."""
    return PeriodKind(Unit.YEAR).containing(program.settings.covers_from.replace(year=year, month=1, day=1))


def rows_of(program: Program, block: Block, places: Places, year: int) -> Rows:
    """Rows without faults, all of one year, ready to be computed."""
    if len(places) < WORTH_COMPILING:
        return Rows(block, places, places[:0])
    vectors = vectors_of(block, places, year)
    inside = held(program, vectors)
    within = np.flatnonzero(inside)
    if not len(within):
        return Rows(block, places, within)
    if len(within) < len(places):
        vectors = vectors_of(block, places[within], year)
    population = Population(program, period_of(program, year), vectors)
    return Rows(block, places, within, population, population.columns)


def with_more(program: Program, rows: Rows, raised: Block) -> Rows:
    """The same rows with more of an income, as another block has them."""
    if rows.population is None or rows.columns is None:
        return Rows(raised, rows.places, rows.within)
    columns, cells, fine = rows.population.with_more(raised, rows.places[rows.within])
    share_layout(program, rows.columns, columns, cells, fitting(program, rows.columns, Options()))
    return Rows(raised, rows.places, np.where(fine, rows.within, -1), rows.population, columns)


class Figures:
    """The wanted figures of one year, for as many rows as come."""

    def __init__(self, program: Program, year: int, wanted: Sequence[str]) -> None:
        self.program = program
        self.batch = Batch(program, period_of(program, year), wanted)
        units = {definition.short_name: steps_of(program, definition) for definition in self.batch.wanted}
        self.steps = lcm(100, *units.values())
        self.scale = {name: 1 if unit == 1 else self.steps // unit for name, unit in units.items()}

    def of(self, rows: Rows, like: Rows | None = None) -> FiguresOfRows:
        """The figures of some rows, laid out as the rows `like` them are."""
        count = len(rows.places)
        computed = FiguresOfRows({name: np.zeros(count, dtype=np.int64) for name in self.scale}, self.steps, {})
        for at in self._alone(rows, like or rows, computed).tolist():
            answer = self.batch.answer(unit_of(rows.block.row(int(rows.places[at]))))
            if isinstance(answer, Unanswered):
                computed.faults[at] = answer
                continue
            for name, value in answer.items():
                assert isinstance(value, int | Fraction)
                computed.figures[name][at] = value if isinstance(value, bool) else int(value * self.steps)
        return computed

    def _alone(self, rows: Rows, like: Rows, computed: FiguresOfRows) -> Places:
        """Put in the figures of all rows that are in the population; where the others stand."""
        alone = np.ones(len(rows.places), dtype=bool)
        if rows.columns is None or like.columns is None:
            return np.flatnonzero(alone)
        options = fitting(self.program, like.columns, Options())
        result = evaluate(self.program, rows.columns, list(self.scale), threads=_CORES, options=options).figures
        known = rows.within >= 0
        everybody = len(like.within) == len(rows.places)
        for name, scale in self.scale.items():
            entries = result[name].entries.astype(np.int64, copy=False) * scale
            if everybody:
                computed.figures[name] = entries
            else:
                computed.figures[name][like.within] = entries
            status = result[name].status
            if status is not None:
                known = known & (status == 0)
        alone[like.within[known]] = False
        return np.flatnonzero(alone)
