"""Numbers as they stand in rule files: plain decimals, percentages and fractions, exact.

What YAML would turn into something else (`1e3`, `010`, `12:30`, `.inf`) is refused, never guessed at.
"""

from __future__ import annotations

import re
from fractions import Fraction

from engine.reading.context import Context
from engine.syntax.nodes import shown
from engine.text.source import Span
from engine.values.numbers import MAX_DIGITS, parse_decimal

_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]{0,2}(?:_[0-9]{3})+|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_LIKE_A_NUMBER = re.compile(r"[+-]?\.?[0-9]|[+-]?\.(?:nan|inf)", re.IGNORECASE)
_FRACTION = re.compile(r"(-?[0-9_]+) ?/ ?([0-9_]+)", re.ASCII)


def read_decimal(context: Context, text: str, span: Span, wanted: str) -> Fraction | None:
    """The number that `text` writes, or None with E204 (no number at all) or E207 (a number written badly)."""
    if len(text) <= 2 * MAX_DIGITS and _PLAIN.fullmatch(text):
        try:
            return parse_decimal(text)
        except ValueError:
            pass
    if not _LIKE_A_NUMBER.match(text):
        message = f"{wanted} is expected, not `{shown(text)}`"
        context.report("E204", message, span, help="write a plain number, such as `4_213` or `0.5`")
        return None
    context.report("E207", f"`{shown(text)}` is not a plain decimal number", span, help=_remedy(text))
    return None


def read_whole(context: Context, text: str, span: Span, wanted: str = "a whole number") -> int | None:
    """The whole number that `text` writes, or None with E204 or E207."""
    value = read_decimal(context, text, span, wanted)
    if value is None:
        return None
    if value.denominator != 1 or "." in text:
        context.report("E204", f"{wanted} is expected, not `{shown(text)}`", span, help="write it without a point")
        return None
    return int(value)


def read_rate(context: Context, text: str, span: Span) -> Fraction | None:
    """The rate that `7.65%`, `0.0765` or `1/3` writes, or None with E204 or E207."""
    if text.endswith("%"):
        value = read_decimal(context, text[:-1].rstrip(), span, "a rate")
        return None if value is None else value / 100
    match = _FRACTION.fullmatch(text)
    if not match:
        return read_decimal(context, text, span, "a rate")
    above = read_whole(context, match[1], span)
    below = read_whole(context, match[2], span)
    if above is None or below is None:
        return None
    if below == 0:
        context.report("E204", f"`{shown(text)}` divides by zero", span, help="write a number above 0 below the line")
        return None
    return Fraction(above, below)


def read_money(context: Context, text: str, span: Span) -> Fraction | None:
    """The amount that `4_213` or `4_213 USD` writes, or None with E204 or E207."""
    number, _, currency = text.partition(" ")
    if currency and currency != context.settings.currency and re.fullmatch(r"[A-Z]{3}", currency):
        message = f"money is in {context.settings.currency} here, not in `{currency}`"
        context.report("E204", message, span, help=f"convert it to {context.settings.currency}")
        return None
    if currency == context.settings.currency:
        text = number
    if text.endswith("%"):
        message = f"an amount of money is expected, not `{shown(text)}`"
        context.report("E204", message, span, help="write an amount, or make the type `rate`")
        return None
    return read_decimal(context, text, span, "an amount of money")


def _remedy(text: str) -> str:
    """What is usually meant by a number written badly."""
    if sum(char.isdigit() for char in text) > MAX_DIGITS:
        return f"a number has at most {MAX_DIGITS} digits"
    if "," in text:
        return "group digits with `_`, as in `1_000`, and write a point before decimals"
    if re.match(r"[+-]?0[0-9_]", text):
        return "write it without the leading 0"
    if re.fullmatch(r"[0-9.]+[eE][0-9+-]+", text):
        return "write all its digits"
    if "_" in text:
        return "group digits by three, as in `12_570`"
    return "write digits, `_` between groups of three, and one point before decimals"
