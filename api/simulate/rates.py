"""Marginal and participation tax rates: how much of more earnings, or of all of them, the units do not keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from api.simulate.answers import RateBand, Rates
from api.simulate.earners import MARGINAL_STEP
from api.simulate.exactly import rounded_text
from api.simulate.sampling import Floats
from api.simulate.suppress import SMALL_BELOW, suppressed
from api.simulate.view import View
from api.simulate.weighed import Weighed
from engine.values.numbers import with_commas

BANDS = (
    "below zero", "0%", "up to 10%", "10 to 20%", "20 to 30%", "30 to 40%", "40 to 50%", "50 to 70%", "70 to 100%",
    "above 100%",
)  # fmt: skip
_EDGES = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0])
HIGH_BAND = BANDS.index("70 to 100%")


def rates_of(weighed: Weighed) -> tuple[Rates, ...]:
    """What each earner does not keep: of `MARGINAL_STEP` more, and of all that they earn beside earning nothing."""
    told: list[Rates] = []
    for before, after in zip(weighed.before.kept, weighed.after.kept, strict=True):
        told.append(_rates("marginal", before.role, _of_more(weighed.view, before.role), weighed, before.marginal,
                           after=after.marginal))  # fmt: skip
        of_all = before.participation, after.participation
        if of_all[0] is not None and of_all[1] is not None and (~np.isnan(of_all[0])).any():
            about = _of_all(weighed.view, before.role)
            told.append(_rates("participation", before.role, about, weighed, of_all[0], after=of_all[1]))
    return tuple(told)


def _of_more(view: View, role: str) -> str:
    return (
        f"What {_taken(view)} take of {MARGINAL_STEP} more of `{view.earnings}` of the unit's `{role}`; "
        "benefits that are not computed here are not in it. A cliff is a rate above 100%."
    )


def _of_all(view: View, role: str) -> str:
    return (
        f"What {_taken(view)} take of all of `{view.earnings}` of the unit's `{role}`, beside a year without it in "
        f"which nothing else is different; of units whose `{role}` has some. Benefits that are not computed here are "
        "not in it."
    )


def _rates(name: str, earner: str, about: str, weighed: Weighed, before: Floats, *, after: Floats) -> Rates:
    there = ~np.isnan(before) & ~np.isnan(after)
    weights = weighed.weights[there] / weighed.scale
    total = float(weights.sum())
    bands = [band_of(rates[there]) for rates in (before, after)]
    n = np.stack([np.bincount(of, minlength=len(BANDS)) for of in bands], axis=1)
    hidden = suppressed(n)
    held = [np.bincount(of, weights, len(BANDS)).astype(np.float64) for of in bands]
    rows = tuple(_rate_band(at, n, hidden, held, total) for at in range(len(BANDS)))
    means = [rounded_text(100 * float(weights @ rates[there]) / total, 2) if total else "" for rates in (before, after)]
    high = [_high(hidden[HIGH_BAND:, side], n[HIGH_BAND:, side], held[side][HIGH_BAND:], total) for side in (0, 1)]
    cliffs = ["" if hidden[-1, side] else rounded_text(float(held[side][-1]), 0) for side in (0, 1)]
    return Rates(name, earner, about, rows, means[0], means[1], high[0], high[1], cliffs[0], cliffs[1])


def _rate_band(
    at: int, n: NDArray[np.int64], hidden: NDArray[np.bool_], held: Sequence[Floats], total: float
) -> RateBand:
    counts = [None if hidden[at, side] else int(n[at, side]) for side in (0, 1)]
    told = [
        "" if hidden[at, side] or not total else rounded_text(100 * float(held[side][at]) / total, 2) for side in (0, 1)
    ]
    return RateBand(BANDS[at], counts[0], counts[1], told[0], told[1])


def _high(hidden: NDArray[np.bool_], n: NDArray[np.int64], held: Floats, total: float) -> str:
    """The share of the highest bands together; empty where it is of too few, or would tell a band that is hidden."""
    few = 0 < int(n.sum()) < SMALL_BELOW
    if few or not total or int(hidden.sum()) == 1:
        return ""
    return rounded_text(100 * float(held.sum()) / total, 2)


def _taken(view: View) -> str:
    return " and ".join(f"`{name}`" for name in view.borne)


def band_of(rates: Floats) -> NDArray[np.int64]:
    """For each rate the place of its band among `BANDS`."""
    rounded = np.round(rates, 9)
    place = np.searchsorted(_EDGES, rounded, side="left") + 1  # a rate on an edge is in the band below it
    place[rounded == 0] = 1
    place[rounded < 0] = 0
    return place


def high_rates(rates: Rates) -> Iterator[str]:
    """Sentences on rates above 70% and above 100%."""
    few = "too few units to be shown"
    high = [f"{share}% of units" if share else few for share in (rates.above_70_before, rates.above_70_after)]
    yield f"Above 70%: {high[0]} under current law, {high[1]} under the reform."
    cliffs = [f"{with_commas(units)} units" if units else few for units in (rates.cliffs_before, rates.cliffs_after)]
    yield f"Above 100%: {cliffs[0]} under current law, {cliffs[1]} under the reform."
