"""A case: people, groups and records with what is given of them, read from YAML, JSON or plain data.

1. Read `at` and `complete`, then every entity by its plural name (ids below it) or its singular (one without a name).
2. In a group a role's name or plural lists people, in a record the owner's name says whose it is; every other key is a
   figure or fact, given for `at` or for stated periods: `wages: {2023: 100, 2024: 200}`.
3. Check it as a whole: dangling ids, a person in two groups of a kind, too many or too few in a role. All at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from engine.interpret.outcomes import Fact
from engine.interpret.stated import Days, Held, NotATime, bare, settled_days, stated_for
from engine.ir.exclusions import Exclusion, Link, exclusions, refusal, says_something
from engine.ir.program import Definition, Program
from engine.reading.context import Context
from engine.reading.declarations import Entity, Role, Settings
from engine.reading.values import read_value
from engine.syntax.nodes import Entry, Node, Scalar, Sequence, Style, shown
from engine.syntax.nodes import Mapping as YamlMapping
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source, Span
from engine.values.numbers import format_decimal
from engine.values.periods import EARLIEST_FACT, ETERNITY, LATEST_FACT, Period, PeriodKind
from engine.values.types import Kind, Value, ValueType

MAX_INSTANCES = 10_000
MOST_UNKNOWN_DAYS = 3_660


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


def case_from_data(
    program: Program, data: Mapping[str, object], problems: Diagnostics, at: Period | None = None
) -> Case | None:
    """A case from plain Python data. Money as int, str, Decimal or Fraction; a float is refused."""
    source = Source("<case>", json.dumps(data, default=_plain))
    node = read_nodes(source, problems, quoted_keys=True)
    return read_case(program, node, problems, at) if node is not None else None


def grouped(value: Fraction) -> str:
    """A number as rules write it: `10_000_000_000`."""
    return f"{value.numerator:_}" if value.denominator == 1 else format_decimal(value)


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


class _Reader:
    def __init__(self, program: Program, problems: Diagnostics) -> None:
        self.program = program
        self.problems = problems
        self.entities = program.settings.entities
        self.instances: dict[str, dict[str, Span]] = {}
        self.holders: dict[tuple[str, str, str], list[tuple[str, Span]]] = {}
        self.owner_of: dict[tuple[str, str], tuple[str, Span]] = {}
        self.given: dict[Fact, Value] = {}
        self.places: dict[Fact, Span] = {}
        self.settings = program.settings
        self.personal: list[tuple[Definition, str, Entry]] = []
        self.held: dict[tuple[str, str], tuple[Held, ...]] = {}
        self.within: dict[Fact, tuple[Value | None, Value | None]] = {}
        self.unnamed: set[str] = set()
        self.complete = False
        self.dated = True

    @cached_property
    def by_short_name(self) -> dict[str, list[Definition]]:
        """The definitions by what people call them. Most cases name every fact exactly, and never need it."""
        found: dict[str, list[Definition]] = {}
        for definition in self.program.definitions.values():
            found.setdefault(definition.short_name, []).append(definition)
        return found

    def report(self, code: str, message: str, span: Span, help: str) -> None:
        self.problems.add(code, message, span, help=help)

    def suggest(self, word: str, known: list[str]) -> str:
        return Context(self.program.settings, self.problems).did_you_mean(word, known)

    # --- the whole

    def read(self, node: Node, at: Period | None) -> Case:
        if not isinstance(node, YamlMapping):
            self.report("E801", "a case is a mapping", node.span, help="write `at:` and the people below it")
            return Case(at or ETERNITY)
        at = at or self.at(node)
        entries = [entry for entry in node if entry.name not in ("at", "complete")]
        self.complete = self.flag(node)
        for entry in entries:
            self.entity(entry, at)
        self.settle_unnamed()
        self.settle_personal(at)
        self.check_whole()
        self.check_exclusions()
        return self.case(at)

    def at(self, node: YamlMapping) -> Period:
        found = node.get("at")
        if isinstance(found, Scalar):
            try:
                return self.program.settings.period(found.text)
            except ValueError as fault:
                self.report("E802", str(fault), found.span, help="write `at: 2024`")
                self.dated = False
                return ETERNITY
        self.report(
            "E801", "the case does not say at which period", node.span, help="add `at: 2024`, or give `--at 2024`"
        )
        self.dated = False
        return ETERNITY

    def flag(self, node: YamlMapping) -> bool:
        found = node.get("complete")
        if found is not None and not (isinstance(found, Scalar) and found.text in ("true", "false")):
            self.report("E802", "`complete` is true or false", found.span, help="write `complete: true`")
        return isinstance(found, Scalar) and found.text == "true"

    def entity(self, entry: Entry, at: Period) -> None:
        plural = next((one for one in self.entities.values() if one.plural == entry.name), None)
        if plural is not None:
            self.several(plural, entry, at)
        elif entry.name in self.entities:
            self.unnamed.add(entry.name)
            self.one(self.entities[entry.name], entry.name, entry.key.span, entry.value, at)
        else:
            known = ["at", "complete", *self.entities, *(one.plural for one in self.entities.values())]
            message = f"`{shown(entry.name)}` is neither an entity nor a key of a case"
            self.report("E801", message, entry.key.span, help=self.suggest(entry.name, known))

    def several(self, entity: Entity, entry: Entry, at: Period) -> None:
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

    def key(self, entity: Entity, name: str, entry: Entry, at: Period) -> None:
        role = next((role for role in entity.roles if entry.name in (role.name, role.plural)), None)
        role = role or self.misspelt_role(entity, entry)
        if role is not None:
            self.role(entity, name, role, entry)
        elif entity.belongs_to and entry.name == entity.belongs_to:
            if isinstance(entry.value, Scalar):
                self.owner_of[(entity.name, name)] = (entry.value.text, entry.value.span)
            else:
                self.report("E805", "a record belongs to one", entry.value.span, help="name the owner's id")
        else:
            self.fact(entity, name, entry, at)

    def misspelt_role(self, entity: Entity, entry: Entry) -> Role | None:
        """The role that a key nearly names, with E801: whose it is can still be read."""
        if not entity.roles or entry.name in self.program.definitions or entry.name in self.by_short_name:
            return None
        words = {word: role for role in entity.roles for word in (role.name, role.plural)}
        figures = [one.short_name for one in self.program.definitions.values() if one.entity == entity.name]
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
            else:
                self.report("E805", f"`{entry.name}` names people by id", item.span, help="write `[anna, ben]`")
        if role.maximum is not None and len(listed) > role.maximum:
            message = f"`{name}` has {len(listed)} of the role `{role.name}`, and at most {role.maximum} may be"
            self.report("E805", message, entry.value.span, help="make a group for each, or correct the role")

    # --- facts

    def fact(self, entity: Entity, name: str, entry: Entry, at: Period) -> None:
        definition = self.definition(entity, entry)
        if definition is None:
            return
        if definition.period.is_personal:
            self.personal.append((definition, name, entry))
            return
        self.stated(definition, name, entry, at)

    def settle_personal(self, at: Period) -> None:
        """What is stated of periods that begin on somebody's own day, once it is known whose they are."""
        whole = self.case(at)
        for definition, name, entry in self.personal:
            kind = definition.period
            unit = unit_of(kind, whole, self.program.settings, definition.entity, name)
            first = self.given.get(Fact(kind.calendar.starts, unit or "", ETERNITY))
            if not isinstance(first, date):
                message = f"`{entry.name}` is per {kind}, and the case does not state `{kind.calendar.starts}`"
                help_text = f"state it of the {kind.calendar.of}: its periods are counted from that day"
                self.report("E802", message, entry.key.span, help=help_text)
                continue
            own = kind.anchored(first)
            self.settings = replace(
                self.program.settings, calendars={**self.program.settings.calendars, str(kind): own.calendar}
            )
            self.stated(replace(definition, period=own), name, entry, at)

    def stated(self, definition: Definition, name: str, entry: Entry, at: Period) -> None:
        if not isinstance(entry.value, YamlMapping) or _is_bounds(entry.value):
            self.bare(definition, name, entry, at)
            return
        stated: list[tuple[Days, Value]] = []
        taken: list[tuple[date, date, str]] = []
        for dated in entry.value:
            self.dated_value(definition, name, dated, stated, taken)
        if stated:
            self.held[(definition.name, name)] = settled_days(stated)

    def bare(self, definition: Definition, name: str, entry: Entry, at: Period) -> None:
        """A fact that is stated without a time."""
        if not self.dated:
            return  # that the case has no period was reported
        try:
            periods = bare(definition, at)
        except NotATime as fault:
            self.report("E802", fault.message, entry.key.span, help=fault.remedy)
            return
        for period in periods:
            self.give(definition, name, period, entry.value, entry.key.span)

    def dated_value(
        self,
        definition: Definition,
        name: str,
        dated: Entry,
        stated: list[tuple[Days, Value]],
        taken: list[tuple[date, date, str]],
    ) -> None:
        """One `time: value` of a fact; E806 if another says something of one of its days."""
        try:
            found = stated_for(definition, dated.name, self.settings)
        except NotATime as fault:
            self.report("E802", fault.message, dated.key.span, help=fault.remedy)
            return
        days = found if isinstance(found, Days) else Days(found[0].start, found[-1].end)
        if not self.is_free(definition, dated, days, taken):
            return
        if isinstance(found, Days) and self.is_unknown(definition, dated.value):
            self.unknown_days(definition, name, dated, found)
            return
        if isinstance(found, Days):
            value = self.value_of(definition, dated.value, dated.key.span)
            if value is not None:
                stated.append((found, value))
            return
        for period in found:
            self.give(definition, name, period, dated.value, dated.key.span)

    def unknown_days(self, definition: Definition, name: str, dated: Entry, days: Days) -> None:
        """A stock or status that was asked for and is not known on some days."""
        if days.is_open or (days.last - days.first).days > MOST_UNKNOWN_DAYS:
            message = f"`{definition.short_name}` cannot be unknown without an end"
            self.report("E802", message, dated.key.span, help="leave the fact out, or write `A..B: unknown`")
            return
        period = definition.period.containing(days.first)
        while period.end <= days.last:
            self.within[Fact(definition.name, name, period)] = (None, None)
            period = period.shift(1)

    def is_free(self, definition: Definition, dated: Entry, days: Days, taken: list[tuple[date, date, str]]) -> bool:
        """Whether nothing else is stated for any of those days. Of two that are open the later ends the earlier."""
        opens = "from " if days.is_open else ""
        for first, last, text in taken:
            both_open = bool(opens) and text.startswith("from ") and first != days.first
            if first <= days.last and days.first <= last and not both_open:
                message = f"`{definition.short_name}` is stated twice: for {text} and for {dated.name}"
                self.report("E806", message, dated.key.span, help="leave one of the two out, or part their days")
                return False
        taken.append((days.first, days.last, dated.name))
        return True

    def definition(self, entity: Entity, entry: Entry) -> Definition | None:
        found = self.program.definitions.get(entry.name)
        listed = [found] if found is not None else self.by_short_name.get(entry.name, [])
        fitting = [one for one in listed if one.entity == entity.name]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            names = ", ".join(f"`{one.name}`" for one in fitting)
            self.report("E801", f"`{entry.name}` may be {names}", entry.key.span, help="write the whole name")
        elif listed:
            message = f"`{entry.name}` is a figure of a {listed[0].entity}, not of a {entity.name}"
            self.report("E801", message, entry.key.span, help=f"put it under a {listed[0].entity}")
        else:
            own = [one.short_name for one in self.program.definitions.values() if one.entity == entity.name]
            message = f"a {entity.name} has no figure `{shown(entry.name)}`"
            self.report("E801", message, entry.key.span, help=self.suggest(entry.name, own))
        return None

    def give(self, definition: Definition, name: str, period: Period, node: Node, place: Span) -> None:
        if isinstance(node, YamlMapping):
            self.bounds(definition, Fact(definition.name, name, period), node)
            return
        if self.is_unknown(definition, node):
            self.within[Fact(definition.name, name, period)] = (None, None)
            return
        value = self.value_of(definition, node, place)
        if value is not None:
            fact = Fact(definition.name, name, period)
            self.given[fact], self.places[fact] = value, place

    def is_unknown(self, definition: Definition, node: Node) -> bool:
        """Whether a fact is stated as one that was asked and is not known."""
        said = isinstance(node, Scalar) and node.text == "unknown"
        enum = definition.type.enum
        return said and not (enum and "unknown" in self.program.settings.enums[enum].members)

    def value_of(self, definition: Definition, node: Node, place: Span) -> Value | None:
        """The value that is stated; None if it is stated as not known, or after a report."""
        if isinstance(node, Scalar) and node.style is Style.PLAIN and node.text in ("null", "~", ""):
            return None
        value = self.typed(definition, node, place)
        return value if value is not None and self.in_range(definition, value, node) else None

    def bounds(self, definition: Definition, fact: Fact, node: YamlMapping) -> None:
        """`{at_least: 1, at_most: 11_600}`: a number or date of which only that is known."""
        if not definition.type.is_number and definition.type.kind is not Kind.DATE:
            message = f"`{definition.short_name}` has no order, so that nothing lies between bounds"
            self.report("E802", message, node.span, help="state its value, or leave it out")
            return
        ends: dict[str, Value | None] = {"at_least": definition.low, "at_most": definition.high}
        for entry in node:
            ends[entry.name] = self.value_of(definition, entry.value, entry.key.span)
        low, high = ends["at_least"], ends["at_most"]
        if low is not None and high is not None and low > high:  # type: ignore[operator]
            self.report("E802", "nothing lies between these bounds", node.span, help="write the lower as `at_least`")
            return
        self.within[fact] = (low, high)

    def typed(self, definition: Definition, node: Node, place: Span) -> Value | None:
        found = Diagnostics()
        value = read_value(Context(self.program.settings, found), node, stated_type(self.program, definition), place)
        for problem in found:
            self.problems.add("E802", problem.message, problem.span, help=problem.help)
        return None if len(found) else value

    def in_range(self, definition: Definition, value: Value, node: Node) -> bool:
        if isinstance(value, date) and not EARLIEST_FACT <= value <= LATEST_FACT:
            message = f"dates of facts lie in {EARLIEST_FACT} .. {LATEST_FACT}"
            self.report("E802", message, node.span, help="correct the date")
            return False
        if not definition.type.is_number or not isinstance(value, int | Fraction):
            return True
        low, high = definition.low, definition.high
        if (low is not None and value < low) or (high is not None and value > high):
            ends = " .. ".join("" if end is None else grouped(end) for end in (low, high))
            message = f"`{definition.short_name}` lies in {ends}"
            self.report("E802", message, node.span, help="correct the value, or the range in the rules")
            return False
        if definition.grid is not None and definition.is_input and value % definition.grid.step != 0:
            message = f"`{definition.short_name}` is a multiple of {format_decimal(definition.grid.step)}"
            self.report("E802", message, node.span, help="round it first")
            return False
        return True

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

    def check_whole(self) -> None:
        placed: dict[tuple[str, str], str] = {}
        for (entity, group, role), people in self.holders.items():
            for person, span in people:
                self.placed(placed, entity, group, person, span, role)
        for (entity, record), (owner, span) in self.owner_of.items():
            if owner not in self.instances.get(self.entities[entity].belongs_to, {}):
                message = f"`{record}` belongs to `{shown(owner)}`, who is not in the case"
                plural = self.entities[self.entities[entity].belongs_to].plural
                self.report("E805", message, span, help=f"add them under `{plural}`")
        for declared in self.entities.values():
            self.check_instances(declared)

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
        elif (entity, person) in placed:
            message = f"`{person}` already belongs to the {entity} `{placed[(entity, person)]}`"
            self.report("E805", message, span, help=f"a person is in one {entity}, in one role")
        else:
            placed[(entity, person)] = group

    def check_instances(self, entity: Entity) -> None:
        for name, span in self.instances.get(entity.name, {}).items():
            alone = name in self.unnamed and not self.instances.get(entity.belongs_to)
            if entity.belongs_to and (entity.name, name) not in self.owner_of and not alone:
                message = f"`{name}` does not say whose it is"
                self.report("E805", message, span, help=f"add `{entity.belongs_to}: …`")
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
        for one in exclusions(self.program):
            for first in stated.get(one.first.name, ()):
                for second in stated.get(one.second.name, ()):
                    if first.period.touches(second.period) and self.go_together(one, first.instance, second.instance):
                        message, help_text = refusal(one, first.instance, second.instance)
                        self.report("E807", message, self.places[second], help_text)

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
        unless = next((one.unless for one in self.entities[entity].roles if one.name == role), "")
        stated = [fact for fact, value in self.given.items() if fact.instance == group and value is True]
        known = self.program.definitions
        return any(known[fact.name].short_name == unless and known[fact.name].entity == entity for fact in stated)

    def case(self, at: Period) -> Case:
        records: dict[tuple[str, str], list[str]] = {}
        for (entity, record), (owner, _) in self.owner_of.items():
            records.setdefault((entity, owner), []).append(record)
        held = {key: tuple(person for person, _ in people) for key, people in self.holders.items()}
        holders = {key: people for key, people in held.items() if not self.vacant(*key)}
        return Case(
            at=at,
            instances={entity: tuple(names) for entity, names in self.instances.items()},
            holders=holders,
            group_of={(key[0], person): key[1] for key, people in holders.items() for person in people},
            owner_of={key: owner for key, (owner, _) in self.owner_of.items()},
            records={key: tuple(names) for key, names in records.items()},
            given=self.given,
            held=self.held,
            within=self.within,
            complete=self.complete,
        )


def stated_type(program: Program, definition: Definition) -> ValueType:
    """The type of what may be stated of a fact or figure: `none` too, of one that may not apply."""
    members = program.settings.enums[definition.type.enum].members if definition.type.enum else ()
    or_none = definition.may_not_apply and "none" not in members
    return replace(definition.type, or_none=or_none)


def _is_bounds(node: Node) -> bool:
    """Whether a mapping states bounds, and not times."""
    return (
        isinstance(node, YamlMapping)
        and {entry.name for entry in node} <= {"at_least", "at_most"}
        and bool(node.entries)
    )


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
