"""Who counts and by what they are ordered is asked of everybody: an error among those whom an order would leave out is
told, by machine code as by the interpreter."""

from __future__ import annotations

from itertools import product
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

SETTINGS = """\
about: A land of licences
law: Licences Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  household: {plural: households, of: person, roles: {head: {min: 1, max: 1}, child: {plural: children}}}
  licence: {plural: licences, belongs_to: person}
"""
FORMULAS = {
    "most": "max(highest n of l.points for l in licences where 10 / l.parts > 1)",
    "how_many": "count(first n of l.points for l in licences where 10 / l.parts > 1 by l.points)",
    "highest": "sum(highest n of l.points for l in licences where 10 / l.parts > 1)",
    "most_of_nobody": "max(highest wanted of l.points for l in licences where l.points > 9)",
    "sum_of_nobody": "sum(lowest wanted of l.points for l in licences where l.points > 9)",
    "first_of_nobody": "max(first wanted of l.points for l in licences where l.points > 9 by l.points)",
    "first_of_two_keys": "first(l.points for l in licences by l.points, 10 / l.parts)",
    "last_of_two_keys": "last(l.points for l in licences where l.points < 9 by l.points, l.parts, 10 / l.parts)",
    "most_of_two_keys": "max(first n of l.points for l in licences by l.points, 10 / l.parts)",
    "first_of_some": "first(l.points for l in licences where 10 / l.parts > 1 by l.points)",
    "place_among_some": "rank(self for m in household.members where 10 / m.shares > 1 by m.age)",
    "place_by_two_keys": "rank(self for m in household.members by m.age, 10 / m.shares)",
}
HEAD = "entity: person, period: year, label: L, law: s. 1, type: integer or none"
FACT = "period: eternity, type: integer, label: F"
MODULE = "\n".join(
    [
        "about: Orders in which an error may hide",
        "law: Licences Act",
        f"exports: [{', '.join(FORMULAS)}]",
        "inputs:",
        *(f"  {name}: {{entity: licence, {FACT}}}" for name in ("points", "parts")),
        *(f"  {name}: {{entity: person, {FACT}}}" for name in ("n", "age", "shares")),
        "variables:",
        f"  wanted: {{{HEAD.removesuffix(' or none')}, formula: 'mod(10, shares)'}}",
        *(f'  {name}: {{{HEAD}, formula: "{formula}"}}' for name, formula in FORMULAS.items()),
        "",
    ]
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


@pytest.fixture(scope="module")
def columns(program: Program) -> Columns:
    """Households of three people with three licences each, some of which have no parts to divide by."""
    names = ("person_id", "household_id", "household_role", "n", "age", "shares")
    people: dict[str, list[Any]] = {name: [] for name in names}
    licences: dict[str, list[int]] = {name: [] for name in ("person_id", "points", "parts")}
    households = list(product((0, 1, 2, 5), *[(0, 1, 20)] * 3))
    for home, (n, *parts) in enumerate(households):
        for member, shares in enumerate(parts):
            person = len(people["n"])
            row = (person, home, "child" if member else "head", n, 20 + member, shares)
            for name, value in zip(names, row, strict=True):
                people[name].append(value)
            licences["person_id"] += [person] * 3
            licences["points"] += [0, 1, 2]
            licences["parts"] += parts
    ids = {"household_id": list(range(len(households)))}
    tables = {"person": pa.table(people), "household": pa.table(ids), "licence": pa.table(licences)}
    admitted = from_arrow(program, parse_period("2024"), tables)
    assert admitted.columns is not None, admitted.problems
    return admitted.columns


@pytest.mark.parametrize("name", FORMULAS)
def test_an_error_among_those_left_out_is_told(name: str, program: Program, columns: Columns) -> None:
    result = evaluate(program, columns, [name], options=Options(cache=""))
    assert differences(program, columns, result) == []
    assert 0 < result.handed_over < columns.counts["person"]
