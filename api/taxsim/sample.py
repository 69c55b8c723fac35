"""The shipped sample of tax units as units that a program computes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from api.taxsim.batch import Person, Unit
from citizens.sample import Sample
from engine.values.types import EnumValue, Value

_LABELS = ("person_id", "tax_unit_id", "role", "weight", "state_fips", "filing_status")


@dataclass(frozen=True, slots=True)
class Sampled:
    """A unit of the sample: its name, how many units of the nation it stands for, and its facts."""

    name: str
    weight: Fraction
    unit: Unit


def sampled_units(sample: Sample) -> Iterator[Sampled]:
    """The units of a sample, in order, each with its people."""
    people: dict[str, list[Person]] = {}
    for row in sample.people.to_pylist():
        people.setdefault(row["tax_unit_id"], []).append(Person(row["role"], _facts(row)))
    for row in sample.tax_units.to_pylist():
        status = row["filing_status"]
        facts = _facts(row) | {
            "filing_status": EnumValue("filing_status", status),
            "files_separately": status == "separate",
        }
        name = row["tax_unit_id"]
        yield Sampled(name, Fraction(row["weight"]), Unit(tuple(people[name]), facts))


def _facts(row: Mapping[str, Any]) -> dict[str, Value]:
    """The facts of a row: flags as they are, ages as whole numbers, everything else as money."""
    return {
        name: _value(name, value) for name, value in row.items() if name not in _LABELS and (value or name == "age")
    }


def _value(name: str, value: Any) -> Value:
    return value if isinstance(value, bool) or name == "age" else Fraction(value)
