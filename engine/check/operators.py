"""Arithmetic, comparison and logic: which types fit, and what comes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from engine.check.context import Elaboration, Scope, Value, Who, article, failed
from engine.check.names import whom
from engine.check.presence import compared_with_none, narrowed
from engine.ir import nodes as ir
from engine.syntax import ast
from engine.text.articles import with_article
from engine.text.source import Span
from engine.values.types import BOOLEAN, DATE, DURATION, INTEGER, MONEY, RATE, Duration, Kind, ValueType

_ORDERED = (Kind.MONEY, Kind.RATE, Kind.INTEGER, Kind.DATE, Kind.DURATION)


def as_money(value: Value) -> Value:
    """A bare 0 as an amount of money."""
    return Value(ir.Literal(MONEY, value.node.span, 0))


def pair(elab: Elaboration, left: ast.Expression, right: ast.Expression, scope: Scope) -> tuple[Value, Value]:
    """Two operands, each helping the other's literals to their type; both must apply."""
    if isinstance(left, ast.EnumLiteral):
        second = elab.value(right, scope)
        first = elab.value(left, scope, second.type)
    else:
        first = elab.value(left, scope)
        second = elab.value(right, scope, first.type)
    return elab.sure(first, left.span), elab.sure(second, right.span)


def adapted(values: Sequence[Value]) -> list[Value]:
    """The same values, bare zeros beside money made money."""
    if any(value.type == MONEY for value in values):
        return [as_money(value) if value.zero else value for value in values]
    return list(values)


def common_type(values: Sequence[Value]) -> ValueType | None:
    """The type that all values have or widen to (an integer is also a rate), or None."""
    types = {value.type for value in values}
    if len(types) == 1:
        return types.pop()
    return RATE if types == {RATE, INTEGER} else None


def join(elab: Elaboration, values: Sequence[Value], spans: Sequence[Span], what: str) -> list[Value] | None:
    """Values of one type, or None after saying which does not fit. FAILED values are passed over."""
    if any(value.failed for value in values):
        return None
    fitted = adapted(values)
    if common_type(fitted) is not None:
        return fitted
    for value, span in zip(fitted[1:], spans[1:], strict=True):
        if common_type([fitted[0], value]) is None:
            mismatch(elab, fitted[0], value, span, what)
            break
    return None


def mismatch(elab: Elaboration, first: Value, second: Value, span: Span, what: str) -> None:
    """Report two types that do not meet: E504 where a bare number stands beside money, else E501."""
    if {first.type.kind, second.type.kind} in ({Kind.MONEY, Kind.INTEGER}, {Kind.MONEY, Kind.RATE}):
        beside = "stand beside" if what == "alternatives to" else f"be {what}"
        message = f"a number without a unit cannot {beside} money"
        number, where = (second, span) if second.type != MONEY else (first, first.node.span or span)
        elab.problems.add("E504", message, where, help=with_unit(number, where, elab.settings.currency))
        return
    message = f"{article(first.type)} and {article(second.type)} cannot be {what.rpartition(' ')[0]}"
    elab.problems.add("E501", message, span, help=_remedy(first, second, span))


def with_unit(number: Value, span: Span, currency: str) -> str:
    """How a number that stands where money is wanted becomes money."""
    text = span.text
    if text.endswith("%"):
        return f"say of what amount: `{text} * 600 {currency}`; or divide the amount beside it: `… / 1 {currency}`"
    if re.fullmatch(r"-?[0-9][0-9_]*(\.[0-9_]+)?", text):
        return f"write an amount: `{text} {currency}`"
    if re.fullmatch(r"[a-z0-9_.]{1,40}", text):
        return f"multiply it by an amount: `{text} * 1 {currency}`"
    return f"write an amount: `600 {currency}`"


_DATE_LIKE = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}")


def _remedy(first: Value, second: Value, span: Span) -> str:
    kinds = {first.type.kind, second.type.kind}
    if Kind.DATE in kinds and kinds & {Kind.INTEGER, Kind.RATE}:
        number = second.node.span if second.type.is_number else first.node.span
        written = _DATE_LIKE.fullmatch(number.text) if number is not None else None
        if written is not None:
            year, month, day = written.groups()
            meant = f"`{year}-{int(month):02}-{int(day):02}`" if year else "`1964-01-31`"
            return f"write dates as YYYY-MM-DD: {meant}"
        return "write a length of time, such as `3 days` or `18 years`, or a date, such as `2024-01-31`"
    if kinds == {Kind.DURATION, Kind.INTEGER}:
        if second.type == INTEGER and isinstance(second.node, ir.Literal):
            return f"write the length with its unit: `{span.text} days`"
        return "a length of time has a unit, such as `18 years`, and a whole number has none"
    if Kind.BOOLEAN in kinds:
        return "write the condition alone: `x`, or `not x`"
    return "both sides must be of one type"


def negate(elab: Elaboration, node: ast.Negate, scope: Scope, expected: ValueType | None) -> Value:
    """`-x` of a number or a duration."""
    value = elab.sure(elab.value(node.value, scope, expected), node.value.span)
    if value.failed:
        return value
    if not value.type.is_number and value.type != DURATION:
        return elab.fail("E502", f"{article(value.type)} has no negative", node.span, help="negate a number")
    if isinstance(value.node, ir.Literal) and isinstance(value.node.value, int | Duration):
        return Value(replace(value.node, value=-value.node.value, span=node.span), zero=value.zero)
    return Value(ir.Negate(value.type, node.span, value.node))


def arithmetic(elab: Elaboration, node: ast.Arithmetic, scope: Scope) -> Value:
    """`+ - * /`."""
    if node.operator in "+-":
        left, right = pair(elab, node.left, node.right, scope)
    else:  # the two sides of a product need not be of one type, so neither helps the other's literals
        left, right = (elab.sure(elab.value(side, scope), side.span) for side in (node.left, node.right))
    if left.failed or right.failed:
        return failed(node.span)
    if node.operator in "+-":
        return _additive(elab, node, left, right)
    if node.operator == "/" and isinstance(right.node, ir.Literal) and right.node.value == 0:
        return elab.fail("E509", "this divides by zero", node.right.span, help="divide by something else")
    result = _product_type(node.operator, left.type, right.type)
    if left.type == right.type == DURATION and {_measured_in(value.node) for value in (left, right)} == {
        "days",
        "months",
    }:
        message = "a number of days and a length in months or years cannot be divided by each other"
        return elab.fail("E502", message, node.span, help="give both in days, or both in months or years")
    if result is None:
        return _no_product(elab, node, left, right)
    return Value(ir.Arithmetic(result, node.span, node.operator, left.node, right.node))


def _additive(elab: Elaboration, node: ast.Arithmetic, left: Value, right: Value) -> Value:
    dated = _date_sum(node.operator, left.type, right.type)
    if dated is not None:
        return Value(ir.Arithmetic(dated, node.span, node.operator, left.node, right.node))
    word = "added to" if node.operator == "+" else "subtracted from"
    values = join(elab, [left, right], [node.left.span, node.right.span], word)
    if values is None:
        return failed(node.span)
    result = common_type(values)
    assert result is not None
    if not result.is_number and result != DURATION:
        word = "added" if node.operator == "+" else "subtracted"
        return elab.fail("E502", f"{article(result)} cannot be {word}", node.span, help="use numbers or durations")
    return Value(ir.Arithmetic(result, node.span, node.operator, values[0].node, values[1].node))


def _date_sum(operator: str, left: ValueType, right: ValueType) -> ValueType | None:
    if (left, right) == (DATE, DURATION):
        return DATE
    if (left, right) == (DURATION, DATE) and operator == "+":
        return DATE
    return DURATION if (left, right) == (DATE, DATE) and operator == "-" else None


def _product_type(operator: str, left: ValueType, right: ValueType) -> ValueType | None:
    numbers = (RATE, INTEGER)
    if operator == "*":
        if left in numbers and right in numbers:
            return INTEGER if left == right == INTEGER else RATE
        if MONEY in (left, right) and (left in numbers or right in numbers):
            return MONEY
        return DURATION if {left, right} == {DURATION, INTEGER} else None
    if right in numbers and left in (*numbers, MONEY):
        return MONEY if left == MONEY else RATE
    return RATE if left == right and left in (MONEY, DURATION) else None


def _no_product(elab: Elaboration, node: ast.Arithmetic, left: Value, right: Value) -> Value:
    word = "multiplied by" if node.operator == "*" else "divided by"
    message = f"{article(left.type)} cannot be {word} {article(right.type)}"
    help_text = "multiply money by a rate or a whole number"
    if (left.type, right.type) == (MONEY, MONEY):
        help_text = "money times money has no meaning here: one of the two should be a rate"
    elif BOOLEAN in (left.type, right.type):
        help_text = "choose by it: `if … then … else …`"
    elif {DATE, DURATION} & {left.type, right.type}:
        help_text = "use `years_between(a, b)`, `months_between(a, b)` or `days_between(a, b)`"
    return elab.fail("E502", message, node.span, help=help_text)


def compare(elab: Elaboration, node: ast.Compare, scope: Scope) -> Value:
    """`= != < <= > >=`."""
    refused = compared_with_none(elab, node)
    if refused is not None:
        return refused
    two = (whom(elab, node.left, scope), whom(elab, node.right, scope))
    if two[0] is not None and two[1] is not None:
        return _same(elab, node, (two[0], two[1]), scope)
    left, right = pair(elab, node.left, node.right, scope)
    compared = comparison(elab, node.operator, left, right, span=node.span, spans=(node.left.span, node.right.span))
    return compared if compared is not None else failed(node.span)


def _same(elab: Elaboration, node: ast.Compare, two: tuple[Who, Who], scope: Scope) -> Value:
    """`m != self`: whether two are one and the same."""
    entities = [who.subject.entity for who in two]
    if entities[0] != entities[1]:
        message = f"{with_article(entities[0])} is never {with_article(entities[1])}"
        return elab.fail("E501", message, node.span, help="compare two of one entity")
    if node.operator not in ("=", "!="):
        return elab.fail("E502", f"{entities[0]} has no order", node.span, help="use `=` or `!=`")
    for who, side in zip(two, (node.left, node.right), strict=True):
        part = narrowed(who, scope, side.span)
        if isinstance(part, Who) and part.optional:
            message = "there may be nobody here, and nothing says what holds then"
            help_text = f"test `{side.span.text} is none` first"
            return elab.fail("E507", message, side.span, help=help_text)
    test: ir.Expression = ir.Same(BOOLEAN, node.span, two[0].subject, two[1].subject)
    return Value(test if node.operator == "=" else ir.Not(BOOLEAN, node.span, test))


def comparison(
    elab: Elaboration, operator: str, left: Value, right: Value, *, span: Span, spans: tuple[Span, Span]
) -> Value | None:
    """A comparison of two values, or None after a report."""
    values = join(elab, [left, right], spans, "compared with")
    if values is None:
        return None
    kind = values[0].type.kind
    if operator not in ("=", "!=") and kind not in _ORDERED:
        message = f"{article(values[0].type)} has no order"
        elab.problems.add("E502", message, span, help="use `=`, `!=` or `is one of`")
        return None
    if kind is Kind.DURATION and {_measured_in(value.node) for value in values} == {"days", "months"}:
        message = "a number of days and a length in months or years have no order"
        help_text = "write `years_between(a, b) >= 18`, or compare the dates: `a + 18 years <= b`"
        elab.problems.add("E502", message, span, help=help_text)
        return None
    return Value(ir.Compare(BOOLEAN, span, operator, values[0].node, values[1].node))


def _measured_in(node: ir.Expression) -> str:
    """`days` or `months`, where a length of time is plainly one of the two: months differ in length."""
    match node:
        case ir.Literal(value=Duration(months=months, days=days)) if not months or not days:
            return "months" if months else "days" if days else ""
        case ir.Arithmetic(operator="-") if node.left.type == DATE and node.right.type == DATE:
            return "days"
    return ""


def between(elab: Elaboration, node: ast.Between, scope: Scope) -> Value:
    """`x between low and high`: x is evaluated once."""
    value = elab.sure(elab.value(node.value, scope), node.value.span)
    ends = [elab.sure(elab.value(end, scope, value.type), end.span) for end in (node.low, node.high)]
    if value.zero:
        value = adapted([value, *ends])[0]
    name = elab.fresh("value")
    local = Value(ir.Local(value.type, node.value.span, name))
    if value.failed:
        return value
    spans = (node.value.span, node.low.span)
    low = comparison(elab, ">=", local, ends[0], span=node.span, spans=spans)
    high = comparison(elab, "<=", local, ends[1], span=node.span, spans=(node.value.span, node.high.span))
    if low is None or high is None:
        return failed(node.span)
    both = ir.And(BOOLEAN, node.span, (low.node, high.node))
    return Value(ir.Let(BOOLEAN, node.span, name, value.node, both))


def one_of(elab: Elaboration, node: ast.OneOf, scope: Scope) -> Value:
    """`x is one of (a, b)`: x is evaluated once."""
    value = elab.sure(elab.value(node.value, scope), node.value.span)
    if value.failed:
        return value
    name = elab.fresh("value")
    local = Value(ir.Local(value.type, node.value.span, name))
    options: list[ir.Expression] = []
    for option in node.options:
        right = elab.sure(elab.value(option, scope, value.type), option.span)
        equality = comparison(elab, "=", local, right, span=option.span, spans=(node.value.span, option.span))
        if equality is None:
            return failed(node.span)
        options.append(equality.node)
    either = options[0] if len(options) == 1 else ir.Or(BOOLEAN, node.span, tuple(options))
    if node.negated:
        either = ir.Not(BOOLEAN, node.span, either)
    return Value(ir.Let(BOOLEAN, node.span, name, value.node, either))


def fallback(elab: Elaboration, node: ast.Otherwise, scope: Scope, expected: ValueType | None) -> Value:
    """`x otherwise y`."""
    value = elab.value(node.value, scope, expected)
    other = elab.value(node.fallback, scope, value.type if not value.failed else expected)
    if value.failed or other.failed:
        return failed(node.span)
    if not value.optional:
        help_text = "remove `otherwise` and what follows it"
        return elab.fail(
            "E507", "this value always applies: nothing is needed otherwise", node.value.span, help=help_text
        )
    if value.type in (RATE, INTEGER) and other.type == MONEY:
        message = f"what holds otherwise is money, and the value before it {article(value.type)}"
        return elab.fail("E501", message, node.fallback.span, help="write a number without a currency")
    values = join(elab, [value, other], [node.value.span, node.fallback.span], "alternatives to")
    if values is None:
        return failed(node.span)
    result = common_type(values)
    assert result is not None
    node_ir = ir.Otherwise(result, node.span, values[0].node, values[1].node)
    return Value(node_ir, optional=other.optional)
