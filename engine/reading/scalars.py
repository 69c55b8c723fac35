"""Single values, typed by what the schema says of their place: a text is money, a rate, a date … or refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import assert_never

from engine.reading.context import Context
from engine.reading.fields import as_scalar
from engine.reading.numerals import read_money, read_rate, read_whole
from engine.syntax.nodes import Node, Scalar, shown
from engine.text.source import Span
from engine.values.dates import FIRST_YEAR, parse_date
from engine.values.numbers import Grid, RoundingMode
from engine.values.periods import PeriodKind, Unit
from engine.values.types import (
    FAILED,
    INTEGER,
    MONEY,
    NONE,
    PLAIN_TYPES,
    RATE,
    Duration,
    EnumValue,
    Kind,
    Value,
    ValueType,
    enum_type,
)

_OR_NONE = " or none"
EARLIEST = date(FIRST_YEAR, 1, 1)
_DURATION = re.compile(r"([0-9]{1,6}) (year|month|week|day)s?", re.ASCII)
_GRID = re.compile(r"(\S+) to (\S+)(?: ([A-Z]{3}))?", re.ASCII)
_MAX_COUNT = 100_000


def read_type(context: Context, scalar: Scalar | None) -> ValueType:
    """The type that a text names: FAILED, and E215, if there is none."""
    if scalar is None:
        return FAILED
    name = scalar.text.removesuffix(_OR_NONE)
    if name != scalar.text and name:
        type_ = read_type(context, replace(scalar, text=name))
        return type_ if type_ is FAILED else _or_none(context, type_, scalar)
    if scalar.text in PLAIN_TYPES:
        return PLAIN_TYPES[scalar.text]
    if scalar.text in context.settings.enums:
        return enum_type(scalar.text)
    help_text = context.did_you_mean(scalar.text, [*PLAIN_TYPES, *context.settings.enums])
    context.report("E215", f"there is no type `{shown(scalar.text)}`", scalar.span, help=help_text)
    return FAILED


def _or_none(context: Context, type: ValueType, scalar: Scalar) -> ValueType:
    if type.enum and "none" in context.settings.enums[type.enum].members:
        message = f"`{type.enum}` has a member `none`, so that `none` would mean two things"
        context.report("E205", message, scalar.span, help="rename the member, or leave `or none` out")
        return type
    return replace(type, or_none=True)


def read_period_kind(context: Context, scalar: Scalar | None) -> PeriodKind | None:
    """The kind of period that a text names: None, and E215, if there is none."""
    if scalar is None:
        return None
    kinds = {**context.settings.kinds(), "eternity": PeriodKind(Unit.ETERNITY)}
    if scalar.text in kinds:
        return kinds[scalar.text]
    help_text = context.did_you_mean(scalar.text, kinds)
    context.report("E215", f"there is no period `{shown(scalar.text)}`", scalar.span, help=help_text)
    return None


def read_entity(context: Context, scalar: Scalar | None) -> str:
    """The name of an entity: empty, and E215, if there is none of that name. Where no entity at all is declared, that
    was said."""
    entities = context.settings.entities
    if scalar is None or not entities or scalar.text in entities:
        return scalar.text if scalar and entities else ""
    singular = next((entity.name for entity in entities.values() if entity.plural == scalar.text), "")
    help_text = f"write `{singular}`" if singular else context.did_you_mean(scalar.text, entities)
    context.report("E215", f"there is no entity `{shown(scalar.text)}`", scalar.span, help=help_text)
    return ""


def read_day(context: Context, scalar: Scalar | None) -> date | None:
    """The date that a text writes: None, and E206, if it is none."""
    if scalar is None:
        return None
    try:
        return parse_date(scalar.text)
    except ValueError as fault:
        message = " ".join(str(fault).split())
        context.report("E206", message, scalar.span, help="write an existing day as YYYY-MM-DD")
        return None


def read_value(context: Context, node: Node, type: ValueType, place: Span) -> Value:
    """The value of `node` as the type says; a stand-in, with the fault reported, where it is none.

    Where the type itself could not be read, nothing can be said of the value.
    """
    if type is FAILED:
        return stand_in(context, type)
    scalar = as_scalar(context, node, place, f"a value of type {type}")
    value = _typed(context, scalar, type) if scalar is not None else None
    return stand_in(context, type) if value is None else value


def stand_in(context: Context, type: ValueType) -> Value:
    """A value of the type, for where none could be read."""
    match type.kind:
        case Kind.MONEY | Kind.RATE:
            return Fraction(0)
        case Kind.INTEGER | Kind.FAILED:
            return 0
        case Kind.BOOLEAN:
            return False
        case Kind.DATE:
            return EARLIEST
        case Kind.DURATION:
            return Duration()
        case Kind.ENUM:
            return EnumValue(type.enum, next(iter(context.settings.enums[type.enum].members), ""))
    assert_never(type.kind)


def _typed(context: Context, scalar: Scalar, type: ValueType) -> Value | None:
    text = scalar.text.rstrip("\n") if scalar.is_block else scalar.text
    if text == "none" and type.or_none:
        return NONE
    if text == "none" and type.kind is not Kind.ENUM:
        message = f"`none` is allowed only where the type says so, and here it is {type}"
        context.report("E204", message, scalar.span, help=f"declare `type: {type} or none`, or write a value")
        return None
    match type.kind:
        case Kind.MONEY:
            return read_money(context, text, scalar.span)
        case Kind.RATE:
            return read_rate(context, text, scalar.span)
        case Kind.INTEGER:
            return read_whole(context, text, scalar.span)
        case Kind.BOOLEAN:
            return _boolean(context, text, scalar.span)
        case Kind.DATE:
            return read_day(context, scalar)
        case Kind.DURATION:
            return _duration(context, text, scalar.span)
        case Kind.ENUM:
            return _member(context, text, scalar.span, type.enum)
        case Kind.FAILED:
            return None
    assert_never(type.kind)


def _boolean(context: Context, text: str, span: Span) -> bool | None:
    if text in ("true", "false"):
        return text == "true"
    context.report("E204", f"`true` or `false` is expected, not `{shown(text)}`", span, help="write `true` or `false`")
    return None


def _duration(context: Context, text: str, span: Span) -> Duration | None:
    match = _DURATION.fullmatch(text)
    if not match or int(match[1]) > _MAX_COUNT:
        message = f"a length of time is expected, not `{shown(text)}`"
        help_text = f"write `21 years`, `18 months`, `2 weeks` or `30 days`, of at most {_MAX_COUNT:,}"
        context.report("E204", message, span, help=help_text)
        return None
    count = int(match[1])
    match match[2]:
        case "year":
            return Duration(months=12 * count)
        case "month":
            return Duration(months=count)
        case "week":
            return Duration(days=7 * count)
    return Duration(days=count)


def _member(context: Context, text: str, span: Span, enum: str) -> EnumValue | None:
    members = context.settings.enums[enum].members
    if text in members:
        return EnumValue(enum, text)
    bare = text.removeprefix(".")
    help_text = f"write `{bare}`" if bare in members else context.did_you_mean(text, members)
    context.report("E204", f"`{enum}` has no member `{shown(text)}`", span, help=help_text)
    return None


def read_grid(context: Context, scalar: Scalar | None, type: ValueType) -> Grid | None:
    """What `round: up to 1 USD` says for figures of `type`: None, and E204 or E210, if it says nothing."""
    if scalar is None or type is FAILED:
        return None
    if not type.is_number:
        context.report("E210", f"a figure of type {type} is not rounded", scalar.span, help="remove `round`")
        return None
    match = _GRID.fullmatch(scalar.text)
    modes = {mode.value: mode for mode in RoundingMode}
    if not match or match[1] not in modes:
        message = f"`{shown(scalar.text)}` does not say how to round"
        context.report("E204", message, scalar.span, help=_grid_help(context, match[1] if match else "", type))
        return None
    step = _step(context, match, scalar, type)
    return Grid(step, modes[match[1]]) if step is not None else None


def _grid_help(context: Context, mode: str, type: ValueType) -> str:
    unit = f" {context.settings.currency}" if type == MONEY else ""
    modes = ", ".join(mode.value for mode in RoundingMode)
    return f"write `half_up to 1{unit}`, with one of {modes}" + (f" instead of `{shown(mode)}`" if mode else "")


def _step(context: Context, match: re.Match[str], scalar: Scalar, type: ValueType) -> Fraction | None:
    span = scalar.fragment.span(match.start(2), match.end())
    if type == MONEY and not match[3]:
        context.report("E204", f"the step `{match[2]}` has no currency", span, help=_grid_help(context, "", type))
        return None
    if type != MONEY and match[3]:
        message = f"a figure of type {type} is not rounded to money"
        context.report("E204", message, span, help=_grid_help(context, "", type))
        return None
    text = f"{match[2]} {match[3]}" if match[3] else match[2]
    step = read_money(context, text, span) if type == MONEY else read_rate(context, text, span)
    if step is not None and (step <= 0 or (type == INTEGER and step.denominator != 1)):
        wanted = "a whole number above 0" if type == INTEGER else "above 0"
        context.report("E204", f"the step is {wanted}", span, help="write the unit in which the law rounds")
        return None
    return step


def read_range(context: Context, scalar: Scalar | None, type: ValueType) -> tuple[Fraction | None, Fraction | None]:
    """The ends of `0 .. 100`, each None where it is open; E204, E207, E210 or E214 where the text is not a range."""
    if scalar is None or type is FAILED:
        return None, None
    if not type.is_number:
        context.report("E210", f"a fact of type {type} has no range", scalar.span, help="remove `range`")
        return None, None
    before, dots, after = scalar.text.partition("..")
    low_text, high_text = before.strip(), after.strip()
    if not dots or not (low_text or high_text):
        message = f"`{shown(scalar.text)}` is not a range"
        context.report("E204", message, scalar.span, help="write `0 .. 100`, `0 ..` or `.. 100`")
        return None, None
    starts = scalar.text.find(low_text), len(before) + len(dots) + after.find(high_text)
    ends = zip((low_text, high_text), starts, strict=True)
    low, high = (_end(context, text, start, scalar, type) if text else None for text, start in ends)
    if low is not None and high is not None and low > high:
        message = f"the range `{shown(scalar.text)}` is empty"
        context.report("E214", message, scalar.span, help="write the smaller end first")
        return None, None
    return low, high


def _end(context: Context, text: str, start: int, scalar: Scalar, type: ValueType) -> Fraction | None:
    span = scalar.fragment.span(start, start + len(text))
    if type == MONEY:
        return read_money(context, text, span)
    if type == RATE:
        return read_rate(context, text, span)
    value = read_whole(context, text, span)
    return None if value is None else Fraction(value)
