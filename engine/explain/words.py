"""The one voice for values: amounts, ranges, names and lists in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache

from engine.interpret.outcomes import Choice, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.ir.program import Program
from engine.reading.declared_settings import Settings
from engine.values.numbers import Number, RoundingMode, decimal_places, format_decimal, round_to, with_commas
from engine.values.types import NONE, Duration, EnumValue, Kind, Nothing, Value, ValueType

NOT_KNOWN = "not known"
MOST_PLACES, LONGEST_FRACTION = 12, 16
"""A decimal with more places, or a fraction with more digits, is told to six places, as `about`."""


def value_words(value: Value, value_type: ValueType, settings: Settings) -> str:
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
    if value_type.kind is Kind.MONEY:
        return money_words(value, settings)
    percent = Fraction(value) * 100
    if value_type.kind is Kind.RATE and decimal_places(percent) is not None:
        return f"{number_words(percent)}%"
    return number_words(value)


def money_words(value: Number, settings: Settings) -> str:
    """`3,078 USD` and `12.50 USD`: whole, or with all the places of the ruleset's money."""
    places = 0 if value.denominator == 1 else money_places(settings)
    return f"{number_words(value, places)} {settings.currency}"


def money_places(settings: Settings) -> int:
    """How many decimals the ruleset's money has."""
    return decimal_places(settings.money_grid) or 0


@lru_cache(maxsize=4096)
def number_words(value: Number, places: int = 0) -> str:
    """A number with commas: `12,570.5`, `1/3`; one too long to read as `about 0.076923`."""
    value = Fraction(value)
    digits = decimal_places(value)
    if digits is None and len(f"{value.numerator}{value.denominator}") <= LONGEST_FRACTION:
        return f"{value.numerator:,}/{value.denominator:,}"
    if digits is None or digits > MOST_PLACES:
        return f"about {with_commas(format_decimal(round_to(value, Fraction(1, 10**6), RoundingMode.HALF_UP)))}"
    return with_commas(format_decimal(value, places))


def outcome_words(outcome: Outcome, value_type: ValueType, settings: Settings) -> str:
    """An outcome: its value, what it may be, or why there is none."""
    match outcome:
        case Known():
            return value_words(outcome.value, value_type, settings)
        case NotApplicable():
            return str(NONE) if value_type.or_none else "does not apply"
        case Failure():
            return f"cannot be computed: {outcome.message}"
        case Possible():
            range_said = _range_words(outcome.range, value_type, settings)
            applies = " (or it may not apply)" if outcome.may_not_apply else ""
            fails = may_fail_words(outcome.may_fail)
            return f"not determined{': ' if range_said else ''}{range_said}{applies}{fails}"


def may_fail_words(reason: str) -> str:
    """What follows a range where a figure may be none for a fault in some of what is open; empty without a reason."""
    return f" (or it cannot be computed: {reason})" if reason else ""


def _range_words(within: Choice | Interval, value_type: ValueType, settings: Settings) -> str:
    """What an undetermined figure may be; empty if nothing is known of it."""
    if isinstance(within, Choice):
        return " or ".join(sorted(value_words(option, value_type, settings) for option in within.options))
    low, high = (None if end is None else value_words(end, value_type, settings) for end in (within.low, within.high))
    if low is not None and high is not None:
        return f"between {low} and {high}"
    return f"at least {low}" if low is not None else f"at most {high}" if high is not None else ""


def humanized(name: str) -> str:
    """`eitc_terms` as `eitc terms`, without the module."""
    return name.rpartition(":")[2].replace("_", " ")


def constant_label(program: Program, name: str) -> str:
    """A parameter's, table's or scale's label, or its name in words if it has none."""
    declared = program.parameters.get(name) or program.tables.get(name) or program.scales.get(name)
    return declared.label if declared is not None and declared.label else humanized(name)


def whose_words(instance: str, answer: bool) -> str:
    """Whose a figure is, after its label. A label that is a sentence, answered by yes or no, cannot go on with `of`."""
    return f" ({instance})" if answer else f" of {instance}"


def listed(parts: Sequence[str], word: str = "and") -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}"
