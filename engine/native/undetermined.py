"""Rows whose figures hang on facts that are not known, told apart by machine code instead of one after the other.

1. Fill what is missing as its absence means, or with something usual: a whole population that could be the true one.
   Code computes it.
2. One fact after the other is filled otherwise, in a few ways: those that must be stated, and those of which the tables
   have a column. Where a figure then has another value, it is not determined, and hangs on that fact, which is named:
   whatever the interpreter finds holds both values.
3. Then many facts are filled otherwise together, in the same ways and, of whoever is left, by chance. Where a figure
   differs, the fact is sought by halving: with the facts before it as they are there, and those after it as they are
   here, that fact alone decides.

What is not proved so is left to the interpreter, which gives the same status, only slower.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Program
from engine.native.fillings import WAYS, ByChance, can_fill, filled, filled_otherwise, filled_so
from engine.native.handover import not_known
from engine.native.plan.plan import Origin, Plan
from engine.population.columns import Cell, Column, Columns, Entries, column_of, kept_rows
from engine.values.types import Kind

WORTH_PROVING = 64  # components: for fewer the interpreter is as fast
MOST_ALONE = 40  # facts that are tried by themselves
CHANCES = (1.0, 0.3, 0.05)
"""The share of the facts that are filled by chance, in each population that is tried."""
FEW = 2  # facts that are filled by chance at a time, of those on which other rows hang
MOST_CHANCES, IN_VAIN = 300, 30
"""So many populations are filled by chance, and no more after so many of which hardly anything followed."""
WORTH_TRYING = 0.01  # of what is left
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CodeFigure:
    """A figure of every row, as given: what it is, where it does not apply, and where code gave nothing."""

    entries: Entries
    absent: Mask
    bad: Mask

    def differs(self, other: CodeFigure) -> Mask:
        """The rows in which both are known, and are not the same."""
        same = (self.entries == other.entries) & (self.absent == other.absent)
        mask: Mask = ~same & ~self.bad & ~other.bad
        return mask


Compute = Callable[[Columns, Columns | None, Sequence[Cell]], Mapping[Cell, CodeFigure]]
"""Code's figures of a population; of one that differs from another in some columns only, with that one's layout."""


def undetermined(
    program: Program,
    columns: Columns,
    plan: Plan,
    bad: Mapping[Cell, Mask],
    compute: Compute,
    *,
    components: Mapping[str, Rows],
) -> dict[Cell, tuple[Mask, dict[int, str]]]:
    """For each wanted figure the rows, among those where code gave nothing, that are proved not to be determined, each
    with the fact on which it hangs in words. `components`: by entity, to which component each row belongs."""
    cells = _open_cells(program, columns, plan)
    told: dict[Cell, dict[int, str]] = {cell: {} for cell in bad}
    whole = _Search(program, columns, cells, components, compute, dict(bad), told)
    whole.alone()
    if not whole.is_done:
        rest = whole.rest()
        rest.together()
        tried = 0
        while not rest.is_done and tried < MOST_CHANCES:
            tried += rest.by_chance(tried)
            rest = rest.rest()  # of half as many rows everything takes half as long
    return {cell: (np.isin(np.arange(len(rows)), list(told[cell])), told[cell]) for cell, rows in bad.items()}


def _open_cells(program: Program, columns: Columns, plan: Plan) -> list[Cell]:
    """The facts that code reads and that some rows leave open: first those that must be stated, or that the tables have
    a column of; then amounts."""
    cells = [
        cell
        for cell, source in plan.sources.items()
        if cell.name in program.definitions
        and source.origin is Origin.UNKNOWN
        and source.definition.entity in columns.counts
        and can_fill(program, source.definition)
    ]

    def place(cell: Cell) -> tuple[bool, bool, bool]:
        definition = program.definitions[cell.name]
        return definition.absent is not None, cell not in columns.columns, definition.type.kind is not Kind.MONEY

    return sorted(cells, key=place)


@dataclass(eq=False)
class _Search:
    """What hangs on facts that are not known, among some rows. `left`: those of which that is not proved; `told`: the
    facts on which the others hang, by their rows in the whole population, which `whole` says (None: they are it)."""

    program: Program
    columns: Columns
    cells: Sequence[Cell]
    components: Mapping[str, Rows]
    compute: Compute
    left: dict[Cell, Mask]
    told: Mapping[Cell, dict[int, str]]
    whole: Mapping[str, Rows] | None = None
    first: Columns = field(init=False)
    usual: Mapping[Cell, CodeFigure] = field(init=False)

    def __post_init__(self) -> None:
        self.first = filled(self.program, self.columns, self.cells)
        self.usual = self.compute(self.first, None, ())

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return not any(rows.any() for rows in self.left.values())

    def alone(self) -> None:
        """Fill one fact after the other otherwise."""
        definitions = self.program.definitions
        near = [c for c in self.cells if c in self.columns.columns or definitions[c.name].absent is None]
        for cell in near[:MOST_ALONE]:
            for moved in filled_otherwise(self.program, self.columns, cell, self.first):
                if self.is_done:
                    return
                self._tell(self.usual, self.compute(moved, self.first, (cell,)), [cell], None)

    def together(self) -> None:
        """Fill all facts otherwise, in each way."""
        for way in WAYS:
            self._follow({cell: filled_so(self.program, self.columns, cell, way) for cell in self.cells})

    def by_chance(self, tried: int) -> int:
        """Fill some facts otherwise, by chance: of all of them, and of those on which figures of others hang. How many
        populations were filled, after so many `tried`: all that may be, or until half of the rows are left."""
        chance, in_vain, at_first = ByChance(self.program, self.columns, tried), 0, self._left_count
        for number in range(tried, MOST_CHANCES):
            before = self._left_count
            if not before or in_vain == IN_VAIN:
                return MOST_CHANCES
            if before <= at_first // 2:
                return number - tried
            place, likely = number % (2 * len(CHANCES)), self._likely()
            cells, share = self.cells, CHANCES[place % len(CHANCES)]
            if place >= len(CHANCES) and likely:
                cells, share = likely, min(1.0, FEW / len(likely))
            self._follow({cell: chance.filled(cell, self.first.columns[cell], share) for cell in cells})
            in_vain = in_vain + 1 if before - self._left_count < WORTH_TRYING * before else 0
        return MOST_CHANCES

    @property
    def _left_count(self) -> int:
        return sum(int(rows.sum()) for rows in self.left.values())

    def _likely(self) -> list[Cell]:
        """The facts on which figures hang that some row leaves open still."""
        named = {said for figure, rows in self.left.items() if rows.any() for said in self.told[figure].values()}
        return [cell for cell in self.cells if _said(cell) in named]

    def rest(self) -> _Search:
        """The search among whoever is left, with all that belong together with them."""
        there = [self.components[self._entity(figure)][rows] for figure, rows in self.left.items()]
        keep = {entity: np.isin(rows, np.concatenate(there)) for entity, rows in self.components.items()}
        columns = kept_rows(self.program, self.columns, {entity: keep[entity] for entity in self.columns.counts})
        components = {entity: rows[keep[entity]] for entity, rows in self.components.items()}
        left = {figure: rows[keep[self._entity(figure)]] for figure, rows in self.left.items()}
        whole = {
            entity: np.flatnonzero(rows) if self.whole is None else self.whole[entity][rows]
            for entity, rows in keep.items()
        }
        return _Search(self.program, columns, self.cells, components, self.compute, left, self.told, whole)

    def _entity(self, figure: Cell) -> str:
        return self.program.definitions[figure.name].entity

    def _follow(self, other: Mapping[Cell, Column]) -> None:
        """Where figures differ when facts are filled otherwise, find on the way there the fact that makes them."""
        way = _Way(
            self.first, {cell: column for cell, column in other.items() if column is not self.first.columns[cell]}
        )
        if self.is_done or not way.cells:
            return
        there = self.compute(way.whole, self.first, way.cells)
        for figure in self.left:
            rows = self.left[figure] & there[figure].differs(self.usual[figure])
            if rows.any():
                self._halve(figure, rows, way)

    def _halve(self, figure: Cell, rows: Mask, way: _Way) -> None:
        """Find on the way, for one row of each component, the fact with which the figure becomes another, and tell of
        all whose figures become others with it."""
        which, places = np.unique(self.components[self._entity(figure)][rows], return_index=True)
        asked = np.flatnonzero(rows)[places]
        low = np.zeros(max(int(part.max(initial=0)) for part in self.components.values()) + 1, dtype=np.int64)
        high = low.copy()
        high[which] = len(way.cells)
        while (high - low > 1).any():
            middle = (low + high) // 2
            differs = self._on(way, middle)[figure].differs(self.usual[figure])[asked]
            high[which[differs]] = middle[which[differs]]
            low[which[~differs]] = middle[which[~differs]]
        self._tell(self._on(way, low), self._on(way, high), way.cells, low)

    def _on(self, way: _Way, split: Rows) -> Mapping[Cell, CodeFigure]:
        """Figures where each component has so many facts as they are there."""
        whose = {cell: self.components[self.program.definitions[cell.name].entity] for cell in way.cells}
        return self.compute(way.at({cell: split[rows] for cell, rows in whose.items()}), self.first, way.cells)

    def _tell(
        self,
        before: Mapping[Cell, CodeFigure],
        after: Mapping[Cell, CodeFigure],
        facts: Sequence[Cell],
        which: Rows | None,
    ) -> None:
        """Note what differs, and hangs on the fact in which both populations differ: `which` of them, by component."""
        said = [_said(cell) for cell in facts]
        for figure, rows in self.left.items():
            entity = self._entity(figure)
            hangs = after[figure].differs(before[figure]) & rows
            self.left[figure] = rows & ~hangs
            whole = np.flatnonzero(hangs) if self.whole is None else self.whole[entity][hangs]
            facts_of = which[self.components[entity][hangs]] if which is not None else np.zeros(len(whole), np.int64)
            self.told[figure].update(zip(whole.tolist(), (said[fact] for fact in facts_of.tolist()), strict=True))


def _said(fact: Cell) -> str:
    return not_known([fact.name.rpartition(":")[2]])


@dataclass(frozen=True, eq=False)
class _Way:
    """The way from one population to another, on which facts become others one after the other."""

    here: Columns
    there: Mapping[Cell, Column]

    @property
    def cells(self) -> list[Cell]:
        """The facts, in that order."""
        return list(self.there)

    @property
    def whole(self) -> Columns:
        """The population at the end of the way."""
        return replace(self.here, columns={**self.here.columns, **self.there})

    def at(self, split: Mapping[Cell, Rows]) -> Columns:
        """The population in which each row has so many facts as they are there, the rest as they are here."""
        made = {
            cell: column_of(np.where(split[cell] > place, column.entries, self.here.columns[cell].entries))
            for place, (cell, column) in enumerate(self.there.items())
        }
        return replace(self.here, columns={**self.here.columns, **made})
