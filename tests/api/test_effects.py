"""By how much an open fact moves the wanted figures: what puts questions in order."""

from __future__ import annotations

import pytest

from api.cases import trying
from api.cases.effects import effects
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.pipeline import compile_rules
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from tests.cli.command import write_rules

SETTINGS = """\
about: A land of fares
law: Fares Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  club: {plural: clubs, of: person, roles: {player: {plural: players}}}
"""
MODULE = """\
about: Fares
law: Fares Act
exports: [fares, club_fares, is_often_on_the_bus, trips, cash]
inputs:
  trips: {entity: person, period: month, type: integer, label: Trips, range: 0 .. 90}
  cash: {entity: person, period: year, type: money, label: Cash, range: 0 .. 100_000, absent: 0}
variables:
  fares: {label: Fares, entity: person, period: year, type: money, law: s. 1, formula: sum(3 EUR * trips over months)}
  club_fares: {label: In a club, entity: person, period: year, type: money, law: s. 2, formula: fares + club.dues}
  dues: {label: Dues, entity: club, period: year, type: money, law: s. 2, formula: count(m in members) * 1 EUR}
requirements:
  is_often_on_the_bus:
    entity: person
    period: year
    label: Is often on the bus
    law: s. 3
    all: {enough: {needs: sum(trips over months) > 20 and cash < 50 EUR, law: s. 3, fails: Too few trips}}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "fares", MODULE, SETTINGS))


@pytest.fixture
def case(program: Program) -> Case:
    problems = Diagnostics()
    made = case_from_data(program, {"at": "2024", "people": {"ann": {}}}, problems)
    assert made is not None, [problem.message for problem in problems]
    return made


def definition_of(program: Program, name: str) -> Definition:
    definition = program.find(name)
    assert definition is not None
    return definition


def trips_of_months(program: Program) -> list[Fact]:
    name = definition_of(program, "trips").name
    return [Fact(name, "ann", parse_period(f"2024-{month:02}")) for month in range(1, 13)]


def test_the_periods_of_a_fact_change_together(program: Program, case: Case) -> None:
    """Each by itself, twelve months of a year are twelve times as many tries, of a twelfth of the effect each."""
    trips = trips_of_months(program)
    wanted = [definition_of(program, "fares")]
    whole = effects(program, case, wanted, trips)
    assert len(set(whole.values())) == 1
    assert whole[trips[0]] == pytest.approx(12 * effects(program, case, wanted, trips[:1])[trips[0]])


def test_the_periods_of_a_fact_change_one_by_one_for_a_requirement(program: Program, case: Case) -> None:
    trips = trips_of_months(program)
    wanted = [definition_of(program, "is_often_on_the_bus")]
    assert effects(program, case, wanted, trips) == effects(program, case, wanted, trips[:1]) | {
        fact: effects(program, case, wanted, [fact])[fact] for fact in trips[1:]
    }


def test_a_figure_that_cannot_be_computed_leaves_the_others_their_order(
    program: Program, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interpreter was asked about every figure in every try, for minutes in a home with many open facts."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the interpreter was asked")

    monkeypatch.setattr(trying, "MOST_INTERPRETED", 100)
    monkeypatch.setattr(trying, "evaluate", never)
    trips, cash = trips_of_months(program), Fact(definition_of(program, "cash").name, "ann", parse_period("2024"))
    wanted = [definition_of(program, name) for name in ("club_fares", "fares")]
    moved = effects(program, case, wanted, [*trips, cash])
    assert moved[trips[0]] > 0 == moved[cash]
