"""Replicate weights that a survey comes with: each is the weights of a sample that might have been drawn instead.

They stand in columns of the units' table, named by a pattern (`repwgt*`). A standard error is the root of `factor`
times the sum of the squared distances of their statistics from that of the weights; the survey's makers say the factor.
It is 4 over the number of replicates (successive differences, as the Current Population Survey has them) if nothing is
said.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from api.failures import Failure, Misuse, count
from api.simulate.population import Population
from api.simulate.sampling import Samples
from engine.values.numbers import parse_decimal

pa: Any = pyarrow
FEWEST = 4


def replicates_of(population: Population, table: Any, pattern: str, factor: str) -> Samples:
    """The samples that the columns of a pattern are. Raises Misuse or Failure."""
    names = [name for name in table.column_names if fnmatchcase(name, pattern)]
    if len(names) < FEWEST:
        told = f"{count(len(names), 'column')} of the units fit `{pattern}`, and errors need {FEWEST} or more"
        raise Misuse(told, "name the columns of the replicate weights")
    weights = population.weights / population.weight_scale
    times = np.empty((len(names), len(weights)))
    for row, name in enumerate(names):
        times[row] = _times(table[name], name, weights)
    return Samples(np.arange(len(weights)), times, _factor(factor, len(names)))


def _times(column: Any, name: str, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    try:
        values = np.asarray(column.cast(pa.float64()).to_numpy())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        values = np.full(len(weights), np.nan)
    bad = np.flatnonzero(~np.isfinite(values) | ((weights == 0) & (values != 0)))
    if len(bad):
        told = (
            f"row {int(bad[0]) + 1} of the replicate weights `{name}` is not a number, or not zero where the weight is"
        )
        raise Failure(told, "correct the column, or leave it out of the pattern")
    return np.asarray(np.divide(values, weights, out=np.zeros(len(weights)), where=weights > 0))


def _factor(text: str, count: int) -> float:
    if not text:
        return 4 / count
    try:
        factor = float(parse_decimal(text))
    except ValueError as fault:
        raise Misuse(f"`--replicate-factor`: {fault}", "write a plain number, such as 0.025") from None
    if factor <= 0:
        raise Misuse(f"a factor of {text} gives no error", "give what the survey's makers say")
    return factor
