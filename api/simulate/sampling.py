"""Standard errors: how much a statistic varies over samples that might have been drawn instead.

1. Units are put at random into groups, at most `MOST_GROUPS`; of fewer units each is a group by itself. A bootstrap
   sample draws as many groups as there are, with replacement: a unit's weight is multiplied by how often its group was
   drawn. Or a survey comes with replicate weights, which know how it was drawn: then each is a sample.
2. A sum over units is added up by group once. In every sample it is then a product of two small matrices, and no pass
   over the units.
3. What is not a sum (the measures of inequality) is read off sums over `MOST_CELLS` cells of neighbours in rank.
4. The error is the standard deviation over bootstrap samples; of replicate weights the root of `factor` times the sum
   of squared distances from the whole, as the survey's makers say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[Any]
MOST_GROUPS = MOST_CELLS = 1_000
_MOST_ENTRIES = 4_000_000  # of a matrix of cells by groups


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """`times[s, g]`: how often the units of group g count in sample s. `group` is each unit's. `factor`: of replicate
    weights, what the squared distances from the whole are multiplied by; 0 for a bootstrap."""

    group: Places
    times: Floats
    factor: float = 0.0

    def sums(self, values: Floats, of: Places | None = None, places: int = 1) -> Floats:
        """Sums of values by place (`of` each unit), a row for each sample."""
        groups = self.times.shape[1]
        if of is None:
            return self.times @ np.bincount(self.group, values, groups).reshape(groups, 1)
        if places * groups <= _MOST_ENTRIES:
            cells = np.bincount(of * groups + self.group, values, places * groups)
            return self.times @ cells.reshape(places, groups).T
        return np.stack([np.bincount(of, values * row[self.group], places) for row in self.times])

    def error(self, statistics: Floats, whole: Floats) -> Floats:
        """The standard error of statistics, a row of them for each sample; `whole` are those of all units."""
        if self.factor:
            return np.asarray(np.sqrt(self.factor * ((statistics - whole) ** 2).sum(axis=0)))
        return np.asarray(statistics.std(axis=0, ddof=1))


def bootstrap(units: int, samples: int, seed: int) -> Samples:
    """So many samples of the units. The same seed gives the same ones."""
    random = np.random.Generator(np.random.PCG64(seed))
    groups = min(units, MOST_GROUPS)
    group = np.arange(units) if units == groups else random.permutation(units) % groups
    times = np.empty((samples, groups))
    for row in range(samples):
        times[row] = np.bincount(random.integers(0, groups, groups), minlength=groups)
    return Samples(group, times)


def cells_of(order: Places) -> Places:
    """For each unit its cell among neighbours in rank; `order` are the units from the least to the greatest."""
    cells = np.empty(len(order), dtype=np.int64)
    count = min(len(order), MOST_CELLS)
    cells[order] = np.arange(len(order)) * count // max(1, len(order))
    return cells
