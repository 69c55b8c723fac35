"""The answers of one reform, from outcomes before and after: exact totals, statistics, and their standard errors.

Standard errors are the standard deviation over bootstrap samples: as many units drawn with replacement, from a stated
seed. Groups stay as they are in the whole sample. They tell how much chance there is in the sample, not whether it is a
good one, and not how the survey was designed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.simulate.answers import (
    BudgetLine,
    Grouping,
    GroupRow,
    MarginalRates,
    Measure,
    RateBand,
    Share,
    Winners,
    WinnersRow,
)
from api.simulate.exactly import exact_text, rounded_text, weighted_total
from api.simulate.groups import Parting
from api.simulate.known import Entries
from api.simulate.measures import INEQUALITY, POVERTY, Floats, Ranked, inequality, poverty, ranked
from api.simulate.outcomes import Outcome, Units, in_steps
from api.simulate.suppress import SMALL_BELOW, suppressed
from api.simulate.view import View

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
BANDS = (
    "below zero", "0%", "up to 10%", "10 to 20%", "20 to 30%", "30 to 40%", "40 to 50%", "50 to 70%", "70 to 100%",
    "above 100%",
)  # fmt: skip
FARES = ("lose more than 5%", "lose up to 5%", "no change", "gain up to 5%", "gain more than 5%")


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """One reform beside current law: everything that the tables are made of, in whole steps.

    `net` is net income under current law, `change` what the reform adds. `threshold` is how many steps count as a
    change. `draws` are the bootstrap's numbers of times that each unit was drawn, a row for each sample.
    """

    view: View
    units: Units
    weights: NDArray[np.int64]
    scale: int
    before: Outcome
    after: Outcome
    net: Entries
    change: Entries
    threshold: int
    draws: NDArray[np.uint8]

    def text(self, entries: Entries) -> str:
        """The exact weighted total of entries in steps of the units' money."""
        return exact_text(weighted_total(entries, self.weights), self.units.step * self.scale)

    def errors(self, statistic: Callable[[Floats], Any]) -> Floats:
        """The standard error of each number that a function makes of weights."""
        if not len(self.draws):
            return np.full(np.shape(np.atleast_1d(statistic(self.weights / self.scale))), np.nan)
        weights = self.weights / self.scale
        drawn_numbers = np.array([np.atleast_1d(statistic(weights * drawn)) for drawn in self.draws])
        return np.asarray(drawn_numbers.std(axis=0, ddof=1))


def draws(units: int, samples: int, seed: int) -> NDArray[np.uint8]:
    """How often each unit is drawn in each bootstrap sample."""
    random = np.random.Generator(np.random.PCG64(seed))
    times_drawn = np.empty((samples, units), dtype=np.uint8)
    for row in range(samples):
        times_drawn[row] = np.minimum(np.bincount(random.integers(0, units, units), minlength=units), 255)
    return times_drawn


# --- the budget


def budget(weighed: Weighed) -> tuple[BudgetLine, ...]:
    """The taxes, the benefits, the net of them (what the public purse gains), and what is shown beside them."""
    lines: list[tuple[str, str, str, Entries, Entries]] = []
    net_before = net_after = np.zeros(len(weighed.weights), dtype=np.int64)
    for kind, names, sign in (("tax", weighed.view.taxes, 1), ("benefit", weighed.view.benefits, -1)):
        for name, label in names.items():
            before, after = _both(weighed, name)
            lines.append((name, label, kind, before, after))
            net_before, net_after = net_before + sign * before, net_after + sign * after
    lines.append(("net", "Net: taxes less benefits", "net", net_before, net_after))
    for name in weighed.view.shown:
        definition = weighed.before.program.find(name)
        assert definition is not None
        lines.append((name, definition.label or name, "shown", *_both(weighed, name)))
    moved = np.stack([(after - before) / weighed.units.step for *_, before, after in lines], axis=1)
    errors = weighed.errors(lambda weights: weights @ moved)
    return tuple(
        BudgetLine(
            name, label, kind, weighed.text(before), weighed.text(after), weighed.text(after - before),
            rounded_text(float(error), 0), _count(before, after),
        )
        for (name, label, kind, before, after), error in zip(lines, errors, strict=True)
    )  # fmt: skip


def _count(before: Entries, after: Entries) -> int | None:
    """How many change; None if so few that they are not shown."""
    n = int(np.count_nonzero(before != after))
    return None if 0 < n < SMALL_BELOW else n


def _both(weighed: Weighed, name: str) -> tuple[Entries, Entries]:
    return tuple(in_steps(each.program, each, weighed.units.step, name) for each in (weighed.before, weighed.after))  # type: ignore[return-value]


# --- groups


def grouping(weighed: Weighed, parting: Parting) -> Grouping:
    """How net income changes in each group, and in all."""
    count = len(parting.labels)
    n = np.bincount(parting.of, minlength=count)
    hidden = suppressed(n.reshape(-1, 1))[:, 0]
    change, net = weighed.change / weighed.units.step, weighed.net / weighed.units.step

    def means(weights: Floats) -> Floats:
        weight = np.bincount(parting.of, weights, count)
        total = np.bincount(parting.of, weights * change, count)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.append(total / weight, total.sum() / weight.sum())

    errors = weighed.errors(means)
    rows = [_row(weighed, label, parting.of == place, net, errors[place], bool(hidden[place]))
            for place, label in enumerate(parting.labels) if n[place]]  # fmt: skip
    everybody = _row(weighed, "all", np.ones(len(net), dtype=np.bool_), net, errors[-1], False)
    return Grouping(parting.name, parting.about, (*rows, everybody))


def _row(weighed: Weighed, label: str, rows: NDArray[np.bool_], net: Floats, error: float, hidden: bool) -> GroupRow:
    n = int(rows.sum())
    if hidden:
        return GroupRow(label, 0, "", "", "", "", "", "", True)
    weights = weighed.weights[rows]
    weight = int(weights.sum())
    before, change = (weighted_total(entries[rows], weights) for entries in (weighed.net, weighed.change))
    if not weight:
        return GroupRow(label, n, "0", "", "", "", "", "0.00")
    scale = weight * weighed.units.step
    relative = rounded_text(100 * change / before, 3) if before > 0 else ""
    return GroupRow(
        label, n, exact_text(weight, weighed.scale), rounded_text(before / scale, 2), rounded_text(change / scale, 2),
        rounded_text(float(error), 2), relative, exact_text(change, weighed.units.step * weighed.scale),
    )  # fmt: skip


# --- winners and losers


def winners(weighed: Weighed, parting: Parting) -> Winners:
    """Units of each group by how they fare."""
    fares = _fares(weighed)
    rows, columns = len(parting.labels), len(FARES)
    n = np.bincount(parting.of * columns + fares, minlength=rows * columns).reshape(rows, columns)
    hidden = suppressed(n)
    small = suppressed(n.sum(axis=1).reshape(-1, 1))[:, 0]
    made = [_fares_of(weighed, label, parting.of == place, fares, n[place], hidden[place], bool(small[place]))
            for place, label in enumerate(parting.labels) if n[place].any()]  # fmt: skip
    whole = n.sum(axis=0)
    all_hidden = suppressed(whole.reshape(1, -1))[0]
    everybody = _fares_of(weighed, "all", np.ones(len(fares), dtype=np.bool_), fares, whole, all_hidden, False)
    about = (
        f"A change counts from {exact_text(weighed.threshold, weighed.units.step)}; 5% is of net income under "
        "current law, and any change of one of zero or below is more than 5%."
    )
    return Winners(about, FARES, (*made, everybody))


def _fares(weighed: Weighed) -> NDArray[np.int64]:
    large = (weighed.net <= 0) | (20 * np.abs(weighed.change) > weighed.net)
    fares = np.where(large, 2, 1) * np.sign(weighed.change)
    return np.where(np.abs(weighed.change) < weighed.threshold, 0, fares) + 2


def _fares_of(
    weighed: Weighed, label: str, rows: NDArray[np.bool_], fares: NDArray[np.int64], n: NDArray[np.int64],
    hidden: NDArray[np.bool_], small: bool,
) -> WinnersRow:  # fmt: skip
    weight = int(weighed.weights[rows].sum())
    cells = []
    for place in range(len(FARES)):
        if small or hidden[place]:
            cells.append(Share(None, "", ""))
            continue
        part = int(weighed.weights[rows & (fares == place)].sum())
        share = rounded_text(100 * part / weight, 2) if weight else ""
        cells.append(Share(int(n[place]), exact_text(part, weighed.scale), share))
    return WinnersRow(label, None if small else int(n.sum()), tuple(cells))


# --- measures


def measures(weighed: Weighed, lines: Floats | None) -> tuple[tuple[Measure, ...], tuple[Measure, ...]]:
    """Inequality of people's net income over the square root of their unit's size; poverty against `lines`."""
    size = np.maximum(weighed.units.size, 1)
    root = np.sqrt(size)
    incomes = [(entries / weighed.units.step) for entries in (weighed.net, weighed.net + weighed.change)]
    ranks = [ranked(each / root) for each in incomes]
    unequal = _measured(weighed, INEQUALITY, [partial(_unequal, weighed, each) for each in ranks], 4)
    if lines is None:
        return unequal, ()
    poor = _measured(weighed, POVERTY, [partial(_poor, weighed, each, lines) for each in incomes], 3)
    return unequal, poor


def _unequal(weighed: Weighed, ranks: Ranked, weights: Floats) -> Floats:
    return inequality(ranks, weights * weighed.units.size)


def _poor(weighed: Weighed, incomes: Floats, lines: Floats, weights: Floats) -> Floats:
    return 100 * poverty(incomes, lines, weights * weighed.units.size)


def _measured(
    weighed: Weighed, names: Sequence[str], both: Sequence[Callable[[Floats], Floats]], places: int
) -> tuple[Measure, ...]:
    weights = weighed.weights / weighed.scale
    before, after = (each(weights) for each in both)
    errors = weighed.errors(lambda drawn: both[1](drawn) - both[0](drawn))
    return tuple(
        Measure(
            name, LABELS[name], rounded_text(float(b), places), rounded_text(float(a), places),
            rounded_text(float(a - b), places + 2), rounded_text(float(error), places + 2),
        )
        for name, b, a, error in zip(names, before, after, errors, strict=True)
    )  # fmt: skip


def marginal_rates_of(weighed: Weighed) -> MarginalRates | None:
    """How much of 100 more of earnings the units do not keep."""
    before, after = weighed.before.marginal, weighed.after.marginal
    if before is None or after is None:
        return None
    there = ~np.isnan(before) & ~np.isnan(after)
    weights = weighed.weights[there] / weighed.scale
    total = float(weights.sum())
    bands = [_band(rates[there]) for rates in (before, after)]
    n = np.stack([np.bincount(one_band, minlength=len(BANDS)) for one_band in bands], axis=1)
    hidden = suppressed(n)
    shares = [np.bincount(one_band, weights, len(BANDS)) / total for one_band in bands]
    rows = tuple(_rate_band(at, n, hidden, shares) for at in range(len(BANDS)))
    about = (
        f"What {_taken(weighed.view)} take of 100 more of `{weighed.view.earnings}` of the unit's first filer; "
        "benefits that are not computed here are not in it. A cliff is a rate above 100%."
    )
    means = [rounded_text(100 * float(weights @ rates[there]) / total, 2) for rates in (before, after)]
    cliffs = [_cliffs(n[-1, side], shares[side][-1] * total) for side in (0, 1)]
    return MarginalRates(about, rows, means[0], means[1], cliffs[0], cliffs[1])


def _rate_band(at: int, n: NDArray[np.int64], hidden: NDArray[np.bool_], shares: Sequence[Floats]) -> RateBand:
    counts = [None if hidden[at, side] else int(n[at, side]) for side in (0, 1)]
    told = ["" if hidden[at, side] else rounded_text(100 * float(shares[side][at]), 2) for side in (0, 1)]
    return RateBand(BANDS[at], counts[0], counts[1], told[0], told[1])


def _taken(view: View) -> str:
    return " and ".join(f"`{name}`" for name in view.borne)


def _cliffs(n: int, weight: float) -> str:
    return "" if 0 < n < SMALL_BELOW else rounded_text(weight, 0)


def _band(rates: Floats) -> NDArray[np.int64]:
    edges = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0])
    place = np.searchsorted(edges, np.round(rates, 9), side="left") + 1  # a rate on an edge is in the band below it
    place[np.round(rates, 9) == 0] = 1
    place[np.round(rates, 9) < 0] = 0
    return place
