"""What examples leave untried is told, and the shipped rules leave nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.examples.run import run_examples
from engine.examples.untried import Untried, untried
from engine.pipeline import check_rules
from engine.text.diagnostics import Diagnostics
from tests.rulesets import check, told

US = Path(__file__).parents[2] / "rules" / "us"
LICENCE = """
about: Who may drive
law: Road Act
exports: [may_drive, fee]
inputs:
  age: {entity: person, period: year, type: integer, label: Age}
  passed: {entity: person, period: year, type: boolean, status: true, label: Passed}
variables:
  fee: {entity: person, period: year, type: money, label: Fee, law: s. 3, formula: "if may_drive then 20 USD else 0"}
requirements:
  may_drive:
    entity: person
    period: year
    label: May drive
    all:
      old_enough: {needs: age >= 18, law: s. 1, fails: You must be 18.}
      tested: {needs: passed, law: s. 2, fails: You must pass the test.}
examples:
  - {at: 2024, given: {person: {age: 18, passed: true}}, expect: {may_drive: true, fee: 20}}
"""
TOO_YOUNG = "  - {at: 2024, given: {person: {age: 17, passed: true}}, expect: {may_drive: {holds: false}}}\n"
NOT_TESTED = "  - {at: 2024, given: {person: {age: 20, passed: false}}, expect: {may_drive: false}}\n"


def gaps(folder: Path, text: str) -> list[str]:
    compiled = check(folder, {"licence": text})
    assert compiled.ruleset is not None, told(compiled)
    assert compiled.program is not None, told(compiled)
    return list(
        map(str, untried(compiled.program, run_examples(compiled.ruleset, compiled.program, Diagnostics()).seen))
    )


def test_a_reason_that_no_example_refuses_is_untried(tmp_path: Path) -> None:
    assert gaps(tmp_path, LICENCE) == [
        "`may_drive.old_enough` is not met in no example",
        "`may_drive.tested` is not met in no example",
    ]


@pytest.mark.parametrize(
    ("more", "left"), [(TOO_YOUNG, ["tested"]), (NOT_TESTED, ["old_enough"]), (TOO_YOUNG + NOT_TESTED, [])]
)
def test_an_example_that_refuses_for_a_reason_tries_it(tmp_path: Path, more: str, left: list[str]) -> None:
    assert gaps(tmp_path, LICENCE + more) == [f"`may_drive.{name}` is not met in no example" for name in left]


def test_a_figure_that_is_computed_but_not_expected_is_untried(tmp_path: Path) -> None:
    compiled = check(tmp_path, {"licence": LICENCE})
    assert compiled.program is not None, told(compiled)
    seen = {"may_drive": {"true"}, "may_drive.old_enough": {"true", "false"}, "may_drive.tested": {"true", "false"}}
    assert untried(compiled.program, seen) == (Untried("fee", "expected", None),)


def test_the_shipped_rules_leave_no_exported_figure_and_no_reason_untried() -> None:
    compiled = check_rules(US, lint=False)
    assert compiled.ruleset is not None
    assert compiled.program is not None
    run = run_examples(compiled.ruleset, compiled.program, Diagnostics())
    assert run.mismatches == ()
    assert untried(compiled.program, run.seen) == ()
