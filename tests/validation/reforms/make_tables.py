"""Have taxcalc make its own tables of some units, for a test of ours on the same amounts.

    python -m tests.validation.reforms.make_tables OUT.npz     (with a Python that has `taxcalc`)

The file holds amounts of each unit before and after a reform, weights, and taxcalc's tables of them.
"""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np

from tests.validation.reforms.peer import policy_of, random_units

YEAR, UNITS, SEED = 2026, 400, 5
REFORM = {"STD": {"2026": [12_000, 40_000, 12_000, 20_000, 30_000]}, "STD-indexed": {"2026": False}}
TAXES = ("iitax", "payrolltax", "combined")
WAYS = ("weighted_deciles", "standard_income_bins")


def main() -> None:
    """Write the file named on the command line."""
    import taxcalc

    frame = random_units(YEAR, UNITS, random.Random(SEED))
    frame["s006"] = np.round(np.random.default_rng(SEED).lognormal(7, 0.8, UNITS), 2)
    calculators = []
    for reform in ({}, REFORM):
        records = taxcalc.Records(
            data=frame.copy(), start_year=YEAR, gfactors=None, weights=None, adjust_ratios=None, exact_calculations=True
        )
        calculator = taxcalc.Calculator(policy=policy_of(reform, YEAR), records=records, sync_years=False)
        calculator.advance_to_year(YEAR)
        calculator.calc_all()
        calculators.append(calculator)
    law, after = calculators
    by_name: dict[str, Any] = {"weights": law.array("s006")}
    for side, calculator in (("law", law), ("reform", after)):
        for name in taxcalc.DIST_VARIABLES:
            by_name[f"{side}/{name}"] = calculator.array(name)
    for way in WAYS:
        for side, table in zip(("law", "reform"), law.distribution_tables(after, way, scaling=False), strict=True):
            by_name[f"distribution/{way}/{side}"] = table.to_numpy(dtype=np.float64)
        for tax in TAXES:
            by_name[f"difference/{way}/{tax}"] = law.difference_table(after, way, tax).to_numpy(dtype=np.float64)
    np.savez_compressed(sys.argv[1], **by_name)


if __name__ == "__main__":
    main()
