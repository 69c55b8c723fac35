"""A case: people, groups and records, how they belong together, and what is given of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.interpret.outcomes import Fact
from engine.interpret.stated import Held
from engine.ir.program import Definition
from engine.reading.declarations import Settings
from engine.values.periods import Period, PeriodKind
from engine.values.types import Value


@dataclass(frozen=True, slots=True)
class Case:
    """Who there is, how they belong together, and what is given. Ids are unique within an entity.

    `holders`: (group entity, group id, role) -> people. `group_of`: (group entity, person) -> group id. `owner_of` and
    `records`: (record entity, id) -> owner, and back. `held`: (fact, whose) -> what a stock or status is
    on stretches of days. `within`: facts that are not known, between what they lie (None: anything).
    """

    at: Period
    instances: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holders: Mapping[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    group_of: Mapping[tuple[str, str], str] = field(default_factory=dict)
    owner_of: Mapping[tuple[str, str], str] = field(default_factory=dict)
    records: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    given: Mapping[Fact, Value] = field(default_factory=dict)
    held: Mapping[tuple[str, str], tuple[Held, ...]] = field(default_factory=dict)
    within: Mapping[Fact, tuple[Value | None, Value | None]] = field(default_factory=dict)
    complete: bool = False


def unit_of(kind: PeriodKind, case: Case, settings: Settings, entity: str, instance: str) -> str | None:
    """Whose calendar somebody's periods are of: their own, their group's, their owner's; None where there is none."""
    while entity != kind.calendar.of:
        owner = settings.entities[entity].belongs_to
        if not owner:
            return case.group_of.get((kind.calendar.of, instance))
        if (entity, instance) not in case.owner_of:
            return None
        entity, instance = owner, case.owner_of[entity, instance]
    return instance


def instances_of(case: Case, definition: Definition) -> Iterator[str]:
    """Everybody in a case of whom a figure can be asked."""
    yield from case.instances.get(definition.entity, ())
