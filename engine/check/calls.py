"""Functions of the rules, scales and tables."""

from __future__ import annotations

from collections.abc import Sequence

from engine.check.context import Elaboration, Part, Scope, TableRow, Value, Who, article, failed
from engine.check.names import step
from engine.check.operators import as_money, with_unit
from engine.check.resolve import Symbol
from engine.ir import nodes as ir
from engine.reading.declarations import Function
from engine.reading.declared_constants import KeyType, Scale, Table
from engine.syntax import ast
from engine.text.source import Span
from engine.values.types import BOOLEAN, DATE, FAILED, INTEGER, MONEY, RATE, ValueType, enum_type


def call(elab: Elaboration, node: ast.Call, scope: Scope) -> Value:
    """`name(…)` or `scale[key](…)`."""
    if isinstance(node.base, ast.Index) and isinstance(node.base.base, ast.Name):
        return _scale(elab, node, node.base.base, node.base.keys, scope)
    if not isinstance(node.base, ast.Name):
        return elab.fail(
            "E505", "this cannot be called", node.base.span, help="only functions and scales take arguments"
        )
    symbol = elab.symbols.look_up(scope.module, node.base.name)
    if symbol is None:
        elab.symbols.report_unknown(scope.module, node.base.name, node.base.span, elab.problems)
        return failed(node.span)
    match symbol.declaration:
        case Scale():
            return _scale(elab, node, node.base, (), scope)
        case Function() as function:
            return _function(elab, node, symbol, function, scope)
    message = f"`{node.base.name}` takes no arguments"
    return elab.fail("E505", message, node.base.span, help="write its name alone, or `[…]` for a table")


def is_declared(elab: Elaboration, name: str, scope: Scope) -> bool:
    """Whether the rules have a function or scale of a name that a builtin has too: theirs is meant."""
    symbol = elab.symbols.look_up(scope.module, name)
    return symbol is not None and isinstance(symbol.declaration, Scale | Function)


def _function(elab: Elaboration, node: ast.Call, symbol: Symbol, function: Function, scope: Scope) -> Value:
    elab.used.add(symbol.name)
    if function.type == FAILED:
        return failed(node.span)
    if len(node.arguments) != len(function.arguments):
        names = ", ".join(name for name, _ in function.arguments)
        message = f"`{function.name}` takes {_count(len(function.arguments), 'argument')}, not {len(node.arguments)}"
        return elab.fail("E505", message, node.span, help=f"write `{function.name}({names})`")
    values = []
    for argument, (_, wanted) in zip(node.arguments, function.arguments, strict=True):
        values.append(typed(elab, argument, scope, wanted))
    if any(value.failed for value in values):
        return failed(node.span)
    given = tuple(value.node for value in values)
    kind = function.type or FAILED
    return Value(ir.FunctionCall(kind, node.span, symbol.name, given), optional=kind.or_none)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def typed(elab: Elaboration, node: ast.Expression, scope: Scope, wanted: ValueType, code: str = "E505") -> Value:
    """A value that must be of type `wanted`; an integer serves as a rate, a bare 0 as money."""
    value = elab.value(node, scope, wanted)
    if not wanted.or_none:
        value = elab.sure(value, node.span)
    if value.failed or wanted == FAILED:
        return failed(node.span)
    if value.zero and wanted == MONEY:
        return as_money(value)
    if value.type == wanted or (value.type == INTEGER and wanted == RATE):
        return value
    help_text = f"give {article(wanted)}"
    if wanted == MONEY and value.type.is_number:
        remedy = with_unit(value, node.span, elab.settings.currency)
        return elab.fail("E504", "money is needed here, not a number without a unit", node.span, help=remedy)
    if wanted == INTEGER and value.type == RATE:
        help_text = "round it to a whole number: `floor(x)`, `ceil(x)` or `round(x, half_up, 1)`"
    return elab.fail(code, f"{article(wanted)} is needed here, not {article(value.type)}", node.span, help=help_text)


def _scale(elab: Elaboration, node: ast.Call, base: ast.Name, keys: Sequence[ast.Expression], scope: Scope) -> Value:
    symbol = elab.symbols.look_up(scope.module, base.name)
    if symbol is None:
        elab.symbols.report_unknown(scope.module, base.name, base.span, elab.problems)
        return failed(node.span)
    elab.used.add(symbol.name)
    scale = symbol.declaration
    if not isinstance(scale, Scale):
        return elab.fail(
            "E505", f"`{base.name}` is not a scale", base.span, help="only scales are read as `name[key](…)`"
        )
    if scale.of is None or scale.gives is None or FAILED in (scale.of, scale.gives):
        return failed(node.span)
    further = ", ".join(("…", *(name for name, _ in scale.arguments)))
    usage = f"{scale.name}[…]({further})" if scale.key is not None else f"{scale.name}({further})"
    if len(node.arguments) != 1 + len(scale.arguments) or len(keys) != (scale.key is not None):
        return elab.fail("E505", f"the scale `{scale.name}` is not read like this", node.span, help=f"write `{usage}`")
    argument = typed(elab, node.arguments[0], scope, scale.of)
    key = _keys(elab, keys, (scale.key,) if scale.key else (), scope)
    rest = [
        typed(elab, further_argument, scope, type)
        for further_argument, (_, type) in zip(node.arguments[1:], scale.arguments, strict=True)
    ]
    if argument.failed or key is None or any(value.failed for value in rest):
        return failed(node.span)
    if scale.computed:
        given = (argument.node, *key, *(value.node for value in rest))
        return Value(ir.FunctionCall(scale.gives, node.span, symbol.name, given), optional=scale.gives.or_none)
    first = key[0] if key else None
    return Value(ir.ScaleRead(scale.gives, node.span, symbol.name, first, argument.node, ir.ThisPeriod()))


def _keys(
    elab: Elaboration, keys: Sequence[ast.Expression], types: Sequence[KeyType], scope: Scope
) -> tuple[ir.Expression, ...] | None:
    values = []
    for key, key_type in zip(keys, types, strict=True):
        wanted = enum_type(key_type.enum) if key_type.enum else BOOLEAN if key_type.boolean else INTEGER
        wanted = DATE if key_type.day else wanted
        value = typed(elab, key, scope, wanted)
        _check_bounds(elab, value, key_type, key.span)
        values.append(_at_most(value, key_type) if key_type.open and not value.failed else value)
    return None if any(value.failed for value in values) else tuple(value.node for value in values)


def _at_most(value: Value, key: KeyType) -> Value:
    """A key, or the last row's where it lies beyond."""
    last = ir.Literal(INTEGER, value.node.span, key.high)
    return Value(ir.Extreme(INTEGER, value.node.span, "min", (value.node, last)))


def _check_bounds(elab: Elaboration, value: Value, key: KeyType, span: Span) -> None:
    if key.enum or key.boolean or not isinstance(value.node, ir.Literal) or not isinstance(value.node.value, int):
        return
    if value.node.value < key.low or (value.node.value > key.high and not key.open):
        message = f"the key `{key.name}` goes from {key.low} {'on' if key.open else f'to {key.high}'}"
        elab.problems.add("E509", message, span, help="give a key in that range")


def index_part(elab: Elaboration, node: ast.Index, scope: Scope) -> Part:
    """`table[key, …]`: a cell of a table with one unnamed column, else a row."""
    if not isinstance(node.base, ast.Name):
        return elab.fail("E505", "only tables and scales have keys", node.base.span, help="name a table before `[`")
    symbol = elab.symbols.look_up(scope.module, node.base.name)
    if symbol is None:
        if scope.entity and step(elab, Who(ir.Self(scope.entity)), node.base.name) is not None:
            help_text = f"aggregate: `sum(m.… for m in {node.base.name})`"
            return elab.fail("E406", f"`{node.base.name}` are not numbered", node.base.span, help=help_text)
        elab.symbols.report_unknown(scope.module, node.base.name, node.base.span, elab.problems)
        return failed(node.span)
    elab.used.add(symbol.name)
    table = symbol.declaration
    if not isinstance(table, Table):
        help_text = f"a scale is read as `{node.base.name}[…](…)`" if isinstance(table, Scale) else "remove the `[…]`"
        return elab.fail("E505", f"`{node.base.name}` is not a table", node.base.span, help=help_text)
    if not table.keys:
        return failed(node.span)
    if len(node.keys) != len(table.keys):
        names = ", ".join(key.name for key in table.keys)
        message = f"the table `{table.name}` has {_count(len(table.keys), 'key')}, not {len(node.keys)}"
        return elab.fail("E505", message, node.span, help=f"write `{table.name}[{names}]`")
    keys = _keys(elab, node.keys, table.keys, scope)
    if keys is None:
        return failed(node.span)
    if "" in table.columns:
        read = ir.TableRead(table.columns[""], node.span, symbol.name, "", keys, ir.ThisPeriod())
        return Value(read, optional=table.columns[""].or_none)
    return TableRow(symbol.name, table, keys, ir.ThisPeriod())
