"""What decides a figure: of a conjunction that fails one part that does, whatever the others are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from engine.interpret.frames import Step
from engine.interpret.outcomes import Fact, Known
from engine.ir import nodes as ir
from engine.ir.whom import Self


def part_that_decides(steps: Mapping[Fact, Step], fact: Fact) -> Fact | None:
    """Of all that a figure asks for, one that fails by itself; of any that it asks for, one that holds. None of others.

    Parts that stand for a figure only: another may fail just because those before it hold.
    """
    step = steps[fact]
    if not isinstance(step.body, ir.And | ir.Or):
        return None
    decided = Known(isinstance(step.body, ir.Or))
    if step.outcome != decided:
        return None
    for node in step.body.values:
        if _is_own(node):
            part = Fact(node.name, fact.instance, fact.period)
            if part in steps and steps[part].outcome == decided:
                return part
    return None


def _is_own(node: ir.Expression) -> TypeGuard[ir.VariableRead]:
    """Whether a node reads a figure of the same instance and period."""
    return isinstance(node, ir.VariableRead) and isinstance(node.subject, Self) and isinstance(node.time, ir.ThisPeriod)


def reads(steps: Mapping[Fact, Step], fact: Fact) -> Sequence[Fact]:
    """What a figure hangs on directly."""
    part = part_that_decides(steps, fact)
    return steps[fact].reads if part is None else (part,)
