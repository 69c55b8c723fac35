"""The share of families that machine code hands over, for every pair of columns that reach the tax, for random larger
sets, and for sets whose code knows of no other column: columns that send everybody to the interpreter show here.

    python -m tests.benchmarks.handed_over [--year YEAR …] [--sets 143] [--alone 5]

Each pair of columns stands in one family a year; 143 sets in each of fourteen years are 2,002, of 200 families each.
Not a test: `tests/native/test_handed_over.py` asserts the same of a few.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import combinations, islice
from pathlib import Path

from api.bench.handed_over import FAMILIES, MOST, Handed, Hunt, sets
from engine.pipeline import compile_rules
from engine.values.periods import parse_period

RULES = Path(__file__).parents[2] / "rules" / "us"
AT_ONCE = 4_000
FEWEST, LARGEST = 3, 80


def pairs(hunt: Hunt) -> Iterator[Handed]:
    """A family for each pair of columns."""
    waiting = combinations(range(len(hunt.cells)), 2)
    while given := list(islice(waiting, AT_ONCE)):
        yield hunt.handed_over(given)


def tried(hunt: Hunt, what: str, chosen: Sequence[tuple[int, ...]], alone: bool) -> list[Handed]:
    """Each set, in families who all have it; prints those of which more than 1% is handed over."""
    listed = []
    for places in chosen:
        listed.append(hunt.by_themselves(places) if alone else hunt.handed_over([places] * FAMILIES))
        if listed[-1].share > MOST:
            names = ", ".join(sorted(hunt.cells[place].name for place in places))
            print(
                f"{hunt.at}, {what}: {listed[-1].share:.1%} handed over for {dict(listed[-1].causes)}: {names}",
                flush=True,
            )
    return listed


def told(hunt: Hunt, what: str, found: Sequence[Handed]) -> None:
    """A line for a year: how much was tried, and what was handed over."""
    families, handed = sum(entry.families for entry in found), sum(entry.handed_over for entry in found)
    most = max((entry.share for entry in found), default=0)
    print(f"{hunt.at}, {what}: {handed:,} of {families:,} families handed over, at most {most:.1%} at once", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every set with more than 1% of its families handed over; 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--year", nargs="+", default=[str(year) for year in range(2013, 2027)])
    parser.add_argument("--sets", type=int, default=143)
    parser.add_argument("--alone", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    program, slow = compile_rules(RULES), 0
    for year in asked.year:
        seed = asked.seed * 100_000 + int(year)
        hunt = Hunt(program, parse_period(year), seed)
        larger = list(sets(asked.sets, len(hunt.cells), FEWEST, LARGEST, seed))
        alone = list(sets(asked.alone, len(hunt.cells), FEWEST, LARGEST, seed + 1))
        alone += list(sets(asked.alone, len(hunt.cells), 2, 2, seed + 2))
        for what, result in (
            (f"all pairs of {len(hunt.cells)} columns", list(pairs(hunt))),
            (f"{len(larger)} sets of {FEWEST} to {LARGEST} columns", tried(hunt, "a set", larger, alone=False)),
            (f"{len(alone)} sets by themselves", tried(hunt, "a set by itself", alone, alone=True)),
        ):
            told(hunt, what, result)
            slow += sum(entry.share > MOST for entry in result)
    print(f"{slow} above {MOST:.0%}")
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
