"""Formulas over records that a population has none of, written without them.

1. A sum or count over such records is zero, `any` is false, `all` is true, a least or greatest does not apply.
2. What follows at once is worked out: nothing added, a choice whose condition is known, a fallback that is needed.
3. A figure that no column gives and whose formula came to a bare zero or truth is put in where others read it, in the
   order in which figures follow from each other.

So what people may say of their documents costs nothing where a population is given by totals.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import fields, replace
from typing import Any

from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.ir.walk import walk
from engine.values.exact import compare
from engine.values.types import BOOLEAN


class WithoutRecords:
    """Rewrites formulas of a program for a population without records of the entities `lacking`.

    `given` are the names of the figures that columns give.
    """

    def __init__(self, program: Program, lacking: Set[str], given: Set[str]) -> None:
        self.lacking = lacking
        self.settled: dict[str, ir.Literal] = {}
        for definition in map(program.definitions.__getitem__, program.order if lacking else ()):
            literal = self._settled(definition) if definition.name not in given else None
            if literal is not None:
                self.settled[definition.name] = literal

    def body(self, body: ir.Expression) -> ir.Expression:
        """A formula as it stands where those records are not there."""
        return self._rewritten(body) if any(map(self._known, walk(body))) else body

    def _settled(self, definition: Definition) -> ir.Literal | None:
        """What a figure is, if its formulas come to the same constant."""
        if definition.default is not None or definition.absent is not None or not definition.formulas:
            return None
        bodies = [self.body(dated.body) for dated in definition.formulas]
        first = bodies[0]
        same = isinstance(first, ir.Literal) and not first.value and all(body == first for body in bodies)
        return first if same and isinstance(first, ir.Literal) else None

    def _known(self, node: ir.Expression) -> bool:
        """Whether a node comes to something known: an aggregate over nobody, or a settled figure."""
        match node:
            case (
                ir.Aggregate(link=ir.Records(entity=entity, owner=ir.Self() | ir.Bound()))
                | ir.Chosen(link=ir.Records(entity=entity, owner=ir.Self() | ir.Bound()))
            ):
                return entity in self.lacking
            case (
                ir.VariableRead(subject=ir.Self() | ir.Bound(), time=ir.ThisPeriod())
                | ir.OverTime(subject=ir.Self(), last=0)
            ):
                return node.name in self.settled  # other periods may lie before those that the rules answer for
        return False

    def _rewritten(self, node: ir.Expression) -> ir.Expression:
        if self._known(node):
            return self._constant(node)
        if isinstance(node, ir.OverParts):
            return node  # its parts may lie before the time that the rules answer for
        changed: dict[str, Any] = {}
        for field in fields(node):
            before = getattr(node, field.name)
            after = self._part(before)
            if after is not before:
                changed[field.name] = after
        return _simpler(replace(node, **changed)) if changed else node

    def _part(self, part: Any) -> Any:
        """A part of a node: an expression, several, the cases of exceptions, or something else, which stays."""
        match part:
            case tuple():
                rewritten = tuple(self._part(inner) for inner in part)
                return part if all(new is old for new, old in zip(rewritten, part, strict=True)) else rewritten
            case ir.ExceptionCase():
                when, then = self._rewritten(part.when), self._rewritten(part.then)
                return part if when is part.when and then is part.then else replace(part, when=when, then=then)
            case ir.ContainingDate():
                day = self._rewritten(part.day)
                return part if day is part.day else replace(part, day=day)
            case ir.Node():
                return self._rewritten(part)  # type: ignore[arg-type]
        return part

    def _constant(self, node: ir.Expression) -> ir.Expression:
        match node:
            case ir.Aggregate(operator="sum" | "count") | ir.Chosen(operator="sum" | "count"):
                return ir.Literal(node.type, node.span, 0)
            case ir.Aggregate(operator="any" | "all") | ir.Chosen(operator="any" | "all"):
                return ir.Literal(node.type, node.span, node.operator == "all")
            case ir.VariableRead() | ir.OverTime():
                return ir.Literal(node.type, node.span, self.settled[node.name].value)
        return ir.NotApplicable(node.type, node.span)


def _simpler(node: ir.Expression) -> ir.Expression:
    match node:
        case ir.Arithmetic(operator="+", left=ir.Literal(value=0), right=other) if other.type == node.type:
            return other
        case ir.Arithmetic(operator="+" | "-", left=other, right=ir.Literal(value=0)) if other.type == node.type:
            return other
        case ir.Compare(left=ir.Literal() as left, right=ir.Literal() as right) if left.type.is_number:
            return ir.Literal(BOOLEAN, node.span, compare(node.operator, left.value, right.value))
        case ir.If(condition=ir.Literal(value=truth)):
            return node.then if truth else node.otherwise
        case ir.Otherwise(value=ir.NotApplicable()):
            return node.fallback
        case ir.IsNone(value=ir.NotApplicable() | ir.Literal() as value):
            return ir.Literal(BOOLEAN, node.span, isinstance(value, ir.NotApplicable))
        case ir.Aggregate(operator="sum", link=ir.Members(group=ir.Self()), body=ir.Literal(value=0), where=None):
            return ir.Literal(node.type, node.span, 0)
    return node
