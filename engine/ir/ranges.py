"""The range that the law states for a figure."""

from __future__ import annotations

from fractions import Fraction

from engine.ir.program import Definition
from engine.values.numbers import format_decimal, range_text, with_commas


def outside(definition: Definition, value: int | Fraction) -> str:
    """What is said of a figure whose formula gives a value outside its range."""
    amount, range_ = with_commas(format_decimal(value)), range_text(definition.low, definition.high)
    return f"`{definition.short_name}` comes to {amount}, outside its range {range_}"
