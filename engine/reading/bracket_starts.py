"""A table's dated value that is read off a scale: `2026-01-01: {start_of: ordinary_rates, rate: 37%, otherwise: …}`.

Law that names "the amount at which the 37 percent bracket begins" must follow that bracket wherever it goes. For each
of the scale's keys the cell is where its first bracket with that rate, or a higher one, begins; `otherwise` where it
has none; `none` there says that there is no such amount. Which scale is meant is settled once names are known.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from engine.reading.context import Context
from engine.reading.declared_constants import BracketStarts
from engine.reading.fields import open_fields
from engine.reading.scalars import read_value
from engine.syntax.nodes import Mapping, MappingEntry, Node
from engine.text.source import Span
from engine.values.types import RATE, Kind, Nothing, ValueType

KEYS = ("start_of", "rate", "otherwise")


def is_bracket_start(node: Node) -> bool:
    """Whether what stands for a date reads the cells off a scale."""
    return isinstance(node, Mapping) and node.find("start_of") is not None


def read_bracket_starts(
    context: Context, entry: MappingEntry, start: date, end: date | None, of: ValueType | None
) -> BracketStarts | None:
    """The reference in `entry`, from `start` to before `end`; `of` is the type of the table's only column, None with
    several. E201, E202 and E204 for its keys, E210 for a table that cannot hold thresholds."""
    fields = open_fields(context, entry.value, entry.key.span, "what is read off a scale", KEYS)
    if fields is None:
        return None
    scale = fields.scalar("start_of", needed=True)
    rate, otherwise = fields.required("rate"), fields.required("otherwise")
    if of is None or of.kind is not Kind.MONEY:
        message = "only a table of money with one column is read off a scale"
        context.report("E210", message, fields.span_of("start_of"), help="write the cells, or `type: money`")
        return None
    if scale is None or rate is None or otherwise is None:
        return None
    return BracketStarts(
        start,
        end,
        scale.text,
        _number(context, rate, RATE, fields.span_of("rate")),
        _amount(context, otherwise, of, fields.span_of("otherwise")),
        scale.span,
    )


def _amount(context: Context, node: Node, of: ValueType, place: Span) -> Fraction | Nothing:
    value = read_value(context, node, of, place)
    assert isinstance(value, int | Fraction | Nothing)
    return value if isinstance(value, Nothing) else Fraction(value)


def _number(context: Context, node: Node, type: ValueType, place: Span) -> Fraction:
    value = read_value(context, node, type, place)
    assert isinstance(value, int | Fraction)
    return Fraction(value)
