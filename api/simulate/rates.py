"""Marginal and participation tax rates: how much of more earnings, or of all of them, the units do not keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from api.simulate.answers import CliffCause, RateBand, Rates
from api.simulate.bands import BANDS, HIGH_BAND
from api.simulate.earners import Kept
from api.simulate.exactly import rounded_text
from api.simulate.sampling import Floats
from api.simulate.suppress import SMALL_BELOW, suppressed
from api.simulate.weighed import Weighed
from engine.values.numbers import with_commas


def rates_of(weighed: Weighed) -> tuple[Rates, ...]:
    """What each earner does not keep: of a step more, and of all that they earn beside earning nothing."""
    told: list[Rates] = []
    for before, after in zip(weighed.before.kept, weighed.after.kept, strict=True):
        of_more = _rates("marginal", _of_more(weighed, before), weighed, before, after)
        causes = [cliff_causes(weighed, each) for each in (before, after)]
        told.append(replace(of_more, causes_before=causes[0], causes_after=causes[1]))
        there = before.participation is not None and after.participation is not None
        if there and (before.bands("participation") >= 0).any():
            told.append(_rates("participation", _of_all(weighed, before.role), weighed, before, after))
    return tuple(told)


def takes_most(kept: Kept) -> NDArray[np.int64]:
    """For each unit that loses more than it earns the place, among the parts, of what takes most; else -1."""
    bands = kept.bands("marginal")
    places = np.full(len(bands), -1, dtype=np.int64)
    high = np.flatnonzero(bands == len(BANDS) - 1)
    if len(high):
        places[high] = np.argmax(np.stack([part[high] for part in kept.parts.values()]), axis=0)
    return places


def cliff_causes(weighed: Weighed, kept: Kept) -> tuple[CliffCause, ...]:
    """What takes most of more earnings where more is taken than earned, the most frequent first; nothing where one of
    the causes has too few units to be told."""
    most = takes_most(kept)
    of = most[most >= 0]
    n = np.bincount(of, minlength=len(kept.parts))
    if not len(of) or ((n > 0) & (n < SMALL_BELOW)).any():
        return ()
    held = np.bincount(of, weighed.weight[most >= 0], len(kept.parts))
    causes = [
        CliffCause(name, _label(weighed, name), int(n[at]), rounded_text(100 * float(held[at] / held.sum()), 2))
        for at, name in enumerate(kept.parts) if n[at]
    ]  # fmt: skip
    return tuple(sorted(causes, key=lambda cause: -float(cause.share)))


def _label(weighed: Weighed, name: str) -> str:
    if name in weighed.view.household_benefits:
        return weighed.view.household_benefits[name].label
    definition = weighed.before.program.find(name)
    return definition.label if definition is not None and definition.label else name


def _of_more(weighed: Weighed, kept: Kept) -> str:
    earnings = _named(weighed, weighed.view.earnings)
    return (
        f"What {_taken(weighed)} take of {with_commas(str(kept.step))} more of {earnings} of the unit's "
        f"`{kept.role}`; benefits that are not computed here are not in it. A cliff is a rate above 100%."
    )


def _of_all(weighed: Weighed, role: str) -> str:
    earnings = _named(weighed, weighed.view.earnings)
    return (
        f"What {_taken(weighed)} take of all of {earnings} of the unit's `{role}`, beside a year without "
        f"it in which nothing else differs; of units whose `{role}` has some. Benefits that are not computed here are "
        "not in it."
    )


def _rates(name: str, about: str, weighed: Weighed, before: Kept, after: Kept) -> Rates:
    both = [kept.bands(name) for kept in (before, after)]
    there = (both[0] >= 0) & (both[1] >= 0)
    weights = weighed.weights[there] / weighed.scale
    total = float(weights.sum())
    bands = [of[there] for of in both]
    n = np.stack([np.bincount(of, minlength=len(BANDS)) for of in bands], axis=1)
    hidden = suppressed(n)
    held = [np.bincount(of, weights, len(BANDS)).astype(np.float64) for of in bands]
    rows = tuple(_rate_band(at, n, hidden, held, total) for at in range(len(BANDS)))
    rates = [getattr(kept, name)[there] for kept in (before, after)]
    means = [rounded_text(100 * float(weights @ rate) / total, 2) if total else "" for rate in rates]
    high = [_high(hidden[HIGH_BAND:, side], n[HIGH_BAND:, side], held[side][HIGH_BAND:], total) for side in (0, 1)]
    cliffs = ["" if hidden[-1, side] else rounded_text(float(held[side][-1]), 0) for side in (0, 1)]
    return Rates(name, before.role, about, rows, means[0], means[1], high[0], high[1], cliffs[0], cliffs[1])


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


def _taken(weighed: Weighed) -> str:
    benefits = [weighed.view.household_benefits[name].label for name in weighed.before.benefits]
    taxes = [_named(weighed, name) for name in weighed.view.borne]
    if not benefits:
        return " and ".join(taxes)
    return f"{', '.join(taxes)} and the loss of the household's {', '.join(benefits)}"


def _named(weighed: Weighed, name: str) -> str:
    """A figure by its label, and by its name in the rules."""
    label = _label(weighed, name)
    return f"`{name}`" if label == name else f"{label[0].lower()}{label[1:]} (`{name}`)"


def high_rates(rates: Rates) -> Iterator[str]:
    """Sentences on rates above 70% and above 100%."""
    few = "too few units to be shown"
    high = [f"{share}% of units" if share else few for share in (rates.above_70_before, rates.above_70_after)]
    yield f"Above 70%: {high[0]} under current law, {high[1]} under the reform."
    cliffs = [f"{with_commas(units)} units" if units else few for units in (rates.cliffs_before, rates.cliffs_after)]
    yield f"Above 100%: {cliffs[0]} under current law, {cliffs[1]} under the reform."
    for causes, law in ((rates.causes_before, "current law"), (rates.causes_after, "the reform")):
        if causes:
            most = ", ".join(f"{cause.label} in {cause.share}% of them ({cause.n:,} in the sample)" for cause in causes)
            yield f"What takes most there under {law}: {most}."
