"""A reform replaces, adds or removes one reason of a requirement by its path; what it cannot do is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from tests.rulesets import check, codes, told

LAW = """
    about: A licence
    law: Test Act
    exports: [may_drive, age, fit, tested]
    inputs:
      age: {entity: person, period: year, type: integer, label: Age, range: 0 .. 120}
      fit: {entity: person, period: year, type: boolean, status: true, label: Fit}
      tested: {entity: person, period: year, type: boolean, status: true, label: Tested}
    requirements:
      may_drive:
        label: May drive
        entity: person
        period: year
        law: s.1
        all:
          old_enough: {needs: age >= 18, law: s.2}
          able:
            law: s.3
            any_of:
              fit: {needs: fit, law: s.3(a)}
              tested: {needs: tested, law: s.3(b)}
"""
HEAD = "\n    about: A reform\n    law: Bill 1\n"


def reformed(folder: Path, text: str) -> Program:
    compiled = check(folder, {"licence": LAW}, [HEAD + text])
    assert compiled.program is not None, told(compiled)
    return compiled.program


def may(program: Program, **facts: object) -> bool:
    case = case_from_data(program, {"at": "2024", "complete": True, "person": facts}, Diagnostics())
    assert case is not None
    outcome = Interpreter(program, case).find(Fact("may_drive", "person", parse_period("2024")))
    assert isinstance(outcome, Known)
    return bool(outcome.value)


@pytest.mark.parametrize("path", ["may_drive.all.old_enough", "may_drive.old_enough"])
def test_one_reason_is_replaced_and_cites_the_reform(tmp_path: Path, path: str) -> None:
    program = reformed(tmp_path, f"    replace: {{{path}: {{needs: age >= 16}}}}")
    assert may(program, age=17, fit=True, tested=False)
    assert program.definitions["may_drive.old_enough"].law == "Bill 1"
    assert program.definitions["may_drive.able.fit"].law == "s.3(a)"


def test_a_reason_is_added_and_one_below_another_removed(tmp_path: Path) -> None:
    text = "    add: {may_drive.all.careful: {needs: age >= 30, law: s.9}}\n    remove: [may_drive.able.any_of.fit]"
    program = reformed(tmp_path, text)
    assert not may(program, age=40, fit=True, tested=False)
    assert not may(program, age=29, fit=True, tested=True)
    assert may(program, age=30, fit=False, tested=True)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("replace: {may_drive.all.old_enuogh: {needs: true}}", "E803", "`may_drive` has no reason `old_enuogh`"),
        ("replace: {may_drve.all.old_enough: {needs: true}}", "E803", "there is no requirement `may_drve`"),
        ("replace: {may_drive.any_of.old_enough: {needs: true}}", "E803", "`may_drive` has no `any_of`"),
        ("add: {may_drive.all.able: {needs: true}}", "E803", "`may_drive` has a reason `able` already"),
        ("add: {may_drive.old_enough.born: {needs: true}}", "E803", "`old_enough` is not made of reasons"),
        ("remove: [may_drive.able.fit, may_drive.able.tested]", "E803", "`tested` is the only reason of `able`"),
        ("replace: {may_drive.old_enough: {needs: age >= 18, law: s.2}}", "E804", "is replaced by itself"),
    ],
)
def test_what_a_reform_of_reasons_cannot_do_is_told(tmp_path: Path, text: str, code: str, words: str) -> None:
    compiled = check(tmp_path, {"licence": LAW}, [HEAD + "    " + text])
    assert code in codes(compiled), told(compiled)
    assert words in told(compiled)
