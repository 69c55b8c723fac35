"""An interpreter that goes on from one of nearly the same case finds what a new one finds, whatever was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.cases.interpreters import MOST, Interpreters
from api.cases.naming import find_definition
from api.cases.reach import facts_read
from api.interview.interview import next_step
from api.rules.programs import load_program
from engine.explain.questions import sample_values
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import EVERY, Case
from engine.interpret.constants import Constants
from engine.interpret.domain import needs_of
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Outcome, Possible
from engine.interpret.reuse import changed_names
from engine.interpret.traces import Traces
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period

FAMILY: dict[str, object] = {
    "at": "2024",
    "people": {"ada": {"age": 34}, "bo": {"age": 36}, "ben": {"age": 5}},
    "tax_units": {"home": {"head": "ada", "spouse": "bo", "dependents": ["ben"]}},
}
ALONE: dict[str, object] = {
    "at": "2024",
    "people": {"ada": {"age": 34}, "ben": {"age": 5}},
    "tax_units": {"home": {"head": "ada", "dependents": ["ben"], "files_separately": False}},
}
FIGURES = ("eitc", "refundable_ctc", "income_tax")  # the last has worlds of `as if` in it


@cache
def us() -> Program:
    return load_program("us")


@cache
def constants() -> Constants:
    return Constants(us())


def case_of(data: Mapping[str, object]) -> Case:
    problems = Diagnostics()
    case = case_from_data(us(), data, problems)
    assert case is not None, list(problems)
    return case


def outcomes(interpreter: Interpreter) -> list[Outcome]:
    return [interpreter.find(Fact(name, "home", parse_period("2024"))) for name in FIGURES]


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_stated_next_the_outcomes_are_those_of_a_new_interpreter(data: st.DataObject) -> None:
    case = case_of(data.draw(st.sampled_from([FAMILY, ALONE])))
    before = Interpreter(us(), case, constants())
    open_facts = sorted(
        (
            fact
            for fact in needs_of(*outcomes(before))
            if fact.name in us().definitions and not fact.instance.startswith("?")
        ),
        key=str,
    )
    for _ in range(2):
        fact = data.draw(st.sampled_from(open_facts))
        value = data.draw(st.sampled_from(list(sample_values(us().definitions[fact.name], us()))))
        taken_back = data.draw(st.booleans()) and len(case.given) > 3
        given_facts = dict(list(case.given.items())[:-1]) if taken_back else dict(case.given)
        case = replace(case, given={**given_facts, fact: value})
        after = Interpreter(us(), case, constants(), before)
        assert outcomes(after) == outcomes(Interpreter(us(), case, constants())), (fact, value)
        before = after


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_traces_of_other_cases_give_the_outcomes_of_a_new_interpreter(data: st.DataObject) -> None:
    """Whatever was found in cases of the same people with other facts, in whatever order they come, and come back."""
    case = replace(case_of(data.draw(st.sampled_from([FAMILY, ALONE]))), complete=data.draw(st.booleans()))
    open_facts = sorted(
        (fact for fact in facts_read(us(), case, tuple(find_definition(us(), name) for name in FIGURES))), key=str
    )
    traces = Traces()
    cases = [case]
    for _ in range(3):
        fact = data.draw(st.sampled_from(open_facts))
        value = data.draw(st.sampled_from(list(sample_values(us().definitions[fact.name], us()))))
        cases.append(replace(cases[-1], given={**cases[-1].given, fact: value}))
    for asked in (*cases, *reversed(cases)):
        traced = Interpreter(us(), asked, constants())
        if changed_names(us(), case, asked) is not None:
            traced.trace(traces)
        assert outcomes(traced) == outcomes(Interpreter(us(), asked, constants()))


def test_a_figure_is_evaluated_anew_only_where_what_it_read_is_another() -> None:
    case, educator = replace(case_of(ALONE), complete=True), Fact("educator_expense", "ada", parse_period("2024"))
    traces = Traces()
    works = []
    for amount in (0, 300, 0, 100):
        interpreter = Interpreter(us(), replace(case, given={**case.given, educator: amount}), constants())
        interpreter.trace(traces)
        interpreter.find(Fact("eitc", "home", parse_period("2024")))
        works.append(interpreter.work)
    assert works[1] < works[0] / 2  # what no formula that was read leads to is as it was
    assert works[2] < works[0] / 2 and works[3] < works[0] / 2


def test_what_needs_a_fact_no_more_and_is_else_as_it_was_is_not_evaluated_anew() -> None:
    """An answer that narrows nothing takes its fact off what all the figures need."""
    case, credit = case_of(ALONE), Fact("eitc", "home", parse_period("2024"))
    traces, works = Traces(), list[int]()
    name = find_definition(us(), "employment_income_without_form").name
    for stated in ({}, {Fact(name, "ada", parse_period("2024")): Fraction(0)}):
        asked = replace(case, given={**case.given, **stated})
        interpreter = Interpreter(us(), asked, constants())
        interpreter.trace(traces)
        outcome = interpreter.find(credit)
        assert outcome == Interpreter(us(), asked, constants()).find(credit)
        assert isinstance(outcome, Possible) and outcome.needs.isdisjoint(stated)
        works.append(interpreter.work)
    assert works[1] < works[0] / 8


def test_another_world_and_somebodys_own_periods_leave_no_trace() -> None:
    case = replace(case_of(ALONE), complete=True)
    interpreter = Interpreter(us(), case, constants())
    interpreter.trace(Traces())
    outcomes(interpreter)
    asking = {fact for fact, step in interpreter.steps.items() if step.reads_more}
    assert asking and all(interpreter.traces.step(fact, interpreter.find) is None for fact in asking)  # type: ignore[union-attr]


def test_most_of_what_was_found_is_taken_over() -> None:
    """Else a question would take as long as the first one: this fails where nothing is."""
    case = case_of(ALONE)
    before = Interpreter(us(), case, constants())
    outcomes(before)
    educator = Fact("educator_expense", "ada", parse_period("2024"))
    after = Interpreter(us(), replace(case, given={**case.given, educator: 0}), constants(), before)
    assert len(after.steps) > len(before.steps) / 2
    assert educator not in after.steps and "income_tax" not in {fact.name for fact in after.steps}
    assert after.worlds


@pytest.mark.parametrize("change", ["files_separately", "whole", "complete", "another year"])
def test_what_no_formula_names_is_not_taken_over(change: str) -> None:
    case = case_of(ALONE)
    separately = Fact("files_separately", "home", parse_period("2024"))
    changed = {
        "files_separately": replace(case, given={**case.given, separately: True}),
        "whole": replace(case, whole=case.whole | {EVERY}),
        "complete": replace(case, complete=True),
        "another year": replace(case, at=parse_period("2023")),
    }[change]
    assert changed_names(us(), case, changed) is None
    assert changed_names(us(), case, case) == frozenset()


def test_an_interview_asks_the_same_whatever_was_asked_before() -> None:
    wanted = [find_definition(us(), "eitc")]
    kept, case = Interpreters(us()), case_of(ALONE)
    for _ in range(4):
        step, fact = next_step(us(), case, wanted, (), kept)
        assert (step, fact) == next_step(us(), case, wanted)
        assert fact is not None
        absent = us().definitions[fact.name].absent
        assert absent is not None
        case = replace(case, given={**case.given, fact: absent})


def test_only_the_last_interpreters_are_kept_and_the_nearest_is_gone_on_from() -> None:
    kept, case = Interpreters(us(), constants()), case_of(ALONE)
    educator = Fact("educator_expense", "ada", parse_period("2024"))
    for amount in range(MOST + 3):
        interpreter = kept.begin(replace(case, given={**case.given, educator: amount}))
        interpreter.find(Fact("eitc", "home", parse_period("2024")))
        kept.keep(interpreter)
    again = kept.begin(replace(case, given={**case.given, educator: MOST + 1}))
    assert Fact("eitc", "home", parse_period("2024")) in again.steps
    gone = kept.begin(replace(case, given={**case.given, educator: 0}))
    assert Fact("eitc", "home", parse_period("2024")) not in gone.steps
