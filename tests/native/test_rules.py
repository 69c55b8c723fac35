"""Native and interpreter agree on every figure of the shipped rules; a reform of a constant needs no new code."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.ir.program import Program
from engine.native import Evaluator, Options, Result, evaluate, marginal_rates
from engine.native.agreement import all_figures, differences
from engine.native.machine.making import planned
from engine.native.plan.laying import lay_out
from engine.native.plan.plan import Supply, cell_for, make_plan
from engine.native.samples import random_population
from engine.native.write.kernel import write_module
from engine.pipeline import compile_rules
from engine.population.columns import Cell, Columns, GroupLink, column_of
from engine.values.calendars import Calendar
from engine.values.periods import Period, PeriodKind, Unit, parse_period
from engine.values.types import Kind

RULES = Path(__file__).parents[2] / "rules" / "us"
YEAR, MONTH, ETERNITY = PeriodKind(Unit.YEAR), PeriodKind(Unit.MONTH), PeriodKind(Unit.ETERNITY)
AWARD_YEAR = PeriodKind(Unit.YEAR, Calendar("award_year", 7, 1))  # of federal student aid
OF_HOUSEHOLD_S_YEAR = ("household_", "marginal_rate_on_earnings", "is_on_benefit_cliff")
WITHOUT_CACHE = Options(cache="")


@pytest.fixture(scope="module")
def program() -> Program:
    return compile_rules(RULES)


def of_households(program: Program, name: str) -> bool:
    """Whether a figure is all of a household's year: twelve months of every program, each of which is compared by the
    month; the code of them alone takes a minute."""
    return program.definitions[name].period == YEAR and name.startswith(OF_HOUSEHOLD_S_YEAR)


def figures_of(program: Program, *kinds: PeriodKind) -> list[str]:
    """The computed figures of periods of these kinds: taxes are of years, benefits of months, grants of award years."""
    return [
        name
        for name in all_figures(program)
        if program.definitions[name].period in kinds and not of_households(program, name)
    ]


def test_every_figure_is_of_a_kind_that_is_compared(program: Program) -> None:
    known = figures_of(program, YEAR, AWARD_YEAR) + figures_of(program, MONTH, ETERNITY)
    left_out = [name for name in all_figures(program) if of_households(program, name)]
    assert sorted(known + left_out) == sorted(all_figures(program))


@pytest.mark.parametrize(
    ("at", "kinds", "missing", "density", "given"),
    [
        ("2021", (YEAR,), 0.05, 0.5, ()),
        ("2026", (YEAR,), 0.02, 0.6, ("adjusted_gross_income", "filing_status", "age")),
        ("2025-11", (MONTH, ETERNITY), 0.02, 0.9, ()),
        ("award_year:2025", (AWARD_YEAR,), 0.02, 0.9, ()),
    ],
)
def test_every_figure_agrees(
    program: Program, at: str, kinds: tuple[PeriodKind, ...], missing: float, density: float, given: tuple[str, ...]
) -> None:
    period = program.settings.period(at)
    assert isinstance(period, Period)
    columns = random_population(program, period, 40, period.start.year, given=given, missing=missing, density=density)
    wanted = figures_of(program, *kinds)
    result = evaluate(program, columns, wanted, options=WITHOUT_CACHE, threads=2)
    every = 1 if at == "2026" else 2  # a month's figures look back for months; half of the people tell
    assert differences(program, columns, result, every=every) == []
    if kinds == (YEAR,):
        assert_elections_are_the_cheaper_ones(program, columns, result)


def assert_elections_are_the_cheaper_ones(program: Program, columns: Columns, result: Result) -> None:
    """26 USC 63(e): who says nothing takes the deduction with the lower income tax, whatever is stated besides."""
    names = ("income_tax", "income_tax_if_itemizing", "income_tax_if_not_itemizing")
    listed = [result.figures[name] for name in names]
    known = np.all([figures.status is None or figures.status == 0 for figures in listed], axis=0)
    said = columns.columns.get(cell_for(program, "deduction_election", columns.at))
    free = known if said is None else known & ((said.entries == 0) | (False if said.missing is None else said.missing))
    taken, itemizing, standard = (figures.entries[free] for figures in listed)
    assert len(taken) and (taken == np.minimum(itemizing, standard)).all()


def test_shares_of_shares_are_computed_by_code(program: Program) -> None:
    """A share of the phase-in, times what is left after losses, less a share of that: all over divisors of the row."""
    rng = np.random.default_rng(1)
    people, at = 400, parse_period("2026")
    amounts = {
        "age": np.full(people, 40),
        "self_employment_income": rng.integers(-10_000_000, 60_000_000, people),
        "sstb_self_employment_income": rng.integers(-10_000_000, 60_000_000, people),
        "w2_wages_from_qualified_business": rng.integers(0, 20_000_000, people),
        "employment_income": rng.integers(0, 30_000_000, people),
    }
    columns = Columns(
        at,
        {"person": people, "tax_unit": people},
        {cell_for(program, name, at): column_of(entries) for name, entries in amounts.items()},
        {"tax_unit": GroupLink(np.arange(people, dtype=np.int32), np.zeros(people, dtype=np.int8))},
    )
    wanted = ["qualified_business_income_deduction_if_itemizing", "qualified_business_income_deduction"]
    result = evaluate(program, columns, wanted, options=WITHOUT_CACHE)
    assert result.handed_over == 0
    assert np.count_nonzero(result.figures[wanted[0]].entries) > people // 2
    assert differences(program, columns, result, every=20) == []


def text_of(program: Program, columns: Columns) -> str:
    options = Options(limit=2**31 - 1)
    layout = lay_out(program, columns, options)
    supply = {cell: column.missing is not None for cell, column in columns.columns.items()}
    cells = [cell_for(program, name, columns.at) for name in ("income_tax", "total_payments")]
    plan = make_plan(program, cells, Supply(supply, True))
    return write_module(program, plan, layout.shape(supply), options, width=8, permutes=True).text


def test_a_reform_of_constants_is_the_same_text(program: Program) -> None:
    columns = random_population(program, parse_period("2024"), 12, 1)
    money = {
        name: replace(parameter, values=tuple((day, Fraction(value) + 1) for day, value in parameter.values))  # type: ignore[arg-type]
        for name, parameter in program.parameters.items()
        if parameter.type is not None and parameter.type.kind is Kind.MONEY and parameter.uprate is None
    }
    assert len(money) > 10
    reformed = replace(program, parameters={**program.parameters, **money}, fingerprint="reformed")
    assert text_of(reformed, columns) == text_of(program, columns)
    result = evaluate(reformed, columns, ["income_tax", "total_payments"], options=WITHOUT_CACHE)
    assert differences(reformed, columns, result) == []


def test_marginal_rates_are_two_runs_of_one_kernel(program: Program) -> None:
    columns = random_population(program, parse_period("2024"), 60, 2, given=["employment_income"], missing=0.3)
    cell = cell_for(program, "employment_income", columns.at)
    rows = columns.groups["tax_unit"].role == 0
    wanted = ["income_tax", "adjusted_gross_income"]
    own = Evaluator()
    marginals = marginal_rates(
        program, columns, wanted, "employment_income", rows=rows, step=100, options=WITHOUT_CACHE, evaluator=own
    )
    first, second = marginals.before, marginals.after
    assert len(own.kernels.made) == 2  # one of them to find what stands for missing wages
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
    marginals = marginal_rates(
        program,
        columns,
        ["employment_income"],
        "employment_income",
        rows=np.ones(2, dtype=bool),
        step=100,
        options=WITHOUT_CACHE,
    )
    first, second = (result.figures["employment_income"].entries for result in (marginals.before, marginals.after))
    assert (second - first).tolist() == [0, 100]
    assert marginals.raised.tolist() == [False, True]


def test_without_documents_the_figures_are_the_same_and_none_is_read(program: Program) -> None:
    entities = program.settings.entities
    columns = random_population(program, parse_period("2024"), 30, 5, density=0.6)
    plain = replace(
        columns,
        counts={name: count for name, count in columns.counts.items() if not entities[name].belongs_to},
        columns={
            cell: column
            for cell, column in columns.columns.items()
            if not entities[program.definitions[cell.name].entity].belongs_to
        },
        owners={},
        further_owners={},
    )
    wanted = ["income_tax", "premium_tax_credit", "total_payments"]
    assert differences(program, plain, evaluate(program, plain, wanted, options=WITHOUT_CACHE)) == []
    plan = planned(program, lay_out(program, plain, WITHOUT_CACHE), cells(program, plain))
    assert not [source for source in plan.sources.values() if entities[source.definition.entity].belongs_to]


def cells(program: Program, columns: Columns) -> list[Cell]:
    return [cell_for(program, name, columns.at) for name in ("income_tax", "premium_tax_credit", "total_payments")]
