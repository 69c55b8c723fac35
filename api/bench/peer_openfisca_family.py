"""openfisca-core's side of the bench of the service: run by a Python that has it, and needing nothing of this project.

    python peer_openfisca_family.py SITUATION.json YEAR NAMES SECONDS

OpenFisca has no law of the United States. Eight formulas give what a head of household with two children and wages
owes and gets in 2024: the bare sums, without the conditions of the Code. For so many seconds the household is made anew
and its figures are computed, as a service would for each request; the milliseconds of each, and the figures, go out as
JSON. Making the system is not counted.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

STANDARD_DEDUCTION = 21_900
BRACKETS = ((0, 0.10), (16_550, 0.12), (63_100, 0.22))
CREDIT, REFUNDABLE = 2_000, 1_700
EARNINGS_FROM, EARNINGS_SHARE = 2_500, 0.15
EITC_MOST, EITC_IN, EITC_OUT, EITC_FROM = 6_960, 0.40, 0.2106, 22_720
Formula = Callable[[Any, Any], Any]


def formulas() -> dict[str, Formula]:
    """The tax unit's figures by name."""

    def taxable(unit: Any, period: Any) -> Any:
        return np.maximum(unit("wages", period) - STANDARD_DEDUCTION, 0)

    def tax_before_credits(unit: Any, period: Any) -> Any:
        income, rates = unit("taxable", period), [0, *(rate for _, rate in BRACKETS)]
        steps = zip(BRACKETS, rates, strict=False)
        return sum(np.maximum(income - start, 0) * (rate - before) for (start, rate), before in steps)

    def child_credit(unit: Any, period: Any) -> Any:
        return unit("children", period) * CREDIT

    def ctc_against_tax(unit: Any, period: Any) -> Any:
        return np.minimum(unit("child_credit", period), unit("tax_before_credits", period))

    def refundable_ctc(unit: Any, period: Any) -> Any:
        left = unit("child_credit", period) - unit("ctc_against_tax", period)
        earned = np.maximum(unit("wages", period) - EARNINGS_FROM, 0) * EARNINGS_SHARE
        return np.minimum(np.minimum(left, unit("children", period) * REFUNDABLE), earned)

    def eitc(unit: Any, period: Any) -> Any:
        wages = unit("wages", period)
        out = np.maximum(wages - EITC_FROM, 0) * EITC_OUT
        return np.maximum(np.minimum(wages * EITC_IN, EITC_MOST) - out, 0)

    def income_tax(unit: Any, period: Any) -> Any:
        tax = unit("tax_before_credits", period) - unit("ctc_against_tax", period)
        return tax - unit("refundable_ctc", period) - unit("eitc", period)

    listed = (taxable, tax_before_credits, child_credit, ctc_against_tax, refundable_ctc, eitc, income_tax)
    return {formula.__name__: formula for formula in listed}


def system() -> Any:
    """People in tax units, with wages and ages, and the figures."""
    from openfisca_core.entities import build_entity
    from openfisca_core.periods import YEAR
    from openfisca_core.taxbenefitsystems import TaxBenefitSystem
    from openfisca_core.variables import Variable

    roles = [{"key": "member", "plural": "members", "label": "Members"}]
    person = build_entity(key="person", plural="people", label="A person", is_person=True)
    unit = build_entity(key="tax_unit", plural="tax_units", label="A tax unit", roles=roles)
    made = TaxBenefitSystem([person, unit])

    def add(name: str, entity: Any, formula: Formula | None = None) -> None:
        body = {"value_type": float, "entity": entity, "definition_period": YEAR, "label": name}
        made.add_variable(type(name, (Variable,), {**body, "formula": formula} if formula is not None else body))

    def wages(one_unit: Any, period: Any) -> Any:
        return one_unit.sum(one_unit.members("employment_income", period))

    def children(one_unit: Any, period: Any) -> Any:
        return one_unit.sum(one_unit.members("age", period) < 17)

    for name in ("age", "employment_income"):
        add(name, person)
    for name, formula in {"wages": wages, "children": children, **formulas()}.items():
        add(name, unit, formula)
    return made


def main(path: str, year: str, names: str, seconds: str) -> None:
    """Compute, and print what was measured."""
    from openfisca_core.simulation_builder import SimulationBuilder

    told = json.loads(Path(path).read_text(encoding="utf-8"))
    situation = {part: told[part] for part in ("people", "tax_units")}
    made, times, figures = system(), list[float](), dict[str, float]()
    until = 0.0
    while time.perf_counter() < until or len(times) < 3:
        start = time.perf_counter()
        simulation = SimulationBuilder().build_from_entities(made, situation)
        figures = {name: float(simulation.calculate(name, year)[0]) for name in names.split(",")}
        if until:
            times.append((time.perf_counter() - start) * 1000)
        else:
            until = time.perf_counter() + float(seconds)
    json.dump({"times_ms": sorted(times), "figures": figures}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
