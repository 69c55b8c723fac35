"""Constants of the law in formulas: parameters, cells of tables, and scales, read from the vector of terms.

1. A table's key becomes a place in its block; a key out of range makes the lane bad.
2. A place is looked up by permuting registers where the machine can and the block is short, else by gathering.
3. A marginal scale is the sum over its brackets of max(0, x - threshold) times the rise of the rate. Every part of
   that sum is what the tax would be if the rate rose no more, so it lies between 0 and the greatest rate times x:
   bounds that the single steps do not show.
4. A step scale chooses the value of the last threshold passed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from engine.ir import nodes as ir
from engine.ir.fold import constant_day
from engine.native.arithmetic import number
from engine.native.arithmetic.lanes import Mask
from engine.native.arithmetic.number import Number, plain
from engine.native.arithmetic.whole import NARROW, Whole
from engine.native.plan.pointers import TermsVector
from engine.native.plan.requests import (
    Block,
    BracketCount,
    BracketValue,
    Piece,
    RateRise,
    RateSpan,
    Request,
    TableColumn,
    Threshold,
)
from engine.native.write import lane_values as v
from engine.native.write.lane_values import Code, Content, Day, Figure, Length, Truth
from engine.native.write.writing import Frame, Writer
from engine.values.periods import Unit
from engine.values.types import Kind, ValueType

PERMUTED = 32
MOST_DAYS = 40  # dates of a constant that is read on a day of each row's own


def look_up(writer: Writer, node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, frame: Frame) -> Figure:
    """The constant's value on the day that is meant."""
    try:
        day = constant_day(node.time, frame.period, writer.program.settings)
    except OverflowError:
        day = None
    return _on_computed_day(writer, node, frame) if day is None else _on_day(writer, node, day, frame)


def _on_computed_day(writer: Writer, node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, frame: Frame) -> Figure:
    """What a constant is on a day of each row's own: on the last of its dates that is not after it. The interpreter's
    where it moves between its dates."""
    nothing = Figure(v.nothing(writer.work, node.type), bad=True)
    if not isinstance(node.time, ir.ContainingDate) or node.time.kind.unit is not Unit.DAY:
        return nothing
    days = writer.terms.dates_of(node.name)
    if days is None or len(days) > MOST_DAYS:
        return nothing
    asked = writer.write(node.time.day, frame)
    assert isinstance(asked.content, Day)
    figure = nothing
    for day in days:
        since = writer.work.compare(">=", asked.content.ordinal, writer.work.constant(day.toordinal()))
        figure = v.choice(writer.work, since, _on_day(writer, node, day, frame), figure)
    return writer.carrying(figure, [asked])


def _on_day(writer: Writer, node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, day: date, frame: Frame) -> Figure:
    match node:
        case ir.ParameterRead():
            return _content(writer, Request(node.name, day), node.type, writer.work.constant(0))
        case ir.TableRead():
            return _table(writer, node, day, frame)
    return _scale(writer, node, day, frame)


def _content(writer: Writer, request: Request, kind: ValueType, place: Whole) -> Figure:
    """Entries of one block, or two for a duration, as values of a type; where they are none, absent."""
    figure = _values(writer, request, kind, place)
    if not kind.or_none or figure.bad is True:
        return figure
    without = _whole(writer, replace(request, piece=Piece.IS_NONE), place)
    assert without is not None
    return replace(figure, absent=writer.work.compare("!=", without[0], writer.work.constant(0)))


def _values(writer: Writer, request: Request, kind: ValueType, place: Whole) -> Figure:
    if kind.kind is Kind.DURATION:
        parts = [_whole(writer, replace(request, piece=piece), place) for piece in (Piece.MONTHS, Piece.DAYS)]
        if parts[0] is None or parts[1] is None:
            return Figure(v.nothing(writer.work, kind), bad=True)
        return Figure(Length(parts[0][0], parts[1][0]))
    read_whole = _whole(writer, replace(request, number=kind.kind if kind.is_number else None), place)
    if read_whole is None:
        return Figure(v.nothing(writer.work, kind), bad=True)
    whole, d = read_whole
    content: Content
    match kind.kind:
        case Kind.BOOLEAN:
            content = Truth(writer.work.compare("!=", whole, writer.work.constant(0)))
        case Kind.ENUM:
            content = Code(writer.work.narrowed(whole, 0, len(writer.memory.members[kind.enum]) - 1))
        case Kind.DATE:
            content = Day(whole)
        case _:
            content = plain(whole, d)
    return Figure(content)


def _whole(writer: Writer, request: Request, place: Whole) -> tuple[Whole, int] | None:
    block = writer.terms.block(request)
    if block is None:
        return None
    name = fetch(writer, block, place)
    writer.origins[name] = (request,)
    return Whole(name, None, block.form.low, block.form.high), block.form.d


def fetch(writer: Writer, block: Block, place: Whole) -> str:
    """Entries of a block at places that lie in it (or do not matter)."""
    lanes, module = writer.lanes, writer.chunk.module
    base = writer.chunk.argument(TermsVector())
    if block.count == 1 or place.constant is not None:
        at = block.offset + (place.constant or 0 if block.count > 1 else 0)
        address = lanes.pure(f"getelementptr double, ptr {base}, i64 {at}")
        scalar = lanes.pure(f"load double, ptr {address}, align 8")
        inserted = lanes.pure(f"insertelement {module.double} poison, double {scalar}, i64 0")
        return lanes.pure(
            f"shufflevector {module.double} {inserted}, {module.double} poison, {module.word} zeroinitializer"
        )
    if module.permutes and block.count <= PERMUTED:
        return _permuted(writer, base, block, place)
    last = lanes.number(block.count - 1)
    inside = lanes.select(lanes.compare("olt", place.main, last), place.main, last)
    inside = lanes.select(lanes.compare("ogt", inside, lanes.number(0)), inside, lanes.number(0))
    index = lanes.pure(f"fptosi {module.double} {inside} to {module.word}")
    first = lanes.pure(f"getelementptr double, ptr {base}, i64 {block.offset}")
    places = lanes.pure(f"getelementptr double, ptr {first}, {module.word} {index}")
    kinds = [
        (module.pointers, places),
        ("i32", "8"),
        (module.mask, "splat (i1 true)"),
        (module.double, "zeroinitializer"),
    ]
    return lanes.call(f"llvm.masked.gather.v{module.width}f64.v{module.width}p0", module.double, kinds)


def _permuted(writer: Writer, base: str, block: Block, place: Whole) -> str:
    """Eight entries at a time by permutation, which looks at the last three bits of the place only."""
    lanes, module = writer.lanes, writer.chunk.module
    word = lanes.pure(f"fptosi {module.double} {place.main} to {module.word}")
    index = lanes.pure(f"zext {module.word} {word} to {module.long}")
    picked = ""
    for eight in range(0, block.count, 8):
        address = lanes.pure(f"getelementptr double, ptr {base}, i64 {block.offset + eight}")
        entries = lanes.pure(f"load {module.double}, ptr {address}, align 8")
        part = lanes.call(
            "llvm.x86.avx512.permvar.df.512", module.double, [(module.double, entries), (module.long, index)]
        )
        later = lanes.compare("oge", place.main, lanes.number(eight)) if eight else True
        picked = lanes.select(later, part, picked)
    return picked


# --- tables


def _table(writer: Writer, node: ir.TableRead, day: date, frame: Frame) -> Figure:
    keys = [writer.write(key, frame) for key in node.keys]
    table = writer.program.tables[node.name]
    place = writer.work.constant(0)
    inside: Mask = True
    for key, figure in zip(table.keys, keys, strict=True):
        low, high = (0, len(writer.memory.members[key.enum]) - 1) if key.enum else (key.low, key.high)
        whole = _key(writer, figure.content)
        if whole is None:
            return Figure(v.nothing(writer.work, node.type), bad=True)
        inside = writer.lanes.both(inside, _within(writer, whole, low, high))
        clamped = writer.work.narrowed(whole, low, high) if whole.high >= low and whole.low <= high else whole
        offset = writer.work.subtract(clamped, writer.work.constant(low))
        place = writer.work.add(writer.work.multiply(place, writer.work.constant(high - low + 1)), offset)
    if inside is False:
        return Figure(v.nothing(writer.work, node.type), bad=True)
    content = _content(writer, Request(node.name, day, TableColumn(node.column)), node.type, place)
    outside = replace(content, bad=writer.lanes.either(content.bad, writer.lanes.opposite(inside)))
    return writer.carrying(outside, keys)


def _key(writer: Writer, content: Content) -> Whole | None:
    """A key as a whole number; None if it is held in a form that tables are not read by."""
    match content:
        case Truth():
            return writer.work.select(content.mask, writer.work.constant(1), writer.work.constant(0))
        case Code():
            return content.place
        case Number() if content.m is None and content.d == 1 and content.n.is_narrow:
            return content.n
    return None


def _within(writer: Writer, whole: Whole, low: int, high: int) -> Mask:
    least = writer.work.compare(">=", whole, writer.work.constant(low))
    return writer.lanes.both(least, writer.work.compare("<=", whole, writer.work.constant(high)))


# --- scales


def _scale(writer: Writer, node: ir.ScaleRead, day: date, frame: Frame) -> Figure:
    scale = writer.program.scales[node.name]
    operands = [writer.write(node.argument, frame)]
    place = writer.work.constant(0)
    inside: Mask = True
    if node.key is not None and scale.key is not None:
        operands.append(writer.write(node.key, frame))
        whole = _key(writer, operands[1].content)
        if whole is None:
            return Figure(v.nothing(writer.work, node.type), bad=True)
        low = 0 if scale.key.enum else scale.key.low
        count = len(writer.memory.members[scale.key.enum]) if scale.key.enum else scale.key.high - low + 1
        inside = _within(writer, whole, low, low + count - 1)
        place = writer.work.subtract(writer.work.narrowed(whole, low, low + count - 1), writer.work.constant(low))
    brackets = writer.terms.block(Request(node.name, day, BracketCount()))
    argument = operands[0].content
    if brackets is None or not isinstance(argument, Number):
        return Figure(v.nothing(writer.work, node.type), bad=True)
    request = Request(node.name, day)
    if scale.kind == "step":
        figure = _step(writer, request, brackets.form.high, argument, place=place, node=node)
    else:
        figure = Figure(_marginal(writer, request, brackets.form.high, argument, place))
    figure = replace(figure, bad=writer.lanes.either(figure.bad, writer.lanes.opposite(inside)))
    return writer.carrying(figure, operands)


def _read(writer: Writer, request: Request, entry: Threshold | RateRise, place: Whole) -> Number:
    read_whole = _whole(writer, replace(request, place=entry), place)
    assert read_whole is not None
    return plain(*read_whole)


def _step(writer: Writer, request: Request, count: int, x: Number, *, place: Whole, node: ir.ScaleRead) -> Figure:
    inclusive = writer.program.scales[node.name].inclusive
    figure = _content(writer, replace(request, place=BracketValue(0)), node.type, place)
    for index in range(1, count):
        threshold = _read(writer, request, Threshold(index), place)
        passed = number.compare(writer.work, ">=" if inclusive else ">", x, threshold)
        value = _content(writer, replace(request, place=BracketValue(index)), node.type, place)
        figure = v.choice(writer.work, passed, value, figure)
    return figure


def _marginal(writer: Writer, request: Request, count: int, x: Number, place: Whole) -> Number:
    work = writer.work
    span = writer.terms.block(replace(request, place=RateSpan()))
    assert span is not None
    nil = number.fixed(work, 0)
    parts = []
    for index in range(count):
        above = number.subtract(work, x, _read(writer, request, Threshold(index), place))
        parts.append((number.extreme(work, "max", above, nil), _read(writer, request, RateRise(index), place)))
    greatest = Fraction(span.form.high, span.form.d)
    most = max((above.high for above, _ in parts), default=Fraction(0)) * greatest
    if span.form.low < 0:
        return _summed(writer, parts)
    fused = _fused(writer, parts, most)
    if fused is not None:
        return fused
    total = _summed(writer, parts)
    return Number(total.n, total.m, total.d, max(total.low, Fraction(0)), min(total.high, most))


def _summed(writer: Writer, parts: list[tuple[Number, Number]]) -> Number:
    total = number.fixed(writer.work, 0)
    for above, more in parts:
        total = number.add(writer.work, total, number.multiply(writer.work, above, more))
    return total


def _fused(writer: Writer, parts: list[tuple[Number, Number]], most: Fraction) -> Number | None:
    """The sum by fused steps, each exact since each part of the sum is a whole number below 2^53; None if that is not
    so.
    """
    d = parts[0][0].d * parts[0][1].d
    alike = all(
        factor.d * more.d == d and factor.m is None and factor.n.is_narrow and more.m is None for factor, more in parts
    )
    if not alike or most * d > NARROW or any(not more.n.is_narrow for _, more in parts):
        return None
    total = writer.lanes.number(0)
    for above, more in parts:
        if above.constant != 0 and more.constant != 0:
            total = writer.lanes.fused(above.n.main, more.n.main, total)
    return plain(Whole(total, None, 0, int(most * d)), d)
