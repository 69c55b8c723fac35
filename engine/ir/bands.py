"""A scale with computed thresholds, written out in plainer nodes."""

from __future__ import annotations

from itertools import pairwise

from engine.ir import nodes as ir
from engine.values.types import BOOLEAN, INTEGER, RATE


def written_out(node: ir.Banded) -> ir.Expression | None:
    """What a scale gives where its thresholds rise; None where whole numbers are multiplied by rates."""
    if node.kind == "step":
        symbol = ">=" if node.inclusive else ">"
        found = node.brackets[0].value
        for one in node.brackets[1:]:
            assert one.threshold is not None
            passed = ir.Compare(BOOLEAN, node.span, symbol, node.amount, one.threshold)
            found = ir.If(node.type, node.span, passed, one.value, found)
        return found
    return _sum(node) if node.type != INTEGER else None


def _sum(node: ir.Banded) -> ir.Expression:
    """The sum over brackets of the rate less the rate before times what lies above the threshold."""
    of = node.type
    nil = ir.Literal(of, node.span, 0)
    parts: list[ir.Expression] = []
    before: ir.Expression | None = None
    for one in node.brackets:
        assert one.threshold is not None
        above = ir.Arithmetic(of, node.span, "-", node.amount, one.threshold)
        slice_ = ir.Extreme(of, node.span, "max", (nil, above))
        more = one.value if before is None else ir.Arithmetic(RATE, node.span, "-", one.value, before)
        parts.append(ir.Arithmetic(of, node.span, "*", slice_, more))
        before = one.value
    found = parts[0]
    for part in parts[1:]:
        found = ir.Arithmetic(of, node.span, "+", found, part)
    return found


def rising(node: ir.Banded) -> ir.Expression | None:
    """Whether the thresholds rise; None where there are not two."""
    ends = [one.threshold for one in node.brackets if one.threshold is not None]
    pairs = tuple(ir.Compare(BOOLEAN, node.span, "<", one, other) for one, other in pairwise(ends))
    if len(pairs) < 2:
        return pairs[0] if pairs else None
    return ir.And(BOOLEAN, node.span, pairs)
