"""Expressions that need nothing of the interpreter but the values of their parts, by the kind of their node.

How a node is evaluated is looked up by its kind: a formula has thousands, and asking of each whether it is of one kind
after the other takes longer than most of them. The interpreter adds what it does itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.interpret import choosing, exceptions, members, narrowing, navigation, operations
from engine.interpret.bands import banded
from engine.interpret.date_operations import date_arithmetic, date_function
from engine.interpret.evaluating import Evaluating
from engine.interpret.frames import Frame
from engine.interpret.operations import arithmetic
from engine.interpret.outcomes import NOT_APPLICABLE, Known, Outcome
from engine.ir import nodes as ir
from engine.values.types import NUMBERS

Evaluator = Callable[[Any, Any, Frame], Outcome]  # of an interpreter, a node of one kind and a frame


def _literal(interpreter: Evaluating, node: ir.Literal, frame: Frame) -> Outcome:
    return Known(node.value)


def _local(interpreter: Evaluating, node: ir.Local, frame: Frame) -> Outcome:
    return frame.names[node.name]()


def _arithmetic(interpreter: Evaluating, node: ir.Arithmetic, frame: Frame) -> Outcome:
    left, right = interpreter.evaluate(node.left, frame), interpreter.evaluate(node.right, frame)
    if node.left.type.kind in NUMBERS and node.right.type.kind in NUMBERS:
        return arithmetic(node.operator, left, right, node.span)
    return date_arithmetic(node, left, right, interpreter.program.settings)


def _compare(interpreter: Evaluating, node: ir.Compare, frame: Frame) -> Outcome:
    return operations.compared(node, interpreter.evaluate(node.left, frame), interpreter.evaluate(node.right, frame))


def _logic(interpreter: Evaluating, node: ir.And | ir.Or, frame: Frame) -> Outcome:
    return narrowing.logic(node, frame, interpreter.evaluate)


def _not(interpreter: Evaluating, node: ir.Not, frame: Frame) -> Outcome:
    return operations.negation(interpreter.evaluate(node.value, frame))


def _extreme(interpreter: Evaluating, node: ir.Extreme, frame: Frame) -> Outcome:
    values = [interpreter.evaluate(operand, frame) for operand in node.values]
    return operations.extreme_of(node.operator, node.type.kind, values, node.span)


def _choice(interpreter: Evaluating, node: ir.If, frame: Frame) -> Outcome:
    condition = interpreter.evaluate(node.condition, frame)
    if isinstance(condition, Known):
        return interpreter.evaluate(node.then if condition.value else node.otherwise, frame)
    return narrowing.choice(node, condition, frame, interpreter.evaluate)


def _banded(interpreter: Evaluating, node: ir.Banded, frame: Frame) -> Outcome:
    ends = [
        None if bracket.threshold is None else interpreter.evaluate(bracket.threshold, frame)
        for bracket in node.brackets
    ]
    values = [interpreter.evaluate(bracket.value, frame) for bracket in node.brackets]
    return banded(node, interpreter.evaluate(node.amount, frame), ends, values)


def _otherwise(interpreter: Evaluating, node: ir.Otherwise, frame: Frame) -> Outcome:
    value = interpreter.evaluate(node.value, frame)
    return operations.otherwise(value, lambda: interpreter.evaluate(node.fallback, frame))


def _round(interpreter: Evaluating, node: ir.Round, frame: Frame) -> Outcome:
    value, step = interpreter.evaluate(node.value, frame), interpreter.evaluate(node.step, frame)
    return operations.rounded(value, step, node.mode, node.span)


def _negate(interpreter: Evaluating, node: ir.Negate, frame: Frame) -> Outcome:
    return operations.negative(interpreter.evaluate(node.value, frame))


def _absolute(interpreter: Evaluating, node: ir.Absolute, frame: Frame) -> Outcome:
    return operations.absolute(interpreter.evaluate(node.value, frame))


def _date_function(interpreter: Evaluating, node: ir.DateFunction, frame: Frame) -> Outcome:
    arguments = [interpreter.evaluate(argument, frame) for argument in node.arguments]
    return date_function(node, arguments, interpreter.program.settings)


def _not_applicable(interpreter: Evaluating, node: ir.NotApplicable, frame: Frame) -> Outcome:
    return NOT_APPLICABLE


def _is_none(interpreter: Evaluating, node: ir.IsNone, frame: Frame) -> Outcome:
    return operations.is_none(interpreter.evaluate(node.value, frame))


def _present(interpreter: Evaluating, node: ir.Present, frame: Frame) -> Outcome:
    return operations.present(interpreter.evaluate(node.value, frame))


def _boundary(interpreter: Evaluating, node: ir.PeriodBoundary, frame: Frame) -> Outcome:
    return Known(frame.period.start if node.which == "start" else frame.period.end)


BY_KIND: Mapping[type[ir.Node], Evaluator] = {
    ir.Literal: _literal,
    ir.Local: _local,
    ir.Arithmetic: _arithmetic,
    ir.Compare: _compare,
    ir.And: _logic,
    ir.Or: _logic,
    ir.Not: _not,
    ir.Extreme: _extreme,
    ir.If: _choice,
    ir.Banded: _banded,
    ir.Aggregate: members.aggregate,
    ir.OverTime: members.over_time,
    ir.Chosen: choosing.chosen,
    ir.Ranked: choosing.ranked,
    ir.Exceptions: exceptions.exceptions,
    ir.Otherwise: _otherwise,
    ir.Round: _round,
    ir.Negate: _negate,
    ir.Absolute: _absolute,
    ir.DateFunction: _date_function,
    ir.NotApplicable: _not_applicable,
    ir.IsNone: _is_none,
    ir.Nobody: navigation.nobody,
    ir.Holds: navigation.holds,
    ir.Same: navigation.same,
    ir.Present: _present,
    ir.PeriodBoundary: _boundary,
}
