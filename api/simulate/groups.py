"""Units parted into groups: by tenth of net income, income before tax, kind of family, number of children, age.

Tenths have a tenth of the people each, ranked by their unit's net income under current law over the square root of its
size. Units whose net income is zero or below are in a row of their own, before the tenths, which are of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from api.simulate.known import Entries
from api.simulate.measures import tenths
from api.simulate.outcomes import Units

_AGES = (25, 35, 45, 55, 65, 75)
_LARGEST = 7  # household that is told apart


@dataclass(frozen=True, slots=True, eq=False)
class Parting:
    """A way to part the units: `of[i]` is the place of unit i's group among `labels`."""

    name: str
    about: str
    labels: tuple[str, ...]
    of: NDArray[np.int64]


def partings(
    units: Units, net: Entries, weights: NDArray[np.int64], edges: Sequence[int], ages_known: bool
) -> tuple[Parting, ...]:
    """Every way in which the units are parted, the tenths of income first. `edges` part income before tax."""
    parted = [tenths_of_income(units, net, weights, "unit")]
    if edges:
        parted.append(_income_groups(units, edges))
    parted += [_children(units), families(units)]
    return (*parted, _ages(units)) if ages_known else tuple(parted)


def _income_groups(units: Units, edges: Sequence[int]) -> Parting:
    starts = [1, *(edge * units.step for edge in edges)]  # the first: anything above zero
    told = [f"{edge:,}" for edge in edges]
    labels = ("zero or below", f"under {told[0]}", *(f"{low} to {high}" for low, high in pairwise(told)),
              f"{told[-1]} or over")  # fmt: skip
    about = (
        "By the unit's income before tax. An income that lies on an edge is in the group above it. "
        "Incomes of zero and below are shown apart."
    )
    return Parting("income before tax", about, labels, _passed(units.incomes, starts))


def _passed(entries: Entries, starts: Sequence[int]) -> NDArray[np.int64]:
    """How many of few rising starts each entry has reached: comparing is quicker than searching."""
    passed = np.zeros(len(entries), dtype=np.int32)
    for start in starts:
        passed += entries >= start
    return passed.astype(np.int64)


def tenths_of_income(units: Units, net: Entries, weights: NDArray[np.int64], whose: str) -> Parting:
    """By tenth of net income for the size of the unit, or of whatever `whose` says that the rows are."""
    above = net > 0
    of = np.zeros(len(net), dtype=np.int64)
    equivalent = net[above] / np.sqrt(np.maximum(units.size[above], 1))
    of[above] = tenths(equivalent, (weights * units.size)[above].astype(np.float64))
    labels = ("zero or below", *(f"{number}{_ordinal(number)} tenth" for number in range(1, 11)))
    about = (
        f"By net income under current law over the square root of the {whose}'s size. Net incomes of zero and below "
        "are shown apart; each tenth has a tenth of the people above."
    )
    return Parting("tenth of net income", about, labels, of)


def _ordinal(number: int) -> str:
    return {1: "st", 2: "nd", 3: "rd"}.get(number, "th")


def sizes(homes: Units) -> Parting:
    """Households by how many people they have."""
    labels = ("1 person", *(f"{number} people" for number in range(2, _LARGEST)), f"{_LARGEST} or more people")
    return Parting("size of household", "By how many people share the home.", labels, _up_to(homes.size, _LARGEST))


def units_in_home(count: NDArray[np.int64]) -> Parting:
    """Households by how many units they have."""
    labels = ("1 unit", "2 units", "3 or more units")
    return Parting("units in the household", "By how many units share the home.", labels, _up_to(count, len(labels)))


def _up_to(counts: NDArray[np.int64], largest: int) -> NDArray[np.int64]:
    return np.clip(counts, 1, largest) - 1


def _children(units: Units) -> Parting:
    labels = ("no children", "1 child", "2 children", "3 or more children")
    return Parting("children", "By how many children the unit has.", labels, np.minimum(units.children, 3))


def families(units: Units) -> Parting:
    """By filers, and whether there are children."""
    labels = ("one filer", "one filer with children", "couple", "couple with children")
    of = 2 * units.couple.astype(np.int64) + (units.children > 0)
    return Parting("kind of family", "By filers, and whether there are children.", labels, of)


def _ages(units: Units) -> Parting:
    bounds = [0, *_AGES]
    labels: Sequence[str] = [
        f"under {_AGES[0]}",
        *(f"{low} to {high - 1}" for low, high in pairwise(_AGES)),
        f"{_AGES[-1]} or over",
    ]
    of = _passed(units.oldest, bounds[1:])
    return Parting("age", "By the age of the older filer.", tuple(labels), of)
