"""What to ask next: of the unknown facts that may matter, those first that move the answers most.

1. Suppose a usual household: every unknown fact is what its absence means in a complete case, or a plain guess.
2. Change one fact at a time to a few telling values, and compute the wanted figures again.
3. Rank facts by how far apart the answers are; facts that move nothing come last, in the order in which they were read.

The supposition serves the ranking only; no answer rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from engine.cases import Case
from engine.constants import Constants
from engine.interpreter import Interpreter
from engine.ir.program import Definition, Program
from engine.outcomes import Fact, Known, Outcome
from engine.types import Duration, EnumValue, Kind, Value

MOST_TRIED = 80
_AMOUNTS = (Fraction(12_000), Fraction(45_000), Fraction(250_000))
_WHOLE = (0, 5, 18, 30, 67)
_DAYS = (date(1950, 6, 15), date(2000, 6, 15), date(2018, 6, 15))


def most_useful_first(program: Program, case: Case, wanted: Sequence[Fact], unknown: Sequence[Fact]) -> list[Fact]:
    """The unknown facts, the most useful to ask first. Of more than `MOST_TRIED`, the first are ranked."""
    constants = Constants(program)
    tried, rest = unknown[:MOST_TRIED], unknown[MOST_TRIED:]
    supposed: dict[Fact, Value] = {fact: _usual(program, program.definitions[fact.name]) for fact in unknown}

    def answers(changed: Mapping[Fact, Value]) -> list[Outcome]:
        given = {**supposed, **changed, **case.given}
        interpreter = Interpreter(program, replace(case, given=given, complete=True), constants)
        return [interpreter.find(fact) for fact in wanted]

    usual = answers({})
    moved = {
        fact: max((_distance(usual, answers({fact: value})) for value in _telling(program, fact)), default=Fraction(0))
        for fact in tried
    }
    return [*sorted(tried, key=lambda fact: -moved[fact]), *rest]


def _usual(program: Program, definition: Definition) -> Value:
    """What an unknown fact is supposed to be."""
    if definition.absent is not None:
        return definition.absent
    match definition.type.kind:
        case Kind.BOOLEAN:
            return False
        case Kind.ENUM:
            members = program.settings.enums[definition.type.enum].members
            return EnumValue(definition.type.enum, next(iter(members)))
        case Kind.DATE:
            return date(1984, 6, 15)
        case Kind.DURATION:
            return Duration()
        case Kind.INTEGER:
            return int(_within(definition, Fraction(30)))
    return _within(definition, Fraction(0))


def _telling(program: Program, fact: Fact) -> Iterator[Value]:
    """Values that show whether a fact matters."""
    definition = program.definitions[fact.name]
    match definition.type.kind:
        case Kind.BOOLEAN:
            yield from (True, False)
        case Kind.ENUM:
            for member in program.settings.enums[definition.type.enum].members:
                yield EnumValue(definition.type.enum, member)
        case Kind.DATE:
            yield from _DAYS
        case Kind.INTEGER:
            yield from (int(_within(definition, Fraction(number))) for number in _WHOLE)
        case Kind.RATE:
            yield from (_within(definition, Fraction(1, 2)), _within(definition, Fraction(1)))
        case _:
            yield from (_within(definition, amount) for amount in _AMOUNTS)


def _within(definition: Definition, value: Fraction) -> Fraction:
    low, high = definition.low, definition.high
    value = value if low is None else max(value, low)
    return value if high is None else min(value, high)


def _distance(usual: Sequence[Outcome], now: Sequence[Outcome]) -> Fraction:
    """How far answers moved: numbers by their difference, anything else by 1 for a change."""
    total = Fraction(0)
    for one, other in zip(usual, now, strict=True):
        if one == other:
            continue
        numbers = [_number(outcome) for outcome in (one, other)]
        known = numbers[0] is not None and numbers[1] is not None
        total += abs(numbers[0] - numbers[1]) if known else 1  # type: ignore[operator]
    return total


def _number(outcome: Outcome) -> Fraction | None:
    if isinstance(outcome, Known) and isinstance(outcome.value, int | Fraction) and not isinstance(outcome.value, bool):
        return Fraction(outcome.value)
    return None
