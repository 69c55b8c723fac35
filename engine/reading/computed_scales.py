"""Scales whose thresholds or rates are formulas of constants and of the scale's arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.reading.context import Context
from engine.reading.dated import dated_entries
from engine.reading.declared_constants import Computed, ComputedBracket, Key, KeyType
from engine.reading.fields import Fields, as_sequence, open_fields
from engine.reading.formulas import read_formula
from engine.reading.scalars import read_value
from engine.reading.tables import key_values, keyed_entries
from engine.syntax.ast import Expression
from engine.syntax.nodes import Mapping, Node, Scalar
from engine.syntax.nodes import Sequence as SequenceNode
from engine.text.source import Span
from engine.values.types import RATE, Value, ValueType

_NAME = re.compile(r"(?<![A-Za-z0-9_])[a-z]")
_IN_BRACKETS = ("above", "from", "rate", "value")


def is_computed(fields: Fields) -> bool:
    """Whether a scale takes arguments, or names something in a bracket."""
    return fields.has("arguments") or any(map(_is_formula, _cells(fields.node_of("values"))))


def _is_formula(node: Node) -> bool:
    return isinstance(node, Scalar) and bool(_NAME.search(node.text))


def _cells(node: Node | None) -> Iterator[Node]:
    """The thresholds and rates below a node; a step scale's values are not formulas by their looks."""
    match node:
        case Mapping():
            for entry in node:
                if entry.name in _IN_BRACKETS[:3]:
                    yield entry.value
                elif entry.name not in _IN_BRACKETS:
                    yield from _cells(entry.value)
        case SequenceNode():
            for item in node.items:
                yield from _cells(item)


def read_computed(
    context: Context, node: Node, place: Span, kind: str, *, of: ValueType, gives: ValueType, key: KeyType | None
) -> tuple[Computed, ...]:
    """The dated brackets of a computed scale, in order of date."""
    reader = _Reader(context, kind, of, RATE if kind == "marginal" else gives)
    dated: list[Computed] = []
    for day, entry in dated_entries(context, node, place, "`values`"):
        by_key: dict[Key | None, tuple[ComputedBracket, ...]] = {}
        if key is None:
            by_key[None] = reader.brackets(entry.value, entry.key.span)
        else:
            by_key |= dict.fromkeys(key_values(context, key), ())
            for value, keyed_entry in keyed_entries(context, entry.value, key, entry.key.span, what="the scale"):
                by_key[value] = reader.brackets(keyed_entry.value, keyed_entry.key.span)
        dated.append(Computed(day, by_key))
    return tuple(dated)


class _Reader:
    def __init__(self, context: Context, kind: str, of: ValueType, result: ValueType) -> None:
        self.context = context
        self.kind = kind
        self.of = of
        self.result = result
        self.word = "rate" if kind == "marginal" else "value"

    def brackets(self, node: Node, place: Span) -> tuple[ComputedBracket, ...]:
        """One list of brackets: E209 where it is empty, or a threshold is missing or too many."""
        items = as_sequence(self.context, node, place, "a scale's brackets")
        if not items and node.span.text.startswith("["):
            self.context.report("E209", "there is no bracket", node.span, help="write at least one")
        computed_brackets = [self.bracket(item, index == 0) for index, item in enumerate(items)]
        return tuple(computed_bracket for computed_bracket in computed_brackets if computed_bracket is not None)

    def bracket(self, node: Node, first: bool) -> ComputedBracket | None:
        fields = open_fields(
            self.context, node, node.span, f"a bracket of a {self.kind} scale", ("above", "from", self.word)
        )
        value = fields.required(self.word) if fields is not None else None
        if fields is None or value is None:
            return None
        threshold = fields.node_of("above") or fields.node_of("from")
        wanted = self.kind == "marginal" or not first
        if (threshold is not None) != wanted:
            message = "the bracket has no threshold" if wanted else "a step scale's first bracket has no threshold"
            remedy = "add `above:`" if wanted else "remove it; this is the value below the first threshold"
            self.context.report("E209", message, fields.place, help=remedy)
            return None
        given = self.cell(value, self.result, fields.span_of(self.word))
        start = self.cell(threshold, self.of, fields.place) if threshold is not None else None
        return ComputedBracket(start, given, node.span) if given is not None else None

    def cell(self, node: Node, type: ValueType, place: Span) -> Value | Expression | None:
        """A formula, or a value of a type: what is not a number is a value."""
        if type.is_number and _is_formula(node):
            return read_formula(self.context, node, place)
        return read_value(self.context, node, type, place)
