"""The one voice for values: amounts, ranges, names and lists in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from engine.interpret.outcomes import Choice, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.ir.program import Program
from engine.reading.declarations import Settings
from engine.values.numbers import Number, decimal_places, format_decimal
from engine.values.types import NONE, Duration, EnumValue, Kind, Nothing, Value, ValueType

NOT_KNOWN = "not known"


def value_words(value: Value, value_type: ValueType, settings: Settings) -> str:
    """`6,296.83 USD`, `7.65%`, `yes`, `2024-04-06`, `Head of household`."""
    match value:
        case bool():
            return "yes" if value else "no"
        case EnumValue():
            return settings.enums[value.enum].members.get(value.member) or value.member
        case date():
            return value.isoformat()
        case Duration() | Nothing():
            return str(value)
    if value_type.kind is Kind.MONEY:
        return f"{grouped(value, 2 if Fraction(value).denominator != 1 else 0)} {settings.currency}"
    if value_type.kind is Kind.RATE and decimal_places(Fraction(value) * 100) is not None:
        return f"{grouped(Fraction(value) * 100)}%"
    return grouped(value)


def grouped(value: Number, places: int = 0) -> str:
    """A number with thousands separated by commas; one that has no short decimal is given to six places."""
    digits = decimal_places(Fraction(value))
    if digits is None or digits > 6:
        value = Fraction(round(Fraction(value) * 10**6), 10**6)
    text = format_decimal(value, places)
    sign, bare = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, part = bare.partition(".")
    return f"{sign}{int(whole):,}{point}{part}"


def outcome_words(outcome: Outcome, value_type: ValueType, settings: Settings) -> str:
    """An outcome: its value, its range, or what else it is."""
    match outcome:
        case Known():
            return value_words(outcome.value, value_type, settings)
        case Possible(range=Interval(low=low, high=high)):
            ends = ["" if end is None else value_words(end, value_type, settings) for end in (low, high)]
            if ends[0] and ends[1]:
                return f"not determined: between {ends[0]} and {ends[1]}"
            return "not determined" + (
                f": at least {ends[0]}" if ends[0] else f": at most {ends[1]}" if ends[1] else ""
            )
        case Possible(range=Choice(options=options)):
            shown = sorted(value_words(option, value_type, settings) for option in options)
            return "not determined: " + " or ".join(shown)
        case NotApplicable():
            return str(NONE) if value_type.or_none else "does not apply"
    assert isinstance(outcome, Failure)
    return f"cannot be computed: {outcome.message}"


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
