"""The figures in columns of tables, each entry checked against the type, the grid and the range of its figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from engine.interpret.stated import Days, NotATime, bare, in_a_head, stated_for
from engine.ir.program import Definition
from engine.population.columns import (
    NONE_ENTRY,
    Cell,
    Column,
    GroupLink,
    OwnPeriods,
    column_of,
    unit_of,
)
from engine.population.entries import entries_from, plain_decimals
from engine.population.faults import NO_FIGURE
from engine.population.functions import compute
from engine.population.links import LinkReader
from engine.population.own_periods import Whose, meant_period
from engine.reading.declared_settings import Entity
from engine.text.articles import with_article
from engine.values.dates import EARLIEST_FACT, LATEST_FACT, add_months
from engine.values.numbers import range_text
from engine.values.periods import Period
from engine.values.types import NONE, Kind

LOOKED_BACK, LOOKED_AHEAD = 40, 10  # years for which a statement that goes on is laid out

pa: Any = pyarrow
Table = Any
MONEY_LIMIT = 10**10


@dataclass(slots=True)
class FigureReader(LinkReader):
    """Reads figures too. `personal` are the columns of periods that begin on somebody's own day."""

    personal: list[tuple[str, Definition, Column]] = field(default_factory=list)

    def figures(self, entity: Entity) -> Iterator[tuple[Cell, Column]]:
        table, taken = self.tables[entity.name], self.linking(entity)
        heads: dict[Cell, str] = {}
        for name in table.column_names:
            if name in taken:
                continue
            cells = self.cells(entity, name)
            if not self.are_free(entity, name, cells, heads):
                continue
            column = self.column(entity, name, self.program.definitions[cells[0].name]) if cells else None
            for cell in cells:
                assert column is not None
                yield cell, column

    def are_free(self, entity: Entity, name: str, cells: list[Cell], heads: dict[Cell, str]) -> bool:
        """Whether no other column states what this one does."""
        for cell in cells:
            other = heads.setdefault(cell, name)
            if other != name:
                message = f"states the same as the column `{other}`: both are of {cell.period}"
                self.report(entity.name, 0, name, message, remedy="keep one of the two")
                return False
        return True

    def cells(self, entity: Entity, name: str) -> list[Cell]:
        """What a column states: a figure for the periods that its head names, all with the same entries."""
        figure, _, text = name.partition("@")
        definition = self.program.find(figure)
        if definition is None or definition.entity != entity.name:
            self.report(entity.name, 0, name, f"{with_article(entity.name)} has no figure `{figure}`", kind=NO_FIGURE)
            return []
        if definition.period.is_personal:
            self.personal.append((name, definition, self.column(entity, name, definition)))
            return []
        try:
            periods = (
                stated_for(definition, text, self.program.settings) if text else bare(definition, self.at, in_a_head)
            )
        except NotATime as fault:
            self.report(entity.name, 0, name, fault.message, remedy=fault.remedy)
            return []
        if isinstance(periods, Days):
            periods = self.periods_of(definition, periods)
        return [Cell(definition.name, period) for period in periods]

    def periods_of(self, definition: Definition, days: Days) -> tuple[Period, ...]:
        """The periods whose last day is one of some days, as far as formulas of the time that is asked for may look."""
        first = max(days.first, add_months(self.at.start, -12 * LOOKED_BACK))
        last = min(days.last, add_months(self.at.end, 12 * LOOKED_AHEAD))
        periods: list[Period] = []
        period = definition.period.containing(first) if first <= last else None
        while period is not None and period.end <= last:
            periods.append(period)
            period = period.shift(1)
        return tuple(periods)

    def own_periods(
        self, columns: Mapping[Cell, Column], groups: Mapping[str, GroupLink], owners: Mapping[str, NDArray[np.int32]]
    ) -> Iterator[OwnPeriods]:
        """The figures of periods that begin on somebody's own day, row by row."""
        whose = Whose(self.program, columns, groups, owners, self.stays)
        stated: dict[tuple[str, int, int], str] = {}
        for name, definition, column in self.personal:
            meant = meant_period(definition, name, self.at, self.program.settings)
            if isinstance(meant, NotATime):
                self.report(definition.entity, 0, name, meant.message, remedy=meant.remedy)
                continue
            anchors = np.zeros(len(column.entries), dtype=np.int64)
            starts = np.zeros(len(column.entries), dtype=np.int64)
            for row in np.flatnonzero(~column.missing) if column.missing is not None else range(len(anchors)):
                anchors[row], starts[row], fault = whose.period(definition, int(row), meant)
                earlier = stated.setdefault((definition.name, int(row), int(starts[row])), name) if not fault else name
                if fault or earlier != name:
                    message = fault or f"states the same as the column `{earlier}`: both are of one period"
                    self.report(definition.entity, int(row) + 1, name, message)
            yield OwnPeriods(definition.name, anchors, starts, column)

    def column(self, entity: Entity, name: str, definition: Definition) -> Column:
        members = self.program.settings.enums[definition.type.enum].members if definition.type.enum else ()
        unit = unit_of(self.program, definition)
        cells = self.tables[entity.name][name]
        plain = plain_decimals(cells, unit) if definition.type.kind in (Kind.MONEY, Kind.RATE) else None
        if plain is not None:
            empty = np.zeros(len(plain), dtype=bool)
            return self.within(entity, name, definition, column_of(plain), unit=unit, empty=empty)
        array = cells.combine_chunks()
        none = _stated_none(array) if definition.may_not_apply else None
        if none is not None:
            array = compute.if_else(pa.array(none), pa.scalar(None, array.type), array)
        entry = entries_from(array, definition.type, unit, tuple(members))
        if none is not None:
            entry = replace(entry, entries=np.where(none, NONE_ENTRY, entry.entries), missing=entry.missing & ~none)
        for row, message in zip(entry.bad_rows(), entry.messages(array), strict=True):
            self.report(entity.name, row + 1, name, message)
        column = column_of(entry.entries, entry.missing if entry.missing.any() else None)
        return self.within(entity, name, definition, column, unit=unit, empty=entry.missing | entry.bad)

    def within(
        self, entity: Entity, name: str, definition: Definition, column: Column, *, unit: int, empty: NDArray[np.bool_]
    ) -> Column:
        """The column, with 0 for entries that are out of the range of the figure, which are reported."""
        low, high, told = _range_of(definition, unit)
        if (low is None or low <= column.low) and (high is None or column.high <= high):
            return column
        outside = np.zeros(len(column.entries), dtype=bool)
        if low is not None:
            outside |= (column.entries < low) & (column.entries != NONE_ENTRY)
        if high is not None:
            outside |= column.entries > high
        outside &= ~empty
        for row in np.flatnonzero(outside):
            self.report(entity.name, int(row) + 1, name, f"is out of the range {told}")
        return column_of(np.where(outside, 0, column.entries), column.missing)


def _stated_none(array: Any) -> NDArray[np.bool_] | None:
    """Where a column of words says that there is none; None if it nowhere does."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        return None
    words = compute.equal(array, pa.scalar(str(NONE), array.type)).fill_null(False)
    equal: NDArray[np.bool_] = words.to_numpy(zero_copy_only=False)
    return equal if equal.any() else None


def _range_of(definition: Definition, unit: int) -> tuple[int | None, int | None, str]:
    """The least and greatest entry that a figure may have, and both as they are told to people."""
    kind, low, high = definition.type.kind, definition.low, definition.high
    if kind is Kind.DATE:
        return EARLIEST_FACT.toordinal(), LATEST_FACT.toordinal(), f"{EARLIEST_FACT} .. {LATEST_FACT}"
    if not definition.type.is_number:
        return None, None, ""
    if kind is Kind.MONEY and low is None and high is None:
        low, high = Fraction(-MONEY_LIMIT), Fraction(MONEY_LIMIT)
    least, most = None if low is None else ceil(low * unit), None if high is None else floor(high * unit)
    return least, most, range_text(low, high)
