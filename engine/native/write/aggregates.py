"""Sums, counts, conditions and extremes over the members of a group or the records of an owner.

1. Lanes hold groups. In step j every lane takes its j-th member, if it has one: rows are gathered, the condition and
   the body are evaluated for all lanes at once, and what counts is added to the lane's own result.
2. Where roles bound the number (a head, a head and a spouse) the steps are written out one after the other; else
   they are a loop that ends when no lane has a member left. What a loop adds up is bounded by the most members that
   a group has.
3. A quotient whose divisor differs from member to member (a share of a unit's amount) is summed in a loop over a
   divisor that all of 1 to 16 divide; rows where it is another number are handed over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.ir import nodes as ir
from engine.ir.walk import walk
from engine.native.arithmetic import limbs, number
from engine.native.arithmetic.lanes import Lanes, Mask, is_name
from engine.native.arithmetic.number import Number
from engine.native.arithmetic.rounding import rounded_quotient
from engine.native.arithmetic.whole import LIMIT, NARROW, Whole
from engine.native.plan.pointers import Made, list_of_owned
from engine.native.write import lane_values as v
from engine.native.write import rows
from engine.native.write.chunk import Rows
from engine.native.write.lane_values import Day, Figure, Length, Part, Truth
from engine.native.write.writing import Frame, Writer
from engine.values.numbers import RoundingMode

WRITTEN_OUT = 2
MOST_SHARES, COMMON = 16, 720_720
"""Divisors of a member's own that are summed in a loop, and a number that each of them divides."""


@dataclass(frozen=True, slots=True)
class Run:
    """Members that stand side by side in the list: from `first` up to `after`, at most `most` of them."""

    first: str
    after: str
    most: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What one member gives: whether it counts, whether that or the value is unclear, and the value."""

    counts: Mask
    unclear: Mask
    value: Figure | None


def aggregate(writer: Writer, node: ir.Aggregate, frame: Frame) -> Figure:
    """The figure of an aggregate."""
    of = node.link.group.entity if isinstance(node.link, ir.Members) else _list_name(writer, node.link)
    whose = node.link.group if isinstance(node.link, ir.Members) else node.link.owner
    if of not in writer.memory.shape.members or not rows.is_laid_out(writer, whose):
        # records of a holder, a group of which the population has no table, or an owner whom it does not say
        return Figure(v.nothing(writer.work, node.type), bad=True)
    owner = rows.resolve(writer, whose, frame)
    runs = list(_runs(writer, node.link, owner.rows, frame))
    if sum(run.most for run in runs) <= WRITTEN_OUT:
        result = _written_out(writer, node, runs, owner.rows.valid, frame)
    else:
        result = _looped(writer, node, runs, owner.rows.valid, frame)
    lanes = writer.lanes
    return replace(result, bad=lanes.either(result.bad, owner.bad), absent=lanes.either(result.absent, owner.absent))


def _list_name(writer: Writer, link: ir.Records) -> str:
    """Under what it is kept how many of a link there are at most."""
    listed = link.by is None or link.entity in writer.memory.shape.stated
    return list_of_owned(link.entity, link.further) if link.further and listed else link.entity


def _made(writer: Writer, link: ir.Link, frame: Frame) -> Made | None:
    """The groups of which a link runs over the members, or over which it runs, where a figure makes them."""
    if isinstance(link, ir.Members):
        return rows.made_for(writer, link.by, link.time, link.group.entity, frame)
    return rows.made_for(writer, link.by, ir.ThisPeriod(), link.entity, frame)


def _runs(writer: Writer, link: ir.Link, owners: Rows, frame: Frame) -> Iterator[Run]:
    shape = writer.memory.shape
    made = _made(writer, link, frame)
    if isinstance(link, ir.Records):
        if made is not None:
            first, after = rows.made_places(writer.chunk, owners, link.entity, made)
        elif link.further:
            first, after = rows.owned_places(writer.chunk, owners, link.entity, link.further)
        else:
            first, after = rows.places(writer.chunk, owners, link.entity, 0, 1)
        yield Run(first, after, shape.members[_list_name(writer, link)])
        return
    group = link.group.entity
    roles = writer.program.settings.entities[group].roles
    taken = sorted(index for index, role in enumerate(roles) if role.name in link.roles)
    while taken:
        run = [taken.pop(0)]
        while taken and taken[0] == run[-1] + 1:
            run.append(taken.pop(0))
        first, after = rows.places(writer.chunk, owners, group, run[0], run[-1] + 1, made_groups=made)
        limits = [roles[index].maximum for index in run]
        most = sum(limit for limit in limits if limit is not None) if None not in limits else shape.members[group]
        yield Run(first, after, min(most, shape.members[group]))


def _member(writer: Writer, node: ir.Aggregate, frame: Frame, place: str, valid: Mask) -> Frame:
    """The frame in which a member's condition and body stand."""
    made = _made(writer, node.link, frame)
    if isinstance(node.link, ir.Members):
        member = rows.person_rows(writer, node.link.group.entity, place, valid, node.link.entity, made_groups=made)
    elif made is not None:
        member = rows.made_rows(writer, node.link.entity, place, valid, made)
    elif node.link.further:
        member = rows.owned_rows(writer, node.link, place, valid)
    else:
        member = Rows(node.link.entity, place, valid)
    return replace(frame, bound={**frame.bound, node.name: member}, links={**frame.links, node.name: node.link})


def _take(writer: Writer, node: ir.Aggregate, frame: Frame, valid: Mask) -> Taken:
    lanes = writer.lanes
    where = writer.write(node.where, frame) if node.where is not None else Figure(Truth(True))
    value = writer.write(node.body, frame) if node.body is not None else None
    if node.operator in ("any", "all"):
        assert value is not None
        condition = where if node.operator == "any" else replace(where, content=Truth(lanes.opposite(_mask(where))))
        joined = writer.joined([condition, value], node.operator == "all") if node.where is not None else value
        return Taken(valid, lanes.both(valid, lanes.either(joined.bad, joined.absent)), joined)
    vague = lanes.either(where.bad, where.absent)
    counts = lanes.both(valid, _mask(where))
    unclear = lanes.both(valid, vague)
    if value is not None:
        unclear = lanes.either(unclear, lanes.both(counts, lanes.either(value.bad, value.absent)))
    return Taken(counts, unclear, value)


def _mask(figure: Figure) -> Mask:
    assert isinstance(figure.content, Truth)
    return figure.content.mask


# --- steps written out


def _written_out(writer: Writer, node: ir.Aggregate, runs: list[Run], valid: Mask, frame: Frame) -> Figure:
    lanes, module = writer.lanes, writer.chunk.module
    taken: list[Taken] = []
    for run in runs:
        for step in range(run.most):
            place = run.first
            if step:
                place = lanes.pure(f"add {module.long} {run.first}, splat (i64 {step})")
            there = lanes.pure(f"icmp slt {module.long} {place}, {run.after}")
            has = lanes.both(valid, there)
            taken.append(_take(writer, node, _member(writer, node, frame, place, has), has))
    return _together(writer, node, taken)


def _together(writer: Writer, node: ir.Aggregate, taken: list[Taken]) -> Figure:
    lanes, work = writer.lanes, writer.work
    unclear = lanes.either(*(contribution.unclear for contribution in taken))
    if node.operator in ("any", "all"):
        clear = [_deciding(writer, node.operator == "any", contribution) for contribution in taken]
        decided = lanes.either(*clear)
        content = Truth(decided if node.operator == "any" else lanes.opposite(decided))
        return Figure(content, lanes.both(unclear, lanes.opposite(decided)))
    nothing = v.nothing(work, node.type)
    if node.operator in ("sum", "count"):
        total = nothing
        for contribution in taken:
            amount = contribution.value.content if contribution.value is not None else number.fixed(work, 1)
            total = writer.added(total, v.chosen(work, contribution.counts, amount, nothing))
        return Figure(total, unclear)
    extreme, seen = nothing, False if not taken else taken[0].counts
    for index, contribution in enumerate(taken):
        assert contribution.value is not None
        if index == 0:
            extreme = contribution.value.content
            continue
        lesser = writer.lesser(node.operator, extreme, contribution.value.content)
        extreme = v.chosen(work, contribution.counts, v.chosen(work, seen, lesser, contribution.value.content), extreme)
        seen = lanes.either(seen, contribution.counts)
    return Figure(extreme, unclear, absent=lanes.opposite(seen))


def _deciding(writer: Writer, says: bool, contribution: Taken) -> Mask:
    """Lanes where this member decides an `any` (says True) or an `all`."""
    assert contribution.value is not None
    mask = _mask(contribution.value) if says else writer.lanes.opposite(_mask(contribution.value))
    vague = writer.lanes.either(contribution.value.bad, contribution.value.absent)
    return writer.lanes.both(contribution.counts, mask, writer.lanes.opposite(vague))


# --- loops


def _looped(writer: Writer, node: ir.Aggregate, runs: list[Run], valid: Mask, frame: Frame) -> Figure:
    """One loop per run, each beginning with what the last one gave."""
    state: _State | None = None
    most = sum(run.most for run in runs)
    for run in runs:
        state = _loop(writer, node, run, valid, frame=frame, most=most, before=state)
    assert state is not None
    return state.result


@dataclass(slots=True)
class _State:
    """What a loop carries: the figure so far (`absent`: nobody counted yet; `bad`: unclear)."""

    result: Figure


def _loop(
    writer: Writer, node: ir.Aggregate, run: Run, valid: Mask, *, frame: Frame, most: int, before: _State | None
) -> _State:
    lanes = writer.lanes
    _evaluate_outer(writer, node, frame)
    entry, head, body, done = lanes.block, *(lanes.label_name(stem) for stem in ("loop", "member", "end"))
    outside, lanes.lines = lanes.lines, []
    lanes.fresh("mark")  # so that names keep their numbers, and code that is cached by its text is found again
    place, step = lanes.fresh("place"), lanes.fresh("place")
    has = lanes.fresh("has")
    lanes.block = body
    lanes.open()
    with lanes.watched() as own_names:
        taken = _take(writer, node, _member(writer, node, frame, place, has), has)
    taken = _summable(writer, taken, own_names)
    start = before.result if before is not None else _start(writer, node, taken, most)
    carried = _carried(writer, start)
    after = _step(writer, node, carried, taken)
    if after.bad == carried.bad and start.bad is False:  # nothing in the loop is ever unclear
        carried, after = replace(carried, bad=False), replace(after, bad=False)
    if node.operator in ("sum", "count", "any", "all"):
        start, carried, after = (replace(figure, absent=False) for figure in (start, carried, after))
    lanes.close()
    inside, lanes.lines = lanes.lines, outside
    last = lanes.block
    _write_loop(
        writer,
        (entry, head, body, last, done),
        inside,
        (place, step, has),
        run=run,
        valid=valid,
        figures=(start, carried, after),
    )
    lanes.block = done
    if node.operator in ("sum", "count"):
        carried = replace(carried, absent=False)
    return _State(carried)


def _start(writer: Writer, node: ir.Aggregate, taken: Taken, most: int) -> Figure:
    """Where the result begins, with bounds that hold for everything it may come to."""
    work = writer.work
    if node.operator in ("any", "all"):
        return Figure(Truth(node.operator == "all"))
    if node.operator == "count":
        return Figure(_room(work.lanes.number(0), number.fixed(work, 0), 0, most, None))
    assert taken.value is not None
    content = taken.value.content
    if node.operator == "sum":
        match content:
            case Number():
                ends = [most * content.n.low, most * content.n.high, 0]
                zero = replace(number.fixed(work, 0), d=content.d)
                return Figure(_room(work.lanes.number(0), zero, min(ends), max(ends), content.m))
            case Length():
                months, days = (
                    _form(work.lanes.number(0), most * part.low, most * part.high)
                    for part in (content.months, content.days)
                )
                return Figure(Length(months, days))
    blank = v.renamed(Figure(content), {part.operand: work.lanes.number(0) for part in v.names(Figure(content))})
    if isinstance(content, Number) and isinstance(blank.content, Number):
        return Figure(replace(blank.content, m=content.m), absent=True)
    return Figure(blank.content, absent=True)


def _evaluate_outer(writer: Writer, node: ir.Aggregate, frame: Frame) -> None:
    """Evaluate the local names that members read before the loop, since they are the same for all."""
    for part in (node.where, node.body):
        for inner in walk(part) if part is not None else ():
            if isinstance(inner, ir.Local) and inner.name in frame.names:
                writer.local(frame.names[inner.name])


def _summable(writer: Writer, taken: Taken, own_names: Collection[str]) -> Taken:
    """Members' values over a divisor of their own, over a common one; unclear where that divides by no such number."""
    content = taken.value.content if taken.value is not None else None
    if not isinstance(content, Number) or content.m is None:
        return taken
    if not any(part in own_names for part in content.m.parts):  # the same for every member
        return taken
    if not content.m.is_narrow:
        return Taken(
            taken.counts, writer.lanes.either(taken.unclear, taken.counts), Figure(number.fixed(writer.work, 0))
        )
    work, lanes = writer.work, writer.lanes
    beyond = lanes.either(
        work.compare("<", content.m, work.constant(1)), work.compare(">", content.m, work.constant(MOST_SHARES))
    )
    shares = replace(work.select(beyond, work.constant(1), content.m), low=1, high=MOST_SHARES)
    bounds = Fraction(COMMON, MOST_SHARES), Fraction(COMMON)
    factor = rounded_quotient(work, work.constant(COMMON), shares, RoundingMode.DOWN, bounds)
    whole = replace(content, n=work.multiply(content.n, factor), m=None, d=content.d * COMMON)
    assert taken.value is not None
    unclear = lanes.either(taken.unclear, lanes.both(taken.counts, beyond))
    return Taken(taken.counts, unclear, replace(taken.value, content=whole))


def _form(zero: str, low: int, high: int) -> Whole:
    """Zero, in the form that holds everything from `low` to `high`."""
    low, high = min(low, 0), max(high, 0)
    size = max(-low, high)
    if size > LIMIT:
        return Whole("", None, low, high, (zero,) * limbs.length_for(size))
    return Whole(zero, zero if size > NARROW else None, low, high)


def _room(zero_part: str, zero: Number, low: int, high: int, m: Whole | None) -> Number:
    n = _form(zero_part, low, high)
    least = Fraction(1, zero.d)
    return Number(n, m, zero.d, low * least, high * least)


def _carried(writer: Writer, start: Figure) -> Figure:
    """The figure that the loop carries, under names of its own."""
    lanes = writer.lanes

    def whole(old: Whole) -> Whole:
        return old.with_parts(tuple(lanes.fresh("sum") for _ in old.parts))

    content = start.content
    match content:
        case Number():
            content = replace(content, n=whole(content.n))
        case Day():
            content = Day(whole(content.ordinal))
        case Length():
            content = Length(whole(content.months), whole(content.days))
        case Truth():
            content = Truth(lanes.fresh("so"))
    return Figure(content, lanes.fresh("bad"), lanes.fresh("none"))


def _step(writer: Writer, node: ir.Aggregate, carried: Figure, taken: Taken) -> Figure:
    """The figure after one more member."""
    lanes, work = writer.lanes, writer.work
    bad = lanes.either(carried.bad, taken.unclear)
    absent: Mask = False
    if node.operator in ("min", "max"):
        absent = lanes.both(carried.absent, lanes.opposite(taken.counts))
    if node.operator in ("any", "all"):
        assert isinstance(carried.content, Truth)
        decides = _deciding(writer, node.operator == "any", taken)
        decided = carried.content.mask if node.operator == "any" else lanes.opposite(carried.content.mask)
        decided = lanes.either(decided, decides)
        return Figure(Truth(decided if node.operator == "any" else lanes.opposite(decided)), bad, absent)
    value = taken.value.content if taken.value is not None else number.fixed(work, 1)
    if node.operator in ("sum", "count"):
        content = _plus(writer, carried.content, value, taken.counts)
    else:
        lesser = _lesser_same(writer, node.operator, carried.content, value)
        first = v.chosen(work, carried.absent, value, lesser)
        content = v.chosen(work, taken.counts, first, carried.content)
    return Figure(content, lanes.either(bad, work.take_flags()), absent)


def _lesser_same(writer: Writer, operator: str, a: v.Content, b: v.Content) -> v.Content:
    if isinstance(a, Number) and isinstance(b, Number):
        return replace(a, n=writer.work.extreme(operator, a.n, b.n))  # over the same m and d
    return writer.lesser(operator, a, b)


def _plus(writer: Writer, total: v.Content, value: v.Content, counts: Mask) -> v.Content:
    work = writer.work
    zero = work.constant(0)

    def grown(before: Whole, more: Whole) -> Whole:
        part = work.select(counts, more, zero)
        if before.is_narrow:
            return before.with_parts((work.lanes.binary("fadd", before.main, part.main),))
        if before.digits:
            length = len(before.digits)
            return before.with_parts(limbs.add(work.lanes, before.digits, work.digits(part, length), length))
        added = work.add(before, part)
        return before.with_parts((added.main, added.rest or work.lanes.number(0)))

    match total, value:
        case Number(), Number():
            return replace(total, n=grown(total.n, value.n))
        case Length(), Length():
            return Length(grown(total.months, value.months), grown(total.days, value.days))
    raise AssertionError(total)


def _write_loop(
    writer: Writer,
    labels: tuple[str, str, str, str, str],
    inside: list[str],
    names: tuple[str, str, str],
    *,
    run: Run,
    valid: Mask,
    figures: tuple[Figure, Figure, Figure],
) -> None:
    lanes, module = writer.lanes, writer.chunk.module
    entry, head, body, last, done = labels
    place, step, has = names
    lanes.effect(f"br label %{head}")
    lanes.label(head)
    lanes.effect(f"{place} = phi {module.long} [ {run.first}, %{entry} ], [ {step}, %{last} ]")
    start, carried, after = (_parts(lanes, figure) for figure in figures)
    for part, first, following in zip(carried, start, after, strict=True):
        if not is_name(part.operand):
            continue  # the same in every step
        kind = part.kind(module)
        lanes.effect(f"{part.operand} = phi {kind} [ {first.operand}, %{entry} ], [ {following.operand}, %{last} ]")
    there = lanes.make(f"icmp slt {module.long} {place}, {run.after}")
    lanes.effect(f"{has} = and {module.mask} {there}, {lanes.written(lanes.both(valid, '%active'))}")
    bits = lanes.make(f"bitcast {module.mask} {has} to i{module.width}")
    some = lanes.make(f"icmp ne i{module.width} {bits}, 0")
    lanes.effect(f"br i1 {some}, label %{body}, label %{done}")
    lanes.lines.append(f"{body}:")
    lanes.lines.extend(inside)
    lanes.effect(f"{step} = add {module.long} {place}, splat (i64 1)")
    lanes.effect(f"br label %{head}")
    lanes.lines.append(f"{done}:")


def _parts(lanes: Lanes, figure: Figure) -> list[Part]:
    """The parts of a figure in a fixed order, all written out; m is not part of them, since it does not change."""
    parts: list[Part] = []
    match figure.content:
        case Number():
            wholes = [figure.content.n]
        case Day():
            wholes = [figure.content.ordinal]
        case Length():
            wholes = [figure.content.months, figure.content.days]
        case _:
            wholes = []
    for whole in wholes:
        parts += [Part(part) for part in whole.parts]
    if isinstance(figure.content, Truth):
        parts.append(Part(lanes.written(figure.content.mask), is_mask=True))
    return [*parts, *(Part(lanes.written(flag), is_mask=True) for flag in (figure.bad, figure.absent))]
