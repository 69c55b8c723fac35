"""Cases of public reports, forums and IRS publications: each must give the figures that its authority gives."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest

from api.cases.files import load_case
from api.cases.naming import find_definition, period_for
from api.rules import programs
from engine.interpret.cases import Case, instances_of
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.population.door import from_arrow
from engine.values.periods import parse_period
from engine.values.types import EnumValue

FOLDER = Path(__file__).parent / "public_cases"
CASES = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))


def test_every_case_is_in_the_index() -> None:
    assert {one["file"] for one in CASES} == {path.name for path in FOLDER.glob("*.yaml")}


@pytest.mark.parametrize("listed", CASES, ids=lambda listed: listed["file"].removesuffix(".yaml"))
def test_a_public_case_gives_the_right_figures(listed: dict[str, object]) -> None:
    want = listed["want"]
    assert isinstance(want, dict) and want
    program = programs.load_program("us")
    case = load_case(program, str(FOLDER / str(listed["file"])), None)
    for name, right in want.items():
        found = figures(program, case, name)
        assert right_value(right) in found, (listed["source"], name, right, found)


def figures(program: Program, case: Case, name: str) -> list[object]:
    """What the case gives for everybody who has this figure; nothing for who has it undetermined."""
    interpreter, definition = Interpreter(program, case), find_definition(program, name)
    facts = [Fact(definition.name, one, period_for(definition, case.at)) for one in instances_of(case, definition)]
    outcomes = [interpreter.find(fact) for fact in facts]
    return [_plain(outcome.value) for outcome in outcomes if isinstance(outcome, Known)]


def right_value(value: object) -> object:
    """A wanted value as the answers hold it: numbers exact, all else as it is written."""
    return Fraction(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _plain(value: object) -> object:
    return value.member if isinstance(value, EnumValue) else value


def test_a_separate_return_is_of_one_spouse_in_tables_too() -> None:
    program = programs.load_program("us")
    people = {"person_id": ["a", "b"], "tax_unit_id": ["home", "home"], "role": ["head", "spouse"]}
    for stated, groups in ((True, [0, -1]), (False, [0, 0])):
        units = {"tax_unit_id": ["home"], "files_separately": [stated]}
        tables = {"person": pa.table(people), "tax_unit": pa.table(units)}
        admitted = from_arrow(program, parse_period("2024"), tables)
        assert admitted.columns is not None
        assert admitted.columns.groups["tax_unit"].group.tolist() == groups
