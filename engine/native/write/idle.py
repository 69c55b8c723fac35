"""Formulas that come to nothing for most rows: found while code is written, and skipped where no lane needs them.

1. A formula that costs much is written, on trial, with each figure that it reads from its own row set to zero in
   turn. A trial ends where it is no longer worth it.
2. If one of them makes the rest fall away (a tax on income that there is none of), the formula is written as a
   choice: in full only if in some lane that figure is not zero, else in what is left of it.

Nothing depends on the data: a row in which the figure is zero gets from the short form what the full one gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf

from engine.ir import nodes as ir
from engine.native.arithmetic.lanes import TooCostly
from engine.native.arithmetic.number import Number
from engine.native.plan.handed import compiled
from engine.native.plan.plan import Source, period_at
from engine.native.write import lane_values as v
from engine.native.write.formulas import FormulaWriter
from engine.native.write.lane_values import Figure, Truth
from engine.native.write.writing import Frame
from engine.population.columns import Cell

TRIED, DEPTH = 12, 3
LEFT = 0.6
MOST_OPERATIONS = 20_000  # of one formula, calls written out: one with more is left to the interpreter
Idle = frozenset[Cell]


def write_figure(writer: FormulaWriter, source: Source, frame: Frame, least: int) -> Figure:
    """A figure's formula; one of at least `least` operations in a long and a short form, if a figure is found that
    makes it idle, and the long one again in two.
    """
    body = source.body
    assert body is not None
    if writer.costs.of(body) > MOST_OPERATIONS:
        return Figure(v.nothing(writer.work, source.definition.type), bad=True)
    if writer.costs.of(body) < least // 4:
        return writer.write(body, frame)
    return _forms(writer, body, frame, least, DEPTH)


def _forms(writer: FormulaWriter, body: ir.Expression, frame: Frame, least: int, depth: int) -> Figure:
    if not depth:
        return writer.write(body, frame)
    full = _tried(writer, body, frame, frozenset())
    if full.cost < least:
        return full.taken(writer)
    best: tuple[int, Cell] | None = None
    for cell in _candidates(writer, body, frame):
        most = int(LEFT * full.cost) if best is None else best[0] - 1
        left = _cost_where_idle(writer, body, frame, cell, most)
        if left is not None:
            best = (left, cell)
    if best is None:
        return full.taken(writer)
    return _in_two_forms(writer, body, frame, best[1], lambda: _forms(writer, body, frame, least, depth - 1))


def _candidates(writer: FormulaWriter, body: ir.Expression, frame: Frame) -> list[Cell]:
    """Numbers of the own row that the formula reads, that may be zero and are not yet known to be or not."""
    candidates: dict[Cell, None] = {}
    taken_back = _Mark(writer)
    for node in compiled(body, frame.period):
        if isinstance(node, ir.VariableRead) and isinstance(node.subject, ir.Self) and node.type.is_number:
            period = period_at(node.time, frame.period)
            if period is not None:
                cell = Cell(node.name, period)
                content = writer.memory.read(writer.chunk, cell, frame.own).content
                known = cell in writer.busy
                if (
                    isinstance(content, Number)
                    and content.constant is None
                    and content.low <= 0 <= content.high
                    and not known
                ):
                    candidates[cell] = None
    taken_back.attempt(Figure(Truth(False)))
    return list(candidates)[:TRIED]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A formula that was written on trial and taken back: how many operations it takes, and what writing it gave."""

    figure: Figure
    cost: int
    lines: list[str]
    block: str
    scope: dict[str, str]
    kept: dict[int, tuple[object, object]]

    def taken(self, writer: FormulaWriter) -> Figure:
        """Write it after all, where it was tried. Nothing else may have been written since."""
        lanes = writer.lanes
        lanes.lines += self.lines
        lanes.cost += self.cost
        lanes.block = self.block
        lanes.scopes[-1].update(self.scope)
        lanes.kept[-1].update(self.kept)
        return self.figure


class _Mark:
    """A place in the text, back to which what is written from there on can be taken."""

    def __init__(self, writer: FormulaWriter) -> None:
        self.lanes, self.work = writer.lanes, writer.work
        self.text, self.flags, self.depth = self.lanes.lines, list(self.work.flags), len(self.lanes.scopes)
        self.lines, self.cost, self.block = len(self.lanes.lines), self.lanes.cost, self.lanes.block
        self.lanes.open()

    def attempt(self, figure: Figure) -> _Attempt:
        """Take back what was written since; it is in what this gives."""
        lanes = self.lanes
        lines = lanes.lines[self.lines :]
        made = _Attempt(figure, lanes.cost - self.cost, lines, lanes.block, lanes.scopes[-1], lanes.kept[-1])
        self.take_back()
        return made

    def take_back(self) -> None:
        """Take back what was written since, wherever in it writing ended."""
        lanes = self.lanes
        del lanes.scopes[self.depth :], lanes.kept[self.depth :], self.text[self.lines :]
        lanes.lines, lanes.cost, lanes.block = self.text, self.cost, self.block


def _tried(writer: FormulaWriter, body: ir.Expression, frame: Frame, idle: Idle) -> _Attempt:
    """The formula written on trial."""
    mark = _Mark(writer)
    return mark.attempt(_written(writer, body, frame, idle))


def _cost_where_idle(writer: FormulaWriter, body: ir.Expression, frame: Frame, cell: Cell, most: int) -> int | None:
    """How many operations are left of the formula where a figure is zero; None if more than `most`."""
    mark, lanes = _Mark(writer), writer.lanes
    lanes.most_cost = mark.cost + most
    try:
        return mark.attempt(_written(writer, body, frame, frozenset((cell,)))).cost
    except TooCostly:
        mark.take_back()
        writer.work.flags[:] = mark.flags
        return None
    finally:
        lanes.most_cost = inf


def _written(writer: FormulaWriter, body: ir.Expression, frame: Frame, idle: Idle) -> Figure:
    before = writer.idle
    writer.idle = idle
    try:
        return writer.write(body, frame)
    finally:
        writer.idle = before


def _in_two_forms(
    writer: FormulaWriter, body: ir.Expression, frame: Frame, idle: Cell, write_long: Callable[[], Figure]
) -> Figure:
    lanes, work = writer.lanes, writer.work
    deciding = writer.memory.read(writer.chunk, idle, frame.own)
    assert isinstance(deciding.content, Number)
    busy = work.compare("!=", deciding.content.n, work.constant(0))
    writer.busy.append(idle)
    full = v.guarded(lanes, lanes.both(busy, "%active"), write_long)
    writer.busy.pop()
    short = _written(writer, body, frame, frozenset((idle,)))
    figure = v.choice(work, busy, full, short)
    unclear = lanes.either(deciding.bad, deciding.absent)
    return replace(figure, bad=lanes.either(figure.bad, unclear, work.take_flags()))
