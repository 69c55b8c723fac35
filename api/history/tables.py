"""Tables of people, groups and records into a log, checked at the door by the rules.

1. Read each file; which entity it is of, its name says (`people.parquet`) or the user (`person=staff.csv`).
2. Let the tables through the engine's door: every entry's type, grid and range, every id, link and role. Columns that
   the rules do not know are refused, or taken as they are if the user names them.
3. With a fault nothing is recorded; or, if the user says so, all but the rows at fault and what belongs to them.
4. What the door made of the columns, in whole steps of their grid, becomes facts from one day on: exactly what the
   rules will read. A person's group and role become the relation named after the group's entity, a record's owner
   the one named after the owner's. Groups and owners of which no table is given are taken to be in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.batch.files import find_inputs
from api.cases.naming import read_period
from api.failures import Failure, Misuse, suggestion
from citizens import (
    History,
    Imported,
    InvalidEvent,
    Membership,
    Origin,
    Source,
    check_new_subject,
    import_tables,
    read_table,
)
from citizens.events import are_plain
from citizens.sample import YEAR, load_sample
from engine.ir.program import Definition, Program
from engine.population.arrays import figure_array
from engine.population.columns import Column, Columns, GroupLink, unit_of
from engine.population.door import from_arrow
from engine.population.faults import NO_FIGURE, NO_ID, BadCell
from engine.population.owner_columns import column_of_owner, first_owner_column, owner_names
from engine.reading.declared_settings import Entity

OWNER = "owner"
SAMPLE_ALSO = ("weight", "state_fips")
SAMPLE_DAY = date(YEAR, 1, 1)
MAX_FAULTS = 1_000
Tables = Mapping[str, Any]
Lent = Mapping[str, tuple[str, ...]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Admission:
    """What may be recorded, and what was wrong. `skipped` counts rows that are left out, by file or entity. `owners`
    are the subjects that records belong to and no table gives."""

    sources: tuple[Source, ...]
    faults: tuple[BadCell, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)
    owners: tuple[str, ...] = ()


def sample_tables() -> dict[str, Any]:
    """The shipped population. What is zero there was not stated, and is left empty, but for ages."""
    sample = load_sample()
    separately = pc.equal(sample.tax_units["filing_status"], pa.scalar("separate"))
    units = sample.tax_units.append_column("files_separately", separately)
    return {"person": _without_zeros(sample.people), "tax_unit": _without_zeros(units)}


def _without_zeros(table: Any) -> Any:
    made = {}
    for name in table.column_names:
        column: Any = table[name]
        if name != "age" and (pa.types.is_boolean(column.type) or pa.types.is_integer(column.type)):
            empty = pa.scalar(0, pa.int64()).cast(column.type)
            column = pc.if_else(pc.equal(column, empty), pa.scalar(None, column.type), column)
        made[name] = column
    return pa.table(made)


def read_files(program: Program, files: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The tables by entity, and the files' names. Raises Failure or Misuse for what is not a table."""
    inputs = find_inputs(program, list(files))
    tables = {entity: read_table(path) for entity, path in inputs.items()}
    for entity, table in tables.items():
        _check_names(inputs[entity], table)
    return tables, {entity: str(path) for entity, path in inputs.items()}


def _check_names(path: Path, table: Any) -> None:
    for name in table.column_names:
        if table.column_names.count(name) > 1:
            raise Failure(f"{path} has the column `{name[:40]}` twice", "name each column once")


def admit(
    program: Program, day: date, tables: Tables, also: Sequence[str], *, skip_bad: bool, files: Mapping[str, str]
) -> Admission:
    """Check the tables as of the year that holds `day`, and make sources of what is sound."""
    if not any(len(table) for table in tables.values()):
        raise Failure("the files hold no rows", "give at least one row")
    for entity, table in tables.items():
        _check_columns(program, entity, table)
    given = {entity: _with_text_ids(program, table) for entity, table in tables.items()}
    sound = {entity: _without_bad_ids(entity, table) for entity, table in given.items()}
    known, others = _parted(program, sound, also)
    known, lent = _with_named(program, known)
    period = read_period(program, str(day.year))
    door = from_arrow(program, period, known, complete=True, leave_out=skip_bad, made=False)
    tell = _Telling(program, given, known, lent, files)
    problems = sorted(map(tell.told, door.problems), key=lambda fault: (fault.table, fault.row))
    faults = tuple(dict.fromkeys(problems[:MAX_FAULTS]))
    if door.columns is None or any(fault.row == 0 for fault in door.problems):
        return Admission((), faults)
    skipped = {
        files.get(entity, entity): len(table) - door.columns.counts[entity]
        for entity, table in known.items()
        if entity not in lent and len(table) > door.columns.counts[entity]
    }
    entities = _in_order(program, known, lent)
    sources = tuple(_source(program, entity, door.columns, others[entity], day) for entity in entities)
    return Admission(sources, faults, skipped, tuple(_owners(program, known, lent)))


def _owners(program: Program, tables: Tables, lent: Lent) -> Iterator[str]:
    """Whom records name and no table gives, as subjects."""
    entities = program.settings.entities
    for entity, naming in lent.items():
        if any(entity in (entities[namer].belongs_to, *_further(entities[namer])) for namer in naming):
            yield from (f"{entity}/{identifier}" for identifier in tables[entity][f"{entity}_id"].to_pylist())


def strangers(log: History, admission: Admission) -> list[str]:
    """The owners of whom nothing is recorded: they may come later, or their ids are mistyped."""
    return [owner for owner in admission.owners if not log.version(owner)]


def record(log: History, admission: Admission, origin: Origin, day: date, on_progress: Progress) -> Imported:
    """Record what was admitted. The day is in each event's id: the same tables from another day are other facts."""
    return import_tables(log, admission.sources, origin, import_name(day), on_progress)


def import_name(day: date) -> str:
    """What the ids of imported events begin with."""
    return f"import/{day}"


def _in_order(program: Program, tables: Tables, lent: Lent) -> list[str]:
    """Groups before people before records, so that what others lead to has the lower offsets."""
    entities = program.settings.entities

    def rank(name: str) -> int:
        return 2 if entities[name].belongs_to else 0 if entities[name].of else 1

    return sorted((table for table in tables if table not in lent), key=rank)


def _parted(program: Program, tables: Tables, also: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns for the door, and by entity the ids with those that go past it."""
    known: dict[str, Any] = {}
    others: dict[str, Any] = {}
    left = set(also)
    for entity, table in tables.items():
        aside = [name for name in table.column_names if name in also]
        left -= set(aside)
        known[entity] = table.drop_columns(aside)
        others[entity] = table.select([_id_column(entity, table), *aside])
    if left:
        raise Misuse(f"no table has a column `{min(left)}`", "name columns of the files with `--also`")
    return known, others


def _id_column(entity: str, table: Any) -> str:
    for name in (f"{entity}_id", "id"):
        if name in table.column_names:
            return name
    raise Failure(
        f"the table of each {entity} has no ids",
        f"name the column `{entity}_id`; there are {', '.join(table.column_names[:6])}",
    )


def _with_named(program: Program, tables: dict[str, Any]) -> tuple[dict[str, Any], Lent]:
    """Where rows name groups or owners of which there is no table, one with nothing but their ids; whose rows do."""
    lent: dict[str, tuple[str, ...]] = {}
    completed = dict(tables)
    for name in program.settings.entities:
        columns = [(table, column) for table in tables for column in _naming(program, table, tables[table], name)]
        naming = tuple(dict.fromkeys(table for table, _ in columns))
        if naming and name not in tables:
            named = dict.fromkeys(
                id for namer, column in columns for id in pc.unique(tables[namer][column].drop_null()).to_pylist()
            )
            completed[name] = pa.table(
                {
                    f"{name}_id": pa.array(
                        [identifier for identifier in named if not bad_id(name, identifier)], pa.string()
                    )
                }
            )
            lent[name] = naming
    return completed, lent


def _naming(program: Program, entity: str, table: Any, other: str) -> list[str]:
    """The columns in which rows of an entity's table name rows of the other: their group, or their owners."""
    declared, columns = program.settings.entities[entity], []
    if program.settings.entities[other].of == entity:
        columns.append(f"{other}_id")
    if declared.belongs_to == other:
        columns.append(first_owner_column(declared, table.column_names))
    if declared.belongs_to:
        columns += [column_of_owner(owner.name) for owner in declared.further if owner.entity == other]
    return [column for column in columns if column in table.column_names]


def _further(entity: Entity) -> tuple[str, ...]:
    """The entities of a record's further owners."""
    return tuple(owner.entity for owner in entity.further) if entity.belongs_to else ()


@dataclass(frozen=True, slots=True)
class _Telling:
    """Faults as the door found them, in the words and with the rows of the user's files."""

    program: Program
    given: Tables
    known: Tables
    lent: Lent
    files: Mapping[str, str]

    def told(self, fault: BadCell) -> BadCell:
        """The fault with its file, the row of it, and what was probably meant."""
        entity = fault.table
        if entity in self.lent:
            entity, fault = self._of_namer(fault)
        told = replace(fault, table=self.files.get(entity, entity))
        if fault.kind == NO_FIGURE:
            known = {definition.short_name for definition in self.program.definitions.values()}
            otherwise = f"leave it out, or record it as it is with `--also {fault.column}`"
            return replace(told, remedy=suggestion(fault.column, known, otherwise))
        if fault.kind == NO_ID:
            identifier = self.given[entity][fault.column][fault.row - 1].as_py()
            problem = bad_id(entity, identifier) if identifier is not None else None
            return told if problem is None else replace(told, message=problem.message, remedy=problem.remedy)
        return told

    def _of_namer(self, fault: BadCell) -> tuple[str, BadCell]:
        """A fault of a group or an owner that only others' rows name, at the first of them, and whose row that is."""
        name = self.known[fault.table][f"{fault.table}_id"][fault.row - 1].as_py()
        rows = (
            (namer, column, pc.index(self.given[namer][column], pa.scalar(name)).as_py())
            for namer in self.lent[fault.table]
            for column in _naming(self.program, namer, self.given[namer], fault.table)
        )
        entity, column, row = next(found for found in rows if found[2] >= 0)
        return entity, replace(fault, row=row + 1, column=column, message=f"in `{name}`: {fault.message}")


def bad_id(entity: str, identifier: str) -> InvalidEvent | None:
    """Why an id cannot stand in a log; None if it can."""
    if identifier != identifier.strip():
        return InvalidEvent(f"`{identifier[:40]}` has spaces around it", "remove them")
    try:
        check_new_subject(f"{entity}/{identifier}")
    except InvalidEvent as error:
        return error
    if identifier.startswith("erased-"):
        return InvalidEvent("ids that start with `erased-` are kept for erased subjects", "choose another id")
    return None


def _check_columns(program: Program, entity: str, table: Any) -> None:
    declared = program.settings.entities[entity]
    owners = [(declared.belongs_to, first_owner_column(declared, table.column_names))] if declared.belongs_to else []
    owners += [(owner.entity, column_of_owner(owner.name)) for owner in declared.further if declared.belongs_to]
    for owner, column in owners:
        if column not in table.column_names:
            raise Failure(
                f"the table of each {entity} does not say whose each is",
                f"name the {owner} in a column `{column}`; there are {', '.join(table.column_names[:6])}",
            )
    dated = [name for name in table.column_names if "@" in name]
    if dated:
        help = "import the facts of each period from a file of its own, with its own `--valid-from`"
        raise Failure(f"the column `{dated[0][:60]}` is of another period", help)


def _with_text_ids(program: Program, table: Any) -> Any:
    """The table with the ids of its rows and of groups as text; whole numbers that were kept as floats as numbers."""
    entities = program.settings.entities.values()
    owners = {column_of_owner(name) for entity in entities for name in owner_names(entity)}
    for name in {"id", *owners, *(f"{entity.name}_id" for entity in entities)} & set(table.column_names):
        column = table[name]
        try:
            if pa.types.is_floating(column.type):
                column = column.cast(pa.int64())
            column = pc.utf8_normalize(column.cast(pa.string()), "NFC")  # type: ignore[attr-defined]
        except pa.ArrowException:
            raise Failure(f"the column `{name}` holds {column.type}, which is not an id", "give ids as text") from None
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def _without_bad_ids(entity: str, table: Any) -> Any:
    """The table with nothing in the place of ids that cannot stand in a log: the door refuses those rows."""
    name = _id_column(entity, table)
    ids = table[name].to_pylist()
    if not table[name].null_count and are_plain(ids):
        return table
    good = [id_ if id_ is not None and not bad_id(entity, id_) else None for id_ in ids]
    return table if good == ids else table.set_column(table.column_names.index(name), name, pa.array(good, pa.string()))


def _source(program: Program, entity: str, columns: Columns, others: Any, day: date) -> Source:
    """The rows of one entity as facts."""
    ids = [str(identifier) for identifier in columns.ids[entity]]
    made: dict[str, Any] = {"id": pa.array(ids, pa.string())}
    for cell, column in columns.columns.items():
        definition = program.definitions[cell.name]
        if definition.entity == entity:
            made[definition.short_name] = _facts(program, definition, column)
    memberships = []
    for group, link in columns.groups.items():
        if program.settings.entities[group].of == entity:
            memberships.append(_membership(program, group, columns, link, made))
    declared = program.settings.entities[entity]
    if owner := declared.belongs_to:
        memberships.append(_ownership(owner, owner, columns.ids[owner], columns.owners[entity], made=made))
        for further in declared.further:
            theirs = columns.further_owners[entity, further.name]
            told = _ownership(further.name, further.entity, columns.ids[further.entity], theirs, made=made)
            memberships.append(told)
    return Source(_beside(pa.table(made), others), entity, "id", day, memberships=tuple(memberships))


def _membership(program: Program, group: str, columns: Columns, link: GroupLink, made: dict[str, Any]) -> Membership:
    """The relation of people to their groups; its two columns are put beside the facts."""
    names = np.array([str(identifier) for identifier in columns.ids[group]], dtype=object)
    roles = np.array([role.name for role in program.settings.entities[group].roles], dtype=object)
    outside = link.group < 0
    of, role = f"{group}_id", f"{group}_role"
    in_group = names[np.maximum(link.group, 0)] if len(names) else np.full(len(outside), None)
    made[of] = pa.array(in_group, pa.string(), mask=outside)
    made[role] = pa.array(roles[link.role], pa.string())
    return Membership(group, group, of, role_column=role)


def _ownership(relation: str, owner: str, ids: Any, rows: Any, *, made: dict[str, Any]) -> Membership:
    """The relation of records to their owners of an entity; its column is put beside the facts."""
    column = column_of_owner(relation)
    made[column] = pa.array(np.array([str(id_) for id_ in ids], dtype=object)[rows], pa.string())
    return Membership(relation, owner, column, role=OWNER)


def _beside(table: Any, others: Any) -> Any:
    """The table with the columns that went past the door, of the same ids."""
    by_id = others.column_names[0]
    if len(others.column_names) == 1:
        return table
    places = pc.index_in(table["id"], others[by_id].cast(pa.string()).combine_chunks())
    taken = others.take(places)
    for name in others.column_names[1:]:
        table = table.append_column(name, taken[name])
    return table


def _facts(program: Program, definition: Definition, column: Column) -> Any:
    """A column of steps as Arrow; money that is whole everywhere is kept as whole numbers."""
    known = np.ones(len(column.entries), dtype=np.bool_) if column.missing is None else ~column.missing
    made = figure_array(program, definition, column.entries, known)
    unit = unit_of(program, definition)
    if pa.types.is_decimal(made.type) and not np.any(column.entries % unit):
        return pa.array((column.entries // unit).astype(np.int64), mask=~known)
    return made
