"""Printed tables, cell by cell, against the figures that the rules compute in their stead:

    python -m tests.validation.printed_tables [--every N] [--table NAME …]

1. `data/printed_tables.csv.gz` has a row for each cell: the table, when it holds, the place or row, the column, what is
   printed, and where. `recomputed` marks cells for which no copy of the notice was at hand, only the rule it follows.
2. A reading says which figure stands for a table, and what is stated so that the figure is that of one cell.
3. All cells of a table and a period are one case with a unit each.

Exit 0 if every cell is met, 5 if not, with a line for each that is not.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

from api.cases.naming import period_for
from api.rules import programs
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period

DATA = Path(__file__).parent / "data" / "printed_tables.csv.gz"
EACH_MORE = "each_more"
AREAS = {"48": "contiguous", "AK": "alaska", "HI": "hawaii"}
STATES = {"48": "ohio", "AK": "alaska", "HI": "hawaii"}
ALLOTMENT_AREAS = {
    "48": "contiguous", "AK_urban": "alaska_urban", "AK_rural1": "alaska_rural_1", "AK_rural2": "alaska_rural_2",
    "HI": "hawaii", "GU": "guam", "VI": "virgin_islands",
}  # fmt: skip
AT_ONCE = 500  # units in a case
LARGEST = 8  # the size up to which such tables have a column each

Facts = dict[str, object]


@dataclass(frozen=True, slots=True)
class Cell:
    """What is printed in one place of a table."""

    table: str
    at: str
    place: str
    key: str
    value: Fraction
    basis: str
    source: str

    @property
    def size(self) -> str:
        """The size of the household in the key, before what else stands there."""
        return self.key.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Reading:
    """The figure that stands for a table, of which kind of unit (by its plural), what is stated of the unit for a cell
    and a number (a size of household, or an amount within the row), and for which period the cell is read."""

    figure: str
    plural: str
    facts: Callable[[Cell, int], Facts]
    at: Callable[[str], str] = str


@cache
def cells(path: Path = DATA) -> list[Cell]:
    """Every printed cell."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [
            Cell(row["table"], row["at"], row["place"], row["key"], Fraction(row["value"]), row["basis"], row["source"])
            for row in csv.DictReader(file)
        ]


def _tax(cell: Cell, income: int) -> Facts:
    return {
        "filing_status": cell.key,
        "figures_as_filed": True,
        "ordinary_rate_income": income,
        "tax_on_excluded_foreign_income": 0,
    }


def _earned_income_credit(cell: Cell, amount: int) -> Facts:
    status, children = cell.key.split()
    return {
        "filing_status": status, "figures_as_filed": True, "eitc_eligible": True, "eitc_child_count": int(children),
        "eitc_earned_income": amount, "adjusted_gross_income": amount,
    }  # fmt: skip


def _line_of_guideline(cell: Cell, size: int) -> Facts:
    return {"tax_unit_size": size, "lives_in_alaska": cell.place == "AK", "lives_in_hawaii": cell.place == "HI"}


def _family(cell: Cell, size: int) -> Facts:
    pay = cell.key.partition("/")[2]
    return {"family_state": STATES[cell.place], "family_size": size, "wic_family_size": size, "family_pay_period": pay}


def _snap(cell: Cell, size: int) -> Facts:
    return {"snap_guideline_area": AREAS[cell.place], "snap_unit_size": size, "people_cooked_with": size}


def _allotment(cell: Cell, size: int) -> Facts:
    return {"snap_allotment_area": ALLOTMENT_AREAS[cell.place], "snap_unit_size": size}


READINGS: Mapping[str, Reading] = {
    "tax_table": Reading("income_tax_main_rates", "tax_units", _tax),
    "earned_income_credit_table": Reading("eitc", "tax_units", _earned_income_credit),
    "applicable_figure": Reading(
        "aca_required_contribution_percentage", "tax_units", lambda _, percent: {"aca_magi_fraction": f"{percent}%"}
    ),
    "poverty_guideline": Reading("tax_unit_fpg", "tax_units", _line_of_guideline, lambda year: str(int(year) + 1)),
    "snap_net_income_limit": Reading("snap_net_income_limit", "snap_units", _snap),
    "snap_gross_income_limit": Reading("snap_gross_income_limit", "snap_units", _snap),
    "snap_separate_income_limit": Reading("snap_separate_income_limit", "snap_units", _snap),
    "snap_max_allotment": Reading("snap_max_allotment", "snap_units", _allotment),
    "snap_min_allotment": Reading("snap_min_allotment", "snap_units", _allotment),
    "wic_income_limit": Reading("wic_income_limit", "families", _family),
    "free_school_meal_limit": Reading("free_school_meal_limit", "families", _family),
    "reduced_school_meal_limit": Reading("reduced_school_meal_limit", "families", _family),
    "ss_full_retirement_age": Reading(
        "ss_full_retirement_age_months", "people", lambda _, year: {"birth_date": f"{year}-06-15"}, lambda _: "2026"
    ),
}


@dataclass(frozen=True, slots=True)
class Read:
    """A cell as the rules have it: the numbers that its units are of, and the sum of their figures with these signs."""

    cell: Cell
    numbers: tuple[int, ...]
    signs: tuple[int, ...] = (1,)


def reads(cell: Cell) -> Iterator[Read]:
    """How a cell is read: a row of amounts at both of its ends, what each further person adds as the difference of two
    sizes, every other by the number that stands in its key."""
    if " " in cell.place:
        low, high = map(int, cell.place.split())
        yield from (Read(cell, (amount,)) for amount in sorted({low, high - 1}))
    elif cell.key.startswith(EACH_MORE):
        yield Read(cell, (LARGEST + 1, LARGEST), (1, -1))
        yield Read(cell, (LARGEST + 3, LARGEST + 2), (1, -1))
    else:
        yield Read(cell, (int("".join(filter(str.isdigit, (cell.key or cell.place).split("/")[0].split("-")[0]))),))


def compare(program: Program, printed: Iterable[Cell]) -> Iterator[tuple[Cell, Fraction | None]]:
    """Each cell with what the rules have, once for each way in which it is read."""
    groups: dict[tuple[str, str], list[Read]] = defaultdict(list)
    for cell in printed:
        if cell.table in READINGS and _is_covered(program, READINGS[cell.table].at(cell.at)):
            groups[cell.table, cell.at] += reads(cell)
    for (table, at), wanted in groups.items():
        for first in range(0, len(wanted), AT_ONCE):
            yield from _figures(program, READINGS[table], READINGS[table].at(at), wanted[first : first + AT_ONCE])


def _is_covered(program: Program, at: str) -> bool:
    start = parse_period(at).start
    return program.settings.covers_from <= start <= program.settings.covers_to


def _figures(
    program: Program, reading: Reading, at: str, wanted: Sequence[Read]
) -> Iterator[tuple[Cell, Fraction | None]]:
    units = {
        f"{place}-{number}": reading.facts(read.cell, number)
        for place, read in enumerate(wanted)
        for number in read.numbers
    }
    interpreter, figure = Interpreter(program, _case(program, reading, at, units)), program.find(reading.figure)
    assert figure is not None, f"the rules have no figure {reading.figure}"
    period = period_for(program, figure, parse_period(at))
    for place, read in enumerate(wanted):
        finds = [interpreter.find(Fact(figure.name, f"{place}-{number}", period)) for number in read.numbers]
        known = [
            Fraction(entry.value)
            for entry in finds
            if isinstance(entry, Known) and isinstance(entry.value, Fraction | int)
        ]
        whole = sum((value * sign for value, sign in zip(known, read.signs, strict=False)), Fraction(0))
        yield read.cell, whole if len(known) == len(finds) else None


def _case(program: Program, reading: Reading, at: str, units: Mapping[str, Facts]) -> Case:
    """A case with nobody but the units, each with what is stated of it; a tax unit has somebody at its head."""
    data: dict[str, object] = {"at": at, reading.plural: units}
    if reading.plural == "tax_units":
        data |= {"people": {f"p{name}": {} for name in units}}
        data |= {"tax_units": {name: {"head": f"p{name}", **facts} for name, facts in units.items()}}
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    assert case is not None and not problems.errors, [error.message for error in problems.errors]
    return case


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every cell that is not met, and how many of each table are."""
    parser = argparse.ArgumentParser(prog="python -m tests.validation.printed_tables", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every n-th cell only")
    parser.add_argument("--table", nargs="+", choices=sorted(READINGS), default=sorted(READINGS))
    asked = parser.parse_args(arguments)
    chosen = [cell for cell in cells() if cell.table in asked.table][:: asked.every]
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for cell, result in compare(programs.load_program("us"), chosen):
        tally = counts[cell.table, cell.basis]
        tally[0] += 1
        if result != cell.value:
            tally[1] += 1
            told = "nothing" if result is None else float(result)
            print(
                f"{cell.table} {cell.at} {cell.place} {cell.key}: {told}, printed {float(cell.value)} ({cell.source})"
            )
    for (table, basis), (read, differing) in sorted(counts.items()):
        print(f"{table}, {basis}: {read:,} read, {differing:,} differ")
    return 5 if any(differing for _, differing in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
