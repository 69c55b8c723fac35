"""Make `citizens/data/`: 10,000 tax units of the Current Population Survey, aged to 2024, as people and tax units.

Run it with a Python that has `taxcalc` (CC0), whose package carries the survey file; nothing else here needs that:

    python tests/validation/make_sample.py citizens/data

1. taxcalc reads its CPS file and carries incomes and weights forward to 2024.
2. Units are sorted by income and every n-th is taken, so that the sample has the survey's spread; then they are
   shuffled with a fixed seed, so that any first part of the file is a fair sample too. Weights are scaled to the
   survey's total.
3. Units that contradict themselves (a spouse of age 0, who is also counted among the children) are left out before
   that.
4. The survey states dependents as counts by age band. Ages are drawn evenly within each band, with the same seed: under
   6, 6-12, 13-16, 17, 18-20, 21-64, 65 and over. An income that the survey states for the whole unit is written on the
   head.
5. Money is rounded to whole dollars. Columns are named as the rules in `rules/us` name them; an empty cell is zero.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
import sys
from pathlib import Path
from typing import Any

YEAR, UNITS, SEED = 2024, 10_000, 20240415
STATUS = {1: "single", 2: "joint", 3: "separate", 4: "head_of_household", 5: "surviving_spouse"}
BY_FILER = {
    "employment_income": "e00200",
    "self_employment_income": "e00900",
    "farm_income": "e02100",
}
BY_UNIT = {
    "taxable_interest_income": "e00300",
    "tax_exempt_interest_income": "e00400",
    "qualified_dividend_income": "e00650",
    "alimony_income": "e00800",
    "capital_gains_distributions_not_on_schedule_d": "e01100",
    "taxable_ira_distributions": "e01400",
    "taxable_pension_income": "e01700",
    "unemployment_compensation": "e02300",
    "social_security": "e02400",
    "student_loan_interest": "e03210",
    "traditional_ira_contributions": "e03150",
    "self_employed_health_insurance_premiums": "e03270",
    "self_employed_pension_contributions": "e03300",
    "medical_out_of_pocket_expenses": "e17500",
    "state_and_local_income_tax_paid": "e18400",
    "real_estate_taxes": "e18500",
    "home_mortgage_interest": "e19200",
    "charitable_cash_donations": "e19800",
    "charitable_non_cash_donations": "e20100",
}
FLAGS = ("is_blind",)
PEOPLE = ["person_id", "tax_unit_id", "role", "age", *FLAGS, *BY_FILER, "non_qualified_dividend_income", *BY_UNIT]
TAX_UNITS = [
    "tax_unit_id",
    "weight",
    "state_fips",
    "filing_status",
    "head_is_dependent_elsewhere",
    "tax_unit_childcare_expenses",
]

Row = dict[str, Any]


def aged(*more: str) -> list[Row]:
    """The survey's units as taxcalc carries them to `YEAR`, with `more` of its columns."""
    import taxcalc

    records = taxcalc.Records.cps_constructor()
    calculator = taxcalc.Calculator(policy=taxcalc.Policy(), records=records)
    calculator.advance_to_year(YEAR)
    split = [f"{name}{end}" for name in BY_FILER.values() for end in "ps"]
    counts = ["nu06", "nu13", "nu18", "n1820", "n21", "n24", "elderly_dependents", "EIC"]
    plain = ["MARS", "DSI", "fips", "s006", "age_head", "age_spouse", "blind_head", "blind_spouse", "e00600", "e32800"]
    names = [*split, *counts, *plain, *BY_UNIT.values(), *more]
    columns = {name: calculator.array(name).tolist() for name in names}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def income(unit: Row) -> float:
    """What units are sorted by."""
    return float(sum(unit[name] for name in ("e00200p", "e00200s", "e00900p", "e00900s", "e01700", "e02400", "e00300")))


def chosen(units: list[Row], rng: random.Random) -> list[Row]:
    """Every n-th unit by income, shuffled, with weights that add up to the survey's."""
    sound = [unit for unit in units if not (unit["MARS"] == 2 and unit["age_spouse"] == 0)]
    ranked = sorted(range(len(sound)), key=lambda index: (income(sound[index]), index))
    step = len(sound) / UNITS
    taken = [sound[ranked[int((index + 0.5) * step)]] for index in range(UNITS)]
    scale = sum(unit["s006"] for unit in units) / sum(unit["s006"] for unit in taken)
    for unit in taken:
        unit["weight"] = unit["s006"] * scale
    rng.shuffle(taken)
    return taken


def dependent_ages(unit: Row, rng: random.Random) -> list[int]:
    """Ages for the dependents that the survey counts by band."""
    heads = [unit["age_head"]] + ([unit["age_spouse"]] if unit["MARS"] == 2 else [])
    minors = max(unit["nu18"] - sum(age < 18 for age in heads), unit["nu13"])
    adults = max(unit["n21"] - sum(age >= 21 for age in heads), 0)
    elderly = min(unit["elderly_dependents"], adults)
    seventeen = min(max(minors - unit["n24"], 0), minors - unit["nu13"])
    bands = [
        (int(unit["nu06"]), 0, 5),
        (int(unit["nu13"] - unit["nu06"]), 6, 12),
        (int(minors - unit["nu13"] - seventeen), 13, 16),
        (int(seventeen), 17, 17),
        (int(max(unit["n1820"] - sum(18 <= age <= 20 for age in heads), 0)), 18, 20),
        (int(adults - elderly), 21, 64),
        (int(elderly), 65, 85),
    ]
    return [rng.randint(low, high) for count, low, high in bands for _ in range(count)]


def people(name: str, unit: Row, rng: random.Random) -> list[Row]:
    """The rows of a unit's people: head, spouse, dependents."""
    head: Row = {"person_id": f"{name}-head", "role": "head", "age": unit["age_head"], "is_blind": unit["blind_head"]}
    head |= {ours: unit[f"{theirs}p"] for ours, theirs in BY_FILER.items()}
    head |= {ours: unit[theirs] for ours, theirs in BY_UNIT.items()}
    head["qualified_dividend_income"] = round(unit["e00650"])
    head["non_qualified_dividend_income"] = max(0, round(unit["e00600"]) - round(unit["e00650"]))
    rows = [head]
    if unit["MARS"] == 2:
        spouse = {"person_id": f"{name}-spouse", "role": "spouse", "age": unit["age_spouse"]}
        spouse |= {ours: unit[f"{theirs}s"] for ours, theirs in BY_FILER.items()}
        rows.append(spouse | {"is_blind": unit["blind_spouse"]})
    for number, age in enumerate(dependent_ages(unit, rng), 1):
        rows.append({"person_id": f"{name}-dependent-{number}", "role": "dependent", "age": age})
    return [{"tax_unit_id": name} | row for row in rows]


def tax_unit(name: str, unit: Row) -> Row:
    """The row of a unit."""
    return {
        "tax_unit_id": name,
        "weight": f"{unit['weight']:.2f}",
        "state_fips": unit["fips"],
        "filing_status": STATUS[int(unit["MARS"])],
        "head_is_dependent_elsewhere": unit["DSI"],
        "tax_unit_childcare_expenses": unit["e32800"],
    }


def write(path: Path, names: list[str], rows: list[Row]) -> None:
    """A gzip CSV that is the same, byte for byte, each time it is made."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    with path.open("wb") as stream, gzip.GzipFile("", "wb", 9, stream, mtime=0) as packed:
        packed.write(text.getvalue().encode())


def _cell(value: object) -> str:
    """A cell: money in whole dollars, zero as nothing."""
    if isinstance(value, float):
        value = round(value)
    return "" if value in (None, 0) else str(value)


def main() -> None:
    """Write `people.csv.gz` and `tax_units.csv.gz` into the folder named on the command line."""
    folder = Path(sys.argv[1])
    rng = random.Random(SEED)
    units = chosen(aged(), rng)
    names = [f"u{number:05d}" for number in range(1, len(units) + 1)]
    folder.mkdir(parents=True, exist_ok=True)
    everybody = [row for name, unit in zip(names, units, strict=True) for row in people(name, unit, rng)]
    write(folder / "people.csv.gz", PEOPLE, everybody)
    write(folder / "tax_units.csv.gz", TAX_UNITS, [tax_unit(n, unit) for n, unit in zip(names, units, strict=True)])


if __name__ == "__main__":
    main()
