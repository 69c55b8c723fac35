"""Figures of a run: read of the records before while they are computed.

What they come to is not written yet when they are first read, so they are held in the widest form that they may have,
in scratch that has room for it. Rows with more than that are bad. Only the rows of a round are written.
"""

from __future__ import annotations

from dataclasses import replace

from engine.ir.program import Definition
from engine.native.arithmetic.lanes import Mask
from engine.native.arithmetic.number import Number, plain
from engine.native.arithmetic.whole import Whole
from engine.native.write.chunk import Chunk
from engine.native.write.lane_values import Code, Content, Day, Figure, Length, Truth
from engine.native.write.memory import Memory, Slot, Stored, store_active, wholes_of
from engine.population.columns import Cell, unit_of
from engine.values.types import Kind

MOST = 2**50  # steps of a number, as any figure that is held
LAST_DAY = 3_652_059
MOST_OF_LENGTH = 2**31


def expect(memory: Memory, cell: Cell) -> None:
    """Make room for a figure that is read before it is written."""
    definition = memory.plan.sources[cell].definition
    slots: dict[str, Slot] = {}

    def room(double: bool) -> str:
        slot = memory.allot(definition.entity, double)
        key = f"%slot{slot.offset}"
        slots[key] = slot
        return key

    def whole(low: int, high: int) -> Whole:
        return Whole(room(True), None, low, high)

    widest: Content
    match definition.type.kind:
        case Kind.BOOLEAN:
            widest = Truth(room(False))
        case Kind.ENUM:
            widest = Code(whole(0, len(memory.members[definition.type.enum]) - 1))
        case Kind.DATE:
            widest = Day(whole(1, LAST_DAY))
        case Kind.DURATION:
            widest = Length(*(whole(-MOST_OF_LENGTH, MOST_OF_LENGTH) for _ in range(2)))
        case _:
            unit = unit_of(memory.program, definition)
            widest = plain(whole(*_range(definition, unit)), unit)
    memory.stored[cell] = Stored(Figure(widest, room(False), room(False)), slots)


def _range(definition: Definition, unit: int) -> tuple[int, int]:
    low = -MOST if definition.low is None else max(-MOST, -int(-definition.low * unit // 1))
    high = MOST if definition.high is None else min(MOST, int(definition.high * unit // 1))
    return min(low, high), high


def keep_due(memory: Memory, chunk: Chunk, cell: Cell, figure: Figure) -> Figure:
    """Leave a figure in the room made for it, in the rows whose turn it is. Gives it as it is kept."""
    stored = memory.stored[cell]
    kept = _within(chunk, figure, stored.figure)
    module, lanes = chunk.module, chunk.lanes
    for key, operand in zip(_parts(stored.figure), _parts(kept), strict=True):
        slot = stored.slots[str(key)]
        place = memory.own_place(chunk, slot)
        if slot.double:
            store_active(chunk, place, "double", str(operand))
        else:
            byte = lanes.pure(f"zext {module.mask} {lanes.written(operand)} to {module.byte}")
            store_active(chunk, place, "i8", byte)
    return kept


def _parts(figure: Figure) -> list[Mask]:
    """What a figure is made of, in an order of its own; all whole numbers are narrow."""
    masks: list[Mask] = [figure.content.mask] if isinstance(figure.content, Truth) else []
    return [*(whole.main for whole in wholes_of(figure.content)), *masks, figure.bad, figure.absent]


def _within(chunk: Chunk, figure: Figure, widest: Figure) -> Figure:
    """A figure in the widest form; bad where it does not fit."""
    work, lanes = chunk.work, chunk.lanes
    outside: list[Mask] = []
    wholes: list[Whole] = []
    for whole, room in zip(wholes_of(figure.content), wholes_of(widest.content), strict=True):
        main = whole if whole.is_narrow else Whole(work.nearest(whole), None, whole.low, whole.high)
        beyond = lanes.either(
            work.compare("<", main, work.constant(room.low)), work.compare(">", main, work.constant(room.high))
        )
        outside.append(beyond)
        fits = Whole(main.main, None, max(main.low, room.low), min(main.high, room.high))
        wholes.append(work.select(beyond, work.constant(min(max(0, room.low), room.high)), fits))
    return Figure(_with_wholes(figure.content, wholes), lanes.either(figure.bad, *outside), figure.absent)


def _with_wholes(content: Content, wholes: list[Whole]) -> Content:
    match content:
        case Number():
            return replace(content, n=wholes[0])
        case Code():
            return Code(wholes[0])
        case Day():
            return Day(wholes[0])
        case Length():
            return Length(wholes[0], wholes[1])
        case Truth():
            return content
