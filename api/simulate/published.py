"""The tables of an answer as cells of units, and the answer with further cells hidden."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from api.simulate.answers import (
    Behaviour,
    BudgetLine,
    Grouping,
    GroupRow,
    HouseholdsAnswer,
    Rates,
    ReformAnswer,
    Share,
    Winners,
)
from api.simulate.bands import BANDS, HIGH_BAND
from api.simulate.disclosure import Published
from api.simulate.earners import Kept
from api.simulate.groups import Parting
from api.simulate.named_published import named_hidden, tables_of_named
from api.simulate.rates import takes_most
from api.simulate.tables import FARES, fares_of
from api.simulate.weighed import Weighed

RESPONSE = "response"  # the budget if earnings respond
Hidden = Mapping[tuple[str, ...], Collection[Hashable]]
Places = NDArray[np.int64]


def tables_of(
    answer: ReformAnswer | HouseholdsAnswer, weighed: Weighed, ways: Sequence[Parting], of: Places | None = None
) -> list[Published]:
    """What an answer tells by group. `of`: the household of each unit, where `weighed` is of households."""
    tables = [
        _table(("groups", way.name), way.labels, way.of, _shown_groups(answer.groups, way), spread=of) for way in ways
    ]
    fares, columns = fares_of(weighed), range(len(FARES))
    cells, names = _shown_winners(answer.winners, ways[0]), tuple(product(ways[0].labels, columns))
    tables.append(_table(("winners",), names, ways[0].of * len(FARES) + fares, cells, spread=of))
    whole = np.array([cell.n is not None for cell in answer.winners.rows[-1].cells])
    return [*tables, _table(("fares",), columns, fares, whole, spread=of)]


def tables_of_units(answer: ReformAnswer, weighed: Weighed, ways: Sequence[Parting]) -> list[Published]:
    """The same, with the budget and the rates, which are told of units alone."""
    tables = tables_of(answer, weighed, ways)
    tables += tables_of_budget(answer.budget, weighed)
    if answer.distribution and weighed.before.named is not None and weighed.after.named is not None:
        tables += tables_of_named(answer.distribution, weighed.before.named, weighed.after.named, weighed.weight)
    kept = {each.role: each for each in weighed.before.kept}, {each.role: each for each in weighed.after.kept}
    for rates in answer.rates:
        for side, shown in enumerate(_shown_bands(rates)):
            of = kept[side][rates.earner].bands(rates.name)
            key = ("rates", rates.name, rates.earner, ("before", "after")[side])
            tables.append(_table(key, range(len(BANDS)), of, shown))
            high = bool((rates.above_70_before, rates.above_70_after)[side])
            tables.append(_table_of_flags((*key, "high"), of >= HIGH_BAND, high))
            if rates.name == "marginal":
                told = bool((rates.causes_before, rates.causes_after)[side])
                tables.append(_of_causes((*key, "causes"), kept[side][rates.earner], told))
    return tables


def tables_of_budget(budget: Sequence[BudgetLine], weighed: Weighed, name: str = "budget") -> list[Published]:
    """What lines of a budget tell of how many units they change, and have something."""
    lines = [line for line in budget if line.kind != "net" and weighed.before.program.find(line.figure) is not None]
    return [table for line in lines for table in _of_line(line, weighed, name)]


def _of_causes(key: tuple[str, ...], kept: Kept, told: bool) -> Published:
    """The units that lose more than they earn, by what takes most: all of them are told, or none."""
    return _table(key, tuple(kept.parts), takes_most(kept), np.full(len(kept.parts), told))


def _table(
    key: tuple[str, ...],
    names: Sequence[Hashable],
    of: Places,
    shown: NDArray[np.bool_],
    *,
    spread: Places | None = None,
) -> Published:
    n = np.bincount(of + 1, minlength=len(shown) + 1)[1:]
    per_unit = of if spread is None else of[spread]
    return Published(key, names, per_unit.astype(np.int16), n, shown.copy())


def _table_of_flags(key: tuple[str, ...], flags: NDArray[np.bool_], shown: bool) -> Published:
    """A table of one cell: those of the flagged units."""
    return Published(key, (True,), flags.astype(np.int16) - 1, np.array([np.count_nonzero(flags)]), np.array([shown]))


def _of_line(line: BudgetLine, weighed: Weighed, of: str) -> list[Published]:
    if line.figure not in weighed.before.figures:
        return []  # of households
    before, after = weighed.both(line.figure)
    told = {
        "changed": (before != after, line.changed is not None),
        "having_before": (before != 0, line.having_before != ""),
        "having_after": (after != 0, line.having_after != ""),
    }
    return [
        _table_of_flags((of, line.figure, name), flags, shown) for name, (flags, shown) in told.items() if flags.any()
    ]


def _shown_groups(groups: Sequence[Grouping], way: Parting) -> NDArray[np.bool_]:
    (told,) = (grouping for grouping in groups if grouping.name == way.name)
    hidden = {row.group for row in told.rows if row.suppressed}
    return np.array([label not in hidden for label in way.labels])


def _shown_winners(winners: Winners, way: Parting) -> NDArray[np.bool_]:
    shown = np.ones((len(way.labels), len(FARES)), dtype=np.bool_)
    for row in winners.rows[:-1]:
        shown[way.labels.index(row.group)] = [cell.n is not None for cell in row.cells]
    return shown.reshape(-1)


def _shown_bands(rates: Rates) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    before = np.array([band.n_before is not None for band in rates.bands])
    return before, np.array([band.n_after is not None for band in rates.bands])


# --- with further cells hidden


def hidden_in(answer: ReformAnswer, hidden: Hidden) -> ReformAnswer:
    """The answer without the cells by table."""
    if not any(hidden.values()):
        return answer
    return replace(
        answer,
        groups=tuple(_group_hidden(grouping, hidden) for grouping in answer.groups),
        winners=_winners_hidden(answer.winners, answer.groups[0].name, hidden),
        budget=tuple(_line_hidden(line, hidden, "budget") for line in answer.budget),
        behaviour=_response_hidden(answer.behaviour, hidden),
        rates=tuple(_rates_hidden(rates, hidden) for rates in answer.rates),
        distribution=named_hidden(answer.distribution, hidden),
    )


def hidden_in_households(answer: HouseholdsAnswer, hidden: Hidden) -> HouseholdsAnswer:
    """The same of households."""
    groups = tuple(_group_hidden(grouping, hidden) for grouping in answer.groups)
    return replace(answer, groups=groups, winners=_winners_hidden(answer.winners, answer.groups[0].name, hidden))


def _group_hidden(grouping: Grouping, hidden: Hidden) -> Grouping:
    gone = hidden.get(("groups", grouping.name), ())
    rows = (GroupRow(row.group, 0, "", "", "", "", "", "", True) if row.group in gone else row for row in grouping.rows)
    return replace(grouping, rows=tuple(rows))


def _winners_hidden(winners: Winners, tenths: str, hidden: Hidden) -> Winners:
    cells, whole, small = (hidden.get(key, ()) for key in (("winners",), ("fares",), ("groups", tenths)))
    rows = []
    for row in winners.rows:
        all_units = row is winners.rows[-1]
        left = tuple(
            Share(None, "", "") if (place in whole if all_units else (row.group, place) in cells) else cell
            for place, cell in enumerate(row.cells)
        )
        rows.append(replace(row, n=None if row.group in small else row.n, cells=left))
    return replace(winners, rows=tuple(rows))


def _response_hidden(response: Behaviour | None, hidden: Hidden) -> Behaviour | None:
    if response is None:
        return None
    return replace(response, budget=tuple(_line_hidden(line, hidden, RESPONSE) for line in response.budget))


def _line_hidden(line: BudgetLine, hidden: Hidden, of: str) -> BudgetLine:
    parts = ("changed", "having_before", "having_after")
    gone = {part for part in parts if True in hidden.get((of, line.figure, part), ())}
    return replace(
        line,
        changed=None if "changed" in gone else line.changed,
        having_before="" if "having_before" in gone else line.having_before,
        having_after="" if "having_after" in gone else line.having_after,
    )


def _rates_hidden(rates: Rates, hidden: Hidden) -> Rates:
    key = ("rates", rates.name, rates.earner)
    before, after = (hidden.get((*key, side), ()) for side in ("before", "after"))
    high = [True in hidden.get((*key, side, "high"), ()) for side in ("before", "after")]
    bands = []
    for place, band in enumerate(rates.bands):
        if place in before:
            band = replace(band, n_before=None, before="")
        if place in after:
            band = replace(band, n_after=None, after="")
        bands.append(band)
    last = len(BANDS) - 1
    return replace(
        rates,
        bands=tuple(bands),
        above_70_before="" if high[0] else rates.above_70_before,
        above_70_after="" if high[1] else rates.above_70_after,
        cliffs_before="" if last in before else rates.cliffs_before,
        cliffs_after="" if last in after else rates.cliffs_after,
        causes_before=() if last in before or hidden.get((*key, "before", "causes")) else rates.causes_before,
        causes_after=() if last in after or hidden.get((*key, "after", "causes")) else rates.causes_after,
    )
