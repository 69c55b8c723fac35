"""Every figure of many real tax units, by machine code and by the interpreter: how many bits differ.

    python -m tests.benchmarks.native_agreement [--units 20000] [--years 2024,2021] [--processes 2] [--taxcalc PYTHON]

1. Units are taken evenly from the shipped sample for each year; or from the survey that taxcalc ships, if its Python is
   named. Amounts are as the survey has them in 2024, whatever the year: what matters is that all figures are visited.
2. Machine code computes everybody at once; each process compares every n-th unit with the interpreter.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from api.bench.measured_population import Tables, sample_tables
from api.bench.peers import survey
from api.rules import programs
from engine.ir.program import Program
from engine.native import Result, evaluate
from engine.native.agreement import all_figures, compared
from engine.population.columns import Columns
from engine.population.door import from_arrow
from engine.values.periods import parse_period

SHOWN = 20


def chosen(tables: Tables, units: int) -> Tables:
    """So many units of a population, evenly spaced, with their people."""
    count = len(tables["tax_unit"])
    ids = pa.array(np.unique(np.linspace(0, count - 1, min(units, count)).astype(np.int64)))
    return {name: table.filter(pc.is_in(table["tax_unit_id"], value_set=ids)) for name, table in tables.items()}


@cache
def computed(rules: str, year: str, folder: str) -> tuple[Program, Columns, Result]:
    """The population of a year with every figure, by machine code."""
    program = programs.load_program(rules)
    tables = {name: pq.read_table(f"{folder}/{name}.parquet") for name in ("person", "tax_unit")}
    columns = from_arrow(program, parse_period(year), tables).columns
    assert columns is not None
    return program, columns, evaluate(program, columns, all_figures(program, columns), threads=2)


def compare(work: tuple[str, str, str, int, int]) -> tuple[int, int, list[str]]:
    """One process's share: values compared, those that differ, and the first of these."""
    rules, year, folder, first, every = work
    program, columns, result = computed(rules, year, folder)
    values = different = 0
    told: list[str] = []
    for item in compared(program, columns, result, first, every):
        values += 1
        if not item.same:
            different += 1
            told += [str(item)] if len(told) < SHOWN else []
    return values, different, told


def main() -> int:
    """Compare, and print what was found. The exit code is 1 if anything differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=20_000)
    parser.add_argument("--years", default="2024,2021")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rules", default="us")
    parser.add_argument("--taxcalc", default="")
    options = parser.parse_args()
    years = options.years.split(",")
    failed = 0
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.processes) as pool:
        tables: Any = survey(options.taxcalc, Path(folder)) if options.taxcalc else sample_tables(1)
        tables = chosen(tables, options.units // len(years))
        for name, table in tables.items():
            pq.write_table(table, f"{folder}/{name}.parquet")
        for year in years:
            start = time.monotonic()
            shares = 20 * options.processes
            work = [(options.rules, year, folder, share, shares) for share in range(shares)]
            work_done = list(pool.map(compare, work))
            values, different = sum(entry[0] for entry in work_done), sum(entry[1] for entry in work_done)
            print(f"{year}: {len(tables['tax_unit']):,} tax units, {values:,} values compared, {different:,} differ, "
                  f"{time.monotonic() - start:.0f} s", flush=True)  # fmt: skip
            for line in [line for entry in work_done for line in entry[2]][:SHOWN]:
                print(f"  {line}")
            failed += different
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
