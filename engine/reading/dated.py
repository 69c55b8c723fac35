"""Mappings from dates to values: `{2013-01-01: …, 2018-01-01: …}`, in order of date whatever the file's order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from engine.reading.context import Context
from engine.reading.declared_constants import Uprate
from engine.reading.fields import Fields, as_mapping, open_fields
from engine.reading.scalars import EARLIEST, read_day, read_grid
from engine.syntax.nodes import MappingEntry, Node, shown
from engine.text.source import Span
from engine.values.numbers import Grid
from engine.values.types import INTEGER, MONEY, ValueType


def dated_entries(context: Context, node: Node, place: Span, what: str) -> Iterator[tuple[date, MappingEntry]]:
    """The entries of a mapping from dates, in order of date: E203 for another shape or none, E206 for a key that is no
    date. The first entry without a date is given from the earliest day, so that no second problem comes of it."""
    mapping = as_mapping(context, node, place, what)
    if mapping is None:
        return
    if not mapping.entries:
        help_text = "write `2024-01-01: …`, the day from which a value holds"
        context.report("E203", f"{what} is empty", place, help=help_text)
    days = [(read_day(context, entry.key), entry) for entry in mapping]
    unread = [entry for day, entry in days if day is None]
    if unread:
        yield EARLIEST, unread[0]
    yield from sorted(((day, entry) for day, entry in days if day is not None), key=lambda pair: pair[0])


def read_known_until(fields: Fields, days: list[date]) -> date | None:
    """`known_until`: E210 if it lies before the last value."""
    scalar = fields.scalar("known_until")
    until = read_day(fields.context, scalar)
    if until is not None and scalar is not None and days and until < max(days):
        message = f"the constant is known until `{until}`, but a value holds from `{max(days)}`"
        fields.context.report("E210", message, scalar.span, help="write the last day of the last value")
        return None
    return until


def read_uprate(fields: Fields, types: list[ValueType], days: list[date]) -> Uprate | None:
    """`uprate: {by, base, from, rounds, round, never_falls}`. Without `base` the last value is uprated; without `round`
    on the ruleset's grid; without `known_until` the law itself moves the constant on, and nothing is assumed."""
    context = fields.context
    node = fields.node_of("uprate")
    if node is None:
        return None
    place = fields.span_of("uprate")
    inner = open_fields(context, node, place, "`uprate`", ("by", "base", "from", "rounds", "round", "never_falls"))
    if inner is None:
        return None
    by, base = inner.scalar("by", needed=True), _base(inner, days)
    if not fields.has("known_until") and days and base != max(days):
        message = f"the law moves this on from its last value, of {max(days)}, and not from `{base}`"
        help_text = "remove `base`, or say until when the values are known: `known_until:`"
        context.report("E210", message, inner.span_of("base"), help=help_text)
    type = MONEY if MONEY in types or not types else types[0]  # where there is money, only that moves
    if not all(type_.is_number for type_ in types):
        context.report("E210", "only numbers are uprated", place, help="remove `uprate`")
    grid = read_grid(context, inner.scalar("round"), type) or _own_grid(context, type)
    from_last = _is_second(inner, "from", ("base", "last"))
    increase = _is_second(inner, "rounds", ("total", "increase"))
    never_falls = inner.flag("never_falls")
    if by is None:
        return None
    return Uprate(by.text, base, grid, by.span, None, from_last, increase, never_falls)


def _is_second(fields: Fields, key: str, words: tuple[str, str]) -> bool:
    """Whether the second of two words stands under a key; the first is understood. E204 for any other."""
    scalar = fields.scalar(key)
    if scalar is None or scalar.text in words:
        return scalar is not None and scalar.text == words[1]
    message = f"`{key}` is `{words[0]}` or `{words[1]}`, not `{shown(scalar.text)}`"
    fields.context.report("E204", message, scalar.span, help=f"write `{key}: {words[1]}`")
    return False


def _base(fields: Fields, days: list[date]) -> date:
    scalar = fields.scalar("base")
    last = max(days, default=EARLIEST)
    base = read_day(fields.context, scalar)
    if base is not None and scalar is not None and days and base < min(days):
        message = f"there is no value on `{base}` to uprate"
        fields.context.report("E210", message, scalar.span, help=f"write a day from `{min(days)}` on")
    return base or last


def _own_grid(context: Context, type: ValueType) -> Grid:
    settings = context.settings
    if type == INTEGER:
        return Grid(settings.money_grid / settings.money_grid, settings.rounding)
    return Grid(settings.money_grid if type == MONEY else settings.rate_grid, settings.rounding)
