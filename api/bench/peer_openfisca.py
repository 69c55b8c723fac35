"""openfisca-core's side of the bench: run by a Python that has it, and needing nothing of this project.

    python peer_openfisca.py FIGURES PEOPLE    seconds to compute the last figure of the made ruleset, as JSON

The figures are those of `made.py`: each reads the one before it and one a third further back.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

PERIOD = "2024"


def system(figures: int) -> Any:
    """The made ruleset as a tax and benefit system."""
    from openfisca_core.entities import build_entity
    from openfisca_core.periods import YEAR
    from openfisca_core.taxbenefitsystems import TaxBenefitSystem
    from openfisca_core.variables import Variable

    person = build_entity(key="person", plural="people", label="A person", is_person=True)
    tax_benefit_system = TaxBenefitSystem([person])
    common = {"value_type": float, "entity": person, "definition_period": YEAR, "label": "V"}
    tax_benefit_system.add_variable(type("income", (Variable,), dict(common)))
    for at in range(figures):
        tax_benefit_system.add_variable(type(f"v{at}", (Variable,), {**common, "formula": formula_of(at)}))
    return tax_benefit_system


def formula_of(at: int) -> Any:
    """The formula of a figure."""
    before, earlier = f"v{at - 1}" if at else "income", f"v{at * 2 // 3}" if at > 2 else "income"

    def formula(people: Any, period: Any) -> Any:
        low = np.minimum(people(earlier, period), at + 1)
        return np.maximum(0, np.minimum(people(before, period) + 7, 100_000) - 0.125 * low)

    return formula


def main() -> None:
    """Measure, each time with a new simulation."""
    from openfisca_core.simulations import SimulationBuilder

    sys.setrecursionlimit(100_000)
    figures, people = map(int, sys.argv[1:])
    made = system(figures)
    times = []
    for _ in range(4):
        simulation = SimulationBuilder().build_default_simulation(made, people)
        simulation.set_input("income", PERIOD, np.arange(people) % 200_000)
        start = time.perf_counter()
        amounts = simulation.calculate(f"v{figures - 1}", PERIOD)
        times.append(time.perf_counter() - start)
    print(json.dumps({"seconds": min(times), "sum": float(amounts.astype(np.float64).sum())}))


if __name__ == "__main__":
    main()
