"""The builtin functions: extremes, rounding, dates."""

from __future__ import annotations

from fractions import Fraction

from engine.check.calls import typed
from engine.check.context import Elaboration, Scope, Value, Who, article, failed
from engine.check.names import step
from engine.check.navigation import spread
from engine.check.operators import common_type, join
from engine.ir import nodes as ir
from engine.syntax import ast
from engine.values.numbers import RoundingMode
from engine.values.types import DATE, INTEGER, MONEY, RATE, Kind

_MODES = {mode.value: mode for mode in RoundingMode}


def builtin(elab: Elaboration, node: ast.Call, name: str, scope: Scope) -> Value:
    """A call of the builtin `name`."""
    match name:
        case "min" | "max" if node.arguments:
            return _extreme(elab, node, name, scope)
        case "abs" if len(node.arguments) == 1:
            return _absolute(elab, node, scope)
        case "clip" if len(node.arguments) == 3:
            return _clip(elab, node, scope)
        case "round" if len(node.arguments) == 3:
            return _round(elab, node, scope)
        case "floor" | "ceil" if len(node.arguments) in (1, 2):
            return _whole(elab, node, name, scope)
        case "years_between" | "months_between" if len(node.arguments) == 2:
            return _date_function(elab, node, name, scope)
        case "year_of" | "month_of" | "day_of" if len(node.arguments) == 1:
            return _date_function(elab, node, name, scope)
        case "spread" if len(node.arguments) == 2:
            return spread(elab, node, scope)
    return elab.fail(
        "E505", f"`{name}` is not used like this", node.span, help=f"write {_usage(elab, node, name, scope)}"
    )


_USAGE = {
    "min": "min(a, b)", "max": "max(a, b)", "abs": "abs(x)", "clip": "clip(x, low, high)",
    "round": "round(x, half_up, 1 USD)", "floor": "floor(x)", "ceil": "ceil(x)", "sum": "sum(m.x for m in members)",
    "count": "count(m in members where …)", "any": "any(m.x for m in members)", "all": "all(m.x for m in members)",
    "years_between": "years_between(a, b)", "months_between": "months_between(a, b)", "year_of": "year_of(date)",
    "month_of": "month_of(date)", "day_of": "day_of(date)", "spread": "spread(x, months)",
    "members": "m in members", "months": "sum(x over months)",
}  # fmt: skip


def _usage(elab: Elaboration, node: ast.Call, name: str, scope: Scope) -> str:
    usage = _USAGE[name].replace("USD", elab.settings.currency)
    said = node.arguments[0] if len(node.arguments) == 1 else None
    if name not in ("sum", "count", "any", "all") or not isinstance(said, ast.Name):
        return f"`{usage}`"
    if scope.entity and step(elab, Who(ir.Self(scope.entity)), said.name) is not None:
        return f"`{usage.replace('members', said.name)}`"
    return f"`{name}({said.name} over months)`, or `{usage}`"


def _numbers(elab: Elaboration, node: ast.Call, scope: Scope) -> list[Value] | None:
    values = [elab.sure(elab.value(argument, scope), argument.span) for argument in node.arguments]
    return join(elab, values, [argument.span for argument in node.arguments], "compared with")


def _extreme(elab: Elaboration, node: ast.Call, name: str, scope: Scope) -> Value:
    values = _numbers(elab, node, scope)
    if values is None:
        return failed(node.span)
    result = common_type(values)
    assert result is not None
    if not result.is_number and result.kind not in (Kind.DATE, Kind.DURATION):
        return elab.fail("E502", f"{article(result)} has no order", node.span, help="use numbers or dates")
    return Value(ir.Extreme(result, node.span, name, tuple(value.node for value in values)))


def _absolute(elab: Elaboration, node: ast.Call, scope: Scope) -> Value:
    value = elab.sure(elab.value(node.arguments[0], scope), node.span)
    if value.failed:
        return value
    if not value.type.is_number:
        return elab.fail("E502", f"{article(value.type)} has no absolute value", node.span, help="use a number")
    return Value(ir.Absolute(value.type, node.span, value.node))


def _clip(elab: Elaboration, node: ast.Call, scope: Scope) -> Value:
    values = _numbers(elab, node, scope)
    if values is None:
        return failed(node.span)
    result = common_type(values)
    assert result is not None
    if not result.is_number and result != DATE:
        return elab.fail("E502", f"{article(result)} has no order", node.span, help="use numbers or dates")
    low, high = (values[index].node for index in (1, 2))
    if isinstance(low, ir.Literal) and isinstance(high, ir.Literal) and low.value > high.value:  # type: ignore[operator]
        help_text = "write `clip(x, low, high)`, the lower end first"
        return elab.fail("E509", "the lower end is above the upper end", node.arguments[1].span, help=help_text)
    lower = ir.Extreme(result, node.span, "min", (values[0].node, values[2].node))
    return Value(ir.Extreme(result, node.span, "max", (values[1].node, lower)))


def _round(elab: Elaboration, node: ast.Call, scope: Scope) -> Value:
    mode_node = node.arguments[1]
    mode = _MODES.get(mode_node.name) if isinstance(mode_node, ast.Name) else None
    if mode is None:
        help_text = "one of " + ", ".join(sorted(_MODES))
        return elab.fail("E505", "a rounding mode is needed here", mode_node.span, help=help_text)
    return _rounding(elab, node, mode, node.arguments[2], scope)


def _whole(elab: Elaboration, node: ast.Call, name: str, scope: Scope) -> Value:
    mode = RoundingMode.DOWN if name == "floor" else RoundingMode.UP
    return _rounding(elab, node, mode, node.arguments[1] if len(node.arguments) == 2 else None, scope)


def _rounding(
    elab: Elaboration, node: ast.Call, mode: RoundingMode, step: ast.Expression | None, scope: Scope
) -> Value:
    value = elab.sure(elab.value(node.arguments[0], scope), node.arguments[0].span)
    if value.failed:
        return value
    if not value.type.is_number:
        return elab.fail("E502", f"{article(value.type)} cannot be rounded", node.span, help="round a number")
    if step is None:
        unit_step = ir.Literal(MONEY if value.type == MONEY else INTEGER, node.span, 1)
        return Value(ir.Round(MONEY if value.type == MONEY else INTEGER, node.span, value.node, mode, unit_step))
    size = typed(elab, step, scope, MONEY if value.type == MONEY else RATE)
    if size.failed:
        return size
    if isinstance(size.node, ir.Literal) and isinstance(size.node.value, int | Fraction) and size.node.value <= 0:
        help_text = "write the unit in which the law rounds"
        return elab.fail("E509", "a rounding step is above zero", step.span, help=help_text)
    return Value(ir.Round(size.type, node.span, value.node, mode, size.node))


def _date_function(elab: Elaboration, node: ast.Call, name: str, scope: Scope) -> Value:
    values = [typed(elab, argument, scope, DATE) for argument in node.arguments]
    if any(value.failed for value in values):
        return failed(node.span)
    return Value(ir.DateFunction(INTEGER, node.span, name, tuple(value.node for value in values)))
