"""What the code does not compute: rows for which such a part of a formula decides anything are handed over.

Nothing that only such a part reads is planned or laid out for code; the interpreter finds it for the rows that need it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.ir import nodes as ir
from engine.ir.walk import children
from engine.native.plan.settled import taken
from engine.values.periods import Period

HANDED_OVER = (ir.Chosen, ir.Ranked, ir.AsIf, ir.Holds)
MOST_PARTS = 60  # periods for each of which an expression is written out


def is_handed_over(node: ir.OverParts, periods: Sequence[Period] | None) -> bool:
    """Whether an expression over periods is not written out: there are many, or how many differs by row."""
    fixed = node.last is None or (isinstance(node.last, ir.Literal) and node.last.value == node.most)
    return periods is None or len(periods) > MOST_PARTS or not fixed


def compiled(node: ir.Expression, period: Period) -> Iterator[ir.Expression]:
    """The parts of a formula of a period that the code computes at the formula's own time, outermost first. Uses no
    recursion."""
    stack = [node]
    while stack:
        one = stack.pop()
        branch = taken(one, period) if isinstance(one, ir.If) else None
        if branch is not None:
            stack.append(branch)
        elif not isinstance(one, HANDED_OVER):
            yield one
            stack.extend(reversed(children(one)) if not isinstance(one, ir.OverParts) else ())
