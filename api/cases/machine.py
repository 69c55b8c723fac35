"""Figures of single cases by machine code, for questions that come again and again.

1. A case becomes a population of one: a column for each fact that is given, always with a mask, so that cases which
   give the same facts of as many people have code in common, whatever the amounts.
2. The first few questions of a kind are answered by the interpreter. Then code is compiled on a thread of its own,
   which nobody waits for, and the next ones run it.
3. Where code has no value (unknown facts, errors, rows beyond its bounds) there is no answer here: the interpreter says
   what it says. The two give identical figures.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.cases.naming import has_period, period_for
from engine.interpret.cases import Case, larger_groups
from engine.interpret.grouping import are_made, may_be_in
from engine.interpret.made_groups import grouping_of
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Definition, Program
from engine.native import KNOWN, Options, Result, evaluate
from engine.native.handover import entry_of, value_of
from engine.population.columns import Cell, Column, Columns, GroupLink

ASKED_BEFORE_COMPILING = 3
KINDS_KEPT = 24
LIMIT = 2**37
OPTIONS = Options(block=8, limit=LIMIT)
_Key = tuple[object, ...]


class Machine:
    """Compiled code for one program, made as questions come again. May be used by many threads."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._asked: dict[_Key, int] = {}
        self._ready: dict[_Key, threading.Lock] = {}
        self._lock = threading.Lock()
        self._compiling = ThreadPoolExecutor(1, thread_name_prefix="compiling")

    def answers(self, case: Case, wanted: Sequence[Definition]) -> list[tuple[Fact, Known]] | None:
        """The wanted figures of everybody who has them; None where the interpreter is to be asked."""
        columns, made = columns_of(self.program, case), kinds_made(self.program, case)
        if columns is None or any(definition.entity in made for definition in wanted):
            return None
        names = tuple(definition.name for definition in wanted)
        key = (case.at, names, frozenset(columns.columns), tuple(columns.counts.items()), _links(columns))
        lock = self._ready.get(key)
        if lock is None:
            self._count(key, columns, names)
            return None
        with lock:
            result = evaluate(self.program, columns, names, options=OPTIONS)
        return self._told(case, wanted, result)

    def close(self) -> None:
        """Compile nothing more."""
        self._compiling.shutdown(wait=True, cancel_futures=True)

    def _count(self, key: _Key, columns: Columns, names: Sequence[str]) -> None:
        with self._lock:
            asked = self._asked[key] = self._asked.pop(key, 0) + 1
            while len(self._asked) > 100 * KINDS_KEPT:
                del self._asked[next(iter(self._asked))]
            if asked == ASKED_BEFORE_COMPILING:
                with suppress(RuntimeError):  # closed: the interpreter goes on answering
                    self._compiling.submit(self._compile, key, columns, names)

    def _compile(self, key: _Key, columns: Columns, names: Sequence[str]) -> None:
        evaluate(self.program, columns, names, options=OPTIONS)
        with self._lock:
            self._ready[key] = threading.Lock()
            while len(self._ready) > KINDS_KEPT:
                del self._ready[next(iter(self._ready))]

    def _told(self, case: Case, wanted: Sequence[Definition], result: Result) -> list[tuple[Fact, Known]] | None:
        answers: list[tuple[Fact, Known]] = []
        for definition in wanted:
            figures = result.figures[definition.name]
            if figures.status is not None and (figures.status != KNOWN).any():
                return None
            if not has_period(self.program, definition, case.at):
                return None
            period = period_for(self.program, definition, case.at)
            instances = case.instances.get(definition.entity, ())
            for instance, entry in zip(instances, figures.entries.tolist(), strict=True):
                value = value_of(self.program, definition, int(entry))
                answers.append((Fact(definition.name, instance, period), Known(value)))
        return answers


def holdable(program: Program, case: Case) -> bool:
    """Whether columns can hold a case once all that is open in it is stated."""
    entities = program.settings.entities
    within = {key: owner for key, owner in case.further_owner.items() if not entities[key[0]].belongs_to}
    told = larger_groups(program, case.holders, case.group_of)[0]  # by members: columns say it so too
    owned = all(
        (entity.name, owner.name, record) in case.further_owner
        for entity in entities.values()
        if entity.belongs_to
        for owner in entity.further
        for record in case.instances.get(entity.name, ())
    )
    return not (case.held or case.stays or case.more) and within == told and owned


def columns_of(program: Program, case: Case) -> Columns | None:
    """A case as a population of its instances, in order; None if columns cannot hold what is stated.

    Facts of groups that a figure makes stand in rows of people, those of a group's first member."""
    if case.within or case.may_hold_more or not holdable(program, case):
        return None  # columns hold whole lists only
    made = kinds_made(program, case)
    places = places_of(program, case)
    entries: dict[Cell, dict[int, int]] = {}
    for fact, value in case.given.items():
        definition = program.definitions[fact.name]
        entry = entry_of(program, definition, value)
        if entry is None:
            return None
        entries.setdefault(Cell(fact.name, fact.period), {})[places[definition.entity][fact.instance]] = entry
    counts = {entity: len(ids) for entity, ids in case.instances.items() if entity not in made}
    rows_of = {entity: counts[made.get(entity, entity)] for entity in case.instances}
    columns = {cell: _column(rows, rows_of[program.definitions[cell.name].entity]) for cell, rows in entries.items()}
    entities = program.settings.entities.values()
    groups = {
        group.name: _link(program, case, group.name, places)
        for group in entities
        if group.of and group.name in counts and group.of in counts
    }
    owners = {
        record.name: _owners(places[record.belongs_to], case.owner_of, (record.name,), case.instances[record.name])
        for record in entities
        if record.belongs_to and record.name in counts
    }
    further = {
        (record.name, owner.name): _owners(
            places[owner.entity], case.further_owner, (record.name, owner.name), case.instances[record.name]
        )
        for record in entities
        if record.belongs_to and record.name in counts
        for owner in record.further
    }
    return Columns(case.at, counts, columns, groups, owners, {}, case.complete, further_owners=further)


def kinds_made(program: Program, case: Case) -> dict[str, str]:
    """The kinds of groups that a figure makes in a case, each with the entity of its people: theirs are its rows."""
    return {
        entity.name: entity.of
        for entity in program.settings.entities.values()
        if entity.by
        and case.instances.get(entity.within)
        and are_made(case, entity.name, grouping_of(program, entity.name))
    }


def places_of(program: Program, case: Case) -> dict[str, dict[str, int]]:
    """In which row everybody of a case stands."""
    places = {entity: {name: row for row, name in enumerate(ids)} for entity, ids in case.instances.items()}
    for made, of in kinds_made(program, case).items():
        by = grouping_of(program, made)
        assert by is not None
        places[made] = {
            f"{whole}/{person}": places[of][person]
            for whole in case.instances[by.within]
            for person in may_be_in(case, by, whole)
        }
    return places


def _owners(
    places: Mapping[str, int], owner_of: Mapping[Any, str], key: tuple[str, ...], records: Sequence[str]
) -> NDArray[np.int32]:
    """The row of each record's owner."""
    return np.array([places[owner_of[*key, record]] for record in records], dtype=np.int32)


def _column(rows: Mapping[int, int], count: int) -> Column:
    filled = [rows.get(row, 0) for row in range(count)]
    missing = np.array([row not in rows for row in range(count)], dtype=np.bool_)
    return Column(np.array(filled, dtype=np.int64), missing, min(filled), max(filled))


def _link(program: Program, case: Case, group: str, places: Mapping[str, Mapping[str, int]]) -> GroupLink:
    entity = program.settings.entities[group]
    numbers = {role.name: number for number, role in enumerate(entity.roles)}
    rows = np.full(len(case.instances[entity.of]), -1, dtype=np.int32)
    roles = np.zeros(len(rows), dtype=np.int8)
    for (of, name, role), people in case.holders.items():
        if of == group:
            for person in people:
                at = places[entity.of][person]
                rows[at], roles[at] = places[group][name], numbers[role]
    return GroupLink(rows, roles)


def _links(columns: Columns) -> tuple[object, ...]:
    """What the code relies on of how people lie in their groups: whether in order, and how many in each."""
    shape: list[object] = []
    for group, link in columns.groups.items():
        rows = link.group.tolist()
        shape.append(
            (group, all(left <= right for left, right in pairwise(rows)), tuple(sorted(map(rows.count, set(rows)))))
        )
    return (*shape, *((entity, tuple(rows.tolist())) for entity, rows in columns.owners.items()))
