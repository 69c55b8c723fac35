"""A record more as a change: a test that is passed and recorded, a document, a licence. It counts as one change.

One record more of a kind for each owner is tried. It must say its facts that absence says nothing of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from api.cure.trial import Changes
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.ir.worlds import reached_names


def weight(case: Case, changes: Changes) -> int:
    """How many changes these are: a record that is added is one."""
    return len({fact.instance if is_added(case, fact) else fact for fact in changes})


def is_added(case: Case, fact: Fact) -> bool:
    """Whether a fact is of a record that the case does not have."""
    return " of " in fact.instance and not any(fact.instance in ids for ids in case.instances.values())


def owner_of_added(fact: Fact) -> str:
    """Whose record it is that is added."""
    return fact.instance.partition(" of ")[2]


def addable(program: Program, case: Case, asked: Fact) -> Mapping[str, Sequence[str]]:
    """The kinds of records that somebody can add and that the condition may read, with the owners there are."""
    return {
        entity.name: case.instances.get(entity.belongs_to, ())
        for entity in program.settings.entities.values()
        if entity.more is not None and any(_said(program, asked, entity.name))
    }


def added(program: Program, case: Case, asked: Fact, entity: str, owner: str) -> tuple[Case, frozenset[Fact]]:
    """The case with a record more, and its facts that must be said."""
    name = f"another {entity} of {owner}"
    listed = (*case.records.get((entity, owner), ()), name)
    more = replace(
        case,
        instances={**case.instances, entity: (*case.instances.get(entity, ()), name)},
        owner_of={**case.owner_of, (entity, name): owner},
        records={**case.records, (entity, owner): listed},
    )
    periods = ((definition, definition.period_at(case.at)) for definition in _said(program, asked, entity))
    return more, frozenset(Fact(definition.name, name, period) for definition, period in periods if period is not None)


def _said(program: Program, asked: Fact, entity: str) -> Iterator[Definition]:
    """The facts of such a record that the condition may read and that nothing stands for if nobody states them."""
    for definition in program.definitions.values():
        must = definition.entity == entity and definition.absent is None and definition.default is None
        if must and definition.is_input and asked.name in reached_names(program, frozenset((definition.name,))):
            yield definition
