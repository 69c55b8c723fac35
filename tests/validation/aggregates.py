"""The aggregates of 2017 to 2035 that taxcalc ships for its survey under current law, beside ours on the same units.

    python -m tests.validation.aggregates FOLDER [--years 2017-2035] [--taxcalc-python PYTHON]

1. `peer_cps.py --distributions` writes the survey of each year, carried forward with its weights as taxcalc does it,
   into FOLDER (with a Python that has taxcalc, what is missing is made). `data/taxcalc_aggregates.csv` is the table
   that taxcalc ships with its own tests (`cpscsv_agg_expect.csv`, CC0), in billions and millions to one decimal.
2. Our rules compute every unit; whether it itemizes is as taxcalc elected it. After 2026 the law is a projection: so
   that the rules are compared and not two forecasts, the indexes are laid over ours as taxcalc assumes them.
3. Four figures a row: ours; taxcalc's shipped one, for which it smooths the law's steps; what taxcalc answers for the
   same units without smoothing; and ours with the units of which a class of `DIFFERENCES.md` explains a figure put as
   taxcalc has them. Where the last two are further apart than 0.1% something is unexplained, but for what projected
   amounts do that the law rounds and taxcalc does not, and what differs by less than a dollar a unit.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Program
from tests.validation import cps
from tests.validation.reforms import compare, named
from tests.validation.reforms.laying import laid_over

SHIPPED = Path(__file__).parent / "data" / "taxcalc_aggregates.csv"
CLOSE, HALF_A_DIGIT = 0.001, 0.0501
ROUNDED, ROUNDED_CREDITS = 0.002, 0.02  # of projected years: amounts are rounded, the child credit to 100 dollars
LAST_KNOWN = 2026
# taxcalc's growth of prices (`growfactors.csv`, ACPIU) and of wages (AWAGE) by calendar year: what moves an amount of a
# year on to the next.
PRICES = {2026: 1.029301, 2027: 1.025417, 2028: 1.023663, 2029: 1.022858, 2030: 1.022663, 2031: 1.022531,
          2032: 1.022578, 2033: 1.022611, 2034: 1.022572}  # fmt: skip
WAGES = {2026: 1.034974, 2027: 1.035776, 2028: 1.034248, 2029: 1.033076, 2030: 1.032667, 2031: 1.032004,
         2032: 1.031167, 2033: 1.030948, 2034: 1.030992}  # fmt: skip
# taxcalc refunds the credit for other dependents of 2021, which the law does not: together the two are the same.
REFUNDED = ("Refundable Credits ($b)", "Nonrefundable Credits ($b)")
BASES = {"chained_cpi": 1.28123, "consumer_price_index": 310.82, "average_wage_index": 69_846.57}
Array = NDArray[Any]


def shipped() -> dict[int, dict[str, float]]:
    """taxcalc's table by year."""
    with SHIPPED.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    years = [name for name in rows[0] if name]
    return {int(year): {row[""]: float(row[year]) for row in rows} for year in years}


def overlay_of_indexes() -> str:
    """A reform that moves our indexes as taxcalc does."""
    lines = ["about: Prices and wages as taxcalc assumes them", "law: an assumption, no law", "set:"]
    for name, base in BASES.items():
        growth = WAGES if name == "average_wage_index" else PRICES
        value, dated = base, []
        for year, factor in growth.items():
            value *= factor
            dated.append(f"{year + 1}-01-01: {value:.6f}")
        lines.append(f"  {name}: {{{', '.join(dated)}}}")
    return "\n".join(lines) + "\n"


@cache
def law_of(projected: bool) -> Program:
    """Our rules; for projected years under taxcalc's assumptions."""
    program = compare.current_law()
    return laid_over(program, compare.written(), overlay_of_indexes()) if projected else program


def aggregates(amounts: Mapping[str, Array], weights: Array) -> dict[str, float]:
    """The rows of the table from amounts of units under taxcalc's names."""
    amounts = {**amounts, "combined": amounts["iitax"] + amounts["payrolltax"]}
    billions = {
        "AGI ($b)": "c00100", "Itemized Deduction ($b)": "c04470", "Standard Deduction ($b)": "standard",
        "Personal Exemption ($b)": "c04600", "Taxable Income ($b)": "c04800", "Regular Tax ($b)": "taxbc",
        "AMT Income ($b)": "c62100", "AMT Liability ($b)": "c09600", "Tax before Credits ($b)": "c05800",
        "Refundable Credits ($b)": "refund", "Nonrefundable Credits ($b)": "c07100", "Other Taxes ($b)": "othertaxes",
        "Ind Income Tax ($b)": "iitax", "Payroll Taxes ($b)": "payrolltax", "Combined Liability ($b)": "combined",
    }  # fmt: skip
    millions = {
        "Returns (#m)": weights >= 0, "Itemizers (#m)": amounts["c04470"] > 0,
        "Standard Deduction Filers (#m)": amounts["standard"] > 0, "AMT Filers (#m)": amounts["c09600"] > 0,
        "With Income Tax <= 0 (#m)": amounts["iitax"] <= 0, "With Combined Tax <= 0 (#m)": amounts["combined"] <= 0,
    }  # fmt: skip
    return {row: float(amounts[name] @ weights) / 1e9 for row, name in billions.items()} | {
        row: float(weights[flags].sum()) / 1e6 for row, flags in millions.items()
    }


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a year: ours, taxcalc's shipped one, taxcalc's without smoothing, and ours without what is explained."""

    year: int
    name: str
    ours: float
    shipped: float
    exact: float
    rest: float

    @property
    def close(self) -> bool:
        """Ours is within 0.1% of the shipped one, or no further than its last digit leaves room."""
        return _close(self.ours, self.shipped)

    @property
    def explained(self) -> bool:
        """What is left is close to taxcalc's, or `DIFFERENCES.md` says of the row why it is not."""
        if self.name in REFUNDED and self.year == 2021:
            return True
        projected = ROUNDED_CREDITS if self.name in REFUNDED else ROUNDED
        return _close(self.rest, self.exact, projected if self.year > LAST_KNOWN else CLOSE)


def _close(one: float, other: float, share: float = CLOSE) -> bool:
    return abs(one - other) <= max(share * abs(other), HALF_A_DIGIT)


def compared(folder: Path, year: int) -> Iterator[Row]:
    """The rows of a year."""
    units = cps.read(folder / f"cps_{year}.npz")
    program = law_of(year > LAST_KNOWN)
    population = cps.population(program, year, {**units, "year": np.array(year)})
    ours, exact = named.our_figures(program, population, units), exact_figures(units)
    figures = compare.ours(program, compare.itemizing(program, population, units, units))
    explained = named.left_out(units, figures, compare.theirs(units, year), min(year, LAST_KNOWN))
    rest = {name: np.where(explained, exact[name], amounts) for name, amounts in ours.items()}
    told = shipped()[year]
    sides = [aggregates(each, units["s006"]) for each in (ours, exact, rest)]
    for name, own in sides[0].items():
        yield Row(year, name, own, told[name], sides[1][name], sides[2][name])


def exact_figures(units: Mapping[str, Array]) -> dict[str, Array]:
    """taxcalc's own answers in dollars, without its smoothing of steps."""
    by_name = {name: units[f"out_{name}"] for name in named.OURS if f"out_{name}" in units}
    by_name |= {name: units[f"out_{name}"] for name in ("c04470", "standard")}
    by_name["payrolltax"] = np.sum([units[f"out_{name}"] for name in ("ptax_was", "setax", "ptax_amc")], axis=0)
    by_name["othertaxes"] = units["out_c09200"] - _regular(units)
    return by_name


def _regular(units: Mapping[str, Array]) -> Array:
    """What of the total tax is no other tax: the tax before credits less those that are not refunded."""
    return np.asarray(np.maximum(0.0, units["out_c05800"] - units["out_c07100"]))


def main() -> int:
    """Print every row; 5 if one is neither close nor explained."""
    parser = argparse.ArgumentParser(prog="python -m tests.validation.aggregates", description=__doc__)
    parser.add_argument("folder", type=Path, help="what `peer_cps.py --distributions` wrote")
    parser.add_argument("--years", default="2017-2035")
    parser.add_argument("--taxcalc-python", help="makes the files that are missing")
    options = parser.parse_args()
    first, _, last = options.years.partition("-")
    rows: list[Row] = []
    print(f"{'':39} {'ours':>10} {'shipped':>10} {'exact':>10} {'rest':>10}")
    for year in range(int(first), int(last or first) + 1):
        if options.taxcalc_python and not (options.folder / f"cps_{year}.npz").is_file():
            command = [options.taxcalc_python, str(cps.PEER), str(options.folder), "--years", str(year)]
            subprocess.run([*command, "--distributions"], check=True)
        for row in compared(options.folder, year):
            rows.append(row)
            figures = f"{row.ours:10.1f} {row.shipped:10.1f} {row.exact:10.1f} {row.rest:10.1f}"
            said = "" if row.close else "explained" if row.explained else "NOT EXPLAINED"
            print(f"{year} {row.name:34} {figures}  {said}", flush=True)
    far = [row for row in rows if not row.close]
    unexplained = [row for row in far if not row.explained]
    print(f"{len(rows)} aggregates, {len(far)} further apart than 0.1%, {len(unexplained)} of them unexplained")
    return 5 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
