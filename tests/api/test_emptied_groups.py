"""Groups that everybody left before a period, and that others moved into: the annual run, a follower and a record agree
about who was in them on earlier days."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.assess.annual import run_annual
from api.assess.terms import Terms
from citizens import Draft, SqliteLog, open_log
from engine.ir.program import Program
from tests.api import other_days
from tests.api.households import facts
from tests.api.other_days import aid_of, follow, lives

FIGURES = ("earlier", "month")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return other_days.other_days(tmp_path_factory.mktemp("rules"), FIGURES)


@pytest.fixture(scope="module")
def terms(program: Program) -> Terms:
    return aid_of(program)


def moves(*stays: tuple[str, str | None, date]) -> list[Draft]:
    return [facts(f"citizen/{who}", f"e{number}", lives(home), day) for number, (who, home, day) in enumerate(stays)]


def assessed(log: SqliteLog, terms: Terms, home: str) -> dict[str, object]:
    return {name: value for name, value in other_days.assessed(log, terms, home).items() if value}


def recorded(log: SqliteLog, program: Program, home: str) -> dict[str, object]:
    return {name: value for name, value in other_days.recorded(log, program, home, FIGURES).items() if value}


LONG_AGO, LEFT, NOW = date(2022, 1, 1), date(2022, 6, 1), date(2024, 2, 1)
EMPTIED = {
    "another left": [("zed", "x", LONG_AGO), ("zed", None, LEFT), ("ann", "x", NOW)],
    "another moved on": [("zed", "x", LONG_AGO), ("zed", "y", LEFT), ("ann", "x", NOW)],
    "another moved on twice": [("zed", "x", LONG_AGO), ("zed", "y", LEFT), ("zed", None, NOW), ("ann", "x", NOW)],
    "the same came back": [("ann", "x", LONG_AGO), ("ann", None, LEFT), ("ann", "x", NOW)],
    "who came was elsewhere before": [
        ("ann", "y", date(2020, 1, 1)),
        ("ann", None, date(2020, 6, 1)),
        ("ann", "x", NOW),
    ],
}


@pytest.mark.parametrize("stays", EMPTIED.values(), ids=EMPTIED)
def test_whoever_moves_into_an_emptied_household_was_not_there_before(
    stays: Sequence[tuple[str, str | None, date]], tmp_path: Path, program: Program, terms: Terms
) -> None:
    with open_log(tmp_path / "whole") as log, open_log(tmp_path / "late") as late:
        log.append(moves(*stays))
        assert run_annual(log, terms).failed == []
        assert assessed(log, terms, "x") == recorded(log, program, "x") == {"month": 1}
        late.append(moves(*stays)[-1:])  # what was before is recorded late
        run_annual(late, terms)
        assert assessed(late, terms, "x") == recorded(late, program, "x") == {"month": 1, "earlier": 1}
        late.append(moves(*stays)[:-1])
        follow(late, program)
        assert assessed(late, terms, "x") == {"month": 1}


def test_a_household_that_nobody_was_recorded_in_before_is_as_when_the_period_began(
    tmp_path: Path, program: Program, terms: Terms
) -> None:
    with open_log(tmp_path / "log") as log:
        log.append(moves(("ann", "x", NOW)))
        run_annual(log, terms)
        assert assessed(log, terms, "x") == recorded(log, program, "x") == {"month": 1, "earlier": 1}


@pytest.mark.parametrize("seed", range(4))
def test_run_follower_and_record_agree_whoever_came_and_left(
    seed: int, tmp_path: Path, program: Program, terms: Terms
) -> None:
    chance = random.Random(seed)
    stays = [
        (
            chance.choice("abc"),
            chance.choice(["x", "x", "y", None]),
            date(2021, 6, 1) + timedelta(chance.randrange(1_060)),
        )
        for _ in range(7)
    ]
    made = moves(("d", "x" if seed % 2 else "y", date(2024, 2, 20)), *stays)
    cut = chance.randrange(1, len(made))
    with open_log(tmp_path / "whole") as whole, open_log(tmp_path / "parts") as parts:
        whole.append(made)
        run_annual(whole, terms)
        parts.append(made[:cut])
        run_annual(parts, terms)
        for draft in made[cut:]:
            parts.append([draft])
            follow(parts, program)
        for home in "xy":
            expected = recorded(whole, program, home)
            assert assessed(whole, terms, home) == expected, home
            assert assessed(parts, terms, home) == expected, home
