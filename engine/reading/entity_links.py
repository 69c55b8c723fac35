"""Whom records belong to, on which day members count, and the orders among records: keys of an entity."""

from __future__ import annotations

from engine.reading.declared_settings import OrderKey, Owner, Steps
from engine.reading.fields import Fields, as_scalar, named_entries, open_fields
from engine.syntax.nodes import Mapping as YamlMapping
from engine.syntax.nodes import Scalar, Sequence, shown
from engine.text.source import Span

LISTED = "listed"


def read_owners(fields: Fields) -> tuple[Owner, ...]:
    """Whom a record belongs to: an entity, a list of them, or entities by what formulas call them."""
    node, context = fields.node_of("belongs_to"), fields.context
    if node is None:
        return ()
    place, what = fields.span_of("belongs_to"), "`belongs_to`"
    named: list[tuple[Scalar, Scalar]] = []
    if isinstance(node, YamlMapping):
        for entry in named_entries(context, node, place, what, of_what="an owner", free=frozenset(("of",))):
            entity = as_scalar(context, entry.value, entry.key.span, "the owner")
            named += [(entry.key, entity)] if entity is not None else []
    else:
        items = node.items if isinstance(node, Sequence) else (node,)
        scalars = [as_scalar(context, item, place, what) for item in items]
        named = [(scalar, scalar) for scalar in scalars if scalar is not None]
    if not named and isinstance(node, YamlMapping | Sequence):
        context.report("E213", "a record belongs to somebody", place, help="name an entity: `belongs_to: person`")
    names = [name.text for name, _ in named]
    for index, (name, _) in enumerate(named):
        if name.text in names[:index]:
            help_text = "give each a name: `belongs_to: {child: person, parent: person}`"
            context.report("E213", f"`{shown(name.text)}` appears twice in `belongs_to`", name.span, help=help_text)
    return tuple(Owner(name.text, entity.text) for name, entity in named)


def counted_start(fields: Fields) -> bool:
    """Whether those count who are members at the start of a period."""
    scalar = fields.scalar("counted")
    if scalar is None or scalar.text in ("start", "end"):
        return scalar is not None and scalar.text == "start"
    message = f"members are counted at the `start` or `end` of a period, not at `{shown(scalar.text)}`"
    fields.context.report("E204", message, scalar.span, help="write `counted: start`")
    return False


def read_sequences(fields: Fields) -> dict[str, Steps]:
    """The orders among records: `sequences: {previous: {by: [convicted_on], within: [kind]}}`."""
    node, context = fields.node_of("sequences"), fields.context
    sequences: dict[str, Steps] = {}
    if node is None:
        return sequences
    for entry in named_entries(context, node, fields.span_of("sequences"), "`sequences`", of_what="a sequence"):
        what = f"the sequence `{shown(entry.name)}`"
        inner = open_fields(context, entry.value, entry.key.span, what, ("by", "within"))
        if inner is None:
            continue
        places: dict[str, Span] = {}
        inner.required("by", help="say in which order: `by: [begins_on]`")
        by = tuple(_order_key(word, places) for word in read_names(inner, "by"))
        within = tuple(word.text for word in read_names(inner, "within"))
        places |= {word.text: word.span for word in read_names(inner, "within")}
        if any(not key.name for key in by[:-1]):
            message = f"what follows `{LISTED}` decides nothing"
            context.report("E213", message, inner.span_of("by"), help="leave it out: no two are listed in one place")
        sequences[entry.name] = Steps(entry.name, by, within, places)
    return sequences


def read_names(fields: Fields, key: str) -> list[Scalar]:
    """The names under a key, one or a list."""
    node = fields.node_of(key)
    items = node.items if isinstance(node, Sequence) else () if node is None else (node,)
    scalars = [as_scalar(fields.context, item, fields.span_of(key), f"`{key}`") for item in items]
    return [scalar for scalar in scalars if scalar is not None]


def _order_key(word: Scalar, places: dict[str, Span]) -> OrderKey:
    name, _, rest = word.text.partition(" ")
    descending = " ".join(rest.split()) == "highest first"
    name = name if descending or not rest.strip() or rest.strip() == "lowest first" else word.text
    places[name] = word.span
    return OrderKey("" if name == LISTED else name, descending)
