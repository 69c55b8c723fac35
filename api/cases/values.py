"""Values as users read them: text for a person, and JSON in which no number ever passes through a float.

JSON: money and rates are decimal strings (money with the grid's places, `"6296.83"`; a rate that has no decimal is
`"1/3"`), integers are numbers, booleans are booleans, dates are `YYYY-MM-DD`, an enum's member is its bare name, and
what is stated to be none is `none` (null stands for what nobody stated).
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from engine.reading.declarations import Settings
from engine.values.numbers import decimal_places, format_decimal
from engine.values.types import Duration, EnumValue, Kind, Nothing, Value, ValueType


def money_places(settings: Settings) -> int:
    """How many decimals the ruleset's money has."""
    return decimal_places(settings.money_grid) or 0


def as_text(value: Value, type: ValueType, settings: Settings) -> str:
    """`6,296.83 USD`, `7.65%`, `yes`, `2024-04-06`, `Head of household`."""
    match value:
        case bool():
            return "yes" if value else "no"
        case EnumValue():
            declared = settings.enums.get(value.enum)
            return (declared.members.get(value.member, "") if declared else "") or value.member
        case date():
            return value.isoformat()
        case Duration() | Nothing():
            return str(value)
    if type.kind is Kind.MONEY:
        places = 0 if Fraction(value).denominator == 1 else money_places(settings)
        return f"{with_commas(format_decimal(value, places))} {settings.currency}"
    if type.kind is Kind.RATE:
        percent = Fraction(value) * 100
        return f"{format_decimal(percent)}%" if decimal_places(percent) is not None else format_decimal(value)
    return with_commas(format_decimal(value))


def as_json(value: Value, type: ValueType, settings: Settings) -> str | int | bool:
    """The value in JSON's types."""
    match value:
        case bool():
            return value
        case date():
            return value.isoformat()
        case EnumValue() | Duration() | Nothing():
            return str(value)
    if type.kind is Kind.INTEGER and Fraction(value).denominator == 1:
        return int(value)
    return format_decimal(value, money_places(settings) if type.kind is Kind.MONEY else None)


def with_commas(digits: str) -> str:
    """`12570.5` as `12,570.5`; fractions as they are."""
    if "/" in digits:
        return digits
    sign, bare = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    whole, point, part = bare.partition(".")
    return f"{sign}{int(whole):,}{point}{part}"
