"""What the interpreter makes of periods, dates, absent people, exceptions, circles, and chains of any length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest

from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.interpreter import EVALUATORS, Interpreter
from engine.interpret.outcomes import (
    NOT_APPLICABLE,
    Choice,
    Fact,
    Failure,
    Interval,
    Known,
    NotApplicable,
    Outcome,
    Possible,
)
from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Program
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from engine.values.types import MONEY
from tests.rulesets import check, codes, told

RULES = """
    about: Time, people, and what is wrong
    law: Test Act
    exports: [wage, salary, balance, born, moved, points, base, rate_on, abroad, ill, old]
    inputs:
      wage: {entity: person, period: month, type: money, label: Wage, range: 0 .. 10_000}
      salary: {entity: person, period: year, type: money, label: Salary, range: 0 .. 1_000_000}
      balance: {entity: person, period: month, type: money, label: Balance, stock: true, range: 0 .. 500}
      born: {entity: person, period: eternity, type: date, label: Born}
      moved: {entity: person, period: eternity, type: date, label: Moved}
      points: {entity: licence, period: year, type: integer, label: Points, range: 0 .. 20}
      base: {entity: tax_unit, period: year, type: money, label: Base, range: 0 .. 100}
      abroad: {entity: person, period: year, type: boolean, status: true, label: Abroad}
      ill: {entity: person, period: year, type: boolean, status: true, label: Ill}
      old: {entity: person, period: year, type: boolean, status: true, label: Old}
    parameters:
      rate_on: {type: rate, law: s.1, values: {2020-01-01: 10%, 2024-07-01: 20%}}
    tables:
      steps: {type: money, key: {n: integer 0..2}, law: s.2, values: {2020-01-01: {0: 1, 1: 2, 2: 3}}}
    variables:
"""
FIGURES = {
    "year_wage": "money: sum(wage over months)",
    "best_month": "money: max(wage over months)",
    "fiscal_wage": "money: sum(wage over months)",
    "three_years": "money: sum(salary over last 3 years)",
    "month_share": "money: spread(salary, months)",
    "end_balance": "money: balance @ end",
    "start_balance": "money: balance @ start",
    "age_today": "integer: years_between(born, today)",
    "majority": "date: born + 18 years",
    "in_month_of_move": "money: wage @ (moved)",
    "share": "rate: salary / (salary @ last year)",
    "step": "money: steps[year_of(born) - 2000]",
    "unit_base": "money: tax_unit.base",
    "all_points": "integer: sum(m.points for m in licences)",
    "worst": "integer: max(m.points for m in licences where m.points > 3) otherwise (-1)",
    "far": "date: born + years_between(born, period_end) * 100 years",
    "shorter": "boolean: let lived = period_end - born in lived < 18 years",
}
PERIODS = {"age_today": "day", "fiscal_wage": "fiscal_year", "month_share": "month", "in_month_of_move": "year"}
EXCEPTIONS = """
      due:
        label: Due
        entity: person
        period: year
        type: money
        law: s.3
        applies_if: not old
        formula: salary
        exceptions:
          abroad: {when: abroad, then: 1 USD, law: s.4}
          ill: {when: ill and not abroad, then: 2 USD, law: s.5, over: [abroad]}
"""


def figure(name: str, text: str) -> str:
    kind, _, formula = text.partition(": ")
    where = f"entity: person, period: {PERIODS.get(name, 'year')}, type: {kind}"
    return f'      {name}: {{label: F, {where}, law: s.9, formula: "{formula}"}}\n'


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    text = RULES + "".join(figure(*other_figure) for other_figure in FIGURES.items()) + EXCEPTIONS
    compiled = check(tmp_path_factory.mktemp("rules"), {"made": text})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def found(program: Program, name: str, facts: Mapping[str, object], at: str = "2024", **more: object) -> Outcome:
    problems = Diagnostics()
    calendars = dict(program.settings.calendars)
    case = case_from_data(program, {"at": at, "people": {"ada": facts}, **more}, problems)
    assert case is not None, [problem.message for problem in problems]
    definition = program.find(name)
    assert definition is not None
    return Interpreter(program, case).find(Fact(definition.name, "ada", parse_period(at, calendars)))


def months(first: int, count: int, year: int = 2024) -> dict[str, int]:
    return {f"{year}-{month:02}": 100 * month for month in range(first, first + count)}


# --- time


def test_a_year_has_its_twelve_months(program: Program) -> None:
    assert found(program, "year_wage", {"wage": months(1, 12)}) == Known(Fraction(7800))
    assert found(program, "best_month", {"wage": months(1, 12)}) == Known(Fraction(1200))


def test_a_year_that_starts_in_october_has_the_months_from_october_on(program: Program) -> None:
    wages = months(10, 3, 2023) | months(1, 9)
    assert found(program, "fiscal_wage", {"wage": wages}, "fiscal_year:2024") == Known(Fraction(7800))


def test_a_month_that_is_not_known_leaves_the_year_open(program: Program) -> None:
    outcome = found(program, "year_wage", {"wage": months(1, 11)})
    assert isinstance(outcome, Possible)
    assert outcome.range == Interval(Fraction(6600), Fraction(16_600))
    assert {str(fact.period) for fact in outcome.needs} == {"2024-12"}


def test_last_years_are_those_before_the_current_one(program: Program) -> None:
    salaries = {"2021": 1, "2022": 20, "2023": 300, "2024": 4000}
    assert found(program, "three_years", {"salary": salaries}) == Known(Fraction(321))


def test_a_year_is_spread_over_its_months(program: Program) -> None:
    assert found(program, "month_share", {"salary": {"2024": 1000}}, "2024-03") == Known(Fraction("83.33"))


def test_a_stock_is_read_at_the_start_or_at_the_end(program: Program) -> None:
    balances = {"balance": {"2024-01": 5, "2024-12": 7}}
    assert found(program, "start_balance", balances) == Known(Fraction(5))
    assert found(program, "end_balance", balances) == Known(Fraction(7))


def test_years_after_a_leap_day_end_with_february(program: Program) -> None:
    assert found(program, "majority", {"born": "2000-02-29"}) == Known(date(2018, 2, 28))


def test_a_leap_day_comes_of_age_on_the_first_of_march(program: Program) -> None:
    assert found(program, "age_today", {"born": "2008-02-29"}, "2026-02-28") == Known(17)
    assert found(program, "age_today", {"born": "2008-02-29"}, "2026-03-01") == Known(18)
    assert found(program, "age_today", {"born": "2008-02-29"}, "2024-02-29") == Known(16)


def test_a_figure_on_a_day_that_is_not_known_may_be_anything(program: Program) -> None:
    outcome = found(program, "in_month_of_move", {})
    assert isinstance(outcome, Possible)
    assert outcome.may_fail
    assert {fact.name for fact in outcome.needs} == {"moved"}
    assert found(program, "in_month_of_move", {"moved": "2024-03-05", "wage": months(3, 1)}) == Known(Fraction(300))


def test_a_date_that_is_not_known_is_still_a_date_of_a_fact(program: Program) -> None:
    outcome = found(program, "majority", {})
    assert isinstance(outcome, Possible)
    assert outcome.range == Interval(date(1718, 1, 1), date(2917, 12, 31))
    assert not outcome.may_fail


def test_facts_have_dates_in_twelve_centuries(program: Program) -> None:
    problems = Diagnostics()
    assert case_from_data(program, {"at": "2024", "people": {"ada": {"born": "1699-12-31"}}}, problems) is None
    assert [problem.code for problem in problems] == ["E802"]


def test_the_last_month_ends_where_dates_end() -> None:
    assert parse_period("2999-12").end == date(2999, 12, 31)
    assert parse_period("2998").end == date(2998, 12, 31)


# --- what is wrong is said, with a place


@pytest.mark.parametrize(
    ("name", "facts", "message"),
    [
        ("share", {"salary": {"2023": 0, "2024": 5}}, "division by zero"),
        ("step", {"born": "2007-01-01"}, "the table `steps` has no row `7`"),
        ("far", {"born": "1980-01-01"}, "dates lie between 1600 and 2999"),
        ("shorter", {"born": "1980-01-01"}, "a length in months and one in days have no order: count both in one unit"),
    ],
)
def test_errors_say_what_and_where(program: Program, name: str, facts: dict[str, object], message: str) -> None:
    outcome = found(program, name, facts)
    assert isinstance(outcome, Failure)
    assert outcome.message == message
    assert outcome.span is not None
    assert [fact.name.rpartition(":")[2] for fact in outcome.path] == [name]


def test_who_is_listed_in_no_group_is_asked_about_unless_the_case_says_that_there_is_none(program: Program) -> None:
    asked = found(program, "unit_base", {})
    assert isinstance(asked, Possible) and not asked.may_fail.startswith("`ada` is in no")
    assert [fact.name for fact in asked.needs] == ["[]:tax_unit/:tax_unit"]
    none = found(program, "unit_base", {}, complete=True)
    assert isinstance(none, Failure)
    assert none.message == "`ada` is in no tax_unit: list them in one, if need be alone"


def test_an_error_reaches_what_reads_it(program: Program) -> None:
    outcome = found(program, "share", {"salary": {"2024": 5}})
    assert isinstance(outcome, Possible)
    assert outcome.may_fail == "division by zero"
    assert outcome.range == Interval(Fraction("0.000005"), None)


def test_records_add_up_and_without_any_a_maximum_does_not_apply(program: Program) -> None:
    licences = {
        "one": {"person": "ada", "points": 2},
        "two": {"person": "ada", "points": 9},
        "three": {"person": "ada"},
    }
    assert found(program, "all_points", {}, licences={}) == Known(0)
    assert found(program, "worst", {}, licences={}) == Known(-1)
    outcome = found(program, "worst", {}, licences=licences)
    assert isinstance(outcome, Possible)
    assert outcome.range == Interval(9, 20)
    assert isinstance(found(program, "worst", {}, licences={"three": licences["three"]}), Possible)


def test_the_greatest_of_those_who_may_count_may_be_any_of_them(program: Program) -> None:
    licences = {"one": {"person": "ada"}, "two": {"person": "ada"}}
    outcome = found(program, "worst", {}, licences=licences)
    assert isinstance(outcome, Possible)
    assert outcome.range == Interval(-1, 20)
    assert not outcome.may_not_apply


# --- exceptions, and what does not apply


def test_exceptions_stand_over_the_general_rule(program: Program) -> None:
    facts = {"salary": 50, "old": False, "ill": False, "abroad": False}
    assert found(program, "due", facts) == Known(Fraction(50))
    assert found(program, "due", facts | {"abroad": True}) == Known(Fraction(1))
    assert found(program, "due", facts | {"ill": True}) == Known(Fraction(2))
    assert found(program, "due", facts | {"old": True}) == NOT_APPLICABLE


def test_exceptions_that_may_hold_are_tried(program: Program) -> None:
    outcome = found(program, "due", {"salary": 50, "old": False, "abroad": False})
    assert isinstance(outcome, Possible)
    assert outcome.range == Interval(Fraction(2), Fraction(50))
    assert {fact.name for fact in outcome.needs} == {"ill"}
    assert found(program, "due", {"old": False, "abroad": True}) == Known(Fraction(1))


def test_what_may_not_apply_says_so(program: Program) -> None:
    outcome = found(program, "due", {"salary": 50, "abroad": True})
    assert isinstance(outcome, Possible)
    assert outcome.may_not_apply
    assert outcome.range == Interval(Fraction(1), Fraction(1))
    assert not isinstance(outcome, NotApplicable)


# --- chains and circles


def chained(program: Program, count: int, last: ir.Expression) -> Program:
    """A program with `count` figures, each reading the next; the last one is `last`."""
    pattern = program.definitions["salary"]
    definitions = {}
    for number in range(count):
        read = ir.VariableRead(MONEY, None, f"c{number + 1}", ir.Self("person"), ir.ThisPeriod())
        body = last if number + 1 == count else read
        definitions[f"c{number}"] = replace(pattern, name=f"c{number}", formulas=(DatedExpression(None, body),))
    return replace(program, definitions={**program.definitions, **definitions})


AT = parse_period("2024")


def test_a_chain_of_fifty_thousand_figures_has_a_value(program: Program) -> None:
    long = chained(program, 50_000, ir.Literal(MONEY, None, Fraction(7)))
    interpreter = Interpreter(long, Case(AT))
    assert interpreter.find(Fact("c0", "ada", AT)) == Known(Fraction(7))
    assert len(interpreter.steps) == 50_000


def test_an_error_at_the_end_of_a_long_chain_keeps_the_first_part_of_its_way(program: Program) -> None:
    broken = ir.Arithmetic(MONEY, None, "/", ir.Literal(MONEY, None, 1), ir.Literal(MONEY, None, 0))
    outcome = Interpreter(chained(program, 5_000, broken), Case(AT)).find(Fact("c0", "ada", AT))
    assert isinstance(outcome, Failure)
    assert outcome.message == "division by zero"
    assert [fact.name for fact in outcome.path[:2]] == ["c4999", "c4998"]
    assert len(outcome.path) <= 50


@pytest.mark.parametrize("count", [1, 2, 99, 100, 101, 450])
def test_figures_that_need_themselves_are_errors(program: Program, count: int) -> None:
    back = ir.VariableRead(MONEY, None, "c0", ir.Self("person"), ir.ThisPeriod())
    interpreter = Interpreter(chained(program, count, back), Case(AT))
    for name in ("c0", f"c{count - 1}"):
        outcome = interpreter.find(Fact(name, "ada", AT))
        assert isinstance(outcome, Failure)
        assert "depends on itself" in outcome.message


def module(first: str, second: str) -> str:
    return f"""
        about: Two figures
        law: Test Act
        exports: [first, second]
        variables:
          first: {{label: First, entity: person, period: year, type: money, law: s.1, formula: "{first}"}}
          second: {{label: Second, entity: person, period: year, type: money, law: s.2, formula: "{second}"}}
    """


def test_a_circle_through_a_later_year_is_found(tmp_path: Path) -> None:
    assert codes(check(tmp_path, {"made": module("second @ last year", "first @ next year")})) == ["E701"]


def test_looking_ahead_without_a_circle_is_no_fault(tmp_path: Path) -> None:
    assert codes(check(tmp_path, {"made": module("5 USD + (first @ last year)", "first @ next year")})) == []


def test_functions_may_not_call_each_other_without_end(tmp_path: Path) -> None:
    functions = "\n".join(
        f'      f{n}: {{arguments: {{a: money}}, type: money, formula: "{f"f{n - 1}(a)" if n else "a"}"}}'
        for n in range(300)
    )
    text = f"""
    about: Functions
    law: Test Act
    exports: [shallow, deep]
    functions:
{functions}
    variables:
      shallow: {{label: S, entity: person, period: year, type: money, law: s.1, formula: f150(1 USD)}}
      deep: {{label: D, entity: person, period: year, type: money, law: s.1, formula: f299(1 USD)}}
    """
    compiled = check(tmp_path, {"made": text})
    assert compiled.program is not None, told(compiled)
    interpreter = Interpreter(compiled.program, Case(AT))
    assert interpreter.find(Fact("shallow", "ada", AT)) == Known(Fraction(1))
    assert isinstance(interpreter.find(Fact("deep", "ada", AT)), Failure)


def test_a_case_of_many_branches_is_refused_before_anything_walks_it(tmp_path: Path) -> None:
    branches = " ".join(f"when 1 USD > {number} USD then 2 USD" for number in range(400))
    assert codes(check(tmp_path, {"made": module(f"case {branches} else 3 USD", "1 USD")})) == ["E302"]


# --- what is not known


def test_equal_ranges_of_different_facts_still_need_what_decides_between_them(program: Program) -> None:
    names: dict[str, Outcome] = {
        "c": Possible(Choice(frozenset((True, False))), frozenset((Fact("abroad", "ada", AT),))),
        "x": Possible(Interval(0, 10), frozenset((Fact("salary", "ada", AT),))),
    }
    interpreter = Interpreter(program, Case(AT))
    frame = interpreter.frame(Fact("salary", "ada", AT))
    frame.names = {name: (lambda outcome=outcome: outcome) for name, outcome in names.items()}  # type: ignore[misc]
    x = ir.Local(MONEY, None, "x")
    other = ir.Arithmetic(MONEY, None, "-", ir.Literal(MONEY, None, 10), x)
    condition = ir.Local(program.definitions["abroad"].type, None, "c")
    outcome = interpreter.evaluate(ir.If(MONEY, None, condition, x, other), frame)
    assert isinstance(outcome, Possible)
    assert {fact.name for fact in outcome.needs} == {"abroad", "salary"}


def test_every_kind_of_expression_is_evaluated() -> None:
    only_asked_by_code = {ir.ListedBefore}
    assert set(EVALUATORS) == set(get_args(ir.Expression)) - only_asked_by_code
