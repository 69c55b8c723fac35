"""The builtin functions on days that figures and functions may hide by a name of their own.

`attains` and `age_on` with the rule `day_before` are the core's plain ones a day earlier: an age is attained on the day
before the birthday exactly if the plain age is attained by the day after.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.check.calls import typed
from engine.check.context import Elaboration, Scope, Value, failed
from engine.check.resolve import did_you_mean
from engine.ir import nodes as ir
from engine.syntax import ast
from engine.text.source import Span
from engine.values.types import DATE, DURATION, INTEGER, WEEKDAY, Duration, ValueType

_TYPES: dict[str, tuple[tuple[ValueType, ...], ValueType]] = {
    "days_between": ((DATE, DATE), INTEGER),
    "weekday": ((DATE,), WEEKDAY),
    "date": ((INTEGER, INTEGER, INTEGER), DATE),
    "mod": ((INTEGER, INTEGER), INTEGER),
    "attains": ((DATE, DURATION), DATE),
    "age_on": ((DATE, DATE), INTEGER),
    "add_working_days": ((DATE, INTEGER), DATE),
    "working_days_between": ((DATE, DATE), INTEGER),
}
_USAGE = {
    "days_between": "days_between(a, b)", "weekday": "weekday(day)", "date": "date(year, month, day)",
    "mod": "mod(a, b)", "attains": "attains(birth_date, 65 years)", "age_on": "age_on(birth_date, day)",
    "add_working_days": "add_working_days(day, n, federal)",
    "working_days_between": "working_days_between(a, b, federal)",
}  # fmt: skip
_RULES = {"birthday": False, "day_before": True}


def date_builtin(elab: Elaboration, node: ast.Call, name: str, scope: Scope) -> Value:
    """A call of `days_between`, `weekday`, `date`, `mod`, `attains` or `age_on`."""
    wanted, result = _TYPES[name]
    before = elab.settings.attains_day_before
    arguments = node.arguments
    if name in ("attains", "age_on") and len(arguments) == 3:
        rule = arguments[2]
        if not isinstance(rule, ast.Name) or rule.name not in _RULES:
            help_text = "write `birthday` or `day_before`, as the section has it"
            return elab.fail("E505", "when an age is attained is needed here", rule.span, help=help_text)
        before, arguments = _RULES[rule.name], arguments[:2]
    workdays = ""
    if name.endswith(("working_days", "working_days_between")) and len(arguments) == 3:
        named = arguments[2]
        workdays = named.name if isinstance(named, ast.Name) else ""
        if workdays not in elab.settings.workdays:
            help_text = did_you_mean(workdays, dict(elab.settings.workdays))
            if not elab.settings.workdays:
                help_text = "declare one in ruleset.yaml: `workdays: {federal: {weekend: [saturday, sunday], …}}`"
            return elab.fail("E505", "a calendar of working days is needed here", named.span, help=help_text)
        arguments = arguments[:2]
    if len(arguments) != len(wanted) or ("working" in name and not workdays):
        return elab.fail("E505", f"`{name}` is not used like this", node.span, help=f"write `{_USAGE[name]}`")
    values = [
        typed(elab, argument, scope, wanted_type) for argument, wanted_type in zip(arguments, wanted, strict=True)
    ]
    if any(value.failed for value in values):
        return failed(node.span)
    if workdays:
        given = tuple(value.node for value in values)
        return Value(ir.DateFunction(result, node.span, name, given, workdays))
    return _call(elab, node.span, name, [value.node for value in values], result=result, before=before)


def _call(
    elab: Elaboration, span: Span, name: str, arguments: Sequence[ir.Expression], *, result: ValueType, before: bool
) -> Value:
    day = ir.Literal(DURATION, span, Duration(days=1))
    match name:
        case "mod":
            divisor = arguments[1]
            if isinstance(divisor, ir.Literal) and divisor.value == 0:
                return elab.fail("E509", "this divides by zero", span, help="divide by something else")
            return Value(ir.Arithmetic(INTEGER, span, "mod", arguments[0], divisor))
        case "attains" if before:
            attained = ir.DateFunction(result, span, name, tuple(arguments))
            return Value(ir.Arithmetic(DATE, span, "-", attained, day))
        case "age_on" if before:
            after = ir.Arithmetic(DATE, span, "+", arguments[1], day)
            return Value(ir.DateFunction(result, span, name, (arguments[0], after)))
    return Value(ir.DateFunction(result, span, name, tuple(arguments)))
