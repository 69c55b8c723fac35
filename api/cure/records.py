"""Cures by a record more: a test that is passed and recorded, a document, a licence. It counts as one change.

What the record must say is found as any witness is: its facts that absence says nothing of are open, and the search
finds values with which the condition holds. One record more of a kind for each owner is tried, in sets with facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from api.cases.reach import reached
from api.cure.search import Search
from api.cure.trial import Changes
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program


def smallest_cures(
    search: Search, facts: Sequence[Fact], sizes: Sequence[int], every: bool, cures: list[Changes]
) -> None:
    """Add the cures of some sizes to those found: by facts, and by records more; without `every` stop at the first
    size that gives one."""
    for size in sizes:
        before = len(cures)
        for changes in search.cures(frozenset(), facts, size, cures):
            cures.append(changes)
        for changes in _with_records(search, size, cures):
            cures.append(changes)
        if len(cures) > before and not every:
            return


def weight(case: Case, changes: Changes) -> int:
    """How many changes these are: a record that is added is one."""
    return len({fact.instance if is_added(case, fact) else fact for fact in changes})


def is_added(case: Case, fact: Fact) -> bool:
    """Whether a fact is of a record that the case does not have."""
    return " of " in fact.instance and not any(fact.instance in ids for ids in case.instances.values())


def owner_of_added(fact: Fact) -> str:
    """Whose record it is that is added."""
    return fact.instance.partition(" of ")[2]


def _with_records(search: Search, size: int, cures: Sequence[Changes]) -> Iterator[Changes]:
    """The cures of a size in which records are added."""
    trial = search.trial
    kinds = list(_addable(trial.program, trial.case, trial.fact))
    for number in range(1, min(size, len(kinds)) + 1):
        for chosen in combinations(kinds, number):
            case, fields = trial.case, list[Fact]()
            for entity, owner in chosen:
                case, more = _added(trial.program, case, trial.fact, entity, owner)
                fields += more
            said_of = {fact.instance for fact in fields}
            if all(_name_of_added(entity, owner) in said_of for entity, owner in chosen):
                yield from _in_case(search.in_case(case), fields, size - number, cures)


def _in_case(search: Search, fields: Sequence[Fact], others: int, cures: Sequence[Changes]) -> Iterator[Changes]:
    """Cures of a case with a record more, whose facts are open, and of so many other facts."""
    pool = [fact for fact in search.candidates() if fact not in fields] if others else []
    yield from search.cures(frozenset(fields), pool, others, cures)


def _addable(program: Program, case: Case, asked: Fact) -> Iterator[tuple[str, str]]:
    """The kinds of records that somebody can add and that the condition reads, for each owner."""
    cells = tuple(reached(program, case.at, (program.definitions[asked.name],)))
    read = dict.fromkeys(program.definitions[cell.name].entity for cell in cells)
    for name in read:
        entity = program.settings.entities[name]
        said = any(_must_be_said(program.definitions[cell.name], name) for cell in cells)
        if entity.more is not None and said:
            yield from ((name, owner) for owner in case.instances.get(entity.belongs_to, ()))


def _added(program: Program, case: Case, asked: Fact, entity: str, owner: str) -> tuple[Case, list[Fact]]:
    """The case with a record more, and its facts that must be said."""
    name = _name_of_added(entity, owner)
    listed = (*case.records.get((entity, owner), ()), name)
    more = replace(
        case,
        instances={**case.instances, entity: (*case.instances.get(entity, ()), name)},
        owner_of={**case.owner_of, (entity, name): owner},
        records={**case.records, (entity, owner): listed},
    )
    fields = []
    for cell in reached(program, case.at, (program.definitions[asked.name],)):
        if _must_be_said(program.definitions[cell.name], entity):
            fields.append(Fact(cell.name, name, cell.period))
    return more, fields


def _name_of_added(entity: str, owner: str) -> str:
    return f"another {entity} of {owner}"


def _must_be_said(definition: Definition, entity: str) -> bool:
    """Whether it is a fact of such a record that nothing stands for if nobody states it."""
    return (
        definition.entity == entity and definition.is_input and definition.absent is None and definition.default is None
    )
