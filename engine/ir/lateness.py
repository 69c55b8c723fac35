"""How much later than a formula's period the period of a figure that it reads may begin, in days; and how many records
back in their order the one is whose figure it is.

Nothing for the same period, for the one that holds its first day, for `@ start`; less than nothing where the read
surely goes back. Where a day is computed, what is known of it is reckoned from `period_start`: months are at least 28
and at most 31 days, years 365 or 366.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.ir import nodes as ir
from engine.ir.walk import children, groupings, order_keys, steps_of
from engine.records import record
from engine.text.source import Span
from engine.values.periods import PeriodKind, Unit, lengths, nests
from engine.values.types import Duration

ANY_TIME = 10**7  # days: nothing is known
ANY_RECORD = 10**4  # records: nothing is known
Names = Mapping[str, ir.Expression]


@record(frozen=True, slots=True)
class Reading:
    """That a formula reads the figure `name`. `later`: by how many days at most the period that is reached begins after
    the formula's; below 0 it surely begins before. `along`: by how many records at most whose figure it is comes after
    the formula's own; below 0 it surely comes before, in their order, and above 0 it may be any."""

    name: str
    later: int
    span: Span | None
    along: int = 0


def reads_with_lateness(body: ir.Expression, period: PeriodKind) -> Iterator[Reading]:
    """Every figure that a formula of a period reads, with how much later its period may begin."""
    stack: list[tuple[ir.Expression, PeriodKind, int, Names]] = [(body, period, 0, {})]
    while stack:
        node, own, late, names = stack.pop()
        for _, name in order_keys(node):
            yield Reading(name, 0, node.span, ANY_RECORD)
        for by, time in groupings(node):
            yield Reading(by.name, late + _of_time(time, own, names), node.span, ANY_RECORD)
        match node:
            case ir.VariableRead(time=ir.Containing(kind=kind) | ir.ContainingDate(kind=kind)) if kind.is_personal:
                yield Reading(kind.calendar.starts, 0, node.span, ANY_RECORD)
                yield Reading(node.name, late + _of_time(node.time, own, names), node.span, _along(node.subject))
            case ir.VariableRead():
                yield Reading(node.name, late + _of_time(node.time, own, names), node.span, _along(node.subject))
            case ir.OverTime() if node.last:
                yield Reading(node.name, late - lengths(node.kind)[0], node.span, _along(node.subject))
            case ir.OverTime():
                latest_part = lengths(own)[1] - lengths(node.kind)[0]
                yield Reading(node.name, late + latest_part, node.span, _along(node.subject))
            case ir.OverParts():
                if node.kind.is_personal:
                    yield Reading(node.kind.calendar.starts, 0, node.span, ANY_RECORD)
                if node.last is not None:
                    stack.append((node.last, own, late, names))
                stack.append((node.body, node.kind, late + _of_parts(node, own), {}))
                continue
            case ir.Let():
                stack += [(node.body, own, late, {**names, node.name: node.value}), (node.value, own, late, names)]
                continue
        stack += [(child, own, late, names) for child in reversed(children(node))]


def _along(subject: ir.Subject) -> int:
    """How many records back whoever is read stands: to be told where one step after another leads back."""
    steps = list(steps_of(subject))
    back = sum(isinstance(step, ir.Before) for step in steps)
    return -back if isinstance(steps[-1], ir.Self) and len(steps) == back + 1 else ANY_RECORD


def _of_parts(node: ir.OverParts, own: PeriodKind) -> int:
    """Of the last part that an expression is evaluated in."""
    shortest, longest = lengths(node.kind)[0], lengths(own)[1]
    if node.last is not None:
        return -shortest
    if nests(node.kind, own) or node.edge in ("ending", "inside"):
        return longest - shortest
    return longest - 1


def _of_time(time: ir.Time, own: PeriodKind, names: Names) -> int:
    match time:
        case ir.ThisPeriod():
            return 0
        case ir.Containing(kind=kind) if kind.unit is Unit.ETERNITY:
            return 0
        case ir.Containing():
            return _containing(time, own)
    if time.kind.unit is Unit.ETERNITY:
        return 0
    offset = latest(time.day, own, names)
    if time.kind == own and offset < 0:
        return min(offset, -lengths(own)[0])
    return min(offset, 0) if time.kind == own and offset == 0 else offset


def _containing(time: ir.Containing, own: PeriodKind) -> int:
    shortest, longest = lengths(time.kind)
    late = 0
    if time.at_end and time.kind != own:
        late = lengths(own)[1] - (shortest if nests(time.kind, own) else 1)
    return late + time.shift * (longest if time.shift > 0 else shortest)


def latest(node: ir.Expression, own: PeriodKind, names: Names) -> int:
    """By how many days at most a date lies after the first day of the formula's period."""
    match node:
        case ir.PeriodBoundary():
            return 0 if node.which == "start" else lengths(own)[1] - 1
        case ir.Local() if node.name in names:
            return latest(names[node.name], own, names)
        case ir.Arithmetic(operator="+" | "-", left=left, right=ir.Literal(value=Duration() as length)):
            return _sum(latest(left, own, names), _days(length if node.operator == "+" else -length))
        case ir.Extreme():
            ends = [latest(value, own, names) for value in node.values]
            return min(ends) if node.operator == "min" else max(ends)
        case ir.If():
            return max(latest(node.then, own, names), latest(node.otherwise, own, names))
    return ANY_TIME


def _sum(offset: int, days: int) -> int:
    return offset if offset >= ANY_TIME else offset + days


def _days(length: Duration) -> int:
    """How many days a length of time has at most (one that goes back: as little as it may go back)."""
    years, months = divmod(abs(length.months), 12)
    return length.days + (years * 366 + months * 31 if length.months > 0 else -(years * 365 + months * 28))
