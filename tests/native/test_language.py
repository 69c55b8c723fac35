"""Programs of the language's tests give the interpreter's bits in machine code too, on random populations."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.native import Options, evaluate
from engine.native.agreement import all_figures, differences
from engine.native.samples import random_population
from engine.pipeline import compile_rules
from engine.values.periods import parse_period

PROGRAMS = Path(__file__).parents[1] / "language" / "programs"


@pytest.mark.parametrize(
    "name", ["as_if", "bands", "losses", "open_ends", "order", "people", "steps", "tables", "totting_up"]
)
def test_machine_code_gives_the_interpreters_bits(name: str) -> None:
    program = compile_rules(PROGRAMS / name)
    for seed, year in enumerate(("2021", "2024")):
        at = parse_period(year, dict(program.settings.calendars))
        columns = random_population(program, at, 60, seed, missing=0.05)
        result = evaluate(program, columns, all_figures(program, columns), options=Options(cache=""))
        assert differences(program, columns, result) == []


def test_what_is_chosen_or_ranked_among_many_is_not_left_to_the_interpreter() -> None:
    program = compile_rules(PROGRAMS / "order")
    columns = random_population(program, parse_period("2024"), 60, 4, missing=0.0)
    for name in ("best_two", "best_thirty_five", "aime", "has_the_better_claim"):
        result = evaluate(program, columns, [name], options=Options(cache=""))
        assert result.handed_over == 0, name
        assert differences(program, columns, result) == []
