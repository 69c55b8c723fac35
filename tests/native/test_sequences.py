"""What records read of those before them is computed by machine code, bit for bit as the interpreter does; an order
that is not certain is the interpreter's."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.ir.program import Program
from engine.native import Evaluator, Options, evaluate
from engine.native.agreement import all_figures, differences
from engine.native.results import ERROR, UNDETERMINED
from engine.pipeline import compile_rules
from engine.population.columns import Cell, Columns, column_of
from engine.population.door import from_arrow
from engine.values.periods import ETERNITY, parse_period
from tests.cli.command import write_rules
from tests.native.made_constants import AT
from tests.native.populations import population_of
from tests.native.running_programs import running_program

YEAR = parse_period("2024")
PROGRAMS = Path(__file__).parents[1] / "language" / "programs"
WAYS = (
    Options(cache=""),
    Options(cache="", width=4, block=16, limit=2**40),
    Options(cache="", width=1, block=7, cut=20, skip_cost=3),
)


@pytest.fixture(scope="module")
def losses() -> Program:
    return compile_rules(PROGRAMS / "losses")


def admitted(program: Program, tables: dict[str, Any]) -> Columns:
    told = from_arrow(program, YEAR, {name: pa.table(table) for name, table in tables.items()})
    assert told.columns is not None and not told.problems, told.problems[:3]
    return told.columns


def years(program: Program, people: int, seed: int, most: int = 9) -> Columns:
    """People with years of income and loss, listed in any order, no two of one person alike."""
    chance = random.Random(seed)
    rows: dict[str, list[Any]] = {name: [] for name in ("person_id", "income_year_number", "result")}
    for person in range(people):
        for year in chance.sample(range(2000, 2031), chance.randrange(most)):
            rows["person_id"].append(person)
            rows["income_year_number"].append(year)
            rows["result"].append(chance.choice([0, chance.randrange(-100_000, 100_000)]))
    order = chance.sample(range(len(rows["person_id"])), len(rows["person_id"]))
    table = {name: [column[row] for row in order] for name, column in rows.items()}
    return admitted(program, {"person": {"person_id": list(range(people))}, "income_year": table})


@pytest.mark.parametrize("way", WAYS, ids=["wide", "half", "single"])
def test_losses_carried_forward_need_no_interpreter(way: Options, losses: Program) -> None:
    columns = years(losses, 120, 1)
    result = evaluate(losses, columns, all_figures(losses, columns), options=way, threads=2)
    assert result.handed_over == 0
    assert differences(losses, columns, result) == []


def test_points_wiped_and_linked_spells_need_no_interpreter() -> None:
    program = compile_rules(PROGRAMS / "totting_up")
    chance = random.Random(5)
    endorsements: dict[str, list[Any]] = {
        name: [] for name in ("person_id", "convicted_on", "offence_date", "points", "speeding")
    }
    spells: dict[str, list[Any]] = {name: [] for name in ("person_id", "sick_from", "sick_to")}
    for person in range(150):
        for day in chance.sample(range(0, 2_000, 7), chance.randrange(9)):
            convicted = date(2018, 1, 1) + timedelta(day)
            entry = (
                person,
                convicted,
                convicted - timedelta(chance.randrange(90)),
                chance.choice([3, 6]),
                day % 2 == 0,
            )
            for name, value in zip(endorsements, entry, strict=True):
                endorsements[name].append(value)
        for day in chance.sample(range(0, 700, 20), chance.randrange(6)):
            first = date(2023, 1, 1) + timedelta(day)
            for name, value in zip(spells, (person, first, first + timedelta(6)), strict=True):
                spells[name].append(value)
    tables = {"person": {"person_id": list(range(150))}, "endorsement": endorsements, "sick_period": spells}
    columns = admitted(program, tables)
    result = evaluate(program, columns, all_figures(program, columns), options=Options(cache=""))
    assert result.handed_over == 0
    assert differences(program, columns, result) == []
    wiped = result.figures["wiped_on"]
    assert wiped.status is not None and 0 < np.count_nonzero(wiped.status == 0) < len(wiped.entries)


def test_only_owners_whose_order_is_not_certain_are_handed_over(losses: Program) -> None:
    rows = {
        "person_id": [0, 0, 1, 1, 2, 2],
        "income_year_number": [2020, 2021, 2022, 2022, 2023, None],
        "result": [-10, 30, -10, 30, -10, 30],
    }
    columns = admitted(losses, {"person": {"person_id": [0, 1, 2]}, "income_year": rows})
    result = evaluate(losses, columns, ["carried_forward", "deducted"], options=Options(cache=""))
    assert differences(losses, columns, result) == []
    assert result.handed_over == 2
    carried = result.figures["carried_forward"]
    assert carried.status is not None
    assert list(carried.status) == [0, 0, ERROR, ERROR, UNDETERMINED, UNDETERMINED]
    assert list(carried.entries[:2]) == [1_000, 0]


def test_many_records_of_one_owner_and_none(losses: Program) -> None:
    columns = years(losses, 40, 3, most=31)
    result = evaluate(losses, columns, ["carried_forward", "years_in_loss"], options=Options(cache="", block=4))
    assert result.handed_over == 0
    assert differences(losses, columns, result) == []
    nobody = admitted(losses, {"person": {"person_id": [1]}, "income_year": {"person_id": [], "result": []}})
    assert evaluate(losses, nobody, ["loss_left"], options=Options(cache="")).figures["loss_left"].entries[0] == 0


def test_records_stand_in_another_order_where_what_decides_it_moves(losses: Program) -> None:
    """A population that shares the layout of another has an order of its own."""
    evaluator, options = Evaluator(), Options(cache="", limit=2**31 - 1)
    columns = years(losses, 30, 7)
    cell = next(cell for cell in columns.columns if cell.name.endswith("income_year_number"))
    column = columns.columns[cell]
    moved = replace(columns, columns={**columns.columns, cell: column_of(4_030 - column.entries)})
    wanted = ["carried_forward", "next_alike"]
    first = evaluator.evaluate(losses, columns, wanted, options=options)
    evaluator.share_layout(losses, columns, moved, [cell], options)
    second = evaluator.evaluate(losses, moved, wanted, options=options)
    assert differences(losses, columns, first) == [] and differences(losses, moved, second) == []
    assert not np.array_equal(first.figures["carried_forward"].entries, second.figures["carried_forward"].entries)


CIRCLE = """\
about: Two orders that contradict each other
law: Test Act
exports: [depth]
inputs:
  began_on: {entity: job, period: eternity, type: date, label: Began}
  pay: {entity: job, period: eternity, type: integer, label: Pay, range: 0 .. 100}
variables:
  depth:
    label: Depth
    entity: job
    period: eternity
    type: integer
    law: s. 1
    formula: max(previous.depth otherwise 0, better_paid.depth otherwise 0) + 1
"""
JOBS = """\
about: A land of jobs
law: Test Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  job:
    plural: jobs
    belongs_to: person
    sequences: {previous: {by: [began_on]}, better_paid: {by: [pay highest first]}}
"""


def test_records_that_lead_to_each_other_in_a_circle_are_the_interpreters(tmp_path: Path) -> None:
    program = compile_rules(write_rules(tmp_path / "jobs", CIRCLE, JOBS))
    day = date(2020, 1, 1)
    jobs = {
        "person_id": [0, 0, 0, 1, 1, 1],
        "began_on": [day, day + timedelta(1), day + timedelta(2), day, day + timedelta(1), day + timedelta(2)],
        "pay": [9, 7, 5, 5, 7, 9],
    }
    columns = admitted(program, {"person": {"person_id": [0, 1]}, "job": jobs})
    result = evaluate(program, columns, ["depth"], options=Options(cache=""))
    depth = result.figures["depth"]
    assert result.handed_over == 1 and depth.status is not None
    assert list(depth.entries[:3]) == [1, 2, 3]
    assert list(depth.status) == [0, 0, 0, ERROR, ERROR, ERROR]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_random_figures_along_records_give_the_interpreters_bits(seed: int) -> None:
    chance = Random(seed)
    program = running_program(chance)
    missing, density = chance.choice([0.0, 0.0, 0.1]), chance.choice([1.0, 0.6])
    columns = population_of(program, AT, 12, seed, missing=missing, density=density)
    result = evaluate(program, columns, all_figures(program), options=chance.choice(WAYS), threads=1)
    assert differences(program, columns, result) == []


def test_facts_that_decide_an_order_are_asked_where_they_are_missing(losses: Program) -> None:
    """Many owners of whose years one is not known: told to be undetermined, with the fact, by code."""
    columns = years(losses, 90, 11, most=5)
    cell = next(cell for cell in columns.columns if cell.name.endswith("income_year_number"))
    assert cell == Cell(cell.name, ETERNITY)
    column = columns.columns[cell]
    empty = np.random.default_rng(1).random(len(column.entries)) < 0.6
    opened = replace(columns, columns={**columns.columns, cell: column_of(column.entries, empty)}, complete=False)
    result = evaluate(losses, opened, ["carried_forward"], options=Options(cache=""))
    assert differences(losses, opened, result) == []
