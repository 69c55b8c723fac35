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

_Names = dict[int, tuple[ir.Expression, frozenset[str]]]
_NONE: frozenset[str] = frozenset()


class Sharing:
    """Finds the local names that branches share. Which names are read inside which node is kept."""

    def __init__(self, costs: Costs) -> None:
        self.costs = costs
        self._names: dict[Period, _Names] = {}  # with the node, so that no other comes to its identity

    def read_in_several_branches(
        self, node: ir.Expression, period: Period, names: Collection[str], skipped_from: int
    ) -> list[str]:
        """Those of `names` that `node`, in a formula of a period, reads in more than one branch that may be skipped, or
        in one and outside it.

        Branches that cost at least `skipped_from` may be skipped.
        """
        known = self._names.setdefault(period, {})
        if not names or _names_in(node, period, known).isdisjoint(names):
            return []
        places: dict[str, set[int]] = {name: set() for name in names}
        numbers = count(1)
        stack: list[tuple[ir.Expression, int]] = [(node, 0)]
        while stack:
            inner, branch = stack.pop()
            read = _names_in(inner, period, known)
            if branch or isinstance(inner, ir.Local):
                for name in read & places.keys():
                    places[name].add(branch)
            elif isinstance(inner, ir.If) and read:
                stack.append((inner.condition, branch))
                for part in (inner.then, inner.otherwise):
                    stack.append((part, next(numbers) if self.costs.of(part) >= skipped_from else branch))
            elif read:
                stack.extend((child, branch) for child in children(inner))
        return [name for name, branches in places.items() if len(branches) > 1]


def _names_in(node: ir.Expression, period: Period, known: _Names) -> frozenset[str]:
    """The local names that a node reads, or what is inside it, leaving out what is left to the interpreter."""
    kept = known.get(id(node))
    if kept is None:
        names = _NONE
        if isinstance(node, ir.Local):
            names = frozenset((node.name,))
        elif not is_handed(node, period):
            names = names.union(*(_names_in(part, period, known) for part in children(node)))
        kept = known[id(node)] = (node, names)
    return kept[1]
