"""Facts to be supplied, and dated constants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from engine.reading.context import Context
from engine.reading.dated import dated_entries, read_known_until, read_uprate
from engine.reading.declarations import Input
from engine.reading.declared import Changing
from engine.reading.declared_constants import Parameter
from engine.reading.fields import Fields, open_fields
from engine.reading.formulas import cited_law, read_excluded
from engine.reading.laws import check_cited_from, read_law
from engine.reading.ledgers import read_debtors
from engine.reading.percent import read_constant
from engine.reading.permits import read_subject_is
from engine.reading.scalars import read_entity, read_period_kind, read_range, read_type, read_value
from engine.syntax.nodes import MappingEntry, Node, shown
from engine.text.source import Span
from engine.values.numbers import is_within
from engine.values.types import FAILED, Value, ValueType

INPUT_KEYS = ("label", "law", "entity", "period", "type", "range", "ask", "default", "absent", "stock",
              "event", "status", "excludes", "subject_is", "can_change", "changed_by", "how", "ledger")  # fmt: skip
PARAMETER_KEYS = ("label", "law", "type", "range", "values", "known_until", "uprate")


def read_inputs(context: Context, entries: Iterable[MappingEntry]) -> tuple[Input, ...]:
    """The `inputs` of a module."""
    return tuple(_input(context, entry) for entry in entries)


def _input(context: Context, entry: MappingEntry) -> Input:
    fields = open_fields(context, entry.value, entry.key.span, f"the input `{shown(entry.name)}`", INPUT_KEYS)
    if fields is None:
        return Input(entry.name, entry.key.span, type=FAILED)
    type = read_type(context, fields.scalar("type", needed=True))
    low, high = read_range(context, fields.scalar("range"), type)
    period = read_period_kind(context, fields.scalar("period", needed=True))
    return Input(
        entry.name,
        entry.key.span,
        fields.text("label", needed=True),
        read_law(fields) or context.inherited_law,
        read_entity(context, fields.scalar("entity", needed=True)),
        period,
        type,
        low,
        high,
        fields.text("ask"),
        _within(fields, "default", type, low, high),
        _within(fields, "absent", type, low, high),
        fields.flag("stock"),
        *_kind_in_time(fields),
        read_excluded(fields),
        read_subject_is(fields),
        _changing(fields),
        read_debtors(fields, type, period),
    )


CAN_CHANGE = ("yes", "by_time", "no")


def _changing(fields: Fields) -> Changing:
    """Whether a fact can be changed; E204 for a word that says no such thing, E210 for who changes what nobody can."""
    said, by = fields.scalar("can_change"), fields.scalar("changed_by")
    can = said.text if said is not None else ""
    if said is not None and can not in CAN_CHANGE:
        help_text = fields.context.did_you_mean(can, CAN_CHANGE)
        fields.context.report("E204", f"`can_change` cannot be `{shown(can)}`", said.span, help=help_text)
        can = ""
    if by is not None:
        fields.context.name(by, "who changes a fact")
    for key in ("changed_by", "how"):
        if can in ("by_time", "no") and fields.has(key):
            message = f"{fields.what} says `can_change: {can}`, and `{key}`"
            fields.context.report("E210", message, fields.span_of(key), help="leave one of the two out")
    return Changing(can, by.text if by is not None else "", fields.text("how"))


def _kind_in_time(fields: Fields) -> tuple[bool, bool]:
    """Whether the fact is said to be an event, and whether a status; E210 if it is said to be two things."""
    event, status = fields.flag("event"), fields.flag("status")
    said = [key for key in ("stock", "event", "status") if fields.flag(key)]
    if len(said) > 1:
        message = f"{fields.what} is declared both `{said[0]}` and `{said[1]}`"
        help_text = "keep `event` for what happened in one period, `status` for what lasts, `stock` for an amount"
        fields.context.report("E210", message, fields.span_of(said[1]), help=help_text)
    return event, status


def _within(fields: Fields, key: str, type: ValueType, low: Fraction | None, high: Fraction | None) -> Value | None:
    """A value that stands in for a fact; E214 if the fact's own range excludes it."""
    node = fields.node_of(key)
    if node is None or type is FAILED:
        return None
    before = len(fields.context.problems)
    read = read_value if fields.has("range") else read_constant
    value = read(fields.context, node, type, fields.span_of(key))
    if isinstance(value, int | Fraction) and type.is_number and len(fields.context.problems) == before:
        if not is_within(value, low, high):
            message = f"`{key}` lies outside the range of the fact"
            fields.context.report("E214", message, node.span, help="widen `range`, or write a value inside it")
    return value


def read_parameters(context: Context, entries: Iterable[MappingEntry]) -> tuple[Parameter, ...]:
    """The `parameters` of a module."""
    return tuple(_parameter(context, entry) for entry in entries)


def _parameter(context: Context, entry: MappingEntry) -> Parameter:
    what = f"the parameter `{shown(entry.name)}`"
    fields = open_fields(context, entry.value, entry.key.span, what, PARAMETER_KEYS)
    if fields is None:
        return Parameter(entry.name, entry.key.span, type=FAILED)
    type = read_type(context, fields.scalar("type", needed=True))
    values = read_dated_values(
        context, fields.required("values"), type, fields.span_of("values"), has_range=fields.has("range")
    )
    _check_range(fields, type, values)
    days = [day for day, _ in values]
    law = cited_law(fields, context.inherited_law, what)
    check_cited_from(fields, law, days[0] if days else None)
    return replace(
        Parameter(entry.name, entry.key.span, fields.text("label"), law, type),
        values=values,
        known_until=read_known_until(fields, days),
        uprate=read_uprate(fields, [type], days),
    )


def _check_range(fields: Fields, type: ValueType, values: Sequence[tuple[date, Value]]) -> None:
    """E214 for a value outside the parameter's own range."""
    low, high = read_range(fields.context, fields.scalar("range"), type)
    for day, value in values:
        if isinstance(value, int | Fraction) and type.is_number and not is_within(value, low, high):
            message = f"the value from {day} on lies outside the range of {fields.what}"
            fields.context.report("E214", message, fields.span_of("range"), help="correct the value, or the range")


def read_dated_values(
    context: Context, node: Node | None, type: ValueType, place: Span, has_range: bool = False
) -> tuple[tuple[date, Value], ...]:
    """The values of `{date: value}` in order of date; none where there is no node. With a range, rates above 1 are
    meant. Reforms read with this too."""
    if node is None:
        return ()
    read = read_value if has_range else read_constant
    entries = dated_entries(context, node, place, "`values`")
    return tuple((day, read(context, entry.value, type, entry.key.span)) for day, entry in entries)
