"""A scale with computed thresholds, written out in plainer nodes."""

from __future__ import annotations

from itertools import pairwise

from engine.ir import nodes as ir
from engine.values.types import BOOLEAN, INTEGER, RATE


def written_out(node: ir.Banded) -> ir.Expression | None:
    """What a scale gives where its thresholds rise; None where whole numbers are multiplied by rates."""
    if node.kind == "step":
        symbol = ">=" if node.inclusive else ">"
        value = node.brackets[0].value
        for bracket in node.brackets[1:]:
            assert bracket.threshold is not None
            passed = ir.Compare(BOOLEAN, node.span, symbol, node.amount, bracket.threshold)
            value = ir.If(node.type, node.span, passed, bracket.value, value)
        return value
    return _sum(node) if node.type != INTEGER else None


def _sum(node: ir.Banded) -> ir.Expression:
    """The sum over brackets of the rate less the rate before times what lies above the threshold."""
    of = node.type
    nil = ir.Literal(of, node.span, 0)
    parts: list[ir.Expression] = []
    before: ir.Expression | None = None
    for bracket in node.brackets:
        assert bracket.threshold is not None
        above = ir.Arithmetic(of, node.span, "-", node.amount, bracket.threshold)
        slice_ = ir.Extreme(of, node.span, "max", (nil, above))
        more = bracket.value if before is None else ir.Arithmetic(RATE, node.span, "-", bracket.value, before)
        parts.append(ir.Arithmetic(of, node.span, "*", slice_, more))
        before = bracket.value
    total = parts[0]
    for part in parts[1:]:
        total = ir.Arithmetic(of, node.span, "+", total, part)
    return total


def rising(node: ir.Banded) -> ir.Expression | None:
    """Whether the thresholds rise; None where there are not two."""
    ends = [bracket.threshold for bracket in node.brackets if bracket.threshold is not None]
    pairs = tuple(ir.Compare(BOOLEAN, node.span, "<", threshold, other) for threshold, other in pairwise(ends))
    if len(pairs) < 2:
        return pairs[0] if pairs else None
    return ir.And(BOOLEAN, node.span, pairs)
