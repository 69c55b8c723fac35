"""A condition holds in its own branch: nothing divides by what its guard excludes, and no range is cut too far."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Interval, Known, NotApplicable, Outcome, Possible
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from tests.rulesets import check, told

HEAD = """
    about: Guards
    law: Test Act
    exports: [figure, x, y, n, status, flag]
    inputs:
      x: {entity: person, period: year, type: money, label: X, range: 0 .. 100}
      y: {entity: person, period: year, type: money, label: Y, range: -50 .. 50}
      n: {entity: person, period: year, type: integer, label: N, range: 0 .. 6}
      status: {entity: person, period: year, type: filing_status, label: Status}
      flag: {entity: person, period: year, type: boolean, label: Flag, event: true}
    tables:
      rows: {type: money, key: {n: integer 1..3}, law: s.1, values: {2020-01-01: {1: 5, 2: 7, 3: 11}}}
    variables:
      figure: {label: Figure, entity: person, period: year, type: money, law: s.2, formula: "FORMULA"}
"""
AT = parse_period("2024")
# the formula, and its range with nothing known: narrower than the same without what its conditions say
GUARDED = [
    ("if x > 0 then 60 USD * (y / x) else 0", None),
    ("if x > 0 then 60 USD * (x / (x + max(0, y))) else 0", None),
    ("if x = 0 then 0 else 60 USD * (x / x)", None),
    ("if y != 0 then 60 USD * (x / y) else 0", None),
    ("if not (x <= 0) then 60 USD * (y / x) else 1 USD", None),
    ("if x > 0 and 60 * (y / x) > 3 then 1 USD else 2 USD", (1, 2)),
    ("let g = max(0, y) in if g > 0 then 60 USD * (g / (g + x)) else 0", None),
    ("if y < 0 then 0 else y", (0, 50)),
    ("if y between 10 USD and 20 USD then y else 15 USD", (10, 20)),
    ("case when x >= 60 USD then x when x >= 30 USD then x - 30 USD else 0", (0, 100)),
    ("if n >= 1 and n <= 3 then rows[n] else 0", (0, 11)),
    ("if n > 2 then 1 USD * n else 3 USD", (3, 6)),
    ("if y > 0 or x > 90 USD then 0 else y", (-50, 0)),
    ("if flag then (if flag then 1 USD else 2 USD) else 3 USD", (1, 3)),
    ("if status = .single then (if status = .joint then 9 USD else 1 USD) else 2 USD", (1, 2)),
    ("if status != .single then (if status = .single then 9 USD else 1 USD) else 2 USD", (1, 2)),
    ("if x > 0 and x > 0 then 1 USD else 2 USD", (1, 2)),
]


def program_of(folder: Path, formula: str) -> Program:
    compiled = check(folder, {"made": HEAD.replace("FORMULA", formula)})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def figure(program: Program, facts: dict[str, object]) -> Outcome:
    problems = Diagnostics()
    case = case_from_data(program, {"at": "2024", "person": facts}, problems)
    assert case is not None, [problem.message for problem in problems]
    return Interpreter(program, case).find(Fact("figure", "person", AT))


@pytest.mark.parametrize(("formula", "wanted"), GUARDED, ids=[formula for formula, _ in GUARDED])
def test_a_guard_holds_in_its_branch_and_every_completion_is_left_room_for(
    tmp_path: Path, formula: str, wanted: tuple[int, int] | None
) -> None:
    program = program_of(tmp_path, formula)
    unknown = figure(program, {})
    assert isinstance(unknown, Possible) and isinstance(unknown.range, Interval), unknown
    assert unknown.may_fail == ""
    if wanted is not None:
        assert (unknown.range.low, unknown.range.high) == wanted
    values: dict[str, list[Any]] = {
        "x": [0, Fraction(1, 100), 29, 30, 60, 91, 100],
        "y": [-50, Fraction(-1, 100), 0, Fraction(1, 100), 15, 50],
        "n": [0, 1, 2, 3, 4, 6],
        "status": ["single", "joint"],
        "flag": [True, False],
    }
    read = [name for name in values if name in formula.replace("then", "")]
    for chosen in product(*(values[name] for name in read)):
        facts = {name: as_written(item) for name, item in zip(read, chosen, strict=True)}
        for known in (facts, *({name: fact} for name, fact in facts.items())):
            whole, part = figure(program, facts), figure(program, dict(known))
            assert leaves_room(unknown, whole) and leaves_room(part, whole), (facts, known, whole, part)


def as_written(value: object) -> object:
    return str(float(value)) if isinstance(value, Fraction) else value


def leaves_room(before: Outcome, after: Outcome) -> bool:
    assert isinstance(after, Known | NotApplicable), after
    if not isinstance(before, Possible):
        return before == after
    assert isinstance(before.range, Interval) and isinstance(after, Known)
    low, high, value = before.range.low, before.range.high, after.value
    return (low is None or low <= value) and (high is None or value <= high)


def test_what_a_guard_does_not_exclude_may_still_fail(tmp_path: Path) -> None:
    for formula in ("if x >= 0 then 60 USD * (y / x) else 0", "if y > 0 then 60 USD * (y / x) else 0"):
        outcome = figure(program_of(tmp_path, formula), {})
        assert isinstance(outcome, Possible) and outcome.may_fail == "division by zero"


def test_a_figure_is_read_once_for_a_condition_and_its_branches(tmp_path: Path) -> None:
    program = program_of(tmp_path, "if x > 0 then 60 USD * (y / x) else 0")
    problems = Diagnostics()
    case = case_from_data(program, {"at": "2024", "person": {}}, problems)
    assert case is not None
    interpreter = Interpreter(program, case)
    interpreter.find(Fact("figure", "person", AT))
    reads = [fact.name.rpartition(":")[2] for fact in interpreter.steps[Fact("figure", "person", AT)].reads]
    assert reads == ["x", "y", "x"]
