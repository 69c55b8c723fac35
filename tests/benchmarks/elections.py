"""Whether the election to itemize that nobody states is the one with the lower income tax: `python -m
tests.benchmarks.elections` makes random tax units of each year, computes the tax of both elections, and compares.

Not a test: machine code for a year takes seconds. `tests/native/test_rules.py` asserts the same on few units.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from api.rules.programs import load_program
from engine.ir.program import Program
from engine.native import evaluate
from engine.native.agreement import differences
from engine.native.plan.plan import cell_for
from engine.population.columns import Cell, Column, Columns, GroupLink, column_of
from engine.values.periods import parse_period

INCOMES = (
    "employment_income", "self_employment_income", "taxable_interest_income", "qualified_dividend_income",
    "long_term_capital_gains", "short_term_capital_gains", "taxable_pension_income", "social_security",
    "partnership_s_corp_income", "w2_wages_from_qualified_business",
)  # fmt: skip
COSTS = (
    "home_mortgage_interest", "real_estate_taxes", "charitable_cash_donations", "charitable_non_cash_donations",
    "state_and_local_income_tax_paid", "medical_out_of_pocket_expenses", "investment_interest_expense",
    "other_itemized_deductions", "student_loan_interest",
)  # fmt: skip
TAKEN, ITEMIZING, STANDARD = "income_tax", "income_tax_if_itemizing", "income_tax_if_not_itemizing"
WANTED = (TAKEN, ITEMIZING, STANDARD, "tax_unit_itemizes", "itemized_deductions_exceed_standard")


def population(program: Program, year: int, units: int, seed: int) -> Columns:
    """Tax units of two people, the second a spouse or a dependent, with incomes from 1,000 to 3 million."""
    rng, at, people = np.random.default_rng(seed), parse_period(str(year)), 2 * units
    second = np.where(rng.random(units) < 0.5, 2, 1)
    role = np.stack([np.zeros(units), second], axis=1).ravel().astype(np.int8)
    columns: dict[Cell, Column] = {cell_for(program, "age", at): column_of(rng.integers(1, 90, people))}
    for name in (*INCOMES, *COSTS):
        amounts = (10 ** rng.uniform(3, 6.5, people) * (10 if name in COSTS else 100)).astype(np.int64)
        share = 0.7 if name == "employment_income" else 0.25
        columns[cell_for(program, name, at)] = column_of(np.where(rng.random(people) < share, amounts, 0))
    link = GroupLink(np.repeat(np.arange(units, dtype=np.int32), 2), role)
    return Columns(at, {"person": people, "tax_unit": units}, columns, {"tax_unit": link})


def lines(program: Program, years: range, units: int) -> Iterator[str]:
    """For each year how many units take the smaller deduction, and of how many the election costs too much."""
    for year in years:
        columns = population(program, year, units, year)
        result = evaluate(program, columns, WANTED, threads=2)
        taken, itemizing, standard, chosen, larger = (result.figures[name].entries for name in WANTED)
        dearer = int((taken != np.minimum(itemizing, standard)).sum())
        wrong = len(differences(program, columns, result, every=max(1, units // 20)))
        yield (
            f"{year}: {units:,} units, {int((chosen != larger).sum()):,} take the smaller deduction, {dearer} pay more "
            f"than they need, {result.handed_over} handed over, {wrong} differ from the interpreter"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=20_000)
    for line in lines(load_program("us", []), range(2013, 2027), parser.parse_args().units):
        print(line, flush=True)
