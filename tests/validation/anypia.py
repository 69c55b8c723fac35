"""Outputs of SSA's Detailed Calculator (AnyPIA), as `anthonycolavito/pyanypia` publishes them.

1. A line of `data/anypia.csv` is one output: whose it is (retirement, disability, family, survivors of an age), the
   history of earnings, which benefits, how many months after the first, and AIME, PIA, family maximum and benefits.
   A worker's benefit is to the dime; a relative's is before the family maximum to the dime, and as paid in dollars.
2. `stated` gives the case in our terms, `is_covered` tells whether the rules as they ship reach it: months from 2013
   on, and earnings to 2024. `anypia_years` has rules for the others, `anypia_figures` our figures.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

DATA = Path(__file__).parent / "data" / "anypia.csv"
LAST_YEAR, FIRST_MONTH, LAST_MONTH = 2024, date(2013, 1, 1), date(2026, 11, 1)
FULL_AGE_MONTHS = {1937: 780, 1940: 786, 1943: 792, 1950: 792, 1955: 794, 1957: 798, 1958: 800}
Data = dict[str, object]


@dataclass(frozen=True, slots=True)
class Output:
    """One output of the calculator. `after`: months since the first month of benefits."""

    kind: str
    born: date
    history: str
    case: str
    after: int
    aime: Fraction
    pia: Fraction
    family_maximum: Fraction
    benefits: tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """The case in our terms: the month, the worker, the last year of earnings, the claims of relatives.

    `within`: the years that lay wholly in a period of disability that has ended.
    """

    at: date
    worker: Data
    last_year: int
    claims: Mapping[str, Data]
    within: frozenset[int] = frozenset()


def outputs() -> Iterator[Output]:
    """Every line of the file."""
    with DATA.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            benefits = tuple(tuple(map(Fraction, word.split("/"))) for word in row["benefits"].split())
            aime, pia, maximum = (Fraction(row[name]) for name in ("aime", "pia", "family_maximum"))
            born = date.fromisoformat(row["born"])
            yield Output(
                row["kind"], born, row["history"], row["case"], int(row["after"]), aime, pia, maximum, benefits
            )


def stated(output: Output) -> Stated:
    """The case in our terms."""
    match output.kind.split()[0]:
        case "retirement":
            return _retirement(output)
        case "disability":
            return _disability(output)
        case "family":
            return _family(output)
    return _survivors(output, int(output.kind.split()[-1]))


def leaves_out_credits(output: Output) -> bool:
    """Whether the calculator counts no credits for waiting, where the law does: DIFFERENCES.md says why."""
    died_at_70 = output.kind == "survivors of 70" and output.case in ("widow", "divorced")
    return died_at_70 or (output.born.year, output.history, output.case) == (1937, "early_quit", "70")


def is_uninsured(output: Output) -> bool:
    """Whether the calculator computes a benefit for a worker whom it finds not to be insured for disability."""
    return output.kind.endswith("of an uninsured worker")


def is_covered(output: Output) -> bool:
    """Whether the rules as they ship answer: for the month, on earnings of years whose indexes are published."""
    said = stated(output)
    return said.last_year <= LAST_YEAR and FIRST_MONTH <= said.at <= LAST_MONTH


def _month(months: int) -> date:
    """The first of a month that is counted from the year 0, January being 0."""
    return date(months // 12, months % 12 + 1, 1)


def _attained(born: date, months: int) -> int:
    """The month in which so many months of age are attained, on the day before the birthday."""
    return born.year * 12 + born.month - 1 + months - (born.day == 1)


def _claimed(born: date, entitled: int) -> Data:
    return {"birth_date": born, "ss_has_claimed_retirement": True, "ss_retirement_from": _month(entitled)}


def _retirement(output: Output) -> Stated:
    early = _attained(output.born, 744) + (output.born.day != 2)
    full = _attained(output.born, FULL_AGE_MONTHS.get(output.born.year, 804))
    claim, *periods = output.case.split()
    entitled = {"earliest": early, "full": full, "70": _attained(output.born, 840)}[claim]
    last_year = entitled // 12 - 1
    worker = _claimed(output.born, entitled)
    disabled = [[output.born.year + int(age) for age in period.split("-")] for period in periods]
    if disabled:
        worker["ss_years_of_ended_disability"] = sum(until - onset + 1 for onset, until in disabled)
    if output.kind == "retirement after disability without later earnings":
        last_year = disabled[0][0] - 1
    within = frozenset(year for onset, until in disabled for year in range(onset + 1, until))
    return Stated(_month(entitled + output.after), worker, last_year, {}, within)


def _disability(output: Output) -> Stated:
    year = output.born.year + int(output.case)
    worker: Data = {"birth_date": output.born, "ss_is_disabled": True, "ss_disability_onset": date(year, 6, 15)}
    last_year = year
    if "with earnings for eight years more" in output.kind:
        last_year = year + 8
    elif "after three years of child care" in output.kind:
        last_year = year - 4
        worker["ss_childcare_dropout_years"] = 3
    return Stated(_month(year * 12 + 11 + output.after), worker, last_year, {})


def _claim(relation: str, born: date, first: int, **more: object) -> Data:
    return {"claim_relation": relation, "claim_birth_date": born, "claim_from": _month(first), **more}


def _family(output: Output) -> Stated:
    entitled = _attained(output.born, FULL_AGE_MONTHS.get(output.born.year, 804))
    spouse = date(output.born.year + 2, 7, 20)
    at_62, at_65 = max(_attained(spouse, 744) + 1, entitled), max(_attained(spouse, 780), entitled)
    first = entitled // 12 - 8
    children = {
        "one": _claim("child", date(first, 4, 1), entitled),
        "two": _claim("child", date(first + 2, 9, 9), entitled),
    }
    mother = _claim("spouse_with_child", date(output.born.year + 20, 1, 15), entitled, claim_has_child_in_care=True)
    claims = {
        "spouse62": {"spouse": _claim("spouse", spouse, at_62)},
        "spouse65": {"spouse": _claim("spouse", spouse, at_65)},
        "young": {"mother": mother, **children},
        "children": children,
    }[output.case]
    latest = {"spouse62": at_62, "spouse65": at_65}.get(output.case, entitled)
    return Stated(_month(latest + output.after), _claimed(output.born, entitled), entitled // 12 - 1, claims)


def _survivors(output: Output, age: int) -> Stated:
    year = output.born.year + age
    died = year * 12 + 7
    widow = date(output.born.year + 3, 6, 10)
    at_60, at_52 = max(_attained(widow, 720), died), max(_attained(widow, 624), died)
    aged = {"widow": _claim("widow", widow, at_60)}
    former = date(widow.year - 2, 3, 4)
    onset = _month(at_52 - 12).replace(day=5)
    first = _claim("child", date(year - 6, 4, 1), died)
    mother = _claim("parent_of_child", date(output.born.year + 4, 2, 25), died, claim_has_child_in_care=True)
    divorced = _claim("divorced_widow", former, at_60, claim_marriage_lasted_ten_years=True)
    claims = {
        "widow": aged,
        "divorced": {**aged, "former": divorced},
        "disabled": {"widow": _claim("disabled_widow", widow, at_52, claim_disability_onset=onset)},
        "young": {"mother": mother, "one": first, "two": _claim("child", date(year - 9, 9, 9), died)},
        "child": {"one": first},
    }[output.case]
    latest = {"widow": at_60, "divorced": at_60, "disabled": at_52}.get(output.case, died)
    worker: Data = {"birth_date": output.born, "date_of_death": date(year, 8, 20)}
    return Stated(_month(latest + output.after), worker, year, claims)
