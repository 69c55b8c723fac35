"""An operation on ranges leaves room for what it gives on every value in them, whatever the node and its operands."""

from __future__ import annotations

from itertools import islice, product

import pytest
from hypothesis import HealthCheck, given, settings

from engine.interpret.cases import Case
from engine.interpret.domain import either, faults_of, may_not_apply, range_of
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Choice, Fact, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.ir.program import Program
from engine.values.periods import parse_period
from engine.values.types import Duration
from tests.rulesets import check, told
from tests.strategies.core import Made, expressions

RULES = """
    about: What the expressions read
    law: Test Act
    exports: [anything]
    inputs:
      anything: {entity: person, period: year, type: money, label: Anything}
    tables:
      cells:
        type: money
        key: {status: filing_status, n: integer 0..2}
        law: s.1
        values:
          2020-01-01:
            single: {0: 1, 1: 22.22, 2: 333}
            joint: {0: 4, 1: 5, 2: 6}
            separate: {0: 7, 1: 7, 2: 7}
      part:
        type: money
        key: {status: filing_status, n: integer 0..2}
        partial: true
        law: s.1
        values: {2020-01-01: {single: {0: 1, 1: 22.22}, separate: {0: 7, 2: 9}}}
      dated:
        type: money
        key: {status: filing_status, on: date at or before}
        law: s.1
        values:
          2020-01-01: {single: {1960-01-01: 5, 2000-01-31: 3}, joint: {1800-01-01: 8}, separate: {2024-03-01: 1}}
      near:
        type: money
        key: {on: date nearest}
        law: s.1
        values: {2020-01-01: {1959-02-28: 3, 1961-02-28: 4, 2024-02-28: 9}}
    scales:
      bands: {kind: marginal, law: s.2, values: {2020-01-01: [{above: 0, rate: 10%}, {above: 1_000, rate: 37.5%}]}}
      falling:
        kind: marginal
        key: filing_status
        law: s.2
        values:
          2020-01-01:
            single: [{above: 100, rate: 10%}, {above: 2_000, rate: -20%}]
            joint: [{above: 0, rate: -10%}, {above: 2_000, rate: 20%}]
            separate: [{above: 0, rate: 0%}]
      steps: {kind: step, gives: rate, law: s.3, values: {2020-01-01: [{value: 1%}, {from: 1_000, value: 2.5%}]}}
"""
AT = parse_period("2024")
UNKNOWN = frozenset((Fact("anything", "somebody", AT),))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    compiled = check(tmp_path_factory.mktemp("rules"), {"made": RULES})
    assert compiled.program is not None, told(compiled)
    return compiled.program


@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=expressions())
def test_ranges_hold_every_completion(program: Program, made: Made) -> None:
    ranges = {name: opened(either(list(options), UNKNOWN), *made.opened[name]) for name, options in made.names.items()}
    before = evaluated(program, made, ranges)
    for values in islice(product(*made.names.values()), 60):
        after = evaluated(program, made, dict(zip(made.names, values, strict=True)))
        assert not isinstance(after, Possible)
        assert leaves_room(before, after), (before, after, values)


def opened(outcome: Outcome, low: bool, high: bool) -> Outcome:
    """An outcome of which less is known: without its lower or its upper end."""
    if not isinstance(outcome, Known | Possible):
        return outcome
    range_ = range_of(outcome)
    if not (low or high) or not isinstance(range_, Interval):
        return outcome
    wider = Interval(None if low else range_.low, None if high else range_.high)
    return Possible(wider, UNKNOWN, may_not_apply(outcome), faults_of(outcome))


def evaluated(program: Program, made: Made, names: dict[str, Outcome]) -> Outcome:
    interpreter = Interpreter(program, Case(AT))
    frame = interpreter.frame(Fact("anything", "somebody", AT))
    frame.names = {name: (lambda outcome=outcome: outcome) for name, outcome in names.items()}  # type: ignore[misc]
    return interpreter.evaluate(made.expression, frame)


def leaves_room(before: Outcome, after: Outcome) -> bool:
    match before, after:
        case Possible(), Failure():
            return bool(before.may_fail)
        case Possible(), NotApplicable():
            return before.may_not_apply
        case Possible(range=Interval(low=low, high=high)), Known(value=value):
            return (low is None or below(low, value)) and (high is None or below(value, high))
        case Possible(range=Choice(options=options)), Known(value=value):
            return value in options
        case Failure(), Failure():
            return True
    return before == after


def below(low: object, high: object) -> bool:
    if isinstance(low, Duration) and isinstance(high, Duration):
        return low.months <= high.months and low.days <= high.days
    return low <= high  # type: ignore[operator,no-any-return]
