"""Further owners of records and larger groups of groups are computed by machine code from tables, bit for bit as the
interpreter does, also where they join households."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.ir.program import Program
from engine.native import Options, evaluate
from engine.native.agreement import all_figures, differences
from engine.native.plan.owned import joined
from engine.native.samples import random_population
from engine.pipeline import compile_rules
from engine.population.columns import Columns
from engine.population.door import from_arrow
from engine.values.periods import parse_period

PEOPLE = Path(__file__).parents[1] / "language" / "programs" / "people"
YEAR = parse_period("2024")
WAYS = (Options(cache=""), Options(cache="", width=1, block=7, cut=20, skip_cost=3))
OWNERS = ("child_of_parent", "place_in_sitting", "mean_mark", "best_mark", "others_at_home", "is_older")
LARGER = ("household_tax", "share_of_rent", "total_of_household")


@pytest.fixture(scope="module")
def people() -> Program:
    return compile_rules(PEOPLE)


def households(program: Program, size: int, seed: int) -> Columns:
    """Households of three, of whom two file together and one alone; ties and kinships, some across households, and
    attempts in sittings that people of many households sit. Every table's rows are shuffled."""
    chance = random.Random(seed)

    def shuffled(table: dict[str, list[Any]]) -> Any:
        order = chance.sample(range(len(next(iter(table.values())))), len(next(iter(table.values()))))
        return pa.table({name: [column[row] for row in order] for name, column in table.items()})

    ids = list(range(3 * size))
    person: dict[str, list[Any]] = {
        "person_id": ids,
        "household_id": [row // 3 for row in ids],
        "household_role": ["resident"] * len(ids),
        "tax_unit_id": [2 * (row // 3) + (row % 3 == 2) for row in ids],
        "tax_unit_role": [("head", "spouse", "head")[row % 3] for row in ids],
        "birth_date": [f"{chance.randrange(1950, 2015)}-03-01" for _ in ids],
        "income@2024": [chance.randrange(100_000) for _ in ids],
    }
    household = {"household_id": ids[:size], "rent@2024": [chance.randrange(10_000) for _ in ids[:size]]}
    ends = [(row, chance.choice(ids) if row % 9 == 0 else row - row % 3 + chance.randrange(3)) for row in ids]
    tie = {"child_id": [one for one, _ in ends], "parent_id": [other for _, other in ends]}
    tie["lives_with@2024"] = [chance.random() < 0.7 for _ in ends]
    kinship = {"of_id": [one for one, _ in ends], "with_id": [other for _, other in ends]}
    attempt: dict[str, list[Any]] = {
        "person_id": chance.choices(ids, k=size),
        "sitting_id": chance.choices("abc", k=size),
    }
    attempt["mark"] = [chance.randrange(101) for _ in range(size)]
    tables: dict[str, dict[str, list[Any]]] = {
        "person": person, "household": household, "tax_unit": {"tax_unit_id": list(range(2 * size))}, "tie": tie,
        "kinship": kinship, "attempt": attempt, "sitting": {"sitting_id": list("abc")},
    }  # fmt: skip
    told = from_arrow(program, YEAR, {name: shuffled(table) for name, table in tables.items()})
    assert told.columns is not None and not told.problems, told.problems[:3]
    return told.columns


@pytest.mark.parametrize("way", WAYS, ids=["wide", "single"])
def test_further_owners_and_larger_groups_need_no_interpreter(way: Options, people: Program) -> None:
    columns = households(people, 40, 1)
    result = evaluate(people, columns, [*OWNERS, *LARGER], options=way)
    assert result.handed_over == 0, result.causes
    assert differences(people, columns, result) == []


@pytest.mark.parametrize("complete", [True, False], ids=["complete", "open"])
def test_random_populations_joined_by_further_owners_are_computed_alike(complete: bool, people: Program) -> None:
    for seed in range(3):
        columns = replace(random_population(people, YEAR, 30, seed, missing=0.05 * (seed % 2)), complete=complete)
        result = evaluate(people, columns, all_figures(people, columns), options=Options(cache=""))
        assert differences(people, columns, result) == []


def test_a_unit_whose_members_live_in_different_households_is_the_interpreters(people: Program) -> None:
    columns = households(people, 6, 2)
    link = columns.groups["household"]
    moved = link.group.copy()
    spouse = int(np.flatnonzero(columns.groups["tax_unit"].role == 1)[0])
    moved[spouse] = (moved[spouse] + 1) % 6
    columns = replace(columns, groups={**columns.groups, "household": replace(link, group=moved)})
    result = evaluate(people, columns, LARGER, options=Options(cache=""))
    assert result.handed_over > 0
    assert differences(people, columns, result) == []


def test_components_are_joined_until_no_link_leads_out_of_one() -> None:
    chance = np.random.default_rng(7)
    for _ in range(50):
        components = {"a": chance.permutation(12), "b": chance.integers(0, 12, 9)}
        links = [("b", "a", chance.integers(0, 12, 9)), ("b", "b", chance.integers(0, 9, 9))]
        together = joined(components, links)
        for entity, of, rows in links:
            assert (together[entity] == together[of][rows]).all()
        for entity, before in components.items():  # those who were together are, and numbers are among the old ones
            assert all(len(set(together[entity][before == number])) <= 1 for number in before)
            assert set(together[entity]) <= set(components["a"]) | set(components["b"])


@pytest.mark.parametrize(
    ("ties", "told"),
    [
        ({"person_id": ["ben", "cleo"], "parent_id": ["ada", "dann"]}, "tie, row 2, parent_id: there is no person"),
        ({"child_id": ["ben", "cleo"], "parent_id": [None, "ada"]}, "tie, row 1, parent_id: does not say which person"),
        ({"child_id": ["ben"]}, "tie, parent_id: the column is missing; give the person that each tie belongs to in a"),
        ({"parent_id": ["ben"]}, "tie, child_id: the column is missing; give the person that each tie belongs to in a"),
        ({"child_id": ["ben"], "parent_id": [["ada"]]}, "tie, parent_id: holds values of the type list<"),
        (
            {"child_id": ["ben"], "person_id": ["ben"], "parent_id": ["ada"]},
            "tie, person_id: says whose each tie is, as the column `child_id` does; keep one of the two",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_owner_is_told_with_row_and_column(
    people: Program, ties: dict[str, Any], told: str
) -> None:
    persons = pa.table({"person_id": ["ben", "ada", "cleo"]})
    refused = from_arrow(people, YEAR, {"person": persons, "tie": pa.table(ties)})
    assert refused.columns is None
    assert any(str(problem).startswith(told) for problem in refused.problems), refused.problems


def test_rows_that_are_left_out_take_along_whom_they_tie(people: Program) -> None:
    persons = pa.table({"person_id": ["ben", "ada", "cleo", "dan"], "income@2024": ["1", "2", "3", "4"]})
    ties = pa.table({"child_id": ["ben", "cleo"], "parent_id": ["ada", "dan"], "lives_with@2024": ["true", "perhaps"]})
    admitted = from_arrow(people, YEAR, {"person": persons, "tie": ties}, leave_out=True)
    assert admitted.columns is not None and admitted.rows is not None
    assert admitted.rows["person"].tolist() == [True, True, False, False]
    assert admitted.columns.further_owners["tie", "parent"].tolist() == [1]
