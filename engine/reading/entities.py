"""Entities: people, groups of them with roles, and records that belong to somebody.

1. Read each entity on its own.
2. Look at them together: what a group is `of` and what a record belongs to must be there and fit; no word may mean
   two things, since formulas use entities, plurals, roles and sets as bare names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.reading.context import Context
from engine.reading.declared import Changing
from engine.reading.declared_settings import RESERVED_PEOPLE, Entity, Owner, Role
from engine.reading.entity_links import counted_start, read_names, read_owners, read_sequences
from engine.reading.fields import Fields, as_scalar, as_sequence, named_entries, open_fields
from engine.reading.numerals import read_whole
from engine.syntax.nodes import MappingEntry, Scalar, Sequence, shown
from engine.text.diagnostics import Note
from engine.text.source import Span

KEYS = (
    "label", "law", "plural", "of", "roles", "sets", "belongs_to", "within", "may_have_none", "counted", "sequences",
    "made_for", "more", "by",
)  # fmt: skip


def read_entities(settings: Fields) -> dict[str, Entity]:
    """The entities of `ruleset.yaml`, beside those of its base; E213 for what does not fit together."""
    shared = settings.context.settings.entities
    node = settings.required("entities", help="add `entities: {person: {plural: people}}`")
    if node is None:
        return {}
    context, place = settings.context, settings.span_of("entities")
    words = {word: shared_entity.span for shared_entity in shared.values() for word in _words(shared_entity)}
    entities = dict(shared)
    opened: dict[str, Fields] = {}
    for entry in named_entries(context, node, place, "`entities`", of_what="an entity"):
        fields = open_fields(context, entry.value, entry.key.span, f"the entity `{shown(entry.name)}`", KEYS)
        if fields is not None:
            opened[entry.name] = fields
            entities[entry.name] = _entity(fields, entry, words)
    for name, fields in opened.items():
        _check_links(fields, entities[name], entities)
    return {name: _linked(entity, entities) for name, entity in entities.items()}


def _words(entity: Entity) -> list[str]:
    """The names that an entity takes."""
    roles = [word for role in entity.roles for word in dict.fromkeys((role.name, role.plural)) if word]
    return [entity.name, entity.plural, *roles, *entity.sets]


def _linked(entity: Entity, entities: Mapping[str, Entity]) -> Entity:
    """The entity as later passes may rely on it: groups are of people and have a role, records belong to people or
    groups. Stand-ins take the place of what does not fit, which was reported."""
    people = [other.name for other in entities.values() if not other.of and not other.belongs_to]
    person = next(iter(people), "")
    of = entity.of if entity.of in people or not entity.of else person
    known = entity.belongs_to in entities and not _belongs_to_itself(entity, entities)
    belongs_to = "" if of else entity.belongs_to if known or not entity.belongs_to else person
    roles = entity.roles or ((Role("member", RESERVED_PEOPLE if entity.by else "member"),) if of else ())
    further = tuple(owner for owner in entity.further if owner.entity in entities) if belongs_to or of else ()
    sequences = entity.sequences if belongs_to else {}
    groups = [entities[group_name] for group_name in entity.made_for if group_name in entities]
    paired = len(further) == 1 and all(group.of == belongs_to == further[0].entity for group in groups)
    by = entity.by if of and entity.within in entities and not _has_ranks(entity) else ""
    made_for = tuple(group.name for group in groups) if belongs_to and paired else ()
    return replace(
        entity,
        of=of,
        belongs_to=belongs_to,
        roles=roles,
        further=further,
        sequences=sequences,
        made_for=made_for,
        by=by,
    )


def _has_ranks(entity: Entity) -> bool:
    """Whether the members of a group differ: by role, by how many there may be, or by sets of roles."""
    plain = [Role(role.name, role.plural) for role in entity.roles[:1]]
    return list(entity.roles) != plain or bool(entity.sets)


def _belongs_to_itself(entity: Entity, entities: Mapping[str, Entity]) -> bool:
    """Whether one comes back to a record by going to its owner, the owner's owner, and so on."""
    owner = entity.belongs_to
    for _ in entities:
        if owner == entity.name or owner not in entities:
            return owner == entity.name
        owner = entities[owner].belongs_to
    return bool(owner)


def _entity(fields: Fields, entry: MappingEntry, words: dict[str, Span]) -> Entity:
    _claim(fields.context, entry.key, words)
    plural = fields.scalar("plural", needed=True)
    if plural is not None:
        fields.context.name(plural, "a plural")
        _claim(fields.context, plural, words)
    roles = _roles(fields, words)
    group, within, by = fields.scalar("of"), fields.scalar("within"), fields.scalar("by")
    owners = read_owners(fields)
    further = owners[1:] if within is None else (Owner(within.text, within.text),)
    return Entity(
        entry.name,
        entry.key.span,
        fields.text("label"),
        fields.text("law"),
        plural.text if plural else entry.name,
        group.text if group else "",
        roles,
        _sets(fields, roles, words),
        owners[0].entity if owners else "",
        owners[0].name if owners and owners[0].name != owners[0].entity else "",
        further,
        within.text if within else "",
        fields.flag("may_have_none"),
        counted_start(fields),
        read_sequences(fields),
        tuple(word.text for word in read_names(fields, "made_for")),
        _more(fields),
        by.text if by else "",
        by.span if by else None,
    )


def _more(fields: Fields) -> Changing | None:
    """Who can add a record of this kind, and how; E213 for what is not a record of one owner."""
    node, place = fields.node_of("more"), fields.span_of("more")
    if node is None:
        return None
    if not fields.has("belongs_to") or isinstance(fields.node_of("belongs_to"), Sequence):
        message = f"{fields.what} is not a record of one owner, and says `more`"
        fields.context.report("E213", message, place, help="leave `more` out, or add `belongs_to: person`")
        return None
    said = open_fields(fields.context, node, place, "`more`", ("by", "how"))
    if said is None:
        return None
    by = said.scalar("by")
    if by is not None:
        said.context.name(by, "who adds a record")
    return Changing("yes", by.text if by is not None else "", said.text("how"))


def _claim(context: Context, word: Scalar, words: dict[str, Span]) -> None:
    """Take a word as a name; E213 if another entity, plural, role or set has it."""
    if word.text == RESERVED_PEOPLE:
        message = f"`{RESERVED_PEOPLE}` is everybody in a group and cannot be declared"
        context.report("E213", message, word.span, help="choose another name")
    elif word.text in words:
        note = Note("the first is here", words[word.text])
        message = f"`{shown(word.text)}` already names an entity, a plural, a role or a set"
        context.report("E213", message, word.span, help="choose another name", notes=[note])
    else:
        words[word.text] = word.span


def _roles(fields: Fields, words: dict[str, Span]) -> tuple[Role, ...]:
    node = fields.node_of("roles")
    if node is None:
        return ()
    entries = named_entries(fields.context, node, fields.span_of("roles"), "`roles`", of_what="a role")
    return tuple(_role(fields.context, entry, words) for entry in entries)


def _role(context: Context, entry: MappingEntry, words: dict[str, Span]) -> Role:
    what = f"the role `{shown(entry.name)}`"
    _claim(context, entry.key, words)
    fields = open_fields(
        context, entry.value, entry.key.span, what, ("plural", "min", "max", "unless", "unless_stated")
    )
    if fields is None:
        return Role(entry.name, entry.name)
    minimum, maximum = _count(fields, "min"), _count(fields, "max")
    unbounded = not fields.has("max")
    if maximum is not None and (maximum < 1 or maximum < (minimum or 0)):
        message = f"{what} can be held by nobody: `max` is below {'1' if maximum < 1 else '`min`'}"
        context.report("E213", message, fields.span_of("max"), help="write the greatest number of people who hold it")
        maximum = None
    plural = fields.scalar("plural")
    if plural is not None:
        context.name(plural, "a plural")
        _claim(context, plural, words)
    elif unbounded or (maximum or 1) > 1:
        message = f"{what} may be held by several people and has no plural"
        context.report("E213", message, fields.place, help="add `plural:`, or `max: 1`")
    unless, stated = fields.scalar("unless"), fields.scalar("unless_stated")
    return Role(
        entry.name,
        plural.text if plural else entry.name,
        minimum or 0,
        maximum,
        unless.text if unless else "",
        unless.span if unless else None,
        stated.text if stated else "",
        stated.span if stated else None,
    )


def _count(fields: Fields, key: str) -> int | None:
    scalar = fields.scalar(key)
    value = read_whole(fields.context, scalar.text, scalar.span, "a number of people") if scalar else None
    if scalar is not None and value is not None and value < 0:
        fields.context.report("E213", f"`{key}` is below 0", scalar.span, help="write a number of people")
        return None
    return value


def _sets(fields: Fields, roles: tuple[Role, ...], words: dict[str, Span]) -> dict[str, tuple[str, ...]]:
    node = fields.node_of("sets")
    if node is None:
        return {}
    sets = {}
    for entry in named_entries(fields.context, node, fields.span_of("sets"), "`sets`", of_what="a set"):
        _claim(fields.context, entry.key, words)
        sets[entry.name] = _set(fields.context, entry, [role.name for role in roles])
    return sets


def _set(context: Context, entry: MappingEntry, roles: list[str]) -> tuple[str, ...]:
    names: list[str] = []
    what = f"the set `{shown(entry.name)}`"
    for item in as_sequence(context, entry.value, entry.key.span, what):
        scalar = as_scalar(context, item, entry.key.span, what)
        if scalar is None:
            continue
        if scalar.text not in roles or scalar.text in names:
            fault = "appears twice in the set" if scalar.text in names else "is not a role of this group"
            help_text = "remove one" if scalar.text in names else context.did_you_mean(scalar.text, roles)
            context.report("E213", f"`{shown(scalar.text)}` {fault}", scalar.span, help=help_text)
            continue
        names.append(scalar.text)
    if isinstance(entry.value, Sequence) and not entry.value.items:
        context.report("E213", f"{what} holds no role", entry.key.span, help="name the roles: `[head, spouse]`")
    return tuple(names)


def _check_links(fields: Fields, entity: Entity, entities: Mapping[str, Entity]) -> None:
    """Report E215 for an unknown entity in `of` or `belongs_to`, E213 for one that does not fit."""
    context = fields.context
    if entity.of and entity.belongs_to:
        message = f"`{entity.name}` cannot both be a group and belong to somebody"
        context.report("E213", message, fields.span_of("belongs_to"), help="keep `of` or `belongs_to`")
    if entity.of and not entity.roles and not fields.has("roles") and not entity.by:
        message = f"the group `{entity.name}` has no roles"
        context.report("E213", message, fields.place, help="add `roles: {member: {plural: …}}`")
    if entity.by and (not entity.within or _has_ranks(entity)):
        message = f"`{entity.name}` is made by `{shown(entity.by)}`, and " + (
            "nothing says of whose members" if not entity.within else "nobody states who holds which role in it"
        )
        help_text = (
            "add `within:` with the larger group"
            if not entity.within
            else "keep one role without limits, as the name of those in it, and no `sets`"
        )
        context.report("E213", message, fields.span_of("by"), help=help_text)
    for key in ("roles", "sets", "within", "may_have_none", "counted", "by"):
        if fields.has(key) and not entity.of:
            message = f"`{entity.name}` has `{key}` but is not a group"
            context.report("E213", message, fields.span_of(key), help="say whom it is a group of: `of: person`")
    for word in read_names(fields, "made_for"):
        _check_made_for(fields, entity, word, entities)
    if fields.has("sequences") and not entity.belongs_to:
        message = f"`{entity.name}` has `sequences` but is not a record"
        context.report("E213", message, fields.span_of("sequences"), help="say whose they are: `belongs_to: person`")
    key = "within" if entity.within else "belongs_to"
    targets = [("of", entity.of), ("belongs_to", entity.belongs_to), *((key, owner.entity) for owner in entity.further)]
    for key, target in targets:
        if target:
            _check_link(fields, entity, key, target, entities)


def _check_made_for(fields: Fields, entity: Entity, word: Scalar, entities: Mapping[str, Entity]) -> None:
    """Report E215 or E213 where pairs cannot be made of the members of a group."""
    context, group = fields.context, entities.get(word.text)
    owners = [entity.belongs_to, *(owner.entity for owner in entity.further)]
    if group is None:
        help_text = context.did_you_mean(word.text, entities)
        context.report("E215", f"there is no entity `{shown(word.text)}`", word.span, help=help_text)
    elif not group.of or owners != [group.of, group.of]:
        message = f"a {entity.name} is made of two members of a group, and `{word.text}` is none of two of its owners"
        help_text = "write `belongs_to: {of: person, with: person}`, and name groups of people"
        context.report("E213", message, word.span, help=help_text)


def _check_link(fields: Fields, entity: Entity, key: str, target: str, entities: Mapping[str, Entity]) -> None:
    node = fields.node_of(key)
    span = node.span if node is not None else fields.place
    target_entity = entities.get(target)
    if target_entity is None:
        help_text = fields.context.did_you_mean(target, entities)
        fields.context.report("E215", f"there is no entity `{shown(target)}`", span, help=help_text)
    elif key == "of" and (target_entity.of or target_entity.belongs_to):
        message = f"`{target}` is itself a group or a record; groups are of people"
        fields.context.report("E213", message, span, help="name the entity that is a person")
    elif key == "within" and (not target_entity.of or target_entity is entity or target_entity.within):
        message = f"`{target}` is not a group that others lie within"
        fields.context.report("E213", message, span, help="name a larger group, which itself is within none")
    elif key == "belongs_to" and _belongs_to_itself(entity, entities):
        message = f"`{target}` belongs to what belongs to it"
        fields.context.report("E213", message, span, help="name a person, a group, or a record that has an owner")
