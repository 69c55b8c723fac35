"""Rates that were probably meant as percentages: `10` where the law says `10%`.

A plain number above 1 and up to 100 is one. Who means 1,000% writes `1000%` or `10/1`; a parameter that is no share, as
a capacity in kilowatt hours, says so by its `range`. What is stated of a fact is held to its own range.
"""

from __future__ import annotations

from fractions import Fraction

from engine.reading.context import Context
from engine.reading.scalars import read_value
from engine.syntax.nodes import Node, Scalar, shown
from engine.text.source import Span
from engine.values.numbers import format_decimal
from engine.values.types import Kind, Value, ValueType

_MOST = 100


def read_constant(context: Context, node: Node, type: ValueType, place: Span, surely: bool = False) -> Value:
    """A value of a dated constant; a hint of W909 for a rate that was probably meant as a percentage, or E204 where it
    surely was."""
    value = read_value(context, node, type, place)
    if type.kind is Kind.RATE and isinstance(value, int | Fraction) and value <= _MOST:
        told = as_percentage(node, Fraction(value))
        if told is not None and surely:
            context.report("E204", told[0], node.span, help=told[1])
        elif told is not None:
            context.problems.hint("W909", told[0], node.span, told[1])
    return value


def as_percentage(node: Node, rate: Fraction) -> tuple[str, str] | None:
    """What is wrong with a rate above 1 that is written as a plain number, and what to write; None for any other."""
    text = shown(node.text) if isinstance(node, Scalar) else ""
    if rate <= 1 or not text or "%" in text or "/" in text:
        return None
    whole = f"{format_decimal(rate * 100)}%"
    return f"a rate of `{text}` is {whole}", f"write `{text}%`, or `{whole}` if that is what the law says"
