"""Local names that branches share: which are evaluated before the branches, so that none is written twice.

What is written in a branch that may be skipped is not known outside it. A name read in two such branches, or in one
and beside it, would be written in each; in a chain of names each reading the one before twice, 2^n times. So it is
evaluated where all that read it begins: at its `let`, at the call, or at the start of the branch with every reading.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from engine.ir import nodes as ir
from engine.ir.walk import children
from engine.native.plan.handed import is_handed
from engine.native.write.costs import Costs
from engine.values.periods import Period


def read_in_several_branches(
    node: ir.Expression, period: Period, names: Collection[str], costs: Costs, skipped_from: int
) -> list[str]:
    """Those of `names` that `node`, in a formula of a period, reads in more than one branch that may be skipped, or in
    one and outside it.

    Branches that cost at least `skipped_from` may be skipped.
    """
    if not names:
        return []
    places: dict[str, set[int]] = {name: set() for name in names}
    numbers = count(1)
    stack: list[tuple[ir.Expression, int]] = [(node, 0)]
    while stack:
        inner, branch = stack.pop()
        if is_handed(inner, period):
            continue
        if isinstance(inner, ir.Local) and inner.name in places:
            places[inner.name].add(branch)
        if isinstance(inner, ir.If) and not branch:
            stack.append((inner.condition, branch))
            for part in (inner.then, inner.otherwise):
                stack.append((part, next(numbers) if costs.of(part) >= skipped_from else branch))
        else:
            stack.extend((child, branch) for child in children(inner))
    return [name for name, branches in places.items() if len(branches) > 1]
