"""The share of rows that machine code hands over, for random sets of input columns in each year: columns that send
everybody to the interpreter show here.

    python -m tests.benchmarks.handed_over --sets 143 --fewest 3 --most 80
    python -m tests.benchmarks.handed_over --sets 20 --fewest 2 --most 2 --year 2026

2,000 sets over the fourteen years take some 40 minutes on one idle core. Not a test: `tests/native/test_handed_over.py`
asserts the same of a few.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from api.bench.handed_over import MOST, Handed, handed_over, pairs, possible_cells, sets
from engine.ir.program import Program
from engine.native.samples import boundaries
from engine.pipeline import compile_rules
from engine.values.periods import Period, parse_period

RULES = Path(__file__).parents[2] / "rules" / "us"


def year_of_sets(program: Program, at: Period, count: int, sizes: tuple[int, int], seed: int) -> list[Handed]:
    """Every set of a year; prints each of which more than 1% is handed over, and a line for the year."""
    cells, edges, found = possible_cells(program, at), boundaries(program, at), []
    for number, chosen in enumerate(sets(cells, count, *sizes, seed)):
        tried = handed_over(program, at, chosen, seed + number, edges)
        found.append(tried)
        if tried.share > MOST:
            names = ", ".join(sorted(cell.name for cell in chosen))
            print(f"{at}: {tried.share:.1%} handed over for {dict(tried.causes)}: {names}", flush=True)
    together = len(set().union(*(pairs(one.cells) for one in found)))
    families = sum(one.families for one in found)
    print(
        f"{at}: {len(found)} sets of {sizes[0]} to {sizes[1]} of {len(cells)} columns, {together:,} of "
        f"{len(cells) * (len(cells) - 1) // 2:,} pairs together; {sum(tried.handed_over for tried in found):,} of "
        f"{families:,} families handed over, at most {max((tried.share for tried in found), default=0):.1%} of a set",
        flush=True,
    )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every set with more than 1% of its rows handed over; 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--year", nargs="+", default=[str(year) for year in range(2013, 2027)])
    parser.add_argument("--sets", type=int, default=143)
    parser.add_argument("--fewest", type=int, default=3)
    parser.add_argument("--most", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    program, slow = compile_rules(RULES), 0
    for year in asked.year:
        seed = asked.seed * 100_000 + int(year)
        found = year_of_sets(program, parse_period(year), asked.sets, (asked.fewest, asked.most), seed)
        slow += sum(one.share > MOST for one in found)
    print(f"{slow} sets above {MOST:.0%}")
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
