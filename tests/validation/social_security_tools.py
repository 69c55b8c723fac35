"""Figures that the tests of `Gregable/social-security-tools` state, and ours.

1. A line of `data/social_security_tools.csv` is one benefit: of a worker, of a spouse beside an own benefit, or of a
   widow or widower, from a primary amount that is given. They drop cents, so that ours are dropped as well.
2. A line of `data/social_security_tools_records.csv` is a record of earnings and the figures that follow from it.
3. `ours` gives our figure of a benefit, and `figures` those of a record.

`file` is the test file in src/test that states the figure (commit 354d918).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics

BENEFITS = Path(__file__).parent / "data" / "social_security_tools.csv"
RECORDS = Path(__file__).parent / "data" / "social_security_tools_records.csv"
Data = dict[str, object]


@dataclass(frozen=True, slots=True)
class Benefit:
    """One benefit of a month, in whole dollars. `other` is the spouse or the survivor; months are as 2024-06."""

    file: str
    kind: str
    born: str
    pia: Decimal
    from_month: str
    died: str
    other_born: str
    other_pia: Decimal
    other_from: str
    at: str
    expected: int


@dataclass(frozen=True, slots=True)
class Record:
    """A record of earnings, what else is given, and the figures expected: `name`, or `name@year` of a year's line."""

    file: str
    born: str
    at: str
    given: Mapping[str, Decimal]
    earnings: Mapping[int, Decimal]
    expected: Mapping[str, Fraction]


def benefits() -> Iterator[Benefit]:
    """Every benefit of the file."""
    with BENEFITS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Benefit(
                row["file"],
                row["kind"],
                row["born"],
                Decimal(row["pia"]),
                row["from"],
                row["died"],
                row["other_born"],
                Decimal(row["other_pia"] or 0),
                row["other_from"],
                row["at"],
                int(row["expected"]),
            )


def records() -> Iterator[Record]:
    """Every record of the file."""
    with RECORDS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Record(
                row["file"],
                row["born"],
                row["at"],
                {name: Decimal(value) for name, value in _pairs(row["given"], "=")},
                {int(year): Decimal(value) for year, value in _pairs(row["earnings"], ":")},
                {name: Fraction(value) for name, value in _pairs(row["expected"], "=")},
            )


def ours(program: Program, benefit: Benefit) -> int:
    """Our figure of the benefit, without its cents."""
    worker = _person(benefit.born, benefit.pia, benefit.from_month)
    match benefit.kind:
        case "retirement":
            return _benefit_of(program, worker, benefit.at) // 1
        case "spouse":
            return _spouse(program, benefit, worker)
    worker |= {"date_of_death": f"{benefit.died}-15"}
    claim: Data = {"claim_relation": "widow"}
    return _claim(program, benefit, worker, claim, benefit.other_from)


def figures(program: Program, record: Record) -> dict[str, Fraction]:
    """Our figures of the record."""
    lines: Data = {
        f"y{year}": {"person": "worker", "record_year": year, "record_earnings": amount}
        for year, amount in record.earnings.items()
    }
    person: Data = {"birth_date": record.born, **record.given}
    data: Data = {"at": record.at, "complete": True, "people": {"worker": person}, "earnings_years": lines}
    value = {}
    for expected in record.expected:
        name, _, year = expected.partition("@")
        value[expected] = _value(program, data, name, f"y{year}" if year else "worker")
    return value


def _pairs(text: str, separator: str) -> Iterator[tuple[str, str]]:
    for word in text.split():
        name, _, value = word.partition(separator)
        yield name, value


def _person(born: str, pia: Decimal, from_month: str) -> Data:
    """Somebody insured with this primary amount, and no special minimum."""
    person: Data = {
        "birth_date": born,
        "ss_pia": pia,
        "ss_regular_pia": pia,
        "ss_special_minimum_pia": 0,
        "ss_is_fully_insured": True,
        "ss_family_maximum": 2 * pia,
    }
    if from_month:
        person |= {"ss_has_claimed_retirement": True, "ss_retirement_from": f"{from_month}-01"}
    return person


def _benefit_of(program: Program, person: Data, at: str) -> Fraction:
    data: Data = {"at": at, "complete": True, "people": {"worker": person}}
    return _value(program, data, "ss_retirement_before_deductions", "worker")


def _spouse(program: Program, benefit: Benefit, worker: Data) -> int:
    """Who claims the one benefit claims both, and the spouse's cannot begin before the worker's (42 USC 402(r))."""
    own = _benefit_of(program, _person(benefit.other_born, benefit.other_pia, benefit.other_from), benefit.at)
    claim: Data = {
        "claim_relation": "spouse",
        "claim_own_pia": benefit.other_pia,
        "claim_own_benefit": Decimal(own.numerator) / own.denominator,
    }
    return _claim(program, benefit, worker, claim, max(benefit.from_month, benefit.other_from))


def _claim(program: Program, benefit: Benefit, worker: Data, claim: Data, first_month: str) -> int:
    claim |= {"person": "worker", "claim_birth_date": benefit.other_born, "claim_from": f"{first_month}-01"}
    data: Data = {
        "at": benefit.at,
        "complete": True,
        "people": {"worker": worker},
        "claims_on_record": {"claim": claim},
    }
    return _value(program, data, "claim_benefit", "claim") // 1


def _value(program: Program, data: Data, name: str, instance: str) -> Fraction:
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    assert case is not None and not problems.errors, list(problems)
    definition = program.find(name)
    assert definition is not None
    outcome = Interpreter(program, case).find(
        Fact(definition.name, instance, definition.period.containing(case.at.start))
    )
    assert isinstance(outcome, Known) and isinstance(outcome.value, Fraction | int), (name, data, outcome)
    return Fraction(outcome.value)
