"""What a fact or figure excludes: names looked up, and the conditions under which some are excluded."""

from __future__ import annotations

from typing import TypedDict

from engine.check.resolve import Symbol, Symbols
from engine.ir.links import related
from engine.ir.program import Condition
from engine.reading.declarations import Excluded, Input, Said, Variable
from engine.text.diagnostics import Diagnostics
from engine.values.types import EnumValue, Kind, Value, ValueType

SEVERAL = " or "


class Exclusions(TypedDict):
    """The two fields of a definition that say what it excludes, always and on conditions."""

    excludes: tuple[str, ...]
    excludes_where: tuple[tuple[str, tuple[Condition, ...]], ...]


def excluded(symbols: Symbols, problems: Diagnostics, symbol: Symbol, declared: Input | Variable) -> Exclusions:
    """The whole-program names of what cannot be stated together with it; E401 or E807 for what is no such thing."""
    always, where = [], []
    for exclusion in declared.excludes:
        other = _figure_that_goes_with(symbols, problems, symbol, declared, exclusion)
        if other is None:
            continue
        if not exclusion.where:
            always.append(other.name)
            continue
        conditions = [_condition(symbols, problems, symbol, other, said) for said in exclusion.where]
        where.append((other.name, tuple(condition for condition in conditions if condition is not None)))
    return {"excludes": tuple(always), "excludes_where": tuple(where)}


def _figure_that_goes_with(
    symbols: Symbols, problems: Diagnostics, symbol: Symbol, declared: Input | Variable, exclusion: Excluded
) -> Symbol | None:
    """The fact or figure that is named; None where it is none, or of whom one of the two is could not be read."""
    other = symbols.look_up(symbol.module, exclusion.name)
    if other is None:
        symbols.report_unknown(symbol.module, exclusion.name, exclusion.span, problems)
        return None
    if other.figure is not None and not (declared.entity and other.figure.entity):
        return None
    if other.figure is None or not related(symbols.settings, declared.entity, other.figure.entity):
        message = f"`{exclusion.name}` is not stated of anybody linked to a {declared.entity}"
        help_text = "name a fact or figure of the same entity, its records, its group or its members"
        problems.add("E807", message, exclusion.span, help=help_text)
        return None
    return other


def _condition(symbols: Symbols, problems: Diagnostics, symbol: Symbol, other: Symbol, said: Said) -> Condition | None:
    fact = symbols.look_up(symbol.module, said.name)
    assert other.figure is not None
    if fact is None:
        symbols.report_unknown(symbol.module, said.name, said.span, problems)
        return None
    figure = fact.figure
    if not isinstance(figure, Input) or figure.entity != other.figure.entity or figure.type is None:
        message = f"`{said.name}` is not a fact of a {other.figure.entity}"
        problems.add("E807", message, said.span, help=f"name a fact that is stated where `{other.figure.name}` is")
        return None
    members = symbols.settings.enums[figure.type.enum].members if figure.type.kind is Kind.ENUM else ()
    values = tuple(_value(figure.type, list(members), text) for text in said.value.split(SEVERAL))
    if None in values:
        possible = " or ".join(f"`{name}`" for name in members or ("true", "false"))
        message = f"`{said.name}` is not `{said.value}`"
        problems.add("E807", message, said.span, help=f"write {possible}")
        return None
    return Condition(fact.name, tuple(value for value in values if value is not None))


def _value(type: ValueType, members: list[str], text: str) -> Value | None:
    """A boolean or an enum's member as written; None for anything else."""
    if type.kind is Kind.BOOLEAN:
        return {"true": True, "false": False}.get(text)
    return EnumValue(type.enum, text) if text in members else None
