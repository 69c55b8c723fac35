"""Where citizens' facts meet a program's inputs: the one place that knows both.

An attribute of a subject is the fact or figure of that name of the subject's entity. A relation is named after the
entity that it leads to: a person's `tax_unit` says which group and with which role, a record's `person` says whose it
is. What the wanted figures cannot read is left alone. What a subject's history does not say means what the rules say of
a complete case, as in a signed return.

1. From the wanted figures follow what their formulas read at the period: those facts and figures may be supplied. What
   is read for another period (a month of the year, the year before) is a column of its own: `premium@2024-03`. So is
   in which group somebody is on another day on which a formula asks for members: `tax_unit@2024-03-31`.
2. Money and whole numbers of a period are flows: they count only if they were recorded as valid from a day of that
   period. So are events, and figures that are stated in the place of a formula. What else is true or false, a day, a
   word or a rate is a status, as is what the rules call so, a stock or eternal: it holds from its day on until it is
   changed.
3. A table of the snapshot becomes a table for the engine's door, which checks every entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from api.cases.reach import reached, records_counted
from api.failures import Failure
from api.history.memberships import days_asked
from citizens import Column, Link, Table, Wanted
from engine.ir.program import Definition, Program
from engine.population.arrays import decimals
from engine.population.columns import unit_of
from engine.values.periods import Period, Unit
from engine.values.types import NONE, Kind

pc: Any = pyarrow.compute
_KINDS = {
    Kind.BOOLEAN: "b", Kind.DATE: "t", Kind.ENUM: "s", Kind.INTEGER: "di", Kind.MONEY: "di", Kind.RATE: "di",
}  # fmt: skip
_NOT_GATHERED = "an assessment gathers facts of people, of their groups, and of the records of both"
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A program's view of subjects' facts in a period. `read` are the definitions that may be supplied, by column.

    `group` is the entity that is assessed and `person` that of its members: empty where people are assessed themselves.
    `sources` are the columns that are made of each attribute. `records` are the entities of records whose facts are
    read, or which are counted, each with the entity of its owners.
    `whole`: groups are assessed from whole histories; see `whole_histories`. `moves`: the columns that say in which
    groups people are on other days; groups in which somebody is not on all of them are assessed so too.
    `wanted` says what to read of a history: those columns and the relations, each with days and kinds.
    `made`: the kind of group that is assessed, where a figure makes such groups out of those of `group`; else empty.
    """

    program: Program
    period: Period
    group: str
    person: str
    records: Mapping[str, str]
    read: Mapping[str, Definition]
    wanted: Mapping[str, Wanted]
    sources: Mapping[str, tuple[str, ...]]
    whole: bool = False
    moves: tuple[str, ...] = ()
    made: str = ""

    @property
    def assessed(self) -> str:
        """The entity that is assessed."""
        return self.made or self.group

    @property
    def by_history(self) -> bool:
        """Whether some groups are assessed from whole histories."""
        return self.whole or bool(self.moves)

    @property
    def looks_back(self) -> bool:
        """Whether figures ask who was in a group before the period."""
        return any(self.wanted[name].formerly for name in self.moves)

    @property
    def _start(self) -> str:
        """The column that says in which groups people are on the period's first day."""
        return f"{self.group}@{self.period.start}"

    @property
    def valid_on(self) -> date:
        """The day on which facts are read: the last of the period."""
        return self.period.end

    def reads(self, entity: str, column: str) -> bool:
        """Whether a column of an entity's subjects can move a figure: a fact that is read, or the relation."""
        if column == self.relation(entity) or (column in self.moves and entity == self.person):
            return True
        definition = self.read.get(column)
        return definition is not None and definition.entity == entity

    def relation(self, entity: str) -> str:
        """The relation that says where an entity's subjects belong; empty for one that is not part of a group."""
        return self.group if entity == self.person else self.records.get(entity, "")

    def columns_of(self, entity: str, attribute: str, valid_from: date) -> list[str]:
        """The columns that a change point of that day may be in; none if it can move no figure of the period."""
        return [
            column
            for column in self.sources.get(attribute, ())
            if self.reads(entity, column) and self._spans(self.wanted[column], valid_from)
        ]

    def ends(self, column: str, valid_from: date) -> bool:
        """Whether an end recorded as valid from a day ends what a column says for the period."""
        return valid_from <= self.wanted[column].ends_until

    def _spans(self, wanted: Wanted, day: date) -> bool:
        return wanted.since <= day <= min(wanted.until, self.valid_on)

    def attribute(self, column: str) -> str:
        """The attribute that a column is made of."""
        return self.wanted[column].attribute or column

    def columns(self, table: Table) -> dict[str, Column]:
        """The columns of a table that are read."""
        taken = {name for name in table.columns if self.reads(table.entity, name)}.difference(self.moves)
        return {name: column for name, column in table.columns.items() if name in taken}

    def moved(self, people: Table, groups: Table, formerly: Mapping[str, Rows]) -> Rows:
        """The rows of groups in which somebody is on some of the days on which it is asked, and not on all, or not with
        the same role. Before anybody is recorded in a group it is as on the period's first day, with those who were in
        none before. `formerly`: see `Snapshot`."""
        links = people.links
        last, moved = links[self.group], [np.empty(0, dtype=np.int64)]
        for name in self.moves:
            other = links.get(name)
            rows = _rows_at(other, last)
            differs = rows != last.rows
            if other is not None:
                names = dict.fromkeys((*last.role_names, *other.role_names, ""))
                differs |= _roles(other, list(names)) != _roles(last, list(names))
            if date.fromisoformat(name.rpartition("@")[2]) < self.period.start:
                before = formerly[name]
                known = np.isin(last.rows, np.flatnonzero(np.isin(groups.numbers, before)))
                known |= np.isin(people.numbers, before)
                differs &= known | (_rows_at(links.get(self._start), last) != last.rows)
            moved += [rows[differs], last.rows[differs]]
        rows_moved: Rows = np.unique(np.concatenate(moved))
        return rows_moved[rows_moved >= 0]

    def group_table(self, table: Table, rows: Rows) -> pa.Table:
        """Some rows of the groups' table as the engine's door takes it. Ids are row numbers."""
        return pa.table({f"{self.group}_id": pa.array(rows), **self._arrays(table, rows)})

    def person_table(self, table: Table, link: Link, rows: Rows) -> pa.Table:
        """Some rows of the people's table, with the rows of their groups and their roles there."""
        roles: Any = pa.array(link.roles[rows].astype(np.int32))
        return pa.table(
            {
                f"{self.person}_id": pa.array(rows),
                f"{self.group}_id": pa.array(link.rows[rows]),
                f"{self.group}_role": pa.DictionaryArray.from_arrays(roles, pa.array(link.role_names, pa.string())),
                **self._arrays(table, rows),
            }
        )

    def record_table(self, table: Table, link: Link, rows: Rows) -> pa.Table:
        """Some rows of a table of records, with the rows of their owners."""
        owners = pa.array(link.rows[rows])
        return pa.table(
            {f"{table.entity}_id": pa.array(rows), f"{link.entity}_id": owners, **self._arrays(table, rows)}
        )

    def _arrays(self, table: Table, rows: Rows) -> dict[str, Any]:
        return {name: _array(column, rows) for name, column in self.columns(table).items()}


def bind(
    program: Program, period: Period, figures: tuple[Definition, ...], group: str, *, as_made: bool = False
) -> Binding:
    """What has to be known for some figures of a group, or of people by themselves. `as_made`: of groups as a figure
    makes them, where they may be stated too.

    Raises Failure if they read what is not gathered.
    """
    entity, made = program.settings.entities[group], ""
    stated = (entity.by,) if entity.is_stated_or_made and not as_made else ()
    days = days_asked(program, period, figures, stated)
    if days and max(days) > period.end:  # a snapshot of the period's last day knows no later one
        days = None
    if entity.by and not stated:  # their people are those of the larger groups
        made, group, days = group, entity.within, None
        entity = program.settings.entities[group]
    for figure in figures:
        if figure.period_at(period) is None:
            message = f"`{figure.short_name}` is per {figure.period}, and {period} is not in one"
            raise Failure(message, "assess for one of its periods")
    records = _records(program, group)
    read: dict[str, Definition] = {}
    wanted: dict[str, Wanted] = {}
    cells = tuple(reached(program, period, figures, stated))
    if stated and any(program.definitions[cell.name].entity == entity.within for cell in cells):
        days = None  # what is so of the larger group that its people are in, whole histories tell
    for cell in cells:
        definition = program.definitions[cell.name]
        if program.find(definition.short_name) is not definition:
            continue  # a private name of several modules: nobody can mean it
        if definition.entity not in (group, entity.of, *records):
            if definition.is_input and days is not None:
                raise Failure(f"the figures read `{definition.short_name}` of a {definition.entity}", _NOT_GATHERED)
            continue
        name = _column_name(definition, cell.period, period)
        read[name] = definition
        wanted[name] = _wanted(program, definition, cell.period)
    used = {column_definition.entity for column_definition in read.values()} | records_counted(program, cells)
    records = {record: owner for record, owner in records.items() if record in used}
    if any(program.settings.entities[record].further for record in records):
        days = None  # whoever owns a record too may be in another group
    relations = (*((group,) if entity.of else ()), *records.values())
    wanted |= {name: Wanted(kinds="r", group=name) for name in relations}
    if entity.of:  # who leaves a group in the period, and joins no other, counts in it for the period
        wanted[group] = replace(wanted[group], ends_until=period.start)
    earlier = any(day < period.start for day in days or ())
    asked = (days or frozenset()) | ({period.start} if earlier else set())
    moves = {f"{group}@{day}": day for day in sorted(asked - {period.end}) if entity.of}
    wanted |= {
        name: Wanted(kinds="r", group=group, attribute=group, until=day, formerly=day < period.start)
        for name, day in moves.items()
    }
    sources: dict[str, tuple[str, ...]] = {}
    for name, wanted_column in wanted.items():
        sources[wanted_column.attribute or name] = (*sources.get(wanted_column.attribute or name, ()), name)
    return Binding(program, period, group, entity.of, records, read, wanted, sources, days is None, tuple(moves), made)


def _rows_at(link: Link | None, last: Link) -> Rows:
    return link.rows if link is not None else np.full(len(last.rows), -1, dtype=np.int64)


def _roles(link: Link, names: list[str]) -> Rows:
    """Roles as places among `names`."""
    places: Rows = np.array([names.index(name) for name in (*link.role_names, "")], dtype=np.int64)[link.roles]
    return places


def _column_name(definition: Definition, of: Period, period: Period) -> str:
    """What the engine's door calls a column: the fact's name, with its period where that is another."""
    whole = of.start <= period.start and period.end <= of.end
    return definition.short_name if whole else f"{definition.short_name}@{of}"


def _wanted(program: Program, definition: Definition, of: Period) -> Wanted:
    """From which day and to which a change point counts for a period, and what kinds of value the fact has.

    A flow or event counts only if it was recorded for the period; a status holds on from any day before.
    """
    until = date.max if definition.period.unit is Unit.ETERNITY else of.end
    kinds, since = _KINDS.get(definition.type.kind, ""), date.min if definition.lasts else of.start
    places = _places(program, definition) if "d" in kinds else None
    word = str(NONE) if definition.may_not_apply else ""
    return Wanted(since, until, kinds, attribute=definition.short_name, places=places, word=word)


def _places(program: Program, definition: Definition) -> int:
    """The decimals of a fact's grid: what has more is one household's fault, and none of the others'."""
    unit = unit_of(program, definition)
    return next(size for size in range(19) if 10**size % unit == 0)


def _records(program: Program, group: str) -> dict[str, str]:
    """The entities of records that belong to the groups or to their people, each with its owners'."""
    entities = program.settings.entities
    return {
        entity.name: entity.belongs_to
        for entity in entities.values()
        if entity.belongs_to in (group, entities[group].of)
    }


def _array(column: Column, rows: Rows) -> Any:
    """A column's rows as the engine's door reads them: decimals with their scale, all else as it is; as words where
    some of them say that there is none."""
    values = _values(column, rows)
    if column.worded is None or not column.worded[rows].any():
        return values
    return pc.if_else(pa.array(column.worded[rows]), pa.scalar(str(NONE)), values.cast(pa.string()))


def _values(column: Column, rows: Rows) -> Any:
    values, missing = column.values[rows], ~column.known[rows]
    match column.kind:
        case "decimal":
            return decimals(values, 10**column.scale, missing)
        case "boolean":
            return pa.array(values.astype(np.bool_), mask=missing)
        case "date":
            return pa.array(values.astype(np.int32), mask=missing).cast(pa.date32())
        case "text":
            places: Any = pa.array(values.astype(np.int32), mask=missing)
            return pa.DictionaryArray.from_arrays(places, pa.array(column.words, pa.string()))
        case "integer":
            return pa.array(values, mask=missing)
