"""Inequality of people's net income, and poverty against a line, before and after, with their standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from api.simulate.answers import Measure
from api.simulate.exactly import rounded_text
from api.simulate.measures import (
    INEQUALITY,
    POVERTY,
    Floats,
    inequality,
    of_lorenz_curve,
    poverty,
    poverty_of_units,
    ranked,
)
from api.simulate.sampling import Samples, cells_of
from api.simulate.weighed import Weighed

LABELS = {
    "gini": "Gini coefficient",
    "s80_s20": "Share of the top fifth over that of the bottom fifth (S80/S20)",
    "palma": "Share of the top tenth over that of the bottom four tenths (Palma)",
    "top_10_share": "Share of the top tenth",
    "top_1_share": "Share of the top hundredth",
    "headcount": "People below the line",
    "gap": "Mean gap, as a share of the line",
    "deep": "People below half of the line",
}


def measures(weighed: Weighed, lines: Floats | None) -> tuple[tuple[Measure, ...], tuple[Measure, ...]]:
    """Inequality of people's net income over the square root of their unit's size; poverty against `lines`."""
    people = weighed.weight * weighed.units.size
    root = np.sqrt(np.maximum(weighed.units.size, 1))
    incomes = [entries / weighed.units.step for entries in (weighed.net, weighed.net + weighed.change)]
    unequal = [_unequal(income / root, people, weighed.samples) for income in incomes]
    if lines is None:
        return _measured(weighed.samples, INEQUALITY, unequal, 4), ()
    poor = [_poor(income, lines, people, weighed.samples) for income in incomes]
    return _measured(weighed.samples, INEQUALITY, unequal, 4), _measured(weighed.samples, POVERTY, poor, 3)


def _unequal(values: Floats, people: Floats, samples: Samples) -> tuple[Floats, Floats]:
    """The measures of all, and of each sample in a row: read off cells of neighbours in rank."""
    ranks = ranked(values)
    cells = cells_of(ranks.order)
    count = int(cells.max()) + 1
    amounts = people * np.maximum(values, 0.0)
    sums = (samples.sums(each, cells, count) for each in (people, amounts))
    rows = [of_lorenz_curve(weights, having) for weights, having in zip(*sums, strict=True)]
    return inequality(ranks, people), np.stack(rows)


def _poor(incomes: Floats, lines: Floats, people: Floats, samples: Samples) -> tuple[Floats, Floats]:
    sums = [samples.sums(people * flags) for flags in poverty_of_units(incomes, lines)]
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = np.concatenate(sums, axis=1) / samples.sums(people)
    return 100 * poverty(incomes, lines, people), 100 * rows


def _measured(
    samples: Samples, names: Sequence[str], both: Sequence[tuple[Floats, Floats]], places: int
) -> tuple[Measure, ...]:
    (before, sampled_before), (after, sampled_after) = both
    errors: Any = samples.error(sampled_after - sampled_before, after - before)
    return tuple(
        Measure(
            name, LABELS[name], rounded_text(float(b), places), rounded_text(float(a), places),
            rounded_text(float(a - b), places + 2), rounded_text(float(error), places + 2),
        )
        for name, b, a, error in zip(names, before, after, errors, strict=True)
    )  # fmt: skip
