"""A case read from YAML, JSON or plain data.

1. Read `at`, `complete` and `open`, then every entity by its plural name (ids below it) or its singular (one without a
   name).
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

from engine.interpret.case_checks import CheckedReader
from engine.interpret.cases import Case
from engine.interpret.made_groups import with_groups
from engine.ir.program import Program
from engine.reading.declared_settings import Entity
from engine.syntax.nodes import Mapping as YamlMapping
from engine.syntax.nodes import MappingEntry, Node, Scalar, Sequence, shown
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source, Span
from engine.values.numbers import format_decimal
from engine.values.periods import ETERNITY, Period

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
    raise TypeError(f"a {type(value).__name__} is not allowed in a case")


def read_case(program: Program, node: Node, problems: Diagnostics, at: Period | None = None) -> Case | None:
    """A case from nodes; None, with problems, if anything in it is wrong. `at` stands over the case's own."""
    before = len(problems)
    reader = _Reader(program, problems)
    case = reader.read(node, at)
    return case if len(problems) == before else None


class _Reader(CheckedReader):
    """Reads a case entry by entry."""

    def read(self, node: Node, at: Period | None) -> Case:
        if not isinstance(node, YamlMapping):
            self.report("E801", "a case is a mapping", node.span, help="write `at:` and the people below it")
            return Case(at or ETERNITY)
        at = at or self.at(node)
        entries = [entry for entry in node if entry.name not in KEYS]
        self.lists(node)
        for entry in entries:
            self.entity(entry, at)
        self.settle_unnamed()
        self.make_pairs()
        self.settle_personal(self.case(at))
        self.check_whole()
        self.check_exclusions()
        case = self.with_groups(self.case(at))
        self.check_contradictions(case)
        return case

    def with_groups(self, case: Case) -> Case:
        """The case with the groups that figures make. E805 for one that is stated and is none of them."""
        if self.problems.errors:
            return case
        made, certain = with_groups(self.program, case)
        for entity, groups in certain.items():
            for name, span in self.instances.get(entity, {}).items():
                if name not in groups:
                    message = f"no {entity} is called `{shown(name)}`"
                    help_text = self.suggest(name, sorted(groups)) if groups else "leave it out: nobody is in one"
                    self.report("E805", message, span, help=help_text)
        return made

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

    def entity(self, entry: MappingEntry, at: Period) -> None:
        plural = next((entity for entity in self.entities.values() if entity.plural == entry.name), None)
        self.listed.add(plural.name if plural is not None else entry.name)
        if plural is not None:
            self.several(plural, entry, at)
        elif entry.name in self.entities:
            self.unnamed.add(entry.name)
            self.one(self.entities[entry.name], entry.name, entry.key.span, entry.value, at)
        else:
            known = [*KEYS, *self.entities, *(entity.plural for entity in self.entities.values())]
            message = f"`{shown(entry.name)}` is neither an entity nor a key of a case"
            self.report("E801", message, entry.key.span, help=self.suggest(entry.name, known))

    def several(self, entity: Entity, entry: MappingEntry, at: Period) -> None:
        if isinstance(entry.value, Sequence) and not entry.value.items:
            return  # none of them
        if not isinstance(entry.value, YamlMapping):
            help_text = f"write `{entity.plural}: {{some_id: {{…}}}}`, or `{entity.plural}: []` if there are none"
            self.report("E802", f"`{entity.plural}` lists instances by id", entry.value.span, help=help_text)
            return
        if len(entry.value) > MAX_INSTANCES:
            message = f"a case has at most {MAX_INSTANCES:,} {entity.plural}"
            self.report("E805", message, entry.key.span, help="run them as a batch")
            return
        for instance in entry.value:
            self.one(entity, instance.name, instance.key.span, instance.value, at)

    def one(self, entity: Entity, name: str, span: Span, node: Node, at: Period) -> None:
        known = self.instances.setdefault(entity.name, {})
        if name in known:
            self.report("E805", f"two are called `{name}`", span, help="give each an id of its own")
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

    def key(self, entity: Entity, name: str, entry: MappingEntry, at: Period) -> None:
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
                **{
                    key: max(stays, key=lambda dated_stay: dated_stay[0].first)[0].group
                    for key, stays in self.stays.items()
                },
            },
            owner_of={key: owner for key, (owner, _) in self.owner_of.items()},
            records={key: tuple(names) for key, names in records.items()},
            given=self.given,
            held=self.held,
            within=self.within,
            complete=self.complete,
            entities=self.entities,
            whole=self.whole_lists(held),
            more=frozenset(self.more),
            further_owner={key: owner for key, (owner, _) in self.further.items()},
            further_records={key: tuple(names) for key, names in further.items()},
            stays={key: tuple(stay for stay, _ in stays) for key, stays in self.stays.items()},
        )
