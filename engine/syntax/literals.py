"""Numbers and dates as they stand in formulas."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from engine.text.diagnostics import Diagnostics
from engine.text.source import Span
from engine.values.dates import parse_date
from engine.values.numbers import parse_decimal


def read_number(text: str, span: Span, problems: Diagnostics) -> Fraction:
    """The number, or 1 with problem E303."""
    try:
        if len(text) > 1 and text[0] == "0" and text[1].isdigit():
            raise ValueError("a number does not begin with 0")
        return parse_decimal(text)
    except ValueError as fault:
        problems.add("E303", str(fault), span, help="write digits, single underscores between them, and one point")
        return Fraction(1)


def read_date(text: str, span: Span, problems: Diagnostics) -> date:
    """The date, or 1 January 2000 with problem E303."""
    try:
        return parse_date(text)
    except ValueError as fault:
        problems.add("E303", str(fault), span, help="write an existing day as YYYY-MM-DD")
        return date(2000, 1, 1)
