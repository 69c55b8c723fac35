"""The closures of the kinds of nodes of which formulas have most: what `expressions` and `interpreter` say of each,
with what is the same in every case worked out before. See `closures`.

Where all is known they go the short way. Whatever is not is left to the functions that evaluate node by node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from engine.interpret import domain, narrowing, operations
from engine.interpret.closure_reads import constant_read, variable_read
from engine.interpret.evaluating import Closure
from engine.interpret.expressions import BY_KIND as EVALUATORS
from engine.interpret.frames import Frame
from engine.interpret.outcomes import NOT_APPLICABLE, Known, Outcome
from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.ir.walk import children
from engine.values import quick
from engine.values.exact import SHORT_BITS
from engine.values.types import NUMBERS, Kind

Thunk = Callable[[], Outcome]
_EXACTLY: Mapping[str, Callable[[Any, Any], Any]] = {"+": quick.add, "-": quick.subtract, "*": quick.multiply}
_TRUTH: Mapping[bool, Outcome] = {True: domain.TRUE, False: domain.FALSE}


class Making(Protocol):
    """Whoever makes closures, of one program."""

    @property
    def program(self) -> Program: ...

    def made(self, node: ir.Expression) -> Closure:
        """The closure of a node."""

    def of_formula(self, body: ir.Expression) -> Closure | None:
        """The closure of a formula, once it is worth having."""


def _literal(node: ir.Literal, making: Making) -> Closure:
    known = Known(node.value)
    return lambda interpreter, frame: known


def _not_applicable(node: ir.NotApplicable, making: Making) -> Closure:
    return lambda interpreter, frame: NOT_APPLICABLE


def _local(node: ir.Local, making: Making) -> Closure:
    name = node.name
    return lambda interpreter, frame: frame.names[name]()


def _arithmetic(node: ir.Arithmetic, making: Making) -> Closure:
    left_of, right_of = making.made(node.left), making.made(node.right)
    if node.left.type.kind not in NUMBERS or node.right.type.kind not in NUMBERS:
        return by_node(node)
    symbol, span = node.operator, node.span
    exactly = _EXACTLY.get(symbol)
    if exactly is None:
        return lambda interpreter, frame: operations.arithmetic(
            symbol, left_of(interpreter, frame), right_of(interpreter, frame), span
        )

    def arithmetic(interpreter: Any, frame: Frame) -> Outcome:
        left, right = left_of(interpreter, frame), right_of(interpreter, frame)
        if type(left) is Known and type(right) is Known:
            number = exactly(left.value, right.value)
            if quick.bits(number) <= SHORT_BITS:
                return Known(number)
        return operations.arithmetic(symbol, left, right, span)

    return arithmetic


def _compare(node: ir.Compare, making: Making) -> Closure:
    left_of, right_of = making.made(node.left), making.made(node.right)
    return lambda interpreter, frame: operations.compared(
        node, left_of(interpreter, frame), right_of(interpreter, frame)
    )


def _not(node: ir.Not, making: Making) -> Closure:
    value_of = making.made(node.value)

    def negation(interpreter: Any, frame: Frame) -> Outcome:
        value = value_of(interpreter, frame)
        return _TRUTH[not value.value] if type(value) is Known else operations.negation(value)

    return negation


def _or(node: ir.Or, making: Making) -> Closure:
    parts, span = [making.made(part) for part in node.values], node.span
    return lambda interpreter, frame: operations.logic(parts, True, lambda part: part(interpreter, frame), span)


def _and(node: ir.And, making: Making) -> Closure:
    parts = [making.made(part) for part in node.values]

    def conjunction(interpreter: Any, frame: Frame) -> Outcome:
        outcomes: list[Outcome] = []
        for part in parts:
            outcome = part(interpreter, frame)
            if type(outcome) is not Known:
                return narrowing.conjunction(node, [*outcomes, outcome], frame, interpreter.evaluate)
            if outcome.value is False:
                return outcome
            outcomes.append(outcome)
        return domain.TRUE

    return conjunction


def _choice(node: ir.If, making: Making) -> Closure:
    condition_of, then_of, otherwise_of = map(making.made, (node.condition, node.then, node.otherwise))

    def choice(interpreter: Any, frame: Frame) -> Outcome:
        condition = condition_of(interpreter, frame)
        if type(condition) is Known:
            return (then_of if condition.value else otherwise_of)(interpreter, frame)
        return narrowing.choice(node, condition, frame, interpreter.evaluate)

    return choice


def _extreme(node: ir.Extreme, making: Making) -> Closure:
    parts = [making.made(part) for part in node.values]
    kind, name, span = node.type.kind, node.operator, node.span
    chosen = quick.least if name == "min" else quick.greatest

    def extreme(interpreter: Any, frame: Frame) -> Outcome:
        outcomes = [part(interpreter, frame) for part in parts]
        known = [outcome.value for outcome in outcomes if type(outcome) is Known]
        if len(known) == len(outcomes):
            return Known(chosen(known))
        return operations.extreme_of(name, kind, outcomes, span)

    return extreme if kind is not Kind.DURATION else by_node(node)


def _let(node: ir.Let, making: Making) -> Closure:
    name, value, body_of = node.name, _thunks(node.value, making), making.made(node.body)
    return lambda interpreter, frame: body_of(interpreter, frame.naming(name, value(interpreter, frame)))


def _thunks(node: ir.Expression, making: Making) -> Callable[[Any, Frame], Thunk]:
    """What makes of a local name's value a function that finds it once, when it is first needed."""
    if isinstance(node, ir.Local):
        name = node.name
        return lambda interpreter, frame: frame.names[name]
    value_of = making.made(node)

    def thunk(interpreter: Any, frame: Frame) -> Thunk:
        kept: list[Outcome] = []

        def outcome() -> Outcome:
            if not kept:
                kept.append(value_of(interpreter, frame))
            return kept[0]

        return outcome

    return thunk


def _function(node: ir.FunctionCall, making: Making) -> Closure:
    function = making.program.functions[node.name]
    named = zip(function.arguments, node.arguments, strict=True)
    thunks = [(name, _thunks(value, making)) for (name, _), value in named]

    def call(interpreter: Any, frame: Frame) -> Outcome:
        names = {name: thunk(interpreter, frame) for name, thunk in thunks}
        return interpreter.called(node, frame, names)  # type: ignore[no-any-return]

    return call


def _variable(node: ir.VariableRead, making: Making) -> Closure:
    return variable_read(node) or as_it_stands(node, making)


def _constant(node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, making: Making) -> Closure:
    whole = as_it_stands(node, making)
    if not isinstance(node.time, ir.ThisPeriod):
        return whole
    parts: list[Closure | None] = [making.made(part) for part in children(node)]
    if isinstance(node, ir.ScaleRead) and node.key is None:
        parts = [None, *parts]
    return constant_read(node, making.program, parts, whole)


def as_it_stands(node: ir.Expression, making: Making) -> Closure:
    """The closure of a node that is evaluated as it stands, whose parts have closures."""
    for part in children(node):
        making.made(part)
    return by_node(node)


def by_node(node: ir.Expression) -> Closure:
    """The closure of a node that is evaluated as it stands."""
    evaluator = EVALUATORS.get(type(node))
    if evaluator is None:
        return lambda interpreter, frame: interpreter.by_node(node, frame)
    return lambda interpreter, frame: evaluator(interpreter, node, frame)


BY_KIND: Mapping[type[ir.Node], Callable[[Any, Making], Closure]] = {
    ir.Literal: _literal,
    ir.NotApplicable: _not_applicable,
    ir.Local: _local,
    ir.Arithmetic: _arithmetic,
    ir.Compare: _compare,
    ir.Not: _not,
    ir.Or: _or,
    ir.And: _and,
    ir.If: _choice,
    ir.Extreme: _extreme,
    ir.Let: _let,
    ir.FunctionCall: _function,
    ir.VariableRead: _variable,
    ir.ParameterRead: _constant,
    ir.TableRead: _constant,
    ir.ScaleRead: _constant,
}
