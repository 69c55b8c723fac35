"""Figures of one household at many values of one fact, by machine code: what a chart over earnings is drawn from.

The household is laid side by side as often as there are values, each time with another one, and all are computed at
once. Code is compiled once for a year; what it gives is what the interpreter gives.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from api.cases.machine import LIMIT, columns_of
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.native import KNOWN, Options, evaluate
from engine.native.handover import entry_of, value_of
from engine.population.columns import Cell, Column, Columns, GroupLink

OPTIONS = Options(limit=LIMIT)
_LOCK = threading.Lock()


def along(
    program: Program, case: Case, fact: Fact, values: Sequence[Fraction], wanted: Sequence[Definition]
) -> Mapping[str, Sequence[Fraction]] | None:
    """Each wanted figure, of its first instance, at each value of a fact that the case gives, by the figure's name.

    None where code has no value: a fact is unknown, an error, or beyond its bounds.
    """
    one = columns_of(program, case)
    definition = program.definitions[fact.name]
    entries = [entry_of(program, definition, value) for value in values]
    if one is None or None in entries:
        return None
    many = _beside(program, one, len(values))
    rows = case.instances[definition.entity]
    cell = Cell(fact.name, fact.period)
    column = many.columns[cell]
    column.entries[rows.index(fact.instance) :: len(rows)] = entries
    varied = Column(column.entries, column.missing, int(column.entries.min()), int(column.entries.max()))
    many = Columns(
        many.at, many.counts, {**many.columns, cell: varied}, many.groups, many.owners, many.ids, many.complete
    )
    with _LOCK:
        result = evaluate(program, many, tuple(each.name for each in wanted), options=OPTIONS)
    found: dict[str, Sequence[Fraction]] = {}
    for each in wanted:
        figures = result.figures[each.name]
        if figures.status is not None and (figures.status != KNOWN).any():
            return None
        first = figures.entries[:: max(1, one.counts[each.entity])].tolist()
        found[each.name] = [Fraction(value_of(program, each, int(entry))) for entry in first]  # type: ignore[arg-type]
    return found


def _beside(program: Program, one: Columns, times: int) -> Columns:
    """A household laid side by side."""

    def column(of: Column) -> Column:
        missing = None if of.missing is None else np.tile(of.missing, times)
        return Column(np.tile(of.entries, times), missing, of.low, of.high)

    def rows(of: np.ndarray[tuple[int], np.dtype[np.int32]], count: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        """Row numbers of another table, moved on by its length each time; -1 stays."""
        moved = [np.where(of >= 0, of + at * count, of) for at in range(times)]
        return np.concatenate(moved).astype(np.int32)

    owners = {name: program.settings.entities[name].belongs_to for name in one.owners}
    return Columns(
        one.at,
        {name: count * times for name, count in one.counts.items()},
        {cell: column(of) for cell, of in one.columns.items()},
        {
            name: GroupLink(rows(link.group, one.counts[name]), np.tile(link.role, times))
            for name, link in one.groups.items()
        },
        {name: rows(of, one.counts[owners[name]]) for name, of in one.owners.items()},
        {},
        one.complete,
    )
