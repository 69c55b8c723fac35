"""Against taxcalc on its whole survey, 280,005 tax units a year, computed by machine code.

1. `peer_cps.py` writes taxcalc's inputs and answers, a file for each year.
2. The inputs become a population in columns, named as the rules name them, in the way of `taxcalc_peer`: counts of
   people and amounts that taxcalc takes as allowed are given as figures. A filer whose age is not known (0) is 40, as
   taxcalc denies nothing for it; one under 18 who does not file jointly is a child whose parents live (26 USC 1(g)(2)),
   without tax at the parents' rate, which taxcalc does not know.
3. The rules compute everybody; figures within a dollar agree. Sums over all units are compared with their weights.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Program
from engine.native import evaluate
from engine.population.columns import Columns
from engine.population.door import from_numpy
from engine.values.periods import parse_period
from tests.validation.classes import explain
from tests.validation.compare import Difference, Tally
from tests.validation.taxcalc_peer import STATUS

DATA = Path(__file__).parent / "data" / "cps"
PEER = Path(__file__).parent / "peer_cps.py"
YEARS = range(2013, 2027)
SOURCE = "taxcalc, CPS"
UNKNOWN_AGE = 40
DEPENDENTS_AGE = 30  # decides nothing: the counts of them are given
Array = NDArray[Any]
Arrays = Mapping[str, Array]

HEAD = {
    "farm_income": "e02100p", "employment_income": "e00200p", "self_employment_income": "e00900p",
    "wage_deferrals_subject_to_payroll_tax": "pencon_p", "taxable_interest_income": "e00300",
    "tax_exempt_interest_income": "e00400", "qualified_dividend_income": "e00650", "alimony_income": "e00800",
    "capital_gains_distributions_not_on_schedule_d": "e01100", "long_term_capital_gains": "p23250",
    "taxable_ira_distributions": "e01400", "taxable_pension_income": "e01700",
    "unemployment_compensation": "e02300", "social_security": "e02400", "traditional_ira_contributions": "e03150",
    "domestic_production_ald": "e03240", "medical_out_of_pocket_expenses": "e17500",
    "state_and_local_income_tax_paid": "e18400", "real_estate_taxes": "e18500", "home_mortgage_interest": "e19200",
    "charitable_cash_donations": "e19800", "charitable_non_cash_donations": "e20100",
    "other_miscellaneous_expenses": "e20400", "age": "age_head",
}  # fmt: skip
SPOUSE = {
    "employment_income": "e00200s", "self_employment_income": "e00900s", "farm_income": "e02100s",
    "wage_deferrals_subject_to_payroll_tax": "pencon_s", "age": "age_spouse",
}  # fmt: skip
OF_BUSINESS = {"self_employed_pension_contributions": "e03300", "self_employed_health_insurance_ald_person": "e03270"}
UNIT = {
    "tax_unit_childcare_expenses": "e32800", "student_loan_interest_deduction": "e03210", "eitc_child_count": "EIC",
    "count_cdcc_eligible": "f2441", "ctc_young_child_count": "nu06",
}  # fmt: skip
# The figures that are compared: ours, and taxcalc's less others of taxcalc's.
FIGURES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "income tax": (("income_tax",), ("c09200",), ("setax", "ptax_amc", "refund")),
    "payroll tax": (("payroll_tax", "additional_medicare_tax"), ("ptax_was", "setax", "ptax_amc"), ()),
    "AGI": (("adjusted_gross_income",), ("c00100",), ()),
    "taxable income": (("taxable_income",), ("c04800",), ()),
    "AMT": (("alternative_minimum_tax",), ("c09600",), ()),
    "EITC": (("eitc",), ("c59660",), ()),
    "CTC": (("non_refundable_ctc", "refundable_ctc"), ("ctc_total",), ()),
    "ACTC": (("refundable_ctc",), ("c11070",), ()),
}
WHOLLY_REFUNDED = {2021: ("c07220", "ctc_new")}  # taxcalc keeps it apart from the additional credit
WANTED = tuple(dict.fromkeys(name for ours, _, _ in FIGURES.values() for name in ours))


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A figure of a year: by unit, ours and theirs in cents, and the weights."""

    figure: str
    year: int
    ours: Array
    theirs: Array
    weights: Array

    @property
    def differing(self) -> Array:
        """The rows that are further apart than a dollar."""
        return np.flatnonzero(np.abs(self.ours - self.theirs) > 100)

    def apart(self, kept: Array | slice = slice(None)) -> float:
        """Our weighted total less theirs, of the units kept, as a share of theirs. Weights are no law."""
        total = abs(float(self.theirs @ self.weights))
        return float((self.ours - self.theirs)[kept] @ self.weights[kept]) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Totals:
    """How far weighted totals are apart, as a share: of all units, and of those that no class explains."""

    all_units: float
    unexplained: float


def read(path: Path) -> dict[str, Array]:
    """A year's file."""
    with np.load(path) as result:
        return {name: result[name] for name in result.files}


def population(program: Program, year: int, units: Arrays) -> Columns:
    """The units of a year as columns."""
    rows = np.arange(len(units["MARS"]))
    joint = np.flatnonzero(units["MARS"] == 2)
    dependents = np.maximum(0, units["XTOT"] - np.where(units["MARS"] == 2, 2, 1)).astype(np.int64)
    of_dependents = np.repeat(rows, dependents)
    head, spouse = _head(units, year), _named(units, SPOUSE, joint)
    spouse["is_blind"] = units["blind_spouse"][joint] != 0
    _of_business(units, head, spouse, joint)
    for filer in (head, spouse):
        filer["age"] = np.where(filer["age"] == 0, UNKNOWN_AGE, filer["age"])
    people = {name: _stacked(head, spouse, name, len(of_dependents)) for name in head}
    people["age"][len(rows) + len(joint) :] = DEPENDENTS_AGE
    people["person_id"] = np.arange(len(people["age"]))
    people["tax_unit_id"] = np.concatenate([rows, joint, of_dependents])
    people["role"] = np.repeat(["head", "spouse", "dependent"], [len(rows), len(joint), len(of_dependents)])
    admitted = from_numpy(program, parse_period(str(year)), {"person": people, "tax_unit": _units(units, dependents)})
    assert admitted.columns is not None, admitted.problems[:5]
    return admitted.columns


def _named(units: Arrays, names: Mapping[str, str], rows: Array | slice = slice(None)) -> dict[str, Array]:
    return {ours: units[theirs][rows] for ours, theirs in names.items()}


def cents(amounts: Array) -> Array:
    """Amounts as the floats nearest to whole cents."""
    rounded: Array = np.rint(amounts * 100) / 100
    return rounded


def _stacked(head: Arrays, spouse: Arrays, name: str, dependents: int) -> Array:
    """A column of heads, spouses and dependents; who has none has nothing."""
    first = head[name]
    second = spouse.get(name, np.zeros(len(spouse["age"]), dtype=first.dtype))
    return np.concatenate([first, second, np.zeros(dependents, dtype=first.dtype)])


def _head(units: Arrays, year: int) -> dict[str, Array]:
    facts = _named(units, HEAD)
    facts["is_blind"] = units["blind_head"] != 0
    facts["non_qualified_dividend_income"] = cents(units["e00600"] - units["e00650"])
    facts["nontaxable_pensions_and_benefits"] = cents(units["e01500"] - units["e01700"])
    facts["alimony_agreement_after_2018"] = np.full(len(units["MARS"]), year > 2018)
    return facts


def _of_business(units: Arrays, head: dict[str, Array], spouse: dict[str, Array], joint: Array) -> None:
    """What the unit paid for a business is of the spouse with the larger one."""
    profits = [units[f"e00900{end}"] + units[f"e02100{end}"] for end in "ps"]
    of_spouse = (units["MARS"] == 2) & (profits[1] > profits[0])
    for ours, theirs in OF_BUSINESS.items():
        head[ours] = np.where(of_spouse, 0, units[theirs])
        spouse[ours] = np.where(of_spouse, units[theirs], 0)[joint]


def _units(units: Arrays, dependents: Array) -> dict[str, Array]:
    facts = _named(units, UNIT)
    separate = units["MARS"] == 3
    facts["tax_unit_id"] = np.arange(len(separate))
    facts["filing_status"] = np.array(["", *STATUS.values()])[units["MARS"].astype(np.int64)]
    facts["files_separately"] = separate
    facts["lived_apart_from_spouse_all_year"] = facts["lived_apart_from_spouse_last_six_months"] = separate
    facts["head_is_dependent_elsewhere"] = units["DSI"] != 0
    facts["ctc_child_count"] = children = _children(units)
    facts["other_dependent_count"] = np.maximum(0, dependents - children)
    facts["tax_unit_itemizes"] = _election(units)
    facts["child_taxed_at_parents_rate"] = (units["age_head"] > 0) & (units["age_head"] < 18) & (units["MARS"] != 2)
    facts["kiddie_tax"] = np.zeros(len(separate), dtype=np.int64)
    return facts


def _children(units: Arrays) -> Array:
    """Children under 17; for 2021 under 18."""
    under_17: Array = units["n24"].astype(np.int64)
    if units["year"] != 2021:
        return under_17
    filers = (units["age_head"] < 18).astype(np.int64) + ((units["MARS"] == 2) & (units["age_spouse"] < 18))
    older: Array = np.maximum(0, units["nu18"].astype(np.int64) - filers - under_17)
    return under_17 + older


def _election(units: Arrays) -> Array:
    """What taxcalc elected, where it is not simply the larger deduction (see `taxcalc_peer`)."""
    standard, itemized = units["out_standard"], units["out_c04470"]
    idle = (itemized == 0) & (units["out_c05800"] <= units["out_c07100"])
    chosen = (standard == 0) & ~idle
    given: Array = np.ma.masked_array(chosen, mask=~(idle | chosen))
    return given


def compared(program: Program, year: int, units: Arrays) -> Iterator[Compared]:
    """Each figure of a year."""
    figures = evaluate(program, population(program, year, {**units, "year": np.array(year)}), WANTED).figures
    for figure, (ours, plus, minus) in FIGURES.items():
        if figure == "ACTC":
            plus = (*plus, *WHOLLY_REFUNDED.get(year, ()))
        assert all(figures[name].status is None for name in ours)
        mine = sum(figures[name].entries for name in ours)
        yours = sum(_cents(units[f"out_{name}"]) for name in plus) - sum(_cents(units[f"out_{name}"]) for name in minus)
        yield Compared(figure, year, np.asarray(mine), np.asarray(yours), units["s006"])


def _cents(amounts: Array) -> Array:
    cents: Array = np.round(amounts * 100).astype(np.int64)
    return cents


def make(python: str, folder: Path, years: Sequence[int]) -> None:
    """Have taxcalc write the files that are missing in a folder. Raises CalledProcessError if it cannot."""
    for year in years:
        if not (folder / f"cps_{year}.npz").is_file():
            subprocess.run([python, str(PEER), str(folder), "--years", str(year)], check=True)


def compare(program: Program, folder: Path, years: Sequence[int]) -> Iterator[tuple[Tally, Totals]]:
    """For each figure of the years whose files are there: how many agree, and the weighted totals."""
    for path in (folder / f"cps_{year}.npz" for year in years):
        if path.is_file():
            units = read(path)
            year = int(path.stem.removeprefix("cps_"))
            for item in compared(program, year, units):
                yield _tally(item, units)


def facts(units: Arrays, year: int, row: int) -> dict[str, str]:
    """A unit as the classes of difference read it."""
    return {name: f"{values[row]:.12g}" for name, values in units.items()} | {"FLPDYR": str(year)}


def _tally(one: Compared, units: Arrays) -> tuple[Tally, Totals]:
    tally = Tally(SOURCE, one.figure, one.year, cases=len(one.ours), runnable=len(one.ours))
    tally.agreeing = tally.cases - len(one.differing)
    explained = np.zeros(len(one.ours), dtype=np.bool_)
    for row in one.differing:
        ours, theirs = Fraction(int(one.ours[row]), 100), Fraction(int(one.theirs[row]), 100)
        difference = Difference(str(units["RECID"][row]), one.year, one.figure, ours, theirs)
        explanation = explain(difference, facts(units, one.year, int(row)))
        explained[row] = bool(explanation)
        tally.differences.append(replace(difference, explained=explanation))
    return tally, Totals(one.apart(), one.apart(~explained))


def print_totals(found: Sequence[tuple[Tally, Totals]]) -> None:
    """By how much our weighted totals differ: of all units, and of all but those that a class explains."""
    print("weighted totals, ours less theirs, in percent: all units / without those that are explained")
    for year in sorted({tally.year for tally, _ in found}):
        parts = [
            f"{tally.figure} {totals.all_units:+.4%} / {totals.unexplained:+.4%}"
            for tally, totals in found
            if tally.year == year
        ]
        print(f"  {year}: " + ", ".join(parts))
