"""Figures of personal calendars in columns.

`pay@assessment_period:2024-07-20` is the period of each row that holds a day; `pay@assessment_period-1` is counted from
the one that holds the population's first day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.interpret.stated import NotATime
from engine.ir.program import Definition, Program
from engine.population.columns import NONE_ENTRY, Cell, Column, GroupLink, Stays
from engine.reading.declared_settings import Settings
from engine.records import record
from engine.values.periods import ETERNITY, Period, PeriodKind, Unit

_DISTANCE = re.compile(r"(\w+)\s*([+-]\s*\d{1,4})?")
_DATED = re.compile(r"(\w+):(\d{4}-\d{2}-\d{2})")


@record(frozen=True, slots=True)
class Meant:
    """The period that holds a day, moved on by so many."""

    day: date
    shift: int = 0


def meant_period(definition: Definition, name: str, at: Period, settings: Settings) -> Meant | NotATime:
    """What the head of a column says; why it says nothing."""
    figure, mark, text = name.partition("@")
    calendar = definition.period.calendar.name
    remedy = f"write `{figure}@{calendar}:{at.start}` for the one that holds a day, or `{figure}@{calendar}-1`"
    if not mark:
        if at.kind.unit is Unit.DAY:
            return Meant(at.start)
        return NotATime(f"is per {calendar}, and {at} may hold several of them", remedy)
    if (dated := _DATED.fullmatch(text)) and dated[1] == calendar:
        try:
            return Meant(date.fromisoformat(dated[2]))
        except ValueError:
            return NotATime(f"`{dated[2]}` is not a day", remedy)
    if (counted := _DISTANCE.fullmatch(text)) and counted[1] == calendar:
        return Meant(at.start, int((counted[2] or "0").replace(" ", "")))
    return NotATime(f"is per {calendar}, and `{text}` is not one of them", remedy)


@record(frozen=True, slots=True)
class Whose:
    """Finds the calendar of a row: its own, its group's on the day, or its owner's."""

    program: Program
    columns: Mapping[Cell, Column]
    groups: Mapping[str, GroupLink]
    owners: Mapping[str, NDArray[np.int32]]
    stays: Mapping[str, Stays]

    def period(self, definition: Definition, row: int, meant: Meant) -> tuple[int, int, str]:
        """The first day of a row's calendar and of the period that is meant; else what is wrong."""
        kind = definition.period
        unit = self._unit(kind, definition.entity, row, meant.day)
        if unit < 0:
            return 0, 0, f"is in no {kind.calendar.of} on {meant.day}, whose days begin the periods"
        first = self._first_day(kind, unit)
        if first is None:
            return 0, 0, f"the first day of the periods is not stated: `{kind.calendar.starts}`"
        own = kind.anchored(first)
        earlier = f"lies before the first period, which begins on {first}"
        if meant.day < first:
            return 0, 0, earlier
        period = own.containing(meant.day)
        for _ in range(-meant.shift):
            if period.start <= first:
                return 0, 0, earlier
            period = period.shift(-1)
        return first.toordinal(), period.shift(max(0, meant.shift)).start.toordinal(), ""

    def _unit(self, kind: PeriodKind, entity: str, row: int, day: date) -> int:
        while entity != kind.calendar.of:
            if entity in self.owners:
                entity, row = self.program.settings.entities[entity].belongs_to, int(self.owners[entity][row])
                continue
            return self._group(kind.calendar.of, row, day)
        return row

    def _group(self, group: str, row: int, day: date) -> int:
        if group in self.stays:
            stays = self.stays[group]
            first, after = np.searchsorted(stays.person, [row, row + 1])
            for at in range(first, after):
                if stays.first[at] <= day.toordinal() <= stays.last[at]:
                    return int(stays.group[at])
            if first < after:
                return -1
        return int(self.groups[group].group[row]) if group in self.groups else -1

    def _first_day(self, kind: PeriodKind, unit: int) -> date | None:
        column = self.columns.get(Cell(kind.calendar.starts, ETERNITY))
        if column is None or (column.missing is not None and column.missing[unit]):
            return None
        entry = int(column.entries[unit])
        return None if entry == NONE_ENTRY else date.fromordinal(entry)
