"""find where facts are not known, over the shipped tax law: machine code and the interpreter, asked one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from api.bench.measured_population import admitted, sample_tables
from api.cases.naming import find_definition
from api.failures import Failure
from api.find.candidates import Among
from api.find.condition import with_condition
from api.find.find import Wanted, find
from api.find.gaps import gaps_of
from engine.ir.program import Definition, Program
from engine.native.fillings import filled
from engine.native.plan.plan import cell_for
from engine.population.columns import Cell, Columns, column_of, kept_rows
from engine.values.periods import parse_period
from tests.api.test_find import one_by_one

YEAR = parse_period("2024")
CONDITION = "eitc > 0 USD and not files_separately"
UNITS = 110


@pytest.fixture(scope="module")
def law() -> tuple[Program, Definition]:
    return with_condition("us", [], CONDITION, "tax_unit", YEAR)


@pytest.fixture(scope="module")
def some(law: tuple[Program, Definition]) -> Columns:
    columns = admitted(law[0], sample_tables(1))
    columns = kept_rows(law[0], columns, {"tax_unit": np.arange(columns.counts["tax_unit"]) < UNITS})
    return filled(law[0], columns, [cell for cell, column in columns.columns.items() if column.missing is not None])


def with_gaps(program: Program, columns: Columns, **shares: float) -> Columns:
    rng = np.random.default_rng(7)
    made = {}
    for name, share in shares.items():
        cell = cell_for(program, find_definition(program, name).name, YEAR)
        entries = columns.columns[cell].entries
        made[cell] = column_of(entries, rng.random(len(entries)) < share)
    return replace(columns, columns={**columns.columns, **made})


@pytest.mark.parametrize("shares", [{"employment_income": 0.7}, {"employment_income": 0.05, "age": 0.1}])
def test_the_same_as_asking_each_one(law: tuple[Program, Definition], some: Columns, shares: dict[str, float]) -> None:
    program, condition = law
    among = Among(with_gaps(program, some, **shares), lambda entity, row: str(row))
    expected = one_by_one(program, condition, among, unknown=True)
    credit = find_definition(program, "eitc")
    wanted = Wanted(top=expected.count("yes") + 5, unknown=True, by=credit, sums=(credit,))
    found = find(program, condition, CONDITION, YEAR, among=among, wanted=wanted)
    assert [found.count.yes, found.count.no, found.count.not_known, found.count.failed] == [
        expected.count(answer) for answer in ("yes", "no", "not_known", "failed")
    ]
    shown = {int(row.of.id): row.answer for row in found.rows}
    assert shown == {row: expected[row] for row in shown}
    assert len(shown) == wanted.top and found.count.not_known >= 5
    named = {row.ask.fact for row in found.rows if row.ask is not None}
    assert named <= set(shares)


def test_a_figure_that_is_computed_in_another_month_is_told(law: tuple[Program, Definition], some: Columns) -> None:
    program = law[0]
    wages = find_definition(program, "employment_income")
    columns = with_gaps(program, some, employment_income=0.1)
    earlier = Cell(wages.name, parse_period("2023"))
    with pytest.raises(Failure, match="2023 has no column of it"):
        gaps_of(program, columns, [cell_for(program, wages.name, YEAR), earlier])
    age = find_definition(program, "taxable_interest_without_form")
    stated = gaps_of(program, columns, [Cell(age.name, YEAR), cell_for(program, wages.name, YEAR)])
    assert stated.program.definitions[age.name] is program.definitions[age.name]
    assert stated.program.definitions[wages.name].is_input
