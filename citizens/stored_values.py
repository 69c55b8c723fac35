"""Values as they are stored: of a kind, and in a form that JSON holds exactly.

A shape is `name:kind` for each value; a day is counted from 1970-01-01. `codec.py` lists the kinds.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from citizens.errors import InvalidEvent, LogDamaged
from citizens.events import EXACT, Belongs, Value, units_and_scale

EPOCH = date(1970, 1, 1).toordinal()


class Names(Protocol):
    """Which number stands for which subject."""

    def number(self, subject: str) -> int:
        """The number of `subject`, given out now if it has none."""

    def name(self, number: int) -> str:
        """The subject with that number."""


def store_value(name: str, value: Value, names: Names) -> tuple[str, Any]:
    """`value` as its kind and its stored form."""
    match value:
        case None:
            return "n", None
        case bool():
            return "b", value
        case int():
            return "i", value
        case Decimal():
            units, scale = units_and_scale(value, f"`{name}`")
            return f"d{scale}", units
        case str():
            return "s", value
        case Belongs():
            return f"r.{value.role}", names.number(value.group)
        case date():
            return "t", day_number(value)
        case _:
            raise InvalidEvent(f"`{name}` is a {type(value).__name__}", "money and rates are Decimal, never float")


def load_value(kind: str, stored: Any, names: Names) -> Value:
    """The value that `stored` is, given its kind."""
    match kind[0]:
        case "n" | "x":
            return None
        case "b":
            return bool(stored)
        case "i":
            return int(stored)
        case "d":
            return EXACT.scaleb(Decimal(stored), -int(kind[1:]))
        case "s":
            return str(stored)
        case "r":
            return Belongs(names.name(stored), kind[2:])
        case "t":
            return day_date(stored)
        case _:
            raise LogDamaged(f"value of unknown kind `{kind}`", "this log needs a newer version of the program")


@lru_cache(maxsize=10_000)
def parse_shape(shape: str) -> tuple[tuple[str, str], ...]:
    """The (name, kind) pairs of a shape."""
    return tuple((name, kind) for name, _, kind in (part.partition(":") for part in shape.split(" ") if part))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - EPOCH


def day_date(number: int) -> date:
    """The date of a day number."""
    return date.fromordinal(number + EPOCH)
