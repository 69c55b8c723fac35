"""Native and interpreter agree on every figure of the shipped rules; a reform of a constant needs no new code."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.ir.program import Program
from engine.native import Options, evaluate, forget, marginal_rates
from engine.native.agreement import all_figures, differences
from engine.native.machine import compiling
from engine.native.plan.layout import lay_out
from engine.native.plan.plan import Supply, cell_for, make_plan
from engine.native.samples import random_population
from engine.native.write.kernel import write_module
from engine.pipeline import compile_rules
from engine.population.columns import Cell, Columns, column_of
from engine.values.periods import parse_period
from engine.values.types import Kind

RULES = Path(__file__).parents[2] / "rules" / "us"
WITHOUT_CACHE = Options(cache="")


@pytest.fixture(scope="module")
def program() -> Program:
    return compile_rules(RULES)


@pytest.mark.parametrize(
    ("year", "missing", "density", "given"),
    [
        ("2024", 0.0, 1.0, ()),
        ("2021", 0.05, 1.0, ()),
        ("2018", 0.0, 0.5, ("filing_status", "age")),
        ("2026", 0.02, 0.9, ("adjusted_gross_income",)),
    ],
)
def test_every_figure_agrees(
    program: Program, year: str, missing: float, density: float, given: tuple[str, ...]
) -> None:
    columns = random_population(program, parse_period(year), 150, int(year), given, missing, density)
    result = evaluate(program, columns, all_figures(program), options=WITHOUT_CACHE, threads=2)
    assert differences(program, columns, result) == []


def text_of(program: Program, columns: Columns) -> str:
    options = Options(limit=2**31 - 1)
    layout = lay_out(program, columns, options)
    supply = {cell: column.missing is not None for cell, column in columns.columns.items()}
    cells = [cell_for(program, name, columns.at) for name in all_figures(program)]
    plan = make_plan(program, cells, Supply(supply, True))
    return write_module(program, plan, layout.shape(supply), options, 8, True).text


def test_a_reform_of_constants_is_the_same_text(program: Program) -> None:
    columns = random_population(program, parse_period("2024"), 12, 1)
    money = {
        name: replace(one, values=tuple((day, Fraction(value) + 1) for day, value in one.values))  # type: ignore[arg-type]
        for name, one in program.parameters.items()
        if one.type is not None and one.type.kind is Kind.MONEY and one.uprate is None
    }
    assert len(money) > 10
    reformed = replace(program, parameters={**program.parameters, **money}, fingerprint="reformed")
    assert text_of(reformed, columns) == text_of(program, columns)
    result = evaluate(reformed, columns, all_figures(program), options=WITHOUT_CACHE)
    assert differences(reformed, columns, result) == []


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_marginal_rates_are_two_runs_of_one_kernel(program: Program, missing: float) -> None:
    columns = random_population(program, parse_period("2024"), 80, 2, given=["employment_income"], missing=missing)
    cell = cell_for(program, "employment_income", columns.at)
    rows = columns.groups["tax_unit"].role == 0
    wanted = ["income_tax", "adjusted_gross_income"]
    forget()
    found = marginal_rates(program, columns, wanted, "employment_income", rows, 100, options=WITHOUT_CACHE)
    first, second = found.before, found.after
    assert len(compiling._kernels) == 1 + (missing > 0)  # one more to find what stands for missing wages
    assert differences(program, columns, first) == []
    wages = evaluate(program, columns, ["employment_income"], options=WITHOUT_CACHE)
    entries = wages.figures["employment_income"].entries
    raised = replace(columns, columns={**columns.columns, cell: column_of(np.where(rows, entries + 100, entries))})
    assert differences(program, raised, second) == []
    gained = second.figures["adjusted_gross_income"].entries - first.figures["adjusted_gross_income"].entries
    assert np.count_nonzero(gained) > 0


def test_nobody_is_raised_beyond_the_range_of_the_fact(program: Program) -> None:
    high = program.definitions["employment_income"].high
    assert high is not None
    cell = cell_for(program, "employment_income", parse_period("2024"))
    entries = np.array([int(high) * 100, int(high) * 100 - 100])
    columns = Columns(parse_period("2024"), {"person": 2}, {cell: column_of(entries)})
    found = marginal_rates(
        program, columns, ["employment_income"], "employment_income", np.ones(2, dtype=bool), 100, options=WITHOUT_CACHE
    )
    first, second = (one.figures["employment_income"].entries for one in (found.before, found.after))
    assert (second - first).tolist() == [0, 100]
    assert found.raised.tolist() == [False, True]


def test_without_documents_the_figures_are_the_same_and_none_is_read(program: Program) -> None:
    entities = program.settings.entities
    columns = random_population(program, parse_period("2024"), 60, 5, density=0.6)
    plain = replace(
        columns,
        counts={name: count for name, count in columns.counts.items() if not entities[name].belongs_to},
        columns={
            cell: one
            for cell, one in columns.columns.items()
            if not entities[program.definitions[cell.name].entity].belongs_to
        },
        owners={},
    )
    wanted = [name for name in all_figures(program) if program.definitions[name].entity in plain.counts]
    assert differences(program, plain, evaluate(program, plain, wanted, options=WITHOUT_CACHE)) == []
    layout = compiling.layout_for(program, plain, WITHOUT_CACHE)
    plan = compiling.compile_kernel(program, layout, cells(program, plain), WITHOUT_CACHE).plan
    assert not [cell for cell in plan.sources if entities[program.definitions[cell.name].entity].belongs_to]


def cells(program: Program, columns: Columns) -> list[Cell]:
    return [cell_for(program, name, columns.at) for name in ("income_tax", "premium_tax_credit", "total_payments")]
