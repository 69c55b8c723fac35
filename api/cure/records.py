"""Cures by a record more: a test that is passed and recorded, a document, a licence. It counts as one change.

What the record must say is found as any witness is: its facts that absence says nothing of are open, and the search
finds values with which the condition holds. One record more of a kind for each owner is tried, in sets with facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from api.cases.reach import reached
from api.cure.search import Changes, Search, may
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program


def smallest_cures(
    search: Search, facts: Sequence[Fact], sizes: Sequence[int], every: bool, cures: list[Changes]
) -> None:
    """Add the cures of some sizes to those found: by facts, and by records more; without `every` stop at the first
    size that gives one."""
    possible = bool(facts) and may(search.outcome({}, facts))
    for size in sizes:
        before = len(cures)
        if possible:
            search.cures(facts, (size,), every, cures)
        _with_records(search, size, cures)
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


def _with_records(search: Search, size: int, cures: list[Changes]) -> None:
    """The cures of a size in which records are added."""
    kinds = list(_addable(search.program, search.case, search.fact))
    for number in range(1, min(size, len(kinds)) + 1):
        for chosen in combinations(kinds, number):
            case, fields = search.case, list[Fact]()
            for entity, owner in chosen:
                case, more = _added(search.program, case, search.fact, entity, owner)
                fields += more
            if not all(
                any(fact.instance == f"another {entity} of {owner}" for fact in fields) for entity, owner in chosen
            ):
                continue  # there is nothing to say of such a record
            inner = replace(search, case=case, kept=None, probed=None, _probing=set())
            _in_case(inner, fields, size - number, cures)
            search.unsettled |= inner.unsettled


def _in_case(search: Search, fields: Sequence[Fact], others: int, cures: list[Changes]) -> None:
    """Cures of a case with a record more, whose facts are open, and of so many other facts."""
    if any(changes.keys() <= set(fields) for changes in cures):
        return
    pool = [fact for fact in search.candidates() if fact not in fields] if others else []
    if not may(search.outcome({}, [*fields, *pool])):
        return
    for chosen in search.sets(frozenset(fields), pool, len(fields) + others, cures):
        witness = search.witness(sorted(chosen, key=str))
        if witness is not None:
            cures.append(witness)


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
    name = f"another {entity} of {owner}"
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


def _must_be_said(definition: Definition, entity: str) -> bool:
    """Whether it is a fact of such a record that nothing stands for if nobody states it."""
    return (
        definition.entity == entity and definition.is_input and definition.absent is None and definition.default is None
    )
