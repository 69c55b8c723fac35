"""Statistics of weighted values. They are statistics: floating-point numbers, and said so wherever they are shown.

Incomes below zero count as zero in measures of inequality, which have no meaning otherwise. A quantile is the least
value at or below which at least that share of the weight lies; shares of income are read off the Lorenz curve, straight
between its points. Sources: Gini as half the mean absolute difference over the mean; poverty after Foster, Greer and
Thorbecke (1984); Palma: the top tenth's share over the bottom four tenths'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
INEQUALITY = ("gini", "s80_s20", "palma", "top_10_share", "top_1_share")
POVERTY = ("headcount", "gap", "deep")


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Values in rising order, none below zero, and in which order their weights are to be taken."""

    values: Floats
    order: NDArray[np.intp]


def ranked(values: Floats) -> Ranked:
    """The values, ready for any number of weights."""
    floored = np.maximum(values, 0.0)
    order = in_order(floored)
    return Ranked(floored[order], order)


def in_order(values: Floats) -> NDArray[np.intp]:
    """The places of the values from the least to the greatest, equal ones as they come. No value is NaN.

    It is numpy's stable order, which takes five times as long to find: only places of equal values are sorted again.
    """
    order = np.argsort(values)
    rising = values[order]
    equal = np.concatenate(([False], rising[1:] == rising[:-1], [False]))  # to the one before
    among = np.flatnonzero(equal[1:] | equal[:-1])
    if len(among):
        run = np.cumsum(~equal[among])
        places = np.sort(run * len(values) + order[among])
        order[among] = places - run * len(values)
    return order


def quantile(values: Floats, weights: Floats, share: float) -> float:
    """The least value at or below which at least `share` of the weight lies. NaN without weight."""
    order = in_order(values)
    total = np.cumsum(weights[order])
    if not len(total) or total[-1] <= 0:
        return float("nan")
    return float(values[order][min(int(np.searchsorted(total, share * total[-1])), len(total) - 1)])


def inequality(ranks: Ranked, weights: Floats) -> Floats:
    """The measures in the order of `INEQUALITY`; NaN where nobody has anything."""
    weights = weights[ranks.order]
    return of_lorenz_curve(weights, weights * ranks.values)


def of_lorenz_curve(people: Floats, amounts: Floats) -> Floats:
    """The measures of people and what they have, from the poorest up: each entry is one straight part of the curve."""
    people, income = np.cumsum(people), np.cumsum(amounts)
    if not len(people) or people[-1] <= 0 or income[-1] <= 0:
        return np.full(len(INEQUALITY), np.nan)
    before = np.concatenate(([0.0], income[:-1]))
    steps = np.diff(people, prepend=0.0) / people[-1]
    gini = 1.0 - float(np.sum(steps * (income + before))) / float(income[-1])
    bottom_20, bottom_40, up_to_80, up_to_90, up_to_99 = _held_by(people, income, (20, 40, 80, 90, 99))
    above_80, above_90, above_99 = (float(income[-1]) - held for held in (up_to_80, up_to_90, up_to_99))
    s80_s20 = above_80 / bottom_20 if bottom_20 > 0 else np.nan
    palma = above_90 / bottom_40 if bottom_40 > 0 else np.nan
    return np.array([gini, s80_s20, palma, above_90 / float(income[-1]), above_99 / float(income[-1])])


def _held_by(people: Floats, income: Floats, per_cents: Sequence[int]) -> list[float]:
    """What the poorest so many per cent have, of running totals of people and income.

    How far a per cent lies into its part of the curve is the difference of two whole hundreds of people: where a part
    of nothing ends just below it, as often with few people, that is all there is, and shares would lose its digits.
    """
    held = []
    for per_cent in per_cents:
        place = min(int(np.searchsorted(100 * people, per_cent * people[-1])), len(people) - 1)
        people_below, income_below = (people[place - 1], income[place - 1]) if place else (0.0, 0.0)
        inside, there = per_cent * people[-1] - 100 * people_below, 100 * (people[place] - people_below)
        held.append(float(income_below + (income[place] - income_below) * (inside / there if there > 0 else 0.0)))
    return held


def poverty_of_units(incomes: Floats, lines: Floats) -> Floats:
    """For each unit, a row for each of `POVERTY`: whether it is below the line, its gap as a share of it (at most the
    whole line), and whether it is below half of it."""
    short = np.clip(1.0 - incomes / lines, 0.0, 1.0)
    return np.stack([(incomes < lines).astype(np.float64), short, (incomes < lines / 2).astype(np.float64)])


def poverty(incomes: Floats, lines: Floats, weights: Floats) -> Floats:
    """In the order of `POVERTY`: the shares below the line, missing to it on average, and below its half."""
    total = float(weights.sum())
    if total <= 0:
        return np.full(len(POVERTY), np.nan)
    return np.asarray(poverty_of_units(incomes, lines) @ weights) / total


def tenths(values: Floats, weights: Floats) -> NDArray[np.int64]:
    """For each value the tenth of the weight in which it lies, 1 to 10; equal values are in the same one."""
    if not len(values):
        return np.ones(0, dtype=np.int64)
    order = in_order(values)
    rising, total = values[order], np.cumsum(weights[order])
    if total[-1] <= 0:
        return np.ones(len(values), dtype=np.int64)
    last = np.flatnonzero(np.append(rising[1:] != rising[:-1], True))  # of each run of equal values
    up_to = total[last]
    middle = (up_to + np.concatenate(([0.0], up_to[:-1]))) / 2
    tenth = np.clip(np.ceil(middle / total[-1] * 10 - 1e-12), 1, 10).astype(np.int64)
    tenth_of = np.empty(len(values), dtype=np.int64)
    tenth_of[order] = np.repeat(tenth, np.diff(last, prepend=-1))
    return tenth_of
