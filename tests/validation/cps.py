"""Against taxcalc on its whole survey, 280,005 tax units a year, computed by machine code.

1. `peer_cps.py` writes taxcalc's inputs and answers, a file for each year.
2. The inputs become a population in columns, named as the rules name them, in the way of `taxcalc_peer`: counts of
   people and amounts that taxcalc takes as allowed are given as figures.
3. The rules compute everybody; figures within a dollar agree. Sums over all units are compared with their weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.columns import Columns
from engine.columns_io import from_numpy
from engine.ir.program import Program
from engine.native import evaluate
from engine.periods import parse_period
from tests.validation.taxcalc_peer import STATUS

SOURCE = "taxcalc, CPS"
Array = NDArray[Any]
Arrays = Mapping[str, Array]

HEAD = {
    "farm_income": "e02100p", "employment_income": "e00200p", "self_employment_income": "e00900p",
    "wage_deferrals_subject_to_payroll_tax": "pencon_p", "taxable_interest_income": "e00300",
    "tax_exempt_interest_income": "e00400", "qualified_dividend_income": "e00650", "alimony_income": "e00800",
    "long_term_capital_gains": "p23250", "taxable_ira_distributions": "e01400",
    "taxable_pension_income": "e01700", "unemployment_compensation": "e02300", "social_security": "e02400",
    "traditional_ira_contributions": "e03150", "self_employed_pension_contributions": "e03300",
    "self_employed_health_insurance_ald_person": "e03270", "domestic_production_ald": "e03240",
    "medical_out_of_pocket_expenses": "e17500", "state_and_local_income_tax_paid": "e18400", "real_estate_taxes":
    "e18500", "home_mortgage_interest": "e19200", "charitable_cash_donations": "e19800",
    "charitable_non_cash_donations": "e20100", "other_miscellaneous_expenses": "e20400", "age": "age_head",
}  # fmt: skip
SPOUSE = {
    "employment_income": "e00200s", "self_employment_income": "e00900s", "farm_income": "e02100s",
    "wage_deferrals_subject_to_payroll_tax": "pencon_s", "age": "age_spouse",
}  # fmt: skip
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

    @property
    def totals_apart(self) -> float:
        """Our weighted total less theirs, as a share of theirs. Weights are no law: floats will do."""
        total = float(self.theirs @ self.weights)
        return float((self.ours - self.theirs) @ self.weights) / total if total else 0.0


def read(path: Path) -> dict[str, Array]:
    """A year's file."""
    with np.load(path) as found:
        return {name: found[name] for name in found.files}


def population(program: Program, year: int, units: Arrays) -> Columns:
    """The units of a year as columns."""
    rows = np.arange(len(units["MARS"]))
    joint = np.flatnonzero(units["MARS"] == 2)
    dependents = np.maximum(0, units["XTOT"] - np.where(units["MARS"] == 2, 2, 1)).astype(np.int64)
    of_dependents = np.repeat(rows, dependents)
    head, spouse = _head(units, year), _named(units, SPOUSE, joint)
    spouse["is_blind"] = units["blind_spouse"][joint] != 0
    people = {name: _stacked(head, spouse, name, len(of_dependents)) for name in head}
    people["age"][len(rows) + len(joint) :] = 30
    people["person_id"] = np.arange(len(people["age"]))
    people["tax_unit_id"] = np.concatenate([rows, joint, of_dependents])
    people["role"] = np.repeat(["head", "spouse", "dependent"], [len(rows), len(joint), len(of_dependents)])
    admitted = from_numpy(program, parse_period(str(year)), {"person": people, "tax_unit": _units(units, dependents)})
    assert admitted.columns is not None, admitted.problems[:5]
    return admitted.columns


def _named(units: Arrays, names: Mapping[str, str], rows: Array | slice = slice(None)) -> dict[str, Array]:
    return {ours: units[theirs][rows].astype(np.int64) for ours, theirs in names.items()}


def _stacked(head: Arrays, spouse: Arrays, name: str, dependents: int) -> Array:
    """A column of heads, spouses and dependents; who has none has nothing."""
    first = head[name]
    second = spouse.get(name, np.zeros(len(spouse["age"]), dtype=first.dtype))
    return np.concatenate([first, second, np.zeros(dependents, dtype=first.dtype)])


def _head(units: Arrays, year: int) -> dict[str, Array]:
    facts = _named(units, HEAD)
    facts["is_blind"] = units["blind_head"] != 0
    facts["non_qualified_dividend_income"] = (units["e00600"] - units["e00650"]).astype(np.int64)
    facts["nontaxable_pensions_and_benefits"] = (units["e01500"] - units["e01700"]).astype(np.int64)
    facts["alimony_agreement_after_2018"] = np.full(len(units["MARS"]), year > 2018)
    return facts


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
    return facts


def _children(units: Arrays) -> Array:
    """Children under 17; for 2021 under 18."""
    under_17 = units["n24"].astype(np.int64)
    if units["year"] != 2021:
        return under_17
    filers = (units["age_head"] < 18).astype(np.int64) + ((units["MARS"] == 2) & (units["age_spouse"] < 18))
    return under_17 + np.maximum(0, units["nu18"].astype(np.int64) - filers - under_17)


def _election(units: Arrays) -> Array:
    """What taxcalc elected, where it is not simply the larger deduction (see `taxcalc_peer`)."""
    standard, itemized = units["out_standard"], units["out_c04470"]
    idle = (itemized == 0) & (units["out_c05800"] <= units["out_c07100"])
    chosen = (standard == 0) & (itemized > 0)
    return np.ma.masked_array(chosen, mask=~(idle | chosen))


def compare(program: Program, year: int, units: Arrays) -> Iterator[Compared]:
    """Each figure of a year."""
    found = evaluate(program, population(program, year, {**units, "year": np.array(year)}), WANTED).figures
    for figure, (ours, plus, minus) in FIGURES.items():
        assert all(found[name].status is None for name in ours)
        mine = sum(found[name].entries for name in ours)
        yours = sum(_cents(units[f"out_{name}"]) for name in plus) - sum(_cents(units[f"out_{name}"]) for name in minus)
        yield Compared(figure, year, np.asarray(mine), np.asarray(yours), units["s006"])


def _cents(amounts: Array) -> Array:
    return np.round(amounts * 100).astype(np.int64)


def share(one: Compared) -> Fraction:
    """The share of the units that agree."""
    return 1 - Fraction(len(one.differing), len(one.ours))
