"""The answers of one reform, from outcomes before and after: the budget, groups, winners and losers. Totals are exact.

Groups stay in standard errors as they are in the whole sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.simulate.answers import BudgetLine, Grouping, GroupRow, Share, Winners, WinnersRow
from api.simulate.crossed import Crossed, crossed
from api.simulate.exactly import exact_text, rounded_text, weighted_total
from api.simulate.groups import Parting
from api.simulate.known import Entries
from api.simulate.sampling import Floats
from api.simulate.suppress import SMALL_BELOW, suppressed
from api.simulate.weighed import Weighed
from engine.records import record

FARES = ("lose more than 5%", "lose up to 5%", "no change", "gain up to 5%", "gain more than 5%")


# --- the budget


def budget(weighed: Weighed) -> tuple[BudgetLine, ...]:
    """The taxes, the benefits, the net of them (what the public purse gains), and what is shown beside them."""
    lines: list[tuple[str, str, str, Entries, Entries]] = []
    net_before = net_after = np.zeros(len(weighed.weights), dtype=np.int64)
    for kind, names, sign in (("tax", weighed.view.taxes, 1), ("benefit", weighed.view.benefits, -1)):
        for name, label in names.items():
            before, after = weighed.both(name)
            lines.append((name, label, kind, before, after))
            net_before, net_after = net_before + sign * before, net_after + sign * after
    lines.append(("net", "Net: taxes less benefits", "net", net_before, net_after))
    for name in weighed.view.shown:
        definition = weighed.before.program.find(name)
        assert definition is not None
        lines.append((name, definition.label or name, "shown", *weighed.both(name)))
    return tuple(budget_line(weighed, name, label, kind, (before, after)) for name, label, kind, before, after in lines)


def budget_line(
    weighed: Weighed, name: str, label: str, kind: str, both: tuple[Entries, Entries] | None = None
) -> BudgetLine:
    """A line of the budget: a figure's, unless `both` say what it is before and after, in steps."""
    before, after = weighed.both(name) if both is None else both
    change = after - before
    total, had = weighted_total(before, weighed.weights), _having(weighed, before)
    if not change.any():
        told = weighed.text(total)
        return BudgetLine(name, label, kind, told, told, weighed.text(0), "0", 0, had, had)
    moved = weighted_total(change, weighed.weights)
    error = weighed.error_of_total(change / weighed.units.step)
    changed = None if kind == "net" and _near(weighed) else _shown(int(np.count_nonzero(change)))
    apart = int(np.count_nonzero((before != 0) != (after != 0)))
    return BudgetLine(
        name, label, kind, weighed.text(total), weighed.text(total + moved), weighed.text(moved),
        rounded_text(error, 0), changed, had, "" if 0 < apart < SMALL_BELOW else _having(weighed, after),
    )  # fmt: skip


def _having(weighed: Weighed, entries: Entries) -> str:
    """The weight of the units that have something; empty where they are too few. (After a reform it is not told either
    where it would say how few the two are apart.)"""
    flags = entries != 0
    if 0 < int(np.count_nonzero(flags)) < SMALL_BELOW:
        return ""
    return exact_text(weighted_total(flags, weighed.weights), weighed.scale)


def _near(weighed: Weighed) -> bool:
    """Whether so few change by less than what counts that the winners and losers would tell how many."""
    size = np.abs(weighed.change)
    return 0 < int(np.count_nonzero((size > 0) & (size < weighed.threshold))) < SMALL_BELOW


def _shown(n: int) -> int | None:
    """How many change; None if so few that they are not shown."""
    return None if 0 < n < SMALL_BELOW else n


# --- groups


def groupings(weighed: Weighed, ways: Sequence[Parting]) -> tuple[Grouping, ...]:
    """How net income changes in each group of each parting, and in all."""
    cells = crossed(ways)
    totals = [cells.totals(weighed.weights, entries) for entries in (None, weighed.net, weighed.change)]
    return tuple(
        _grouping(weighed, way, counts, [Totals(*row) for row in zip(counts, *sums, strict=True)])
        for way, counts, *sums in zip(ways, cells.counts(), *totals, strict=True)
    )


@record(frozen=True, slots=True)
class Totals:
    """Of a group: units, their weight, and the weighted totals of net income and of its change, exact."""

    n: int
    weight: int
    net: int
    change: int


def _grouping(weighed: Weighed, way: Parting, counts: Sequence[int], totals: Sequence[Totals]) -> Grouping:
    hidden = suppressed(np.array(counts).reshape(-1, 1))[:, 0]
    errors = _errors_of_means(weighed, way)
    rows = [
        _row(weighed, label, total, float(error), bool(small))
        for label, total, error, small in zip(way.labels, totals, errors, hidden, strict=False)
        if total.n
    ]
    everybody = Totals(*(sum(getattr(total, part) for total in totals) for part in Totals.__slots__))
    return Grouping(way.name, way.about, (*rows, _row(weighed, "all", everybody, float(errors[-1]), False)))


def _errors_of_means(weighed: Weighed, parting: Parting) -> Floats:
    """The standard error of each group's mean change, and at the end of that of all."""
    count, weight, change = len(parting.labels), weighed.weight, weighed.change / weighed.units.step
    sums = [weighed.samples.sums(each, parting.of, count) for each in (weight, weight * change)]
    weights, changes = (np.column_stack((each, each.sum(axis=1))) for each in sums)
    whole = [np.append(each := np.bincount(parting.of, of, count), each.sum()) for of in (weight, weight * change)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return weighed.samples.error(changes / weights, whole[1] / whole[0])


def _row(weighed: Weighed, label: str, totals: Totals, error: float, hidden: bool) -> GroupRow:
    if hidden:
        return GroupRow(label, 0, "", "", "", "", "", "", True)
    if not totals.weight:
        return GroupRow(label, totals.n, "0", "", "", "", "", "0.00")
    scale = totals.weight * weighed.units.step
    relative = rounded_text(Fraction(100 * totals.change, totals.net), 3) if totals.net > 0 else ""
    return GroupRow(
        label, totals.n, exact_text(totals.weight, weighed.scale), rounded_text(Fraction(totals.net, scale), 2),
        rounded_text(Fraction(totals.change, scale), 2), rounded_text(error, 2), relative, weighed.text(totals.change),
    )  # fmt: skip


# --- winners and losers


def winners(weighed: Weighed, parting: Parting) -> Winners:
    """Units of each group by how they fare."""
    rows, columns = len(parting.labels), len(FARES)
    cells = Crossed(parting.of * columns + fares_of(weighed), (rows * columns,))
    n, weights = (np.array(totals[0], dtype=object) for totals in (cells.counts(), cells.totals(weighed.weights)))
    n, weights = n.reshape(rows, columns).astype(np.int64), weights.reshape(rows, columns)
    hidden, small = suppressed(n), suppressed(n.sum(axis=1).reshape(-1, 1))[:, 0]
    made = [
        _fares_of(weighed, label, n[place], weights[place], hidden=hidden[place], small=bool(small[place]))
        for place, label in enumerate(parting.labels)
        if n[place].any()
    ]
    everybody = n.sum(axis=0), weights.sum(axis=0)
    made.append(_fares_of(weighed, "all", *everybody, hidden=suppressed(everybody[0].reshape(1, -1))[0], small=False))
    about = (
        f"A change counts from {exact_text(weighed.threshold, weighed.units.step)}; 5% is of net income under "
        "current law, and any change of one of zero or below is more than 5%."
    )
    return Winners(about, FARES, tuple(made))


def fares_of(weighed: Weighed) -> NDArray[np.int64]:
    """For each unit the place among `FARES` of how it fares."""
    large = (weighed.net <= 0) | (20 * np.abs(weighed.change) > weighed.net)
    fares = np.where(large, 2, 1) * np.sign(weighed.change)
    return np.where(np.abs(weighed.change) < weighed.threshold, 0, fares) + 2


def _fares_of(
    weighed: Weighed,
    label: str,
    n: NDArray[np.int64],
    weights: NDArray[Any],
    *,
    hidden: NDArray[np.bool_],
    small: bool,
) -> WinnersRow:
    whole = int(weights.sum())
    cells = [
        Share(None, "", "") if gone or small else
        Share(int(count), exact_text(int(weight), weighed.scale),
              rounded_text(Fraction(100 * int(weight), whole), 2) if whole else "")
        for count, weight, gone in zip(n, weights, hidden, strict=True)
    ]  # fmt: skip
    return WinnersRow(label, None if small else int(n.sum()), tuple(cells))
