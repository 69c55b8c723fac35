"""Who holds which role in a group, when, and whose a record is, as a case says it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

from engine.interpret.case_facts import FactReader
from engine.interpret.cases import Stay
from engine.interpret.stated import NotATime, days_for
from engine.reading.context import Context
from engine.reading.declared_settings import Entity, Role
from engine.syntax.nodes import Mapping as YamlMapping
from engine.syntax.nodes import MappingEntry, Scalar, Sequence, shown
from engine.text.articles import with_article
from engine.text.source import Span


class LinkReader(FactReader):
    """Reads how people, groups and records belong together."""

    def misspelt_role(self, entity: Entity, entry: MappingEntry) -> Role | None:
        """The role that a key nearly names, with E801: whose it is can still be read."""
        if not entity.roles or entry.name in self.program.definitions or entry.name in self.by_short_name:
            return None
        words = {word: role for role in entity.roles for word in (role.name, role.plural)}
        figures = [
            definition.short_name
            for definition in self.program.definitions.values()
            if definition.entity == entity.name
        ]
        meant = Context(self.program.settings, self.problems).nearest(entry.name, [*words, *figures])
        if meant not in words:
            return None
        message = f"{with_article(entity.name)} has no role or figure `{shown(entry.name)}`"
        self.report("E801", message, entry.key.span, help=f"did you mean `{meant}`?")
        return words[meant]

    def role(self, entity: Entity, name: str, role: Role, entry: MappingEntry) -> None:
        items = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
        listed = self.holders.setdefault((entity.name, name, role.name), [])
        for item in items:
            if isinstance(item, Scalar) and item.text:
                listed.append((item.text, item.span))
            elif isinstance(item, YamlMapping) and item.entries:
                for member in item:
                    listed.append((member.name, member.key.span))
                    self.stay(entity, name, role, member)
            else:
                help_text = "write `[anna, ben]`, or `[anna, {ben: from 2024-05-01}]`"
                self.report("E805", f"`{entry.name}` names people by id", item.span, help=help_text)
        most = self.most_at_once(entity, name, role, listed)
        if role.maximum is not None and most > role.maximum:
            message = f"`{name}` has {most} of the role `{role.name}`, and at most {role.maximum} may be"
            self.report("E805", message, entry.value.span, help="make a group for each, or correct the role")

    def stay(self, entity: Entity, group: str, role: Role, entry: MappingEntry) -> None:
        """A membership for a time: `{ben: from 2024-05-01}`, or several times as a list."""
        items = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
        for item in items:
            if not isinstance(item, Scalar):
                message = f"it is not said when `{shown(entry.name)}` is a {role.name}"
                self.report("E802", message, item.span, help="write `from 2024-05-01` or `2024-01-01..2024-06-30`")
                continue
            try:
                days = days_for(item.text, self.program.settings)
            except NotATime as fault:
                self.report("E802", fault.message, item.span, help=fault.remedy)
                continue
            stay = Stay(group, role.name, days.first, days.last)
            self.stays.setdefault((entity.name, entry.name), []).append((stay, item.span))

    def most_at_once(self, entity: Entity, group: str, role: Role, listed: list[tuple[str, Span]]) -> int:
        """How many hold a role on the day on which most do."""
        names = {name for name, _ in listed}
        dated = [stay for name in names for stay, _ in self.stays.get((entity.name, name), ())]
        here = [dated_stay for dated_stay in dated if dated_stay.group == group and dated_stay.role == role.name]
        always = sum((entity.name, name) not in self.stays for name, _ in listed)
        return always + max(
            (sum(dated_stay.first <= day.first <= dated_stay.last for dated_stay in here) for day in here), default=0
        )

    def settle_unnamed(self) -> None:
        """A lone person and a lone group without ids belong together, and to a lone owner without one all records.

        In a group the person has the first role that must be held.
        """
        for group in [self.entities[name] for name in self.unnamed if self.entities[name].of]:
            person = group.of
            held = any(key[0] == group.name and key[1] == group.name for key in self.holders)
            role = next((role for role in group.roles if role.minimum), None)
            if person in self.unnamed and not held and role is not None:
                self.holders[(group.name, group.name, role.name)] = [(person, self.instances[person][person])]
        for record in [entity for entity in self.entities.values() if entity.belongs_to in self.unnamed]:
            owner = record.belongs_to
            for name in self.instances.get(record.name, ()) if len(self.instances[owner]) == 1 else ():
                self.owner_of.setdefault((record.name, name), (owner, self.instances[owner][owner]))
        for entity in [self.entities[name] for name in self.unnamed]:
            for owner_ in entity.further:
                if owner_.entity in self.unnamed:
                    place = self.instances[owner_.entity][owner_.entity]
                    self.further.setdefault((entity.name, owner_.name, entity.name), (owner_.entity, place))

    def make_pairs(self) -> None:
        """The records of ordered pairs of members that the case does not state."""
        for entity in [pair_entity for pair_entity in self.entities.values() if pair_entity.made_for]:
            second = entity.further[0].name
            known = self.instances.get(entity.name, {})
            stated = {(self.owner(entity, "", pair), self.owner(entity, second, pair)) for pair in known}
            people: dict[tuple[str, str], dict[str, Span]] = {}
            for (kind, group, _), members in self.holders.items():
                if kind in entity.made_for:
                    people.setdefault((kind, group), {}).update(members)
            for together in people.values():
                for person, other in permutations(together, 2):
                    if (person, other) not in stated:
                        stated.add((person, other))
                        self.make_pair(entity, second, person, other, together)

    def owner(self, entity: Entity, further: str, record: str) -> str:
        """Whom a record belongs to; nobody where it is not said yet."""
        if further:
            return self.further.get((entity.name, further, record), ("",))[0]
        return self.owner_of.get((entity.name, record), ("",))[0]

    def make_pair(self, entity: Entity, second: str, person: str, other: str, places: Mapping[str, Span]) -> None:
        name = f"{person}/{other}"
        self.instances.setdefault(entity.name, {})[name] = places[person]
        self.owner_of[entity.name, name] = (person, places[person])
        self.further[entity.name, second, name] = (other, places[other])

    def pair_of(self, entity: Entity, name: str, span: Span) -> None:
        """Whose a pair is that is called by their ids: `ada/ben`."""
        person, slash, other = name.partition("/")
        second = entity.further[0].name
        if slash and (entity.name, name) not in self.owner_of and (entity.name, second, name) not in self.further:
            self.owner_of[entity.name, name] = (person, span)
            self.further[entity.name, second, name] = (other, span)

    def members(self, entity: str, group: str) -> list[str]:
        roles = [role.name for role in self.entities[entity].roles]
        return [person for role in roles for person, _ in self.holders.get((entity, group, role), ())]

    def vacant(self, entity: str, group: str, role: str) -> bool:
        """Whether a fact of the group says that nobody holds the role, whoever is listed."""
        declared = next(entity_role for entity_role in self.entities[entity].roles if entity_role.name == role)
        if not declared.unless and not declared.unless_stated:
            return False
        known = self.program.definitions
        stated = [(known[fact.name], value) for fact, value in self.given.items() if fact.instance == group]
        return any(
            definition.entity == entity and declared.vacated_by(definition.short_name, value)
            for definition, value in stated
        )
