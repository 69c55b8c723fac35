"""taxcalc's side of the bench: run by a Python that has it, and needing nothing of this project.

    python peer_taxcalc.py survey OUT.npz    the survey that taxcalc ships, carried to 2024, as people and tax units;
                                             with a year after it, carried to that year, with the units' weights
    python peer_taxcalc.py warm              seconds of `calc_all` on it, repeated in one process, as JSON
    python peer_taxcalc.py cold OUT.npz      from nothing to twenty figures in a file, once

Every unit of the survey is taken. It states dependents as counts by age band: ages are drawn evenly within each (under
6, 6-12, 13-16, 17, 18-20, 21-64, 65 and over), with a fixed seed. An income that is stated for the whole unit is
written on the head. Amounts are in cents.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

YEAR, SEED = 2024, 20240415
STATUS = ("", "single", "joint", "separate", "head_of_household", "surviving_spouse")
BANDS = ((0, 5), (6, 12), (13, 16), (17, 17), (18, 20), (21, 64), (65, 85))
BY_FILER = {"employment_income": "e00200", "self_employment_income": "e00900", "farm_income": "e02100"}
BY_UNIT = {
    "taxable_interest_income": "e00300", "tax_exempt_interest_income": "e00400", "qualified_dividend_income": "e00650",
    "alimony_income": "e00800", "capital_gains_distributions_not_on_schedule_d": "e01100",
    "taxable_ira_distributions": "e01400", "taxable_pension_income": "e01700", "unemployment_compensation": "e02300",
    "social_security": "e02400", "student_loan_interest": "e03210", "traditional_ira_contributions": "e03150",
    "self_employed_health_insurance_premiums": "e03270", "self_employed_pension_contributions": "e03300",
    "medical_out_of_pocket_expenses": "e17500", "state_and_local_income_tax_paid": "e18400",
    "real_estate_taxes": "e18500", "home_mortgage_interest": "e19200", "charitable_cash_donations": "e19800",
    "charitable_non_cash_donations": "e20100",
}  # fmt: skip
ANSWERS = (
    "c00100", "c01000", "c02900", "c02500", "standard", "c04470", "c04800", "qbided", "taxbc", "c09600", "c05800",
    "niit", "ptax_amc", "eitc", "c07220", "c11070", "c07100", "refund", "iitax", "payrolltax",
)  # fmt: skip
Array = Any


def calculator(year: int = YEAR) -> Any:
    """The survey under the law of the year."""
    import taxcalc

    records = taxcalc.Records.cps_constructor()
    calc = taxcalc.Calculator(policy=taxcalc.Policy(), records=records, verbose=False)
    calc.advance_to_year(year)
    return calc


def dependents(unit: dict[str, Array]) -> tuple[Array, Array]:
    """For each dependent its unit and age, in the order of the units."""
    joint = unit["MARS"] == 2
    heads = [(unit["age_head"], np.ones_like(joint)), (unit["age_spouse"], joint)]

    def filers(low: int, high: int) -> Array:
        return sum((there & (age >= low) & (age <= high)).astype(int) for age, there in heads)

    minors = np.maximum(unit["nu18"] - filers(0, 17), unit["nu13"])
    adults = np.maximum(unit["n21"] - filers(21, 999), 0)
    elderly = np.minimum(unit["elderly_dependents"], adults)
    seventeen = np.minimum(np.maximum(minors - unit["n24"], 0), minors - unit["nu13"])
    middle = minors - unit["nu13"] - seventeen
    students = np.maximum(unit["n1820"] - filers(18, 20), 0)
    counts = (unit["nu06"], unit["nu13"] - unit["nu06"], middle, seventeen, students, adults - elderly, elderly)
    rng = np.random.default_rng(SEED)
    rows = [np.repeat(np.arange(len(joint)), count.astype(int)) for count in counts]
    ages = [rng.integers(low, high + 1, len(of)) for (low, high), of in zip(BANDS, rows, strict=True)]
    whose, age = np.concatenate(rows), np.concatenate(ages)
    order = np.argsort(whose, kind="stable")
    return whose[order], age[order]


def people(unit: dict[str, Array]) -> dict[str, Array]:
    """Everybody, unit by unit: head, spouse, dependents. `tax_unit_id` is the unit's number from 0."""
    count = len(unit["MARS"])
    joint = np.flatnonzero(unit["MARS"] == 2)
    whose, ages = dependents(unit)
    of = np.concatenate([np.arange(count), joint, whose])
    role = np.repeat([0, 1, 2], [count, len(joint), len(whose)])
    order = np.lexsort([role, of])
    nobody = np.zeros(len(whose))

    def made(head: Array, spouse: Array) -> Array:
        return np.concatenate([head, spouse[joint], nobody])[order]

    def cents(amounts: Array) -> Array:
        return np.rint(amounts * 100).astype(np.int64)

    none = np.zeros(count)
    age = np.concatenate([unit["age_head"], unit["age_spouse"][joint], ages])[order]
    columns = {"tax_unit_id": of[order], "role": role[order].astype(np.int8), "age": age.astype(np.int32)}
    columns["is_blind"] = made(unit["blind_head"], unit["blind_spouse"]).astype(bool)
    for ours, theirs in BY_FILER.items():
        columns[ours] = cents(made(unit[f"{theirs}p"], unit[f"{theirs}s"]))
    for ours, theirs in BY_UNIT.items():
        columns[ours] = cents(made(unit[theirs], none))
    plain = np.maximum(0, cents(unit["e00600"]) - cents(unit["e00650"]))
    columns["non_qualified_dividend_income"] = made(plain, none).astype(np.int64)
    return columns


def survey(out: str, year: str = "") -> None:
    """Write the survey's people and tax units; with weights if a year is named."""
    calc = calculator(int(year or YEAR))
    split = [f"{name}{end}" for name in BY_FILER.values() for end in "ps"]
    counts = ["nu06", "nu13", "nu18", "n1820", "n21", "n24", "elderly_dependents"]
    plain = ["MARS", "DSI", "age_head", "age_spouse", "blind_head", "blind_spouse", "e00600", "e32800"]
    unit = {name: calc.array(name) for name in [*split, *counts, *plain, *BY_UNIT.values()]}
    arrays = {f"person/{name}": array for name, array in people(unit).items()}
    arrays["tax_unit/filing_status"] = np.array(STATUS)[unit["MARS"].astype(int)]
    arrays["tax_unit/head_is_dependent_elsewhere"] = unit["DSI"].astype(bool)
    arrays["tax_unit/tax_unit_childcare_expenses"] = np.rint(unit["e32800"] * 100).astype(np.int64)
    if year:
        arrays["tax_unit/weight"] = np.round(calc.array("s006"), 2)
    np.savez(out, **arrays)


def warm() -> None:
    """Print the seconds of a first and of repeated calculations."""
    import taxcalc

    calc = calculator()
    times = []
    for _ in range(6):
        start = time.perf_counter()
        calc.calc_all()
        times.append(time.perf_counter() - start)
    units = len(calc.array("s006"))
    print(json.dumps({"version": taxcalc.__version__, "units": units, "warm": min(times[1:])}))


def cold(out: str) -> None:
    """Compute once, and write what was computed in numpy's own form, which costs next to nothing."""
    calc = calculator()
    calc.calc_all()
    np.savez(out, **{name: calc.array(name) for name in ANSWERS})


if __name__ == "__main__":
    {"survey": survey, "warm": lambda: warm(), "cold": cold}[sys.argv[1]](*sys.argv[2:])  # type: ignore[operator]
