"""A land whose tax can be reckoned by hand, and families in it, for inputs of hostile shapes.

The land has people with payslips, a stock, an event, a date and an enum; `owed` reckons its tax again in exact numbers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.cli.command import SETTINGS, write_rules

LAND_SETTINGS = SETTINGS.replace(
    "entities:\n", "enums:\n  kind:\n    law: s. 1\n    members: {plain: Plain, special: Special}\nentities:\n"
).replace("  tax_unit:\n", "  payslip: {plural: payslips, belongs_to: person}\n  tax_unit:\n")

LAND = """\
about: Tax of a land
law: Tax Act
exports: [tax, wages, age, savings, bought, kind, born, pay, tax_of_person]
inputs:
  wages: {entity: person, period: year, type: money, label: Wages, range: 0 .. 1_000_000, absent: 0, excludes: [pay]}
  age: {entity: person, period: year, type: integer, label: Age, range: 0 .. 130, absent: 40}
  savings: {entity: person, period: day, type: money, stock: true, label: Savings, range: 0 .. 1_000_000, absent: 0}
  bought: {entity: person, period: year, type: boolean, event: true, label: Bought a car, absent: false}
  kind: {entity: person, period: year, type: kind, label: Kind, absent: plain}
  born: {entity: person, period: eternity, type: date or none, label: Born, absent: none}
  pay: {entity: payslip, period: year, type: money, label: Pay, range: 0 .. 1_000_000, absent: 0}
parameters:
  allowance: {type: money, law: s. 2, values: {2020-01-01: 1_000, 2024-01-01: 2_000}}
scales:
  rates: {kind: marginal, law: s. 3, values: {2020-01-01: [{above: 0, rate: 10%}, {above: 20_000, rate: 30%}]}}
variables:
  tax_of_person:
    label: Tax of a person
    entity: person
    period: year
    type: money
    law: s. 4
    formula: |
      let income = wages + sum(p.pay for p in payslips)
      let relief = (if bought then 500 USD else 0 USD) + (if kind = .special then 70 USD else 0 USD)
      in max(0 USD, rates(max(0 USD, income - allowance)) - relief) + (savings @ end) * 1%
  tax:
    label: Tax
    entity: tax_unit
    period: year
    type: money
    law: s. 5
    formula: sum(m.tax_of_person for m in members where m.age >= 18)
examples:
  - at: 2024
    given: {complete: true, people: {ann: {wages: 30_000}}, tax_units: {home: {head: ann}}}
    expect: {tax: 4_400, people: {ann: {tax_of_person: 4_400}}}
"""

REFUSED = "refused"
Expected = Fraction | str | None | tuple[Fraction]
"""An amount that must be answered, REFUSED, a tuple of one that may be answered or refused, or None: only words."""


@dataclass
class Attempt:
    """A command, what stands on its stdin, and what must come of it."""

    arguments: list[str]
    expected: Expected
    stdin: str = ""


Family = dict[str, dict[str, Any]]


def write_land(folder: Path) -> None:
    """The rules of the land in `folder/land`."""
    write_rules(folder / "land", LAND, LAND_SETTINGS)


def family(draw: random.Random) -> Family:
    """A head and up to three others; `pays` are the payslips of who has no wages."""
    people: Family = {}
    for name in ("ann", "bo", "cy", "di")[: draw.randint(1, 4)]:
        person: dict[str, Any] = {"age": draw.choice((0, 17, 18, 40, 130))}
        money = Fraction(draw.choice((0, 1, 199_999, 2_200_000, 2_200_001, draw.randrange(10**8))), 100)
        if draw.random() < 0.5:
            person["wages"] = money
        elif draw.random() < 0.6:
            person["pays"] = [money / 2 - money / 2 % Fraction(1, 100), Fraction(draw.randrange(10**6), 100)]
        if draw.random() < 0.4:
            person["savings"] = Fraction(draw.randrange(10**6), 100)
        if draw.random() < 0.3:
            person["bought"] = draw.random() < 0.7
        if draw.random() < 0.3:
            person["kind"] = draw.choice(("plain", "special"))
        people[name] = person
    return people


def cents(amount: Fraction) -> Fraction:
    """To the cent, halves away from zero; no amount here is below 0."""
    return Fraction((amount * 100 + Fraction(1, 2)).__floor__(), 100)


def owed(people: Family) -> Fraction:
    """The tax of a family of 2024, reckoned here and not by the rules."""
    total = Fraction(0)
    for person in people.values():
        income = max(Fraction(0), person.get("wages", Fraction(0)) + sum(person.get("pays", ())) - 2_000)
        tax = income / 10 + max(Fraction(0), income - 20_000) / 5
        relief = 500 * bool(person.get("bought")) + 70 * (person.get("kind") == "special")
        if person.get("age", 40) >= 18:
            total += cents(max(Fraction(0), tax - relief) + person.get("savings", Fraction(0)) / 100)
    return total


def decimal(amount: Fraction) -> str:
    whole, rest = divmod(amount * 100, 100)
    return f"{whole}.{int(rest):02}"


def plain(value: Any) -> Any:
    """Money as text, all else as it is."""
    return decimal(value) if isinstance(value, Fraction) else value


def as_data(people: Family, complete: bool = True) -> dict[str, Any]:
    """The case as JSON has it."""
    persons = {
        name: {
            key: decimal(value) if isinstance(value, Fraction) else value
            for key, value in person.items()
            if key != "pays"
        }
        for name, person in people.items()
    }
    slips = {
        f"{name}{number}": {"person": name, "pay": decimal(pay)}
        for name, person in people.items()
        for number, pay in enumerate(person.get("pays", ()))
    }
    head, *others = people
    data: dict[str, Any] = {"at": 2024, "complete": complete, "people": persons}
    data |= {"tax_units": {"home": {"head": head, "dependents": others}}}
    return data | ({"payslips": slips} if slips else {})
