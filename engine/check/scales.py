"""Scales with computed brackets, as functions of the amount, the key and the scale's arguments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from engine.check import context
from engine.check.calls import typed
from engine.check.context import Elaboration, Scope
from engine.check.resolve import Symbol
from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, FunctionDefinition
from engine.reading.declared_constants import ComputedBracket, Key, KeyType, Scale
from engine.syntax import ast
from engine.text.source import Span
from engine.values.types import (
    BOOLEAN,
    FAILED,
    INTEGER,
    RATE,
    Duration,
    EnumValue,
    Kind,
    Nothing,
    Value,
    ValueType,
    enum_type,
)

AMOUNT, KEY = "amount#", "key#"


def computed_scale(elab: Elaboration, symbol: Symbol, scale: Scale) -> FunctionDefinition | None:
    """The function that a scale with formulas is; None after a report."""
    assert scale.of is not None and scale.gives is not None
    if FAILED in (scale.of, scale.gives):
        return None
    scope = Scope(symbol.module, "", None)
    for name, type in scale.arguments:
        scope = scope.with_name(name, context.Value(ir.Local(type, scale.span, name), optional=type.or_none))
    key_type = _key_type(scale.key)
    formulas = []
    for dated in scale.computed:
        bodies = {key: _body(elab, symbol, scale, brackets, scope) for key, brackets in dated.brackets.items()}
        if any(body is None for body in bodies.values()):
            return None
        whole = {key: body for key, body in bodies.items() if body is not None}
        formulas.append(DatedExpression(dated.start, _by_key(scale, whole, key_type)))
    key = ((KEY, key_type),) if key_type is not None else ()
    arguments = ((AMOUNT, scale.of), *key, *scale.arguments)
    return FunctionDefinition(symbol.name, arguments, scale.gives, tuple(formulas), scale.law, scale.label)


def _key_type(key: KeyType | None) -> ValueType | None:
    if key is None:
        return None
    return enum_type(key.enum) if key.enum else BOOLEAN if key.boolean else INTEGER


def _by_key(scale: Scale, bodies: dict[Key | None, ir.Expression], key_type: ValueType | None) -> ir.Expression:
    """The brackets of the key; of the last one where it is none of the others."""
    if key_type is None:
        return bodies[None]
    *others, last = bodies.items()
    expression = last[1]
    for key, body in reversed(others):
        assert key is not None
        member = EnumValue(key_type.enum, str(key)) if key_type.kind is Kind.ENUM else key
        assert not isinstance(member, str)
        wanted = ir.Literal(key_type, scale.span, member)
        same = ir.Compare(BOOLEAN, scale.span, "=", ir.Local(key_type, scale.span, KEY), wanted)
        expression = ir.If(body.type, scale.span, same, body, expression)
    return expression


def _body(
    elab: Elaboration, symbol: Symbol, scale: Scale, brackets: Sequence[ComputedBracket], scope: Scope
) -> ir.Expression | None:
    assert scale.of is not None and scale.gives is not None
    kind = RATE if scale.kind == "marginal" else scale.gives
    bands = []
    for bracket in brackets:
        end = None if bracket.threshold is None else _cell(elab, bracket.threshold, scale.of, scope, bracket.span)
        value = _cell(elab, bracket.value, kind, scope, bracket.span)
        if value is None or (bracket.threshold is not None and end is None):
            return None
        bands.append(ir.Band(end, value))
    if not bands:
        return None
    amount = ir.Local(scale.of, scale.span, AMOUNT)
    node = ir.Banded(scale.gives, scale.span, symbol.name, scale.kind, amount, tuple(bands), scale.inclusive)
    return node if not _falls(elab, node) else None


def _cell(
    elab: Elaboration, part: Value | ast.Expression, type: ValueType, scope: Scope, span: Span
) -> ir.Expression | None:
    if isinstance(part, int | Fraction | date | Duration | EnumValue | Nothing):
        return ir.Literal(type, span, part)
    value = typed(elab, part, scope, type)
    return None if value.failed else value.node


def _falls(elab: Elaboration, node: ir.Banded) -> bool:
    """Report E209 where two thresholds are stated and the second is not above the first."""
    last: ir.Literal | None = None
    for bracket in node.brackets:
        if isinstance(bracket.threshold, ir.Literal):
            if last is not None and bracket.threshold.value <= last.value:  # type: ignore[operator]
                message = "the threshold is not above one before it"
                assert bracket.threshold.span is not None
                elab.problems.add(
                    "E209", message, bracket.threshold.span, help="write the brackets with rising thresholds"
                )
                return True
            last = bracket.threshold
    return False
