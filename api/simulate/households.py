"""Who shares a home: the units of each household added up, and what a reform does household by household.

1. A population says who shares a home where its people are in groups of the view's `household` entity.
2. Every unit is in one home with all its people, and the units of a home have one weight; what else is found is
   refused. So any total of households is that of their units, to the last digit.
3. Incomes, figures, sizes and children of a home are sums over its units. The tables are those of units, of homes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from api.failures import Failure
from api.simulate.answers import HouseholdsAnswer
from api.simulate.exactly import exact_text, rounded_text, total_of, weighted_total
from api.simulate.groups import Parting, sizes, tenths_of_income, units_in_home
from api.simulate.inequality import measures
from api.simulate.known import Entries
from api.simulate.measures import Floats
from api.simulate.outcomes import Outcome, Units
from api.simulate.population import Population
from api.simulate.sampling import Samples, bootstrap
from api.simulate.suppress import SMALL_BELOW
from api.simulate.tables import groupings, winners
from api.simulate.view import View
from api.simulate.weighed import Weighed
from engine.ir.program import Program
from engine.population.columns import Columns

HOUSEHOLDS_SAID = (
    "A household is everybody in one `{entity}`: the incomes, taxes and benefits of its units are added up, and its "
    "people share them evenly, over the square root of how many they are."
)
_REMEDY = "correct the tables, or leave `household` out of the view (`--view`)"


@dataclass(frozen=True, slots=True, eq=False)
class Households:
    """Homes that have units: `of[u]` is the home of unit u, `first[h]` the first unit of home h, `places[h]` its place
    among all of the population, `units` the homes' incomes and sizes, `weights` theirs, at the units' scale."""

    of: NDArray[np.int64]
    first: NDArray[np.int64]
    places: NDArray[np.int64]
    units: Units
    weights: NDArray[np.int64]

    def total(self, entries: Entries) -> Entries:
        """Entries of units added up by home."""
        added = np.zeros(len(self.first), dtype=np.int64)
        np.add.at(added, self.of, entries)
        return added


def households_of(program: Program, view: View, population: Population, units: Units) -> Households | None:
    """The homes of a population that says who shares one; None for another, or with fewer than ten homes.

    Raises Failure where a unit is in no home or in several, or the units of a home differ in weight.
    """
    if not view.household or view.household not in population.columns.groups:
        return None
    of, first, places = homes_of_units(program, view, population.columns)
    uneven = np.flatnonzero(population.weights != population.weights[first][of])
    if len(uneven):
        told = _told(program, view, uneven, population.units)
        raise Failure(f"{told} have another weight than who shares their {view.household}", _REMEDY)
    if len(first) < SMALL_BELOW:
        return None
    bare = Households(of, first, places, units, population.weights[first])
    oldest = np.zeros(len(first), dtype=np.int64)
    np.maximum.at(oldest, of, units.oldest)
    together = Units(
        units.step, bare.total(units.incomes), bare.total(units.size), bare.total(units.children),
        bare.total(units.couple.astype(np.int64)) > 0, oldest,
    )  # fmt: skip
    return replace(bare, units=together)


def homes_of_units(
    program: Program, view: View, columns: Columns
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For each unit the place of its home among those with units; for each of these its first unit, and its place among
    all homes."""
    unit, home = columns.groups[view.unit].group, columns.groups[view.household].group
    inside = unit >= 0
    count = columns.counts[view.unit]
    least, most = np.full(count, np.iinfo(np.int64).max), np.full(count, -1, dtype=np.int64)
    np.minimum.at(least, unit[inside], home[inside])
    np.maximum.at(most, unit[inside], home[inside])
    apart = np.flatnonzero((least != most) | (most < 0))
    if len(apart):
        raise Failure(
            f"{_told(program, view, apart, count)} have people in no {view.household}, or in several", _REMEDY
        )
    places, first, of = np.unique(most, return_index=True, return_inverse=True)
    return of.reshape(-1), first, places


def _told(program: Program, view: View, rows: NDArray[np.int64], count: int) -> str:
    plural = program.settings.entities[view.unit].plural
    return f"{len(rows):,} of {count:,} {plural} (the first is row {int(rows[0]) + 1})"


def weighed_together(weighed: Weighed, homes: Households, seed: int) -> Weighed:
    """One reform beside current law, home by home."""

    def added(outcome: Outcome) -> Outcome:
        totals = {name: homes.total(column) for name, column in outcome.figures.items()}
        return Outcome(outcome.program, totals, benefits=outcome.benefits)

    samples = weighed.samples
    if samples.factor:  # replicate weights are of whole homes too: those of each home's first unit
        drawn = Samples(samples.group[homes.first], samples.times, samples.factor)
    else:
        drawn = bootstrap(len(homes.first), len(samples.times), seed)
    return replace(
        weighed, units=homes.units, weights=homes.weights, before=added(weighed.before), after=added(weighed.after),
        net=homes.total(weighed.net), change=homes.total(weighed.change), samples=drawn,
    )  # fmt: skip


def ways_of_households(together: Weighed, homes: Households) -> tuple[Parting, ...]:
    """The ways in which households are parted, the tenths of income first."""
    return (
        tenths_of_income(homes.units, together.net, homes.weights, "household"),
        sizes(homes.units),
        units_in_home(np.bincount(homes.of, minlength=len(homes.first))),
    )


def household_answer(
    together: Weighed, homes: Households, ways: Sequence[Parting], lines: Floats | None, line_said: str
) -> HouseholdsAnswer:
    """What a reform does household by household. `lines` are the homes' poverty lines."""
    unequal, poor = measures(together, lines)
    people, whole = weighted_total(homes.units.size, homes.weights), total_of(homes.weights)
    return HouseholdsAnswer(
        len(homes.first), exact_text(whole, together.scale), rounded_text(Fraction(people, whole), 3),
        groupings(together, ways), winners(together, ways[0]), unequal, poor, line_said,
    )  # fmt: skip
