"""Single cases by machine code: the interpreter's figures, or no answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cases.calculate import calculate
from api.cases.machine import ASKED_BEFORE_COMPILING, Machine
from api.rules.programs import load_program
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from tests.cli.command import write_rules


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return load_program(str(write_rules(Path(tmp_path_factory.mktemp("rules")) / "land")))


@pytest.fixture(scope="module")
def machine(program: Program) -> Machine:
    """One that has compiled the code for a parent and a child."""
    made = Machine(program)
    wanted = [program.definitions[name] for name in ("income_tax", "tax:taxed")]
    for _ in range(ASKED_BEFORE_COMPILING):
        assert made.answers(case(program, 1, 1), wanted) is None
    made.close()
    assert made.answers(case(program, 1, 1), wanted) is not None
    return made


def case(program: Program, wages: Any, age: Any, complete: bool = True) -> Case:
    people = {"ann": {"wages": wages}, "bo": {"age": age}}
    data = {
        "at": "2024",
        "complete": complete,
        "people": people,
        "tax_units": {"home": {"head": "ann", "dependents": ["bo"]}},
    }
    problems = Diagnostics()
    found_case = case_from_data(program, data, problems)
    assert found_case is not None, list(problems)
    return found_case


@given(st.integers(0, 100_000_000), st.integers(0, 130))
@settings(max_examples=60, deadline=None)
def test_the_same_as_the_interpreter(program: Program, machine: Machine, cents: int, age: int) -> None:
    wanted = [program.definitions[name] for name in ("income_tax", "tax:taxed")]
    asked = case(program, f"{cents // 100}.{cents % 100:02}", age)
    assert machine.answers(asked, wanted) is not None
    assert calculate(program, asked, wanted, machine=machine) == calculate(program, asked, wanted)


def test_what_the_code_cannot_say_the_interpreter_says(program: Program, machine: Machine) -> None:
    wanted = [program.definitions["income_tax"]]
    for asked in (case(program, None, 3, complete=False), case(program, 5, None)):
        for _ in range(ASKED_BEFORE_COMPILING + 1):
            calculation = calculate(program, asked, wanted, machine=machine)
            assert calculation == calculate(program, asked, wanted)
