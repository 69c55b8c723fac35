"""Monthly assessments that ask who is in a group on a later or an earlier day: a log, a case and tables agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from api.assess.annual import run_annual
from api.assess.terms import Terms
from citizens import SqliteLog, open_log
from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.ir.program import Program
from engine.native import evaluate
from engine.population.door import from_arrow
from engine.text.diagnostics import Diagnostics
from tests.api.households import facts
from tests.api.other_days import MARCH, aid_of, assessed, follow, interpreted, lives, other_days, recorded

FIGURES = ("later", "earlier", "month")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return other_days(tmp_path_factory.mktemp("rules"), FIGURES)


@pytest.fixture(scope="module")
def terms(program: Program) -> Terms:
    return aid_of(program)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as opened:
        yield opened


def stated(program: Program, residents: list[Any], people: tuple[str, ...]) -> dict[str, object]:
    data = {"at": "2024-03", "complete": True, "citizens": {name: {} for name in people}}
    problems = Diagnostics()
    case = case_from_data(program, {**data, "households": {"a": {"residents": residents}}}, problems)
    assert case is not None, list(problems)
    return interpreted(Interpreter(program, case), "a", FIGURES)


def in_tables(program: Program, people: dict[str, list[Any]]) -> dict[str, object]:
    admitted = from_arrow(program, MARCH, {"citizen": pa.table(people), "household": pa.table({"household_id": ["a"]})})
    assert admitted.columns is not None, admitted.problems
    result = evaluate(program, admitted.columns, FIGURES)
    return {name: Fraction(int(result.figures[name].entries[0]), 100) for name in FIGURES}


def test_who_joins_later_is_a_member_of_the_later_day(log: SqliteLog, program: Program, terms: Terms) -> None:
    log.append([facts("citizen/ann", "1", lives("a"), date(2023, 1, 1))])
    log.append([facts("citizen/kid", "2", lives("a"), date(2024, 10, 1))])
    assert run_annual(log, terms).failed == []
    expected = {"later": 2, "earlier": 1, "month": 1}
    assert assessed(log, terms, "a") == recorded(log, program, "a", FIGURES) == expected
    assert stated(program, ["ann", {"kid": "from 2024-10-01"}], ("ann", "kid")) == expected
    people: dict[str, list[Any]] = {
        "citizen_id": ["ann", "kid"],
        "household_id": ["a", None],
        "household_role": ["resident", None],
        "household_id@from 2024-10-01": [None, "a"],
        "household_role@from 2024-10-01": [None, "resident"],
    }
    assert in_tables(program, people) == expected
    log.append([facts("citizen/bob", "3", lives("a"), date(2024, 12, 1))])
    follow(log, program)
    assert assessed(log, terms, "a") == {"later": 3, "earlier": 1, "month": 1}


def test_a_household_is_before_its_record_as_when_the_period_began(
    log: SqliteLog, program: Program, terms: Terms
) -> None:
    log.append([facts(f"citizen/{name}", name, lives("a"), date(2024, 3, 1)) for name in ("ann", "ben")])
    log.append([facts("citizen/cat", "c", lives("b"), date(2024, 2, 1))])
    log.append([facts("citizen/dan", "d", lives("b"), date(2024, 2, 10))])  # born: others were there before
    log.append([facts("citizen/eve", "e", lives("c"), date(2024, 3, 2))])  # came within the month
    log.append([facts("citizen/fay", "f", lives("d"), date(2023, 5, 1)), facts("citizen/gil", "g", lives("d"))])
    assert run_annual(log, terms).failed == []
    expected = {
        "a": {"later": 2, "earlier": 2, "month": 2},
        "b": {"later": 2, "earlier": 2, "month": 2},
        "c": {"later": 1, "earlier": 0, "month": 1},
        "d": {"later": 2, "earlier": 2, "month": 2},
    }
    for home, figures in expected.items():
        assert assessed(log, terms, home) == recorded(log, program, home, FIGURES) == figures, home


def test_who_joins_others_was_not_there_before(log: SqliteLog, program: Program, terms: Terms) -> None:
    log.append([facts("citizen/ann", "1", lives("a"), date(2023, 1, 1))])
    log.append([facts("citizen/kid", "2", lives("a"), date(2024, 2, 10))])
    run_annual(log, terms)
    expected = {"later": 2, "earlier": 1, "month": 2}  # in January Ann was alone
    assert assessed(log, terms, "a") == recorded(log, program, "a", FIGURES) == expected
    assert stated(program, ["ann", {"kid": "from 2024-02-10"}], ("ann", "kid")) == expected
