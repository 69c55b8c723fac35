"""Reforms give a new ruleset: values laid over the law's, definitions exchanged, added, removed; faults are told."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
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
    about: A tax
    law: Test Act
    exports: [tax, allowance, wages]
    inputs:
      wages: {entity: person, period: year, type: money, label: Wages, absent: 0}
      abroad: {entity: person, period: year, type: boolean, status: true, label: Abroad, absent: false}
    parameters:
      allowance:
        type: money
        law: s.1
        values: {2020-01-01: 1_000, 2022-01-01: 1_200, 2024-01-01: 1_400}
    tables:
      bonus:
        key: {children: integer 0..1}
        columns: {amount: money, rate: rate}
        law: s.2
        values:
          2020-01-01:
            0: {amount: 0, rate: 0%}
            1: {amount: 50, rate: 1%}
          2023-01-01:
            0: {amount: 5, rate: 0%}
            1: {amount: 60, rate: 1%}
    scales:
      rates:
        kind: marginal
        law: s.3
        values: {2020-01-01: [{above: 0, rate: 10%}, {above: 5_000, rate: 20%}]}
    variables:
      tax:
        label: Tax
        entity: person
        period: year
        type: money
        law: s.4
        formula: rates(max(0, wages - allowance)) - bonus[1].amount
        exceptions:
          abroad: {when: abroad, then: 7 USD, law: s.5}
"""


def tax(program: Program | None, year: str, wages: int = 11_000, **facts: object) -> Fraction:
    assert program is not None
    data = {"at": year, "complete": True, "person": {"wages": wages, **facts}}
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    assert case is not None, [problem.message for problem in problems]
    outcome = Interpreter(program, case).find(Fact("tax", "person", parse_period(year)))
    assert isinstance(outcome, Known)
    assert isinstance(outcome.value, Fraction)
    return outcome.value


def reformed(folder: Path, text: str) -> Program:
    head = "\n    about: A reform\n    law: Bill 1\n"
    compiled = check(folder, {"tax": LAW}, [head + text])
    assert compiled.program is not None, told(compiled)
    return compiled.program


def test_the_law_itself(tmp_path: Path) -> None:
    program = check(tmp_path, {"tax": LAW}).program
    assert [tax(program, year) for year in ("2021", "2022", "2024")] == [1450, 1410, 1360]
    assert tax(program, "2024", abroad=True) == 7


def test_a_value_holds_from_its_date_on_whatever_the_law_said_for_later(tmp_path: Path) -> None:
    program = reformed(tmp_path, "    set: {allowance: {2022-01-01: 2_000}}")
    assert [tax(program, year) for year in ("2021", "2022", "2024")] == [1450, 1250, 1240]


def test_current_gives_the_law_back(tmp_path: Path) -> None:
    program = reformed(tmp_path, "    set: {allowance: {2022-01-01: 2_000, 2024-01-01: current}}")
    assert [tax(program, year) for year in ("2022", "2023", "2024")] == [1250, 1240, 1360]


def test_a_cell_a_row_and_brackets(tmp_path: Path) -> None:
    program = reformed(
        tmp_path,
        """
    set:
      bonus[1].amount: {2021-01-01: 100}
      bonus[0]: {2022-01-01: {amount: 1, rate: 2%}}
      rates: {2023-01-01: [{above: 0, rate: 50%}]}
""",
    )
    assert [tax(program, year) for year in ("2020", "2021", "2023")] == [1450, 1400, 4800]
    rows = dict(program.tables["tax:bonus"].values)
    assert rows[date(2022, 1, 1)][(1,)] == {"amount": 100, "rate": Fraction(1, 100)}
    assert rows[date(2022, 1, 1)][(0,)] == {"amount": 1, "rate": Fraction(2, 100)}


def test_replace_remove_and_add(tmp_path: Path) -> None:
    program = reformed(
        tmp_path,
        """
    replace:
      variables:
        tax: {label: Tax, entity: person, period: year, type: money, formula: surcharge + 1 USD}
    add:
      module: extra
      exports: [surcharge]
      variables:
        surcharge: {label: Surcharge, entity: person, period: year, type: money, formula: wages / 100}
""",
    )
    assert tax(program, "2024") == 111
    assert program.definitions["tax"].law == "Bill 1"


def test_an_exception_can_be_removed(tmp_path: Path) -> None:
    program = reformed(tmp_path, "    remove: [tax.exceptions.abroad]")
    assert tax(program, "2024", abroad=True) == 1360


def test_reforms_follow_each_other(tmp_path: Path) -> None:
    first = "about: one\nlaw: b\nset: {allowance: {2022-01-01: 2_000}}"
    second = "about: two\nlaw: b\nset: {allowance: {2024-01-01: 3_000}}"
    program = check(tmp_path, {"tax": LAW}, [first, second]).program
    assert [tax(program, year) for year in ("2022", "2024")] == [1250, 1040]


def test_the_same_law_has_the_same_fingerprint_and_another_law_another(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, same = (check(tmp_path / name, {"tax": LAW}).program for name in "ab")
    assert first is not None
    assert same is not None
    assert first.fingerprint == same.fingerprint
    (tmp_path / "c").mkdir()
    assert reformed(tmp_path / "c", "    set: {allowance: {2022-01-01: 2_000}}").fingerprint != first.fingerprint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("set: {allowence: {2022-01-01: 2_000}}", "E803"),
        ("set:\n  bonus[2].amount: {2022-01-01: 2_000}", "E803"),
        ("set:\n  bonus[1].sum: {2022-01-01: 2_000}", "E803"),
        ("set: {allowance.x: {2022-01-01: 2_000}}", "E803"),
        ("set: {bonus: {2022-01-01: 2_000}}", "E803"),
        ("set: {allowance: {2022-01-01: 1_200, 2024-01-01: current}}", "E804"),
        ("set: {allowance: {2022-01-01: many}}", "E204"),
        ("set:\n  bonus[1].amount: {2019-01-01: 5}", "E803"),
        ("remove: [nothing]", "E803"),
        ("remove: [tax.exceptions.at_sea]", "E803"),
        ("replace: {parameters: {tax: {type: money, values: {2020-01-01: 1}}}}", "E803"),
        ("about_this: x", "E201"),
        ("", "E804"),
    ],
)
def test_what_a_reform_may_not_do(tmp_path: Path, text: str, code: str) -> None:
    compiled = check(tmp_path, {"tax": LAW}, [f"about: x\nlaw: y\n{text}\n"])
    assert code in codes(compiled), told(compiled)
    assert compiled.program is None


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ("bonus: {2022-01-01: 2_000}", "write `bonus[children]`, such as `bonus[0]`, each on a line of its own"),
        ("wgaes: {2022-01-01: 2_000}", "did you mean `rates`?"),
        ("tx: {2022-01-01: 2_000}", "`tax` is computed: put another definition under `replace: {variables: …}`"),
    ],
)
def test_the_remedy_is_what_this_author_should_write(tmp_path: Path, setting: str, remedy: str) -> None:
    compiled = check(tmp_path, {"tax": LAW}, [f"about: x\nlaw: y\nset:\n  {setting}\n"])
    assert [problem.help for problem in compiled.problems] == [remedy]
