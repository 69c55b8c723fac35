"""Records in order: every completion of what is not known lies in the answer, and nothing known is lost."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.interpret.case_reader import case_from_data
from engine.interpret.domain import range_of
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Choice, Fact, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.text.diagnostics import Diagnostics
from engine.values.periods import ETERNITY

RULES = Path(__file__).parents[1] / "language" / "programs" / "totting_up"
DAYS = ("2024-01-10", "2024-02-10", "2024-03-10")
FIGURES = ("wiped_on", "points_counted", "totted_up", "since_last_speeding")


@cache
def program() -> Program:
    return compile_rules(RULES)


def outcomes(convicted: list[list[str]], points: list[int], speeding: list[bool | None]) -> dict[Fact, Outcome]:
    """Every figure of endorsements; of one with several days of conviction that is known within them."""
    records = {}
    for place, days in enumerate(convicted):
        on = days[0] if len(days) == 1 else {"at_least": days[0], "at_most": days[-1]}
        facts = {"person": "ada", "offence_date": "2024-01-01", "convicted_on": on, "points": points[place]}
        stated = speeding[place]
        records[f"e{place}"] = facts | ({"speeding": stated} if stated is not None else {})
    data = {"at": "2024", "people": {"ada": {}}, "endorsements": records, "complete": ["endorsements"]}
    case = case_from_data(program(), data, Diagnostics())
    assert case is not None
    interpreter = Interpreter(program(), case)
    return {(fact := Fact(name, record, ETERNITY)): interpreter.find(fact) for name in FIGURES for record in records}


def holds(answer: Outcome, completed: Outcome) -> bool:
    match answer, completed:
        case Possible(), Failure():
            return bool(answer.may_fail)
        case Possible(), NotApplicable():
            return answer.may_not_apply
        case Possible(range=Interval(low=low, high=high)), Known(value=value):
            return (low is None or low <= value) and (high is None or value <= high)
        case Possible(range=Choice(options=options)), Known(value=value):
            return value in options
        case Failure(), Failure():
            return True
    return answer == completed


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_completion_lies_in_the_answer(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 3))
    ranges = st.integers(0, 2).flatmap(lambda low: st.integers(low, 2).map(lambda high: list(DAYS[low : high + 1])))
    convicted = [data.draw(ranges) for _ in range(count)]
    points = [data.draw(st.sampled_from([3, 6, 11])) for _ in range(count)]
    speeding = [data.draw(st.booleans()) for _ in range(count)]
    answer = outcomes(convicted, points, list(speeding))
    for days in product(*convicted):
        completed = outcomes([[day] for day in days], points, list(speeding))
        for fact, outcome in completed.items():
            assert holds(answer[fact], outcome), (str(fact), answer[fact], outcome, days)
    if all(len(days) == 1 for days in convicted):
        assert not any(isinstance(entry, Possible) for entry in answer.values())


def test_what_reads_the_record_before_asks_for_the_day_that_is_not_known() -> None:
    found_outcomes = outcomes([["2024-01-10"], ["2024-01-10", "2024-03-10"]], [3, 3], [False, False])
    answer = found_outcomes[Fact("wiped_on", "e0", ETERNITY)]
    assert isinstance(answer, Possible)
    assert {fact.instance for fact in answer.needs if fact.name == "convicted_on"} == {"e1"}
    assert answer.may_not_apply
    assert isinstance(range_of(answer), Interval)
