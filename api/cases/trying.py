"""One case many times over, each time with some facts changed: one batch of machine code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from api.cases.copies import copies
from api.cases.machine import places_of
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.native import KNOWN, Options, evaluate
from engine.native.plan.plan import cell_for
from engine.native.running import SHARED
from engine.population.columns import Cell, Column, Columns, unit_of

OPTIONS = Options(block=8, limit=2**37, idle_cost=2**62)
"""Short forms for rows in which nothing happens would save a millisecond of running and cost seconds of compiling."""
Try = Sequence[tuple[Fact, int]]  # facts, each with the entry that a column holds of it


def figures_of_tries(
    program: Program, case: Case, columns: Columns, tries: Sequence[Try], wanted: Sequence[Definition]
) -> Iterator[NDArray[np.float64]]:
    """Of each wanted figure its values, a row for each try and a column for each of its entity; NaN where code does not
    know it, as where what is tried contradicts something. Where it does not know the first try, all are asked anew of
    code and interpreter, and 0 stands for what is not known.

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
    yield from _by_code(program, tried, len(tries), wanted) or _by_both(program, tried, len(tries), wanted)


def _by_code(
    program: Program, tried: Columns, number: int, wanted: Sequence[Definition]
) -> list[NDArray[np.float64]] | None:
    """The figures as far as code knows them; None where it does not know the first try, or whom a figure is of."""
    kinds = {definition.entity for definition in wanted}
    if any(definition.period.is_personal for definition in wanted) or any(not tried.counts.get(kind) for kind in kinds):
        return None
    cells = [cell_for(program, definition.name, tried.at) for definition in wanted]
    told = SHARED.code_alone(program, tried, cells, OPTIONS)
    values = []
    for definition, cell in zip(wanted, cells, strict=True):
        figure = told[cell]
        amounts = np.where(figure.absent, 0.0, figure.entries / unit_of(program, definition))
        values.append(np.where(figure.bad, np.nan, amounts).reshape(number, -1))
    return None if any(np.isnan(rows[0]).any() for rows in values) else values


def _by_both(
    program: Program, tried: Columns, number: int, wanted: Sequence[Definition]
) -> Iterator[NDArray[np.float64]]:
    result = evaluate(program, tried, [definition.name for definition in wanted], options=OPTIONS)
    for definition in wanted:
        figures = result.figures[definition.name]
        known = figures.status == KNOWN if figures.status is not None else np.ones(len(figures.entries), dtype=np.bool_)
        yield np.where(known, figures.entries / unit_of(program, definition), 0.0).reshape(number, -1)


def _bounded(column: Column) -> Column:
    return replace(column, low=int(column.entries.min()), high=int(column.entries.max()))
