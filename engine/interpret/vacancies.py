"""Roles that nobody holds if a fact is so, where it is not known: a spouse who is listed, and may file separately.

1. A case as it stands has everybody in it who is listed. Where a group's `unless` is not stated, and nothing says what
   its absence means, the other case is possible, too: the fact holds, and who is listed with the role is not in the
   group.
2. A figure is then whatever it is in either of the two, and which of them holds is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.interpret.cases import Case
from engine.interpret.further import Place
from engine.interpret.outcomes import Fact
from engine.interpret.stated import NotATime, bare
from engine.ir.program import Definition, Program
from engine.remembered import Remembered

_FACTS: Remembered[Definition | None] = Remembered(64)  # by entity and name


def vacated(program: Program, case: Case) -> tuple[Case, frozenset[Fact]] | None:
    """The case in which every fact that is not known vacates its role, and those facts; None where there is none."""
    if not case.entities or not any(role.unless for entity in case.entities.values() for role in entity.roles):
        return None
    places = dict(_open_places(program, case))
    if not places:
        return None
    deciding = frozenset(fact for facts in places.values() for fact in facts)
    holders = {place: people for place, people in case.holders.items() if place not in places}
    left = {(entity, person) for entity, group, role in places for person in case.holders[entity, group, role]}
    group_of = {key: group for key, group in case.group_of.items() if key not in left}
    given = {**case.given, **dict.fromkeys(deciding, True)}
    within = {fact: ends for fact, ends in case.within.items() if fact not in deciding}
    whole = case.whole.union(Place(*place) for place in places)  # nobody holds them
    return replace(case, holders=holders, group_of=group_of, given=given, within=within, whole=whole), deciding


def _open_places(program: Program, case: Case) -> Iterator[tuple[tuple[str, str, str], tuple[Fact, ...]]]:
    """Roles that somebody is listed with, and that a fact which is not known would vacate."""
    entities = program.settings.entities
    for place, people in case.holders.items():
        if not people:
            continue  # nobody leaves it, and what the fact may be is known without another case
        role = next(role for role in entities[place[0]].roles if role.name == place[2])
        if role.unless and (facts := _unknown(program, case, fact_of(program, place[0], role.unless), place[1])):
            yield place, facts


def fact_of(program: Program, entity: str, name: str) -> Definition | None:
    """The fact of a group that a role calls `name`."""

    def look() -> Definition | None:
        named = (fact for fact in program.definitions.values() if fact.entity == entity and fact.short_name == name)
        return next(named, None)

    return _FACTS.of(program, (entity, name), look)


def _unknown(program: Program, case: Case, definition: Definition | None, group: str) -> tuple[Fact, ...]:
    """The fact of a group for the period of the case, if it is not known."""
    if definition is None or definition.default is not None:
        return ()
    said_unknown = any(fact.name == definition.name and fact.instance == group for fact in case.within)
    if case.complete and definition.absent is not None and not said_unknown:
        return ()
    if any(fact.name == definition.name and fact.instance == group for fact in case.given):
        return ()
    if (definition.name, group) in case.held:
        return ()
    try:
        periods = bare(definition, case.at)
    except NotATime:
        return ()
    return tuple(Fact(definition.name, group, period) for period in periods)
