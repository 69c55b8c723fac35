"""Values as JSON, in which no number ever passes through a float, and from JSON into words.

Money and rates are decimal strings (money with the grid's places, `"6296.83"`; a rate that has no decimal is
`"1/3"`), integers are numbers, booleans are booleans, dates are `YYYY-MM-DD`, an enum's member is its bare name, and
what is stated to be none is `none` (null stands for what nobody stated).
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from engine.explain.words import money_places, value_words
from engine.reading.declared_settings import Settings
from engine.values.numbers import format_decimal
from engine.values.types import NONE, Duration, EnumValue, Kind, Nothing, Value, ValueType


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


def words_of_json(value: object, type: ValueType, settings: Settings) -> str:
    """What `as_json` gave, in words; null is what nobody stated."""
    if value is None:
        return "not stated"
    if isinstance(value, bool) or value == str(NONE):
        return value_words(value if isinstance(value, bool) else NONE, type, settings)
    if type.kind is Kind.ENUM:
        return value_words(EnumValue(type.enum, str(value)), type, settings)
    return value_words(Fraction(str(value)), type, settings) if type.is_number else str(value)
