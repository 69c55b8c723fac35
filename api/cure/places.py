"""Numbers and dates as places on a line, so that both are looked through in one way: by halves of a range.

A date is something done: its places begin with the day that is asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from engine.ir.program import Definition, Program
from engine.values.types import NONE, EnumValue, Kind, Value

FAR = Fraction(10**7)
YEARS_AHEAD = 20
Range = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Line:
    """Where a fact is now, the ends of what it may be, and how far apart two neighbours are. Dates count in days."""

    kind: Kind
    now: Fraction
    low: Fraction
    high: Fraction
    step: Fraction

    def value(self, place: Fraction) -> Value:
        """What stands at a place."""
        match self.kind:
            case Kind.DATE:
                return date.fromordinal(int(place))
            case Kind.INTEGER:
                return int(place)
        return place

    def values(self, low: Fraction, high: Fraction) -> tuple[Value, Value]:
        """What stands at the ends of a range."""
        return self.value(low), self.value(high)

    def halves(self, low: Fraction, high: Fraction) -> list[Range]:
        """The two halves of a range, the lower first."""
        middle = (low + high) / 2 // self.step * self.step
        return [(low, middle), (middle + self.step, high)]

    def ways(self) -> list[tuple[Fraction, Fraction, bool]]:
        """The ranges in which to look for a value nearest to now, and whether they are looked through upwards."""
        if self.kind is Kind.DATE:
            return [(self.low, self.high, True)]
        return [(self.low, self.now - self.step, False), (self.now + self.step, self.high, True)]


def line_of(definition: Definition, now: Value | None, day: date) -> Line:
    """The line of a number or a date that is `now` so, asked about on a day."""
    if definition.type.kind is Kind.DATE:
        last = day + timedelta(days=366 * YEARS_AHEAD)
        here, end = Fraction(day.toordinal()), Fraction(last.toordinal())
        return Line(Kind.DATE, here, here, end, Fraction(1))
    whole = definition.type.kind is Kind.INTEGER or definition.grid is None
    step = Fraction(1) if whole or definition.grid is None else definition.grid.step
    place = Fraction(0) if now is None or now is NONE else place_of(now)
    low = definition.low if definition.low is not None else -FAR
    high = definition.high if definition.high is not None else FAR
    return Line(definition.type.kind, place, low, min(high, max(FAR, place + step)), step)


def place_of(value: Value) -> Fraction:
    """Where a number or a date stands."""
    return Fraction(value.toordinal()) if isinstance(value, date) else Fraction(value)  # type: ignore[arg-type]


def members_of(program: Program, definition: Definition) -> list[Value] | None:
    """The values of a fact that has few; None for numbers and dates."""
    match definition.type.kind:
        case Kind.BOOLEAN:
            return [True, False]
        case Kind.ENUM:
            names = program.settings.enums[definition.type.enum].members
            return [EnumValue(definition.type.enum, name) for name in names]
    return None
