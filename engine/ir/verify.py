"""The typed core's own rules. A program that the checker passed and that breaks one shows a bug of the compiler."""

from __future__ import annotations

from collections.abc import Mapping

from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.ir.walk import children
from engine.text.own_faults import compiling
from engine.values.types import BOOLEAN, DATE, DURATION, INTEGER, MONEY, RATE, Kind, ValueType


class CoreInvalid(Exception):
    """The core breaks one of its rules. Names the definition and the node."""


def verify(program: Program) -> None:
    """Check every expression of a program. Raises CoreInvalid at the first fault."""
    for definition in program.definitions.values():
        with compiling(definition.name, definition.span):
            for dated in definition.formulas:
                _verify(dated.body, {}, program, definition.name)
                _fits(dated.body.type, definition.type, dated.body, definition.name)
    for function in program.functions.values():
        with compiling(function.name):
            for dated in function.formulas:
                _verify(dated.body, dict(function.arguments), program, function.name)
                _fits(dated.body.type, function.type, dated.body, function.name)
    if set(program.order) != set(program.definitions):
        raise CoreInvalid("the order does not list every definition once")


def _require(holds: bool, node: ir.Expression, owner: str) -> None:
    if not holds:
        raise CoreInvalid(f"{owner}: {type(node).__name__} at {node.span} breaks the core's rules: {node!r:.300}")


def _fits(given: ValueType, wanted: ValueType, node: ir.Expression, owner: str) -> None:
    _require(given == wanted or (given, wanted) == (INTEGER, RATE), node, owner)


def _verify(node: ir.Expression, names: Mapping[str, ValueType], program: Program, owner: str) -> None:
    _require(node.type.kind is not Kind.FAILED, node, owner)
    match node:
        case ir.Let():
            _verify(node.value, names, program, owner)
            _verify(node.body, {**names, node.name: node.value.type}, program, owner)
            _fits(node.body.type, node.type, node, owner)
            return
        case ir.Local():
            _require(names.get(node.name) == node.type, node, owner)
    for child in children(node):
        _verify(child, names, program, owner)
    _verify_names(node, program, owner)
    _verify_types(node, owner)


def _verify_names(node: ir.Expression, program: Program, owner: str) -> None:
    match node:
        case ir.VariableRead():
            read: Definition | None = program.definitions.get(node.name)
            _require(read is not None and read.type == node.type, node, owner)
            _require(read is not None and read.entity == node.subject.entity, node, owner)
        case ir.OverTime():
            read = program.definitions.get(node.name)
            _require(read is not None and read.period == node.kind, node, owner)
        case ir.OverParts():
            counted = BOOLEAN if node.operator in ("count", "any", "all") else node.type
            _fits(node.body.type, counted, node, owner)
        case ir.ParameterRead():
            _require(node.name in program.parameters, node, owner)
        case ir.TableRead():
            table = program.tables.get(node.name)
            _require(table is not None and table.columns.get(node.column) == node.type, node, owner)
        case ir.ScaleRead():
            scale = program.scales.get(node.name)
            _require(scale is not None and (scale.key is None) == (node.key is None), node, owner)
        case ir.FunctionCall():
            function = program.functions.get(node.name)
            _require(function is not None and len(function.arguments) == len(node.arguments), node, owner)


def _verify_types(node: ir.Expression, owner: str) -> None:
    match node:
        case ir.And() | ir.Or():
            _require(all(value.type == BOOLEAN for value in node.values), node, owner)
        case ir.Not():
            _require(node.value.type == BOOLEAN, node, owner)
        case ir.IsNone() | ir.Nobody():
            _require(node.type == BOOLEAN, node, owner)
        case ir.Chosen():
            _require((node.count is None) == (node.operator == "only"), node, owner)
            _require(bool(node.keys) == (node.pick in ("first", "last")), node, owner)
            _fits(INTEGER if node.operator == "count" else node.body.type, node.type, node, owner)
        case ir.AsIf():
            _require(bool(node.changes) and node.value.type == node.type, node, owner)
        case ir.Ranked():
            _require(bool(node.keys) and node.subject.entity == node.link.entity, node, owner)
            _require(node.type == (INTEGER if node.operator == "rank" else RATE), node, owner)
        case ir.Present():
            _require(node.value.type == node.type, node, owner)
        case ir.If():
            _require(node.condition.type == BOOLEAN, node, owner)
            for branch in (node.then, node.otherwise):
                _fits(branch.type, node.type, node, owner)
        case ir.Compare():
            pair = (node.left.type, node.right.type)
            _require(pair[0] == pair[1] or set(pair) == {INTEGER, RATE}, node, owner)
        case ir.Arithmetic():
            _require(_result(node) == node.type, node, owner)
        case ir.Extreme():
            for value in node.values:
                _fits(value.type, node.type, node, owner)
        case ir.Exceptions():
            for case in node.cases:
                _require(case.when.type == BOOLEAN, node, owner)
                _fits(case.then.type, node.type, node, owner)
        case ir.Otherwise():
            for part in (node.value, node.fallback):
                _fits(part.type, node.type, node, owner)


def _result(node: ir.Arithmetic) -> ValueType | None:
    left, right = node.left.type, node.right.type
    numbers = (RATE, INTEGER)
    match node.operator:
        case "mod":
            return INTEGER if left == right == INTEGER else None
        case "+" | "-":
            if DATE in (left, right):
                return DURATION if left == right else DATE
            return RATE if {left, right} == {RATE, INTEGER} else left if left == right else None
        case "*" if MONEY in (left, right):
            return MONEY if left in numbers or right in numbers else None
        case "*" if DURATION in (left, right):
            return DURATION
        case "*":
            return INTEGER if left == right == INTEGER else RATE
    return MONEY if left == MONEY and right in numbers else RATE
