"""Rows whose figures are determined in spite of facts that are not known, told by machine code.

1. Every figure that reads what some row leaves open is made into two, its least and its greatest (`plan.ended`); what
   is missing of a fact is the one end of its range for the first, the other for the second.
2. Code computes both for the whole population. Where they are one value and no error, every completion of the facts
   gives it: it is the interpreter's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.interpret.stated import ends_of
from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Definition, Program
from engine.ir.rewrite import rewritten
from engine.native.handover import entry_of
from engine.native.plan.ended import EndsOf
from engine.native.plan.ends import LEAST, MOST, failing
from engine.native.plan.layout import count_of
from engine.native.plan.options import Options
from engine.native.plan.plan import Origin, Plan, reads
from engine.native.plan.shape import LIMITS, assumed_bounds
from engine.native.undetermined import CodeFigure
from engine.population.columns import Cell, Column, Columns, column_of, unit_of
from engine.values.types import Kind

WORTH_WRITING = 300
"""Households that the interpreter would be asked of: for fewer it is as fast as writing the code."""
Mask = NDArray[np.bool_]
Compute = Callable[[Program, Columns, Sequence[Cell]], Mapping[Cell, CodeFigure]]
"""Code's figures of a population by a program."""


@dataclass(frozen=True, eq=False)
class Doubled:
    """A program in which every figure that may be open has a least and a greatest, and the population for it."""

    program: Program
    columns: Columns
    opened: frozenset[str]


def determined(
    program: Program,
    columns: Columns,
    plan: Plan,
    *,
    identity: Sequence[str],
    bad: Mapping[Cell, Mask],
    compute: Compute,
) -> dict[Cell, tuple[Mask, CodeFigure]]:
    """For each figure the rows, among those where code gave nothing, that are determined all the same, and what is then
    known. `plan` is that of the figures as they are written, `identity` what decides it beside the program."""
    doubled = doubled_program(program, columns, plan, identity)
    cells = [cell for cell in bad if cell.name in doubled.opened]
    both = [Cell(cell.name + end, cell.period) for cell in cells for end in (LEAST, MOST)]
    if not both:
        return {}
    found = compute(doubled.program, doubled.columns, both)
    told: dict[Cell, tuple[Mask, CodeFigure]] = {}
    for cell, least, most in zip(cells, both[::2], both[1::2], strict=True):
        low, high = found[least], found[most]
        sure = ~low.bad & ~high.bad & (low.entries == high.entries) & (low.absent == high.absent)
        told[cell] = (bad[cell] & sure, low)
    return told


def doubled_program(program: Program, columns: Columns, plan: Plan, identity: Sequence[str]) -> Doubled:
    """The program and the population in which what may be open has two ends."""
    opened = _opened(columns, plan)
    ends, definitions = EndsOf(program, opened), dict[str, Definition]()
    for name, cells in _by_name(plan).items():
        definitions[name] = _with_formulas(plan.sources[cells[0]].definition, _bodies(plan, cells))
        if name in opened:
            definitions |= _doubled(ends, plan, cells)
    rest = {name: replace(held, formulas=()) for name, held in program.definitions.items() if name not in definitions}
    whole = replace(
        program,
        definitions={**rest, **definitions},
        functions={**program.functions, **ends.functions},
        fingerprint=_fingerprint(program, identity, opened),
    )
    return Doubled(whole, _ended(program, columns, plan, opened), opened)


def _fingerprint(program: Program, identity: Sequence[str], opened: Collection[str]) -> str:
    if not program.fingerprint:
        return ""
    decided = "\0".join(("ends", program.fingerprint, *identity, *sorted(opened)))
    return hashlib.sha256(decided.encode()).hexdigest()


# --- figures


def _by_name(plan: Plan) -> dict[str, list[Cell]]:
    names: dict[str, list[Cell]] = {}
    for cell in plan.sources:
        names.setdefault(cell.name, []).append(cell)
    return names


def _opened(columns: Columns, plan: Plan) -> frozenset[str]:
    """The facts that some row leaves open, and the figures that follow from them."""
    readers: dict[str, set[str]] = {}
    pending: list[str] = []
    for cell, source in plan.sources.items():
        for read, _, _ in reads(source.body, cell.period, whole=True) if source.body is not None else ():
            readers.setdefault(read.name, set()).add(cell.name)
        column = columns.columns.get(cell)
        if source.origin is Origin.UNKNOWN and (column is None or column.missing is not None):
            pending.append(cell.name)
    opened = set(pending)
    while pending:
        for reader in readers.get(pending.pop(), ()):
            if reader not in opened:
                opened.add(reader)
                pending.append(reader)
    return frozenset(opened)


def _with_formulas(definition: Definition, bodies: Mapping[Cell, ir.Expression]) -> Definition:
    dated = sorted((DatedExpression(cell.period.start, body) for cell, body in bodies.items()), key=_start)
    return replace(definition, formulas=tuple(dated))


def _start(dated: DatedExpression) -> int:
    assert dated.start is not None
    return dated.start.toordinal()


def _bodies(plan: Plan, cells: Sequence[Cell]) -> dict[Cell, ir.Expression]:
    """The formulas as they are planned, without what the code leaves to the interpreter."""
    planned = {cell: plan.sources[cell].body for cell in cells}
    return {cell: rewritten(body, _left_out) for cell, body in planned.items() if body is not None}


def _left_out(node: ir.Expression) -> ir.Expression | None:
    """A world that is left to the interpreter is not looked at again."""
    return failing(ir.NotApplicable(node.type, None)) if isinstance(node, ir.AsIf) else None


def _doubled(ends: EndsOf, plan: Plan, cells: Sequence[Cell]) -> Iterator[tuple[str, Definition]]:
    plain = replace(plan.sources[cells[0]].definition, default=None, absent=None)
    pairs = {cell: ends.of_formula(body, cell.period, {}, plain) for cell, body in _bodies(plan, cells).items()}
    for end, side in ((LEAST, "low"), (MOST, "high")):
        bodies = {cell: getattr(pair, side) for cell, pair in pairs.items()}
        yield plain.name + end, replace(_with_formulas(plain, bodies), name=plain.name + end)


# --- columns


def _ended(program: Program, columns: Columns, plan: Plan, opened: Collection[str]) -> Columns:
    """The population with columns for both ends of what is open."""
    made: dict[Cell, Column] = {}
    for cell, source in plan.sources.items():
        if cell.name not in opened:
            continue
        column = columns.columns.get(cell)
        for end, place in ((LEAST, 0), (MOST, 1)):
            ended = column
            if source.origin is Origin.UNKNOWN:
                ended = _filled(program, columns, source.definition, column, place)
            if ended is not None:
                made[Cell(cell.name + end, cell.period)] = ended
    return replace(columns, columns={**columns.columns, **made})


def _filled(
    program: Program, columns: Columns, definition: Definition, column: Column | None, place: int
) -> Column | None:
    """A column in which what is missing is an end of what it may be; without one it stays missing."""
    entry = _end(program, definition, place)
    if entry is None or definition.may_not_apply:
        return column
    if column is None:
        return column_of(np.full(count_of(program, columns, definition.entity), entry, dtype=np.int64))
    if column.missing is None:
        return column
    return column_of(np.where(column.missing, entry, column.entries).astype(np.int64))


def _end(program: Program, definition: Definition, place: int) -> int | None:
    match definition.type.kind:
        case Kind.BOOLEAN:
            return place
        case Kind.ENUM:
            return place * (len(program.settings.enums[definition.type.enum].members) - 1)
    value = ends_of(definition)[place]
    entry = None if value is None else entry_of(program, definition, value)
    low, high = assumed_bounds(definition, unit_of(program, definition), Options(limit=LIMITS[-1]))
    return entry if entry is not None and low <= entry <= high else None
