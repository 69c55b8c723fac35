"""What the code does not compute: rows for which such a part of a formula decides anything are handed over.

Nothing that only such a part reads is planned or laid out for code; the interpreter finds it for the rows that need it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.ir import nodes as ir
from engine.ir.fold import day_of, parts_of
from engine.ir.walk import OF_SOMEBODY, children, groupings
from engine.native.plan.made import asked, made
from engine.native.plan.settled import taken
from engine.values.periods import Period

_HANDED_OVER = frozenset((ir.Chosen, ir.Ranked, ir.AsIf, ir.Holds))
MOST_PARTS = 60  # periods for each of which any expression is written out
MOST_WRITTEN = 5_000  # parts of expressions that are written out over more periods


def is_handed(node: ir.Expression, period: Period) -> bool:
    """Whether the code of a formula of a period leaves a node to the interpreter, with all that is inside it: by its
    kind, or because of whom it reads or runs over."""
    if type(node) in _HANDED_OVER:
        return True
    if type(node) not in OF_SOMEBODY:
        return False
    if isinstance(node, ir.Aggregate) and _is_far(node.link, period):
        return True
    return bool(groupings(node)) and any(made(by, time, period, False) is None for by, time in asked(node))


def _is_far(link: ir.Link, period: Period) -> bool:
    """Whether a link runs over the members of a day that differs by row."""
    if isinstance(link, ir.Records):
        return False
    try:
        return isinstance(link.time, ir.ContainingDate) and day_of(link.time.day, period) is None
    except OverflowError:
        return True


def is_handed_over(node: ir.OverParts, periods: Sequence[Period] | None) -> bool:
    """Whether an expression over periods is not written out: there are many, and it is long."""
    if periods is None:
        return True
    return len(periods) > MOST_PARTS and len(periods) * _size(node.body, periods[0]) > MOST_WRITTEN


def _size(body: ir.Expression, period: Period) -> int:
    """About how many parts an expression has, written out over the periods inside it."""
    size, pending = 0, [(body, period, 1)]
    while pending:
        node, at, times = pending.pop()
        size += times
        inner = children(node)
        if isinstance(node, ir.OverParts) and not node.kind.is_personal:
            try:
                periods = parts_of(node, at)
            except OverflowError:
                periods = ()
            pending.append((node.body, periods[0] if periods else at, times * len(periods)))
            inner = inner[:-1]
        pending += [(child, at, times) for child in inner]
    return size


def compiled(node: ir.Expression, period: Period) -> Iterator[ir.Expression]:
    """The parts of a formula of a period that the code computes at the formula's own time, outermost first. Uses no
    recursion."""
    stack = [node]
    while stack:
        inner = stack.pop()
        branch = taken(inner, period) if isinstance(inner, ir.If) else None
        if branch is not None:
            stack.append(branch)
        elif not is_handed(inner, period):
            yield inner
            stack.extend(reversed(children(inner)) if not isinstance(inner, ir.OverParts) else ())
