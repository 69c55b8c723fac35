"""What the code knows of the data it will run on: the shape, and nothing of the values. Part of the key of compiled
code.
"""

from __future__ import annotations

from dataclasses import field, replace
from enum import Enum

from engine.ir.program import Definition, Program
from engine.native.plan.options import Options
from engine.population.columns import NONE_ENTRY, Cell, Columns, unit_of
from engine.records import record
from engine.remembered import Remembered
from engine.values.types import Kind

RATE_LIMIT, COUNT_LIMIT = 2**40, 2**30
STATED_LIMIT = 2**47  # of a rate whose range goes further: kilowatts, kilometres
LIMITS = (2**31 - 1, 2**34, 2**37, 2**43)


class Storage(Enum):
    """How a column's entries lie in memory."""

    DOUBLE = "double"
    WORD = "i32"
    BYTE = "i8"

    @property
    def size(self) -> int:
        """Bytes of an entry."""
        return {"double": 8, "i32": 4, "i8": 1}[self.value]

    @property
    def none(self) -> int:
        """The entry that says that there is none: no number, day or member is held as it."""
        return {"double": NONE_ENTRY, "i32": -(2**31), "i8": -1}[self.value]


@record(frozen=True, slots=True)
class ColumnShape:
    """A column's storage, and whether a mask beside it says which entries are missing."""

    storage: Storage
    missing: bool = False


@record(frozen=True, slots=True)
class Shape:
    """The columns, the most rows of each entity in a block, the most members that a group has, and for which groups the
    people lie in the order of the group (so that a member's place is its row). `stated`: groups that a figure makes
    where a population does not state them, as this one does. `placed`: groups in one of which everybody is, and larger
    groups (`list_of_owned`) in one of which every group lies."""

    columns: dict[Cell, ColumnShape] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    in_order: frozenset[str] = frozenset()
    complete: bool = True
    stated: frozenset[str] = frozenset()
    placed: frozenset[str] = frozenset()


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
    if definition.type.kind is Kind.RATE and definition.low is not None and definition.high is not None:
        limit = STATED_LIMIT
    low = -limit if definition.low is None else max(-limit, -int(-definition.low * unit // 1))
    high = limit if definition.high is None else min(limit, int(definition.high * unit // 1))
    return min(low, high), high


@record(frozen=True, slots=True, eq=False)
class Held:
    """How a definition's columns are held: the assumed bounds, in steps of 1/`unit`, and the storage that has room."""

    definition: Definition
    unit: int
    low: int
    high: int
    storage: Storage


MOST_HELD = 20_000  # answers that are kept: a server goes through the programs of many reforms
_held = Remembered[Held](MOST_HELD)


def held(program: Program, definition: Definition, options: Options) -> Held:
    """How a definition's columns are held. Answers are kept, since every evaluation asks."""
    return _held.of(definition, options.limit, lambda: _made(program, definition, options))


def _made(program: Program, definition: Definition, options: Options) -> Held:
    unit = unit_of(program, definition)
    low, high = assumed_bounds(definition, unit, options)
    storage = Storage.WORD if low > Storage.WORD.none and high < 2**31 else Storage.DOUBLE
    if definition.type.kind in (Kind.BOOLEAN, Kind.ENUM):
        storage = Storage.BYTE
    return Held(definition, unit, low, high, storage)


def fitting(program: Program, columns: Columns, options: Options) -> Options:
    """The options with a limit: the one stated, or the first that every amount of the population keeps to."""
    if options.limit:
        return options
    most = 0
    for cell, column in columns.columns.items():
        if program.definitions[cell.name].type.kind is Kind.MONEY:
            most = max(most, -column.low, column.high)
    return replace(options, limit=next((limit for limit in LIMITS if most <= limit), LIMITS[-1]))
