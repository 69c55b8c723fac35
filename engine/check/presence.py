"""`none`: testing for it, and what a test tells of what follows.

1. `x is none` is known of whatever may not be there: a value, or somebody.
2. A condition tells, where it holds and where it does not, which expressions have a value. What may be none and has
   one there is `Present`: the same figure of the same owner at the same time, which no operation then asks about.
3. Formulas have no effects, so an expression of the core that is met twice has one value, and no alias hides another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.check.context import Elaboration, Known, Part, Scope, Several, TableRow, Value, Who
from engine.ir import nodes as ir
from engine.syntax import ast
from engine.text.source import Span
from engine.values.types import BOOLEAN, ValueType

NOWHERE: Known = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """What has a value where a condition holds, and where it does not."""

    if_true: Known = NOWHERE
    if_false: Known = NOWHERE


def told_by(condition: ir.Expression) -> Told:
    """What a condition tells."""
    match condition:
        case ir.IsNone():
            return Told(if_false=frozenset((condition.value,)))
        case ir.Nobody():
            return Told(if_false=frozenset((condition.subject,)))
        case ir.Not():
            inner = told_by(condition.value)
            return Told(inner.if_false, inner.if_true)
        case ir.And():
            parts = [told_by(value) for value in condition.values]
            return Told(
                NOWHERE.union(*(part.if_true for part in parts)),
                parts[0].if_false.intersection(*(part.if_false for part in parts)),
            )
        case ir.Or():
            parts = [told_by(value) for value in condition.values]
            return Told(
                parts[0].if_true.intersection(*(part.if_true for part in parts)),
                NOWHERE.union(*(part.if_false for part in parts)),
            )
    return Told()


def narrowed(part: Part, scope: Scope, span: Span) -> Part:
    """A part of which a test before it has told that it is there."""
    if not scope.present:
        return part
    match part:
        case Value() if part.optional and part.node in scope.present:
            return replace(part, node=ir.Present(part.type.plain, span, part.node), optional=False)
        case Who() if part.optional and part.subject in scope.present:
            return replace(part, optional=False)
    return part


def is_none(elab: Elaboration, node: ast.Is, scope: Scope) -> Value:
    """`x is none` and `x is not none`, of a value or of somebody."""
    part = elab.part(node.value, scope)
    test: ir.Expression
    match part:
        case Value() if part.failed:
            return part
        case Value():
            sure, test = not part.optional, ir.IsNone(BOOLEAN, node.span, part.node)
        case Who():
            sure, test = not part.optional, ir.Nobody(BOOLEAN, node.span, part.subject)
        case TableRow():
            return elab.fail("E406", "a whole row is never none", node.value.span, help="test one of its columns")
        case Several(link=link):
            help_text = f"ask how many there are: `count(m in {node.value.span.text}) = 0`"
            message = f"a list of {link.entity} records or members is never none"
            return elab.fail("E406", message, node.value.span, help=help_text)
    if sure:
        message = f"`{node.value.span.text}` is never none here"
        elab.problems.add("W905", message, node.span, help="remove the test, or declare what it tests `or none`")
    return Value(ir.Not(BOOLEAN, node.span, test) if node.negated else test)


def nothing(node: ast.Name, expected: ValueType | None) -> Value:
    """The word `none` as a value of the type that is wanted there."""
    kind = expected.plain if expected is not None else BOOLEAN
    return Value(ir.NotApplicable(kind, node.span), optional=True, nothing=expected is None)


def as_nothing(value: Value, wanted: ValueType) -> Value:
    """A bare `none` as one of the type that its alternatives have."""
    return Value(ir.NotApplicable(wanted.plain, value.node.span), optional=True)


def untyped(elab: Elaboration, value: Value) -> Value:
    """The problem that a bare `none` stands where nothing says of which type it is."""
    span = value.node.span
    assert span is not None
    return elab.fail(
        "E506", "nothing says what is none here", span, help="write `none` where a value of a known type belongs"
    )


def compared_with_none(elab: Elaboration, node: ast.Compare) -> Value | None:
    """The problem E501 of `x = none`; None if it is no such comparison."""
    for side, other in ((node.right, node.left), (node.left, node.right)):
        if isinstance(side, ast.Name) and side.name == "none":
            word = "is not none" if node.operator == "!=" else "is none"
            help_text = f"write `{other.span.text} {word}`"
            return elab.fail("E501", "`none` is no value to compare with", node.span, help=help_text)
    return None
