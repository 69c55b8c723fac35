"""A case read from YAML, JSON or plain data.

1. Read `at` and `complete`, then every entity by its plural name (ids below it) or its singular (one without a name).
2. In a group a role's name or plural lists people, in a record the owner's name says whose it is; every other key is a
   figure or fact, given for `at` or for stated periods: `wages: {2023: 100, 2024: 200}`.
3. Check it as a whole: dangling ids, a person in two groups of a kind, too many or too few in a role. All at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, permutations

from engine.interpret.case_facts import FactReader
from engine.interpret.cases import Case, Stay
from engine.interpret.further import Place
from engine.interpret.outcomes import Fact
from engine.interpret.stated import NotATime, days_for
from engine.ir.exclusions import Exclusion, Link, exclusions, refusal, says_something
from engine.ir.program import Program
from engine.reading.context import Context
from engine.reading.declarations import Entity, Role
from engine.syntax.nodes import Entry, Node, Scalar, Sequence, shown
from engine.syntax.nodes import Mapping as YamlMapping
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source, Span
from engine.values.numbers import format_decimal
from engine.values.periods import ETERNITY, Period
from engine.values.types import Value

MAX_INSTANCES = 10_000
KEYS = ("at", "complete", "open")


def case_from_data(
    program: Program, data: Mapping[str, object], problems: Diagnostics, at: Period | None = None
) -> Case | None:
    """A case from plain Python data. Money as int, str, Decimal or Fraction; a float is refused."""
    source = Source("<case>", json.dumps(data, default=_plain))
    node = read_nodes(source, problems, quoted_keys=True)
    return read_case(program, node, problems, at) if node is not None else None


def owners_of(entity: Entity) -> tuple[str, ...]:
    """What a case calls those to whom a record belongs, or the larger group that a group lies in."""
    first = (entity.first_owner or entity.belongs_to,) if entity.belongs_to else ()
    return (*first, *(owner.name for owner in entity.further))


def _plain(value: object) -> str:
    match value:
        case Decimal():
            return format(value, "f")
        case Fraction():
            return format_decimal(value)
        case date():
            return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot stand in a case")


def read_case(program: Program, node: Node, problems: Diagnostics, at: Period | None = None) -> Case | None:
    """A case from nodes; None, with problems, if anything in it is wrong. `at` stands over the case's own."""
    before = len(problems)
    reader = _Reader(program, problems)
    case = reader.read(node, at)
    return case if len(problems) == before else None


class _Reader(FactReader):
    # --- the whole

    def read(self, node: Node, at: Period | None) -> Case:
        if not isinstance(node, YamlMapping):
            self.report("E801", "a case is a mapping", node.span, help="write `at:` and the people below it")
            return Case(at or ETERNITY)
        at = at or self.at(node)
        entries = [entry for entry in node if entry.name not in KEYS]
        self.complete = self.flag(node)
        self.open_lists(node)
        for entry in entries:
            self.entity(entry, at)
        self.settle_unnamed()
        self.make_pairs()
        self.settle_personal(self.case(at))
        self.check_whole()
        self.check_exclusions()
        return self.case(at)

    def at(self, node: YamlMapping) -> Period:
        scalar = node.get("at")
        if isinstance(scalar, Scalar):
            try:
                return self.program.settings.period(scalar.text)
            except ValueError as fault:
                self.report("E802", str(fault), scalar.span, help="write `at: 2024`")
                self.dated = False
                return ETERNITY
        self.report(
            "E801", "the case does not say at which period", node.span, help="add `at: 2024`, or give `--at 2024`"
        )
        self.dated = False
        return ETERNITY

    def flag(self, node: YamlMapping) -> bool:
        scalar = node.get("complete")
        if scalar is not None and not (isinstance(scalar, Scalar) and scalar.text in ("true", "false")):
            self.report("E802", "`complete` is true or false", scalar.span, help="write `complete: true`")
        return isinstance(scalar, Scalar) and scalar.text == "true"

    def open_lists(self, node: YamlMapping) -> None:
        """`open: [licences, dependents]`: lists that may hold more than is listed."""
        found = node.get("open")
        if found is None:
            return
        lists = {
            entity.plural: (entity.name, "") for entity in self.entities.values() if entity.belongs_to or entity.within
        }
        for group in self.entities.values():
            for role in group.roles:
                lists |= {word: (group.name, role.name) for word in (role.name, role.plural) if word}
        for item in found.items if isinstance(found, Sequence) else (found,):
            word = item.text if isinstance(item, Scalar) else ""
            if word in lists:
                self.more.add(lists[word])
            else:
                message = f"`{shown(word)}` is no list of records or of those who hold a role"
                self.report("E802", message, item.span, help=self.suggest(word, list(lists)))

    def entity(self, entry: Entry, at: Period) -> None:
        plural = next((one for one in self.entities.values() if one.plural == entry.name), None)
        self.listed.add(plural.name if plural is not None else entry.name)
        if plural is not None:
            self.several(plural, entry, at)
        elif entry.name in self.entities:
            self.unnamed.add(entry.name)
            self.one(self.entities[entry.name], entry.name, entry.key.span, entry.value, at)
        else:
            known = [*KEYS, *self.entities, *(one.plural for one in self.entities.values())]
            message = f"`{shown(entry.name)}` is neither an entity nor a key of a case"
            self.report("E801", message, entry.key.span, help=self.suggest(entry.name, known))

    def several(self, entity: Entity, entry: Entry, at: Period) -> None:
        if isinstance(entry.value, Sequence) and not entry.value.items:
            return  # none of them
        if not isinstance(entry.value, YamlMapping):
            help_text = f"write `{entity.plural}: {{some_id: {{…}}}}`"
            self.report("E802", f"`{entity.plural}` lists instances by id", entry.value.span, help=help_text)
            return
        if len(entry.value) > MAX_INSTANCES:
            message = f"a case has at most {MAX_INSTANCES:,} {entity.plural}"
            self.report("E805", message, entry.key.span, help="run them as a batch")
            return
        for one in entry.value:
            self.one(entity, one.name, one.key.span, one.value, at)

    def one(self, entity: Entity, name: str, span: Span, node: Node, at: Period) -> None:
        known = self.instances.setdefault(entity.name, {})
        if name in known:
            self.report("E805", f"there are two called `{name}`", span, help="give each an id of its own")
        known[name] = span
        if isinstance(node, Scalar) and node.is_empty:
            return
        if not isinstance(node, YamlMapping):
            self.report("E802", f"`{shown(name)}` is described by its facts", node.span, help="write `{age: 40}`")
            return
        for entry in node:
            self.key(entity, name, entry, at)
        if entity.made_for:
            self.pair_of(entity, name, span)

    def key(self, entity: Entity, name: str, entry: Entry, at: Period) -> None:
        role = next((role for role in entity.roles if entry.name in (role.name, role.plural)), None)
        role = role or self.misspelt_role(entity, entry)
        if role is not None:
            self.role(entity, name, role, entry)
        elif entry.name in owners_of(entity):
            if not isinstance(entry.value, Scalar):
                self.report("E805", "a record belongs to one", entry.value.span, help="name the owner's id")
            elif entity.further_owner(entry.name) is not None:
                self.further[entity.name, entry.name, name] = (entry.value.text, entry.value.span)
            else:
                self.owner_of[(entity.name, name)] = (entry.value.text, entry.value.span)
        else:
            self.fact(entity, name, entry, at)

    def misspelt_role(self, entity: Entity, entry: Entry) -> Role | None:
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
        message = f"a {entity.name} has no role or figure `{shown(entry.name)}`"
        self.report("E801", message, entry.key.span, help=f"did you mean `{meant}`?")
        return words[meant]

    def role(self, entity: Entity, name: str, role: Role, entry: Entry) -> None:
        items = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
        listed = self.holders.setdefault((entity.name, name, role.name), [])
        for item in items:
            if isinstance(item, Scalar) and item.text:
                listed.append((item.text, item.span))
            elif isinstance(item, YamlMapping) and item.entries:
                for one in item:
                    listed.append((one.name, one.key.span))
                    self.stay(entity, name, role, one)
            else:
                help_text = "write `[anna, ben]`, or `[anna, {ben: from 2024-05-01}]`"
                self.report("E805", f"`{entry.name}` names people by id", item.span, help=help_text)
        most = self.most_at_once(entity, name, role, listed)
        if role.maximum is not None and most > role.maximum:
            message = f"`{name}` has {most} of the role `{role.name}`, and at most {role.maximum} may be"
            self.report("E805", message, entry.value.span, help="make a group for each, or correct the role")

    def stay(self, entity: Entity, group: str, role: Role, entry: Entry) -> None:
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
        here = [one for one in dated if one.group == group and one.role == role.name]
        always = sum((entity.name, name) not in self.stays for name, _ in listed)
        return always + max((sum(one.first <= day.first <= one.last for one in here) for day in here), default=0)

    # --- the whole, checked

    def settle_unnamed(self) -> None:
        """A lone person and a lone group or record without ids belong together.

        In a group the person has the first role that must be held.
        """
        for group in [self.entities[name] for name in self.unnamed if self.entities[name].of]:
            person = group.of
            held = any(key[0] == group.name and key[1] == group.name for key in self.holders)
            role = next((role for role in group.roles if role.minimum), None)
            if person in self.unnamed and not held and role is not None:
                self.holders[(group.name, group.name, role.name)] = [(person, self.instances[person][person])]
        for record in [self.entities[name] for name in self.unnamed if self.entities[name].belongs_to]:
            owner = record.belongs_to
            if owner in self.unnamed and (record.name, record.name) not in self.owner_of:
                self.owner_of[(record.name, record.name)] = (owner, self.instances[owner][owner])
        for entity in [self.entities[name] for name in self.unnamed]:
            for owner_ in entity.further:
                if owner_.entity in self.unnamed:
                    place = self.instances[owner_.entity][owner_.entity]
                    self.further.setdefault((entity.name, owner_.name, entity.name), (owner_.entity, place))

    def make_pairs(self) -> None:
        """The records of ordered pairs of members that the case does not state."""
        for entity in [one for one in self.entities.values() if one.made_for]:
            second = entity.further[0].name
            known = self.instances.get(entity.name, {})
            stated = {(self.owner(entity, "", one), self.owner(entity, second, one)) for one in known}
            people: dict[tuple[str, str], dict[str, Span]] = {}
            for (kind, group, _), members in self.holders.items():
                if kind in entity.made_for:
                    people.setdefault((kind, group), {}).update(members)
            for together in people.values():
                for one, other in permutations(together, 2):
                    if (one, other) not in stated:
                        stated.add((one, other))
                        self.make_pair(entity, second, one, other, together)

    def owner(self, entity: Entity, further: str, record: str) -> str:
        """Whom a record belongs to; nobody where it is not said yet."""
        if further:
            return self.further.get((entity.name, further, record), ("",))[0]
        return self.owner_of.get((entity.name, record), ("",))[0]

    def make_pair(self, entity: Entity, second: str, one: str, other: str, places: Mapping[str, Span]) -> None:
        name = f"{one}/{other}"
        self.instances.setdefault(entity.name, {})[name] = places[one]
        self.owner_of[entity.name, name] = (one, places[one])
        self.further[entity.name, second, name] = (other, places[other])

    def pair_of(self, entity: Entity, name: str, span: Span) -> None:
        """Whose a pair is that is called by their ids: `ada/ben`."""
        one, slash, other = name.partition("/")
        second = entity.further[0].name
        if slash and (entity.name, name) not in self.owner_of and (entity.name, second, name) not in self.further:
            self.owner_of[entity.name, name] = (one, span)
            self.further[entity.name, second, name] = (other, span)

    def check_whole(self) -> None:
        placed: dict[tuple[str, str], str] = {}
        for (entity, group, role), people in self.holders.items():
            for person, span in people:
                self.placed(placed, entity, group, person, span, role)
        for (entity, record), (owner, span) in self.owner_of.items():
            self.is_there(record, owner, self.entities[entity].belongs_to, span)
        for (entity, name, record), (owner, span) in self.further.items():
            further = self.entities[entity].further_owner(name)
            assert further is not None
            self.is_there(record, owner, further.entity, span)
        self.settle_within()
        for declared in self.entities.values():
            self.check_instances(declared)

    def is_there(self, record: str, owner: str, entity: str, span: Span) -> None:
        if owner not in self.instances.get(entity, {}):
            message = f"`{record}` belongs to `{shown(owner)}`, who is not in the case"
            self.report("E805", message, span, help=f"add them under `{self.entities[entity].plural}`")

    def settle_within(self) -> None:
        """In which larger group each group lies: its members tell, if the case does not; E805 if they contradict."""
        groups = {(entity, one): name for (entity, name, _), people in self.holders.items() for one, _ in people}
        for (entity, group, _), people in self.holders.items():
            larger = self.entities[entity].within
            for person, span in people if larger else ():
                theirs = groups.get((larger, person))
                if theirs is None or (larger, person) in self.stays or (entity, person) in self.stays:
                    continue
                stated, _ = self.further.setdefault((entity, larger, group), (theirs, span))
                if stated != theirs:
                    message = f"`{group}` lies in the {larger} `{stated}`, and `{person}` is in `{theirs}`"
                    self.report("E805", message, span, help=f"people of one {entity} are in one {larger}")

    def placed(
        self, placed: dict[tuple[str, str], str], entity: str, group: str, person: str, span: Span, role: str
    ) -> None:
        if person not in self.instances.get(self.entities[entity].of, {}):
            plural = self.entities[self.entities[entity].of].plural
            known = list(self.instances.get(self.entities[entity].of, {}))
            message = f"`{shown(person)}` is not in the case"
            self.report(
                "E805", message, span, help=self.suggest(person, known) if known else f"add them under `{plural}`"
            )
        elif (entity, person) in self.stays:
            if not any((one.group, one.role) == (group, role) for one, _ in self.stays[entity, person]):
                message = f"`{person}` is in `{group}` throughout, and in another {entity} for a time"
                self.report("E805", message, span, help=f"say when: `{{{person}: until 2024-04-30}}`")
            elif (entity, person) not in placed:
                placed[(entity, person)] = group
                self.check_stays(entity, person)
        elif (entity, person) in placed:
            message = f"`{person}` already belongs to the {entity} `{placed[(entity, person)]}`"
            self.report("E805", message, span, help=f"a person is in one {entity}, in one role")
        else:
            placed[(entity, person)] = group

    def check_stays(self, entity: str, person: str) -> None:
        """Report a day on which somebody is in two groups of a kind, or in two roles."""
        stays = sorted(self.stays.get((entity, person), ()), key=lambda one: one[0].first)
        for (earlier, _), (later, span) in pairwise(stays):
            if later.first <= earlier.last:
                groups = dict.fromkeys(f"`{stay.group}`" for stay in (earlier, later))
                where = " and ".join(groups) if len(groups) > 1 else f"{next(iter(groups))} twice"
                message = f"`{person}` is in {where} on {later.first}"
                self.report("E805", message, span, help=f"a person is in one {entity}, in one role, on each day")

    def check_instances(self, entity: Entity) -> None:
        for name, span in self.instances.get(entity.name, {}).items():
            alone = name in self.unnamed and not self.instances.get(entity.belongs_to)
            if entity.belongs_to and (entity.name, name) not in self.owner_of and not alone:
                message = f"`{name}` does not say whose it is"
                self.report("E805", message, span, help=f"add `{entity.first_owner or entity.belongs_to}: …`")
            for owner in entity.further if entity.belongs_to else ():
                if (entity.name, owner.name, name) not in self.further:
                    message = f"`{name}` does not say of which {owner.name} it is"
                    self.report("E805", message, span, help=f"add `{owner.name}: …`")
            for role in entity.roles:
                held = len(self.holders.get((entity.name, name, role.name), ()))
                if held < role.minimum and name not in self.unnamed:
                    message = f"`{name}` has no `{role.name}`"
                    self.report("E805", message, span, help=f"add `{role.name}: …`")

    def check_exclusions(self) -> None:
        """Report what is stated beside what stands for it."""
        stated: dict[str, list[Fact]] = {}
        for fact, value in self.given.items():
            if says_something(value):
                stated.setdefault(fact.name, []).append(fact)
        for exclusion in exclusions(self.program):
            for first in stated.get(exclusion.first.name, ()):
                for second in stated.get(exclusion.second.name, ()):
                    if (
                        first.period.touches(second.period)
                        and self.go_together(exclusion, first.instance, second.instance)
                        and self.fulfils(exclusion, second if exclusion.total is exclusion.first else first)
                    ):
                        message, help_text = refusal(exclusion, first.instance, second.instance)
                        self.report("E807", message, self.places[second], help_text)

    def fulfils(self, exclusion: Exclusion, part: Fact) -> bool:
        """Whether the conditions hold of what the total stands for; what is not stated is as if absent."""
        for condition in exclusion.where:
            stated: list[Value | None] = [
                value
                for fact, value in self.given.items()
                if fact.name == condition.name and fact.instance == part.instance and fact.period.touches(part.period)
            ]
            absent = self.program.definitions[condition.name].absent
            if not any(value in condition.values for value in stated or [absent]):
                return False
        return True

    def go_together(self, one: Exclusion, first: str, second: str) -> bool:
        match one.link:
            case Link.SAME:
                return first == second
            case Link.RECORD:
                return self.owner_of.get((one.second.entity, second), (first,))[0] == first
            case Link.MEMBER:
                return second in self.members(one.first.entity, first)
            case Link.RECORD_OF_MEMBER:
                owner = self.owner_of.get((one.second.entity, second))
                return owner is not None and owner[0] in self.members(one.first.entity, first)

    def members(self, entity: str, group: str) -> list[str]:
        roles = [role.name for role in self.entities[entity].roles]
        return [person for role in roles for person, _ in self.holders.get((entity, group, role), ())]

    def vacant(self, entity: str, group: str, role: str) -> bool:
        """Whether a fact of the group says that nobody holds the role, whoever is listed."""
        declared = next(one for one in self.entities[entity].roles if one.name == role)
        if not declared.unless and not declared.unless_stated:
            return False
        known = self.program.definitions
        stated = [(known[fact.name], value) for fact, value in self.given.items() if fact.instance == group]
        return any(one.entity == entity and declared.vacated_by(one.short_name, value) for one, value in stated)

    def case(self, at: Period) -> Case:
        records: dict[tuple[str, str], list[str]] = {}
        for (entity, record), (owner, _) in self.owner_of.items():
            records.setdefault((entity, owner), []).append(record)
        further: dict[tuple[str, str, str], list[str]] = {}
        for (entity, name, record), (owner, _) in self.further.items():
            further.setdefault((entity, name, owner), []).append(record)
        held = {key: tuple(dict.fromkeys(person for person, _ in people)) for key, people in self.holders.items()}
        holders = {key: people for key, people in held.items() if not self.vacant(*key)}
        return Case(
            at=at,
            instances={entity: tuple(names) for entity, names in self.instances.items()},
            holders=holders,
            group_of={
                **{(key[0], person): key[1] for key, people in holders.items() for person in people},
                **{key: max(stays, key=lambda one: one[0].first)[0].group for key, stays in self.stays.items()},
            },
            owner_of={key: owner for key, (owner, _) in self.owner_of.items()},
            records={key: tuple(names) for key, names in records.items()},
            given=self.given,
            held=self.held,
            within=self.within,
            complete=self.complete,
            entities=self.entities,
            whole=frozenset((*(Place(*key) for key in held), *(Place(one, "") for one in self.listed))),
            more=frozenset(self.more),
            further_owner={key: owner for key, (owner, _) in self.further.items()},
            further_records={key: tuple(names) for key, names in further.items()},
            stays={key: tuple(stay for stay, _ in stays) for key, stays in self.stays.items()},
        )
