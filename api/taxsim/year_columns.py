"""Rows of one year as a population: the tax units that `units.unit_of` makes of each, all at once.

1. A row that has a fact out of range or that no column holds is left to whoever takes rows one by one.
2. People stand in the order of their units: head, spouse, dependents. What is not stated of somebody is missing.
3. Facts of which everybody has nothing share one column.
4. For marginal rates the same people get more of an income: only the columns of incomes are made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

import numpy as np

from api.cases.naming import find_definition
from api.taxsim.batch import GROUP
from api.taxsim.blocks import TOO_LARGE, Block, Cents, Mask, Places
from api.taxsim.columns import HEAD, SPOUSE
from api.taxsim.units import DEPENDENT_ELSEWHERE, JOINT, SEPARATE, SINGLE, SINGLE_ALWAYS, columns_of_year
from api.taxsim.vectors import Filers, Vectors, amounts_with_more
from engine.ir.program import Definition, Program
from engine.native.handover import entry_of
from engine.population.columns import Cell, Column, Columns, GroupLink, column_of, unit_of
from engine.values.periods import Period

_ALL, _HEADS, _SPOUSES, _OTHERS, _SINGLE = "all", "heads", "spouses", "others", "single"


def held(program: Program, vectors: Vectors) -> Mask:
    """Of which rows every fact is in its range."""
    within = np.ones(len(vectors.statuses), dtype=bool)
    nothing = np.zeros(1, dtype=np.int64)
    for filers in (vectors.head, vectors.spouse):
        for name, cents in filers.amounts.items():
            inside = in_range(find_definition(program, name), nothing if cents is filers.nothing else cents)
            if not inside.all():
                within[filers.rows] &= inside
    for name, cents in vectors.units.items():
        within &= in_range(find_definition(program, name), cents)
    return within


def in_range(definition: Definition, cents: Cents) -> Mask:
    """Which amounts the fact may have."""
    low, high = -TOO_LARGE + 1, TOO_LARGE - 1
    if isinstance(definition.low, int | Fraction):
        low = max(low, ceil(100 * definition.low))
    if isinstance(definition.high, int | Fraction):
        high = min(high, floor(100 * definition.high))
    inside: Mask = (cents >= low) & (cents <= high)
    return inside


class Population:
    """Where everybody stands, and what is stated of them, cell by cell: whose, and what (None: nothing, exactly)."""

    def __init__(self, program: Program, period: Period, vectors: Vectors) -> None:
        self.program = program
        self.period = period
        self.vectors = vectors
        sizes = 1 + (vectors.statuses == JOINT) + vectors.dependents.counts
        heads = np.cumsum(sizes) - sizes
        spouses = heads[vectors.spouse.rows] + 1
        self.unit = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        others = np.ones(len(self.unit), dtype=bool)
        others[heads] = False
        others[spouses] = False
        self.rows: dict[str, Places | slice] = {
            _ALL: slice(None),
            _HEADS: heads,
            _SPOUSES: spouses,
            _OTHERS: np.flatnonzero(others),
            _SINGLE: np.flatnonzero(vectors.statuses == SINGLE_ALWAYS),
        }
        self.stated: dict[Cell, dict[str, Cents | None]] = {}
        self._shared: dict[tuple[str, ...], Column] = {}
        self._state_units()
        self._state_filers()
        self.columns = self._columns()

    def _cell(self, name: str) -> Cell:
        definition = find_definition(self.program, name)
        return Cell(definition.name, definition.period.containing(self.period.start))

    def _state(self, name: str, whose: str, values: Cents | None, cents: bool = False) -> None:
        if values is not None and cents:
            values = values * (unit_of(self.program, find_definition(self.program, name)) // 100)
        self.stated.setdefault(self._cell(name), {})[whose] = values

    def _state_units(self) -> None:
        statuses = self.vectors.statuses
        for name, amounts in self.vectors.units.items():
            self._state(name, _ALL, amounts, cents=True)
        single = self.rows[_SINGLE]
        assert not isinstance(single, slice)
        if len(single):
            entry = entry_of(self.program, find_definition(self.program, "filing_status"), SINGLE)
            self._state("filing_status", _SINGLE, np.full(len(single), entry, dtype=np.int64))
        self._state("files_separately", _ALL, np.isin(statuses, SEPARATE).astype(np.int64))
        self._state("head_is_dependent_elsewhere", _ALL, (statuses == DEPENDENT_ELSEWHERE).astype(np.int64))
        self._state("is_surviving_spouse", _ALL, None)

    def _filers(self) -> tuple[tuple[Filers, str, Mapping[str, str]], ...]:
        vectors = self.vectors
        head, spouse = columns_of_year(HEAD, vectors.year), columns_of_year(SPOUSE, vectors.year)
        return (vectors.head, _HEADS, head), (vectors.spouse, _SPOUSES, spouse)

    def _state_filers(self) -> None:
        for filers, whose, _ in self._filers():
            for name, amounts in filers.amounts.items():
                self._state(name, whose, None if amounts is filers.nothing else amounts, cents=True)
            self._state("age", whose, filers.ages)
        self._state("age", _OTHERS, self.vectors.dependents.ages)

    def _column(self, cell: Cell) -> Column:
        stated = self.stated[cell]
        group = self.program.definitions[cell.name].entity == GROUP
        empty = all(values is None for values in stated.values())
        key = ("group" if group else "person", *stated)
        if empty and key in self._shared:
            return self._shared[key]
        count = len(self.vectors.statuses) if group else len(self.unit)
        entries, missing = np.zeros(count, dtype=np.int64), np.ones(count, dtype=bool)
        for whose, values in stated.items():
            missing[self.rows[whose]] = False
            if values is not None:
                entries[self.rows[whose]] = values
        made = column_of(entries, missing)
        if empty:
            self._shared[key] = made
        return made

    def _columns(self) -> Columns:
        entity = self.program.settings.entities[GROUP]
        numbers = {role.name: number for number, role in enumerate(entity.roles)}
        roles = np.full(len(self.unit), numbers["dependent"], dtype=np.int8)
        roles[self.rows[_HEADS]] = numbers["head"]
        roles[self.rows[_SPOUSES]] = numbers["spouse"]
        columns = {cell: self._column(cell) for cell in self.stated}
        counts = {entity.of: len(self.unit), GROUP: len(self.vectors.statuses)}
        return Columns(self.period, counts, columns, {GROUP: GroupLink(self.unit, roles)})

    def with_more(self, block: Block, places: Places) -> tuple[Columns, list[Cell], Mask]:
        """The people with the incomes that they have in another block of the same rows; the cells of those incomes; and
        for which rows they are in range. The others keep what they have."""
        fine = np.ones(len(places), dtype=bool)
        changed: dict[Cell, Column] = {}
        for filers, whose, columns in self._filers():
            for name, amounts in amounts_with_more(block, places, filers.rows, columns).items():
                if np.array_equal(amounts, filers.amounts[name]):
                    continue
                inside = in_range(find_definition(self.program, name), amounts)
                fine[filers.rows] &= inside
                self._state(name, whose, np.where(inside, amounts, filers.amounts[name]), cents=True)
                changed[self._cell(name)] = self._column(self._cell(name))
        return replace(self.columns, columns={**self.columns.columns, **changed}), list(changed), fine
