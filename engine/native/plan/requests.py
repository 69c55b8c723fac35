"""What code asks of the constants of the law: which entries a block of the vector of terms holds, and in which form."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Union

from engine.records import record
from engine.values.types import Kind


@record(frozen=True, slots=True)
class TableColumn:
    """A table's column: one entry for each of its keys."""

    name: str


@record(frozen=True, slots=True)
class BracketCount:
    """The most brackets that a scale has under any key."""


@record(frozen=True, slots=True)
class RateSpan:
    """The least and the greatest rate of a scale."""


@record(frozen=True, slots=True)
class Threshold:
    """Where a scale's bracket begins, for each of its keys."""

    bracket: int


@record(frozen=True, slots=True)
class BracketValue:
    """What a step scale gives in a bracket, for each of its keys."""

    bracket: int


@record(frozen=True, slots=True)
class RateRise:
    """A marginal scale's rate in a bracket less the rate of the bracket below, for each of its keys."""

    bracket: int


Place = Union[TableColumn, BracketCount, RateSpan, Threshold, BracketValue, RateRise]


class Piece(Enum):
    """What of a value stands in an entry: itself, half of a length of time, or whether there is none."""

    ITSELF = "itself"
    MONTHS = "months"
    DAYS = "days"
    IS_NONE = "is none"


@record(frozen=True, slots=True)
class Request:
    """What stands in a block: of the constant `name` on `day` a place (None: a parameter has only one), and of each
    value there a piece. `number`: the kind of number that it is, which decides its form (None: it is not a number)."""

    name: str
    day: date
    place: Place | None = None
    piece: Piece = Piece.ITSELF
    number: Kind | None = None


@record(frozen=True, slots=True)
class Form:
    """How values are held: whole numbers from `low` to `high`, each over `d`."""

    d: int
    low: int
    high: int


@record(frozen=True, slots=True)
class Block:
    """Consecutive entries of the vector: where they start, how many there are, and their form."""

    offset: int
    count: int
    form: Form
