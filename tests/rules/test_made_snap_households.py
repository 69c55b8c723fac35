"""SNAP households that the facts of homes make (7 USC 2012(m)), by machine code and by the interpreter."""

from __future__ import annotations

from random import Random
from typing import Any

import pyarrow as pa

from api.rules.programs import load_program
from engine.native import evaluate
from engine.native.agreement import differences
from engine.population.door import from_arrow
from engine.values.periods import parse_period

WANTED = ["snap_household_number", "snap_unit_size", "snap", "household_snap_of_month"]
TIES = ("is_spouse_of", "is_parent_of", "has_parental_control_over", "buys_and_prepares_food_with")


def homes(chance: Random, number: int) -> dict[str, Any]:
    """Homes of one to five people, of whom some are related, board, attend, or are old and cannot cook."""
    people: list[dict[str, Any]] = []
    dwellings: list[dict[str, Any]] = []
    kinships: list[dict[str, Any]] = []
    for home in range(number):
        state = chance.choice(["ohio", "hawaii", "california"])
        dwellings.append({"dwelling_id": home, "dwelling_state": state, "home_shares_food": chance.random() < 0.4})
        first = len(people)
        for person in range(first, first + chance.randrange(1, 6)):
            people.append(
                {
                    "person_id": person,
                    "dwelling_id": home,
                    "dwelling_role": "occupant",
                    "birth_date": f"{chance.randrange(1940, 2022)}-0{chance.randrange(1, 9)}-11",
                    "wages_of_month": chance.choice([0, 500, 2000]),
                    "is_boarder": chance.random() < 0.1,
                    "is_live_in_attendant": chance.random() < 0.05,
                    "cannot_cook_because_of_disability": chance.random() < 0.4,
                    "asks_to_be_separate_snap_household": chance.random() < 0.5,
                }
            )
        pairs = [(of, other) for of in range(first, len(people)) for other in range(first, len(people)) if of != other]
        for of, other in pairs:
            if chance.random() < 0.3:
                tie = chance.choice(TIES)
                kinships.append({"of_id": of, "with_id": other, **{name: name == tie for name in TIES}})
    tables = {"person": people, "dwelling": dwellings, "kinship": kinships}
    return {entity: pa.Table.from_pylist(rows) for entity, rows in tables.items()}


def test_code_makes_the_households_that_the_interpreter_makes_and_owes_them_the_same() -> None:
    program = load_program("us")
    columns = from_arrow(program, parse_period("2024-10"), homes(Random(1), 60)).columns
    assert columns is not None
    result = evaluate(program, columns, WANTED)
    assert differences(program, columns, result) == []
    assert result.handed_over <= 2  # homes in which two were born on one day
    made = int(result.groups["snap_unit"].sum())
    assert 60 < made < columns.counts["person"]
