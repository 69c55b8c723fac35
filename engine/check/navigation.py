"""Reading at another time: `x @ last year`, `sum(x over months)`, `spread(x, months)`."""

from __future__ import annotations

from dataclasses import replace

from engine.check.context import Elaboration, Part, Scope, Several, Value, Who, failed
from engine.check.names import as_several, figure_type, name_part, reading
from engine.check.resolve import Symbol, did_you_mean
from engine.check.times import Figure, constant_time, when_time
from engine.check.windows import spread_kind, spreads
from engine.ir import nodes as ir
from engine.syntax import ast
from engine.values.periods import PeriodKind, Unit


def at(elab: Elaboration, node: ast.At, scope: Scope) -> Value:
    """`figure @ when` or `constant @ when`."""
    if not _names_figure(elab, node.value, scope):
        return _constant_at(elab, node, scope)
    path = figure_path(elab, node.value, scope)
    if path is None:
        return failed(node.span)
    symbol, figure, who = path
    if figure.period is None:
        return failed(node.span)
    time = when_time(elab, node.when, figure.period, scope)
    return reading(elab, symbol, figure, who, span=node.span, time=time) if time is not None else failed(node.span)


def _names_figure(elab: Elaboration, node: ast.Expression, scope: Scope) -> bool:
    if isinstance(node, ast.Name):
        symbol = elab.symbols.look_up(scope.module, node.name)
        return node.name not in scope.names and symbol is not None and symbol.figure is not None
    return isinstance(node, ast.Attribute) and not isinstance(node.base, ast.Index)


def _constant_at(elab: Elaboration, node: ast.At, scope: Scope) -> Value:
    value = elab.value(node.value, scope)
    if value.failed:
        return value
    if not isinstance(value.node, ir.ParameterRead | ir.TableRead | ir.ScaleRead):
        help_text = "name the expression as a variable, and read that at another time"
        message = "only a figure or a constant is read at another time"
        if isinstance(value.node, ir.FunctionCall):
            message = "a function, or a scale with formulas, is read at the formula's own time"
        return elab.fail("E603", message, node.value.span, help=help_text)
    time = constant_time(elab, node.when, scope)
    return (
        replace(value, node=replace(value.node, time=time, span=node.span)) if time is not None else failed(node.span)
    )


def spread(elab: Elaboration, node: ast.Call, scope: Scope) -> Value:
    """`spread(x, months)`: a flow of a longer period in equal parts, in a formula of the shorter one."""
    kind = spread_kind(elab, node, scope)
    path = figure_path(elab, node.arguments[0], scope) if kind is not None else None
    if kind is None or path is None:
        return failed(node.span)
    symbol, figure, who = path
    if figure.period is None or not spreads(elab, node, figure, kind):
        return failed(node.span)
    read = ir.VariableRead(figure_type(figure), node.span, symbol.name, who.subject, ir.Containing(figure.period))
    elab.used.add(symbol.name)
    return Value(ir.Spread(read.type, node.span, read, kind), who.optional or symbol.name in elab.optional_figures)


def those(elab: Elaboration, source: ast.Expression, scope: Scope) -> Part:
    """Who is gone through: members or records, or those who are members at a time, as in `members @ start`."""
    if not isinstance(source, ast.At):
        return elab.part(source, scope)
    part = elab.part(source.value, scope)
    several = as_several(part)
    if isinstance(part, Value) and part.failed:
        return part
    if several is None or not isinstance(several.link, ir.Members):
        message = "only members of a group are read at a time here"
        return elab.fail("E603", message, source.span, help="leave the `@` out, or name `members` or a role before it")
    time = when_time(elab, source.when, PeriodKind(Unit.DAY), scope)
    if time is None:
        return failed(source.span)
    return Several(replace(several.link, time=time), several.optional)


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
        elab.problems.add("E603", "a figure's name is needed here", node.span, help=help_text)
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
        help_text = did_you_mean(
            name, {candidate.declaration.name for candidate in elab.symbols.all() if candidate.figure is not None}
        )
        elab.problems.add("E406", f"`{name}` is not a figure that can be read here", span, help=help_text)
        return None
    return symbol, figure, who
