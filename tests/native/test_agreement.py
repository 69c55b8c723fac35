"""Native and interpreter agree bit for bit: on random programs, and on the rules that are shipped."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.native import Options, evaluate
from engine.native.agreement import all_figures, differences
from tests.native.populations import population_of
from tests.native.programs import AT, random_program

WAYS = (
    Options(cache=""),
    Options(cache="", width=4, block=16, limit=2**40),
    Options(cache="", width=1, block=7, cut=20, skip_cost=3),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
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
            one, same = results[0].figures[name], other.figures[name]
            assert np.array_equal(one.entries, same.entries), name
            assert np.array_equal(status(one), status(same)), name


def status(figures: object) -> np.ndarray:
    found = figures.status  # type: ignore[attr-defined]
    return found if found is not None else np.zeros(len(figures.entries), dtype=np.uint8)  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(4))
def test_large_and_empty_groups(seed: int) -> None:
    program = random_program(Random(seed))
    columns = population_of(program, AT, 3, seed, largest=200)
    result = evaluate(program, columns, all_figures(program), options=Options(cache="", block=2))
    assert differences(program, columns, result) == []
