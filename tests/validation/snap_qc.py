"""Against SNAP quality control, fiscal year 2024: what follows from the facts that reviewers stated of a household.

The file is the reconstruction of 15,902 households that the public repository PolicyEngine/snap-qc-sim publishes
(`fy2024_reconstruction_national.csv`); none of it is here. Of each household size, incomes, shelter costs and what was
counted for utilities, care, medical care and child support are given; the standard, earned income and shelter
deductions, net income, the largest allotment and the benefit are ours. Agencies dropped cents there. Whether one is
elderly or disabled is not in the file: a shelter deduction above the limit shows it.

    python -m tests.validation.snap_qc FILE [EVERY]
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from api.rules import programs
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.values.periods import parse_period
from engine.values.types import EnumValue, Value

UNIT = "home"
DEDUCTIONS = "benefits/snap/deductions:"
SHELTER = "shelter"
# The chapters of DIFFERENCES.md on households of the file with which we differ.
CHAPTERS = frozenset({"homeless and shelter deduction together", "rounding"})
FIGURES = {
    "snap_standard_deduction": "rawstdded",
    "snap_earned_income_deduction": "rawernded",
    "snap_excess_shelter_expense_deduction": SHELTER,
    "snap_net_income": "rawnet_capped",
    "snap_max_allotment": "rawbenmax",
    "snap": "rawben_recreated",
}
GIVEN = {
    "snap_earned_income": "rawearn",
    "snap_unearned_income": "rawunearn",
    "snap_shelter_costs": "rawrent",
    "snap_utility_allowance": "rawutil",
    "snap_dependent_care_deduction": "rawdepded",
    "snap_excess_medical_expense_deduction": "rawmedded",
    "snap_child_support_deduction": "rawcsded",
    DEDUCTIONS + "snap_homeless_deduction": "rawhomeless_ded",
}
STATED = (*GIVEN.values(), *(figure for figure in FIGURES.values() if figure != SHELTER), "rawsltded", "rawusize")
Row = Mapping[str, str]


def rows(path: Path, every: int = 1) -> Iterator[Row]:
    """The households whose inputs are all stated."""
    with path.open(newline="", encoding="utf-8") as file:
        for place, row in enumerate(csv.DictReader(file)):
            if place % every == 0 and all(row[fact] != "NA" for fact in STATED):
                yield row


def stated(row: Row, column: str) -> Fraction:
    """A figure of the file. It has the homeless deduction beside that for shelter; law has one or the other."""
    if column == SHELTER:
        return max(Fraction(row["rawsltded"]), Fraction(row["rawhomeless_ded"]))
    return Fraction(row[column])


@dataclass(frozen=True, slots=True)
class Reader:
    """Says households in our names and computes figures of them."""

    program: Program
    constants: Constants

    def case_of(self, row: Row) -> Case:
        """What is stated of a household. Which part of Alaska it lives in, the largest allotment tells."""
        case = self._case(row, "alaska_urban")
        if row["state_name"] == "Alaska":
            for area in ("alaska_urban", "alaska_rural_1", "alaska_rural_2"):
                case = self._case(row, area)
                if self.figure(case, "snap_max_allotment") == Fraction(row["rawbenmax"]):
                    break
        return case

    def _case(self, row: Row, area: str) -> Case:
        at = parse_period(f"{row['YRMONTH'][:4]}-{row['YRMONTH'][4:]}")
        state = row["state_name"].lower().replace(" ", "_")
        known: dict[str, Value] = {ours: Fraction(row[theirs]) for ours, theirs in GIVEN.items()}
        known["snap_state"] = EnumValue("snap_state", state)
        known["snap_unit_size"] = int(Fraction(row["rawusize"]))
        known["snap_rounding"] = EnumValue("snap_rounding", "cents_dropped")
        known["is_snap_eligible"] = True
        if state == "alaska":
            known["snap_allotment_area"] = EnumValue("snap_allotment_area", area)
        given = {Fact(self._name(name), UNIT, at): value for name, value in known.items()}
        case = Case(at=at, instances={"snap_unit": (UNIT,)}, given=given, complete=True)
        limit = self.figure(case, DEDUCTIONS + "snap_shelter_cap")
        assert isinstance(limit, Fraction)
        elderly = Fact(self._name("has_snap_elderly_disabled_member"), UNIT, at)
        return replace(case, given={**given, elderly: Fraction(row["rawsltded"]) > limit})

    def figure(self, case: Case, name: str) -> Value | None:
        """A figure of the household; None where it is not determined."""
        outcome = Interpreter(self.program, case, self.constants).find(Fact(self._name(name), UNIT, case.at))
        return outcome.value if isinstance(outcome, Known) else None

    def _name(self, name: str) -> str:
        definition = self.program.find(name)
        assert definition is not None, name
        return definition.name


def differing(reader: Reader, row: Row) -> list[tuple[str, Value | None, Fraction]]:
    """The figures of a household on which we and the file differ, even by a cent: name, ours, theirs."""
    case = reader.case_of(row)
    listed = [(ours, reader.figure(case, ours), stated(row, theirs)) for ours, theirs in FIGURES.items()]
    return [entry for entry in listed if entry[1] != entry[2]]


def main() -> None:
    """Print how many figures agree to the cent, and the first that do not."""
    program = programs.load_program("us")
    reader = Reader(program, Constants(program))
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    differences: Counter[str] = Counter()
    cases = 0
    for row in rows(Path(sys.argv[1]), every):
        cases += 1
        for name, ours, theirs in differing(reader, row):
            differences[name] += 1
            print(row["HHLDNO"], row["state_name"], row["YRMONTH"], name, ours, theirs)
    print(f"{cases:,} households")
    for name in FIGURES:
        print(f"{name:40} {cases - differences[name]:>7,} agree")


if __name__ == "__main__":
    main()
