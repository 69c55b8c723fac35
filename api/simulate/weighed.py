"""One reform beside current law: everything that the tables are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.simulate.exactly import exact_text
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

    def text(self, total: int) -> str:
        """A weighted total of steps of the units' money, as money."""
        return exact_text(total, self.units.step * self.scale)

    def both(self, name: str) -> tuple[Entries, Entries]:
        """A figure under current law and under the reform, in steps."""
        before, after = (in_steps(each.program, each, self.units.step, name) for each in (self.before, self.after))
        return before, after

    def error_of_total(self, column: Floats) -> float:
        """The standard error of the weighted total of a column."""
        weight = self.weight
        total = np.array([float(column @ weight)])
        return float(self.samples.error(self.samples.sums(column * weight), total)[0])
