"""What code is not written for is handed over; years that do not begin in January have the right months."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from engine.ir.program import Program
from engine.native import ERROR, KNOWN, Options, evaluate, forget
from engine.native.agreement import differences
from engine.native.write import idle
from engine.population.columns import Cell, Columns, GroupLink, column_of
from engine.values.periods import Period, parse_period
from tests.rulesets import check, told

YEAR = parse_period("2024")
HEAD = """
about: Test
law: Test Act
exports: [rent, cost]
inputs:
  rent: {entity: person, period: year, type: money, label: Rent, absent: 0}
"""
COST = "cost: {entity: person, period: year, type: money, label: Cost, law: s.1, formula: 'FORMULA'}"


def compiled(folder: Path, text: str) -> Program:
    found_compiled = check(folder, {"m": text})
    assert found_compiled.program is not None, told(found_compiled)
    return found_compiled.program


def calling(folder: Path, count: int, body: str) -> Program:
    """A figure that calls a function, which calls the one before it, and so on; not for small rents."""
    lines = [HEAD, "functions:"]
    for number in range(1, count + 1):
        formula = body.replace("BEFORE", f"f{number - 1}") if number > 1 else "x"
        lines.append(f"  f{number}: {{arguments: {{x: money}}, type: money, formula: '{formula}'}}")
    lines += ["variables:", "  " + COST.replace("FORMULA", f"if rent > 5 USD then f{count}(rent) else 1 USD")]
    return compiled(folder, "\n".join(lines))


def rents(program: Program) -> Columns:
    return Columns(YEAR, {"person": 3}, {Cell("rent", YEAR): column_of(np.array([0, 100, 700]))})


@pytest.mark.parametrize("count", [199, 200, 201, 1_500])
def test_calls_go_as_deep_as_the_interpreters(tmp_path: Path, count: int) -> None:
    program = calling(tmp_path, count, "BEFORE(x) + 1 USD")
    columns = rents(program)
    result = evaluate(program, columns, ["cost"], options=Options(cache=""))
    assert differences(program, columns, result) == []
    status = result.figures["cost"].status
    assert (status is None) if count <= 200 else (status is not None and status.tolist() == [KNOWN, KNOWN, ERROR])
    assert result.handed_over == (0 if count <= 200 else 1)


def test_a_formula_that_is_very_long_when_written_out_is_left_to_the_interpreter(tmp_path: Path) -> None:
    program = calling(tmp_path, 14, "BEFORE(x) + BEFORE(x)")
    columns = Columns(YEAR, {"person": 2}, {Cell("rent", YEAR): column_of(np.array([0, 600]))})
    for most, handed_over in ((idle.MOST_OPERATIONS, 0), (5_000, 2)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(idle, "MOST_OPERATIONS", most)
            result = evaluate(program, columns, ["cost"], options=Options(cache=""))
            forget()
        assert result.figures["cost"].entries.tolist() == [100, 600 * 2**13]
        assert result.handed_over == handed_over


@pytest.mark.parametrize(
    "link",
    [
        "if rent > N USD then slide(BEFORE) else slide(BEFORE + 1 USD)",
        "(if rent > N USD then slide(BEFORE) else 0 USD) + (if rent > 2 USD then slide(BEFORE) else 1 USD)",
        "if rent > N USD then (if rent > 5 USD then slide(BEFORE) else slide(2 * BEFORE)) else slide(1 USD)",
    ],
)
def test_a_chain_of_names_that_two_branches_read_is_written_once(tmp_path: Path, link: str) -> None:
    """Each of 60 names reads the one before in two branches that code may skip."""
    names = [f"let a{n} = {link.replace('BEFORE', f'a{n - 1}').replace('N', str(n % 9))}" for n in range(1, 61)]
    lines = [HEAD, "functions:", "  slide: {arguments: {x: money}, type: money, formula: 'BODY'}", "variables:"]
    body = "round(min(x, 1_000 USD) * 7 / 8, half_up, 1 USD)"
    formula = "let a0 = rent " + " ".join(names) + " in a60"
    text = "\n".join(lines).replace("BODY", body) + "\n  " + COST.replace("FORMULA", formula)
    program = compiled(tmp_path, text)
    columns = rents(program)
    began = time.process_time()
    result = evaluate(program, columns, ["cost"], options=Options(cache="", skip_cost=8))
    assert time.process_time() - began < 20
    assert result.handed_over == 0
    assert differences(program, columns, result) == []


def test_shares_by_a_divisor_of_each_member_s_own_are_summed(tmp_path: Path) -> None:
    text = (
        HEAD.replace("[rent, cost]", "[rent, shares, total, largest]")
        + """  shares: {entity: person, period: year, type: integer, label: Shares, range: 1 .. 200, absent: 1}
variables:
  total:
    {entity: tax_unit, period: year, type: money, label: T, law: s.1,
     formula: sum(m.rent / m.shares + m.rent for m in members where m.rent > 1 USD)}
  largest:
    {entity: tax_unit, period: year, type: money, label: L, law: s.2,
     formula: max(m.rent / m.shares for m in dependents) otherwise 0 USD}
"""
    )
    program = compiled(tmp_path, text)
    shares = [1, 3, 7, 16, 15, 13, 11, 9, 17, 3, 2, 200, 1]
    groups = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3]
    columns = Columns(
        YEAR,
        {"person": len(shares), "tax_unit": 4},
        {
            Cell("rent", YEAR): column_of(np.array([1_001, 99, 700, -123_457, *range(100_000, 100_009)])),
            Cell("shares", YEAR): column_of(np.array(shares)),
        },
        {"tax_unit": GroupLink(np.array(groups, dtype=np.int32), np.full(len(shares), 2, dtype=np.int8))},
    )
    result = evaluate(program, columns, ["total", "largest"], options=Options(cache=""))
    assert differences(program, columns, result) == []
    assert result.handed_over == 2, "those with 17 and with 200 shares"


@pytest.mark.parametrize("left", [0, 0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_trial_that_costs_too_much_leaves_nothing_behind_wherever_it_ends(tmp_path: Path, left: float) -> None:
    """In a loop over members, in a branch that may be skipped, or beside both."""
    each = "if m.rent > 9 USD then round(m.rent * 7 / 8 * (deposit / 3 USD), half_up, 1 USD) else m.rent"
    text = (
        HEAD.replace("[rent, cost]", "[rent, deposit, fee, cost]")
        + f"""  deposit: {{entity: tax_unit, period: year, type: money, label: Deposit, absent: 0}}
  fee: {{entity: tax_unit, period: year, type: money, label: Fee, absent: 0}}
variables:
  cost:
    entity: tax_unit
    period: year
    type: money
    label: Cost
    law: s.1
    formula: |
      (if deposit > 50 USD then max(deposit, 7 USD) * 3 / 4 + sum({each} for m in members) else deposit / 2)
      + sum({each.replace("7 / 8", "3 / 8")} for m in members) + fee
"""
    )
    program = compiled(tmp_path, text)
    columns = Columns(
        YEAR,
        {"person": 80, "tax_unit": 2},
        {
            Cell("rent", YEAR): column_of(np.arange(80) * 137),
            Cell("deposit", YEAR): column_of(np.array([0, 9_017])),
            Cell("fee", YEAR): column_of(np.array([3, 0])),
        },
        {"tax_unit": GroupLink(np.arange(80, dtype=np.int32) // 40, np.full(80, 2, dtype=np.int8))},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(idle, "LEFT", left)
        result = evaluate(program, columns, ["cost"], options=Options(cache="", skip_cost=8))
        forget()
    assert differences(program, columns, result) == []
    assert result.handed_over == 0


def test_a_figure_of_what_the_population_has_none_of_has_no_rows(tmp_path: Path) -> None:
    text = (
        HEAD
        + """
variables:
  cost: {entity: person, period: year, type: money, label: C, law: s.1, formula: 2 * rent}
  fee: {entity: licence, period: year, type: money, label: F, law: s.2, formula: 5 USD}
"""
    )
    program = compiled(tmp_path, text)
    result = evaluate(program, rents(program), ["fee", "cost"], options=Options(cache=""))
    assert result.figures["fee"].entries.tolist() == []
    assert result.figures["cost"].entries.tolist() == [0, 200, 1_400]


def test_the_months_of_a_fiscal_year_begin_with_october(tmp_path: Path) -> None:
    text = """
        about: Test
        law: Test Act
        exports: [benefit, year_benefit]
        inputs:
          benefit: {entity: person, period: month, type: money, label: Benefit, absent: 0}
        variables:
          year_benefit:
            {entity: person, period: fiscal_year, type: money, label: Y, law: s.1, formula: sum(benefit over months)}
    """
    program = compiled(tmp_path, text)
    period = program.definitions["year_benefit"].period.containing(parse_period("2024-03").start)
    months = [Period(program.definitions["benefit"].period, day.start) for day in period.months()]
    columns = Columns(
        period,
        {"person": 2},
        {Cell("benefit", month): column_of(np.array([1, 2]) * 10**at) for at, month in enumerate(months)},
    )
    result = evaluate(program, columns, ["year_benefit"], options=Options(cache=""))
    assert result.figures["year_benefit"].entries.tolist() == [111_111_111_111, 222_222_222_222]
    assert differences(program, columns, result) == []
