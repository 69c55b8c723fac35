"""Which fact to ask for first: the one that narrows the answer most."""

from __future__ import annotations

from pathlib import Path

from engine.explain.questions import most_useful_first, next_questions
from engine.interpret.case_reader import case_from_data
from engine.interpret.outcomes import Fact
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from tests.rulesets import check, told

RULES = """
    about: A grant
    law: Test Act
    exports: [grant, resident, wages, gift, age]
    inputs:
      resident: {entity: person, period: year, type: boolean, status: true, label: Resident, ask: Do you live here?}
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


def test_every_unknown_fact_that_matters_is_listed_once(tmp_path: Path) -> None:
    rules = program(tmp_path)
    case = case_from_data(rules, {"at": "2024", "people": {"ada": {}, "bo": {"resident": False}}}, Diagnostics())
    assert case is not None
    wanted = [Fact("grant", "ada", case.at), Fact("grant", "bo", case.at)]
    listed = most_useful_first(rules, case, wanted)
    assert [fact.name for fact in listed] == ["resident", "wages", "gift"]
    assert {fact.instance for fact in listed} == {"ada"}
    assert most_useful_first(rules, case, wanted[1:]) == []


SEVERAL = """
    about: What moves a usual person
    law: Test Act
    exports: [tax, free, extra, wages, pension]
    inputs:
      free: {entity: person, period: year, type: boolean, status: true, label: Free, absent: false}
      extra: {entity: person, period: year, type: money, label: Extra, range: 0 .. 1_000_000, absent: 0}
      pension: {entity: person, period: year, type: money, label: Pension, range: 0 .. 1_000_000, absent: 0}
      wages: {entity: person, period: year, type: money, label: Wages, range: 0 .. 1_000_000, absent: 0}
    variables:
      income: {label: I, entity: person, period: year, type: money, law: s.1, formula: wages + pension + extra / 10}
      levy: {label: L, entity: person, period: year, type: money, law: s.1, formula: wages * 1%}
      tax:
        label: Tax
        entity: person
        period: year
        type: money
        law: s.1
        formula: "if free then 0 USD else max(0 USD, income - 10_000 USD) + min(levy, 1 USD)"
"""


def test_of_what_narrows_alike_that_comes_first_which_moves_more_or_is_read_more(tmp_path: Path) -> None:
    compiled = check(tmp_path, {"m": SEVERAL})
    assert compiled.program is not None, told(compiled)
    case = case_from_data(compiled.program, {"at": "2024", "person": {"free": False}}, Diagnostics())
    assert case is not None
    listed = most_useful_first(compiled.program, case, [Fact("tax", "person", case.at)])
    assert [fact.name for fact in listed] == ["wages", "pension", "extra"]


def test_a_fact_that_leads_to_many_figures_by_way_of_one_is_among_the_first(tmp_path: Path) -> None:
    small = [f"gift{place}" for place in range(55)]
    fact = "{entity: person, period: year, type: money, label: Money, range: 0 .. 50_000, absent: 0}"
    head = "{label: Money, entity: person, period: year, type: money, law: s.1, formula: "
    lines = ["about: A grant", "law: Test Act", "exports: [grant]", "inputs:"]
    lines += [f"  pay: {fact[:-1]}, ask: What is the pay?}}"]
    lines += [f"  {name}: {fact}" for name in small]
    lines += ["variables:", f"  income: {head}pay}}", f"  gifts: {head}{' + '.join(small)}}}"]
    lines += [f"  again: {head}{' + '.join(small)}}}", f"  first: {head}income}}", f"  second: {head}first}}"]
    lines += [f"  grant: {head}second * 50% + gifts * 0.001 - again * 0.001}}"]
    compiled = check(tmp_path, {"m": "\n".join(lines)})
    assert compiled.program is not None, told(compiled)
    assert "What is the pay?" in asked(compiled.program)
