"""A case: people, groups and records, how they belong together, and what is given of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date

from engine.interpret.further import OWNER, Another, Place
from engine.interpret.outcomes import Fact
from engine.interpret.stated import Held
from engine.ir.program import Definition, Program
from engine.reading.declared_settings import Entity, Settings
from engine.records import record
from engine.values.periods import Period, PeriodKind
from engine.values.types import Value

EVERY = Place("", "")
When = date | Period | None
"""When memberships are asked for: on a day; in a period, as they count in it; None: as `holders` and `group_of` say."""


@record(frozen=True, slots=True)
class Stay:
    """That somebody holds a role in a group from one day to another. One that `lapses` ends with nothing said of where
    they are from then on: they count for the rest of the period in which it ends, unless they are in another group."""

    group: str
    role: str
    first: date
    last: date
    lapses: bool = False

    def holds(self, when: date | Period) -> bool:
        """Whether it holds on a day; of a period, on its last day."""
        day = when.end if isinstance(when, Period) else when
        return self.first <= day <= self.last


@record(frozen=True, slots=True)
class Case:
    """Who there is, how they belong together, and what is given. Ids are unique within an entity.

    `holders`: (group entity, group id, role) -> people. `group_of`: (group entity, person) -> group id. `owner_of` and
    `records`: (record entity, id) -> owner, and back. `further_owner` and `further_records`: (entity, owner's name, id)
    -> id, of owners besides the first, and of groups within others. `stays`: (group entity, person) -> memberships of
    those who are not members throughout, whom `holders` lists if they are at any time; `group_of` has their last.
    `untold`: (record entity, owner's name) of owners that are not said, as in tables. `held`: (fact, whose) -> what a
    stock or status is on stretches of days. `within`: facts that are not known, between what they lie (None: anything).

    `entities`: those whose lists may hold more than is listed; without them lists are taken as they stand. Even then a
    list is whole where the case is `complete` or the list is among those in `whole`, and not where it is in `more`.
    All lists of a kind of record, or of a role, are the one of nobody (`""`); `EVERY` stands for all lists.
    `stated`: kinds of groups that no figure makes here, though nobody is in one.
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
    further_owner: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    further_records: Mapping[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    stays: Mapping[tuple[str, str], tuple[Stay, ...]] = field(default_factory=dict)
    untold: frozenset[tuple[str, str]] = frozenset()
    entities: Mapping[str, Entity] = field(default_factory=dict)
    whole: frozenset[Place] = frozenset()
    more: frozenset[tuple[str, str]] = frozenset()
    stated: frozenset[str] = frozenset()

    @property
    def may_hold_more(self) -> bool:
        """Whether who is in no list may be in one all the same."""
        return bool(self.entities) and not self.complete and EVERY not in self.whole

    def is_open(self, place: Place) -> bool:
        """Whether a list may hold more than is listed."""
        if self.is_said_open(place):
            return True
        return self.may_hold_more and place not in self.whole and Place(place.link, "", _said(place)) not in self.whole

    def is_said_open(self, place: Place) -> bool:
        """Whether the case says of a list that it may hold more than is listed."""
        return bool(self.entities) and (place.link, _said(place)) in self.more

    def group_on(self, entity: str, person: str, when: When) -> str | None:
        """The group of a kind that somebody is in; None where they are in none."""
        if when is None or (entity, person) not in self.stays:
            return self.group_of.get((entity, person))
        stay = self._stay(entity, person, when)
        return stay.group if stay is not None else None

    def held_on(self, entity: str, group: str, role: str, when: When) -> tuple[str, ...]:
        """Who holds a role in a group, as they are listed."""
        listed = self.holders.get((entity, group, role), ())
        if when is None or not self.stays:
            return listed
        return tuple(person for person in listed if self._holds(entity, group, role, person, when))

    def _holds(self, entity: str, group: str, role: str, person: str, when: date | Period) -> bool:
        if (entity, person) not in self.stays:
            return True
        stay = self._stay(entity, person, when)
        return stay is not None and (stay.group, stay.role) == (group, role)

    def _stay(self, entity: str, person: str, when: date | Period) -> Stay | None:
        """The membership that counts: the one that holds, or of a period the last that lapsed in it."""
        stays = self.stays[entity, person]
        holding = next((stay for stay in stays if stay.holds(when)), None)
        if holding is not None or not isinstance(when, Period):
            return holding
        lapsed = [stay for stay in stays if stay.lapses and when.start <= stay.last < when.end]
        return max(lapsed, key=lambda stay: stay.last, default=None)

    def owner(self, entity: str, further: str, record: str) -> str | None:
        """Whom a record belongs to: its first owner, or the one that `further` names."""
        return self.further_owner.get((entity, further, record)) if further else self.owner_of.get((entity, record))

    def owned(self, entity: str, further: str, owner: str) -> tuple[str, ...]:
        """The records of a kind that belong to somebody, as their first owner or the one that `further` names."""
        records = self.further_records.get((entity, further, owner)) if further else self.records.get((entity, owner))
        return records or ()


def _said(place: Place) -> str:
    """The role by which a case says something of a list; none of a list of records, by whomever they are read."""
    return "" if place.role.startswith(OWNER) else place.role


def unit_of(kind: PeriodKind, case: Case, settings: Settings, whose: tuple[str, str], when: When = None) -> str | None:
    """Whose calendar somebody's periods are of: their own, their group's (`when`), their owner's; None where there is
    none. `whose`: somebody's entity and name."""
    entity, instance = whose
    while entity != kind.calendar.of:
        owner = settings.entities[entity].belongs_to
        if isinstance(instance, Another):
            place = instance.place
            if not owner or place.role:
                return place.of if not owner and place.link == kind.calendar.of else None
            entity, instance = owner, place.of
            continue
        if not owner:
            return case.group_on(kind.calendar.of, instance, when)
        if (entity, instance) not in case.owner_of:
            return None
        entity, instance = owner, case.owner_of[entity, instance]
    return instance


def instances_of(case: Case, definition: Definition) -> Iterator[str]:
    """Everybody in a case of whom a figure can be asked."""
    yield from case.instances.get(definition.entity, ())


def larger_groups(
    program: Program, holders: Mapping[tuple[str, str, str], Sequence[str]], group_of: Mapping[tuple[str, str], str]
) -> tuple[dict[tuple[str, str, str], str], dict[tuple[str, str, str], tuple[str, ...]]]:
    """In which larger group each group lies, as its members tell; and which lie in each."""
    owner: dict[tuple[str, str, str], str] = {}
    lists: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for (entity, group, _), people in holders.items():
        larger = program.settings.entities[entity].within
        candidates = [group_of[larger, person] for person in people if (larger, person) in group_of] if larger else []
        if len(set(candidates)) == 1 and (entity, larger, group) not in owner:
            owner[entity, larger, group] = candidates[0]
            lists[entity, larger, candidates[0]] = (*lists.get((entity, larger, candidates[0]), ()), group)
    return owner, lists
