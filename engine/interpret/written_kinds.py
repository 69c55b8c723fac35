"""How each kind of node is written as Python: what `expressions` and `interpreter` say of it where all is known.

What is written reads the same figures and constants in the same order as evaluating node by node. A kind that is left
out is evaluated so, in the middle of the text (`by_node`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from engine.interpret import operations
from engine.interpret.date_operations import date_arithmetic, date_function
from engine.interpret.written import FOUND, NOT_YET, Kind, Local, Scope, Text, Unwritten, Written
from engine.interpret.written_reads import by_node, constant, figure
from engine.interpret.written_sums import aggregate
from engine.ir import nodes as ir
from engine.values import types
from engine.values.types import NUMBERS

_NUMBERS: Mapping[str, str] = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "mod": "remainder"}
_ORDER: Mapping[str, str] = {
    "=": "equal({0}, {1})", "!=": "not equal({0}, {1})", "<": "less({0}, {1})", "<=": "not less({1}, {0})",
    ">": "less({1}, {0})", ">=": "not less({0}, {1})",
}  # fmt: skip
_PLAINLY: Mapping[str, str] = {"=": "({0} is {1} or {0} == {1})", "!=": "not ({0} is {1} or {0} == {1})"}


def _literal(text: Text, node: ir.Literal, scope: Scope) -> Written:
    return (repr(node.value) if type(node.value) in (int, bool) else text.named(node.value)), False


def _not_applicable(text: Text, node: ir.NotApplicable, scope: Scope) -> Written:
    return "None", True


def _local(text: Text, node: ir.Local, scope: Scope) -> Written:
    """A local name, whose value is found here if it may not have been found before."""
    local = scope.names[node.name]
    if local.state == NOT_YET:
        _find(text, local)
    elif local.state != FOUND:
        with text.indented(f"if {local.variable} is HandOver:"):
            _find(text, local)
    local.state = FOUND
    return local.variable, local.may_be_none


def _find(text: Text, local: Local) -> None:
    value, may_be_none = text.value_or_none(local.value, local.scope)
    text.line(f"{local.variable} = {value}")
    local.may_be_none = may_be_none


def _let(text: Text, node: ir.Let, scope: Scope) -> Written:
    return text.value_or_none(node.body, scope.naming(node.name, text.local(node.value, scope)))


def _function(text: Text, node: ir.FunctionCall, scope: Scope) -> Written:
    """A function's body in the place of its call, where it has one for all time."""
    function = text.program.functions[node.name]
    if node.name in scope.functions or len(function.formulas) != 1 or function.formulas[0].start is not None:
        raise Unwritten
    inner = Scope({}, scope.bound, (*scope.functions, node.name))
    for (name, _), argument in zip(function.arguments, node.arguments, strict=True):
        inner = inner.naming(name, _argument(text, argument, scope))
    return text.value_or_none(function.formulas[0].body, inner)


def _argument(text: Text, node: ir.Expression, scope: Scope) -> Local:
    return scope.names[node.name] if isinstance(node, ir.Local) else text.local(node, scope)


def _arithmetic(text: Text, node: ir.Arithmetic, scope: Scope) -> Written:
    left, right = text.value(node.left, scope), text.value(node.right, scope)
    if node.left.type.kind in NUMBERS and node.right.type.kind in NUMBERS:
        return text.variable(f"{_NUMBERS[node.operator]}({left}, {right})"), False
    settings = text.named(text.program.settings)
    return _told(text, date_arithmetic, f"{text.named(node)}, Known({left}), Known({right}), {settings}")


def _told(text: Text, operation: Any, arguments: str) -> Written:
    """What an operation on outcomes gives."""
    return text.variable(f"known_or_none({text.named(operation)}({arguments}))"), True


def _compare(text: Text, node: ir.Compare, scope: Scope) -> Written:
    left, right = text.value(node.left, scope), text.value(node.right, scope)
    kind = node.left.type.kind
    if kind in NUMBERS and node.right.type.kind in NUMBERS:
        return text.variable(_ORDER[node.operator].format(left, right)), False
    if kind in (types.Kind.BOOLEAN, types.Kind.ENUM) and node.operator in _PLAINLY:
        return text.variable(_PLAINLY[node.operator].format(left, right)), False
    return _told(text, operations.compared, f"{text.named(node)}, Known({left}), Known({right})")


def _not(text: Text, node: ir.Not, scope: Scope) -> Written:
    return text.variable(f"not {text.value(node.value, scope)}"), False


def _and(text: Text, node: ir.And, scope: Scope) -> Written:
    return _joined(text, node.values, scope, decides=False)


def _or(text: Text, node: ir.Or, scope: Scope) -> Written:
    return _joined(text, node.values, scope, decides=True)


def _joined(text: Text, values: tuple[ir.Expression, ...], scope: Scope, decides: bool) -> Written:
    """What several conditions come to, of which the first that is `decides` decides: those after it are not read."""
    result = text.variable(str(decides))
    _until_decided(text, values, scope, result, decides)
    return result, False


def _until_decided(text: Text, values: tuple[ir.Expression, ...], scope: Scope, result: str, decides: bool) -> None:
    if not values:
        text.line(f"{result} = {not decides}")
        return
    with text.indented(f"if {'not ' if decides else ''}{text.value(values[0], scope)}:"):
        _until_decided(text, values[1:], scope, result, decides)


def _choice(text: Text, node: ir.If, scope: Scope) -> Written:
    condition, result = text.value(node.condition, scope), text.new("v")
    may_be_none: list[bool] = []

    def branch(value: ir.Expression) -> None:
        found, none = text.value_or_none(value, scope)
        text.line(f"{result} = {found}")
        may_be_none.append(none)

    text.branches(condition, lambda: branch(node.then), lambda: branch(node.otherwise))
    return result, any(may_be_none)


def _extreme(text: Text, node: ir.Extreme, scope: Scope) -> Written:
    values = [text.value(value, scope) for value in node.values]
    if node.type.kind not in NUMBERS and node.type.kind is not types.Kind.DATE:
        known = ", ".join(f"Known({value})" for value in values)
        kind, span = text.named(node.type.kind), text.named(node.span)
        return _told(text, operations.extreme_of, f"{node.operator!r}, {kind}, [{known}], {span}")
    chosen = values[0]
    for value in values[1:]:
        order = f"less({value}, {chosen})" if node.operator == "min" else f"less({chosen}, {value})"
        chosen = text.variable(f"{value} if {order} else {chosen}")
    return chosen, False


def _otherwise(text: Text, node: ir.Otherwise, scope: Scope) -> Written:
    value, may_be_none = text.value_or_none(node.value, scope)
    if not may_be_none:
        return value, False
    result = text.variable(value)
    with text.indented(f"if {result} is None:"):
        fallback, none = text.value_or_none(node.fallback, scope)
        text.line(f"{result} = {fallback}")
    return result, none


def _is_none(text: Text, node: ir.IsNone, scope: Scope) -> Written:
    value, may_be_none = text.value_or_none(node.value, scope)
    return (text.variable(f"{value} is None") if may_be_none else "False"), False


def _exceptions(text: Text, node: ir.Exceptions, scope: Scope) -> Written:
    """The general rule, or the exception that is over all others that hold; where they clash, it is handed over."""
    whens = [f"({case.name!r}, {text.value(case.when, scope)})" for case in node.cases]
    holding = f"{{name for name, holds in ({', '.join(whens)},) if holds}}"
    winner = text.variable(f"{text.named(operations.winner)}({text.named(node)}, {holding})")
    ways = [(operations.GENERAL, node.general), *((case.name, case.then) for case in node.cases)]
    result = text.new("v")
    return result, _one_of(text, ways, scope, (winner, result))


def _one_of(text: Text, ways: Sequence[tuple[str, ir.Expression]], scope: Scope, variables: tuple[str, str]) -> bool:
    """The way whose name the first variable has, as the second; gives whether it may be None."""
    winner, result = variables
    if not ways:
        text.line("raise HandOver")
        return False
    (name, body), *others = ways
    may_be_none: list[bool] = []

    def then() -> None:
        value, none = text.value_or_none(body, scope)
        text.line(f"{result} = {value}")
        may_be_none.append(none)

    text.branches(f"{winner} == {name!r}", then, lambda: may_be_none.append(_one_of(text, others, scope, variables)))
    return any(may_be_none)


def _present(text: Text, node: ir.Present, scope: Scope) -> Written:
    return text.value_or_none(node.value, scope)


def _negate(text: Text, node: ir.Negate, scope: Scope) -> Written:
    return text.variable(f"-{text.value(node.value, scope)}"), False


def _absolute(text: Text, node: ir.Absolute, scope: Scope) -> Written:
    return text.variable(f"abs({text.value(node.value, scope)})"), False


def _round(text: Text, node: ir.Round, scope: Scope) -> Written:
    value, step = text.value(node.value, scope), text.value(node.step, scope)
    mode, span = text.named(node.mode), text.named(node.span)
    return _told(text, operations.rounded, f"Known({value}), Known({step}), {mode}, {span}")


def _date_function(text: Text, node: ir.DateFunction, scope: Scope) -> Written:
    arguments = ", ".join([f"Known({text.value(argument, scope)})" for argument in node.arguments])
    return _told(text, date_function, f"{text.named(node)}, [{arguments}], {text.named(text.program.settings)}")


def _boundary(text: Text, node: ir.PeriodBoundary, scope: Scope) -> Written:
    which = node.which
    return text.want(lambda own, constants: own.start if which == "start" else own.end), False


BY_KIND: Mapping[type[ir.Node], Kind] = defaultdict(
    lambda: by_node,
    {
        ir.Literal: _literal,
        ir.NotApplicable: _not_applicable,
        ir.Local: _local,
        ir.Let: _let,
        ir.FunctionCall: _function,
        ir.Arithmetic: _arithmetic,
        ir.Compare: _compare,
        ir.Not: _not,
        ir.And: _and,
        ir.Or: _or,
        ir.If: _choice,
        ir.Extreme: _extreme,
        ir.Exceptions: _exceptions,
        ir.Otherwise: _otherwise,
        ir.IsNone: _is_none,
        ir.Present: _present,
        ir.Negate: _negate,
        ir.Absolute: _absolute,
        ir.Round: _round,
        ir.DateFunction: _date_function,
        ir.PeriodBoundary: _boundary,
        ir.VariableRead: figure,
        ir.ParameterRead: constant,
        ir.TableRead: constant,
        ir.ScaleRead: constant,
        ir.Aggregate: aggregate,
    },
)
