"""Native and interpreter agree bit for bit: on random programs, and on the rules that are shipped."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.ir import nodes as ir
from engine.ir.program import DatedExpression
from engine.native import Options, evaluate
from engine.native.agreement import all_figures, differences
from engine.population.columns import Cell, Columns, column_of
from engine.values.types import BOOLEAN, DATE, DURATION, MONEY, RATE, Duration
from tests.native.dated_programs import dated_population, dated_program
from tests.native.made_constants import AT
from tests.native.populations import population_of
from tests.native.programs import random_program
from tests.native.wider import wider_program

WAYS = (
    Options(cache=""),
    Options(cache="", width=4, block=16, limit=2**40),
    Options(cache="", width=1, block=7, cut=20, skip_cost=3),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_random_programs_give_the_interpreters_bits(seed: int) -> None:
    random = Random(seed)
    program = random_program(random)
    columns = population_of(program, AT, 12, seed, missing=random.choice([0.0, 0.1]), density=random.choice([1.0, 0.6]))
    wanted = all_figures(program)
    results = [evaluate(program, columns, wanted, options=way, threads=1 + index) for index, way in enumerate(WAYS)]
    assert differences(program, columns, results[0]) == []
    for other in results[1:]:
        for name in wanted:
            first, same = results[0].figures[name], other.figures[name]
            assert np.array_equal(first.entries, same.entries), name
            assert np.array_equal(status(first), status(same)), name


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_functions_changing_law_and_months_give_the_interpreters_bits(seed: int) -> None:
    random = Random(seed)
    program = wider_program(random)
    columns = population_of(program, AT, 10, seed, missing=random.choice([0.0, 0.1]), density=random.choice([1.0, 0.6]))
    result = evaluate(program, columns, all_figures(program), options=random.choice(WAYS), threads=1)
    assert differences(program, columns, result) == []


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_people_who_move_and_groups_that_are_made_give_the_interpreters_bits(seed: int) -> None:
    random = Random(seed)
    program = dated_program(random)
    missing, density = random.choice([0.0, 0.1]), random.choice([1.0, 0.6])
    columns = dated_population(program, AT, 12, seed, missing, density)
    result = evaluate(program, columns, all_figures(program), options=random.choice(WAYS), threads=1)
    assert differences(program, columns, result) == []


@pytest.mark.parametrize("operator", ["min", "max"])
def test_lengths_of_time_without_an_order_are_left_to_the_interpreter(operator: str) -> None:
    program = random_program(Random(7), variables=0)
    day = ir.VariableRead(DATE, None, "person_date", ir.Self("person"), ir.ThisPeriod())
    since = ir.Arithmetic(DURATION, None, "-", ir.PeriodBoundary(DATE, None, "end"), day)
    lengths = (since, ir.Literal(DURATION, None, Duration(18, 0)), ir.Literal(DURATION, None, Duration(0, 40)))
    body = ir.Arithmetic(DATE, None, "+", day, ir.Extreme(DURATION, None, operator, lengths))
    figure = replace(program.definitions["person_date"], name="f", absent=None, formulas=(DatedExpression(None, body),))
    program = replace(program, definitions={**program.definitions, "f": figure}, order=(*program.order, "f"))
    entries = np.array([date(2024, 12, 1).toordinal(), date(1990, 1, 1).toordinal()], dtype=np.int64)
    columns = Columns(AT, {"person": 2}, {Cell("person_date", AT): column_of(entries)})
    result = evaluate(program, columns, ["f"], options=Options(cache=""))
    assert result.handed_over == 2
    assert differences(program, columns, result) == []


def status(figures: object) -> np.ndarray:
    status_code = figures.status  # type: ignore[attr-defined]
    return status_code if status_code is not None else np.zeros(len(figures.entries), dtype=np.uint8)  # type: ignore[attr-defined]


def test_nought_is_nought_where_a_choice_avoids_a_division() -> None:
    """Lanes of the branch not taken hold divisors of zero, and branches that no lane takes are skipped."""
    program = random_program(Random(7), variables=0)
    amount, zero = (
        ir.VariableRead(MONEY, None, "person_money", ir.Self("person"), ir.ThisPeriod()),
        ir.Literal(MONEY, None, 0),
    )
    positive = ir.Compare(BOOLEAN, None, ">", amount, zero)
    share = ir.If(
        RATE,
        None,
        positive,
        ir.Arithmetic(RATE, None, "/", ir.Literal(MONEY, None, 7), amount),
        ir.Literal(RATE, None, 0),
    )
    body = ir.Arithmetic(MONEY, None, "*", ir.Literal(MONEY, None, 1_000), ir.Local(RATE, None, "s"))
    formula = ir.Let(
        MONEY, None, "s", ir.Arithmetic(RATE, None, "*", share, ir.Literal(RATE, None, Fraction(1, 3))), body
    )
    figure = replace(
        program.definitions["person_money"], name="f", absent=None, formulas=(DatedExpression(None, formula),)
    )
    program = replace(program, definitions={**program.definitions, "f": figure}, order=(*program.order, "f"))
    entries = np.array([0, 0, 100, 0, 300, 0, 0, -5] + [0] * 16 + [700], dtype=np.int64)
    columns = Columns(AT, {"person": len(entries)}, {Cell("person_money", AT): column_of(entries)})
    for cost in (1, 1_000):
        result = evaluate(program, columns, ["f"], options=Options(cache="", skip_cost=cost, idle_cost=10_000))
        assert result.handed_over == 0
        assert differences(program, columns, result) == []


@pytest.mark.parametrize("seed", range(4))
def test_large_and_empty_groups(seed: int) -> None:
    program = random_program(Random(seed))
    columns = population_of(program, AT, 3, seed, largest=200)
    result = evaluate(program, columns, all_figures(program), options=Options(cache="", block=2))
    assert differences(program, columns, result) == []
