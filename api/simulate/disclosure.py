"""What is hidden in one table must not follow from the others: of units and households, of all reforms and years.

1. Each table parts the units; a cell that is shown tells the sum of whatever is added up over its units. All tables
   together part them into the finest groups that nobody can tell apart, and a cell is a vector of these.
2. A hidden cell can be worked out by adding and subtracting what is shown exactly if its vector is a combination of
   those that are shown (and of all units): if the nearest such combination is no distance away.
3. While a hidden cell of one to nine can be worked out so, the smallest shown cell that it takes is hidden too, of
   Tax-Calculator's tables before the others.

A table of households counts too: its cells are their units' sums. Numbers of years are of the same people, with weights
in proportion, so that a cell of one year tells that of another.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow
from numpy.typing import NDArray

from api.simulate.suppress import SMALL_BELOW

Matrix = NDArray[np.float64]
_RIDGE, _NEAR, _TAKEN = 1e-8, 1e-5, 1e-4
MOST_CELLS = 2_000
_MOST_CODES = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """A table: `of[u]` is the cell of unit u (-1: in none), `n` how many units or households each cell has, `shown`
    which are told; whoever looks for what can be worked out writes there. `key` names it among an answer's tables, and
    `names` its cells. `spared`: cells of other tables are hidden first, if they do as well."""

    key: tuple[str, ...]
    names: Sequence[Hashable]
    of: NDArray[np.int16]
    n: NDArray[np.int64]
    shown: NDArray[np.bool_]
    spared: bool = True

    @property
    def hidden(self) -> set[Hashable]:
        """The names of the cells that are not told."""
        return {name for name, shown in zip(self.names, self.shown, strict=True) if not shown}

    @property
    def secret(self) -> NDArray[np.bool_]:
        """The cells that must not be worked out."""
        return ~self.shown & (self.n > 0) & (self.n < SMALL_BELOW)


def hide_what_follows(tables: Sequence[Published]) -> None:
    """Hide further cells until no secret one can be worked out of what is shown."""
    if not any(table.secret.any() for table in tables):
        return
    same = _alike(tables)
    first = [_together(copies) for copies in same]
    n = np.concatenate([table.n for table in first])
    spared = np.concatenate([np.full(len(copies[0].n), any(table.spared for table in copies)) for copies in same])
    secret, shown = (np.concatenate([getattr(table, name) for table in first]) for name in ("secret", "shown"))
    products = _products(first)
    while (taken := _revealing(products, shown, secret)) is not None:
        hideable = taken[products[taken, -1] < products[-1, -1]]  # what is everybody cannot be hidden
        if not len(hideable):
            break
        others = hideable[~spared[hideable]]
        among = others if len(others) else hideable
        shown[among[np.argmin(n[among])]] = False
    start = 0
    for copies in same:
        for table in copies:
            table.shown[:] &= shown[start : start + len(table.n)]
        start += len(copies[0].n)


def _alike(tables: Sequence[Published]) -> list[list[Published]]:
    """Tables that part the units in the same way together, as those of two reforms do."""
    same: list[list[Published]] = []
    by_size: dict[bytes, list[list[Published]]] = {}
    for table in tables:
        known = by_size.setdefault(table.n.tobytes(), [])
        copies = next((copies for copies in known if np.array_equal(copies[0].of, table.of)), None)
        if copies is None:
            copies = []
            known.append(copies)
            same.append(copies)
        copies.append(table)
    return same


def _together(copies: Sequence[Published]) -> Published:
    """A table for all that are alike: a cell is shown if one shows it, but for a secret of any."""
    secret = np.logical_or.reduce([table.secret for table in copies])
    return replace(copies[0], shown=np.logical_or.reduce([table.shown for table in copies]) & ~secret)


def _products(tables: Sequence[Published]) -> Matrix:
    """Of each two cells, and of the whole at the end, how many finest groups they have in common."""
    groups = _finest(tables)
    starts = np.cumsum([0, *(len(table.n) for table in tables)])
    products = np.zeros((starts[-1] + 1, starts[-1] + 1))
    for place, (rows, first) in enumerate(zip(groups, starts[:-1], strict=True)):
        for other in range(place, len(tables)):
            columns, second = groups[other], starts[other]
            sizes = len(tables[place].n) + 1, len(tables[other].n) + 1
            pairs = np.bincount((rows + 1) * sizes[1] + columns + 1, minlength=sizes[0] * sizes[1]).reshape(sizes)
            products[first : starts[place + 1], second : starts[other + 1]] = pairs[1:, 1:]
        products[first : starts[place + 1], -1] = np.bincount(rows + 1, minlength=len(tables[place].n) + 1)[1:]
    products[-1, -1] = len(groups[0])
    upper = np.triu(products)
    return np.asarray(upper + np.triu(upper, 1).T)


def _finest(tables: Sequence[Published]) -> list[NDArray[np.int64]]:
    """The cells of a unit of each finest group, table by table."""
    code, size = np.zeros(len(tables[0].of), dtype=np.int64), 1
    for table in tables:
        cells = len(table.n) + 1
        if size * cells >= _MOST_CODES:
            code = _numbered(code)
            size = int(code.max()) + 1
        code, size = code * cells + table.of + 1, size * cells
    number = _numbered(code)
    first = np.flatnonzero(np.diff(np.maximum.accumulate(number), prepend=-1))
    return [table.of[first].astype(np.int64) for table in tables]


def _numbered(code: NDArray[np.int64]) -> NDArray[np.int64]:
    """Equal codes by one number, from 0 in the order in which they first come."""
    return np.asarray(pyarrow.array(code).dictionary_encode().indices).astype(np.int64)


def _revealing(products: Matrix, shown: NDArray[np.bool_], secret: NDArray[np.bool_]) -> NDArray[np.intp] | None:
    """The shown cells by which some secret one can be worked out; None if none can."""
    known, asked = np.flatnonzero(np.append(shown, True)), np.flatnonzero(secret)
    if not len(asked):
        return None
    targets = products[np.ix_(known, asked)]
    among = products[np.ix_(known, known)]
    # Every table adds up to the whole, so that there are many combinations: that with the least of cells is looked for,
    # and the whole, which cannot be hidden, costs nothing in it.
    among[np.diag_indices_from(among)] += np.append(np.full(len(known) - 1, _RIDGE), 0.0)
    weights = np.linalg.solve(among, targets)
    apart = products[asked, asked] - (targets * weights).sum(axis=0)
    revealed = np.flatnonzero(apart < _NEAR)
    if not len(revealed):
        return None
    taken = known[np.abs(weights[:, revealed[0]]) > _TAKEN]
    return np.asarray(taken[taken < len(shown)])
