"""A year's figure that adds up its months counts each month's members: an annual run, a correction, a record, a case
and tables with the same dates give the same figures."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from api.assess.annual import run_annual
from api.assess.follow import Follower
from api.assess.standings import standing_of
from api.assess.terms import Terms, terms_of
from api.history.record import record_case
from citizens import Assessment, Belongs, Draft, Value, open_log
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.native import evaluate
from engine.native.handover import value_of
from engine.pipeline import compile_rules
from engine.population.door import from_arrow
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from tests.api.households import correction, facts, figures_of
from tests.api.kitchens import MODULE as KITCHENS
from tests.api.kitchens import SETTINGS as OF_KITCHENS
from tests.api.moving_land import MODULE, SETTINGS
from tests.cli.command import write_rules

YEAR = parse_period("2024")
FIGURES = ("support", "retained", "shares", "highest_pay")
HOMES, PEOPLE = ("a", "b"), tuple(f"p{number}" for number in range(6))
Stays = list[tuple[date, str, str]]
"""From which day somebody is in which household ("" for none) with which role."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


@pytest.fixture(scope="module")
def terms(program: Program) -> Terms:
    return terms_of(program, program.settings.assessments["support"], YEAR, "test")


def lives(household: str, role: str = "resident") -> Value:
    return Belongs(f"household/{household}", role)


def computed(program: Program, case: Case, group: str) -> dict[str, object]:
    interpreter = Interpreter(program, case, Constants(program))
    outcomes = {name: interpreter.find(Fact(name, group, YEAR)) for name in FIGURES}
    return {name: other_outcome.value for name, other_outcome in outcomes.items() if isinstance(other_outcome, Known)}


def test_a_child_born_in_october_counts_from_october(tmp_path: Path, program: Program, terms: Terms) -> None:
    with open_log(tmp_path / "log") as log:
        log.append(
            [
                facts("citizen/ann", "1", {"household": lives("a"), "pay": 100}, date(2024, 1, 1)),
                facts("citizen/kid", "2", {"household": lives("a"), "is_child": True}, date(2024, 10, 1)),
                facts("citizen/bob", "3", {"household": lives("b"), "leaves_on": "none"}, date(2024, 1, 1)),
                facts("citizen/cat", "4", {"household": lives("b"), "leaves_on": date(2024, 6, 15)}, date(2024, 1, 1)),
            ]
        )
        report = run_annual(log, terms)
        assert (report.assessed, report.failed) == (2, [])
        assert figures_of(log, terms, "a") == {"support": 30, "retained": 12 + 3, "shares": 30, "highest_pay": 100}
        assert figures_of(log, terms, "b") == {"support": 0, "retained": 12 + 5, "shares": 0, "highest_pay": 0}
        log.append([correction("citizen/kid", "5", {"household": lives("b")}, date(2024, 10, 1))])
        log.append([facts("citizen/kid", "6", {"household": lives("a"), "is_child": True}, date(2024, 4, 1))])
        follower = Follower(log, program)
        while follower.step():
            pass
        assert figures_of(log, terms, "a") == {"support": 60, "retained": 12 + 6, "shares": 30, "highest_pay": 100}
        assert figures_of(log, terms, "b")["support"] == 30


def test_who_leaves_and_is_nowhere_counts_for_the_year_and_not_for_the_months_after(
    tmp_path: Path, program: Program, terms: Terms
) -> None:
    with open_log(tmp_path / "log") as log:
        log.append([facts("citizen/ann", "1", {"household": lives("a"), "pay": 100}, date(2024, 1, 1))])
        log.append([facts("citizen/bob", "2", {"household": lives("a", "lodger"), "pay": 70}, date(2024, 1, 1))])
        log.append([facts("citizen/bob", "3", {"household": None}, date(2024, 6, 15))])
        run_annual(log, terms)
        assert figures_of(log, terms, "a") == {"support": 6, "retained": 12 + 6, "shares": 6, "highest_pay": 170}
        assert computed(
            program, record_case(log, program, "citizen/ann", YEAR, valid=YEAR.end, known=None).case, "a"
        ) == {name: Fraction(str(value)) for name, value in figures_of(log, terms, "a").items()}


def test_the_record_of_who_stays_knows_who_left(tmp_path: Path) -> None:
    formula = "sum(1 EUR * count(m in members where m.leaves_on is none or m.leaves_on > period_end) over months)"
    land = compile_rules(write_rules(tmp_path / "land", MODULE.replace(formula, "0 EUR"), SETTINGS))
    assert not land.members_of_another_day
    with open_log(tmp_path / "log") as log:
        log.append(
            [
                facts("citizen/ann", "1", {"household": lives("a")}, date(2023, 1, 1)),
                facts("citizen/bob", "2", {"household": lives("b")}, date(2023, 1, 1)),
                facts("citizen/kid", "3", {"household": lives("a"), "is_child": True}, date(2023, 1, 1)),
                facts("citizen/kid", "4", {"household": lives("b")}, date(2024, 5, 1)),
            ]
        )
        terms = terms_of(land, land.settings.assessments["support"], YEAR, "test")
        run_annual(log, terms)
        for home, months in (("a", 4), ("b", 8)):
            assert figures_of(log, terms, home)["support"] == 10 * months
            record = record_case(log, land, f"household/{home}", YEAR, valid=YEAR.end, known=None)
            assert computed(land, record.case, home)["support"] == 10 * months


def test_groups_that_facts_make_are_made_anew_each_month(tmp_path: Path) -> None:
    land = compile_rules(write_rules(tmp_path / "kitchens", KITCHENS, OF_KITCHENS))
    dwells = Belongs("dwelling/a", "resident")
    with open_log(tmp_path / "log") as log:
        log.append(
            [
                facts("person/ann", "1", {"dwelling": dwells, "cooks_at": 1, "pay": 30}, date(2024, 1, 1)),
                facts("person/kid", "2", {"dwelling": dwells, "cooks_at": 1, "pay": 20}, date(2024, 3, 1)),
                facts("person/kid", "3", {"cooks_at": 2}, date(2024, 6, 1)),
                facts("person/bob", "4", {"dwelling": dwells, "cooks_at": "none", "pay": 90}, date(2024, 1, 1)),
                facts("kitchen/a/kid", "5", {"fees": 7}, date(2024, 7, 1)),
            ]
        )
        of_food = terms_of(land, land.settings.assessments["food"], YEAR, "test")
        report = run_annual(log, of_food)
        assert (report.assessed, report.failed) == (1, [])
        last = standing_of(log.read_subject("dwelling/a"), of_food).last
        assert last is not None and isinstance(last.body, Assessment)
        assert dict(last.body.figures) == {"largest": 30, "food": 12 * 10 + 10 * 10 + 7}  # type: ignore[arg-type]
        log.append([facts("kitchen/a/kid", "6", {"fees": 9}, date(2024, 8, 1))])
        follower = Follower(log, land)
        while follower.step():
            pass
        last = standing_of(log.read_subject("dwelling/a"), of_food).last
        assert last is not None and isinstance(last.body, Assessment)
        assert dict(last.body.figures) == {"largest": 30, "food": 12 * 10 + 10 * 10 + 7 + 9}  # type: ignore[arg-type]


def drawn(chance: random.Random) -> tuple[dict[str, Stays], dict[str, dict[str, Any]]]:
    """Who was where from which day on, some of them throughout, and facts of each."""
    stays: dict[str, Stays] = {}
    stated: dict[str, dict[str, Any]] = {}
    for person in PEOPLE:
        days = sorted(chance.sample(range(1, 366), chance.choice((0, 0, 1, 2))))
        places = [(chance.choice(HOMES), chance.choice(("resident", "lodger"))) for _ in range(len(days) + 1)]
        starts = [date(2023, 1, 1), *(date(2023, 12, 31) + timedelta(day) for day in days)]
        stays[person] = [(start, *place) for start, place in zip(starts, places, strict=True)]
        stated[person] = {"is_child": chance.random() < 0.5, "pay": chance.randrange(500)}
        stated[person]["leaves_on"] = chance.choice(("none", date(2024, chance.randrange(1, 13), 20)))
    return stays, stated


def as_case(program: Program, stays: Mapping[str, Stays], stated: Mapping[str, dict[str, Any]]) -> Case:
    homes: dict[str, dict[str, list[Any]]] = {name: {} for name in HOMES}
    for person, listed in stays.items():
        by_place: dict[tuple[str, str], list[str]] = {}
        for (start, home, role), following in zip(listed, [*listed[1:], None], strict=True):
            last = "" if following is None else (following[0] - timedelta(1)).isoformat()
            by_place.setdefault((home, role), []).append(f"{start}..{last}" if last else f"from {start}")
        for (home, role), times in by_place.items():
            homes[home].setdefault(f"{role}s", []).append({person: times if len(times) > 1 else times[0]})
    people = {
        person: {name: value.isoformat() if isinstance(value, date) else value for name, value in told.items()}
        for person, told in stated.items()
    }
    data = {"at": "2024", "complete": True, "citizens": people, "households": homes}
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    assert case is not None, [problem.message for problem in problems]
    return case


def as_drafts(stays: Mapping[str, Stays], stated: Mapping[str, dict[str, Any]]) -> list[Draft]:
    made = []
    for person, listed in stays.items():
        told: dict[str, Value] = dict(stated[person])
        pay = told.pop("pay")
        made.append(facts(f"citizen/{person}", f"{person}-told", told, date(2023, 1, 1)))
        made.append(facts(f"citizen/{person}", f"{person}-pay", {"pay": pay}, date(2024, 3, 3)))
        made += [
            facts(f"citizen/{person}", f"{person}-{start}", {"household": lives(home, role)}, start)
            for start, home, role in listed
        ]
    return made


def as_tables(stays: Mapping[str, Stays], stated: Mapping[str, dict[str, Any]]) -> dict[str, pa.Table]:
    days = sorted({start for listed in stays.values() for start, _, _ in listed})
    people: dict[str, list[Any]] = {"citizen_id": list(stays)}
    people |= {name: [told[name] for told in stated.values()] for name in ("is_child", "pay")}
    people["leaves_on"] = [str(told["leaves_on"]) for told in stated.values()]
    for day in days:
        said = [next((stay for stay in listed if stay[0] == day), None) for listed in stays.values()]
        people[f"household_id@from {day}"] = [None if stay is None else stay[1] for stay in said]
        people[f"household_role@from {day}"] = [None if stay is None else stay[2] for stay in said]
    people["household_id"] = [None] * len(stays)
    people["household_role"] = [None] * len(stays)
    return {"citizen": pa.table(people), "household": pa.table({"household_id": list(HOMES)})}


@pytest.mark.parametrize("seed", range(12))
def test_log_record_case_and_tables_agree(seed: int, tmp_path: Path, program: Program, terms: Terms) -> None:
    chance = random.Random(seed)
    stays, stated = drawn(chance)
    case = as_case(program, stays, stated)
    expected = {home: computed(program, case, home) for home in HOMES}
    admitted = from_arrow(program, YEAR, as_tables(stays, stated))
    assert admitted.columns is not None and not admitted.problems, admitted.problems[:3]
    result = evaluate(program, admitted.columns, FIGURES)
    for row, home in enumerate(HOMES):
        for name in FIGURES:
            definition = program.find(name)
            assert definition is not None
            assert value_of(program, definition, int(result.figures[name].entries[row])) == expected[home].get(name)
    with open_log(tmp_path / "log") as log:
        made = as_drafts(stays, stated)
        chance.shuffle(made)
        cut = chance.randrange(1, len(made))
        log.append([facts("citizen/p0", "first", {"household": lives("a")}, date(2023, 1, 1)), *made[:cut]])
        run_annual(log, terms)
        log.append(made[cut:])
        follower = Follower(log, program)
        while follower.step(3):
            pass
        for home in HOMES:
            by_name = {name: Fraction(str(value)) for name, value in figures_of(log, terms, home).items()}
            at_end = any(listed[-1][1] == home for listed in stays.values())
            if not at_end:
                assert not any(by_name.values()), home
            else:
                assert by_name == expected[home], home
                record = record_case(log, program, f"household/{home}", YEAR, valid=YEAR.end, known=None)
                assert computed(program, record.case, home) == expected[home]
