"""Whom to look among: tables in files, or everybody in a log as known at some time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from api.assess.binding import bind
from api.assess.gathering import part_of, population_of
from api.batch.files import find_inputs
from api.batch.made_facts import require_made
from api.cases.reach import reached
from api.failures import Failure
from api.find.from_logs import add_debts, add_owners, wanted_of
from api.history.against_rules import misplaced
from citizens import Belongs, History, Known, Recorded, read_table
from engine.ir.program import Definition, Program
from engine.population.columns import Columns, owner_links
from engine.population.door import from_arrow
from engine.population.faults import BadCell
from engine.values.periods import Period

SHOWN_FAULTS = 5


class NobodyThere(Failure):
    """A log holds nobody to look among."""


@dataclass(frozen=True, slots=True)
class Among:
    """A population. `name` gives a row's name, by entity; `refused`: how many facts the door did not take, whose groups
    were left out; `alone`: people in no group, who were not looked at; `offset`: how far a log was read;
    `heads`: the columns of files, by entity; `recorded`: when the facts of a log that are read were recorded;
    `misplaced`: what to say of those that were recorded of another entity than theirs."""

    columns: Columns
    name: Callable[[str, int], str]
    refused: int = 0
    alone: int = 0
    offset: int | None = None
    heads: Mapping[str, Sequence[str]] = field(default_factory=dict)
    recorded: Mapping[str, Recorded] = field(default_factory=dict)
    misplaced: tuple[str, ...] = ()


def from_files(program: Program, at: Period, files: Sequence[str]) -> Among:
    """The people and groups in files. Raises Failure with the first faults in them."""
    paths = find_inputs(program, list(files))
    tables = {entity: read_table(path) for entity, path in paths.items()}
    admitted = from_arrow(program, at, tables, files={entity: str(path) for entity, path in paths.items()})
    if admitted.columns is None:
        raise Failure(f"the tables have faults: {_faults(admitted.problems)}", "correct these cells")
    require_made(program, admitted.columns, tables)
    ids = admitted.columns.ids
    heads = {entity: table.column_names for entity, table in tables.items()}

    def name(entity: str, row: int) -> str:
        return str(ids[entity][row]) if entity in ids else f"row {row + 1}"

    return Among(admitted.columns, name, heads=heads)


def from_log(program: Program, at: Period, log: History, figures: Sequence[Definition], known: Known = None) -> Among:
    """Everybody in a log, with the facts that hold in the period, as known. Raises Failure if nobody is there."""
    group = _group(program, at, figures)
    binding = bind(program, at, tuple(figures), group)
    horizon = log.offset_of(known)
    if not horizon:
        raise NobodyThere("nothing was known by then", "give a later `--known`")
    snapshot = log.snapshot(binding.valid_on, horizon, attributes=wanted_of(binding))
    population = population_of(binding, snapshot)
    if population is None:
        raise NobodyThere(
            f"nobody is in a {group} on {binding.valid_on}", "record facts first: `rulewright log import`"
        )
    part = part_of(population, population.occupied())
    tables = part.tables()
    add_owners(part, tables)
    add_debts(log, population, tables, horizon)
    admitted = from_arrow(program, at, tables, leave_out=True)
    assert admitted.columns is not None
    ids = admitted.columns.ids

    def name(entity: str, row: int) -> str:
        return population.name(entity, int(ids[entity][row]))

    refused = len(admitted.problems) + sum(map(len, population.misfits.values()))
    return Among(
        admitted.columns,
        name,
        refused,
        population.alone,
        horizon,
        {},
        snapshot.recorded,
        misplaced(program, binding.read, snapshot),
    )


def looked_at(program: Program, log: History, subjects: Sequence[str], day: date) -> list[str]:
    """Whose records were looked at where these subjects are told of: theirs, and a group's people on the day."""
    names: list[str] = []
    for subject in subjects:
        names.append(subject)
        of = program.settings.entities[subject.partition("/")[0]].of
        people = [member for member in log.belonging_to(subject) if of and member.partition("/")[0] == of]
        names += [person for person in people if _is_in(log, person, subject, day)]
    return list(dict.fromkeys(names))


def _is_in(log: History, person: str, group: str, day: date) -> bool:
    held = log.timeline(person).at(day).values()
    return any(isinstance(value, Belongs) and value.group == group for value in held)


def _group(program: Program, at: Period, figures: Sequence[Definition]) -> str:
    """The group that people are gathered in: the one whose figures or facts are read; else people by themselves."""
    entities = program.settings.entities
    touched = dict.fromkeys(program.definitions[cell.name].entity for cell in reached(program, at, tuple(figures)))
    groups = [name for name in touched if entities[name].of]
    if len(groups) > 1:
        listed = " and ".join(f"`{name}`" for name in groups)
        raise Failure(f"the condition reads figures of {listed}", "ask of one of them at a time")
    own = figures[0].entity
    return groups[0] if groups else entities[own].belongs_to or own


def _faults(problems: Sequence[BadCell]) -> str:
    more = f"; and {len(problems) - SHOWN_FAULTS:,} more" if len(problems) > SHOWN_FAULTS else ""
    return "; ".join(map(str, problems[:SHOWN_FAULTS])) + more


class Together:
    """Who and what belongs together in a population: the rows of a row's group, people and records."""

    def __init__(self, program: Program, columns: Columns) -> None:
        self._links: list[tuple[str, str, np.ndarray, np.ndarray]] = []
        for group, link in columns.groups.items():
            self._links.append(self._link(program.settings.entities[group].of, group, link.group))
        for entity, owner, rows in owner_links(program, columns):
            self._links.append(self._link(entity, owner, rows))
        self._entities = list(columns.counts)

    @staticmethod
    def _link(of: str, to: str, rows: np.ndarray) -> tuple[str, str, np.ndarray, np.ndarray]:
        return of, to, rows, np.argsort(rows, kind="stable")

    def rows(self, entity: str, row: int) -> Mapping[str, Sequence[int]]:
        """Everything that belongs together with a row, itself included."""
        rows_of: dict[str, set[int]] = {name: set() for name in self._entities}
        waiting = [(entity, row)]
        while waiting:
            at, number = waiting.pop()
            if number in rows_of[at]:
                continue
            rows_of[at].add(number)
            for of, to, rows, order in self._links:
                if at == of and rows[number] >= 0:
                    waiting.append((to, int(rows[number])))
                elif at == to:
                    low, high = np.searchsorted(rows, [number, number + 1], sorter=order)
                    waiting += [(of, int(neighbour)) for neighbour in order[low:high]]
        return {name: sorted(rows) for name, rows in rows_of.items()}
