"""Machine code against the interpreter on random programs: how many values differ.

    python -m tests.benchmarks.random_programs [--values 200000] [--seed 1000000] [--groups 60]

The programs use every construct of the language, as those of `tests/native` do: plain ones, ones with functions,
changing law and months, ones with people who move, groups that figures make and periods that begin on somebody's own
day, ones whose figures follow each other from record to record, ones that ask for worlds, and ones with people in no
group. What the code hands over is counted too: what stands beside it must still be right.
"""

from __future__ import annotations

import argparse
import sys
from random import Random

from engine.native import Options, evaluate
from engine.native.agreement import all_figures, compared
from tests.native.asking_programs import asking_program
from tests.native.dated_programs import dated_population, dated_program
from tests.native.lone_programs import lone_population, lone_program
from tests.native.made_constants import AT
from tests.native.populations import population_of
from tests.native.programs import random_program
from tests.native.running_programs import running_program
from tests.native.wider import wider_program

MAKERS = (wider_program, random_program, dated_program, running_program, asking_program, lone_program)
PEOPLE = {"dated_program": dated_population, "lone_program": lone_population}


def main() -> int:
    """Compare until there are enough values. The exit code is 1 if anything differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--values", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, default=60)
    options = parser.parse_args()
    values = differing = handed_over = programs = 0
    while values < options.values:
        seed = options.seed + programs
        random = Random(seed)
        make = MAKERS[seed % len(MAKERS)]
        program = make(random)
        missing, density = random.choice([0.0, 0.1]), random.choice([1.0, 0.6])
        people = PEOPLE.get(make.__name__, population_of)
        columns = people(program, AT, options.groups, seed, missing=missing, density=density)
        wanted = all_figures(program, columns)
        result = evaluate(program, columns, wanted, options=Options(cache=""), threads=1)
        told = list(compared(program, columns, result))
        found_differing = [comparison for comparison in told if not comparison.same]
        for comparison in found_differing[:3]:
            print(f"seed {seed}: {comparison}")
        differing += len(found_differing)
        values += len(told)
        handed_over += result.handed_over
        programs += 1
    print(f"{programs} programs, {values:,} values compared, {differing} differ; {handed_over:,} rows were handed over")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
