"""What figures hang on: every fact and figure that their formulas read, directly or through others."""

from __future__ import annotations

from collections.abc import Iterator

from engine.ir.fold import formula_at
from engine.ir.program import Definition, Program
from engine.native.plan.plan import cell_for, reads
from engine.population.columns import Cell
from engine.values.periods import Period


def reached(program: Program, period: Period, figures: tuple[Definition, ...]) -> Iterator[Cell]:
    """The wanted figures and everything that their formulas read, directly or through others."""
    found = dict.fromkeys(cell_for(program, one.name, period) for one in figures)
    left = list(found)
    while left:
        cell = left.pop()
        yield cell
        body = formula_at(program.definitions[cell.name].formulas, cell.period.start)
        for other, _ in reads(body, cell.period) if body is not None else ():
            if other not in found:
                found[other] = None
                left.append(other)
