"""A dated change of a benefit is right in the month before and in the month itself, as the notice of it says."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.rules import programs
from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, NotApplicable
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period

CHANGES: list[dict[str, Any]] = yaml.load(
    Path(__file__).with_name("dated_changes.yaml").read_text(encoding="utf-8"), yaml.BaseLoader
)


@pytest.fixture(scope="module")
def program() -> Program:
    return programs.load_program("us")


def _stated(program: Program, change: dict[str, Any], month: str) -> str:
    at, definition = parse_period(month), program.find(change["figure"])
    case = case_from_data(program, change["given"], Diagnostics(), at)
    assert definition is not None and case is not None
    owner = change.get("of") or case.instances[definition.entity][0]
    outcome = Interpreter(program, case).find(Fact(definition.name, owner, definition.period.containing(at.start)))
    if isinstance(outcome, NotApplicable):
        return "none"
    assert isinstance(outcome, Known), outcome
    return str(outcome.value).lower()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change['figure']} {next(iter(change['months']))}")
def test_the_month_before_and_the_month_itself(program: Program, change: dict[str, Any]) -> None:
    for month, value in change["months"].items():
        digits = value.replace("_", "")
        expected = str(Fraction(digits)) if digits[0].isdigit() else value
        assert _stated(program, change, month) == expected, (month, change["law"])


def test_there_are_thirty_changes_and_each_changes_something() -> None:
    pairs = 0
    for change in CHANGES:
        values = list(change["months"].values())
        assert len(values) % 2 == 0, change["law"]
        pairs += len(values) // 2
        assert all(before != after for before, after in zip(values[::2], values[1::2], strict=True)), change["law"]
    assert pairs >= 30
