"""A row of TAXSIM's columns into the people and facts of a tax unit, which our rules read.

1. Check the codes: a year the rules answer for, a marital status, no figures of a spouse where there is none.
2. People: the head; with mstat 2 a spouse; as many dependents as `depx` and the ages say.
3. Ages of dependents are age1-age11. Those of `depx` whose age is not stated are infants: TAXSIM counts them as
   children for every credit, in 2021 as children of six or more, whose credit was the smaller one; 99 is how its users
   state an adult. The older dep6-dep19 count dependents below an age, before the ages; of `depx` the others are then
   adults.
4. Unmarried with dependents (mstat 1, 3) files as head of household; 33 is single and 66 separate whatever dependents
   there are; 8 is a dependent of somebody else. An age of 0 stands for a filer neither young nor old.
5. Amounts of the unit are the head's. Self-employment and S-corporation income is business income that qualifies for
   section 199A and, as TAXSIM assumes, of businesses with wages enough that the limit by wages does not bind.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeVar

from api.taxsim.batch import Person, Unit
from api.taxsim.columns import AGES, HEAD, MARGINAL, OTHER_ITEMIZED, OTHER_ITEMIZED_FROM, SPOUSE, UNDER_AGES, UNIT
from api.taxsim.table import Fault, Row
from engine.values.types import EnumValue, Value

UNSTATED_AGE, INFANT, ADULT_DEPENDENT_AGE = 40, 0, 40
SCHOOL_AGE, YEAR_OF_TWO_CREDITS = 6, 2021
MOST_DEPENDENTS = 40
OLDEST = 130
STATES = range(52)
STATUSES = (1, 2, 3, 6, 8, 33, 66)
KINDS_OF_OUTPUT = STANDARD, FULL, TEXT = (0, 2, 5)
JOINT, DEPENDENT_ELSEWHERE, SINGLE_ALWAYS, SEPARATE = 2, 8, 33, (6, 66)
SINGLE = EnumValue("filing_status", "single")
_Cents = TypeVar("_Cents", int, Any)  # a whole number, or an array of them
_BUSINESS = ("self_employment_income", "sstb_self_employment_income", "partnership_s_corp_income")


def check_row(row: Row, years: range) -> None:
    """Add to the row's faults what no tax unit can be; of a column that could not be read, nothing more."""
    reported = list(row.faults)
    unread = {fault.column for fault in reported}
    _check_codes(row, years)
    row.faults[:] = reported + [fault for fault in row.faults[len(reported) :] if fault.column not in unread]


def _check_codes(row: Row, years: range) -> None:
    code = row.codes.get
    year, status = code("year", 0), code("mstat", 0)
    if year not in years:
        row.faults.append(Fault("year", f"{year} is not a year that the rules answer for ({years[0]}-{years[-1]})"))
    if status not in STATUSES:
        row.faults.append(
            Fault("mstat", f"{status} is not a marital status: 1 single, 2 joint, 6 separate, 8 dependent")
        )
    if status != 2:
        spouses = [name for name in SPOUSE if row.money.get(name)] + (["sage"] if code("sage", 0) else [])
        for name in spouses:
            row.faults.append(Fault(name, "is not 0, but only a joint return (mstat 2) has a spouse"))
    for name in ("page", "sage", *AGES):
        if not 0 <= code(name, 0) <= OLDEST:
            row.faults.append(Fault(name, f"{code(name, 0)} is not an age"))
    for name in ("depx", *UNDER_AGES):
        if not 0 <= code(name, 0) <= MOST_DEPENDENTS:
            row.faults.append(Fault(name, f"{code(name, 0)} is not a number of dependents"))
    if code("state", 0) not in STATES:
        row.faults.append(Fault("state", f"{code('state', 0)} is not a state number (0 for none, 1-51 in SOI's order)"))
    if code("idtl", 0) not in KINDS_OF_OUTPUT:
        row.faults.append(Fault("idtl", f"{code('idtl', 0)} is not a kind of output: 0, 2 or 5"))
    if code("mtr", 0) and code("mtr", 0) not in MARGINAL:
        known = ", ".join(map(str, sorted(MARGINAL)))
        row.faults.append(Fault("mtr", f"{code('mtr', 0)} is not a marginal rate that is computed here: {known}"))


def unit_of(row: Row) -> Unit:
    """The tax unit in a row without faults."""
    status = row.codes["mstat"]
    people = [Person("head", _filer(row, HEAD, "page"))]
    if status == JOINT:
        people.append(Person("spouse", _filer(row, SPOUSE, "sage")))
    ages = dependent_ages(row)
    people += [Person("dependent", {"age": age}) for age in ages]
    facts: dict[str, Value] = {fact: Fraction(row.money.get(column, 0), 100) for column, fact in UNIT.items()}
    facts["files_separately"] = status in SEPARATE
    facts["head_is_dependent_elsewhere"] = status == DEPENDENT_ELSEWHERE
    facts["is_surviving_spouse"] = False
    if status == SINGLE_ALWAYS:
        facts["filing_status"] = SINGLE
    return Unit(tuple(people), facts)


def _filer(row: Row, columns: Mapping[str, str], age_column: str) -> dict[str, Value]:
    amounts = filer_amounts(row.money, columns_of_year(columns, row.codes["year"]), 0)
    facts: dict[str, Value] = {name: Fraction(amount, 100) for name, amount in amounts.items()}
    return facts | {"age": row.codes.get(age_column, 0) or UNSTATED_AGE}


def columns_of_year(columns: Mapping[str, str], year: int) -> Mapping[str, str]:
    """Which fact each money column of a filer is in a year."""
    if year >= OTHER_ITEMIZED_FROM and "otheritem" in columns:
        return {**columns, "otheritem": OTHER_ITEMIZED}
    return columns


def filer_amounts(money: Mapping[str, _Cents], columns: Mapping[str, str], nothing: _Cents) -> dict[str, _Cents]:
    """The amounts of a filer by fact, in cents: of one row, or as arrays of many."""
    amounts: dict[str, _Cents] = dict.fromkeys(columns.values(), nothing)
    for column, fact in columns.items():
        if column in money:
            amounts[fact] = amounts[fact] + money[column]
    wages = nothing
    for name in _BUSINESS:
        wages = wages + _above_zero(amounts.get(name, nothing))
    amounts["w2_wages_from_qualified_business"] = wages
    amounts["sstb_w2_wages_from_qualified_business"] = _above_zero(amounts["sstb_self_employment_income"])
    return amounts


def _above_zero(amount: _Cents) -> _Cents:
    return (amount + abs(amount)) // 2


def dependent_ages(row: Row) -> list[int]:
    """The ages of the dependents, stated or standing in for what the counts say."""
    number = row.codes.get("depx", 0)
    if any(row.codes.get(name) for name in UNDER_AGES):
        ages = _ages_from_counts(row)
        return ages + [ADULT_DEPENDENT_AGE] * (number - len(ages))
    ages = [row.codes[name] for name in AGES if row.codes.get(name)]
    unstated = SCHOOL_AGE if row.codes.get("year") == YEAR_OF_TWO_CREDITS else INFANT
    return ages + [unstated] * (number - len(ages))


def _ages_from_counts(row: Row) -> list[int]:
    """Ages just below the bounds of the counts: dep13=1, dep17=3 is one of 12 and two of 16."""
    ages: list[int] = []
    for name, bound in UNDER_AGES.items():
        ages += [bound - 1] * max(0, row.codes.get(name, 0) - len(ages))
    return ages
