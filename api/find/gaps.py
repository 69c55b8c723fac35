"""Rows of a population with facts that are not known: exactly what asking each one would give.

1. *Not known*: machine code computes populations that could each be the true one, with gaps filled in many ways. Where
   a figure differs, it is not determined.
2. The rest is asked of the interpreter, those with the same facts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from api.find.candidates import Together
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Outcome
from engine.ir.program import Program
from engine.native.handover import case_of
from engine.native.plan.options import Options
from engine.native.plan.shape import fitting
from engine.native.running import SHARED
from engine.native.undetermined import can_fill, filled, filled_otherwise
from engine.population.columns import NONE_ENTRY, Cell, Column, Columns, closed, unit_of
from engine.values.types import Kind, Value

KEPT = 2_000
"""Of how many households with different facts what the interpreter found is kept for others like them."""
MOST_COMPLETIONS = 60
"""In how many ways gaps are filled by chance."""
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
    """The cells of a population that are read and that some rows leave empty."""

    program: Program
    columns: Columns
    read: frozenset[Cell]
    missing: Mapping[Cell, Mask]

    def rows(self, entity: str) -> Mask:
        """The rows that belong together with an empty cell."""
        keep: dict[str, Mask] = {}
        for cell, missing in self.missing.items():
            of = self.program.definitions[cell.name].entity
            keep[of] = keep.get(of, np.ones(self.columns.counts[of], dtype=np.bool_)) & ~missing
        incomplete: Mask = ~closed(self.program, self.columns, keep)[entity]
        return incomplete

    def unknown(self, rows: Mapping[str, Sequence[int]]) -> Ranges:
        """The facts of some rows that are not known."""
        return {
            Fact(cell.name, str(row), cell.period): (None, None)
            for cell, missing in self.missing.items()
            for row in rows.get(self.program.definitions[cell.name].entity, ())
            if missing[row]
        }


def gaps_of(program: Program, columns: Columns, read: Iterable[Cell]) -> Gaps:
    """The gaps among the cells that are read."""
    cells = frozenset(read)
    missing = {
        cell: column.missing for cell, column in columns.columns.items() if cell in cells and column.missing is not None
    }
    return Gaps(program, columns, cells, missing)


def not_determined(program: Program, gaps: Gaps, cell: Cell, rows: Mask) -> Mask:
    """Those of some rows of which machine code proves that the figure is not determined: it differs between two ways
    to fill their gaps. Each gap is filled as absence has it, in the usual ways, and with what others have."""
    tried = _tried(program, gaps)
    first, options = _first(program, gaps, tried)
    usual = SHARED.code_alone(program, first, [cell], options)[cell]
    rng, left = np.random.default_rng(0), rows.copy()
    draws = {other: _draws(program, gaps, other, first) for other in tried}
    for number in range(MOST_COMPLETIONS):
        if not left.any():
            break
        share = SHARES[number % len(SHARES)]
        moved = {other: _drawn(gaps.missing[other], draws[other], share, rng) for other in tried}
        other_way = replace(first, columns={**first.columns, **moved})
        SHARED.share_layout(program, first, other_way, tried, options)
        left &= ~SHARED.code_alone(program, other_way, [cell], options)[cell].differs(usual)
    return rows & ~left


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


class OneByOne:
    """The interpreter's outcome of figures of rows with gaps; those with the same facts are asked once."""

    def __init__(self, program: Program, gaps: Gaps, entity: str, constants: Constants) -> None:
        self._program, self._gaps, self._entity, self._constants = program, gaps, entity, constants
        self._columns = gaps.columns
        self._together = Together(program, self._columns)
        self._kept: dict[object, tuple[Interpreter, int]] = {}

    def outcome(self, cell: Cell, row: int) -> Outcome:
        """The outcome of a figure of a row."""
        rows = self._together.rows(self._entity, row)
        alike = self._signature(rows, row)
        if alike not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            case = replace(case_of(self._program, self._columns, rows), within=self._gaps.unknown(rows))
            self._kept[alike] = Interpreter(self._program, case, self._constants), row
        interpreter, stand_in = self._kept[alike]
        return interpreter.find(Fact(cell.name, str(stand_in), cell.period))

    def _signature(self, rows: Mapping[str, Sequence[int]], row: int) -> object:
        """All that an answer about somebody can hang on: who belongs together how, and every cell that is read."""
        columns, entities = self._columns, self._program.settings.entities
        place = {(entity, at): number for entity, those in rows.items() for number, at in enumerate(those)}
        parts: list[object] = [place[self._entity, row], *((entity, len(those)) for entity, those in rows.items())]
        for cell, column in columns.columns.items():
            if cell not in self._gaps.read:
                continue
            entries, missing = column.entries, column.missing
            those = rows.get(self._program.definitions[cell.name].entity, ())
            parts.append(tuple(None if missing is not None and missing[at] else int(entries[at]) for at in those))
        for group, link in columns.groups.items():
            people = rows.get(entities[group].of, ())
            parts.append(tuple((place.get((group, int(link.group[at]))), int(link.role[at])) for at in people))
        for entity, owners in columns.owners.items():
            to = entities[entity].belongs_to
            parts.append(tuple(place.get((to, int(owners[at]))) for at in rows.get(entity, ())))
        return tuple(parts)
