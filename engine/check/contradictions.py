"""What a case may not say together, from the rows of `implications` that always hold and those with `never`.

A row that names nothing, or says of a fact what it cannot be, makes no contradiction here: `check` reports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations

from engine.check.resolve import Symbol, Symbols
from engine.ir.contradictions import Claim, Contradiction, chained
from engine.ir.equal import agree
from engine.ir.links import related
from engine.reading.declarations import Implication, Input, Requirement, Ruleset, Said, Variable
from engine.reading.implications import STATED
from engine.values.numbers import parse_decimal
from engine.values.types import EnumValue, Kind, Value, ValueType

ABOVE, SEVERAL = "above ", " or "


def contradictions_of(ruleset: Ruleset, symbols: Symbols) -> tuple[Contradiction, ...]:
    """Every contradiction of the rules, and what follows from one through another."""
    rows = [
        contradiction
        for module in ruleset.modules
        for row in module.implications
        if row.always or row.same or row.only or row.needs or row.never
        for contradiction in _of_row(symbols, module.name, row)
    ] + [
        contradiction
        for module in ruleset.modules
        for row in module.implications
        for pair in combinations(row.equal, 2)
        for contradiction in _of_equal(symbols, module.name, row, pair)
    ]
    return chained(rows)


def _of_row(symbols: Symbols, module: str, row: Implication) -> Iterator[Contradiction]:
    given = [claim_of(symbols, module, said) for said in row.given]
    known = tuple(claim for claim in given if claim is not None)
    entities = {_figure(symbols, module, said.name).entity for said in row.given} if len(known) == len(given) else set()
    if len(entities) != 1:
        return
    (entity,) = entities
    certain = row.then if row.always or row.same else ()
    for said in (*certain, *row.only, *row.needs, *row.never):
        denied, needed = said in row.never, said in row.needs
        claim = claim_of(symbols, module, said)
        link = None if claim is None else related(symbols.settings, entity, _figure(symbols, module, said.name).entity)
        if claim is not None and link is not None:
            yield Contradiction(known, claim, denied, link, row.law, row.role, needed)
            if row.same and len(known) == 1:
                yield Contradiction((claim,), known[0], False, link, row.law, row.role)


def _of_equal(symbols: Symbols, module: str, row: Implication, pair: tuple[Said, Said]) -> Iterator[Contradiction]:
    """That the second of two facts is as the first is stated."""
    conditions = [claim_of(symbols, module, said) for said in (*row.given, pair[0])]
    apart = [claim_of(symbols, module, said) for said in row.apart]
    second = claim_of(symbols, module, pair[1])
    given = tuple(claim for claim in conditions if claim is not None)
    if second is None or len(given) < len(conditions) or None in apart:
        return
    entities = {_figure(symbols, module, said.name).entity for said in (*row.given, *row.apart, pair[0])}
    link = related(symbols.settings, entities.pop(), _figure(symbols, module, pair[1].name).entity)
    if not entities and link is not None and agree(symbols.settings, *(_type(symbols, module, said) for said in pair)):
        claim = Claim(second.name, equal_to=given[-1].name)
        unless = tuple(other for other in apart if other is not None)
        yield Contradiction(given, claim, False, link, row.law, row.role, apart=unless)


def _type(symbols: Symbols, module: str, said: Said) -> ValueType:
    type = _type_of(symbols.look_up(module, said.name))
    assert type is not None, "a figure has a type"
    return type


def _figure(symbols: Symbols, module: str, name: str) -> Input | Variable | Requirement:
    symbol = symbols.look_up(module, name)
    assert symbol is not None and symbol.figure is not None
    return symbol.figure


def claim_of(symbols: Symbols, module: str, said: Said) -> Claim | None:
    """What is said of a fact or figure, in values of its type; None if there is no such fact, or it cannot be that."""
    symbol = symbols.look_up(module, said.name)
    type = _type_of(symbol)
    if symbol is None or type is None:
        return None
    if said.value == STATED:
        return Claim(symbol.name, stated=True)
    if said.value.startswith(ABOVE):
        above = _value(symbols, type, said.value.removeprefix(ABOVE)) if type.is_number else None
        return None if above is None else Claim(symbol.name, above=above)  # type: ignore[arg-type]
    values = tuple(_value(symbols, type, text) for text in said.value.split(SEVERAL))
    return None if None in values else Claim(symbol.name, tuple(value for value in values if value is not None))


def _type_of(symbol: Symbol | None) -> ValueType | None:
    match symbol.figure if symbol is not None else None:
        case Input() | Variable() as figure:
            return figure.type
        case Requirement():
            return ValueType(Kind.BOOLEAN)
    return None


def _value(symbols: Symbols, type: ValueType, text: str) -> Value | None:
    match type.kind:
        case Kind.BOOLEAN:
            return {"true": True, "false": False}.get(text)
        case Kind.ENUM:
            return EnumValue(type.enum, text) if text in symbols.settings.enums[type.enum].members else None
    try:
        return date.fromisoformat(text) if type.kind is Kind.DATE else parse_decimal(text)
    except ValueError:
        return None
