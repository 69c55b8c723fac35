"""Tax-Calculator's distribution and difference tables: its 24 and 12 columns and its rows, under its names.

1. Units are parted by expanded income under current law: into tenths of the units' weight, the lowest of them into
   those below zero, at zero and above, the highest into 90-95, 95-99 and the top hundredth; or by bands of dollars.
2. Counts are weights, amounts are weighted sums. `standard` and `c04470` count the deduction that is taken.
3. A difference is the reform's tax less current law's; a cut or an increase is one of more than a tenth of a cent.
   `share_of_change` is of the whole change, whether that is a cut or an increase.
Cells are statistics in floating point, in dollars and returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
DISTRIBUTION = (
    "count", "c00100", "count_StandardDed", "standard", "count_ItemDed", "c04470", "c04600", "c04800", "taxbc",
    "c62100", "count_AMT", "c09600", "c05800", "c07100", "othertaxes", "refund", "iitax", "payrolltax", "combined",
    "ubi", "benefit_cost_total", "benefit_value_total", "expanded_income", "aftertax_income",
)  # fmt: skip
DIFFERENCE = (
    "count", "tax_cut", "perc_cut", "tax_inc", "perc_inc", "mean", "tot_change", "share_of_change", "ubi",
    "benefit_cost_total", "benefit_value_total", "pc_aftertaxinc",
)  # fmt: skip
TENTHS = (
    "0-10n", "0-10z", "0-10p", "10-20", "20-30", "30-40", "40-50", "50-60", "60-70", "70-80", "80-90", "90-100", "ALL",
    "90-95", "95-99", "Top 1%",
)  # fmt: skip
BANDS = (
    "<$0K", "=$0K", "$0-10K", "$10-20K", "$20-30K", "$30-40K", "$40-50K", "$50-75K", "$75-100K", "$100-200K",
    "$200-500K", "$500-1000K", ">$1000K", "ALL",
)  # fmt: skip
_COUNTS = {"count_StandardDed": "standard", "count_ItemDed": "c04470", "count_AMT": "c09600"}
_ABSENT = ("ubi", "benefit_cost_total", "benefit_value_total")
_STARTS = (10e3, 20e3, 30e3, 40e3, 50e3, 75e3, 100e3, 200e3, 500e3, 1e6)
_NOTHING = 1e-9
_LEAST_CHANGE = 0.001
_DETAIL = 11  # after eleven parts come those of the highest tenth


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Units parted into rows: `of[i]` is unit i's part, and each row sums some of the parts."""

    rows: tuple[str, ...]
    of: Places
    sums: tuple[tuple[int, ...], ...]

    def total(self, amounts: Floats) -> Floats:
        """The sum of amounts in each row."""
        parts = np.bincount(self.of, weights=amounts, minlength=1 + max(max(row) for row in self.sums))
        return np.array([parts[list(row)].sum() for row in self.sums])


def by_tenths(income: Floats, weights: Floats) -> Parts:
    """Units by tenths of their weight, ranked by income; equal incomes stay in the order of the units."""
    order = np.argsort(income, kind="stable")
    reached = np.empty(len(income))
    reached[order] = np.cumsum(weights[order])
    total = float(weights.sum())
    edges = [*(total * tenth / 10 for tenth in range(1, 10)), total * 0.95, total * 0.99]
    of = 2 + np.searchsorted(np.array(edges), reached, side="right")
    of[income < _NOTHING] = 1
    of[income <= -_NOTHING] = 0
    parts = [(part,) for part in range(_DETAIL + 3)]
    highest = tuple(range(_DETAIL, _DETAIL + 3))
    return Parts(TENTHS, of, (*parts[:_DETAIL], highest, tuple(range(len(parts))), *parts[_DETAIL:]))


def by_bands(income: Floats) -> Parts:
    """Units by bands of income in dollars."""
    of = np.searchsorted(np.array([-_NOTHING, _NOTHING, *_STARTS]), income, side="right")
    parts = range(len(BANDS) - 1)
    return Parts(BANDS, of, (*((part,) for part in parts), tuple(parts)))


def distribution(parts: Parts, amounts: Mapping[str, Floats], weights: Floats) -> Floats:
    """A row for each part, a column for each of `DISTRIBUTION`. `amounts` are by unit, under Tax-Calculator's names."""
    columns = []
    for name in DISTRIBUTION:
        if name == "count":
            columns.append(parts.total(weights))
        elif name in _COUNTS:
            columns.append(parts.total(np.where(amounts[_COUNTS[name]] > 0, weights, 0.0)))
        else:
            columns.append(parts.total(_amount(amounts, name, len(weights)) * weights))
    return np.stack(columns, axis=1)


def difference(
    parts: Parts, before: Mapping[str, Floats], after: Mapping[str, Floats], weights: Floats, tax: str = "combined"
) -> Floats:
    """A row for each part, a column for each of `DIFFERENCE`: how `tax` and income after tax change."""
    change = after[tax] - before[tax]
    count = parts.total(weights)
    cuts = parts.total(np.where(change < -_LEAST_CHANGE, weights, 0.0))
    rises = parts.total(np.where(change > _LEAST_CHANGE, weights, 0.0))
    total = parts.total(change * weights)
    kept_before, kept_after = (parts.total(each["aftertax_income"] * weights) for each in (before, after))
    whole = total[parts.rows.index("ALL")]
    by_column: dict[str, Any] = {
        "count": count, "tax_cut": cuts, "perc_cut": _share(100 * cuts, count), "tax_inc": rises,
        "perc_inc": _share(100 * rises, count), "mean": _share(total, count), "tot_change": total,
        "share_of_change": 100 * total / whole if whole else np.zeros(len(total)),
        "pc_aftertaxinc": np.where(kept_before == 0, np.nan, 100 * (_share(kept_after, kept_before) - 1)),
    }  # fmt: skip
    for name in _ABSENT:
        moved = _amount(after, name, len(weights)) - _amount(before, name, len(weights))
        by_column[name] = parts.total(moved * weights)
    return np.stack([by_column[name] for name in DIFFERENCE], axis=1)


def _amount(amounts: Mapping[str, Floats], name: str, units: int) -> Floats:
    """What there is none of here counts as none."""
    return amounts[name] if name in amounts or name not in _ABSENT else np.zeros(units)


def _share(amount: Floats, of: Floats) -> Floats:
    return np.divide(amount, of, out=np.zeros_like(amount), where=of != 0)
