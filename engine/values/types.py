"""The types of values, and the values that are not plain Python numbers."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import date
from enum import Enum
from fractions import Fraction

from engine.records import record


class Kind(Enum):
    """What a value is. FAILED stands for an expression that did not check, so that checking goes on quietly."""

    MONEY = "money"
    RATE = "rate"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    DURATION = "duration"
    ENUM = "enum"
    FAILED = "failed"


NUMBERS = (Kind.MONEY, Kind.RATE, Kind.INTEGER)


@record(frozen=True, slots=True)
class ValueType:
    """A kind; for an enum also its name.

    `or_none`: what is declared with this type may be none. It takes no part in equality: whether a value may be none,
    the checker follows from expression to expression.
    """

    kind: Kind
    enum: str = ""
    or_none: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        name = self.enum if self.kind is Kind.ENUM else self.kind.value
        return f"{name} or none" if self.or_none else name

    @property
    def plain(self) -> ValueType:
        """The type of the value, where there is one."""
        return replace(self, or_none=False) if self.or_none else self

    @property
    def is_number(self) -> bool:
        """Money, rate and integer: the kinds that an interval describes."""
        return self.kind in NUMBERS


MONEY = ValueType(Kind.MONEY)
RATE = ValueType(Kind.RATE)
INTEGER = ValueType(Kind.INTEGER)
BOOLEAN = ValueType(Kind.BOOLEAN)
DATE = ValueType(Kind.DATE)
DURATION = ValueType(Kind.DURATION)
FAILED = ValueType(Kind.FAILED)
PLAIN_TYPES = {plain.kind.value: plain for plain in (MONEY, RATE, INTEGER, BOOLEAN, DATE, DURATION)}


def enum_type(name: str) -> ValueType:
    """The type of the members of the enum `name`."""
    return ValueType(Kind.ENUM, name)


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAY = enum_type("weekday")


@record(frozen=True, slots=True)
class Duration:
    """A length of time: calendar months (12 to the year) and days (7 to the week)."""

    months: int = 0
    days: int = 0

    def __neg__(self) -> Duration:
        return Duration(-self.months, -self.days)

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.months + other.months, self.days + other.days)

    def order(self, other: Duration) -> int | None:
        """-1, 0 or 1 as this is shorter than, as long as or longer than `other`; None if one has more months, the other
        more days."""
        months, days = self.months - other.months, self.days - other.days
        if months * days < 0:
            return None
        return (months + days > 0) - (months + days < 0)

    def __str__(self) -> str:
        years, months = divmod(self.months, 12) if self.months >= 0 else (0, self.months)
        parts = [(years, "years"), (months, "months"), (self.days, "days")]
        return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 days"


@record(frozen=True, slots=True)
class EnumValue:
    """A member of an enum."""

    enum: str
    member: str

    def __str__(self) -> str:
        return self.member


class Nothing(Enum):
    """What stands in a fact or cell that is stated to be none. It is never the value of an expression."""

    NONE = "none"

    def __str__(self) -> str:
        return self.value


NONE = Nothing.NONE
Value = int | Fraction | bool | date | Duration | EnumValue | Nothing
