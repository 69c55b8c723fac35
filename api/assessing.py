"""Groups of a snapshot assessed: the figures of each, which facts were used, or why it has none.

The annual run and a correction both come through here, so a correction is what a run from nothing would have found.

1. People are dealt out to the rows of their groups. A group that nobody is in comes to nothing: it has no figures.
2. Facts of another kind than the rules want were left out of the snapshot; their groups have a fault.
3. The rest goes through the engine's door as tables (`binding`). What the door refuses is a fault of the group.
4. Many groups are computed by machine code, few by the interpreter, which gives the same figures. What has no value is
   a fault again. A group with faults names the first of them, in an order that does not hang on the rows'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from api.binding import Binding, Rows
from api.failures import Failure
from citizens import Link, Snapshot, Table, Use
from engine.columns import Columns
from engine.columns_io import BadCell, from_arrow
from engine.constants import Constants
from engine.ir.program import Definition
from engine.native import NOT_APPLICABLE, evaluate
from engine.native.handover import case_of, described, entry_of, outcomes
from engine.native.plan import cell_for
from engine.outcomes import Known, NotApplicable

WORTH_COMPILING = 150  # groups; making machine code takes about as long as interpreting so many
MAX_FAULT = 500
Values = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Assessed:
    """What came of a group. `values` are the figures in steps of the money grid, None where one does not apply.

    Empty if nobody is in the group, or if there is a fault. `used` names everybody in the group, and which of their
    attributes were known.
    """

    group: str
    used: tuple[Use, ...]
    values: Values = ()
    fault: str = ""


def population_of(binding: Binding, snapshot: Snapshot) -> Population | None:
    """A snapshot's people dealt out to groups; None if nobody is in any."""
    groups, people = snapshot.tables.get(binding.group), snapshot.tables.get(binding.person)
    link = people.links.get(binding.group) if people is not None else None
    if groups is None or people is None or link is None:
        return None
    return Population(binding, snapshot, groups, people, link)


class Population:
    """A snapshot's tables of groups and people, and which people are in each group."""

    def __init__(self, binding: Binding, snapshot: Snapshot, groups: Table, people: Table, link: Link) -> None:
        self.binding, self.snapshot = binding, snapshot
        self.groups, self.people, self.link = groups, people, link
        inside = np.flatnonzero(link.rows >= 0)
        self.order = inside[np.argsort(link.rows[inside], kind="stable")]
        self.sizes = np.bincount(link.rows[inside], minlength=len(groups)).astype(np.int64)
        self.alone = len(people) - len(inside)
        self.misfits = _misfits(self)

    def occupied(self) -> Rows:
        """The rows of groups that somebody is in."""
        return np.flatnonzero(self.sizes)

    def people_of(self, rows: Rows) -> Rows:
        """The rows of the people in some groups (in rising order), group by group."""
        picked = np.zeros(len(self.groups), dtype=np.bool_)
        picked[rows] = True
        return self.order[picked[self.link.rows[self.order]]]


def _misfits(population: Population) -> dict[int, list[str]]:
    """Faults of facts that were left out of the snapshot, by the row of the group."""
    found: dict[int, list[str]] = {}
    if not population.snapshot.misfits:
        return found
    group, person = population.groups, population.people
    rows = {f"{group.entity}/{one}": row for row, one in enumerate(group.ids)}
    rows |= {f"{person.entity}/{one}": int(population.link.rows[row]) for row, one in enumerate(person.ids)}
    for misfit in population.snapshot.misfits:
        row = rows.get(misfit.subject, -1)
        entity = misfit.subject.partition("/")[0]
        if row >= 0 and population.binding.reads(entity, misfit.attribute):
            told = f"{misfit.subject}: `{misfit.attribute}` is recorded as {misfit.kind}"
            found.setdefault(row, []).append(told)
    return found


@dataclass(slots=True)
class _Found:
    """What was computed of some groups: `figures` and `known` have a line for each of `rows`."""

    rows: Rows
    figures: NDArray[np.int64]
    known: NDArray[np.bool_]
    faults: dict[int, list[str]] = field(default_factory=dict)


def assess(
    population: Population, rows: Rows, figures: Sequence[Definition], constants: Constants, threads: int = 2
) -> Iterator[Assessed]:
    """The groups in some rows (in rising order), in that order."""
    people = population.people_of(rows)
    found = _computed(population, rows, people, figures, constants, threads)
    used = _used(population, rows, people)
    whole = np.logical_and.reduce(found.known, axis=1).tolist()
    for at, (row, line) in enumerate(zip(rows.tolist(), found.figures.tolist(), strict=True)):
        group = f"{population.groups.entity}/{population.groups.ids[row]}"
        if row in found.faults:
            yield Assessed(group, next(used), (), sorted(found.faults[row])[0][:MAX_FAULT])
        elif not population.sizes[row]:
            yield Assessed(group, next(used))
        elif whole[at]:
            yield Assessed(group, next(used), tuple(line))
        else:
            one = zip(line, found.known[at].tolist(), strict=True)
            yield Assessed(group, next(used), tuple(value if there else None for value, there in one))


def _computed(
    population: Population,
    rows: Rows,
    people: Rows,
    figures: Sequence[Definition],
    constants: Constants,
    threads: int,
) -> _Found:
    binding = population.binding
    tables = {
        binding.group: binding.group_table(population.groups, rows[population.sizes[rows] > 0]),
        binding.person: binding.person_table(population.people, population.link, people),
    }
    admitted = from_arrow(binding.program, binding.period, tables, leave_out=True)
    assert admitted.columns is not None
    shape = (len(rows), len(figures))
    found = _Found(rows, np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=np.bool_))
    for row, faults in population.misfits.items():
        found.faults.setdefault(row, []).extend(faults)
    for problem in admitted.problems:
        _refused(population, tables[binding.group], people, problem, found)
    if admitted.columns.counts[binding.group] < WORTH_COMPILING:
        _interpret(binding, admitted.columns, figures, constants, found)
    else:
        _compile(binding, admitted.columns, figures, threads, found)
    return found


def _refused(population: Population, groups: object, people: Rows, problem: BadCell, found: _Found) -> None:
    """Note what the door refused, under the row of the group."""
    if not problem.row:
        raise Failure(str(problem), "the facts do not fit the rules; see `rulewright show` for what the rules read")
    if problem.table == population.binding.person:
        at = int(people[problem.row - 1])
        row, name = int(population.link.rows[at]), f"{population.people.entity}/{population.people.ids[at]}"
    else:
        row = int(groups[f"{problem.table}_id"][problem.row - 1].as_py())  # type: ignore[index]
        name = f"{population.groups.entity}/{population.groups.ids[row]}"
    told = f"`{problem.column}` {problem.message}" if problem.column in population.binding.read else problem.message
    found.faults.setdefault(row, []).append(f"{name}: {told}")


def _compile(binding: Binding, columns: Columns, figures: Sequence[Definition], threads: int, found: _Found) -> None:
    names = [one.name for one in figures]
    result = evaluate(binding.program, columns, names, threads=threads)
    at = np.searchsorted(found.rows, columns.ids[binding.group].astype(np.int64))
    for number, one in enumerate(figures):
        got = result.figures[one.name]
        found.figures[at, number] = got.entries
        if got.status is None:
            continue
        found.known[at, number] = got.status == 0
        for row in np.flatnonzero(got.status > NOT_APPLICABLE):
            told = got.messages.get(int(row), "cannot be determined from the facts that are known")
            found.faults.setdefault(int(found.rows[at[row]]), []).append(f"{one.short_name}: {told}")


def _interpret(
    binding: Binding, columns: Columns, figures: Sequence[Definition], constants: Constants, found: _Found
) -> None:
    cells = {cell_for(binding.program, one.name, binding.period): number for number, one in enumerate(figures)}
    ids = columns.ids[binding.group].astype(np.int64)
    for place, rows in enumerate(_together(binding, columns)):
        at = int(np.searchsorted(found.rows, ids[place]))
        for cell, _, outcome in outcomes(binding.program, constants, case_of(binding.program, columns, rows), cells):
            one = figures[cells[cell]]
            held = entry_of(binding.program, one, outcome.value) if isinstance(outcome, Known) else None
            found.known[at, cells[cell]] = held is not None
            found.figures[at, cells[cell]] = held or 0
            if held is None and not isinstance(outcome, NotApplicable):
                told = f"{one.short_name}: {described(outcome)}"
                found.faults.setdefault(int(found.rows[at]), []).append(told)


def _together(binding: Binding, columns: Columns) -> Iterator[Mapping[str, list[int]]]:
    """The rows of each group, and of the people in it."""
    inside = columns.groups[binding.group].group
    members: list[list[int]] = [[] for _ in range(columns.counts[binding.group])]
    for person, row in enumerate(inside.tolist()):
        if row >= 0:
            members[row].append(person)
    for row, people in enumerate(members):
        yield {binding.group: [row], binding.person: people}


def _used(population: Population, rows: Rows, people: Rows) -> Iterator[tuple[Use, ...]]:
    """For each group in order: it and its people, with the attributes that were known of each."""
    binding = population.binding
    of_groups = _known_names(binding, population.groups, rows, ())
    of_people = _known_names(binding, population.people, people, (binding.group,))
    group, person = population.groups, population.people
    members = iter(zip(people.tolist(), of_people, strict=True))
    for row, attributes, size in zip(rows.tolist(), of_groups, population.sizes[rows].tolist(), strict=True):
        own = Use(f"{group.entity}/{group.ids[row]}", attributes)
        yield (own, *(Use(f"{person.entity}/{person.ids[at]}", names) for at, names in _take(members, size)))


def _take(members: Iterator[tuple[int, tuple[str, ...]]], count: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    return (next(members) for _ in range(count))


def _known_names(binding: Binding, table: Table, rows: Rows, also: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The attributes that are known of each row, in order of name. Rows with the same ones share a tuple."""
    columns = binding.columns(table)
    if not columns or not len(rows):
        return [also] * len(rows)
    known = np.stack([column.known[rows] for column in columns.values()], axis=1)
    packed = np.packbits(known, axis=1)
    _, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    names = list(columns)
    patterns = [tuple(sorted((*(names[at] for at in np.flatnonzero(known[row])), *also))) for row in first]
    return [patterns[one] for one in which.ravel().tolist()]
