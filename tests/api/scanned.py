"""The cliff finder against a scan by the dollar, on random families: `python -m tests.api.scanned 200`.

1. A family by its number: one filer or two, children, adults to support, wages, interest, gains, rent, benefits.
2. One of its facts moves through a range; the cliff finder tells pieces and jumps of credits and of what is left. (The
   rules behind each, which `sweep` asks the interpreter for, are not asked for here: they take most of its time.)
3. The same curves are computed at every single dollar. Where a dollar more moves one by more than two and a half, there
   has to be a jump within that dollar, and the jump that is told has to be that of the two cents beside it.

All families state the same facts, zeros too, so that one piece of machine code serves those of a year.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from api.rules.programs import load_program
from api.sweep.pieces import shape_of
from api.sweep.points import Points
from api.sweep.sweep import Vary, curves_of, varied
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics

LEAST_JUMP_CENTS = 250
SHOW = ("eitc", "ctc", "refundable_ctc", "income_tax - payroll_tax")
RANGES = {
    "employment_income": 250_000, "self_employment_income": 150_000, "taxable_interest_income": 60_000,
    "long_term_capital_gains": 300_000, "social_security": 90_000, "taxable_pension_income": 150_000,
}  # fmt: skip
People = dict[str, dict[str, object]]


def family(program: Program, number: int) -> tuple[Case, Vary]:
    """A random family, and which of its facts moves from where to where."""
    rng = random.Random(number)
    fact = rng.choice(list(RANGES))
    people: People = {"ada": _filer(rng)}
    unit: dict[str, object] = {"head": "ada"}
    if rng.random() < 0.5:
        people["ben"], unit["spouse"] = _filer(rng), "ben"
    children = [f"c{place}" for place in range(rng.choice((0, 0, 1, 2, 3, 4)))]
    people |= {name: {"age": rng.randint(0, 23), "is_full_time_student": rng.random() < 0.5} for name in children}
    unit["dependents"] = children
    for filer in ("ada", "ben"):
        for name in RANGES if filer in people else ():
            people[filer].setdefault(name, 0)
    del people["ada"][fact]
    data = {"at": rng.choice(("2021", "2024", "2025", "2026")), "complete": True, "people": people}
    problems = Diagnostics()
    case = case_from_data(program, data | {"tax_units": {"home": unit}}, problems)
    assert case is not None and not problems.errors, list(problems)
    return case, Vary(fact, "0", str(RANGES[fact]), "ada")


def _filer(rng: random.Random) -> dict[str, object]:
    amounts = {
        "employment_income": (0, 18_000, 60_000, 210_000), "taxable_interest_income": (0, 0, 11_000),
        "social_security": (0, 0, 24_000), "qualified_dividend_income": (0, 0, 9_000),
        "rental_income": (0, 0, 14_000), "unemployment_compensation": (0, 0, 8_000),
    }  # fmt: skip
    said = {name: rng.choice(choices) for name, choices in amounts.items()}
    return {"age": rng.randint(19, 75), **said}


def missed(program: Program, number: int) -> Iterator[str]:
    """Every jump of a family that the scan finds and the cliff finder does not tell, or tells at another size."""
    case, vary = family(program, number)
    fact, ends = varied(program, case, vary)
    points = Points(program, case, fact, curves_of(program, case, SHOW, fact), Constants(program))
    scanned = list(range(ends[0], ends[1] + 1, 100))
    points.at(scanned)
    values = np.array([points.computed[cent] for cent in scanned], dtype=np.float64)  # NaN where nothing applies
    for place, curve in enumerate(points.curves):
        jumps = jumps_of(points, place, ends)
        points.at([cent for at in jumps for cent in (at - 1, at)])
        for at, size in jumps.items():
            before, after = (points.computed[cent][place] for cent in (at - 1, at))
            if before is not None and after is not None and size != after - before:
                yield f"family {number}, {curve.name}: the jump at {at} is told as {size}"
        for step in np.flatnonzero(np.abs(np.diff(values[:, place])) > LEAST_JUMP_CENTS).tolist():
            if not any(scanned[step] < at <= scanned[step + 1] for at in jumps):
                yield f"family {number}, {curve.name}, {vary.fact}: missed between {scanned[step]} and a dollar more"


def jumps_of(points: Points, place: int, ends: tuple[int, int]) -> dict[int, int]:
    """The jumps of a curve as the cliff finder has them: where each is, and by how much the value moves."""

    def values(entries: Sequence[int]) -> list[int | None]:
        points.at(entries)
        return [points.computed[entry][place] for entry in entries]

    return {
        right.low: right.at_low - left.at_high
        for left, right in pairwise(shape_of(values, *ends).pieces)
        if right.low == left.high + 1 and left.at_high is not None and right.at_low is not None
    }


def main() -> int:
    """Scan so many families; 5 if a jump was missed."""
    first, count = int(sys.argv[2]) if len(sys.argv) > 2 else 0, int(sys.argv[1])
    program, faults, start = load_program("us"), 0, time.process_time()
    for number in range(first, first + count):
        for line in missed(program, number):
            faults += 1
            print(line, flush=True)
        print(f"{number + 1 - first} of {count}, {time.process_time() - start:.0f} s", file=sys.stderr, flush=True)
    print(f"{count} families, {faults} jumps missed")
    return 5 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
