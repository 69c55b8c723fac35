"""Who belonged together on other days, and months from each claim's first day: a log, its corrections, a record and a
case with the same dates give the same figures."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.assess.annual import run_annual
from api.assess.follow import Follower
from api.assess.terms import Terms, terms_of
from api.history.record import record_case
from citizens import Belongs, Draft, Value, open_log
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.values.periods import parse_period
from tests.api.dated_land import MODULE, SETTINGS
from tests.api.households import correction, facts, figures_of, retraction
from tests.cli.command import write_rules

YEAR = parse_period("2024")
FIGURES = ("child_support", "award_of_year", "entry_support")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


@pytest.fixture(scope="module")
def terms(program: Program) -> Terms:
    return terms_of(program, program.settings.assessments["support"], YEAR, "test")


def lives(household: str, role: str = "resident") -> Value:
    return Belongs(f"household/{household}", role)


def movers() -> list[Draft]:
    """Ann and her child, who moves to Bob in May; Cat lodges in March alone; everybody has left the first by autumn."""
    return [
        facts("household/a", "a", {"first_day": date(2024, 1, 17)}, date(2024, 1, 17)),
        facts("household/b", "b", {"first_day": date(2023, 11, 30)}, date(2023, 11, 30)),
        facts("citizen/ann", "1", {"household": lives("a")}, date(2023, 1, 1)),
        facts("citizen/ann", "2", {"household": lives("b")}, date(2024, 9, 1)),
        facts("citizen/kid", "3", {"household": lives("a"), "is_child": True}, date(2024, 1, 1)),
        facts("citizen/kid", "4", {"household": lives("b")}, date(2024, 5, 1)),
        facts("citizen/bob", "5", {"household": lives("b")}, date(2023, 1, 1)),
        facts("citizen/cat", "6", {"household": lives("a", "lodger")}, date(2024, 3, 1)),
        facts("citizen/cat", "7", {"household": None}, date(2024, 4, 1)),
        facts("job/shop", "8", {"citizen": Belongs("citizen/ann", "owner")}, date(2023, 1, 1)),
        facts("job/shop", "9", {"pay": 120}, date(2024, 2, 20)),
        facts("job/shop", "10", {"pay": 700}, date(2024, 10, 3)),
    ]


def test_a_year_of_movers_is_assessed_by_hand(tmp_path: Path, terms: Terms) -> None:
    with open_log(tmp_path / "log") as log:
        log.append(movers())
        report = run_annual(log, terms)
        assert (report.groups, report.assessed, report.failed) == (2, 2, [])
        # the child is in a for January to April; on 17 January Ann and the child were residents, Ann alone on the 1st
        # and the child; award months from the 17th end on the 16th: eleven of them in 2024, the one of 17 February with
        # pay of 120; from September nobody is there whose pay counts
        assert figures_of(log, terms, "a") == {
            "child_support": 40,
            "award_of_year": 11 * 500 - 120,
            "entry_support": 202,
        }
        # from 30 November: the period of 30 September to 29 October has Ann's 700 of pay
        assert figures_of(log, terms, "b")["child_support"] == 80
        assert figures_of(log, terms, "b")["award_of_year"] == 11 * 500 + 500 - 500


def random_facts(chance: random.Random, count: int) -> list[Draft]:
    made = [
        facts(f"household/{name}", f"h{name}", {"first_day": date(2023, 12, 1) + timedelta(chance.randrange(200))})
        for name in "ab"
    ]
    for number in range(count):
        day = date(2023, 6, 1) + timedelta(chance.randrange(600))
        who, event = f"citizen/{chance.choice('xyz')}", f"e{number}"
        match chance.randrange(6):
            case 0 | 1:
                home = chance.choice([lives("a"), lives("b"), lives("a", "lodger"), None])
                made.append(facts(who, event, {"household": home}, day))
            case 2:
                made.append(facts(who, event, {"is_child": chance.random() < 0.7}, day))
            case 3:
                owner = Belongs(who, "owner")
                made.append(facts("job/j", event, {"citizen": owner, "pay": chance.randrange(600)}, day))
            case 4 if number:
                made.append(correction(who, event, {"household": lives(chance.choice("ab"))}, day))
            case _:
                earlier = chance.choice(made)
                point = chance.choice(earlier.body.points) if hasattr(earlier.body, "points") else None
                if point is not None and point.attribute != "first_day":
                    made.append(retraction(earlier.subject, event, point.attribute, point.valid_from))
    return made


@pytest.mark.parametrize("seed", range(4))
def test_corrections_and_records_come_to_what_a_run_from_nothing_finds(
    seed: int, tmp_path: Path, program: Program, terms: Terms
) -> None:
    chance = random.Random(seed)
    made = [facts("citizen/x", "first", {"household": lives("a")}, date(2023, 1, 1)), *random_facts(chance, 15)]
    cut = chance.randrange(1, len(made))
    with open_log(tmp_path / "whole") as whole, open_log(tmp_path / "parts") as parts:
        whole.append(made)
        run_annual(whole, terms)
        parts.append(made[:cut])
        run_annual(parts, terms)
        follower = Follower(parts, program)
        for first in range(cut, len(made), 3):
            parts.append(made[first : first + 3])
            while follower.step(2):
                pass
        for group in "ab":
            result = figures_of(whole, terms, group)
            later = figures_of(parts, terms, group)
            assert later == result or (not result and not any(later.values())), group
            if not result:
                continue
            case = record_case(whole, program, f"household/{group}", YEAR, valid=YEAR.end, known=None).case
            interpreter = Interpreter(program, case, Constants(program))
            for name in FIGURES:
                definition = program.find(name)
                assert definition is not None
                assert interpreter.find(Fact(definition.name, group, YEAR)) == Known(result[name])  # type: ignore[arg-type]


def test_other_rules_ask_for_one_day_alone() -> None:
    other = compile_rules(Path(__file__).parents[1] / "language" / "programs" / "totting_up")
    assert not other.members_of_another_day
