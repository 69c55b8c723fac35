"""Ids of the rows of tables, and how people, groups and records belong together, checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from engine.ir.program import Definition, Program
from engine.population.columns import (
    Cell,
    Column,
    GroupLink,
    Stays,
)
from engine.population.dated import (
    LEAVES,
    NOBODY,
    Head,
    Statement,
    as_arrays,
    group_on,
    heads,
    most_at_once,
    stretches,
    throughout,
)
from engine.population.faults import NO_ID, BadCell, Refused
from engine.population.functions import compute, empty_cells
from engine.population.owner_columns import column_of_owner, first_owner_column, owner_names
from engine.population.roles import no_such_role, role_places
from engine.reading.declared_settings import Entity, Role
from engine.values.periods import Period

pa: Any = pyarrow
Table = Any


@dataclass(slots=True)
class LinkReader:
    """Reads ids and links. `bad` collects, for each entity, the rows at fault; `known` the ids, `stays` who is in a
    group for a time."""

    program: Program
    at: Period
    tables: dict[str, Table]
    files: dict[str, str]
    problems: list[BadCell] = field(default_factory=list)
    bad: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    refused: Sequence[Refused] = ()
    named: bool = True
    stays: dict[str, Stays] = field(default_factory=dict)

    def report(self, entity: str, row: int, column: str, message: str, *, remedy: str = "", kind: str = "") -> None:
        """Note a fault; `row` counts from 1."""
        self.problems.append(BadCell(self.files.get(entity, entity), row, column, message, remedy, kind))
        if row:
            self.bad[entity][row - 1] = True

    def readable(self, entity: Entity, table: Table) -> Table:
        """The table without columns that say the same thing twice or cannot say it: each is reported."""
        names = table.column_names
        repeated = sorted({name for name in names if names.count(name) > 1})
        for name in repeated:
            self.report(entity.name, 0, name, "the column appears twice; keep one of the two")
        linking = [name for name in names if name in self.linking(entity)]
        nested = [name for name in linking if name not in repeated and not _plain(table.schema.field(name).type)]
        for name in nested:
            kind = table.schema.field(name).type
            self.report(entity.name, 0, name, f"holds values of the type {kind}, where ids are whole numbers or text")
        places = [at for at, name in enumerate(names) if name not in repeated and name not in nested]
        return table.select(places)

    def linking(self, entity: Entity) -> set[str]:
        """The columns that are not figures: ids, links and roles."""
        taken = {"id", "role", f"{entity.name}_id", *map(column_of_owner, owner_names(entity))}
        taken |= {f"{entity_name}_{end}" for entity_name in self.program.settings.entities for end in ("id", "role")}
        dated = [name for name in self.tables[entity.name].column_names if "@" in name]
        return taken | {name for name in dated if name.partition("@")[0] in taken}

    def name_of(self, definition: Definition, row: int) -> str:
        ids = self.known[definition.entity]
        return str(ids[row].as_py()) if ids is not None else f"row {row + 1}"

    def identities(self, entity: Entity, table: Table) -> Any:
        """The column of ids, None if there is none. Missing and repeated ones are reported."""
        name = next((column for column in (f"{entity.name}_id", "id") if column in table.column_names), None)
        if name is None:
            return None
        ids = table[name].combine_chunks()
        if pa.types.is_dictionary(ids.type):
            ids = ids.dictionary_decode()
        if _rising(ids):
            return ids
        encoded = ids.dictionary_encode()
        if not ids.null_count and len(encoded.dictionary) == len(ids):
            return ids
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        _, first, which, counts = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
        earlier = first[which] == np.arange(len(codes))
        shared = is_named_by_others(self.program.settings.entities, entity.name, self.tables)
        for row in np.flatnonzero((codes < 0) | ~earlier | ((counts[which] > 1) & shared)):
            if codes[row] < 0:
                self.report(entity.name, int(row) + 1, name, "there is no id", kind=NO_ID)
                continue
            text = str(ids[int(row)].as_py())
            message = shared_id(text) if earlier[row] else f"`{text}` is the id of row {first[which[row]] + 1} already"
            self.report(entity.name, int(row) + 1, name, message)
        return ids

    def links(self) -> tuple[dict[str, GroupLink], dict[str, NDArray[np.int32]]]:
        groups: dict[str, GroupLink] = {}
        owners: dict[str, NDArray[np.int32]] = {}
        for entity in self.program.settings.entities.values():
            if entity.name in self.tables and entity.of in self.tables:
                groups[entity.name] = self.group(entity)
            elif entity.name in self.tables and entity.belongs_to in self.tables:
                names = self.tables[entity.name].column_names
                column = first_owner_column(entity, names)
                by_entity = column_of_owner(entity.belongs_to)
                if column != by_entity in names and entity.further_owner(entity.belongs_to) is None:
                    message = f"says whose each {entity.name} is, as the column `{column}` does"
                    self.report(entity.name, 0, by_entity, message, remedy="keep one of the two")
                owners[entity.name] = self.pointed(entity.name, column, entity.belongs_to, True)
        return groups, owners

    def further_owners(self) -> dict[tuple[str, str], NDArray[np.int32]]:
        """The rows of the owners that records have besides the first, by what formulas call them."""
        return {
            (entity.name, owner.name): self.pointed(entity.name, column_of_owner(owner.name), owner.entity, True)
            for entity in self.program.settings.entities.values()
            if entity.name in self.tables and entity.belongs_to
            for owner in entity.further
            if owner.entity in self.tables
        }

    def pointed(self, entity: str, column: str, target: str, needed: bool) -> NDArray[np.int32]:
        """The rows that a column of ids points to; -1 for an empty cell."""
        table = self.tables[entity]
        if column not in table.column_names:
            if needed:
                remedy = f"give the {target} that each {entity} belongs to in a column `{column}`"
                self.report(entity, 0, column, "the column is missing", remedy=remedy)
            return np.full(table.num_rows, -1 if not needed else 0, dtype=np.int32)
        given, places = table[column].combine_chunks(), np.full(table.num_rows, -1, dtype=np.int32)
        known = self.known[target]
        if known is not None:
            places = _places(given, known)
        empty = empty_cells(given)
        for row in np.flatnonzero((places < 0) & ~empty):
            self.report(entity, int(row) + 1, column, f"there is no {target} `{given[int(row)].as_py()}`")
        if needed:
            for row in np.flatnonzero(empty):
                self.report(entity, int(row) + 1, column, f"does not say which {target}")
        return np.maximum(places, 0) if needed else places

    def group(self, entity: Entity) -> GroupLink:
        people = self.tables[entity.of]
        of = self.pointed(entity.of, f"{entity.name}_id", entity.name, False)
        name = next((column for column in (f"{entity.name}_role", "role") if column in people.column_names), None)
        if name is None:
            self.report(entity.of, 0, f"{entity.name}_role", "the column is missing")
            return GroupLink(of, np.zeros(len(of), dtype=np.int8))
        stated = people[name].combine_chunks()
        places = role_places(stated, entity.roles)
        wrong = (places < 0) & (of >= 0)
        for row in np.flatnonzero(wrong):
            self.report(entity.of, int(row) + 1, name, no_such_role(stated[int(row)].as_py(), entity))
        role = np.maximum(places, 0).astype(np.int8)
        stays = self.dated(entity, people, of, role)
        if stays is None:
            self.roles(entity, of, role, wrong=wrong)
            return GroupLink(of, role)
        self.stays[entity.name] = stays
        self.roles(entity, of, role, stays, wrong=wrong)
        group_on(stays, of, role, self.at.end)
        return GroupLink(of, role)

    def dated(self, entity: Entity, people: Table, of: NDArray[np.int32], role: NDArray[np.int8]) -> Stays | None:
        """The memberships for a time, if columns say any."""
        dated_heads, wrong = heads(entity, people.column_names, self.program.settings)
        for name, fault in wrong:
            self.report(entity.of, 0, name, fault.message, remedy=fault.remedy)
        stated: dict[int, list[Statement]] = {}
        for head in dated_heads:
            for row, statement in self.stated_by(entity, people, head, role):
                stated.setdefault(row, []).append(statement)
        by_person: dict[int, list[Statement]] = {}
        for row, statements in stated.items():
            by_person[row], clash = stretches(throughout(int(of[row]), int(role[row])), statements)
            if clash is not None:
                message = f"two columns say in which {entity.name} somebody is on {clash}"
                self.report(entity.of, row + 1, f"{entity.name}_id", message, remedy="part their days")
        return as_arrays(by_person) if by_person else None

    def stated_by(
        self, entity: Entity, people: Table, head: Head, bare: NDArray[np.int8]
    ) -> Iterator[tuple[int, Statement]]:
        """What the columns of some days say, by row."""
        of = self.pointed(entity.of, head.ids, entity.name, False)
        places, leaves = bare.astype(np.int64), np.zeros(len(of), dtype=np.bool_)
        if head.roles:
            told = people[head.roles].combine_chunks()
            words = compute.equal(told.cast(pa.string()), pa.scalar(LEAVES)).fill_null(False)
            leaves = words.to_numpy(zero_copy_only=False)
            empty = told.is_null().to_numpy(zero_copy_only=False)
            places = np.where(empty, places, role_places(told, entity.roles))
            for row in np.flatnonzero((places < 0) & (of >= 0) & ~leaves):
                self.report(entity.of, int(row) + 1, head.roles, no_such_role(told[int(row)].as_py(), entity))
        for row in np.flatnonzero((of >= 0) | leaves):
            group = NOBODY if leaves[row] else int(of[row])
            yield int(row), Statement(head.days, group, max(int(places[row]), 0))

    def roles(
        self,
        entity: Entity,
        of: NDArray[np.int32],
        role: NDArray[np.int8],
        stays: Stays | None = None,
        *,
        wrong: NDArray[np.bool_],
    ) -> None:
        """Report groups with too few or too many in a role: those for a time count on the day on which most do. People
        whose role is `wrong` are told of, and count in none."""
        count, roles = self.tables[entity.name].num_rows, len(entity.roles)
        inside, unclear = (of >= 0) & ~wrong, frozenset(of[wrong].tolist())
        if stays is not None:
            inside[stays.person] = False
        held = np.bincount(of[inside].astype(np.int64) * roles + role[inside], minlength=count * roles)
        if stays is not None:
            held += most_at_once(stays, count, roles)
        for number, stated_role in enumerate(entity.roles):
            of_role = held.reshape(count, roles)[:, number]
            for row in np.flatnonzero(of_role < stated_role.minimum):
                if row in unclear:
                    continue
                self.report(entity.name, int(row) + 1, stated_role.name, f"nobody has the role `{stated_role.name}`")
            if stated_role.maximum is not None:
                for row in np.flatnonzero(of_role > stated_role.maximum):
                    message = (
                        f"{of_role[row]} have the role `{stated_role.name}`, and at most {stated_role.maximum} may"
                    )
                    self.report(entity.name, int(row) + 1, stated_role.name, message)

    def without_vacant_roles(self, entity: Entity, link: GroupLink, columns: Mapping[Cell, Column]) -> GroupLink:
        """The link without those whose role nobody holds, where a fact of the group says so."""
        of = link.group
        for number, role in enumerate(entity.roles):
            for cell, column in columns.items():
                definition = self.program.definitions[cell.name]
                stated = self.vacating(role, definition, column) if definition.entity == entity.name else None
                if stated is None:
                    continue
                if column.missing is not None:
                    stated = stated & ~column.missing
                of = np.where((of >= 0) & (link.role == number) & stated[np.maximum(of, 0)], -1, of).astype(np.int32)
                self.leave(entity.name, number, stated)
        return replace(link, group=of)

    def leave(self, group: str, role: int, stated: NDArray[np.bool_]) -> None:
        """Take those out who hold a role for a time that nobody holds."""
        stays = self.stays.get(group)
        if stays is not None:
            vacant = (stays.group >= 0) & (stays.role == role) & stated[np.maximum(stays.group, 0)]
            self.stays[group] = replace(stays, group=np.where(vacant, NOBODY, stays.group))

    def vacating(self, role: Role, definition: Definition, column: Column) -> NDArray[np.bool_] | None:
        """The rows in which a column says that nobody holds a role; None if it is not about that."""
        if definition.short_name == role.unless:
            return column.entries.astype(bool)
        if definition.short_name == role.stated_figure:
            members = list(self.program.settings.enums[definition.type.enum].members)
            return np.isin(column.entries, [members.index(member) for member in role.stated_members])
        return None


def is_named_by_others(entities: Mapping[str, Entity], name: str, tables: Collection[str]) -> bool:
    """Whether rows of other tables say by an id which row of this entity they belong to."""
    if entities[name].of in tables:
        return True
    return any(entities[other].belongs_to == name for other in tables)


def shared_id(text: str) -> str:
    """What is wrong with the first row of an id that a later row has too."""
    return f"`{text}` is the id of a later row too, and other tables may mean either"


def _places(given: Any, known: Any) -> NDArray[np.int32]:
    """Where each entry stands among those known; -1 where it does not."""
    if pa.types.is_dictionary(given.type):
        given = given.dictionary_decode()
    if given.type == known.type and not given.null_count:
        places = _places_in_row(given, known)
        if places is not None:
            return places
    if given.type != known.type:
        given, known = given.cast(pa.string()), known.cast(pa.string())
    places = compute.index_in(given, known).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return np.where(empty_cells(given), -1, places)


def _places_in_row(given: Any, known: Any) -> NDArray[np.int32] | None:
    """The same where the known ids are whole numbers without a gap, each the one before plus 1; None where not."""
    if not len(known) or not _rising(known):
        return None
    numbers, first, last = given.to_numpy(), known[0].as_py(), known[-1].as_py()
    if last - first != len(known) - 1:
        return None
    there = (numbers >= first) & (numbers <= last)
    return np.where(there, numbers - numbers.dtype.type(first), -1).astype(np.int32)


def _plain(kind: Any) -> bool:
    """Whether a column of this type can hold ids or roles."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_null(kind)
        or (pa.types.is_dictionary(kind) and _plain(kind.value_type))
    )


def _rising(ids: Any) -> bool:
    """Whether ids are whole numbers, each above the one before: then none is there twice."""
    if ids.null_count or not pa.types.is_integer(ids.type):
        return False
    numbers = ids.to_numpy()
    return bool((numbers[1:] > numbers[:-1]).all())
