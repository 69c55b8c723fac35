"""Scales: dated brackets, whose thresholds rise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from engine.reading.computed_scales import is_computed, read_computed
from engine.reading.context import Context
from engine.reading.dated import dated_entries, read_known_until, read_uprate
from engine.reading.declared_constants import Bracket, Key, KeyType, Scale
from engine.reading.fields import Fields, as_sequence, open_fields
from engine.reading.formulas import cited_law, read_arguments
from engine.reading.laws import check_cited_from
from engine.reading.percent import as_percentage, read_constant
from engine.reading.scalars import read_type, read_value
from engine.reading.tables import key_values, keyed_entries, read_key_type
from engine.syntax.nodes import Mapping as MappingNode
from engine.syntax.nodes import MappingEntry, Node, shown
from engine.text.source import Span
from engine.values.types import FAILED, MONEY, RATE, ValueType

SCALE_KEYS = ("label", "law", "kind", "key", "of", "gives", "values", "known_until", "uprate", "arguments")
KINDS = ("marginal", "step")

Brackets = Mapping[Key | None, tuple[Bracket, ...]]


@dataclass(frozen=True, slots=True)
class Bands:
    """What a scale's brackets look like: `threshold` is the word that it uses, `above` or `from`."""

    kind: str
    of: ValueType
    gives: ValueType
    threshold: str
    key: KeyType | None

    @property
    def result(self) -> str:
        """The key that holds a bracket's value."""
        return "rate" if self.kind == "marginal" else "value"


def read_scales(context: Context, entries: Iterable[MappingEntry]) -> tuple[Scale, ...]:
    """The `scales` of a module."""
    return tuple(_scale(context, entry) for entry in entries)


def _scale(context: Context, entry: MappingEntry) -> Scale:
    what = f"the scale `{shown(entry.name)}`"
    fields = open_fields(context, entry.value, entry.key.span, what, SCALE_KEYS)
    if fields is None:
        return Scale(entry.name, entry.key.span, of=FAILED, gives=FAILED)
    law = cited_law(fields, context.inherited_law, what)
    bands = _bands(fields)
    node = fields.required("values")
    keyed = bands.key is not None or not fields.has("key")
    if is_computed(fields) and node is not None:
        return _computed(fields, entry, law, bands, node)
    values = read_dated_brackets(context, node, bands, fields.span_of("values")) if node and keyed else ()
    days = [day for day, _ in values]
    check_cited_from(fields, law, days[0] if days else None)
    return replace(
        Scale(entry.name, entry.key.span, fields.text("label"), law, bands.kind, bands.key, bands.of, bands.gives),
        inclusive=bands.threshold == "from",
        values=values,
        known_until=read_known_until(fields, days),
        uprate=read_uprate(fields, [bands.of], days),
    )


def _computed(fields: Fields, entry: MappingEntry, law: str, bands: Bands, node: Node) -> Scale:
    """A scale whose brackets are formulas."""
    context, place = fields.context, fields.span_of("values")
    for key in ("known_until", "uprate"):
        if fields.has(key):
            help_text = "name parameters in the brackets, and let those be uprated"
            context.report("E210", f"a scale with formulas has no `{key}`", fields.span_of(key), help=help_text)
    before = len(context.problems)
    arguments = read_arguments(fields) if fields.has("arguments") else ()
    whole = len(context.problems) == before and (bands.key is not None or not fields.has("key"))
    computed = (
        read_computed(context, node, place, bands.kind, of=bands.of, gives=bands.gives, key=bands.key) if whole else ()
    )
    check_cited_from(fields, law, computed[0].start if computed else None)
    gives = bands.gives if whole else FAILED
    return replace(
        Scale(entry.name, entry.key.span, fields.text("label"), law, bands.kind, bands.key, bands.of, gives),
        inclusive=bands.threshold == "from",
        arguments=arguments,
        computed=computed,
    )


def _bands(fields: Fields) -> Bands:
    context = fields.context
    kind = fields.scalar("kind", needed=True)
    if kind is not None and kind.text not in KINDS:
        help_text = context.did_you_mean(kind.text, KINDS)
        context.report("E204", f"there is no kind of scale `{shown(kind.text)}`", kind.span, help=help_text)
    name = kind.text if kind and kind.text in KINDS else ("step" if fields.has("gives") else "marginal")
    of = read_type(context, fields.scalar("of")) if fields.has("of") else MONEY
    if of is not FAILED and not of.is_number:
        help_text = "put in money, a rate or an integer"
        context.report("E210", f"a scale cannot be of {of}", fields.span_of("of"), help=help_text)
    key_scalar = fields.scalar("key")
    key = read_key_type(context, key_scalar.text if key_scalar else "", key_scalar)
    gives = _gives(fields, name, of)
    known = key is not None or not fields.has("key")
    return Bands(name, of, gives if known else FAILED, _threshold_word(fields.node_of("values")), key)


def _gives(fields: Fields, kind: str, of: ValueType) -> ValueType:
    if kind == "step":
        return read_type(fields.context, fields.scalar("gives", needed=True))
    if fields.has("gives"):
        message = f"a marginal scale gives what is put in: {of}"
        fields.context.report("E210", message, fields.span_of("gives"), help="remove `gives`, or make it `kind: step`")
    return of


def _threshold_word(node: Node | None) -> str:
    """The first of `above` and `from` that stands in the brackets; the other is then an error."""
    waiting: list[Node] = [node] if node is not None else []
    while waiting:
        here = waiting.pop(0)
        if isinstance(here, MappingNode):
            words = [entry.name for entry in here if entry.name in ("above", "from")]
            if words:
                return words[0]
            waiting = [entry.value for entry in here] + waiting
        elif not hasattr(here, "text"):
            waiting = [*here, *waiting]
    return "above"


def bands_of(scale: Scale) -> Bands:
    """The shape of a scale's brackets, for a reform that sets them."""
    return Bands(scale.kind, scale.of or MONEY, scale.gives or MONEY, "from" if scale.inclusive else "above", scale.key)


def read_dated_brackets(context: Context, node: Node, bands: Bands, place: Span) -> tuple[tuple[date, Brackets], ...]:
    """The brackets of `{date: …}` in order of date: by key, or under None where the scale has no key."""
    dated: list[tuple[date, Brackets]] = []
    for day, entry in dated_entries(context, node, place, "`values`"):
        if bands.key is None:
            dated.append((day, {None: read_brackets(context, entry.value, bands, entry.key.span)}))
            continue
        keyed = keyed_entries(context, entry.value, bands.key, entry.key.span, what="the scale")
        by_key: dict[Key | None, tuple[Bracket, ...]] = dict.fromkeys(key_values(context, bands.key), ())
        by_key |= {
            value: read_brackets(context, keyed_entry.value, bands, keyed_entry.key.span)
            for value, keyed_entry in keyed
        }
        dated.append((day, by_key))
    return tuple(dated)


def read_brackets(context: Context, node: Node, bands: Bands, place: Span) -> tuple[Bracket, ...]:
    """One list of brackets: E209 where it is empty, thresholds do not rise, or one is missing or too many."""
    items = as_sequence(context, node, place, "a scale's brackets")
    if not items and node.span.text.startswith("["):
        context.report("E209", "there is no bracket", node.span, help="write at least one")
    brackets: list[Bracket] = []
    for index, item in enumerate(items):
        bracket = _bracket(context, item, bands, index == 0)
        if bracket is not None:
            _check_rising(context, item, brackets[-1:], bracket)
            brackets.append(bracket)
    return tuple(brackets)


def _bracket(context: Context, node: Node, bands: Bands, first: bool) -> Bracket | None:
    what = f"a bracket of a {bands.kind} scale"
    before = len(context.problems)
    fields = open_fields(context, node, node.span, what, ("above", "from", bands.result))
    if fields is None:
        return None
    whole = len(context.problems) == before  # else what seems missing may be the key that is not known
    value_node = fields.required(bands.result)
    type = RATE if bands.kind == "marginal" else bands.gives
    threshold = _threshold(fields, bands, first) if whole else None
    if value_node is None:
        return None
    if bands.kind == "step":
        return Bracket(threshold, read_constant(context, value_node, type, fields.span_of(bands.result)))
    value = read_value(context, value_node, type, fields.span_of(bands.result))
    told = as_percentage(value_node, Fraction(value)) if isinstance(value, int | Fraction) else None
    if told is not None:  # more than all of a slice is written as a percentage
        context.report("E204", f"{told[0]} of the slice", value_node.span, help=told[1])
    return Bracket(threshold, value)


def _threshold(fields: Fields, bands: Bands, first: bool) -> Fraction | None:
    context, word = fields.context, bands.threshold
    other = "from" if word == "above" else "above"
    if fields.has(other):
        message = f"the scale uses both `{word}` and `{other}`"
        help_text = f"write `{word}` in all brackets, or `{other}` in all"
        context.report("E209", message, fields.span_of(other), help=help_text)
    wanted = bands.kind == "marginal" or not first
    node = fields.node_of(word) or fields.node_of(other)
    if (node is not None) != wanted:
        message = "the bracket has no threshold" if wanted else "a step scale's first bracket has no threshold"
        remedy = f"add `{word}:`" if wanted else f"remove `{word}`; this is the value below the first threshold"
        context.report("E209", message, fields.place if wanted else fields.span_of(word), help=remedy)
    if node is None:
        return None
    value = read_value(context, node, bands.of, fields.span_of(word))
    return Fraction(value) if isinstance(value, int | Fraction) and wanted else None


def _check_rising(context: Context, node: Node, before: list[Bracket], bracket: Bracket) -> None:
    last = before[0].threshold if before else None
    if last is not None and bracket.threshold is not None and bracket.threshold <= last:
        message = "the threshold is not above the one before it"
        context.report("E209", message, node.span, help="write the brackets with rising thresholds")
