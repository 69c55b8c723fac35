"""The share of rows that machine code hands over, for random sets of input columns: columns that send everybody to the
interpreter show here.

    python -m tests.benchmarks.handed_over --year 2026 --sets 20 --columns 2
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np

from engine.ir.program import Program
from engine.native import Result, evaluate
from engine.native.samples import boundaries, random_entries
from engine.pipeline import compile_rules
from engine.population.columns import Cell, Column, Columns, GroupLink, column_of
from engine.values.periods import Period, parse_period

RULES = Path(__file__).parents[2] / "rules" / "us"
WANTED = ("income_tax", "total_payments")
ROWS = 200
MOST = 0.01


def input_cells(program: Program, at: Period) -> list[Cell]:
    """The facts of people and of tax units for a year."""
    return [
        Cell(definition.name, at)
        for definition in program.definitions.values()
        if definition.is_input and definition.entity in ("person", "tax_unit") and definition.period == at.kind
    ]


def result_with(program: Program, at: Period, cells: list[Cell], seed: int) -> Result:
    """The wanted figures of people who each file alone, with these columns and an age."""
    rng, edges = np.random.default_rng(seed), boundaries(program, at)
    age = program.find("age")
    assert age is not None
    columns: dict[Cell, Column] = {Cell(age.name, at): column_of(rng.integers(18, 90, ROWS))}
    columns |= {
        cell: column_of(random_entries(program, program.definitions[cell.name], ROWS, rng, edges)) for cell in cells
    }
    alone = GroupLink(np.arange(ROWS, dtype=np.int32), np.zeros(ROWS, dtype=np.int8))
    population = Columns(at, {"person": ROWS, "tax_unit": ROWS}, columns, {"tax_unit": alone})
    return evaluate(program, population, list(WANTED))


def main() -> int:
    """Print every set with more than 1% of its rows handed over; 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--year", default="2026")
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--columns", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    program, at = compile_rules(RULES), parse_period(asked.year)
    choose, slow = random.Random(asked.seed), 0
    for number in range(asked.sets):
        cells = choose.sample(input_cells(program, at), asked.columns)
        result = result_with(program, at, cells, asked.seed + number)
        if result.handed_over > MOST * ROWS:
            slow += 1
            print(f"{result.handed_over / ROWS:.0%} handed over: {', '.join(map(str, cells))}, for {result.causes}")
    print(f"{asked.sets} sets of {asked.columns} columns in {asked.year}: {slow} above {MOST:.0%}")
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
