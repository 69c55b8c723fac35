"""One case many times over, each time with some facts changed: one batch of machine code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from api.cases.copies import copies
from api.cases.machine import places_of
from api.cases.reach import reached
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.native import KNOWN, Options, evaluate
from engine.native.plan.layout import is_made
from engine.native.plan.plan import cell_for
from engine.native.running import SHARED
from engine.population.columns import Cell, Column, Columns, unit_of
from engine.remembered import Remembered
from engine.values.periods import Period

OPTIONS = Options(block=8, limit=2**37, idle_cost=2**62)
"""Short forms for rows in which nothing happens would save a millisecond of running and cost seconds of compiling."""
MOST_INTERPRETED = 100_000
"""So many figures and facts of all tries the interpreter may find, within a second or two."""
Try = Sequence[tuple[Fact, int]]  # facts, each with the entry that a column holds of it


def figures_of_tries(
    program: Program, case: Case, columns: Columns, tries: Sequence[Try], wanted: Sequence[Definition]
) -> Iterator[NDArray[np.float64]]:
    """Of each wanted figure its values, a row for each try and a column for each of its entity; NaN where code does not
    know it, as where what is tried contradicts something. Figures that code does not know in the first try are
    asked anew of code and interpreter, unless that takes long, and 0 stands for what is not known of them then.

    `columns` are the case's. Floating point: it serves to put questions in order, and no answer is made of it.
    """
    many, places = copies(program, columns, len(tries)), places_of(program, case)
    for number, changes in enumerate(tries):
        for fact, entry in changes:
            column = many.columns[Cell(fact.name, fact.period)]
            rows = len(column.entries) // len(tries)
            column.entries[number * rows + places[program.definitions[fact.name].entity][fact.instance]] = entry
    bounded = {cell: _bounded(column) for cell, column in many.columns.items()}
    tried = replace(many, columns=bounded)
    told = _by_code(program, tried, len(tries), wanted)
    open_ = [figure for figure in wanted if _is_open(program, tried, figure, told[figure.name][0])]
    if open_ and len(tries) * _cells_read(program, tried.at, tuple(open_)) <= MOST_INTERPRETED:
        told |= _by_both(program, tried, len(tries), open_)
    return iter([told[figure.name] for figure in wanted])


def _is_open(program: Program, tried: Columns, figure: Definition, values: NDArray[np.float64]) -> bool:
    """Whether code does not know a figure of somebody; of groups that a figure makes, which stand in rows of people, of
    nobody."""
    unknown = np.isnan(values)
    return bool(unknown.all() and unknown.size if is_made(program, tried, figure.entity) else unknown.any())


def _by_code(
    program: Program, tried: Columns, number: int, wanted: Sequence[Definition]
) -> dict[str, NDArray[np.float64]]:
    """The figures as far as code knows them. Those of nobody have no values."""
    there = [figure for figure in wanted if figure.entity in tried.counts or is_made(program, tried, figure.entity)]
    cells = {figure.name: cell_for(program, figure.name, tried.at) for figure in there if not figure.period.is_personal}
    found = SHARED.code_alone(program, tried, list(cells.values()), OPTIONS) if cells else {}
    values = {figure.name: np.full((number, 1 if figure in there else 0), np.nan) for figure in wanted}
    for name, cell in cells.items():
        figure = found[cell]
        amounts = np.where(figure.absent, 0.0, figure.entries / unit_of(program, program.definitions[name]))
        values[name] = np.where(figure.bad, np.nan, amounts).reshape(number, -1)
    return values


def _by_both(
    program: Program, tried: Columns, number: int, wanted: Sequence[Definition]
) -> dict[str, NDArray[np.float64]]:
    result = evaluate(program, tried, [definition.name for definition in wanted], options=OPTIONS)
    values = {}
    for definition in wanted:
        figures = result.figures[definition.name]
        known = figures.status == KNOWN if figures.status is not None else np.ones(len(figures.entries), dtype=np.bool_)
        amounts = np.where(known, figures.entries / unit_of(program, definition), 0.0)
        values[definition.name] = amounts.reshape(number, -1)
    return values


_cells = Remembered[int](64)


def _cells_read(program: Program, period: Period, figures: tuple[Definition, ...]) -> int:
    """How many figures and facts some figures are made of."""
    key = (period, tuple(figure.name for figure in figures))
    return _cells.of(program, key, lambda: sum(1 for _ in reached(program, period, figures)))


def _bounded(column: Column) -> Column:
    return replace(column, low=int(column.entries.min()), high=int(column.entries.max()))
