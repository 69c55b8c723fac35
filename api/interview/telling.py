"""What to try a fact as: values on both sides of what the law compares it with, and pieces that cover all it can be.

A number turns a condition only at an amount that the formulas name, a date at a day that lies a named length from the
day that is asked about, as far as nothing else that is open moves it. So these values decide more often than guesses,
and no proof rests on that: the pieces leave out nothing, wherever they are cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from api.cases.named_values import NamedValues, days_away, named_values
from engine.explain.questions import sample_values
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.values.types import NONE, EnumValue, Kind, Value

MOST_CUTS = 12
_NUMBERS = (Kind.INTEGER, Kind.MONEY, Kind.RATE)
_SHARES = tuple(Fraction(number, 20) for number in range(21))


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what a fact can be: a value, or all between two ends."""

    value: Value | None = None
    ends: tuple[Any, Any] = (None, None)

    def laid(self, case: Case, fact: Fact) -> Case:
        """The case in which a fact is in this piece."""
        if self.value is not None:
            return replace(case, given={**case.given, fact: self.value})
        return replace(case, within={**case.within, fact: self.ends})


@dataclass(eq=False)
class Telling:
    """What the facts of a case are tried as, by what the formulas of a figure name."""

    program: Program
    day: date
    named: NamedValues
    _values: dict[str, list[Value]] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program, case: Case, *figures: Definition) -> Telling:
        """What tells of some figures of a case."""
        return cls(program, case.at.start, named_values(program, case.at, *figures))

    def values(self, name: str) -> Sequence[Value]:
        """Values of a fact, what is usual first."""
        if name not in self._values:
            definition = self.program.definitions[name]
            usual = [definition.absent] if definition.absent is not None else []
            values = [*usual, *members(self.program, definition), *self._near(definition)]
            self._values[name] = list(dict.fromkeys([*values, *sample_values(definition, self.program)]))
        return self._values[name]

    def _near(self, definition: Definition) -> list[Value]:
        """What lies at, just before and just after what the law compares with."""
        if definition.type.kind is Kind.DATE:
            days = sorted(day for day in days_away(self.day, self.named) | self.named.dates if _is_inside(day))
            return [day + timedelta(days=more) for day in days for more in (-1, 0, 1)]
        if definition.type.kind not in _NUMBERS:
            return []
        step = step_of(definition)
        named = {*self.named.amounts, *map(Fraction, self.named.numbers), *ends_of(definition), Fraction(0)}
        near = {number + more for number in named for more in (-step, Fraction(0), step)}
        if definition.type.kind is Kind.RATE:
            near |= set(_SHARES)
        return [_stored(definition, number) for number in sorted(near) if _is_statable(definition, number)]

    def pieces(self, name: str) -> Sequence[Piece]:
        """All that a fact can be, in pieces; none where it is not known into how many it falls."""
        definition = self.program.definitions[name]
        if definition.type.kind in (Kind.BOOLEAN, Kind.ENUM):
            return [Piece(member) for member in members(self.program, definition)]
        whole = definition.type.kind is Kind.INTEGER or definition.grid is not None
        if not whole or definition.type.or_none or len(ends_of(definition)) < 2:
            return []
        low, high = ends_of(definition)
        step = step_of(definition)
        named = {*self.named.amounts, *map(Fraction, self.named.numbers)}
        inside = {number for number in named if low < number < high and _is_statable(definition, number)}
        if len(inside) > MOST_CUTS:
            return []
        starts = sorted({low, *inside, *(number + step for number in inside)})
        ends = [*(start - step for start in starts[1:]), high]
        return [
            Piece(ends=(_stored(definition, start), _stored(definition, end)))
            for start, end in zip(starts, ends, strict=True)
        ]


def members(program: Program, definition: Definition) -> list[Value]:
    """All that a fact can be, where that is little; else nothing."""
    match definition.type.kind:
        case Kind.BOOLEAN:
            values: list[Value] = [False, True]
        case Kind.ENUM:
            names = program.settings.enums[definition.type.enum].members
            values = [EnumValue(definition.type.enum, name) for name in names]
        case _:
            return []
    return [*values, *([NONE] if definition.type.or_none else [])]


def step_of(definition: Definition) -> Fraction:
    """How far apart two neighbours of a number are; of a rate, which has none, how far the tried ones are."""
    if definition.grid is not None:
        return definition.grid.step
    return Fraction(1, 10_000) if definition.type.kind is Kind.RATE else Fraction(1)


def ends_of(definition: Definition) -> tuple[Fraction, ...]:
    """Between what a number lies, as far as it is stated."""
    return tuple(Fraction(end) for end in (definition.low, definition.high) if end is not None)


def _is_statable(definition: Definition, number: Fraction) -> bool:
    inside = (definition.low is None or number >= definition.low) and (
        definition.high is None or number <= definition.high
    )
    return inside and (definition.type.kind is Kind.RATE or number % step_of(definition) == 0)


def _stored(definition: Definition, number: Fraction) -> Value:
    return int(number) if definition.type.kind is Kind.INTEGER else number


def _is_inside(day: date) -> bool:
    return date.min < day < date.max
