"""Which fact to ask for first: the one that narrows the answer most."""

from __future__ import annotations

from pathlib import Path

from engine.cases import case_from_data
from engine.diagnostics import Diagnostics
from engine.ir.program import Program
from engine.outcomes import Fact
from engine.unknowns import next_questions
from tests.rulesets import check, told

RULES = """
    about: A grant
    law: Test Act
    exports: [grant, resident, wages, gift, age]
    inputs:
      resident: {entity: person, period: year, type: boolean, label: Resident, ask: Do you live here?}
      wages: {entity: person, period: year, type: money, label: Wages, range: 0 .. 100_000, ask: How much do you earn?}
      gift: {entity: person, period: year, type: money, label: Gift, range: 0 .. 10, ask: How much were you given?}
      age: {entity: person, period: year, type: integer, label: Age, range: 0 .. 120, ask: How old are you?}
    variables:
      grant:
        label: Grant
        entity: person
        period: year
        type: money
        law: s.1
        formula: "if not resident then 0 USD else max(0 USD, 50_000 USD - wages) + gift"
"""


def program(folder: Path) -> Program:
    compiled = check(folder, {"m": RULES})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def asked(rules: Program, **facts: object) -> list[str]:
    problems = Diagnostics()
    case = case_from_data(rules, {"at": "2024", "person": facts}, problems)
    assert case is not None, [problem.message for problem in problems]
    return [question.ask for question in next_questions(rules, case, Fact("grant", "person", case.at))]


def test_the_fact_that_narrows_most_comes_first(tmp_path: Path) -> None:
    rules = program(tmp_path)
    assert asked(rules) == ["Do you live here?", "How much do you earn?", "How much were you given?"]
    assert asked(rules, resident=True) == ["How much do you earn?", "How much were you given?"]
    assert asked(rules, resident=True, wages=10) == ["How much were you given?"]


def test_what_cannot_matter_is_not_asked(tmp_path: Path) -> None:
    rules = program(tmp_path)
    assert asked(rules, resident=False) == []
    assert "How old are you?" not in asked(rules)
