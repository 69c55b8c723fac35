"""What the code does not compute: rows for which such a part of a formula decides anything are handed over.

Nothing that only such a part reads is planned or laid out for code; the interpreter finds it for the rows that need it.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.ir import nodes as ir
from engine.ir.walk import children

HANDED_OVER = (ir.Chosen, ir.Ranked)


def compiled(node: ir.Expression) -> Iterator[ir.Expression]:
    """A formula's parts that the code computes, outermost first. Uses no recursion."""
    stack = [node]
    while stack:
        one = stack.pop()
        if not isinstance(one, HANDED_OVER):
            yield one
            stack.extend(reversed(children(one)))
