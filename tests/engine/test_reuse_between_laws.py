"""An interpreter of a reform that goes on from one of the law finds what a new one finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact
from engine.interpret.reuse import differing_names
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from tests.rulesets import check

LAW = """
    about: A tax
    law: Test Act
    exports: [tax, allowance, wages, untouched, moved, read_off, called, elected]
    inputs:
      wages: {entity: person, period: year, type: money, label: Wages, absent: 0}
    parameters:
      prices: {type: rate, law: s.1, values: {2020-01-01: 100%, 2024-01-01: 120%}}
      allowance: {type: money, law: s.1, values: {2020-01-01: 1_000}}
      indexed:
        type: money
        law: s.1
        values: {2020-01-01: 500}
        uprate: {by: prices, base: 2020-01-01, round: half_up to 1 USD}
    tables:
      bonus:
        key: {children: integer 0..1}
        columns: {amount: money}
        law: s.2
        values: {2020-01-01: {0: {amount: 0}, 1: {amount: 50}}}
    scales:
      rates: {kind: marginal, law: s.3, values: {2020-01-01: [{above: 0, rate: 10%}, {above: 5_000, rate: 20%}]}}
    functions:
      half: {arguments: {amount: money}, type: money, law: s.6, formula: amount / 2}
    variables:
      untouched: {label: U, entity: person, period: year, type: money, law: s.4, formula: wages * 10%}
      moved: {label: M, entity: person, period: year, type: money, law: s.4, formula: indexed}
      read_off: {label: R, entity: person, period: year, type: money, law: s.4, formula: "bonus[1].amount"}
      called: {label: C, entity: person, period: year, type: money, law: s.4, formula: "half(wages)"}
      elected: {label: E, entity: person, period: year, type: money, law: s.4, formula: "tax as if (wages = 7_000 USD)"}
      tax:
        label: T
        entity: person
        period: year
        type: money
        law: s.4
        formula: rates(max(0, wages - allowance)) + untouched
"""
SET = "about: A reform\nlaw: Act 2\nset:\n  "
REFORMS = {
    "a parameter": (SET + "allowance: {2024-01-01: 2_000}\n", {"tax", "elected"}),
    "an index": (SET + "prices: {2024-01-01: 150%}\n", {"moved"}),
    "a table": (SET + "bonus[1].amount: {2024-01-01: 70}\n", {"read_off"}),
    "a scale": (SET + "rates: {2024-01-01: [{above: 0, rate: 12%}]}\n", {"tax", "elected"}),
    "a function": (
        "about: A reform\nlaw: Act 2\nreplace:\n  functions:\n"
        "    half: {arguments: {amount: money}, type: money, law: s.6, formula: amount / 4}\n",
        {"called"},
    ),
    "a figure": (
        "about: A reform\nlaw: Act 2\nreplace:\n  variables:\n"
        "    untouched: {label: U, entity: person, period: year, type: money, law: s.4, formula: wages * 11%}\n",
        {"untouched", "tax", "elected"},
    ),
}  # fmt: skip
FIGURES = ("untouched", "moved", "read_off", "called", "elected", "tax")
CASE = {"at": "2024", "complete": True, "people": {"ada": {"wages": 10_000}}}


def program(folder: Path, reforms: list[str]) -> Program:
    folder /= "rules"
    folder.mkdir(parents=True)
    compiled = check(folder, {"tax": LAW}, reforms)
    assert compiled.program is not None, list(compiled.problems)
    return compiled.program


def found(interpreter: Interpreter) -> dict[str, object]:
    facts = {name: Fact(name, "ada", parse_period("2024")) for name in FIGURES}
    return {name: interpreter.find(fact) for name, fact in facts.items()}


@pytest.mark.parametrize("kind", REFORMS)
def test_what_a_reform_changes_is_computed_anew_and_the_rest_is_taken_over(kind: str, tmp_path: Path) -> None:
    reform, changed = REFORMS[kind]
    law, reformed = program(tmp_path / "law", []), program(tmp_path / "reformed", [reform])
    case = case_from_data(law, CASE, Diagnostics())
    assert case is not None
    before = Interpreter(law, case)
    figures = found(before)
    differing = differing_names(law, reformed)
    assert differing is not None
    after = Interpreter(reformed, case, None, before, differing=differing)
    taken_over = {fact.name for fact in after.steps} & set(FIGURES)
    assert taken_over == set(FIGURES) - changed
    assert found(after) == found(Interpreter(reformed, case))
    assert {name for name, outcome in found(after).items() if outcome != figures[name]} == changed


def test_of_another_case_nothing_is_taken_over(tmp_path: Path) -> None:
    law, reformed = program(tmp_path / "law", []), program(tmp_path / "reformed", [REFORMS["a table"][0]])
    cases = [
        case_from_data(law, {**CASE, "people": {"ada": {"wages": wages}}}, Diagnostics()) for wages in (10_000, 20_000)
    ]
    assert cases[0] is not None and cases[1] is not None
    before = Interpreter(law, cases[0])
    found(before)
    after = Interpreter(reformed, cases[1], None, before, differing=differing_names(law, reformed))
    assert found(after) == found(Interpreter(reformed, cases[1])) != found(before)
