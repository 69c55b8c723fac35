"""What the code knows of the data it will run on: the shape, and nothing of the values. Part of the key of compiled
code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from engine.columns import Cell
from engine.ir.program import Definition
from engine.native.options import Options
from engine.types import Kind

RATE_LIMIT, COUNT_LIMIT = 2**40, 2**30


class Storage(Enum):
    """How a column's entries lie in memory."""

    DOUBLE = "double"
    WORD = "i32"
    BYTE = "i8"

    @property
    def size(self) -> int:
        """Bytes of an entry."""
        return {"double": 8, "i32": 4, "i8": 1}[self.value]


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """A column's storage, and whether a mask beside it says which entries are missing."""

    storage: Storage
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns, the most rows of each entity in a block, the most members that a group has, and for which groups the
    people lie in the order of the group (so that a member's place is its row)."""

    columns: dict[Cell, ColumnShape] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    in_order: frozenset[str] = frozenset()
    complete: bool = True


def assumed_bounds(definition: Definition, unit: int, options: Options) -> tuple[int, int]:
    """Between which whole numbers (of 1/`unit`) the code assumes a column's entries to lie. Rows beyond are handed
    over.
    """
    match definition.type.kind:
        case Kind.BOOLEAN:
            return 0, 1
        case Kind.ENUM:
            return 0, 255
        case Kind.DATE:
            return 1, 3_652_059
    limit = {Kind.RATE: RATE_LIMIT, Kind.INTEGER: COUNT_LIMIT}.get(definition.type.kind, options.limit)
    low = -limit if definition.low is None else max(-limit, -int(-definition.low * unit // 1))
    high = limit if definition.high is None else min(limit, int(definition.high * unit // 1))
    return min(low, high), high
