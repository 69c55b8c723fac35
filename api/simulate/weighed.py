"""One reform beside current law: everything that the tables are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.simulate.exactly import exact_text, weighted_total
from api.simulate.known import Entries
from api.simulate.outcomes import Outcome, Units, in_steps
from api.simulate.sampling import Floats, Samples
from api.simulate.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """One reform beside current law: everything that the tables are made of, in whole steps.

    `net` is net income under current law, `change` what the reform adds. `threshold` is how many steps count as a
    change. `samples` tell standard errors.
    """

    view: View
    units: Units
    weights: NDArray[np.int64]
    scale: int
    before: Outcome
    after: Outcome
    net: Entries
    change: Entries
    threshold: int
    samples: Samples

    @property
    def weight(self) -> Floats:
        """How many units each row stands for."""
        return self.weights / self.scale

    def text(self, entries: Entries) -> str:
        """The exact weighted total of entries in steps of the units' money."""
        return exact_text(weighted_total(entries, self.weights), self.units.step * self.scale)

    def both(self, name: str) -> tuple[Entries, Entries]:
        """A figure under current law and under the reform, in steps."""
        before, after = (in_steps(each.program, each, self.units.step, name) for each in (self.before, self.after))
        return before, after

    def errors_of_totals(self, columns: Sequence[Floats]) -> Floats:
        """The standard error of the weighted total of each column."""
        weight = self.weight
        totals = np.concatenate([self.samples.sums(column * weight) for column in columns], axis=1)
        return self.samples.error(totals, np.array([float(column @ weight) for column in columns]))
