"""Rows of one year as the columns of a population: the tax units that `units.unit_of` makes of each, all at once.

1. The money of all rows as a table of cents; each fact of a head or spouse is a sum of its columns.
2. A row that has a fact out of range or that no column holds is left to whoever takes rows one by one.
3. People stand in the order of their units: head, spouse, dependents. What is not stated of somebody is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from api.cases.naming import find_definition
from api.taxsim.batch import GROUP
from api.taxsim.blocks import TOO_LARGE, Block, Cents, Mask, Places
from api.taxsim.columns import AGES, HEAD, MONEY, SPOUSE, UNDER_AGES, UNIT
from api.taxsim.units import (
    ADULT_DEPENDENT_AGE,
    DEPENDENT_ELSEWHERE,
    INFANT,
    JOINT,
    SCHOOL_AGE,
    SEPARATE,
    SINGLE,
    SINGLE_ALWAYS,
    UNSTATED_AGE,
    YEAR_OF_TWO_CREDITS,
    columns_of_year,
    filer_amounts,
)
from engine.ir.program import Definition, Program
from engine.native.handover import entry_of
from engine.population.columns import Cell, Columns, GroupLink, column_of, unit_of
from engine.values.periods import Period


@dataclass(frozen=True, slots=True)
class Filers:
    """Amounts by fact in cents and the ages of all heads, or of the spouses there are; `rows` says whose."""

    rows: Places
    amounts: Mapping[str, Cents]
    ages: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Dependents:
    """How many dependents each row has, and the ages of all, row by row."""

    counts: NDArray[np.int64]
    ages: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Vectors:
    """Rows without faults, all of one year, ready to become columns."""

    year: int
    statuses: NDArray[np.int64]
    head: Filers
    spouse: Filers
    units: Mapping[str, Cents]
    dependents: Dependents


def vectors_of(block: Block, places: Places, year: int) -> Vectors:
    """Some rows of a block, all of one year."""
    nothing = np.zeros(len(places), dtype=np.int64)
    money = {name: block.money[name][places] if name in block.money else nothing for name in MONEY}
    codes = {name: values[places] for name, values in block.codes.items()}
    statuses = codes["mstat"]
    return Vectors(
        year,
        statuses,
        _filers(np.arange(len(places)), money, columns_of_year(HEAD, year), codes.get("page", nothing)),
        _filers(np.flatnonzero(statuses == JOINT), money, columns_of_year(SPOUSE, year), codes.get("sage", nothing)),
        {fact: money[column] for column, fact in UNIT.items()},
        dependents_of(codes, year, nothing),
    )


def _filers(whose: Places, money: Mapping[str, Cents], columns: Mapping[str, str], ages: NDArray[np.int64]) -> Filers:
    own = {name: money[name][whose] for name in columns}
    amounts = filer_amounts(own, columns, np.zeros(len(whose), dtype=np.int64))
    stated = ages[whose]
    return Filers(whose, amounts, np.where(stated == 0, UNSTATED_AGE, stated))


def dependents_of(codes: Mapping[str, NDArray[np.int64]], year: int, nothing: NDArray[np.int64]) -> Dependents:
    """`units.dependent_ages` of many rows: each may have so many dependents of each of a few ages, in this order."""
    number = codes.get("depx", nothing)
    bounds = {name: bound for name, bound in UNDER_AGES.items() if name in codes}
    counted = nothing != 0
    for name in bounds:
        counted = counted | (codes[name] != 0)
    listed = nothing
    slots: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []  # an age, and how many there are of it
    for name in AGES:
        if name in codes:
            there = ((codes[name] != 0) & ~counted).astype(np.int64)
            slots.append((codes[name], there))
            listed = listed + there
    for name, bound in bounds.items():
        more = np.where(counted, np.maximum(0, codes[name] - listed), 0)
        slots.append((np.full_like(nothing, bound - 1), more))
        listed = listed + more
    unstated = SCHOOL_AGE if year == YEAR_OF_TWO_CREDITS else INFANT
    rest = np.where(counted, ADULT_DEPENDENT_AGE, unstated)
    slots.append((rest, np.maximum(0, number - listed)))
    ages = np.stack([age for age, _ in slots], axis=1)
    counts = np.stack([count for _, count in slots], axis=1)
    return Dependents(counts.sum(axis=1), np.repeat(ages.ravel(), counts.ravel()))


def held(program: Program, vectors: Vectors) -> Mask:
    """Of which rows every fact is in its range."""
    found = np.ones(len(vectors.statuses), dtype=bool)
    stated = ((vectors.head.rows, vectors.head.amounts), (vectors.spouse.rows, vectors.spouse.amounts))
    for rows, amounts in (*stated, (vectors.head.rows, vectors.units)):
        for name, cents in amounts.items():
            found[rows] &= _in_range(find_definition(program, name), cents)
    return found


def _in_range(definition: Definition, cents: Cents) -> Mask:
    inside = np.abs(cents) < TOO_LARGE
    if isinstance(definition.low, int | Fraction):
        inside &= cents >= ceil(100 * definition.low)
    if isinstance(definition.high, int | Fraction):
        inside &= cents <= floor(100 * definition.high)
    return inside


def population(program: Program, period: Period, vectors: Vectors) -> Columns:
    """The tax units with their people."""
    made = _Population(program, period, vectors)
    for name, amounts in vectors.units.items():
        made.state(name, None, amounts, cents=True)
    single = vectors.statuses == SINGLE_ALWAYS
    if single.any():
        status = find_definition(program, "filing_status")
        entry = entry_of(program, status, SINGLE)
        made.state("filing_status", np.flatnonzero(single), np.full(single.sum(), entry, dtype=np.int64))
    made.state("files_separately", None, np.isin(vectors.statuses, SEPARATE).astype(np.int64))
    made.state("head_is_dependent_elsewhere", None, (vectors.statuses == DEPENDENT_ELSEWHERE).astype(np.int64))
    made.state("is_surviving_spouse", None, np.zeros(len(vectors.statuses), dtype=np.int64))
    made.state_filers()
    return made.columns()


class _Population:
    """Columns in the making, and where everybody stands."""

    def __init__(self, program: Program, period: Period, vectors: Vectors) -> None:
        self.program = program
        self.period = period
        self.vectors = vectors
        sizes = 1 + (vectors.statuses == JOINT) + vectors.dependents.counts
        self.heads = np.cumsum(sizes) - sizes
        self.spouses = self.heads[vectors.spouse.rows] + 1
        self.unit = np.repeat(np.arange(len(sizes)), sizes)
        self.others = np.ones(int(sizes.sum()), dtype=bool)
        self.others[self.heads] = False
        self.others[self.spouses] = False
        self.found: dict[Cell, tuple[Cents, Mask]] = {}

    def state(self, name: str, rows: NDArray[np.intp] | None, values: Cents, cents: bool = False) -> None:
        """State a fact of some rows of its entity, or of all."""
        definition = find_definition(self.program, name)
        cell = Cell(definition.name, definition.period.containing(self.period.start))
        if cell not in self.found:
            count = len(self.heads) if definition.entity == GROUP else len(self.unit)
            self.found[cell] = np.zeros(count, dtype=np.int64), np.ones(count, dtype=bool)
        entries, missing = self.found[cell]
        where = slice(None) if rows is None else rows
        entries[where] = values * (unit_of(self.program, definition) // 100) if cents else values
        missing[where] = False

    def state_filers(self) -> None:
        """The facts of heads, spouses and dependents."""
        for filers, rows in ((self.vectors.head, self.heads), (self.vectors.spouse, self.spouses)):
            for name, amounts in filers.amounts.items():
                self.state(name, rows, amounts, cents=True)
            self.state("age", rows, filers.ages)
        self.state("age", np.flatnonzero(self.others), self.vectors.dependents.ages)

    def columns(self) -> Columns:
        """What was stated, as a population."""
        entity = self.program.settings.entities[GROUP]
        numbers = {role.name: number for number, role in enumerate(entity.roles)}
        roles = np.full(len(self.unit), numbers["dependent"], dtype=np.int8)
        roles[self.heads] = numbers["head"]
        roles[self.spouses] = numbers["spouse"]
        columns = {cell: column_of(entries, missing) for cell, (entries, missing) in self.found.items()}
        link = GroupLink(self.unit.astype(np.int32), roles)
        return Columns(self.period, {entity.of: len(self.unit), GROUP: len(self.heads)}, columns, {GROUP: link})
