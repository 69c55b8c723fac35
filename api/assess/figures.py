"""Groups of a population assessed: the figures of each, which facts were used, or why it has none.

The annual run and a correction both come through here, so a correction is what a run from nothing would have found.

1. A group that nobody is in comes to nothing: it has no figures.
2. Facts of another kind than the rules want were left out of the snapshot; their groups have a fault.
3. The rest goes through the engine's door as tables. What the door refuses is a fault of the group.
4. Many groups are computed by machine code, few by the interpreter, which gives the same figures. What has no value is
   a fault again. A group with faults names the first of them, in an order that does not hang on the rows'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.assess.binding import Binding, Rows
from api.assess.gathering import Part, Population, part_of
from api.failures import Failure
from citizens import Subjects, Use, UsedOf
from engine.interpret.constants import Constants
from engine.interpret.outcomes import Known, NotApplicable
from engine.ir.program import Definition
from engine.native import NOT_APPLICABLE, WORTH_COMPILING, evaluate
from engine.native.handover import case_of, described, entry_of, outcomes
from engine.native.plan.plan import cell_for
from engine.population.columns import Columns
from engine.population.door import from_arrow
from engine.population.faults import BadCell

MAX_FAULT, MAX_USED = 500, 1_000
WIDE = 10**15
"""Amounts from here on, in steps of the money grid, are beyond reason: they are not added up in 64 bits."""
Values = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Assessed:
    """What came of a group. `values` are the figures in steps of the money grid, None where one does not apply.

    Empty if nobody is in the group, or if there is a fault. `used` names everybody in the group and their records, and
    which attributes were known of each. Of a group that a figure makes, `people` are those in it; `used` names the rest
    of the larger group too.
    """

    group: str
    used: tuple[Use, ...]
    values: Values = ()
    fault: str = ""
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class AssessedColumns:
    """What came of many groups, as columns: a line for each group, in the order of their rows.

    `values` are the figures in steps of the money grid, where they are `known`; `occupied` says where somebody is in
    the group. `faults` are by the line. The first of `used` are the groups themselves.
    """

    values: NDArray[np.int64]
    known: NDArray[np.bool_]
    occupied: NDArray[np.bool_]
    faults: Mapping[int, str]
    used: tuple[UsedOf, ...]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def groups(self) -> Subjects:
        """Those that were assessed."""
        return self.used[0].subjects

    @property
    def whole(self) -> NDArray[np.bool_]:
        """The lines that have every figure."""
        whole: NDArray[np.bool_] = self.occupied & np.logical_and.reduce(self.known, axis=1)
        whole[list(self.faults)] = False
        return whole

    def slice(self, start: int, stop: int) -> AssessedColumns:
        """The lines from one up to another."""
        faults = {line - start: fault for line, fault in self.faults.items() if start <= line < stop}
        used = tuple(of.slice(start, stop) for of in self.used)
        lines = slice(start, stop)
        return AssessedColumns(self.values[lines], self.known[lines], self.occupied[lines], faults, used)

    def at(self, line: int) -> Assessed:
        """One line."""
        return next(iter(self.slice(line, line + 1)))

    def values_of(self, lines: NDArray[np.bool_]) -> NDArray[Any]:
        """The figures of some lines, and zeros for all others and where one does not apply: as whole numbers that have
        no end, if one is beyond reason."""
        values = np.where(self.known & (self.occupied & lines)[:, None], self.values, 0)
        return values if ((values < WIDE) & (values > -WIDE)).all() else values.astype(object)

    def __iter__(self) -> Iterator[Assessed]:
        """The lines one by one."""
        whole, values, occupied = self.whole.tolist(), self.values.tolist(), self.occupied.tolist()
        for line, used in enumerate(self._used()):
            group = used[0].subject
            if (fault := self.faults.get(line)) is not None:
                yield Assessed(group, used if len(used) <= MAX_USED else used[:1], (), fault)
            elif not occupied[line]:
                yield Assessed(group, used)
            elif whole[line]:
                yield Assessed(group, used, tuple(values[line]))
            else:
                pairs = zip(values[line], self.known[line].tolist(), strict=True)
                yield Assessed(group, used, tuple(value if known else None for value, known in pairs))

    def _used(self) -> Iterator[tuple[Use, ...]]:
        """For each group in order: it, its people and its records, with the attributes that were known of each."""
        uses = [_uses(of) for of in self.used]
        counts = [of.counts.tolist() for of in self.used]
        for line in range(len(self)):
            yield tuple(next(of) for of, sizes in zip(uses, counts, strict=True) for _ in range(sizes[line]))


def _uses(of: UsedOf) -> Iterator[Use]:
    patterns = [tuple(names.split()) for names in of.attributes.dictionary.to_pylist()]
    which = of.attributes.indices.to_pylist()
    return (Use(name, patterns[at]) for name, at in zip(of.subjects.names(), which, strict=True))


@dataclass(slots=True)
class _Found:
    """What was computed of some groups: `figures` and `known` have a line for each of `rows`."""

    rows: Rows
    figures: NDArray[np.int64]
    known: NDArray[np.bool_]
    faults: dict[int, list[str]] = field(default_factory=dict)

    def fault(self, row: int, message: str) -> None:
        """Note what is wrong with a group."""
        self.faults.setdefault(row, []).append(message)


def assess(
    population: Population, rows: Rows, figures: Sequence[Definition], constants: Constants, threads: int = 2
) -> AssessedColumns:
    """The groups in some rows (in rising order), in that order."""
    part = part_of(population, rows)
    computed = _computed(part, figures, constants, threads)
    used = part.used()
    line_of = {row: line for line, row in enumerate(rows.tolist())} if computed.faults else {}
    faults = {
        line_of[row]: sorted(told)[0][:MAX_FAULT] for row, told in sorted(computed.faults.items()) if row in line_of
    }
    sizes = np.sum([of.counts for of in used], axis=0)
    for line in np.flatnonzero(sizes > MAX_USED).tolist():
        told = f"{sizes[line] - 1:,} people and records are in it"
        faults[line] = f"{told}; an assessment names at most {MAX_USED:,}"
    return AssessedColumns(computed.figures, computed.known, population.sizes[rows] > 0, faults, used)


def _computed(part: Part, figures: Sequence[Definition], constants: Constants, threads: int) -> _Found:
    binding = part.population.binding
    admitted = from_arrow(binding.program, binding.period, part.tables(), leave_out=True, named=False)
    assert admitted.columns is not None
    shape = (len(part.rows), len(figures))
    computed = _Found(part.rows, np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=np.bool_))
    for row, faults in part.population.misfits.items():
        for fault in faults:
            computed.fault(row, fault)
    for problem in admitted.problems:
        _refused(part, problem, computed)
    if admitted.columns.counts[binding.group] < WORTH_COMPILING:
        _interpret(binding, admitted.columns, figures, constants, computed)
    else:
        _compile(binding, admitted.columns, figures, threads, computed)
    return computed


def _refused(part: Part, problem: BadCell, computed: _Found) -> None:
    """Note what the door refused, under the row of the group."""
    if not problem.row:
        raise Failure(str(problem), "the facts do not fit the rules; `rulewright show NAME` says what the rules read")
    row, name = part.place(problem.table, problem.row - 1)
    named = problem.column in part.population.binding.read
    message = f"{problem.message}; {problem.remedy}" if problem.remedy else problem.message
    computed.fault(row, f"{name}: `{problem.column}` {message}" if named else f"{name}: {message}")


def _compile(binding: Binding, columns: Columns, figures: Sequence[Definition], threads: int, computed: _Found) -> None:
    names = [figure.name for figure in figures]
    result = evaluate(binding.program, columns, names, threads=threads)
    at = np.searchsorted(computed.rows, columns.ids[binding.group].astype(np.int64))
    for number, definition in enumerate(figures):
        got = result.figures[definition.name]
        computed.figures[at, number] = got.entries
        if got.status is None:
            continue
        computed.known[at, number] = got.status == 0
        for row in np.flatnonzero(got.status > NOT_APPLICABLE):
            told = got.messages.get(int(row), "cannot be determined from the facts that are known")
            computed.fault(int(computed.rows[at[row]]), f"{definition.short_name}: {told}")


def _interpret(
    binding: Binding, columns: Columns, figures: Sequence[Definition], constants: Constants, computed: _Found
) -> None:
    cells = {
        cell_for(binding.program, definition.name, binding.period): number for number, definition in enumerate(figures)
    }
    ids = columns.ids[binding.group].astype(np.int64)
    for place, rows in enumerate(_together(binding, columns)):
        at = int(np.searchsorted(computed.rows, ids[place]))
        for cell, _, outcome in outcomes(binding.program, constants, case_of(binding.program, columns, rows), cells):
            figure = figures[cells[cell]]
            held = entry_of(binding.program, figure, outcome.value) if isinstance(outcome, Known) else None
            computed.known[at, cells[cell]] = held is not None
            computed.figures[at, cells[cell]] = held or 0
            if held is None and not isinstance(outcome, NotApplicable):
                computed.fault(int(computed.rows[at]), f"{figure.short_name}: {described(outcome)}")


def _together(binding: Binding, columns: Columns) -> Iterator[Mapping[str, list[int]]]:
    """The rows of each group, of the people in it, and of their records."""
    places = {binding.person: columns.groups[binding.group].group} if binding.person else {}
    for entity, owners in columns.owners.items():
        places[entity] = places[binding.person][owners] if binding.records[entity] == binding.person else owners
    members: list[dict[str, list[int]]] = [
        {binding.group: [row], **{entity: [] for entity in places}} for row in range(columns.counts[binding.group])
    ]
    for entity, groups in places.items():
        for row, group in enumerate(groups.tolist()):
            members[group][entity].append(row)
    yield from members
