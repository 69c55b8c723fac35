"""The first and last of many, ranks by days, and who holds a role are computed by machine code; ties that matter are
not."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from engine.ir.program import Program
from engine.native import Options, evaluate
from engine.native.agreement import differences
from engine.pipeline import compile_rules
from engine.population.columns import Columns
from engine.population.door import from_arrow
from engine.values.periods import parse_period
from tests.cli.command import write_rules

YEAR = parse_period("2024")
SETTINGS = """\
about: A land of licences
law: Licences Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  household:
    plural: households
    of: person
    may_have_none: true
    roles: {head: {min: 1, max: 1}, child: {plural: children}}
  licence: {plural: licences, belongs_to: person}
"""
HEAD = "entity: person, period: year, label: L, law: s. 1"
UNIT = "entity: household, period: year, label: L, law: s. 1"
MODULE = f"""\
about: Order
law: Licences Act
exports: [first_points, last_points, first_day, ever_good_first, second_key, heads, is_child, first_born, born_before,
  place, two_first, most_of_two_last, good_of_two, third_highest, lowest_three]
inputs:
  points: {{entity: licence, period: eternity, type: integer, label: Points, range: 0 .. 12}}
  granted: {{entity: licence, period: eternity, type: date, label: Granted}}
  is_good: {{entity: licence, period: eternity, type: boolean, label: Good, status: true}}
  born: {{entity: person, period: eternity, type: date, label: Born}}
variables:
  first_points: {{{HEAD}, type: integer, formula: first(l.points for l in licences by l.granted) otherwise 99}}
  last_points: {{{HEAD}, type: integer or none, formula: last(l.points for l in licences where l.is_good by l.granted)}}
  first_day: {{{HEAD}, type: date or none, formula: "first(l.granted for l in licences by l.points highest first)"}}
  ever_good_first: {{{HEAD}, type: boolean, formula: first(l.is_good for l in licences by l.granted) otherwise false}}
  second_key:
    {HEAD.replace(", ", chr(10) + "    ")}
    type: integer
    formula: last(l.points for l in licences by l.is_good, l.granted, l.points highest first) otherwise 77
  two_first: {{{HEAD}, type: integer, formula: sum(first 2 of l.points for l in licences by l.granted)}}
  most_of_two_last:
    {HEAD.replace(", ", chr(10) + "    ")}
    type: integer or none
    formula: max(last 2 of l.points for l in licences where l.is_good by l.granted)
  good_of_two: {{{HEAD}, type: boolean, formula: all(last 2 of l.is_good for l in licences by l.granted)}}
  third_highest: {{{HEAD}, type: integer or none, formula: min(highest 3 of l.points for l in licences)}}
  lowest_three: {{{HEAD}, type: integer, formula: count(lowest 3 of l.points for l in licences where l.is_good)}}
  is_child: {{{HEAD}, type: boolean, formula: self is child}}
  heads:
    {UNIT.replace(", ", chr(10) + "    ")}
    type: integer
    formula: count(m in members where m is head) + 10 * count(m in members where m is child)
  first_born: {{{UNIT}, type: date or none, formula: first(m.born for m in members by m.born)}}
  born_before:
    {HEAD.replace(", ", chr(10) + "    ")}
    type: integer
    formula: "if household is none then 0 else rank(self for m in household.members by m.born)"
  place:
    {HEAD.replace(", ", chr(10) + "    ")}
    type: integer
    formula: "if household is none then 0 else rank(self for m in household.members where m is child by m.born, listed)"
"""
WANTED = (
    "first_points", "last_points", "first_day", "ever_good_first", "second_key", "heads", "is_child", "first_born",
    "born_before", "place", "two_first", "most_of_two_last", "good_of_two", "third_highest", "lowest_three",
)  # fmt: skip


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


def population(program: Program, seed: int, days: int) -> Columns:
    """People, some alone, with up to four licences, granted on one of so many days."""
    chance = random.Random(seed)
    people: dict[str, list[Any]] = {name: [] for name in ("person_id", "household_id", "household_role", "born")}
    licences: dict[str, list[Any]] = {name: [] for name in ("person_id", "points", "granted", "is_good")}
    for number in range(200):
        home = None if number % 20 == 19 else number // 4
        people["person_id"].append(number)
        people["household_id"].append(home)
        people["household_role"].append(None if home is None else "child" if number % 4 else "head")
        people["born"].append(date(1950, 1, 1) + timedelta(chance.randrange(days * 40)))
        for _ in range(chance.randrange(5)):
            licences["person_id"].append(number)
            licences["points"].append(chance.randrange(13))
            licences["granted"].append(date(2000, 1, 1) + timedelta(chance.randrange(days)))
            licences["is_good"].append(chance.random() < 0.5)
    tables = {
        "person": pa.table(people),
        "household": pa.table({"household_id": list(range(50))}),
        "licence": pa.table(licences),
    }
    admitted = from_arrow(program, YEAR, tables)
    assert admitted.columns is not None and not admitted.problems, admitted.problems[:3]
    return admitted.columns


def test_order_and_roles_need_no_interpreter(program: Program) -> None:
    wanted = tuple(name for name in WANTED if name != "first_day")
    columns = population(program, 1, 5_000)
    result = evaluate(program, columns, wanted, options=Options(cache=""))
    assert differences(program, columns, result) == []
    assert result.handed_over == 0


@pytest.mark.parametrize("seed", range(3))
def test_ties_that_matter_are_handed_over(seed: int, program: Program) -> None:
    columns = population(program, seed, 3)
    result = evaluate(program, columns, WANTED, options=Options(cache=""))
    assert differences(program, columns, result) == []
    assert 0 < result.handed_over < 400
    assert result.figures["first_points"].status is not None  # licences of one day with other points have no first


def test_who_ties_in_a_rank_stands_as_listed(program: Program) -> None:
    columns = population(program, 1, 1)
    result = evaluate(program, columns, ["place"], options=Options(cache=""))
    assert differences(program, columns, result) == []
    assert result.handed_over == 0


def test_no_more_are_counted_of_the_lowest_than_were_asked_for(program: Program) -> None:
    columns = population(program, 1, 5_000)
    result = evaluate(program, columns, ["lowest_three"], options=Options(cache=""))
    assert differences(program, columns, result) == []
    assert result.handed_over == 0 and max(result.figures["lowest_three"].entries) == 3
