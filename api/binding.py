"""Where citizens' facts meet a program's inputs: the one place that knows both.

An attribute of a subject is the fact or figure of that name of the subject's entity. A relation is named after the
entity that it leads to: a person's `tax_unit` says which group and with which role, a record's `person` says whose it
is. What the wanted figures cannot read is left alone. What a subject's history does not say means what the rules say of
a complete case, as in a signed return.

1. From the wanted figures follow what their formulas read at the period: those facts and figures may be supplied.
2. Money and whole numbers of a period are flows: they count only if they were recorded as valid from a day of that
   period. So are figures that are stated in the place of a formula. What is true or false, a day, a word or a rate is a
   status, as is what the rules call a stock or eternal: it holds from its day on until it is changed.
3. A table of the snapshot becomes a table for the engine's door, which checks every entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.failures import Failure
from citizens import Column, Link, Table, Wanted
from engine.column_arrays import decimals
from engine.columns import Cell
from engine.ir.fold import formula_at
from engine.ir.program import Definition, Program
from engine.native.plan import cell_for, reads
from engine.periods import Period, PeriodKind, Unit
from engine.types import Kind

_KINDS = {
    Kind.BOOLEAN: "b", Kind.DATE: "t", Kind.ENUM: "s", Kind.INTEGER: "di", Kind.MONEY: "di", Kind.RATE: "di",
}  # fmt: skip
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A program's view of subjects' facts in a period. `read` are the definitions that may be supplied, by attribute.

    `records` are the entities of records whose facts are read, each with the entity of its owners.
    `wanted` says what to read of a history: those attributes and the relation, each with days and kinds.
    """

    program: Program
    period: Period
    group: str
    person: str
    records: Mapping[str, str]
    read: Mapping[str, Definition]
    wanted: Mapping[str, Wanted]

    @property
    def valid_on(self) -> date:
        """The day on which facts are read: the last of the period."""
        return self.period.end

    def reads(self, entity: str, attribute: str) -> bool:
        """Whether an attribute of an entity's subjects can move a figure: a fact that is read, or the relation."""
        if attribute == self.relation(entity):
            return True
        found = self.read.get(attribute)
        return found is not None and found.entity == entity

    def relation(self, entity: str) -> str:
        """The relation that says where an entity's subjects belong; empty for one that is no part of a group."""
        return self.group if entity == self.person else self.records.get(entity, "")

    def counts(self, entity: str, attribute: str, valid_from: date) -> bool:
        """Whether a change point of that day can move a figure of the period."""
        return self.reads(entity, attribute) and self.wanted[attribute].since <= valid_from <= self.valid_on

    def columns(self, table: Table) -> dict[str, Column]:
        """The columns of a table that are read."""
        return {name: column for name, column in table.columns.items() if self.reads(table.entity, name)}

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


def bind(program: Program, period: Period, figures: tuple[Definition, ...], group: str = "tax_unit") -> Binding:
    """What has to be known for some figures of a group. Raises Failure if they read what is not gathered."""
    entity = program.settings.entities.get(group)
    if entity is None or not entity.of:
        raise Failure(f"the rules know no group `{group}`", "name one of their group entities")
    records, read = _records(program, group), {}
    for cell in _reached(program, period, figures):
        definition = program.definitions[cell.name]
        if program.find(definition.short_name) is not definition:
            continue  # a private name of several modules: nobody can mean it
        gathered = definition.entity in (group, entity.of, *records)
        if gathered and cell == cell_for(program, definition.name, period):
            read[definition.short_name] = definition
        elif definition.is_input:
            message = f"`{definition.short_name}` of a {definition.entity} is read for {cell.period}"
            raise Failure(
                message, f"an assessment of {period} gathers facts of people and of their {group} for {period}"
            )
    wanted = {name: Wanted(_since(one, period), _KINDS.get(one.type.kind, "")) for name, one in read.items()}
    used = {one.entity for one in read.values()}
    records = {record: owner for record, owner in records.items() if record in used}
    relations = {name: Wanted(kinds="r", group=name) for name in (group, *records.values())}
    return Binding(program, period, group, entity.of, records, read, {**wanted, **relations})


def _records(program: Program, group: str) -> dict[str, str]:
    """The entities of records that belong to the groups or to their people, each with its owners'."""
    entities = program.settings.entities
    return {one.name: one.belongs_to for one in entities.values() if one.belongs_to in (group, entities[group].of)}


def _reached(program: Program, period: Period, figures: tuple[Definition, ...]) -> Iterator[Cell]:
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


def _since(definition: Definition, period: Period) -> date:
    """The first day from which a change point counts for the period."""
    if definition.stock or is_eternal(definition.period):
        return date.min
    flows = definition.type.kind in (Kind.MONEY, Kind.INTEGER) or not definition.is_input
    return period.start if flows else date.min


def is_eternal(kind: PeriodKind) -> bool:
    """Whether what has such a period never changes, but by correction."""
    return kind.unit is Unit.ETERNITY


def _array(column: Column, rows: Rows) -> Any:
    """A column's rows as the engine's door reads them: decimals with their scale, all else as it is."""
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
