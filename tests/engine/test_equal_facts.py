"""Facts that have one value, under `equal`: every pair of values, in cases and in tables, against a list by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from engine.interpret.case_reader import case_from_data
from engine.ir.program import Program
from engine.pipeline import check_rules, compile_rules
from engine.population.door import from_arrow
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from tests.engine.test_implications import program as us
from tests.rulesets import codes, told

SETTINGS = """\
about: A land of three States
law: Test Act
currency: USD
covers: {from: 2020-01-01, to: 2026-12-31}
enums:
  state: {members: {east: East, west: West, north: North}}
  paying_state: {members: {west: West, other: Another State}}
entities:
  person: {plural: people}
  house: {plural: houses, of: person, roles: {owner: {max: 1}, lodger: {plural: lodgers}}}
"""
FACTS = """\
about: Where people live
law: Test Act
exports: [credit, home, pays, house_state, bought, sold, rent, due, away]
inputs:
  home: {entity: person, period: year, type: state, label: Home}
  pays: {entity: person, period: year, type: paying_state, label: Pays}
  house_state: {entity: house, period: year, type: state, label: State of the house}
  bought: {entity: person, period: year, type: date, label: Bought}
  sold: {entity: person, period: year, type: date, label: Sold}
  rent: {entity: person, period: year, type: money, label: Rent}
  due: {entity: person, period: year, type: money, label: Due}
  due_of_month: {entity: person, period: month, type: money, label: Due in the month}
  away: {entity: person, period: year, type: boolean, label: Away, event: true}
variables:
  credit: {label: Credit, entity: person, period: year, type: money, law: s.1, formula: if away then rent else due}
implications:
"""
ROWS = """\
  - {equal: [home, pays], unless: {away: true}, law: s.2}
  - {equal: [home, house_state], law: s.3, role: owner}
  - {equal: [bought, sold], if: {rent: above 5}, law: s.4}
  - {equal: [rent, due], law: s.5}
"""
Facts = Mapping[str, object]
PAIRS: list[tuple[Facts, Facts, int]] = [
    *(
        ({"home": home, "pays": pays, **away}, {}, int(not agree and not away.get("away")))
        for home, pays, agree in [
            ("west", "west", True),
            ("west", "other", False),
            ("east", "other", True),
            ("north", "other", True),
            ("east", "west", False),
        ]
        for away in ({}, {"away": False}, {"away": True})
    ),
    ({"home": "east"}, {"house_state": "east"}, 0),
    ({"home": "east"}, {"house_state": "north"}, 1),
    ({"home": "east", "pays": "west"}, {"house_state": "north"}, 2),
    ({"home": "east"}, {}, 0),
    ({"pays": "west"}, {"house_state": "north"}, 0),
    ({"bought": "2020-01-01", "sold": "2020-01-02", "rent": "6"}, {}, 1),
    ({"bought": "2020-01-01", "sold": "2020-01-01", "rent": "6"}, {}, 0),
    ({"bought": "2020-01-01", "sold": "2020-01-02", "rent": "5"}, {}, 0),
    ({"bought": "2020-01-01", "sold": "2020-01-02"}, {}, 0),
    ({"rent": "5.01", "due": "5.02"}, {}, 1),
    ({"rent": "0", "due": "0.01"}, {}, 1),
    ({"rent": "5.01", "due": "5.01"}, {}, 0),
]


def laid(folder: Path, rows: str) -> Path:
    (folder / "ruleset.yaml").write_text(SETTINGS)
    (folder / "homes.yaml").write_text(FACTS + rows)
    return folder


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(laid(tmp_path_factory.mktemp("rules"), ROWS))


@pytest.mark.parametrize(("person", "house", "faults"), PAIRS)
def test_a_case_is_refused_where_two_values_are_stated(
    program: Program, person: Facts, house: Facts, faults: int
) -> None:
    problems = Diagnostics()
    data = {"at": 2024, "people": {"ada": dict(person)}, "houses": {"hut": {"owner": "ada", **house}}}
    case_from_data(program, data, problems)
    assert [problem.code for problem in problems] == ["E808"] * faults, [problem.message for problem in problems]


def test_every_row_of_a_table_is_refused_as_its_case_is(program: Program) -> None:
    """One table of all: each has a house of its own and a lodger, of whom nothing is said."""
    numbers = range(len(PAIRS))
    lodgers = [number + 100 for number in numbers]
    persons: dict[str, list[object]] = {
        "person_id": [*numbers, *lodgers],
        "house_id": [*numbers, *numbers],
        "role": [*(["owner"] * len(numbers)), *(["lodger"] * len(numbers))],
    }
    for name in ("home", "pays", "bought", "sold", "rent", "due", "away"):
        persons[name] = [*(person.get(name) for person, _, _ in PAIRS), *([None] * len(numbers))]
    houses = {"house_id": [*numbers], "house_state": [house.get("house_state") for _, house, _ in PAIRS]}
    tables = {"person": pa.table(persons), "house": pa.table(houses)}
    problems = from_arrow(program, parse_period("2024"), tables).problems
    assert all("so that it is" in problem.message for problem in problems), problems
    refused = {problem.row - 1 for problem in problems}
    assert refused == {number for number, (_, _, faults) in enumerate(PAIRS) if faults}


@pytest.mark.parametrize(
    ("row", "code", "message"),
    [
        ("{equal: [home], law: s.9}", "E203", "fewer than two"),
        ("{equal: [home, pays], then: {away: true}, law: s.9}", "E210", "both"),
        ("{equal: [home, nothing], law: s.9}", "E401", "nothing"),
        ("{equal: [due, due_of_month], law: s.9}", "E807", "not of periods of one kind"),
        ("{equal: [rent, bought], law: s.9}", "E807", "cannot always have one value"),
        ("{equal: [house_state, home, pays], law: s.9}", "E807", "is not stated of the house"),
        ("{equal: [home, pays], unless: {house_state: east}, law: s.9}", "E807", "is not stated of the person"),
        ("{equal: [home, pays], if: {away: never}, law: s.9}", "E204", "is never `never`"),
    ],
)
def test_a_row_that_cannot_hold_is_reported(tmp_path: Path, row: str, code: str, message: str) -> None:
    compiled = check_rules(laid(tmp_path, f"  - {row}\n"))
    assert code in codes(compiled), told(compiled)
    assert message in told(compiled)


@pytest.mark.parametrize(
    ("facts", "faults"),
    [
        ({"state_of_residence_in_month": "california", "ssi_supplement_state": "nevada"}, 1),
        ({"state_of_residence_in_month": "california", "ssi_supplement_state": "another_state"}, 1),
        ({"state_of_residence_in_month": "texas", "ssi_supplement_state": "another_state"}, 0),
        ({"state_of_residence_in_month": "california", "ssi_supplement_state": "nevada", "is_in_care_home": True}, 0),
    ],
)
def test_the_state_that_supplements_ssi_is_the_state_of_residence(facts: Facts, faults: int) -> None:
    """42 CFR 435.403(f); a State that places somebody in another's institution stays that person's State (e)."""
    problems = Diagnostics()
    case_from_data(us(), {"at": "2024-05", "people": {"ada": {"age": 70, **facts}}}, problems)
    assert [problem.code for problem in problems] == ["E808"] * faults, [problem.message for problem in problems]
