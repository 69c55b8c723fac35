"""What a search reads of a log besides what an annual run gathers.

1. Of people who are asked about by themselves everybody of whom anything is recorded: those of whom the condition reads
   nothing have an answer too.
2. The further owners of records that have several.
3. What the ledger says that people owe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow

from api.assess.binding import Binding, Rows
from api.assess.gathering import Members, Part, Population
from api.failures import Failure
from api.history.owed import owed_by
from citizens import History, Wanted
from engine.population.owner_columns import column_of_owner
from engine.reading.declared_settings import Entity

pa: Any = pyarrow


def wanted_of(binding: Binding) -> Mapping[str, Wanted]:
    """What to read of a log: the facts of the condition, everybody, and everybody's records with all owners."""
    entities = binding.program.settings.entities
    everybody = {} if binding.person else {f"anybody of {binding.group}": Wanted(anybody=binding.group)}
    owners = {
        owner.name: Wanted(kinds="r", group=owner.entity)
        for record in binding.records
        for owner in entities[record].further
    }
    return {**binding.wanted, **everybody, **owners}


def add_owners(part: Part, tables: dict[str, Any]) -> None:
    """Give the tables of records a column for each owner. Raises Failure for records that nobody in a group owns first,
    and somebody in one owns too."""
    binding = part.population.binding
    entities = binding.program.settings.entities
    for record in binding.records:
        members, entity = part.population.members.get(record), entities[record]
        if members is None or not entity.further:
            continue
        _check_first_owners(part, entity, members)
        table = tables.get(record)
        if table is None:
            continue
        first = column_of_owner(entity.first_owner or entity.belongs_to)
        names = [first if name == column_of_owner(entity.belongs_to) else name for name in table.column_names]
        table = table.rename_columns(names)
        for owner in entity.further:
            rows = _owned(members, owner.name)[part.inside[record]]
            table = table.append_column(column_of_owner(owner.name), pa.array(rows, mask=rows < 0))
        tables[record] = table


def _owned(members: Members, name: str) -> Rows:
    """The row of each record's owner of a name; -1: not said."""
    link = members.table.links.get(name)
    return link.rows if link is not None else np.full(len(members.table), -1, dtype=np.int64)


def _check_first_owners(part: Part, entity: Entity, members: Members) -> None:
    binding, population = part.population.binding, part.population
    left = np.flatnonzero(members.of < 0)
    for owner in entity.further:
        rows = _owned(members, owner.name)[left]
        if owner.entity == binding.person:
            people = population.members[owner.entity].of
            rows = np.where(rows >= 0, people[np.maximum(rows, 0)], -1) if len(people) else rows
        if (rows >= 0).any():
            known = members.name(int(left[np.flatnonzero(rows >= 0)[0]]))
            message = f"{known} belongs to somebody in no {binding.group}, and to somebody in one"
            raise Failure(message, f"record the {binding.group} of its first owner")


def add_debts(log: History, population: Population, tables: dict[str, Any], horizon: int) -> None:
    """Give the tables what their people owe by the ledger, where the condition reads that and nobody recorded it."""
    binding = population.binding
    posted = log.posted(horizon) if any(definition.ledger for definition in binding.read.values()) else set()
    for column, definition in binding.read.items():
        table = tables.get(definition.entity)
        if not definition.ledger or table is None:
            continue
        rows = table.column(f"{definition.entity}_id").to_pylist()
        names = [population.name(definition.entity, row) for row in rows]
        stated = table.column(column).to_pylist() if column in table.column_names else [None] * len(names)
        owed = [
            owed_by(log, binding.program, definition, name, horizon, among=posted).amount if fact is None else fact
            for name, fact in zip(names, stated, strict=True)
        ]
        others = table.drop_columns([column]) if column in table.column_names else table
        tables[definition.entity] = others.append_column(column, pa.array(owed, pa.decimal128(38, 6)))
