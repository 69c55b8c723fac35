"""ask: the answers determine what the same facts at once do; typed answers; going back, and on from a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.failures import Misuse
from api.interview.interview import next_step, read_answer
from api.rules.programs import load_program
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from tests.cli.command import run, write_rules


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land")


@pytest.fixture(scope="module")
def program(rules: Path) -> Program:
    return load_program(str(rules))


def family(program: Program, facts: dict[str, dict[str, Any]]) -> Case:
    data = {"at": "2024", "people": facts, "tax_units": {"home": {"head": "ann", "dependents": ["bo"]}}}
    problems = Diagnostics()
    found = case_from_data(program, data, problems)
    assert found is not None, list(problems)
    return found


@given(st.integers(0, 100_000), st.integers(0, 60))
@settings(max_examples=20, deadline=None)
def test_answers_lead_to_the_figure_that_all_facts_give(program: Program, wages: int, age: int) -> None:
    truth = family(program, {"ann": {"wages": wages, "age": 40}, "bo": {"wages": 0, "age": age}})
    case, asked = family(program, {"ann": {}, "bo": {}}), []
    wanted = [program.definitions["income_tax"]]
    while True:
        step, fact = next_step(program, case, wanted)
        if fact is None:
            break
        assert step.figures.results[0].status == "undetermined"
        assert fact not in asked
        asked.append(fact)
        case = replace(case, given={**case.given, fact: truth.given[fact]})
    expected, _ = next_step(program, truth, wanted)
    assert step.figures.results[0].value == expected.figures.results[0].value
    assert {(one.name, one.instance) for one in asked} <= {("wages", "ann"), ("age", "bo")}


def test_what_nobody_can_tell_is_not_asked_again(program: Program) -> None:
    case, wanted = family(program, {"ann": {}, "bo": {}}), [program.definitions["income_tax"]]
    _, first = next_step(program, case, wanted)
    assert first is not None
    _, second = next_step(program, case, wanted, [first])
    assert second not in (None, first)
    end, third = next_step(program, case, wanted, [first, second])
    assert third is None
    assert end.figures.results[0].status == "undetermined"


@pytest.mark.parametrize(
    ("name", "text", "value"), [("wages", "$12,000.50", "12000.5"), ("age", "7", "7"), ("wages", "0", "0")]
)
def test_answers_as_they_are_typed(program: Program, name: str, text: str, value: str) -> None:
    from fractions import Fraction

    assert read_answer(program, program.definitions[name], text) == Fraction(value)


NONE_OF_THEM = [
    ("wages", "much", "no number"),
    ("wages", "0.001", "more decimals"),
    ("age", "131", "too much"),
    ("age", "-1", "too little"),
]


@pytest.mark.parametrize(("name", "text", "words"), NONE_OF_THEM)
def test_answers_that_are_none(program: Program, name: str, text: str, words: str) -> None:
    with pytest.raises(Misuse, match=words):
        read_answer(program, program.definitions[name], text)


def test_the_command_goes_back_and_goes_on(rules: Path, tmp_path: Path) -> None:
    case, kept = tmp_path / "case.yaml", tmp_path / "answers.json"
    text = "at: 2024\npeople: {ann: {}, bo: {AGE}}\ntax_units: {home: {head: ann, dependents: [bo]}}\n"
    case.write_text(text.replace("AGE", ""), encoding="utf-8")
    asked = ("ask", rules, case, "--want", "income_tax", "--save", kept)
    first = run(*asked, stdin="30000\nback\nstop\n")
    assert "between" in first.stdout
    assert "How much did you earn?" in first.stderr
    assert json.loads(kept.read_text(encoding="utf-8")) == {"answers": []}
    case.write_text(text.replace("AGE", "age: 3"), encoding="utf-8")
    unsure = run(*asked, stdin="?\n")
    assert "between" in unsure.stdout
    done = run(*asked, stdin="many\n30000\n")
    assert "`many` is no number" in done.stderr
    assert done.stdout.startswith("income_tax of home: 3,550 USD")
    assert json.loads(kept.read_text(encoding="utf-8"))["answers"][0]["answer"] == "30000.00"
    again = run(*asked)
    assert again.stdout.startswith("income_tax of home: 3,550 USD")
