"""Memberships for a time and periods from somebody's own day in tables: what a case with the same dates gives."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from engine.interpret.case_reader import case_from_data
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, NotApplicable
from engine.ir.program import Program
from engine.native import KNOWN, NOT_APPLICABLE, evaluate
from engine.native.handover import value_of
from engine.pipeline import compile_rules
from engine.population.door import from_arrow
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from tests.api.dated_land import MODULE, SETTINGS
from tests.cli.command import write_rules

YEAR, DAY = parse_period("2024"), parse_period("2024-08-20")
HEADS = ("", "@from 2024-02", "@from 2024-05-17", "@2024-07..2024-08")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


def test_people_who_move_and_pay_by_award_month(program: Program) -> None:
    chance = random.Random(7)
    population, cases = _drawn(chance, 40)
    for at, wanted in ((YEAR, ("child_support", "entry_support", "award_of_year")), (DAY, ("award",))):
        admitted = from_arrow(program, at, {name: pa.table(columns) for name, columns in population.items()})
        assert not admitted.problems, admitted.problems[:3]
        assert admitted.columns is not None
        result = evaluate(program, admitted.columns, wanted)
        compared = 0
        for row, case in enumerate(cases):
            compared += _compare(program, case, str(at), wanted, result.figures, row)
        assert compared == len(cases) * len(wanted)
        assert 0 < result.handed_over <= len(cases) + 1


def _compare(
    program: Program, data: dict[str, Any], at: str, wanted: tuple[str, ...], figures: Mapping[str, Any], row: int
) -> int:
    problems = Diagnostics()
    case = case_from_data(program, {"at": at, "complete": True, **data}, problems)
    assert case is not None, [problem.message for problem in problems]
    interpreter = Interpreter(program, case, Constants(program))
    for name in wanted:
        definition = program.find(name)
        assert definition is not None
        period = interpreter.period_of(definition, "h", case.at) if definition.period.is_personal else case.at
        outcome = interpreter.find(Fact(name, "h", period)) if period is not None else NotApplicable()
        result = figures[name]
        status = KNOWN if result.status is None else int(result.status[row])
        if isinstance(outcome, Known):
            assert status == KNOWN, (name, row, result.messages.get(row))
            assert value_of(program, definition, int(result.entries[row])) == outcome.value, (name, row)
        else:
            assert status == NOT_APPLICABLE, (name, row, outcome)
    return len(wanted)


def _drawn(chance: random.Random, count: int) -> tuple[dict[str, dict[str, list[Any]]], list[dict[str, Any]]]:
    """Households of a few, some of whom are there for a time, as tables and each as a case of its own."""
    homes: dict[str, list[Any]] = {"household_id": [], "first_day": []}
    people: dict[str, list[Any]] = {"citizen_id": [], "is_child": []}
    people |= {f"household_{end}{head}": [] for head in HEADS for end in ("id", "role")}
    jobs: dict[str, list[Any]] = {"job_id": [], "citizen_id": []}
    jobs |= {head: [] for head in PAY}
    cases: list[dict[str, Any]] = []
    for number in range(count):
        first = date(2024, 1, 1) + timedelta(chance.randrange(90))
        homes["household_id"].append(f"h{number}")
        homes["first_day"].append(first)
        case: dict[str, Any] = {"citizens": {}, "households": {"h": {"first_day": first.isoformat()}}, "jobs": {}}
        for place in range(chance.randrange(1, 4)):
            is_child = chance.random() < 0.5
            people["citizen_id"].append(f"{number}-{place}")
            people["is_child"].append(is_child)
            case["citizens"][f"p{place}"] = {"is_child": {"from 2020-01-01": is_child}}
            _place(chance, people, case, number, place)
            if chance.random() < 0.6:
                _pay(chance, jobs, case, f"{number}-{place}", place, first)
        cases.append(case)
    return {"household": homes, "citizen": people, "job": jobs}, cases


def _place(chance: random.Random, people: dict[str, list[Any]], case: dict[str, Any], number: int, place: int) -> None:
    """One of the household: throughout, or from a day, or with some months elsewhere."""
    kind = chance.randrange(5)
    said: list[tuple[str | None, str | None]] = [(None, None)] * 4
    role = chance.choice(("resident", "lodger"))
    home = f"h{number}"
    match kind:
        case 0:
            said[0], days = (home, role), None
        case 1:
            said[1], days = (home, role), ["from 2024-02-01"]
        case 2:
            said[0], said[2] = (home, role), (None, "none")
            days = ["until 2024-05-16"]
        case 3:
            said[0], said[3] = (home, role), (None, "none")
            days = ["until 2024-06-30", "from 2024-09-01"]
        case _:
            said[1], said[2] = (home, "lodger"), (home, "resident")
            days = None
            members = case["households"]["h"]
            members.setdefault("lodgers", []).append({f"p{place}": "2024-02-01..2024-05-16"})
            members.setdefault("residents", []).append({f"p{place}": "from 2024-05-17"})
    for head, (group, held) in zip(HEADS, said, strict=True):
        people[f"household_id{head}"].append(group)
        people[f"household_role{head}"].append(held)
    if kind < 4:
        listed = case["households"]["h"].setdefault(f"{role}s", [])
        listed.append(f"p{place}" if days is None else {f"p{place}": days})


PAY = ("pay@award_month:2024-08-20", "pay@award_month:2024-06-03", "pay@award_month:2024-12-01")


def _pay(
    chance: random.Random, jobs: dict[str, list[Any]], case: dict[str, Any], owner: str, place: int, first: date
) -> None:
    """A job with pay of some award months; none while its owner is in no household, whose days begin them."""
    jobs["job_id"].append(f"j{owner}")
    jobs["citizen_id"].append(owner)
    there = any(
        entry == f"p{place}"
        for members in case["households"]["h"].values() if isinstance(members, list) for entry in members
    )  # fmt: skip
    stated: dict[str, int] = {}
    for head in PAY:
        amount = chance.randrange(400) if there and chance.random() < 0.7 else None
        jobs[head].append(amount)
        if amount is not None:
            stated[head.partition("@")[2]] = amount
    case["jobs"][f"j{place}"] = {"citizen": f"p{place}", **({"pay": stated} if stated else {})}


def faults(program: Program, people: dict[str, list[Any]], **jobs: list[Any]) -> list[str]:
    tables = {
        "household": pa.table({"household_id": ["a", "b"], "first_day": [date(2024, 3, 10), None]}),
        "citizen": pa.table({"citizen_id": ["x", "y"], **people}),
    }
    if jobs:
        tables["job"] = pa.table({"job_id": ["j", "k"], "citizen_id": ["x", "y"], **jobs})
    return [str(problem) for problem in from_arrow(program, YEAR, tables).problems]


def test_dated_columns_that_cannot_be_are_told(program: Program) -> None:
    homes: dict[str, list[Any]] = {"household_id": ["a", "b"], "household_role": ["resident", "resident"]}
    assert "write `from 2024-05-01`" in faults(program, {**homes, "household_id@lately": ["a", None]})[0]
    assert "says a role and no group" in faults(program, {**homes, "role@from 2024-05": ["lodger", None]})[0]
    twice = {"household_id@2024-03": ["b", None], "household_id@2024-03-04..2024-05-01": ["b", None]}
    assert "two columns say in which household somebody is on 2024-03-04" in faults(program, {**homes, **twice})[0]
    assert "there is no household `c`" in faults(program, {**homes, "household_id@2024-03": ["c", None]})[0]
    wrong = {"household_id@2024-03": ["b", None], "household_role@2024-03": ["guest", None]}
    assert "there is no role `guest`" in faults(program, {**homes, **wrong})[0]


def test_columns_of_own_periods_that_cannot_be_are_told(program: Program) -> None:
    homes: dict[str, list[Any]] = {"household_id": ["a", "b"], "household_role": ["resident", "resident"]}
    assert "write `pay@award_month:2024-01-01`" in faults(program, homes, pay=[1, None])[0]
    assert "`spring` is not one of them" in faults(program, homes, **{"pay@spring": [1, None]})[0]
    early = faults(program, homes, **{"pay@award_month:2024-02-01": [1, None]})
    assert "lies before the first period, which begins on 2024-03-10" in early[0]
    assert "is not stated: `first_day`" in faults(program, homes, **{"pay@award_month:2024-04-01": [None, 1]})[0]
    both = {"pay@award_month:2024-04-12": [1, None], "pay@award_month:2024-05-01": [1, None]}
    assert "states the same as the column" in faults(program, homes, **both)[0]
