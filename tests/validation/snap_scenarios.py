"""SNAP households of 18F's eligibility prototype (public domain), with what its authors found by States' calculators.

1. A line of `data/snap_scenarios.csv` is a scenario: the household, its costs by month, and what is found of it.
   `python -m tests.validation.snap_scenarios FOLDER` makes the file of a clone of 18F/snap-api-prototype.
2. Figures are those of fiscal year 2020; the month is the last one before emergency allotments, which raise every
   benefit to the largest allotment (P.L. 116-127 s.2302) and are compared as that.
3. Illinois had a demonstration then (7 USC 2026(b)): a standard medical deduction of 165, paid for by 7 dollars less
   of the standard deduction. Both are given, as an agency's figures before the tables are.
4. One adult of 40, or of 65 where a member is elderly or disabled, lives with children of 8.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period

DATA = Path(__file__).parent / "data" / "snap_scenarios.csv"
AT = parse_period("2020-02")
STATES = {"IL": "illinois", "UT": "utah", "VT": "vermont"}
AMOUNTS = {
    "earned income of": "earned",
    "other income of": "other",
    "assets of": "assets",
    "dependent care costs of": "care",
    "medical expenses for elderly or disabled members of": "medical",
    "court-ordered child support payments of": "support",
    "rent or mortgage costs of": "rent",
    "homeowners insurance and taxes costs of": "taxes",
    "utility costs of": "utility_costs",
}
UTILITIES = {
    "pays for AC or heat": "heating",
    "pays for water and trash": "limited",
    "pays for a single utility": "single",
    "pays phone bills only": "telephone",
    "is not billed separately": "",
}
PAID = {
    "heating": ("pays_heating_or_cooling",),
    "limited": ("pays_water", "pays_trash"),
    "single": ("pays_water",),
    "telephone": ("pays_telephone",),
}
ILLINOIS_STANDARD = {1: 160, 2: 160, 3: 160, 4: 171, 5: 202}
ILLINOIS_MEDICAL, OTHER_MEDICAL = 165, 0
COLUMNS = ("state", "emergency", "size", "elderly", *AMOUNTS.values(), "utilities", "eligible", "benefit")


@dataclass(frozen=True, slots=True)
class Compared:
    """A scenario by its number from 1, whether the household is eligible and for how much: ours, and theirs."""

    number: int
    ours: tuple[bool | None, Fraction | None]
    theirs: tuple[bool, Fraction]


def scenarios() -> Iterator[Mapping[str, str]]:
    """The lines of the file."""
    with DATA.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def read_feature(text: str) -> Iterator[dict[str, str]]:
    """The scenarios of a feature file, in our columns."""
    background, *blocks = re.split(r"(?m)^ *Scenario:", text)
    state = re.search(r"household is in (\w\w)", background)
    emergency = "Given an emergency" in background
    assert state is not None
    for block in blocks:
        row = dict.fromkeys(COLUMNS, "") | {"state": state[1], "emergency": str(emergency)}
        for line in block.splitlines():
            _read_line(line.strip(), row)
        yield row


def _read_line(line: str, row: dict[str, str]) -> None:
    if size := re.search(r"a (\d+)-person household", line):
        row["size"] = size[1]
    if elderly := re.search(r"household (does|does not) include an elderly", line):
        row["elderly"] = str(elderly[1] == "does")
    if eligible := re.search(r"family is likely (not eligible|eligible)", line):
        row["eligible"] = str(eligible[1] == "eligible")
    if benefit := re.search(r"estimated benefit is \$(\d+)", line):
        row["benefit"] = benefit[1]
    if amount := re.search(r"household has (.+) \$(\d+)", line):
        row[AMOUNTS[amount[1]]] = amount[2]
    for words, paid in UTILITIES.items():
        if words in line:
            row["utilities"] = paid


def compare(program: Program) -> Iterator[Compared]:
    """Each scenario, ours and theirs."""
    for number, row in enumerate(scenarios(), 1):
        yield Compared(number, _ours(program, row), (row["eligible"] == "True", Fraction(row["benefit"])))


def _ours(program: Program, row: Mapping[str, str]) -> tuple[bool | None, Fraction | None]:
    case = case_from_data(program, _said(row), Diagnostics(), AT)
    assert case is not None
    interpreter = Interpreter(program, case)
    names = ("is_snap_eligible", "snap_max_allotment" if row["emergency"] == "True" else "snap_normal_allotment")
    listed = []
    for name in names:
        definition = program.find(name)
        assert definition is not None
        listed.append(interpreter.find(Fact(definition.name, "home", AT)))
    eligible, amount = (outcome.value if isinstance(outcome, Known) else None for outcome in listed)
    due = amount if isinstance(amount, Fraction) else None
    return (eligible if isinstance(eligible, bool) else None), (due if eligible else Fraction())


def _said(row: Mapping[str, str]) -> dict[str, object]:
    people: dict[str, dict[str, object]] = {f"child{n}": {"age_in_month": 8} for n in range(1, int(row["size"]))}
    elderly = row["elderly"] == "True"
    people["adult"] = {
        "age_in_month": 65 if elderly else 40,
        "wages_of_month": int(row["earned"] or 0),
        "other_income_of_month": int(row["other"] or 0),
    }
    home: dict[str, object] = {
        "snap_members": list(people),
        "snap_state": STATES[row["state"]],
        "snap_rounding": "nearest_dollar",
        "snap_resources": int(row["assets"] or 0),
        "snap_dependent_care_costs": int(row["care"] or 0),
        "snap_medical_costs": int(row["medical"] or 0),
        "snap_child_support_paid": int(row["support"] or 0),
        "snap_shelter_costs": int(row["rent"] or 0) + int(row["taxes"] or 0),
        "snap_utility_costs": int(row["utility_costs"] or 0),
    }
    home |= dict.fromkeys(PAID.get(row["utilities"], ()), True)
    home["snap_standard_medical_of_agency"] = ILLINOIS_MEDICAL if row["state"] == "IL" else OTHER_MEDICAL
    if row["state"] == "IL":
        home["snap_standard_deduction"] = ILLINOIS_STANDARD.get(len(people), 233)
    return {"complete": True, "people": people, "snap_units": {"home": home}}


def main() -> None:
    """Make the file of the feature files."""
    with DATA.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for path in sorted(Path(sys.argv[1]).glob("features/*.feature")):
            writer.writerows(read_feature(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
