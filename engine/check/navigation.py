"""Reading at another time: `x @ last year`, `sum(x over months)`, `spread(x, months)`."""

from __future__ import annotations

from dataclasses import replace

from engine.check.context import Elaboration, Part, Scope, Value, Who, failed
from engine.check.names import figure_type, name_part, reading
from engine.check.resolve import Symbol, did_you_mean
from engine.check.times import Figure, constant_time, is_money, is_stock, when_time
from engine.ir import nodes as ir
from engine.syntax import ast
from engine.values.periods import PeriodKind, Unit
from engine.values.types import BOOLEAN


def at(elab: Elaboration, node: ast.At, scope: Scope) -> Value:
    """`figure @ when` or `constant @ when`."""
    if not _names_figure(elab, node.value, scope):
        return _constant_at(elab, node, scope)
    found = figure_path(elab, node.value, scope)
    if found is None:
        return failed(node.span)
    symbol, figure, who = found
    if figure.period is None:
        return failed(node.span)
    time = when_time(elab, node.when, figure.period, scope)
    return reading(elab, symbol, figure, who, node.span, time) if time is not None else failed(node.span)


def _names_figure(elab: Elaboration, node: ast.Expression, scope: Scope) -> bool:
    if isinstance(node, ast.Name):
        symbol = elab.symbols.look_up(scope.module, node.name)
        return node.name not in scope.names and symbol is not None and symbol.figure is not None
    return isinstance(node, ast.Attribute) and not isinstance(node.base, ast.Index)


def _constant_at(elab: Elaboration, node: ast.At, scope: Scope) -> Value:
    value = elab.value(node.value, scope)
    if value.failed:
        return value
    if not isinstance(value.node, ir.ParameterRead | ir.TableRead):
        help_text = "name the expression as a variable, and read that at another time"
        message = "only a figure or a constant is read at another time"
        return elab.fail("E603", message, node.value.span, help=help_text)
    time = constant_time(elab, node.when, scope)
    return (
        replace(value, node=replace(value.node, time=time, span=node.span)) if time is not None else failed(node.span)
    )


def over_time(elab: Elaboration, node: ast.OverTime, scope: Scope) -> Value:
    """`sum(x over months)` or `sum(x over last 3 years)`."""
    if node.count == 0 and node.unit not in ("days", "months", "years") and isinstance(node.body, ast.Name):
        help_text = f"write `{node.operation}(m.{node.body.name} for m in {node.unit})`"
        if node.unit in ("day", "month", "year"):
            help_text = f"write `{node.operation}({node.body.name} over {node.unit}s)`"
        return elab.fail("E505", f"`{node.unit}` are no periods to run over", node.span, help=help_text)
    found = figure_path(elab, node.body, scope)
    if found is None:
        return failed(node.span)
    symbol, figure, who = found
    if figure.period is None:
        return failed(node.span)
    value_type = figure_type(figure)
    if node.operation == "sum" and is_stock(figure):
        window = f"last {node.count} {node.unit}" if node.count else node.unit
        help_text = f"read it at a date: `{figure.name} @ end`; or take `max({figure.name} over {window})`"
        return elab.fail("E602", "a stock is not summed over time", node.body.span, help=help_text)
    problem = _window_problem(node, figure.period, scope)
    if problem is not None:
        return elab.fail("E603", problem[0], node.span, help=problem[1])
    boolean = node.operation in ("any", "all")
    if boolean != (value_type == BOOLEAN) or not (boolean or value_type.is_number):
        message = f"`{node.operation}` over time is not defined for a {value_type}"
        return elab.fail("E502", message, node.span, help="sum, min and max take numbers; any and all take conditions")
    elab.used.add(symbol.name)
    read = ir.OverTime(value_type, node.span, node.operation, symbol.name, who.subject, figure.period, node.count)
    return Value(read, who.optional or symbol.name in elab.optional_figures)


def _window_problem(node: ast.OverTime, kind: PeriodKind, scope: Scope) -> tuple[str, str] | None:
    if node.operation not in ("sum", "min", "max", "any", "all"):
        return f"`{node.operation}` does not run over periods", "use sum, min, max, any or all"
    if node.count == 0 and node.unit != "months":
        return "it is not said how many earlier periods", "write `over last 3 years`"
    if node.count == 0 and kind == scope.period:
        return f"the figure is per {kind} itself", "read it by its name alone, or `over last 3 years` for earlier ones"
    if node.count == 0:
        if node.unit != "months" or kind.unit is not Unit.MONTH or scope.period is None:
            return "only a monthly figure runs over months", "write `over last 3 years` for earlier periods"
        if scope.period.unit is not Unit.YEAR:
            return "only a yearly formula has months to run over", "give the definition `period: year`"
        return None
    if node.unit.removesuffix("s") != str(kind) and node.unit != str(kind):
        count = 12 * node.count if kind.unit is Unit.MONTH and node.unit == "years" else node.count
        return f"this figure is per {kind}, not per {node.unit.removesuffix('s')}", f"write `over last {count} {kind}s`"
    if node.count > 120:
        return "at most 120 earlier periods are read", "name a shorter window"
    return None


def spread(elab: Elaboration, node: ast.Call, scope: Scope) -> Value:
    """`spread(x, months)`: a twelfth of a yearly flow."""
    months = node.arguments[1]
    if not isinstance(months, ast.Name) or months.name != "months":
        return elab.fail("E505", "a flow is spread over months", months.span, help="write `spread(x, months)`")
    if scope.period is None or scope.period.unit is not Unit.MONTH:
        help_text = "in a yearly formula read the yearly figure itself"
        return elab.fail("E603", "`spread` serves a monthly formula", node.span, help=help_text)
    found = figure_path(elab, node.arguments[0], scope)
    if found is None:
        return failed(node.span)
    symbol, figure, who = found
    if figure.period is None:
        return failed(node.span)
    if is_stock(figure) or not is_money(figure):
        help_text = "a state is the same in every month: read it with `@ start` or `@ end`"
        return elab.fail(
            "E602", f"`{figure.name}` is not a flow of money, and is not spread", node.span, help=help_text
        )
    if figure.period.unit is not Unit.YEAR:
        return elab.fail("E603", f"`{figure.name}` is not yearly", node.span, help="only a yearly flow is spread")
    read = ir.VariableRead(figure_type(figure), node.span, symbol.name, who.subject, ir.Containing(figure.period))
    elab.used.add(symbol.name)
    return Value(ir.Spread(read.type, node.span, read), who.optional or symbol.name in elab.optional_figures)


def figure_path(elab: Elaboration, node: ast.Expression, scope: Scope) -> tuple[Symbol, Figure, Who] | None:
    """The figure, and whose, that a name or path stands for; no rule on time is applied. None: reported."""
    if isinstance(node, ast.Name):
        who: Part = Who(ir.Self(scope.entity))
        name, span = node.name, node.span
    elif isinstance(node, ast.Attribute):
        who = elab.part(node.base, scope)
        name, span = node.name, node.name_span
    else:
        help_text = "name the expression as a variable of its own"
        elab.problems.add("E603", "a figure's name is wanted here", node.span, help=help_text)
        return None
    if isinstance(who, Value) and who.failed:
        return None
    symbol = elab.symbols.look_up(scope.module, name)
    if symbol is None:
        elab.symbols.report_unknown(scope.module, name, span, elab.problems)
        return None
    figure = symbol.figure
    if figure is not None and isinstance(node, ast.Name) and scope.entity and figure.entity != scope.entity:
        name_part(elab, node, scope)  # which says through whom it is read
        return None
    if not isinstance(who, Who) or figure is None or figure.entity != who.subject.entity or not scope.entity:
        help_text = did_you_mean(name, {one.declaration.name for one in elab.symbols.all() if one.figure is not None})
        elab.problems.add("E406", f"`{name}` is no figure that can be read here", span, help=help_text)
        return None
    return symbol, figure, who
