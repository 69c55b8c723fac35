"""Rows of one year as arrays: what `units.unit_of` makes of each, all at once.

Each fact of a head or spouse is a sum of columns of money; the ages of all dependents stand in one array, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.taxsim.blocks import Block, Cents, Places, taken
from api.taxsim.columns import AGES, HEAD, INCOMES, SPOUSE, UNDER_AGES, UNIT
from api.taxsim.units import (
    ADULT_DEPENDENT_AGE,
    INFANT,
    JOINT,
    SCHOOL_AGE,
    UNSTATED_AGE,
    YEAR_OF_TWO_CREDITS,
    columns_of_year,
    filer_amounts,
)


@dataclass(frozen=True, slots=True)
class Filers:
    """Amounts by fact in cents and the ages of all heads, or of the spouses there are; `rows` says whose. Facts for
    which the file has no column are all `nothing`."""

    rows: Places
    amounts: Mapping[str, Cents]
    ages: NDArray[np.int64]
    nothing: Cents


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
    money = {name: taken(cents, places) for name, cents in block.money.items()}
    codes = {name: taken(values, places) for name, values in block.codes.items()}
    statuses = codes["mstat"]
    return Vectors(
        year,
        statuses,
        _filers(np.arange(len(places)), money, columns_of_year(HEAD, year), codes.get("page", nothing)),
        _filers(np.flatnonzero(statuses == JOINT), money, columns_of_year(SPOUSE, year), codes.get("sage", nothing)),
        {fact: money.get(column, nothing) for column, fact in UNIT.items()},
        dependents_of(codes, year, nothing),
    )


def _filers(whose: Places, money: Mapping[str, Cents], columns: Mapping[str, str], ages: NDArray[np.int64]) -> Filers:
    own = {name: taken(money[name], whose) for name in columns if name in money}
    nothing = np.zeros(len(whose), dtype=np.int64)
    stated = taken(ages, whose)
    ages = np.where(stated == 0, UNSTATED_AGE, stated)
    return Filers(whose, filer_amounts(own, columns, nothing), ages, nothing)


def amounts_with_more(block: Block, places: Places, whose: Places, columns: Mapping[str, str]) -> dict[str, Cents]:
    """The facts of filers that a marginal rate may raise, as they are in another block of the same rows."""
    facts = dict.fromkeys(columns[name] for name in INCOMES if name in columns)
    rows = taken(places, whose)
    own = {name: taken(block.money[name], rows) for name in columns if name in block.money}
    nothing = np.zeros(len(whose), dtype=np.int64)
    return {fact: sum((own[name] for name in own if columns[name] == fact), nothing) for fact in facts}


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
