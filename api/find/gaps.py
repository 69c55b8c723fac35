"""Rows of a population with facts that are not known: exactly what asking each one would give.

1. A program in which nothing stands for the facts that have empty cells: no absence, no default, no formula. Machine
   code computes whoever has no gap, or none that matters, and proves what it can of the others (`engine.native`); the
   rest is the interpreter's.
2. How many hang on which fact: populations that could each be the true one, with the gaps of one fact filled in many
   ways. Where a figure differs, it hangs on that fact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from api.failures import Failure
from engine.interpret.outcomes import Fact
from engine.ir.program import Program
from engine.native.fillings import can_fill, filled, filled_otherwise
from engine.native.handover import entry_of
from engine.native.plan.options import Options
from engine.native.plan.shape import fitting
from engine.native.running import SHARED
from engine.population.columns import NONE_ENTRY, Cell, Column, Columns, column_of, unit_of
from engine.values.types import Kind, Value

SHARES = (0.3, 0.1, 0.6, 0.05, 0.9)
"""How many of the gaps are filled otherwise than absence has it: where all are, something rare decides for most."""
LOSSES = (-25_000, -50_000, -100_000, -200_000, -500_000)
"""Amounts below zero, where a fact may be one, which few have and which decide much."""
OTHERS = 32
"""So many values that others have are tried."""
Mask = NDArray[np.bool_]
Ranges = dict[Fact, tuple[Value | None, Value | None]]


@dataclass(frozen=True, eq=False)
class Gaps:
    """The cells of a population that are read and that some rows leave empty. In `program` and `columns` an empty cell
    is a fact that is not known, and nothing else is another than it was."""

    program: Program
    columns: Columns
    missing: Mapping[Cell, Mask]

    def unknown(self, rows: Mapping[str, Sequence[int]]) -> Ranges:
        """The facts of some rows that are not known."""
        return {
            Fact(cell.name, str(row), cell.period): (None, None)
            for cell, missing in self.missing.items()
            for row in rows.get(self.program.definitions[cell.name].entity, ())
            if missing[row]
        }


def gaps_of(program: Program, columns: Columns, read: Iterable[Cell]) -> Gaps:
    """The gaps among the cells that are read. Raises Failure where a figure has empty cells in one period and is
    computed in another."""
    cells = frozenset(read)
    missing = {
        cell: column.missing for cell, column in columns.columns.items() if cell in cells and column.missing is not None
    }
    names = {cell.name for cell in missing}
    others = {cell for cell in cells if cell.name in names and cell not in columns.columns}
    made = {cell: column for cell in others if (column := _as_stated(program, columns, cell)) is not None}
    return Gaps(_opened(program, names), replace(columns, columns={**columns.columns, **made}), missing)


def _opened(program: Program, names: Collection[str]) -> Program:
    """The program in which nothing stands for some facts that nobody states: no default, no absence, no formula."""
    opened = {
        name: replace(program.definitions[name], default=None, absent=None, formulas=()) for name in sorted(names)
    }
    if not opened:
        return program
    decided = "\0".join(("opened", program.fingerprint, *opened))
    fingerprint = hashlib.sha256(decided.encode()).hexdigest() if program.fingerprint else ""
    return replace(program, definitions={**program.definitions, **opened}, fingerprint=fingerprint)


def _as_stated(program: Program, columns: Columns, cell: Cell) -> Column | None:
    """What stands for a fact in another period, of which there is no column, as one; None where nothing does."""
    definition = program.definitions[cell.name]
    value = definition.default if definition.default is not None else definition.absent
    if definition.is_input and value is None:
        return None
    entry = entry_of(program, definition, value) if value is not None and definition.is_input else None
    if entry is None:
        message = f"`{definition.short_name}` has empty cells, and {cell.period} has no column of it"
        raise Failure(message, "give a column for every period that is read")
    return column_of(np.full(columns.counts[definition.entity], entry, dtype=np.int64))


def counted_by_fact(program: Program, gaps: Gaps, cell: Cell, rows: Mask) -> dict[str, int]:
    """How many of some rows have another value by other values of one fact alone, among those tried, by its name."""
    tried = _tried(program, gaps)
    first, options = _first(program, gaps, tried)
    usual = SHARED.code_alone(program, first, [cell], options)[cell]
    counts: dict[str, int] = {}
    rng = np.random.default_rng(0)
    for other in tried:
        differs = np.zeros(len(rows), dtype=np.bool_)
        draws = _draws(program, gaps, other, first)
        by_chance = (
            replace(first, columns={**first.columns, other: _drawn(gaps.missing[other], draws, share, rng)})
            for share in (*SHARES, *SHARES)
        )
        for moved in (*filled_otherwise(program, gaps.columns, other, first), *by_chance):
            SHARED.share_layout(program, first, moved, [other], options)
            differs |= SHARED.code_alone(program, moved, [cell], options)[cell].differs(usual)
        if (differs & rows).any():
            name = program.definitions[other.name].short_name
            counts[name] = counts.get(name, 0) + int((differs & rows).sum())
    return counts


def _tried(program: Program, gaps: Gaps) -> list[Cell]:
    return [cell for cell in gaps.missing if can_fill(program, program.definitions[cell.name])]


def _first(program: Program, gaps: Gaps, tried: Sequence[Cell]) -> tuple[Columns, Options]:
    """The population with every gap as its absence has it, and the options that code for all others shares."""
    first = filled(program, gaps.columns, tried)
    return first, fitting(program, first, Options())


def _draws(program: Program, gaps: Gaps, cell: Cell, first: Columns) -> tuple[Column, NDArray[np.int64]]:
    """A column as it stands first, and what its gaps are tried with: the usual ways, and what others have."""
    ways = [moved.columns[cell] for moved in filled_otherwise(program, gaps.columns, cell, first)]
    missing = gaps.missing[cell]
    there = gaps.columns.columns[cell].entries[~missing]
    usual = [int(way.entries[missing][0]) for way in ways]
    definition = program.definitions[cell.name]
    if definition.type.kind is Kind.MONEY:
        usual += [
            loss * unit_of(program, definition) for loss in LOSSES if definition.low is None or loss >= definition.low
        ]
    others = np.unique(there[:: max(1, len(there) // OTHERS)]) if len(there) else np.array([], dtype=np.int64)
    return first.columns[cell], np.array([*usual * max(1, len(others) // 3), *others], dtype=np.int64)


def _drawn(missing: Mask, draws: tuple[Column, NDArray[np.int64]], share: float, rng: np.random.Generator) -> Column:
    """The column with a share of its gaps filled by chance, and the others as absence has it."""
    first, values = draws
    entries = first.entries.astype(np.int64)
    filled_here = missing & (rng.random(len(missing)) < share)
    entries[filled_here] = rng.choice(values, int(filled_here.sum()))
    stated = values[values != NONE_ENTRY]
    low, high = (int(stated.min()), int(stated.max())) if len(stated) else (0, 0)
    return Column(entries, None, min(first.low, low), max(first.high, high))
