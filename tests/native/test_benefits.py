"""Tax and every benefit of a year by machine code: the interpreter's figures and marginal rates, to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from api.bench.benefits import OUTPUTS, STEP, benefit_columns
from api.rules import programs
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.native import marginal_rates
from engine.native.handover import case_of, entry_of
from engine.native.plan.plan import cell_for
from engine.population.columns import Columns

EVERY = 800  # of 10,000 households


def _interpreted(program: Program, columns: Columns, household: int) -> list[int]:
    people = np.flatnonzero(columns.groups["dwelling"].group == household)
    groups = {group: [household] for group in columns.groups}
    interpreter = Interpreter(program, case_of(program, columns, {"person": [int(row) for row in people], **groups}))
    entries = []
    for name in OUTPUTS:
        cell = cell_for(program, name, columns.at)
        outcome = interpreter.find(Fact(cell.name, str(household), cell.period))
        assert isinstance(outcome, Known), outcome
        entry = entry_of(program, program.definitions[cell.name], outcome.value)
        assert entry is not None
        entries.append(entry)
    return entries


def _raised(program: Program, columns: Columns, rows: NDArray[np.bool_]) -> Columns:
    cell = cell_for(program, "employment_income", columns.at)
    wages = columns.columns[cell]
    more = replace(wages, entries=wages.entries.astype(np.int64) + np.where(rows, STEP, 0))
    return replace(columns, columns={**columns.columns, cell: more})


def test_figures_and_marginal_rates_are_the_interpreters() -> None:
    program = programs.load_program("us")
    columns = benefit_columns(program, 1)
    heads = columns.groups["tax_unit"].role == 0
    found_marginal_rates = marginal_rates(
        program, columns, OUTPUTS, "employment_income", rows=heads, step=STEP, threads=2
    )
    assert found_marginal_rates.before.handed_over == found_marginal_rates.after.handed_over == 0
    moved = _raised(program, columns, found_marginal_rates.raised)
    for household in range(0, columns.counts["dwelling"], EVERY):
        for result, stated in ((found_marginal_rates.before, columns), (found_marginal_rates.after, moved)):
            native = [int(result.figures[name].entries[household]) for name in OUTPUTS]
            assert native == _interpreted(program, stated, household), household
