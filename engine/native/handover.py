"""Rows that the code hands over: the case of their component for the interpreter, and its outcomes as entries and
statuses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from engine.interpret.cases import Case, Stay, larger_groups
from engine.interpret.constants import Constants
from engine.interpret.further import Place
from engine.interpret.outcomes import NOT_APPLICABLE, Fact, Failure, Known, NotApplicable, Outcome, Possible
from engine.ir.program import Definition, Program
from engine.native.plan.layout import Layout
from engine.population.columns import NONE_ENTRY, Cell, Columns, exact, further_entity, unit_of
from engine.values.periods import Period
from engine.values.types import NONE, Duration, EnumValue, Kind, Nothing, Value

if TYPE_CHECKING:
    from engine.interpret.interpreter import Interpreter

_FACTS_NAMED = 3
Ids = Mapping[str, Mapping[int, str]]
"""What rows are called in a case, by entity."""


def rows_of(layout: Layout, component: int) -> dict[str, list[int]]:
    """The given rows of a component, by entity, in the order in which they were given."""
    by_entity: dict[str, list[int]] = {}
    for entity in layout.columns.counts:
        components = layout.component[entity]
        first, after = np.searchsorted(components, [component, component + 1])
        order = layout.order[entity]
        rows = np.arange(first, after) if order is None else order[first:after]
        by_entity[entity] = sorted(int(row) for row in rows)
    return by_entity


def case_of(
    program: Program,
    columns: Columns,
    rows: Mapping[str, Sequence[int]],
    *,
    by_place: bool = False,
    names: Mapping[str, Sequence[str]] | None = None,
) -> Case:
    """The case of some rows that belong together. Ids are row numbers, or, so that other rows give the same ids, places
    among these rows; or what `names` has for each row of an entity."""
    ids = _ids(rows, by_place)
    for entity, called in (names or {}).items():
        ids[entity].update((row, called[row]) for row in rows.get(entity, ()))
    given: dict[Fact, Value] = {}
    for cell, column in columns.columns.items():
        definition = program.definitions[cell.name]
        for row in rows.get(definition.entity, ()):
            if column.missing is None or not column.missing[row]:
                fact = Fact(cell.name, ids[definition.entity][row], cell.period)
                given[fact] = value_of(program, definition, int(column.entries[row]))
    given |= _of_made(program, columns, rows, ids)
    holders: dict[tuple[str, str, str], tuple[str, ...]] = {}
    group_of: dict[tuple[str, str], str] = {}
    stays = _stays(program, columns, rows, ids)
    for (group, person), stretches in stays.items():
        for stretch in stretches:
            key = (group, stretch.group, stretch.role)
            holders[key] = tuple(dict.fromkeys((*holders.get(key, ()), person)))
            group_of[(group, person)] = stretch.group
    for group, link in columns.groups.items():
        declared = program.settings.entities[group]
        for row in rows.get(declared.of, ()):
            at, person = int(link.group[row]), ids[declared.of][row]
            if at >= 0 and (group, person) not in stays:
                key = (group, ids[group][at], declared.roles[int(link.role[row])].name)
                holders[key] = (*holders.get(key, ()), person)
                group_of[(group, person)] = ids[group][at]
    owner_of: dict[tuple[str, str], str] = {}
    records: dict[tuple[str, str], tuple[str, ...]] = {}
    for entity, owners in columns.owners.items():
        for row in rows.get(entity, ()):
            owner, record = ids[program.settings.entities[entity].belongs_to][int(owners[row])], ids[entity][row]
            owner_of[(entity, record)] = owner
            records[(entity, owner)] = (*records.get((entity, owner), ()), record)
    instances = {entity: tuple(ids[entity][row] for row in entity_rows) for entity, entity_rows in rows.items()}
    further, lists = larger_groups(program, holders, group_of)
    for (entity, name), owners in columns.further_owners.items():
        for row in rows.get(entity, ()):
            owner, record = ids[further_entity(program, entity, name)][int(owners[row])], ids[entity][row]
            further[entity, name, record] = owner
            lists[entity, name, owner] = (*lists.get((entity, name, owner), ()), record)
    _give_own_periods(program, columns, ids, given)
    return Case(
        columns.at, instances, holders, group_of, owner_of, records, given, complete=columns.complete,
        further_owner=further, further_records=lists, untold=_untold(program, columns),
        entities=program.settings.entities, whole=_whole(program, columns, instances), stays=stays,
        stated=frozenset(group for group in columns.groups if program.settings.entities[group].by),
    )  # fmt: skip


def _of_made(program: Program, columns: Columns, rows: Mapping[str, Sequence[int]], ids: Ids) -> dict[Fact, Value]:
    """The facts of groups that a figure makes: each stands in the row of the person after whom the group is named."""
    given: dict[Fact, Value] = {}
    for cell, column in columns.columns.items():
        definition = program.definitions[cell.name]
        declared = program.settings.entities[definition.entity]
        if not declared.by or declared.name in columns.counts or declared.within not in columns.groups:
            continue
        larger = columns.groups[declared.within].group
        for row in rows.get(declared.of, ()):
            if larger[row] >= 0 and (column.missing is None or not column.missing[row]):
                group = f"{ids[declared.within][int(larger[row])]}/{ids[declared.of][row]}"
                given[Fact(cell.name, group, cell.period)] = value_of(program, definition, int(column.entries[row]))
    return given


class _Ids(dict[int, str]):
    """What the rows of an entity are called in a case: as their numbers, unless they have other names."""

    def __missing__(self, row: int) -> str:
        return str(row)


def _ids(rows: Mapping[str, Sequence[int]], by_place: bool) -> dict[str, _Ids]:
    ids: dict[str, _Ids] = defaultdict(_Ids)
    for entity, listed in rows.items():
        ids[entity].update((row, str(place if by_place else row)) for place, row in enumerate(listed))
    return ids


def _stays(
    program: Program, columns: Columns, rows: Mapping[str, Sequence[int]], ids: Ids
) -> dict[tuple[str, str], tuple[Stay, ...]]:
    """Who is in a group for a time, and when."""
    by_person: dict[tuple[str, str], tuple[Stay, ...]] = {}
    for group, stays in columns.stays.items():
        declared = program.settings.entities[group]
        for row in rows.get(declared.of, ()):
            first, after = np.searchsorted(stays.person, [row, row + 1])
            if first < after:
                by_person[group, ids[declared.of][row]] = tuple(
                    Stay(
                        ids[group][int(stays.group[at])], declared.roles[int(stays.role[at])].name,
                        date.fromordinal(int(stays.first[at])), date.fromordinal(int(stays.last[at])),
                    )
                    for at in range(first, after) if stays.group[at] >= 0
                )  # fmt: skip
    return by_person


def _give_own_periods(program: Program, columns: Columns, ids: Ids, given: dict[Fact, Value]) -> None:
    """Put into `given` what is stated of periods that begin on somebody's own day."""
    for stated in columns.own_periods:
        definition = program.definitions[stated.name]
        for row, whose in ids.get(definition.entity, {}).items():
            if stated.start[row] and (stated.column.missing is None or not stated.column.missing[row]):
                kind = definition.period.anchored(date.fromordinal(int(stated.anchor[row])))
                period = Period(kind, date.fromordinal(int(stated.start[row])))
                given[Fact(stated.name, whose, period)] = value_of(program, definition, int(stated.column.entries[row]))


def _whole(program: Program, columns: Columns, instances: Mapping[str, Sequence[str]]) -> frozenset[Place]:
    """The lists that a population has: the kinds of records with a table, and the roles of groups whose people have
    one."""
    kinds = [Place(name, "") for name in columns.counts]
    roles = [
        Place(group, of, role.name)
        for group in columns.groups
        for of in instances.get(group, ())
        for role in program.settings.entities[group].roles
    ]
    return frozenset((*kinds, *roles))


def _untold(program: Program, columns: Columns) -> frozenset[tuple[str, str]]:
    """The further owners of the records in tables that the tables do not say."""
    told = columns.further_owners
    entities = [program.settings.entities[name] for name in columns.owners]
    owners = [(entity.name, owner.name) for entity in entities for owner in entity.further]
    return frozenset(owner for owner in owners if owner not in told)


def value_of(program: Program, definition: Definition, entry: int) -> Value:
    """The value that a column's entry stands for."""
    if entry == NONE_ENTRY:
        return NONE
    match definition.type.kind:
        case Kind.BOOLEAN:
            return bool(entry)
        case Kind.DATE:
            return date.fromordinal(entry)
        case Kind.ENUM:
            members = list(program.settings.enums[definition.type.enum].members)
            return EnumValue(definition.type.enum, members[entry])
        case Kind.INTEGER:
            return entry
    return exact(program, definition, entry)


def entry_of(program: Program, definition: Definition, value: Value) -> int | None:
    """A value as a column's entry; None if a column cannot hold it."""
    match value:
        case bool():
            return int(value)
        case date():
            return value.toordinal()
        case EnumValue():
            return list(program.settings.enums[value.enum].members).index(value.member)
        case Duration():
            return None
        case Nothing():
            return NONE_ENTRY
    if not value:
        return 0
    entry, rest = divmod(value.numerator * unit_of(program, definition), value.denominator)
    return entry if not rest and abs(entry) < 2**63 else None


def outcomes(
    program: Program, constants: Constants, case: Case, cells: Iterable[Cell]
) -> Iterator[tuple[Cell, str, Outcome]]:
    """The interpreter's outcome of each cell for each instance of its entity in a case."""
    from engine.interpret.interpreter import Interpreter  # which most runs do without

    return outcomes_by(Interpreter(program, case, constants), cells)


def outcomes_by(interpreter: Interpreter, cells: Iterable[Cell]) -> Iterator[tuple[Cell, str, Outcome]]:
    """An interpreter's outcome of each cell for each instance of its entity in its case."""
    for cell in cells:
        definition = interpreter.program.definitions[cell.name]
        for instance in interpreter.case.instances.get(definition.entity, ()):
            yield cell, instance, _of_own_period(interpreter, definition, instance, cell.period)


def _of_own_period(interpreter: Interpreter, definition: Definition, instance: str, period: Period) -> Outcome:
    """A figure of somebody for a period; of a personal calendar, for their own that is or holds it."""
    if not definition.period.is_personal:
        return interpreter.find(Fact(definition.name, instance, period))
    own = interpreter.period_of(definition, instance, interpreter.case.at)
    return interpreter.find(Fact(definition.name, instance, own)) if own is not None else NOT_APPLICABLE


def described(outcome: Outcome) -> str:
    """Why there is no value."""
    match outcome:
        case Failure():
            return outcome.message
        case NotApplicable():
            return "does not apply"
        case Known():
            return "cannot be held in a column"
    assert isinstance(outcome, Possible)
    return not_known(sorted({fact.name.rpartition(":")[2] for fact in outcome.needs}))


def not_known(names: Sequence[str]) -> str:
    """That a figure hangs on facts that are not known."""
    if not names:
        return "cannot be determined from the facts that were given"
    shown = ", ".join(f"`{name}`" for name in names[:_FACTS_NAMED])
    more = f" and {len(names) - _FACTS_NAMED} more" if len(names) > _FACTS_NAMED else ""
    return f"cannot be determined: {shown}{more} {'is' if len(names) == 1 else 'are'} not known"
