"""What rows of tables state although other columns imply the contrary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.interpret.contradicted import shown
from engine.ir.contradictions import Claim, Contradiction, is_refused
from engine.ir.equal import settled
from engine.ir.program import Definition, Program
from engine.population.columns import NONE_ENTRY, Cell, Column, exact, unit_of
from engine.values.types import EnumValue, Kind, Value

Rows = NDArray[np.bool_]
Whole = NDArray[np.signedinteger[Any]]
Differ = Callable[[Whole, Whole], Rows]


def columns_against(contradiction: Contradiction, columns: Mapping[Cell, Column]) -> Iterator[tuple[Cell, list[Cell]]]:
    """Each column of the last claim, with those of the others for the periods that hold its period."""
    claimed = [cell for cell in columns if cell.name == contradiction.claim.name]
    for cell in claimed:
        given = [
            next((other for other in columns if other.name == claim.name and other.period.contains(cell.period)), None)
            for claim in contradiction.given
        ]
        known = [other for other in given if other is not None]
        if len(known) == len(given):
            yield cell, known


def as_claimed(program: Program, claim: Claim, column: Column) -> Rows:
    """For each row whether it is stated as claimed."""
    definition = program.definitions[claim.name]
    if claim.stated:
        return _stated(column)
    if claim.above is not None:
        return _stated(column) & (column.entries > claim.above * unit_of(program, definition))
    return _stated(column) & np.isin(column.entries, [_entry(program, definition, value) for value in claim.values])


def differing(program: Program, contradiction: Contradiction, claimed: Cell, given: Cell) -> Differ:
    """What tells which entries differ, the claimed ones from the given ones, of facts that have one value."""
    first, second = (program.definitions[cell.name] for cell in (given, claimed))
    if not first.type.enum:
        units = unit_of(program, first), unit_of(program, second)
        scale = lcm(*units)
        return lambda mine, its: mine * (scale // units[1]) != its * (scale // units[0])
    enums = program.settings.enums
    agree = np.zeros([len(enums[of.type.enum].members) for of in (second, first)], dtype=bool)
    for code, member in enumerate(enums[first.type.enum].members):
        row = settled(program, contradiction, EnumValue(first.type.enum, member))
        agree[[_entry(program, second, value) for value in row.claim.values], code] = True
    return lambda mine, its: ~agree[mine, its]


def with_empty(program: Program, contradiction: Contradiction, columns: Mapping[Cell, Column]) -> dict[Cell, Column]:
    """The columns, with an empty one of what must be stated beside a column that is there."""
    definition, found = program.definitions[contradiction.claim.name], dict(columns)
    for cell, column in columns.items():
        if cell.name == contradiction.given[0].name and not definition.period.is_personal:
            rows = len(column.entries)
            empty = Column(np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=bool), 0, 0)
            found.setdefault(Cell(definition.name, definition.period.containing(cell.period.start)), empty)
    return found


def against(program: Program, contradiction: Contradiction, column: Column, complete: bool) -> Rows:
    """For each row whether the last claim is stated as it may not be, where all others hold; of what must be stated, an
    empty cell of a complete table says what absence means. Of facts that have one value: whether it is stated."""
    if contradiction.claim.equal_to:
        return _stated(column)
    held, stated = as_claimed(program, contradiction.claim, column), _stated(column)
    if contradiction.needed and complete and column.missing is not None:
        absent = program.definitions[contradiction.claim.name].absent
        stated = stated | (column.missing & (absent is not None and is_refused(contradiction, absent)))
    return held if contradiction.denied else stated & ~held


def holding(program: Program, claims: Sequence[Claim], columns: Sequence[Column]) -> Rows:
    """For each row whether all is stated as claimed."""
    rows: Rows = np.logical_and.reduce([as_claimed(program, *pair) for pair in zip(claims, columns, strict=True)])
    return rows


def _stated(column: Column) -> Rows:
    there: Rows = np.not_equal(column.entries, NONE_ENTRY)
    return there if column.missing is None else np.logical_and(there, ~column.missing)


def _entry(program: Program, definition: Definition, value: Value) -> int:
    """A value as a column holds it; what no column holds where it is not on the grid."""
    match value:
        case bool():
            return int(value)
        case EnumValue():
            return list(program.settings.enums[value.enum].members).index(value.member)
        case date():
            return value.toordinal()
    entry = value * unit_of(program, definition)  # type: ignore[operator]
    return int(entry) if entry == int(entry) else NONE_ENTRY


def as_stated(program: Program, cell: Cell, column: Column, row: int, whose: str) -> str:
    """What a row states, as it is told to people."""
    definition = program.definitions[cell.name]
    if column.missing is not None and column.missing[row]:
        return f"`{definition.short_name}`" + f" of `{whose}`" * bool(whose) + " is not stated"
    entry = int(column.entries[row])
    said = shown(value_of(program, definition, entry))
    return f"`{definition.short_name}`" + f" of `{whose}`" * bool(whose) + f" is {said}"


def value_of(program: Program, definition: Definition, entry: int) -> Value:
    """What a column's entry stands for."""
    match definition.type.kind:
        case Kind.ENUM:
            return EnumValue(definition.type.enum, list(program.settings.enums[definition.type.enum].members)[entry])
        case Kind.BOOLEAN:
            return bool(entry)
        case Kind.DATE:
            return date.fromordinal(entry)
    return exact(program, definition, entry)
