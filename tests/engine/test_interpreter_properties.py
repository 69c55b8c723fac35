"""What holds of every ruleset that checks: no type error, sound ranges, order without meaning, a trace that adds up."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Choice, Fact, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.types import Kind
from tests.rulesets import check, told
from tests.strategies.rules import TYPES, VALUES, Made, cases, rulesets

many = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


def compiled(made: Made) -> Program:
    with tempfile.TemporaryDirectory() as folder:
        result = check(Path(folder), {"made": made.module})
    assert result.program is not None, told(result)
    return result.program


def case_of(program: Program, data: Mapping[str, object]) -> Case:
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    assert case is not None, [problem.message for problem in problems]
    return case


def outcomes(program: Program, case: Case, made: Made) -> dict[str, Outcome]:
    interpreter = Interpreter(program, case)
    return {name: interpreter.find(Fact(name, "t", case.at)) for name in made.figures}


@many
@given(rulesets(), cases())
def test_a_checked_program_computes_or_says_why_not(made: Made, data: dict[str, object]) -> None:
    program = compiled(made)
    for name, outcome in outcomes(program, case_of(program, data), made).items():
        definition = program.definitions[name]
        if isinstance(outcome, Failure):
            assert outcome.message
            continue
        assert isinstance(outcome, Known)
        if definition.type.kind is Kind.BOOLEAN:
            assert isinstance(outcome.value, bool)
        elif definition.grid is not None:
            assert outcome.value % definition.grid.step == 0  # type: ignore[operator]


@many
@given(rulesets(), cases(known=0.6), st.data())
def test_what_is_determined_holds_under_every_completion(made: Made, data: dict[str, Any], draw: st.DataObject) -> None:
    program = compiled(made)
    partial = outcomes(program, case_of(program, data), made)
    whole = outcomes(program, case_of(program, _completed(data, draw)), made)
    for name, before in partial.items():
        assert allows(before, whole[name]), (name, before, whole[name], made.module)


def _completed(data: dict[str, Any], draw: st.DataObject) -> dict[str, Any]:
    def filled(facts: dict[str, Any], owner: str) -> dict[str, Any]:
        missing = [kind for kind in TYPES if f"{owner}_{kind}" not in facts]
        return facts | {f"{owner}_{kind}": draw.draw(VALUES[kind]) for kind in missing}

    unit = dict(data["tax_units"]["t"])
    people = {name: filled(facts, "p") for name, facts in data["people"].items()}
    for role, most in (("spouse", 1), ("dependents", 3)):
        if role not in unit:
            more = [f"more{role}{number}" for number in range(draw.draw(st.integers(0, most)))]
            people |= {name: filled({}, "p") for name in more}
            unit[role] = more
    whole = ["spouse", "dependents"]
    return {**data, "people": people, "tax_units": {"t": filled(unit, "u")}, "complete": whole}


def allows(before: Outcome, after: Outcome) -> bool:
    """Whether an outcome with facts missing leaves room for the outcome with all facts."""
    match before, after:
        case Possible(), Failure():
            return bool(before.may_fail)
        case Possible(), NotApplicable():
            return before.may_not_apply
        case Possible(range=Interval(low=low, high=high)), Known(value=value):
            return (low is None or low <= value) and (high is None or value <= high)
        case Possible(range=Choice(options=options)), Known(value=value):
            return value in options
        case Failure(), Failure():
            return True
    return before == after


@many
@given(rulesets(), cases(), st.randoms())
def test_the_order_of_members_has_no_meaning(made: Made, data: dict[str, Any], random: Any) -> None:
    program = compiled(made)
    people = list(data["people"].items())
    dependents = list(data["tax_units"]["t"]["dependents"])
    random.shuffle(people)
    random.shuffle(dependents)
    shuffled = {
        **data,
        "people": dict(people),
        "tax_units": {"t": {**data["tax_units"]["t"], "dependents": dependents}},
    }
    first = outcomes(program, case_of(program, data), made)
    second = outcomes(program, case_of(program, shuffled), made)
    for name, outcome in first.items():
        assert outcome == second[name] or {type(outcome), type(second[name])} == {Failure}


@many
@given(rulesets(), cases())
def test_the_trace_gives_its_own_values_again(made: Made, data: dict[str, object]) -> None:
    program = compiled(made)
    case = case_of(program, data)
    interpreter = Interpreter(program, case)
    for name in made.figures:
        interpreter.find(Fact(name, "t", case.at))
    values = {fact: step.outcome.value for fact, step in interpreter.steps.items() if isinstance(step.outcome, Known)}
    for fact, step in interpreter.steps.items():
        if step.source == "computed" and set(step.reads) <= set(values):
            others = {read: values[read] for read in step.reads}
            again = Interpreter(program, replace(case, given=others)).find(fact)
            assert again == step.outcome or isinstance(again, Failure)
