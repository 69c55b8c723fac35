"""About how many operations an expression costs; what decides whether a branch is worth skipping."""

from __future__ import annotations

from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.ir.walk import children

_OWN = {
    ir.Literal: 0, ir.Local: 0, ir.Let: 0, ir.ParameterRead: 1, ir.TableRead: 4, ir.ScaleRead: 40, ir.Aggregate: 30,
    ir.Round: 12, ir.DateFunction: 30, ir.VariableRead: 1, ir.OverTime: 12, ir.OverParts: 12,
}  # fmt: skip


class Costs:
    """Costs of the expressions of a program. Answers are kept."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._kept: dict[int, tuple[ir.Expression, int]] = {}  # with the node, so that no other comes to its identity

    def of(self, node: ir.Expression) -> int:
        """The cost of a node with all inside it, functions included."""
        kept = self._kept.get(id(node))
        if kept is None:
            cost = self._own(node) + sum(self.of(child) for child in children(node))
            kept = self._kept[id(node)] = (node, cost)
        return kept[1]

    def _own(self, node: ir.Expression) -> int:
        match node:
            case ir.FunctionCall():
                return max((self.of(formula.body) for formula in self.program.functions[node.name].formulas), default=0)
            case ir.Arithmetic(operator="/" | "mod"):
                return 12
            case ir.VariableRead() if not isinstance(node.subject, ir.Self):
                return 4
        return _OWN.get(type(node), 1)
