"""Ten reforms of different kinds, in 2026, on the whole survey: budgets and distribution tables, ours beside taxcalc's.

Units whose figures differ for a reason that `DIFFERENCES.md` names, under the law or under the reform, are left out of
both sides; then each budget effect and each cell of the tables is compared. Both sides use the same expanded income,
which no rule makes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.simulate.distribution import DIFFERENCE, DISTRIBUTION, by_bands, by_tenths, difference, distribution
from engine.ir.program import Program
from engine.native import evaluate
from engine.population.columns import Columns
from tests.validation import classes, cps
from tests.validation.reforms import compare
from tests.validation.reforms.laying import laid_over

REFORMS = Path(__file__).with_name("named.json")
YEAR = 2026
CLOSE = 0.001
LEAST_COUNT, LEAST_AMOUNT = 1_000.0, 1e6  # below this a cell is compared in returns and dollars
Array = NDArray[Any]
Amounts = dict[str, Array]
Sides = tuple[Amounts, Amounts]  # under the law, and under the reform
# What the tables need, ours: sums of figures of the unit.
OURS = {
    "c00100": ("adjusted_gross_income",), "c04600": ("exemptions",), "c04800": ("taxable_income",),
    "taxbc": ("regular_tax_before_credits",), "c62100": ("amt_income",), "c09600": ("alternative_minimum_tax",),
    "c05800": ("income_tax_before_credits",), "c07100": ("income_tax_non_refundable_credits",),
    "othertaxes": ("taxes_other_than_income_tax",), "refund": ("income_tax_refundable_credits",),
    "iitax": ("income_tax",), "payrolltax": ("payroll_tax", "additional_medicare_tax"),
    "deduction": ("deduction_taken",), "gifts": ("charitable_deduction_for_non_itemizers",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answered:
    """A reform: its budget effect on both sides, and how far the tables' cells are apart at most."""

    title: str
    ours: float
    theirs: float
    left_out: float
    budget_apart: float
    worst: float
    worst_cell: str
    cells: int
    seconds: float


def our_amounts(program: Program, population: Columns, answers: Mapping[str, Array]) -> Amounts:
    """Amounts of each unit in dollars, under taxcalc's names, with taxcalc's incomes."""
    return _with_income(our_figures(program, population, answers), answers)


def our_figures(program: Program, population: Columns, answers: Mapping[str, Array]) -> Amounts:
    """What the rules make of each unit in dollars, under taxcalc's names; who itemizes is as in `answers`."""
    names = tuple(dict.fromkeys(name for parts in OURS.values() for name in parts))
    figures = evaluate(program, compare.itemizing(program, population, answers, answers), names).figures
    by_name = {name: np.sum([figures[part].entries / 100 for part in parts], axis=0) for name, parts in OURS.items()}
    itemizes = answers["out_standard"] == 0
    deduction, gifts = by_name.pop("deduction"), np.where(itemizes, 0.0, by_name.pop("gifts"))
    by_name["c04470"], by_name["standard"] = (
        np.where(itemizes, deduction, 0.0),
        np.where(itemizes, 0.0, deduction + gifts),
    )
    by_name["c62100"] = by_name["c62100"] + gifts  # which taxcalc adds back: a fault that is named
    return by_name


def their_amounts(answers: Mapping[str, Array]) -> Amounts:
    """The same of taxcalc's answers."""
    names = [name for name in DISTRIBUTION if f"out_{name}" in answers]
    return _with_income({name: answers[f"out_{name}"] for name in names}, answers)


def _with_income(found: Amounts, answers: Mapping[str, Array]) -> Amounts:
    found["combined"] = found["iitax"] + found["payrolltax"]
    for name in ("expanded_income", "benefit_cost_total", "benefit_value_total"):
        found[name] = answers[f"out_{name}"]
    found["aftertax_income"] = found["expanded_income"] - found["combined"]
    return found


def left_out(
    units: Mapping[str, Array], ours: Mapping[str, Array], theirs: Mapping[str, Array], year: int = YEAR
) -> NDArray[np.bool_]:
    """The units of which a figure differs for a reason that is named."""
    zeros = np.zeros(len(units["MARS"]), dtype=np.bool_)
    for figure in cps.FIGURES:
        for row in np.flatnonzero(np.abs(ours[figure] - theirs[figure]) > 100).tolist():
            if not zeros[row]:
                facts = cps.facts(units, year, row)
                zeros[row] = any(known.holds(facts) for known in classes.CLASSES if figure in known.figures)
    return zeros


def answered(title: str, law: compare.Before, reform: compare.Asked, answers: Mapping[str, Array]) -> Answered:
    """One reform on the survey."""
    start = time.perf_counter()
    program = laid_over(compare.current_law(), compare.written(), compare.overlay(reform))
    after = our_amounts(program, law.population, answers)
    seconds = time.perf_counter() - start
    ours = our_amounts(compare.current_law(), law.population, law.units), after
    theirs = their_amounts(law.units), their_amounts(answers)
    figures = compare.ours(program, compare.itemizing(program, law.population, answers, law.units))
    gone = left_out(law.units, law.ours, law.theirs)
    gone |= left_out({**law.units, **answers}, figures, compare.theirs(answers, YEAR))
    weights = np.where(gone, 0.0, law.units["s006"])
    mine, yours = (float((new["combined"] - old["combined"]) @ weights) for old, new in (ours, theirs))
    worst, cell, cells = _worst(ours, theirs, weights)
    share = float(gone @ law.units["s006"]) / float(law.units["s006"].sum())
    return Answered(title, mine, yours, share, abs(mine - yours) / abs(yours), worst, cell, cells, seconds)


def _worst(ours: Sides, theirs: Sides, weights: Array) -> tuple[float, str, int]:
    """How far the cells of the tables are apart at most, which is that, and how many there are."""
    worst, where, cells = 0.0, "", 0
    for name, mine, yours in _tables(ours, theirs, weights):
        apart = _apart(mine, yours, name)
        cells += apart.size
        if apart.max() > worst:
            row, column = np.unravel_index(int(apart.argmax()), apart.shape)
            worst = float(apart.max())
            where = f"{name}, row {row}, column {column}: {mine[row, column]:.7g} and {yours[row, column]:.7g}"
    return worst, where, cells


def _tables(ours: Sides, theirs: Sides, weights: Array) -> Iterator[tuple[str, Array, Array]]:
    """Each table, ours and taxcalc's."""
    income = theirs[0]["expanded_income"]
    for way, parts in (("tenths", by_tenths(income, weights)), ("bands", by_bands(income))):
        for law, side in (("law", 0), ("reform", 1)):
            mine, yours = (distribution(parts, each[side], weights) for each in (ours, theirs))
            yield f"distribution {way} {law}", mine, yours
        mine, yours = (difference(parts, *each, weights) for each in (ours, theirs))
        yield f"difference {way}", mine, yours


def _apart(mine: Array, yours: Array, name: str) -> Array:
    """How far cells are apart, as a share; of shares in per cent, in points; nothing below the least amounts."""
    columns = DIFFERENCE if name.startswith("difference") else DISTRIBUTION
    gap = np.nan_to_num(np.abs(mine - yours))
    zeros = np.zeros(gap.shape)
    for at, column in enumerate(columns):
        if column.startswith(("perc_", "pc_", "share_")):
            zeros[:, at] = gap[:, at] / 100
            continue
        least = LEAST_COUNT if column.startswith(("count", "tax_")) else LEAST_AMOUNT
        least = 1.0 if column == "mean" else least
        zeros[:, at] = np.where(gap[:, at] <= least, 0.0, gap[:, at] / np.maximum(np.abs(yours[:, at]), least))
    return zeros


def report(folder: Path) -> int:
    """Print each reform; 0 if every budget effect and cell is close, else 5."""
    titles = list(json.loads(REFORMS.read_text(encoding="utf-8")))
    units = cps.read(folder / f"units_{YEAR}.npz")
    population = cps.population(compare.current_law(), YEAR, {**units, "year": np.array(YEAR)})
    chosen = compare.itemizing(compare.current_law(), population, units, units)
    law = compare.Before(population, units, compare.ours(compare.current_law(), chosen), compare.theirs(units, YEAR))
    said = json.loads((folder / "reforms.json").read_text(encoding="utf-8"))
    print(f"{YEAR}, {len(units['MARS']):,} units of the survey; billions of dollars")
    faults = 0
    for title, reform in zip(titles, compare.asked(folder), strict=False):
        answer = answered(title, law, reform, cps.read(folder / f"reform_{reform.number}.npz"))
        faults += answer.budget_apart > CLOSE or answer.worst > CLOSE
        print(answer.title)
        print(
            f"   budget {answer.ours / 1e9:+.3f}, taxcalc {answer.theirs / 1e9:+.3f}: {answer.budget_apart:.4%} apart"
        )
        print(f"   {answer.cells:,} cells: at most {answer.worst:.4%} apart ({answer.worst_cell})")
        theirs = said[reform.number]["seconds"]
        print(
            f"   {answer.left_out:.2%} of the weight left out; {answer.seconds:.1f} s here, {theirs:.1f} s there",
            flush=True,
        )
    return 5 if faults else 0
