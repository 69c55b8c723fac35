"""What is taken over periods where facts are not known: a range that holds every completion."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Interval, Known, Outcome, Possible
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.text.diagnostics import Diagnostics

CALENDARS = Path(__file__).parents[1] / "language" / "programs" / "calendars"


@pytest.fixture(scope="module")
def program() -> Program:
    return compile_rules(CALENDARS)


def found(program: Program, figure: str, at: str, facts: dict[str, object]) -> Outcome:
    problems = Diagnostics()
    case = case_from_data(program, {"at": at, "complete": True, "people": {"ada": facts}}, problems)
    assert isinstance(case, Case), [problem.message for problem in problems]
    definition = program.definitions[figure]
    period = definition.period_at(case.at)
    assert period is not None
    return Interpreter(program, case).find(Fact(figure, "ada", period))


def test_a_count_runs_from_the_days_surely_true_to_those_possibly_true(program: Program) -> None:
    days = {"2024-01-01..2024-04-09": "true"}
    unknown = {"2024-05-01..2024-05-10": "unknown", "2024-05-11..2024-05-20": "unknown"}
    outcome = found(program, "days_present", "year:2024", {"in_us": days | unknown})
    assert isinstance(outcome, Possible)
    assert outcome.range == Interval(100, 120)
    assert {fact.period.start.month for fact in outcome.needs} == {5}


def test_every_completion_of_days_and_of_their_number_lies_in_the_range(program: Program) -> None:
    random = Random(5)
    for _ in range(15):
        days = [date(2024, 1, 31) - timedelta(back) for back in range(12)]
        stated = {day.isoformat(): random.choice(["true", "false", "unknown"]) for day in days}
        low, high = sorted((random.randint(0, 12), random.randint(0, 12)))
        asked: dict[str, object] = {"at_least": low, "at_most": high}
        outcome = found(program, "recent_days", "2024-02", {"in_us": stated, "days_asked": asked})
        for _ in range(10):
            whole = {
                day: random.choice(["true", "false"]) if value == "unknown" else value for day, value in stated.items()
            }
            count = random.randint(low, high)
            known = found(program, "recent_days", "2024-02", {"in_us": whole, "days_asked": count})
            assert isinstance(known, Known)
            if isinstance(outcome, Known):
                assert known == outcome
            else:
                assert isinstance(outcome, Possible) and isinstance(outcome.range, Interval)
                assert outcome.range.low <= known.value <= outcome.range.high
