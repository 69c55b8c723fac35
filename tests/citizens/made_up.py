"""A made-up population of tax units and their people, for tests of the log."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date
from typing import Any

import pyarrow as pa

from citizens import Membership, Source


def sample_population(tax_units: int, seed: int, valid_from: date) -> list[Source]:
    """A made-up population of tax units and their people, the same for the same seed. For demonstrations and tests."""
    draw = random.Random(seed)
    people: list[dict[str, Any]] = []
    for unit in range(tax_units):
        people.extend(_sample_unit(unit, draw, valid_from.year))
    units = [{"id": str(unit), "state": draw.choice(("CA", "NY", "TX", "WA"))} for unit in range(tax_units)]
    member = Membership("tax_unit", "tax_unit", "unit", role_column="role")
    return [
        Source(pa.Table.from_pylist(units), "tax_unit", "id", valid_from),
        Source(pa.Table.from_pylist(people), "person", "id", valid_from, memberships=(member,)),
    ]


def _sample_unit(unit: int, draw: random.Random, year: int) -> Iterable[dict[str, Any]]:
    roles = ["head"] + ["spouse"] * (draw.random() < 0.45) + ["dependent"] * draw.choice((0, 0, 0, 1, 2, 3))
    for index, role in enumerate(roles):
        age = draw.randint(0, 17) if role == "dependent" else draw.randint(18, 90)
        cents = 0 if role == "dependent" else int(draw.lognormvariate(15, 1))
        yield {
            "id": f"{unit}-{index}",
            "unit": str(unit),
            "role": role,
            "birth_date": date(year - age - 1, draw.randint(1, 12), draw.randint(1, 28)),
            "wages": f"{cents // 100}.{cents % 100:02}",
            "interest": f"{draw.randint(0, 500)}.00",
        }
