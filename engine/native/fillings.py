"""Facts that are not known, filled with values that they may have: whole populations that could be the true one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np

from engine.ir.program import Definition, Program
from engine.native.handover import entry_of
from engine.native.samples import boundaries, random_entries
from engine.population.columns import Cell, Column, Columns, Entries, column_of, unit_of
from engine.values.types import NONE, EnumValue, Kind, Value

WAYS = (1, 2, 3, 4)
"""To fill a fact otherwise than its absence has it."""
AMOUNTS = (15_000, 250_000, -60_000, 2_000_000)
COUNTS = (30, 70, 4, 1)
DAYS = (date(1984, 6, 15), date(1950, 6, 15), date(2018, 6, 15), date(2008, 6, 15))
RATES = (Fraction(1, 2), Fraction(1), Fraction(0), Fraction(1, 10))
MEMBERS = (0, 1, -1, 2)
AMOUNTS_SHARE, LOGARITHMS = 0.7, (4.0, 13.0)
"""The share of amounts by chance that are of any size, and the logarithms of the least and the greatest."""


def filled(program: Program, columns: Columns, cells: Sequence[Cell]) -> Columns:
    """A population in which what is missing of some facts is as its absence means; no list holds more than its
    table."""
    made = {cell: filled_so(program, columns, cell, 0) for cell in cells}
    return replace(columns, columns={**columns.columns, **made}, complete=True)


def filled_otherwise(program: Program, columns: Columns, cell: Cell, first: Columns) -> Iterator[Columns]:
    """The first population with one fact filled otherwise, in each way that there is."""
    definition = program.definitions[cell.name]
    tried = {_fills(program, definition, 0)}
    for way in WAYS:
        entry = _fills(program, definition, way)
        if entry not in tried:
            tried.add(entry)
            yield replace(first, columns={**first.columns, cell: filled_so(program, columns, cell, way)})


class ByChance:
    """Fills facts by chance, often with the law's own numbers or a step beside them."""

    def __init__(self, program: Program, columns: Columns, seed: int = 0) -> None:
        self._program, self._columns = program, columns
        self._edges = boundaries(program, columns.at)
        self._rng = np.random.default_rng(seed)

    def filled(self, cell: Cell, first: Column, share: float) -> Column:
        """A column in which a share of what is missing is filled by chance, and the rest as in another, `first`."""
        given, definition = self._columns.columns.get(cell), self._program.definitions[cell.name]
        taken = self._rng.random(len(first.entries)) < share
        if given is not None:
            taken &= given.missing if given.missing is not None else False
        count = int(taken.sum())
        if not count:
            return first
        entries = first.entries.astype(np.int64)
        entries[taken] = random_entries(self._program, definition, count, self._rng, self._edges)
        if definition.type.kind is Kind.MONEY:
            entries[taken] = np.where(
                self._rng.random(count) < AMOUNTS_SHARE, self._amounts(definition, count), entries[taken]
            )
        return column_of(entries)

    def _amounts(self, definition: Definition, count: int) -> Entries:
        """Amounts of every size, half of them below zero where a fact may be."""
        unit = unit_of(self._program, definition)
        amounts = np.exp(self._rng.uniform(*LOGARITHMS, count)) * np.where(self._rng.random(count) < 0.5, -unit, unit)
        low = None if definition.low is None else int(definition.low * unit)
        high = None if definition.high is None else int(definition.high * unit)
        amounts = np.abs(amounts) if low is not None and low >= 0 else amounts
        return np.clip(amounts.astype(np.int64), low, high)


def can_fill(program: Program, definition: Definition) -> bool:
    """Whether there are values that a fact is tried with."""
    return _fills(program, definition, 1) is not None


def filled_so(program: Program, columns: Columns, cell: Cell, way: int) -> Column:
    """A column in which what is missing is filled in one way; 0 is what absence means."""
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
