"""A part's output as a table: the rows as they were given, their figures, and what was wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from engine.ir.program import Definition, Program
from engine.native import NOT_APPLICABLE, Figures
from engine.population.arrays import NARROW_LIMIT, decimals, figure_array

pa: Any = pyarrow
REFUSED = "refused: see the faults of its rows"
UNTOLD = "cannot be determined from the facts that were given"


@dataclass(slots=True)
class Rows:
    """The rows of a part's output entity: how many were given, which were kept (None: all), and what is wrong with
    each, by row.
    """

    count: int
    kept: NDArray[np.bool_] | None
    problems: dict[int, str] = field(default_factory=dict)
    _places: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.kept is not None:
            self._places = np.flatnonzero(self.kept)
            self.problems = dict.fromkeys(np.flatnonzero(~self.kept).tolist(), REFUSED)

    def spread(self, entries: NDArray[Any], filling: Any = 0) -> NDArray[Any]:
        """Entries of the rows that were kept, at the places of the rows as given."""
        if self.kept is None:
            return entries
        placed = np.full(self.count, filling, dtype=entries.dtype)
        placed[self.kept] = entries
        return placed

    def place(self, row: int) -> int:
        """The given row of a kept one."""
        return row if self._places is None else int(self._places[row])


def ids_of(entity: str, given: Any, first_row: int) -> Any:
    """The ids of the rows as they were given; their numbers in the file, from 1, where the table has no ids."""
    name = next((column for column in (f"{entity}_id", "id") if column in given.column_names), None)
    if name is None:
        return pa.array(np.arange(first_row + 1, first_row + 1 + len(given)))
    ids = given[name].combine_chunks()
    return ids.dictionary_decode() if pa.types.is_dictionary(ids.type) else ids


def figure_column(program: Program, definition: Definition, figures: Figures, rows: Rows) -> Any:
    """A figure of every given row, empty where there is none. What is wrong is noted in `rows`."""
    entries = figures.entries
    known = np.ones(len(entries), dtype=np.bool_) if figures.status is None else figures.status == 0
    if figures.status is not None:
        for row in np.flatnonzero(figures.status > NOT_APPLICABLE):
            note(rows, rows.place(int(row)), definition, figures.messages.get(int(row), UNTOLD))
    if entries.dtype == np.int64 and len(entries) and max(-int(entries.min()), int(entries.max())) >= NARROW_LIMIT:
        large = (np.abs(entries) >= NARROW_LIMIT) & known
        for row in np.flatnonzero(large):
            note(rows, rows.place(int(row)), definition, "is too large for the output")
        known &= ~large
        entries = np.where(known, entries, 0)
    return figure_array(program, definition, rows.spread(entries), rows.spread(known), narrow=True)


def note(rows: Rows, row: int, definition: Definition, told: str) -> None:
    """Note what is wrong with a row, unless something is noted already."""
    rows.problems.setdefault(row, f"{definition.short_name}: {told}")


def rate_column(entries: NDArray[np.int64], known: NDArray[np.bool_], rows: Rows) -> Any:
    """Marginal rates of every given row, in nine decimals."""
    return decimals(rows.spread(entries), 10**9, ~rows.spread(known), narrow=True)


def table_of(columns: Mapping[str, Any], rows: Rows) -> Any:
    """The columns with what was wrong beside them."""
    problems: Sequence[str | None] = ()
    if rows.problems:
        problems = [rows.problems.get(row) for row in range(rows.count)]
    told = pa.array(problems, pa.string()) if problems else pa.nulls(rows.count, pa.string())
    return pa.table({**columns, "problem": told})
