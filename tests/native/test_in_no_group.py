"""Somebody whom tables list in no group may be in one all the same, while lists may hold more."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.ir.program import Program
from engine.native import Options, evaluate
from engine.native.agreement import all_figures, differences
from engine.native.results import KNOWN, UNDETERMINED
from engine.native.running import Evaluator
from engine.pipeline import compile_rules
from engine.population.door import from_arrow
from engine.values.periods import parse_period
from tests.cli.command import write_rules
from tests.native.lone_programs import lone_population, lone_program

AT = parse_period("2024")
SETTINGS = """\
about: A land of households
law: Households Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  household:
    plural: households
    of: person
    may_have_none: true
    roles: {head: {min: 1, max: 1}, child: {plural: children}}
"""
OF_PERSON = "label: L, entity: person, period: year, law: s. 1"
MODULE = f"""\
about: Aid
law: Households Act s. 1
exports: [pay, in_none, is_child, is_member, aid, shared, rank_of_pay, pooled, half]
inputs:
  pay: {{entity: person, period: year, type: money, label: Pay, range: 0 .. 1_000}}
variables:
  in_none: {{{OF_PERSON}, type: boolean, formula: household is none}}
  is_child: {{{OF_PERSON}, type: boolean, formula: self is child}}
  is_member: {{{OF_PERSON}, type: boolean, formula: self is head or self is child}}
  half: {{{OF_PERSON}, type: money, formula: pay / 2}}
  pooled: {{label: L, entity: household, period: year, type: money, law: s. 1, formula: sum(m.pay for m in members)}}
  aid: {{{OF_PERSON}, type: money, formula: if household is none then 5 EUR else household.pooled}}
  shared: {{{OF_PERSON}, type: money, formula: household.pooled otherwise 7 EUR}}
  rank_of_pay:
    {OF_PERSON.replace(", ", chr(10) + "    ")}
    type: integer
    formula: if household is none then 0 else rank(self for m in household.members by m.pay)
"""
WANTED = ("in_none", "is_child", "is_member", "aid", "shared", "rank_of_pay", "pooled", "half")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


def tables(missing: float, homeless: float, seed: int, homes: int = 40) -> dict[str, Any]:
    """Households of up to three people, and people who are listed in none."""
    draw = np.random.default_rng(seed)
    alone = draw.random(3 * homes) < homeless
    alone[::3] = draw.random(homes) < 0
    home = [None if apart else place // 3 for place, apart in enumerate(alone)]
    role = [None if apart else "child" if place % 3 else "head" for place, apart in enumerate(alone)]
    pay = [None if draw.random() < missing else int(draw.integers(0, 1_000)) for _ in alone]
    people = {"person_id": list(range(len(home))), "household_id": home, "household_role": role, "pay": pay}
    return {"person": pa.table(people), "household": pa.table({"household_id": list(range(homes))})}


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize(("missing", "homeless"), [(0.0, 0.5), (0.3, 0.3), (1.0, 0.6)])
def test_code_says_of_people_in_no_group_what_the_interpreter_says(
    program: Program, missing: float, homeless: float, complete: bool, tmp_path: Path
) -> None:
    stated = tables(missing, homeless, seed=7)
    columns = from_arrow(program, AT, stated, complete=complete).columns
    assert columns is not None
    result = evaluate(program, columns, WANTED, options=Options(cache=tmp_path))
    assert not differences(program, columns, result)


@pytest.mark.parametrize("homeless", [(0.0, 0.5), (0.5, 0.0)])
def test_code_for_people_who_are_all_in_groups_is_not_taken_for_others(
    program: Program, homeless: tuple[float, float], tmp_path: Path
) -> None:
    for share in homeless:
        columns = from_arrow(program, AT, tables(0.0, share, seed=3)).columns
        assert columns is not None
        evaluator = Evaluator()  # which has nothing but what is kept on disk
        result = evaluator.evaluate(program, columns, WANTED, options=Options(cache=tmp_path))
        assert not differences(program, columns, result)
        assert result.handed_over == 0


def test_whoever_is_in_no_group_that_is_listed_is_known_to_be_in_none_only_if_lists_are_whole(program: Program) -> None:
    stated = tables(0.0, 0.5, seed=1)
    apart = np.array([home is None for home in stated["person"]["household_id"].to_pylist()])
    for complete, status in ((True, KNOWN), (False, UNDETERMINED)):
        columns = from_arrow(program, AT, stated, complete=complete).columns
        assert columns is not None
        figures = evaluate(program, columns, ["in_none"]).figures["in_none"]
        statuses = figures.status if figures.status is not None else np.full(len(apart), KNOWN)
        assert set(statuses[apart].tolist()) == {status}
        assert set(statuses[~apart].tolist()) == {KNOWN}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_random_programs_say_it_alike(seed: int) -> None:
    random = Random(seed)
    program = lone_program(random)
    columns = lone_population(program, AT, 12, seed, missing=random.choice([0.0, 0.1]))
    result = evaluate(program, columns, all_figures(program), options=Options(cache=""))
    assert differences(program, columns, result) == []
