"""Marginal rates: what figures gain when some people have a little more of one fact.

1. Where the fact is missing it is given the value that stands for it, or what a formula makes of other facts, so that
   more of it means something.
2. Both populations share one layout of rows and one kernel, since only the entries of one column differ.
3. A rate is the difference of a figure over the step. Rows that would go beyond the fact's range are not raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Definition, Program
from engine.native.handover import entry_of
from engine.native.plan.options import Options
from engine.native.plan.plan import cell_for
from engine.native.plan.shape import fitting
from engine.native.results import KNOWN, Result
from engine.native.running import SHARED, Evaluator
from engine.population.columns import Cell, Column, Columns, column_of, unit_of
from engine.records import record


@record(frozen=True, slots=True, eq=False)
class Raised:
    """A population in which nothing is missing of a fact, and the same with more of it in some `rows`."""

    cell: Cell
    plain: Columns
    moved: Columns
    rows: NDArray[np.bool_]


@record(frozen=True, slots=True, eq=False)
class Marginals:
    """The figures as they are, and with more of the fact in the rows of `raised`."""

    before: Result
    after: Result
    raised: NDArray[np.bool_]


def marginal_rates(
    program: Program,
    columns: Columns,
    wanted: Sequence[str],
    raised: str,
    *,
    rows: NDArray[np.bool_],
    step: int,
    threads: int = 1,
    options: Options | None = None,
    evaluator: Evaluator = SHARED,
) -> Marginals:
    """The wanted figures as they are, and with `step` more (in the column's steps) of the fact `raised` in `rows`.

    `rows` are of the fact's entity. Raises KeyError for names that the program does not have.
    """
    given = options or Options()
    both = with_more(
        program, columns, raised, rows=rows, step=step, threads=threads, options=given, evaluator=evaluator
    )
    same = fitting(program, both.moved, given)
    first = evaluator.evaluate(program, both.plain, wanted, threads=threads, options=same)
    evaluator.share_layout(program, both.plain, both.moved, [both.cell], same)
    return Marginals(first, evaluator.evaluate(program, both.moved, wanted, threads=threads, options=same), both.rows)


def with_more(
    program: Program,
    columns: Columns,
    raised: str,
    *,
    rows: NDArray[np.bool_],
    step: int,
    threads: int = 1,
    options: Options | None = None,
    evaluator: Evaluator = SHARED,
) -> Raised:
    """The population with `step` more of the fact `raised` in those of `rows` in which it may be more."""
    cell = cell_for(program, raised, columns.at)
    definition = program.definitions[cell.name]
    before = _filled(program, columns, cell, threads, options=options, evaluator=evaluator)
    high = definition.high
    room = rows & ~before.missing if before.missing is not None else rows
    if high is not None:
        room = room & (before.entries <= int(high * unit_of(program, definition)) - step)
    more = np.where(room, before.entries.astype(np.int64) + step, before.entries)
    plain = replace(columns, columns={**columns.columns, cell: before})
    moved = replace(columns, columns={**columns.columns, cell: column_of(more, before.missing)})
    return Raised(cell, plain, moved, room)


def _filled(
    program: Program, columns: Columns, cell: Cell, threads: int, *, options: Options | None, evaluator: Evaluator
) -> Column:
    """The column with what stands for entries that are missing; those for which nothing does stay so."""
    definition = program.definitions[cell.name]
    column = columns.columns.get(cell)
    count = columns.counts[definition.entity]
    entries = column.entries if column is not None else np.zeros(count, dtype=np.int64)
    missing = column.missing if column is not None else np.ones(count, dtype=np.bool_)
    if missing is None:
        return column_of(entries)
    if definition.formulas:
        figures = evaluator.evaluate(program, columns, [cell.name], threads=threads, options=options).figures[cell.name]
        unknown = None if figures.status is None else missing & (figures.status != KNOWN)
        return column_of(np.where(missing, figures.entries, entries), unknown)
    stands = _stands_for(program, definition, columns.complete)
    return column_of(entries, missing) if stands is None else column_of(np.where(missing, stands, entries))


def _stands_for(program: Program, definition: Definition, complete: bool) -> int | None:
    """The entry that a fact nobody states has, if any."""
    value = definition.default if definition.default is not None else definition.absent if complete else None
    return None if value is None else entry_of(program, definition, value)
