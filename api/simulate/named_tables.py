"""Tax-Calculator's tables of a reform, as answers: small cells are not shown, nor those from which they follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from api.simulate.answers import NamedTable, TableRow
from api.simulate.distribution import (
    BANDS,
    DIFFERENCE,
    DISTRIBUTION,
    TENTHS,
    Floats,
    Parts,
    by_bands,
    by_tenths,
    difference,
    distribution,
)
from api.simulate.exactly import rounded_text
from api.simulate.suppress import suppressed

Amounts = Mapping[str, Floats]
Flags = NDArray[np.bool_]
SIDES = {"standard": ("count_StandardDed", "standard"), "c04470": ("count_ItemDed", "c04470")}
CHANGES = (("tax_cut", "perc_cut"), ("tax_inc", "perc_inc"))
CENT = 0.001
WAYS = ("weighted_deciles", "standard_income_bins")
TAXES = ("iitax", "payrolltax", "combined")


def named_tables(before: Amounts, after: Amounts, weights: Floats) -> tuple[NamedTable, ...]:
    """The distribution before and after, and the differences, by tenths and by bands of expanded income now."""
    income = before["expanded_income"]
    tables = []
    for way, parts, rows in zip(WAYS, (by_tenths(income, weights), by_bands(income)), (TENTHS, BANDS), strict=True):
        for name, amounts in (("current law", before), ("reform", after)):
            cells = distribution(parts, amounts, weights)
            about = f"Distribution table, {name}, by {way} of expanded income under current law"
            tables.append(
                _table(
                    f"distribution {way} {name}",
                    about,
                    DISTRIBUTION,
                    parts,
                    cells=cells,
                    hidden=_hidden(parts, amounts),
                )
            )
        for tax in TAXES:
            cells = difference(parts, before, after, weights, tax)
            hidden = _hidden_changes(parts, after[tax] - before[tax])
            about = f"Difference table of {tax}, by {way} of expanded income under current law"
            tables.append(_table(f"difference {way} {tax}", about, DIFFERENCE, parts, cells=cells, hidden=hidden))
        assert parts.rows == rows
    return tuple(tables)


def _table(
    name: str, about: str, columns: Sequence[str], parts: Parts, *, cells: Floats, hidden: Mapping[str, Flags]
) -> NamedTable:
    rows = []
    n = parts.total(np.ones(len(parts.of)))
    for at, row in enumerate(parts.rows):
        gone = [bool(hidden["count"][at] or (column in hidden and hidden[column][at])) for column in columns]
        texts = tuple(
            "" if left_out else rounded_text(float(cell), 2) for left_out, cell in zip(gone, cells[at], strict=True)
        )
        rows.append(TableRow(row, None if gone[0] else int(n[at]), texts))
    return NamedTable(name, about, tuple(columns), tuple(rows))


def _hidden(parts: Parts, amounts: Amounts) -> dict[str, Flags]:
    """By column, which rows are not shown: of few units, or counting few."""
    both = np.stack([_counts(parts, amounts[name] > 0) for name in SIDES], axis=1)
    hidden = {"count": _lines(parts, _counts(parts, np.ones(len(parts.of), dtype=np.bool_))[:, None])[:, 0]}
    for columns, flags in zip(SIDES.values(), _lines(parts, both).T, strict=True):
        hidden |= dict.fromkeys(columns, flags)
    minimum = _lines(parts, _counts(parts, amounts["c09600"] > 0)[:, None])[:, 0]
    return hidden | {"count_AMT": minimum, "c09600": minimum}


def _hidden_changes(parts: Parts, change: Floats) -> dict[str, Flags]:
    kinds = (change < -CENT, change > CENT, np.abs(change) <= CENT)
    flags = _lines(parts, np.stack([_counts(parts, kind) for kind in kinds], axis=1))
    hidden_rows = {"count": _lines(parts, _counts(parts, np.ones(len(change), dtype=np.bool_))[:, None])[:, 0]}
    for columns, hidden in zip(CHANGES, flags.T, strict=False):
        hidden_rows |= dict.fromkeys(columns, hidden)
    return hidden_rows


def _counts(parts: Parts, flags: Flags) -> NDArray[np.int64]:
    """How many units are meant in each row, unweighted."""
    return parts.total(flags.astype(np.float64)).astype(np.int64)


def _lines(parts: Parts, counts: NDArray[np.int64]) -> Flags:
    """Which cells of the rows are hidden: the rows that make up the whole are one table, the parts of a row another."""
    hidden = np.zeros(counts.shape, dtype=np.bool_)
    whole = parts.rows.index("ALL")
    for lines in (list(range(whole)), list(range(whole + 1, len(parts.rows)))):
        if lines:
            hidden[lines] = suppressed(counts[lines])
    hidden[whole] = suppressed(counts[whole : whole + 1])[0]
    return hidden
