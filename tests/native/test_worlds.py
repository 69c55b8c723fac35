"""Figures `as if` others were other are computed by machine code: several at once, of members, parameters, and worlds
in worlds; bit for bit as the interpreter has them."""

from __future__ import annotations

from pathlib import Path
from random import Random

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.native import Options, evaluate
from engine.native.agreement import all_figures, differences
from engine.native.samples import random_population
from engine.pipeline import compile_rules
from engine.values.periods import parse_period
from tests.cli.command import write_rules
from tests.native.asking_programs import asking_program
from tests.native.made_constants import AT
from tests.native.populations import population_of

PROGRAM = Path(__file__).parents[1] / "language" / "programs" / "as_if"


def test_one_world_of_the_language_program_needs_the_interpreter() -> None:
    program = compile_rules(PROGRAM)
    columns = random_population(program, parse_period("2024"), 80, 3)
    result = evaluate(program, columns, all_figures(program), options=Options(cache=""))
    assert set(result.causes) == {"if_both_had_twenty_and_more"}  # the members of one world in that of others
    assert differences(program, columns, result) == []


def test_what_is_given_of_those_who_are_not_meant_is_the_interpreters() -> None:
    """A stated tax stands for a partner whom the replacement does not mean."""
    program = compile_rules(PROGRAM)
    columns = random_population(program, parse_period("2024"), 60, 4, given=["tax"])
    result = evaluate(program, columns, ["if_each_earned_more"], options=Options(cache=""))
    assert result.handed_over > 0
    assert differences(program, columns, result) == []


def test_what_is_given_of_a_figure_that_follows_from_earlier_ones_stands() -> None:
    program = compile_rules(PROGRAM)
    for given_names in (["loss_carried"], ["loss"], ["limited", "q"]):
        columns = random_population(program, parse_period("2024"), 60, 3, given=given_names)
        result = evaluate(program, columns, all_figures(program, columns), options=Options(cache=""))
        assert differences(program, columns, result) == []


ORDER = """\
about: An order that a fact decides
law: Test Act
exports: [paid_before, as_if_late]
inputs:
  began_on: {entity: job, period: eternity, type: date, label: Began}
  is_late: {entity: job, period: eternity, type: boolean, label: Late, status: true}
  pay: {entity: job, period: eternity, type: integer, label: Pay, range: 0 .. 100}
variables:
  counted_on:
    {JOB, type: date, formula: if is_late then began_on + 9 years else began_on}
  paid_before: {JOB, type: integer, formula: previous.pay otherwise 0}
  as_if_late: {JOB, type: integer, formula: paid_before as if (is_late = true)}
"""
JOB = "entity: job, period: eternity, label: L, law: s. 1"
JOBS = """\
about: A land of jobs
law: Test Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  job: {plural: jobs, belongs_to: person, sequences: {previous: {by: [counted_on, listed]}}}
"""


def test_records_in_another_order_in_a_world_are_the_interpreters(tmp_path: Path) -> None:
    program = compile_rules(write_rules(tmp_path / "jobs", ORDER.replace("JOB", JOB), JOBS))
    columns = random_population(program, parse_period("2024"), 30, 5)
    result = evaluate(program, columns, all_figures(program), options=Options(cache=""))
    assert result.causes.keys() == {"as_if_late"}
    assert differences(program, columns, result) == []


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
@example(19)  # what is given of somebody without records stood in the world for the interpreter alone
def test_random_worlds_give_the_interpreters_bits(seed: int) -> None:
    random = Random(seed)
    program = asking_program(random)
    columns = population_of(program, AT, 12, seed, missing=random.choice([0.0, 0.0, 0.1]), density=1.0)
    result = evaluate(program, columns, all_figures(program), options=Options(cache=""))
    assert differences(program, columns, result) == []
