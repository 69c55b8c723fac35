"""Rows whose figures hang on facts that are not known, told apart by machine code instead of one after the other.

1. Fill what is missing as its absence means, or with something usual: a whole population that could be the true one.
   Code computes it.
2. One fact after the other is filled otherwise, in a few ways. Where a figure then has another value, it is not
   determined, and hangs on that fact, which is named: whatever the interpreter finds holds both values.

What is not proved so, or hangs on no fact alone, is left to the interpreter, which gives the same status, only slower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Definition, Program
from engine.native.handover import entry_of, not_known
from engine.native.plan.plan import Origin, Plan
from engine.population.columns import Cell, Column, Columns, Entries, column_of
from engine.values.types import NONE, EnumValue, Kind, Value

WORTH_PROVING = 64  # components: for fewer the interpreter is as fast
MOST_TRIED = 300  # facts
WAYS = (1, 2, 3, 4)  # to fill a fact otherwise than its absence has it
AMOUNTS = (15_000, 250_000, -60_000, 2_000_000)
COUNTS = (30, 70, 4, 1)
DAYS = (date(1984, 6, 15), date(1950, 6, 15), date(2018, 6, 15), date(2008, 6, 15))
RATES = (Fraction(1, 2), Fraction(1), Fraction(0), Fraction(1, 10))
MEMBERS = (0, 1, -1, 2)
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class CodeFigure:
    """A figure of every row, as given: what it is, where it does not apply, and where code gave nothing."""

    entries: Entries
    absent: Mask
    bad: Mask

    def differs(self, other: CodeFigure) -> Mask:
        """The rows in which both are known, and are not the same."""
        same = (self.entries == other.entries) & (self.absent == other.absent)
        mask: Mask = ~same & ~self.bad & ~other.bad
        return mask


Compute = Callable[[Columns, Columns | None, Sequence[Cell]], Mapping[Cell, CodeFigure]]
"""Code's figures of a population; of one that differs from another in some columns only, with that one's layout."""


def undetermined(
    program: Program, columns: Columns, plan: Plan, bad: Mapping[Cell, Mask], compute: Compute
) -> dict[Cell, tuple[Mask, dict[int, str]]]:
    """For each wanted figure the rows, among those where code gave nothing, that are proved not to be determined, each
    with the facts on which it hangs in words."""
    tried = _open_cells(program, columns, plan)
    named: dict[Cell, dict[int, str]] = {cell: {} for cell in bad}
    left = dict(bad)
    first = filled(program, columns, tried)
    usual = compute(first, None, ())
    for cell in tried[:MOST_TRIED]:
        if not any(rows.any() for rows in left.values()):
            break
        for moved in filled_otherwise(program, columns, cell, first):
            otherwise = compute(moved, first, (cell,))
            for figure, rows in left.items():
                hangs = otherwise[figure].differs(usual[figure]) & rows
                left[figure] = rows & ~hangs
                said = not_known([cell.name.rpartition(":")[2]])
                named[figure].update(dict.fromkeys(np.flatnonzero(hangs).tolist(), said))
    return {cell: (rows & ~left[cell], named[cell]) for cell, rows in bad.items()}


def filled_otherwise(program: Program, columns: Columns, cell: Cell, first: Columns) -> Iterator[Columns]:
    """The first population with one fact filled otherwise, in each way that there is."""
    definition = program.definitions[cell.name]
    tried = {_fills(program, definition, 0)}
    for way in WAYS:
        entry = _fills(program, definition, way)
        if entry not in tried:
            tried.add(entry)
            yield replace(first, columns={**first.columns, cell: _column(program, columns, cell, way)})


def _open_cells(program: Program, columns: Columns, plan: Plan) -> list[Cell]:
    """The facts that code reads and that some rows leave open: those first that must be stated, then amounts."""
    cells = [
        cell
        for cell, source in plan.sources.items()
        if cell.name in program.definitions
        and source.origin is Origin.UNKNOWN
        and source.definition.entity in columns.counts
        and can_fill(program, source.definition)
    ]

    def place(cell: Cell) -> tuple[bool, bool]:
        definition = program.definitions[cell.name]
        return definition.absent is not None, definition.type.kind is not Kind.MONEY

    return sorted(cells, key=place)


def filled(program: Program, columns: Columns, cells: Sequence[Cell]) -> Columns:
    """A population in which what is missing of some facts is as its absence means; no list holds more than its
    table."""
    made = {cell: _column(program, columns, cell, 0) for cell in cells}
    return replace(columns, columns={**columns.columns, **made}, complete=True)


def can_fill(program: Program, definition: Definition) -> bool:
    """Whether there are values that a fact is tried with."""
    return _fills(program, definition, 1) is not None


def _column(program: Program, columns: Columns, cell: Cell, way: int) -> Column:
    definition = program.definitions[cell.name]
    entry = _fills(program, definition, way)
    assert entry is not None
    column = columns.columns.get(cell)
    if column is None:
        return column_of(np.full(columns.counts[definition.entity], entry, dtype=np.int64))
    if column.missing is None:
        return column
    return column_of(np.where(column.missing, entry, column.entries).astype(np.int64))


def _fills(program: Program, definition: Definition, way: int) -> int | None:
    value = _value(program, definition, way)
    entry = None if value is None else entry_of(program, definition, value)
    if entry is None and way != 1:  # what absence means may lie beside the grid of columns
        return _fills(program, definition, 1)
    return entry


def _value(program: Program, definition: Definition, way: int) -> Value | None:
    """What a fact that is missing is taken to be in one way; the first is what its absence means."""
    if way == 0 and definition.absent is not None:
        return definition.absent
    if way == 0 and definition.type.or_none:
        return NONE
    pick = max(0, way - 1)
    match definition.type.kind:
        case Kind.BOOLEAN:
            return (way > 0) == (definition.absent is not True)
        case Kind.ENUM:
            members = list(program.settings.enums[definition.type.enum].members)
            return EnumValue(definition.type.enum, members[MEMBERS[pick] % len(members)])
        case Kind.DATE:
            return DAYS[pick]
        case Kind.MONEY:
            return _within(definition, Fraction(AMOUNTS[pick] if way else 0))
        case Kind.RATE:
            return _within(definition, RATES[pick] if way else Fraction(0))
        case Kind.INTEGER:
            return int(_within(definition, Fraction(COUNTS[pick])))
    return None


def _within(definition: Definition, value: Fraction) -> Fraction:
    if definition.low is not None:
        value = max(value, Fraction(definition.low))
    return value if definition.high is None else min(value, Fraction(definition.high))
