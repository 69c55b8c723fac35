"""`rulewright check --differential`: do the two evaluators agree on these rules, bit for bit?

1. Random populations, a round for each of some of the years that the rules answer for: groups of every size, facts at
   zero, at the law's own numbers and a step beside them, and at the ends of their ranges; some facts missing, whole
   columns left out, some figures given. Facts that contradict each other are set to zero (`engine.native.consistent`):
   an error is soon compared, and hides whatever rests on it.
2. Every figure is computed by machine code, in another width of vectors, size of blocks and number of threads in each
   round, and by the interpreter; every value and every status is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from api.rules.check import Comparison, Differential
from engine.ir.program import Program
from engine.native import Options, evaluate
from engine.native.agreement import Compared, all_figures, compared
from engine.native.consistent import consistent
from engine.native.samples import random_population
from engine.values.periods import parse_period

SHOWN_DIFFERENCES = 20
_NO_SHORT_FORMS = 10**9  # a cost that no formula has
_WAYS = (
    Options(cache=""),
    Options(cache="", width=4, block=16, idle_cost=_NO_SHORT_FORMS),
    Options(cache="", width=1, block=7, cut=60),
)
_MISSING = (0.0, 0.05, 0.0, 0.3)
_DENSITY = (1.0, 1.0, 0.5, 0.8)


@dataclass(frozen=True, slots=True)
class Round:
    """One population's outcome: how many values were compared, which of them differ, and how many groups the code
    handed over to the interpreter."""

    year: int
    people: int
    compared: int
    handed_over: int
    differences: tuple[Compared, ...]


def rounds(program: Program, count: int, people: int, seed: int) -> Iterator[Round]:
    """So many rounds, from the latest year that the rules answer for back to the first, and again."""
    settings = program.settings
    years = range(settings.covers_to.year, settings.covers_from.year - 1, -1)
    spaced = [years[number * len(years) // count % len(years)] for number in range(count)] if count else []
    for number, year in enumerate(spaced):
        yield one_round(program, year, people, seed + number, number)


def one_round(program: Program, year: int, people: int, seed: int, number: int) -> Round:
    """One population, computed in the way that the round's number says."""
    names = all_figures(program)
    rng = np.random.default_rng(seed)
    given = [program.definitions[name].short_name for name in names if number % 2 and rng.random() < 0.03]
    missing, density, at = _MISSING[number % 4], _DENSITY[number % 4], parse_period(str(year))
    drawn = random_population(program, at, people, seed, given=given, missing=missing, density=density)
    columns = consistent(program, drawn, seed)
    way = _WAYS[number % len(_WAYS)]
    result = evaluate(program, columns, all_figures(program, columns), options=way, threads=1 + number % 2)
    values = 0
    different: list[Compared] = []
    for comparison in compared(program, columns, result):
        values += 1
        if not comparison.same:
            different.append(comparison)
    return Round(year, people, values, result.handed_over, tuple(different))


def compare(program: Program, differential: Differential, on_round: Callable[[int, Round], None]) -> Comparison:
    """All rounds together, with the first differences. `on_round` is told of each round, from 1, as it is done."""
    compared, differences = 0, list[str]()
    made = rounds(program, differential.rounds, differential.people, differential.seed)
    for number, round_ in enumerate(made, start=1):
        on_round(number, round_)
        compared += round_.compared
        differences += map(str, round_.differences)
    return Comparison(compared, len(differences), tuple(differences[:SHOWN_DIFFERENCES]))
