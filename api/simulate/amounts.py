"""What Tax-Calculator's tables are made of: amounts of each unit under its names, in dollars.

The view's `distribution` says what each name is here. Expanded income is the incomes that it lists, the employer's
share of payroll taxes, and the benefits; what is left of it after both taxes is `aftertax_income`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from api.failures import Misuse
from api.simulate.distribution import Floats
from api.simulate.known import known_entries
from api.simulate.view import View
from engine.ir.program import Program
from engine.native import evaluate
from engine.native.plan.plan import cell_for
from engine.population.columns import Columns, unit_of

EMPLOYER = "employer_share"
NEEDED = (
    "c00100", "c04600", "c04800", "taxbc", "c62100", "c09600", "c05800", "c07100", "othertaxes", "refund", "iitax",
    "payrolltax", EMPLOYER,
)  # fmt: skip


def check_distribution(view: View) -> None:
    """Raise Misuse unless the view says what the tables' names are."""
    figures = view.distribution.get("figures", {})
    missing = [name for name in NEEDED if name not in figures]
    missing += [name for name in ("itemizes", "deduction", "incomes") if name not in view.distribution]
    if missing:
        raise Misuse(
            f"the view does not say what `{missing[0]}` is in Tax-Calculator's tables", "give it under `distribution`"
        )


def amounts(program: Program, view: View, columns: Columns, threads: int) -> dict[str, Floats]:
    """Each unit's amounts. Raises Failure where a figure is not determined for somebody."""
    said = view.distribution
    sums: Mapping[str, list[str]] = said["figures"]
    others = [said["itemizes"], said["deduction"], *filter(None, [said.get("beside_standard")])]
    names = dict.fromkeys([name for parts in sums.values() for name in parts] + others)
    figures = _figures(program, tuple(names), columns, threads)
    amounts_of = {name: sum((figures[part] for part in parts), np.float64(0)) for name, parts in sums.items()}
    itemizes, deduction = figures[said["itemizes"]] > 0, figures[said["deduction"]]
    beside = figures[said["beside_standard"]] if said.get("beside_standard") else np.float64(0)
    amounts_of["c04470"], amounts_of["standard"] = (
        np.where(itemizes, deduction, 0.0),
        np.where(itemizes, 0.0, deduction + beside),
    )
    amounts_of["combined"] = amounts_of["iitax"] + amounts_of["payrolltax"]
    benefits = of_people(program, view, columns, said.get("benefits", ()))
    amounts_of["benefit_cost_total"] = amounts_of["benefit_value_total"] = benefits
    incomes = of_people(program, view, columns, said["incomes"])
    amounts_of["expanded_income"] = incomes + amounts_of.pop(EMPLOYER) + benefits
    amounts_of["aftertax_income"] = amounts_of["expanded_income"] - amounts_of["combined"]
    return {name: np.asarray(values, dtype=np.float64) for name, values in amounts_of.items()}


def _figures(program: Program, names: tuple[str, ...], columns: Columns, threads: int) -> dict[str, Floats]:
    figures = evaluate(program, columns, names, threads=threads).figures
    units = {name: unit_of(program, program.definitions[cell_for(program, name, columns.at).name]) for name in names}
    return {name: known_entries(name, figures[name]) / units[name] for name in names}


def of_people(program: Program, view: View, columns: Columns, names: Iterable[str]) -> Floats:
    """The sum of facts of everybody in a unit."""
    link = columns.groups[view.unit]
    inside = link.group >= 0
    sums = np.zeros(columns.counts[view.unit])
    for name in names:
        cell = cell_for(program, name, columns.at)
        column = columns.columns.get(cell)
        if column is not None:
            dollars = column.entries[inside] / unit_of(program, program.definitions[cell.name])
            np.add.at(sums, link.group[inside], dollars)
    return sums
