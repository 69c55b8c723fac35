"""Figures and expressions over periods: each period's written out, and what comes of them.

Where how many periods count differs by row (`over last (n) days`), all that may are written; those beyond a row's
number count for nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.ir import nodes as ir
from engine.native.arithmetic import number
from engine.native.arithmetic.lanes import Mask
from engine.native.plan.handed import is_handed_over
from engine.native.plan.plan import parts, window
from engine.native.write import lane_values as v
from engine.native.write import rows
from engine.native.write.lane_values import Figure, Truth, truth
from engine.native.write.writing import Frame, Writer
from engine.population.columns import Cell
from engine.values.types import Duration


def over_time(writer: Writer, node: ir.OverTime, frame: Frame) -> Figure:
    """What an operation makes of one figure over periods of its own kind."""
    periods = window(node, frame.period)
    if not rows.is_laid_out(writer, node.subject):
        return Figure(v.nothing(writer.work, node.type), bad=True)
    subject = rows.resolve(writer, node.subject, frame)
    if periods is None or subject is None:
        return Figure(v.nothing(writer.work, node.type), bad=True)
    figures = [rows.at(writer, Cell(node.name, period), subject) for period in periods]
    return _over(writer, node.operator, node, figures)


def over_parts(writer: Writer, node: ir.OverParts, frame: Frame) -> Figure:
    """The body once for each part; where that is too much to write, the interpreter's."""
    periods = parts(node, frame.period)
    if periods is None or is_handed_over(node, periods):
        return Figure(v.nothing(writer.work, node.type), bad=True)
    figures = [writer.write(node.body, replace(frame, period=period)) for period in periods]
    operator = node.operator
    if operator == "count":
        unit, none = number.fixed(writer.work, 1), number.fixed(writer.work, 0)
        figures = [replace(part, content=number.select(writer.work, truth(part), unit, none)) for part in figures]
        operator = "sum"
    if node.last is not None and not (isinstance(node.last, ir.Literal) and node.last.value == node.most):
        return _over_some(writer, operator, node, figures, writer.write(node.last, frame))
    if not figures and operator in ("min", "max"):
        return Figure(v.nothing(writer.work, node.type), absent=True)
    return _over(writer, operator, node, figures)


def _over(writer: Writer, operator: str, node: ir.Expression, figures: Sequence[Figure]) -> Figure:
    match operator:
        case "any" | "all":
            return writer.joined(figures, operator == "any")
        case "min" | "max":
            return writer.extreme(operator, figures)
    total = _nothing(writer, node)
    for figure in figures:
        total = writer.added(total, figure.content)
    return writer.carrying(Figure(total), figures)


def _nothing(writer: Writer, node: ir.Expression) -> v.Content:
    zero = Duration() if node.type.kind.value == "duration" else 0
    return v.literal(writer.work, zero, writer.memory.members.__getitem__)


# --- a number of periods of each row's own


@dataclass(frozen=True, slots=True)
class _Part:
    """A period's figure, and the lanes in which it counts."""

    figure: Figure
    counts: Mask


def _over_some(writer: Writer, operator: str, node: ir.OverParts, figures: Sequence[Figure], count: Figure) -> Figure:
    """Over the last so many periods, of which `figures` has as many as there may be, the earliest first."""
    assert isinstance(count.content, number.Number)
    work, asked = writer.work, count.content
    back = range(len(figures), 0, -1)  # how many periods back each lies
    taken = [
        _Part(figure, number.compare(work, ">=", asked, number.fixed(work, place)))
        for place, figure in zip(back, figures, strict=True)
    ]
    if operator in ("any", "all"):
        outcome = _conditions(writer, operator, taken)
    else:
        outcome = _amounts(writer, operator, node, taken)
    too_many = number.compare(work, ">", asked, number.fixed(work, node.most))
    return writer.carrying(replace(outcome, bad=writer.lanes.either(outcome.bad, too_many)), [count])


def _conditions(writer: Writer, operator: str, taken: Sequence[_Part]) -> Figure:
    neutral = Figure(Truth(operator == "all"))
    return writer.joined(
        [v.choice(writer.work, part.counts, part.figure, neutral) for part in taken], operator == "any"
    )


def _amounts(writer: Writer, operator: str, node: ir.OverParts, taken: Sequence[_Part]) -> Figure:
    lanes = writer.lanes
    content = _nothing(writer, node) if operator == "sum" else v.nothing(writer.work, node.type)
    seen: Mask = False
    for part in taken:
        if operator == "sum":
            none = _nothing(writer, node)
            content = writer.added(content, v.chosen(writer.work, part.counts, part.figure.content, none))
            continue
        lesser = writer.lesser(operator, content, part.figure.content)
        better = v.chosen(writer.work, seen, lesser, part.figure.content)
        content = v.chosen(writer.work, part.counts, better, content)
        seen = lanes.either(seen, part.counts)
    bad = lanes.either(*(lanes.both(part.counts, part.figure.bad) for part in taken))
    absent = lanes.either(*(lanes.both(part.counts, part.figure.absent) for part in taken))
    nobody: Mask = False if operator == "sum" else lanes.opposite(seen)
    return Figure(content, bad, lanes.either(absent, nobody))
