"""The answers of one reform, from outcomes before and after: the budget, groups, winners and losers. Totals are exact.

Groups stay in standard errors as they are in the whole sample.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from api.simulate.answers import BudgetLine, Grouping, GroupRow, Share, Winners, WinnersRow
from api.simulate.exactly import exact_text, rounded_text, weighted_total
from api.simulate.groups import Parting
from api.simulate.known import Entries
from api.simulate.sampling import Floats
from api.simulate.suppress import SMALL_BELOW, suppressed
from api.simulate.weighed import Weighed

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
    moved = [(after - before) / weighed.units.step for *_, before, after in lines]
    errors = weighed.errors_of_totals(moved)
    return tuple(
        BudgetLine(
            name, label, kind, weighed.text(before), weighed.text(after), weighed.text(after - before),
            rounded_text(float(error), 0), _count(before, after), *_having(weighed, before, after),
        )
        for (name, label, kind, before, after), error in zip(lines, errors, strict=True)
    )  # fmt: skip


def _having(weighed: Weighed, before: Entries, after: Entries) -> tuple[str, str]:
    """The weights of the units that have something, before and after; empty where they are of too few, or would tell by
    how few the two are apart."""
    there = before != 0, after != 0
    texts = []
    for flags in there:
        few = 0 < int(np.count_nonzero(flags)) < SMALL_BELOW
        total = int(weighed.weights[flags].astype(object).sum())
        texts.append("" if few else exact_text(total, weighed.scale))
    apart = int(np.count_nonzero(there[0] != there[1]))
    return texts[0], "" if 0 < apart < SMALL_BELOW else texts[1]


def _count(before: Entries, after: Entries) -> int | None:
    """How many change; None if so few that they are not shown."""
    n = int(np.count_nonzero(before != after))
    return None if 0 < n < SMALL_BELOW else n


# --- groups


def grouping(weighed: Weighed, parting: Parting) -> Grouping:
    """How net income changes in each group, and in all."""
    count = len(parting.labels)
    n = np.bincount(parting.of, minlength=count)
    hidden = suppressed(n.reshape(-1, 1))[:, 0]
    errors = _errors_of_means(weighed, parting)
    rows = [_row(weighed, label, parting.of == place, errors[place], bool(hidden[place]))
            for place, label in enumerate(parting.labels) if n[place]]  # fmt: skip
    everybody = _row(weighed, "all", np.ones(len(parting.of), dtype=np.bool_), errors[-1], False)
    return Grouping(parting.name, parting.about, (*rows, everybody))


def _errors_of_means(weighed: Weighed, parting: Parting) -> Floats:
    """The standard error of each group's mean change, and at the end of that of all."""
    count, weight, change = len(parting.labels), weighed.weight, weighed.change / weighed.units.step
    sums = [weighed.samples.sums(each, parting.of, count) for each in (weight, weight * change)]
    weights, changes = (np.column_stack((each, each.sum(axis=1))) for each in sums)
    whole = [np.append(each := np.bincount(parting.of, of, count), each.sum()) for of in (weight, weight * change)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return weighed.samples.error(changes / weights, whole[1] / whole[0])


def _row(weighed: Weighed, label: str, rows: NDArray[np.bool_], error: float, hidden: bool) -> GroupRow:
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
    made = [
        _fares_of(
            weighed, label, parting.of == place, fares, n=n[place], hidden=hidden[place], small=bool(small[place])
        )
        for place, label in enumerate(parting.labels)
        if n[place].any()
    ]
    whole = n.sum(axis=0)
    all_hidden = suppressed(whole.reshape(1, -1))[0]
    everybody = _fares_of(
        weighed, "all", np.ones(len(fares), dtype=np.bool_), fares, n=whole, hidden=all_hidden, small=False
    )
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
    weighed: Weighed, label: str, rows: NDArray[np.bool_], fares: NDArray[np.int64], *, n: NDArray[np.int64],
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
