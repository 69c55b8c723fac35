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


@pytest.mark.parametrize("name", ["as_if", "bands", "open_ends", "order", "people", "tables", "totting_up"])
def test_machine_code_gives_the_interpreters_bits(name: str) -> None:
    program = compile_rules(PROGRAMS / name)
    for seed, year in enumerate(("2021", "2024")):
        at = parse_period(year, dict(program.settings.calendars))
        columns = random_population(program, at, 60, seed, missing=0.05)
        result = evaluate(program, columns, all_figures(program, columns), options=Options(cache=""))
        assert differences(program, columns, result) == []
