"""Searches for clashes and dead branches have an allowance of work; numbers have a greatest length."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Failure
from engine.lint.witness import MAX_COMBINATIONS, MAX_SIZE, Ground, search
from engine.pipeline import Compiled, check_rules
from engine.text.diagnostics import Diagnostics
from engine.text.own_faults import rule_of
from engine.values.exact import TOO_LONG
from engine.values.periods import parse_period
from tests.rulesets import codes, told, write_rules

PERIOD = parse_period("2024")
HEAD = """\
about: A
law: Test Act
exports: [r]
inputs:
  a: {entity: person, period: year, type: money, label: A, absent: 0}
  b: {entity: person, period: year, type: money, label: B, absent: 0}
  k: {entity: person, period: year, type: rate, label: K, absent: 0}
  f: {entity: person, period: year, type: boolean, status: true, label: F, absent: false}
variables:
"""
TAIL = """\
examples:
  - at: 2024
    given: {person: {a: 0, b: 0, k: 0.5, f: true}}
    expect: {r: %s}
"""


def checked(folder: Path, body: str, expected: str) -> Compiled:
    write_rules(folder, {"a": HEAD + body + TAIL % expected})
    return check_rules(folder)


def figure(name: str, kind: str, formula: str, exceptions: str = "") -> str:
    lines = "".join(f"      {line}\n" for line in formula.splitlines())
    head = f"  {name}:\n    label: {name}\n    entity: person\n    period: year\n    type: {kind}\n    law: s. 1\n"
    return f"{head}    formula: |\n{lines}{exceptions}"


def errors(compiled: Compiled) -> list[str]:
    """The codes of the errors: that some facts are never used is no matter here."""
    return [code for code in codes(compiled) if code.startswith("E")]


def bands(last: int) -> str:
    """Exceptions that band a sum of two facts; the last begins where `last` says."""
    starts = [*range(0, 1_100, 100), last]
    rows = [
        f"      band{at}: {{when: a + b > {low} USD and a + b <= {low + 100} USD, then: {at} USD, law: s. {at}}}\n"
        for at, low in enumerate(starts)
    ]
    return "    exceptions:\n" + "".join(rows)


def test_bands_of_a_sum_are_proved_apart_by_the_sum_alone(tmp_path: Path) -> None:
    assert errors(checked(tmp_path, figure("r", "money", "1 USD", bands(1_100)), "1")) == []


def test_bands_of_a_sum_that_overlap_are_still_found(tmp_path: Path) -> None:
    compiled = checked(tmp_path, figure("r", "money", "1 USD", bands(1_050)), "1")
    assert errors(compiled) == ["E702"], told(compiled)


def test_conditions_that_double_are_given_up_and_counted(tmp_path: Path) -> None:
    lets = "".join(f"          let x{at + 1} = x{at} + x{at}\n" for at in range(16))
    when = f"      one:\n        when: |\n          let x0 = a\n{lets}          in x16 > 5 USD\n"
    body = figure("r", "money", "1 USD", f"    exceptions:\n{when}        then: 3 USD\n        law: s. 2\n")
    compiled = checked(tmp_path, body, "1")
    assert compiled.program is not None, told(compiled)
    program = compiled.program
    ground = Ground(program.settings, program.parameters, program.definitions)
    condition = program.definitions["r"].formulas[0].body.cases[0].when  # type: ignore[union-attr]
    assert MAX_SIZE < 2**16
    assert search([condition], ground).complete is False
    assert ground.work.given_up == 1
    assert compiled.given_up, "the author is told"


def test_a_fault_of_our_own_names_the_rule_that_was_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("no such node")

    monkeypatch.setattr("engine.lint.coverage._clashes", broken)
    body = figure("r", "money", "1 USD", bands(1_100))
    with pytest.raises(AssertionError) as caught:
        checked(tmp_path, body, "1")
    assert rule_of(caught.value).startswith("`r` (")


def test_the_work_of_searches_is_counted(tmp_path: Path) -> None:
    compiled = checked(tmp_path, figure("r", "money", "1 USD", bands(1_100)), "1")
    assert compiled.program is not None
    ground = Ground(compiled.program.settings, {}, compiled.program.definitions)
    before = ground.work.left
    cases = compiled.program.definitions["r"].formulas[0].body.cases  # type: ignore[union-attr]
    search([cases[0].when, cases[1].when], ground)
    assert 0 < before - ground.work.left < MAX_COMBINATIONS * 20


@pytest.mark.parametrize("squared", ["chain", "figures"])
def test_a_number_that_only_grows_is_an_error_value(tmp_path: Path, squared: str) -> None:
    lets = "\n".join(f"let x{at + 1} = (x{at} + 1) * (x{at} + 1)" for at in range(40))
    chain = figure("r", "rate", f"let x0 = k\n{lets}\nin x40")
    steps = "".join(figure(f"r{at + 1}", "rate", f"(r{at} + 1) * (r{at} + 1)") for at in range(40))
    figures = figure("r0", "rate", "k") + steps + figure("r", "rate", "r40")
    compiled = checked(tmp_path, {"chain": chain, "figures": figures}[squared], "1")
    assert compiled.program is not None, told(compiled)
    case = case_from_data(compiled.program, {"person": {"k": "0.5"}}, Diagnostics(), PERIOD)
    assert case is not None
    outcome = Interpreter(compiled.program, case).find(Fact("r", case.instances["person"][0], PERIOD))
    assert isinstance(outcome, Failure)
    assert outcome.message == TOO_LONG


def test_an_exception_may_be_a_rate_where_the_formula_is_whole(tmp_path: Path) -> None:
    body = figure("r", "rate", "1", "    exceptions:\n      half: {when: f, then: 0.5, law: s. 2}\n")
    assert errors(checked(tmp_path, body, "0.5")) == []
    other = figure("r", "rate", "1", "    applies_if: not f\n    otherwise: 0.25\n")
    assert errors(checked(tmp_path, other, "0.25")) == []
