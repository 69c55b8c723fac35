"""Ranks of members of a group in which those who tie stand as they are listed: by role, then as rows stand."""

from __future__ import annotations

from random import Random
from typing import Any

import pyarrow as pa
import pytest

from engine.ir.program import Program
from engine.native import evaluate
from engine.native.agreement import differences
from engine.pipeline import compile_rules
from engine.population.columns import Columns
from engine.population.door import from_arrow
from engine.values.periods import parse_period
from tests.cli.command import write_rules

AT = parse_period("2024")
SETTINGS = """\
about: A land of queues
law: Queues Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  family: {plural: families, of: person, roles: {parent: {plural: parents}, kid: {plural: kids}}}
  home: {plural: homes, of: person, may_have_none: true, roles: {owner: {plural: owners}, guest: {plural: guests}}}
"""
OF_PERSON = "label: L, entity: person, period: year, law: s. 1, type: integer"
MODULE = f"""\
about: Places
law: Queues Act s. 1
exports: [years, place, turned, among_guests, of_host, grown]
inputs:
  years: {{entity: person, period: year, type: integer, label: Years, range: 0 .. 99}}
variables:
  place: {{{OF_PERSON}, formula: "rank(self for m in home.members by m.years, listed) otherwise 0"}}
  turned: {{{OF_PERSON}, formula: "rank(self for m in home.members by -m.years, listed) otherwise 0"}}
  grown: {{{OF_PERSON}, formula: "rank(self for m in home.members where m.years > 1 by m.years, listed) otherwise 0"}}
  among_guests:
    {OF_PERSON.replace(", ", chr(10) + "    ")}
    formula: "(if self is guest then rank(self for m in home.guests by m.years, listed) else 0) otherwise 0"
  of_host: {{{OF_PERSON}, formula: "rank(self for m in home.owners by m.years, listed) otherwise 0"}}
"""
WANTED = ("place", "turned", "grown", "among_guests")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


def population(program: Program, people: dict[str, list[Any]]) -> Columns:
    tables = {"person": pa.table({**people, "person_id": range(len(people["years"]))})}
    tables |= {kind: pa.table({f"{kind}_id": range(8)}) for kind in ("family", "home")}
    admitted = from_arrow(program, AT, tables)
    assert admitted.columns is not None, admitted.problems[:3]
    return admitted.columns


def test_who_ties_stands_as_listed(program: Program) -> None:
    people: dict[str, list[Any]] = {
        "family_id": [0, 0, 1, 1, 2], "family_role": ["parent", "kid", "parent", "kid", "kid"],
        "home_id": [3, 3, 3, 3, None], "home_role": ["guest", "guest", "owner", "guest", None],
        "years": [4, 9, 9, 4, 4],
    }  # fmt: skip
    columns = population(program, people)
    result = evaluate(program, columns, WANTED)
    assert not differences(program, columns, result) and not result.handed_over
    told = {name: result.figures[name].entries.tolist() for name in WANTED}
    assert told["place"] == [1, 4, 3, 2, 0]
    assert told["turned"] == [3, 2, 1, 4, 0]
    assert told["among_guests"] == [1, 3, 0, 2, 0]


def test_who_asks_without_being_listed_has_no_place(program: Program) -> None:
    """Code told a place where the interpreter says that there is none."""
    people: dict[str, list[Any]] = {
        "family_id": [0, 0], "family_role": ["parent", "kid"],
        "home_id": [0, 0], "home_role": ["guest", "owner"], "years": [4, 9],
    }  # fmt: skip
    columns = population(program, people)
    result = evaluate(program, columns, ["of_host"])
    assert not differences(program, columns, result)
    assert result.figures["of_host"].status is not None and result.figures["of_host"].status[0]


@pytest.mark.parametrize("seed", range(4))
def test_code_ranks_as_the_interpreter_does_whatever_the_order_of_rows(program: Program, seed: int) -> None:
    """Families come one after the other in the columns; people of one home are of several."""
    draw = Random(seed)
    count = 40
    homes = [draw.choice([None, *range(8)]) for _ in range(count)]
    people: dict[str, list[Any]] = {
        "family_id": [draw.randrange(8) for _ in range(count)],
        "family_role": [draw.choice(["parent", "kid"]) for _ in range(count)],
        "home_id": homes,
        "home_role": [None if home is None else draw.choice(["owner", "guest"]) for home in homes],
        "years": [draw.randrange(4) for _ in range(count)],
    }
    columns = population(program, people)
    result = evaluate(program, columns, [*WANTED, "of_host"])
    assert not differences(program, columns, result)
    assert not evaluate(program, columns, WANTED).handed_over
