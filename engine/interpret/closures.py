"""Formulas as closures: what a formula says is worked out once, and not again for each case.

1. Evaluating a formula node by node asks of each what kind it is, and where its parts are. A closure has been told:
   it is a function of an interpreter and a frame, made of the closures of the node's parts.
2. What it gives, and what it notes as read, is what `Interpreter.evaluate` gives of the node, which stays the
   specification: whatever is not known goes back to it, and so do the kinds of nodes that `closure_kinds` leaves out.
3. A formula has closures from the `WORTH`th time on: a single case never pays for making them.

Frames in which conditions are taken to hold (`narrowing`) look every expression up, and are evaluated node by node.
"""

from __future__ import annotations

from engine.interpret import closure_kinds
from engine.interpret.evaluating import Closure
from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.remembered import Remembered

WORTH = 8


class Closures:
    """The closures of a program's formulas. Threads may share them: at worst one is made twice."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._asked: dict[int, int] = {}
        self._kept: dict[int, tuple[ir.Expression, Closure]] = {}

    def of_formula(self, body: ir.Expression) -> Closure | None:
        """The closure of a formula of the program, once it is worth having."""
        kept = self._kept.get(id(body))
        if kept is not None and kept[0] is body:
            return kept[1]
        asked = self._asked[id(body)] = self._asked.get(id(body), 0) + 1
        return self.made(body) if asked >= WORTH else None

    def of(self, node: ir.Expression) -> Closure | None:
        """The closure of a part of a formula that has closures."""
        kept = self._kept.get(id(node))
        return kept[1] if kept is not None and kept[0] is node else None

    def made(self, node: ir.Expression) -> Closure:
        """The closure of a node, made with those of its parts. The node is kept, so that nothing else has its id."""
        make = closure_kinds.BY_KIND.get(type(node))
        closure = make(node, self) if make is not None else closure_kinds.as_it_stands(node, self)
        self._kept[id(node)] = (node, closure)
        return closure


_KEPT: Remembered[Closures] = Remembered(4)


def closures_of(program: Program) -> Closures:
    """The closures of a program, shared by all who evaluate it."""
    return _KEPT.of(program, "", lambda: Closures(program))
