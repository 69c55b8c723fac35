"""A syntax tree on one line: canonical spacing, the fewest parentheses, and `parse(inline(tree)) == tree`.

Each node kind has a level as in the grammar; a child printed where a tighter level is asked for gets parentheses.
"""

from __future__ import annotations

from typing import assert_never

from engine.syntax import ast
from engine.values.numbers import format_decimal

EXPRESSION, OR, AND, NOT, COMPARISON, SUM, PRODUCT, UNARY, FALLBACK, SUPPOSED, TIMED, POSTFIX = range(12)
_UNGROUPED = 4  # digits of a bare number that is printed as it is: most are years


def inline(node: ast.Expression, level: int) -> str:
    """An expression where one of at least `level` is asked for."""
    text, own = spelled(node)
    return text if own >= level else f"({text})"


def spelled(node: ast.Expression) -> tuple[str, int]:
    """An expression without parentheses of its own, and its level."""
    match node:
        case ast.Number() | ast.Money() | ast.DurationLiteral() | ast.DateLiteral() | ast.Boolean() | ast.EnumLiteral():
            return _literal(node), POSTFIX
        case ast.Name():
            return node.name, POSTFIX
        case ast.Attribute() | ast.Index() | ast.Call() | ast.Aggregate() | ast.OverTime():
            return _postfix(node), POSTFIX
        case ast.Chosen() | ast.Ranked():
            return _ordered(node), POSTFIX
        case ast.Negate() | ast.Arithmetic() | ast.Otherwise() | ast.At():
            return _arithmetic(node)
        case ast.AsIf():
            changes = ", ".join(replacement_text(change) for change in node.changes)
            return f"{inline(node.value, TIMED)} as if ({changes})", SUPPOSED
        case ast.Compare() | ast.Between() | ast.OneOf() | ast.Is() | ast.Not() | ast.And() | ast.Or():
            return _logic(node)
        case ast.If() | ast.Case() | ast.Let():
            return _choice(node)
        case _:
            assert_never(node)


def _literal(
    node: ast.Number | ast.Money | ast.DurationLiteral | ast.DateLiteral | ast.Boolean | ast.EnumLiteral,
) -> str:
    match node:
        case ast.Number():
            if node.percent:
                return grouped(format_decimal(node.value * 100)) + "%"
            digits = format_decimal(node.value, 0 if node.whole else 1)
            return digits if len(digits) <= _UNGROUPED else grouped(digits)
        case ast.Money():
            return f"{grouped(format_decimal(node.value))} {node.currency}"
        case ast.DurationLiteral():
            return f"{node.count} {node.unit}{'' if node.count == 1 else 's'}"
        case ast.DateLiteral():
            return node.value.isoformat()
        case ast.Boolean():
            return "true" if node.value else "false"
        case ast.EnumLiteral():
            return f".{node.member}"
        case _:
            assert_never(node)


def grouped(digits: str) -> str:
    """`12570.5` as `12_570.5`."""
    whole, point, part = digits.partition(".")
    return f"{int(whole):_}{point}{part}" if whole.isdigit() else digits


def _postfix(node: ast.Attribute | ast.Index | ast.Call | ast.Aggregate | ast.OverTime) -> str:
    match node:
        case ast.Attribute():
            return f"{inline(node.base, POSTFIX)}.{node.name}"
        case ast.Index():
            return f"{inline(node.base, POSTFIX)}[{_list(node.keys)}]"
        case ast.Call():
            return f"{inline(node.base, POSTFIX)}({_list(node.arguments)})"
        case ast.Aggregate():
            where = f" where {inline(node.where, OR)}" if node.where is not None else ""
            body = f"{inline(node.body, EXPRESSION)} for " if node.body is not None else ""
            return f"{node.operation}({body}{node.name} in {inline(node.source, TIMED)}{where})"
        case ast.OverTime():
            return f"{node.operation}({inline(node.body, EXPRESSION)} over {window_of(node)})"
        case _:
            assert_never(node)


def window_of(node: ast.OverTime) -> str:
    """The periods over which something is gathered, after `over`."""
    window = f"{node.unit} {node.edge}".rstrip()
    if node.counted is not None:
        counted = inline(node.counted, EXPRESSION)
        return f"last {counted if isinstance(node.counted, ast.Name) else f'({counted})'} {window}"
    return f"last {node.count} {window}" if node.count else window


def _ordered(node: ast.Chosen | ast.Ranked) -> str:
    where = f" where {inline(node.where, OR)}" if node.where is not None else ""
    head, keys = opening_of(node), order_of(node)
    head += "" if head.endswith("(") else " "
    each = f"{inline(node.body, EXPRESSION)} for {node.name} in {inline(node.source, TIMED)}{where}"
    return f"{head}{each}{f' {keys}' if keys else ''})"


def opening_of(node: ast.Chosen | ast.Ranked) -> str:
    """What stands before the value of a choice or a rank."""
    if isinstance(node, ast.Ranked):
        return f"{node.operation}("
    return f"{node.pick}(" if node.count is None else f"{node.operation}({node.pick} {inline(node.count, POSTFIX)} of"


def order_of(node: ast.Chosen | ast.Ranked) -> str:
    """The order of a choice or a rank, empty if it has none."""
    keys = ", ".join(f"{inline(key.value, SUM)}{' highest first' if key.descending else ''}" for key in node.keys)
    return f"by {keys}" if keys else ""


def _list(nodes: tuple[ast.Expression, ...]) -> str:
    return ", ".join(inline(node, EXPRESSION) for node in nodes)


def _arithmetic(node: ast.Negate | ast.Arithmetic | ast.Otherwise | ast.At) -> tuple[str, int]:
    match node:
        case ast.Negate():
            return f"-{inline(node.value, UNARY)}", UNARY
        case ast.Arithmetic():
            own = SUM if node.operator in "+-" else PRODUCT
            return f"{inline(node.left, own)} {node.operator} {inline(node.right, own + 1)}", own
        case ast.Otherwise():
            return f"{inline(node.value, SUPPOSED)} otherwise {inline(node.fallback, FALLBACK)}", FALLBACK
        case ast.At():
            return f"{inline(node.value, POSTFIX)} @ {_when(node.when)}", TIMED
        case _:
            assert_never(node)


def replacement_text(node: ast.Replacement) -> str:
    """One of the changes after `as if`."""
    each = ""
    if node.source is not None:
        where = f" where {inline(node.where, OR)}" if node.where is not None else ""
        each = f" for {node.name} in {inline(node.source, TIMED)}{where}"
    return f"{inline(node.target, POSTFIX)} = {inline(node.value, SUM)}{each}"


def _when(when: ast.When) -> str:
    if when.date is None:
        return f"{when.word} {when.unit}".rstrip()
    if isinstance(when.date, ast.DateLiteral):
        return _literal(when.date)
    return f"({inline(when.date, EXPRESSION)})"


def _logic(
    node: ast.Compare | ast.Between | ast.OneOf | ast.Is | ast.Not | ast.And | ast.Or,
) -> tuple[str, int]:
    match node:
        case ast.Compare():
            return f"{inline(node.left, SUM)} {node.operator} {inline(node.right, SUM)}", COMPARISON
        case ast.Between():
            ends = f"{inline(node.low, SUM)} and {inline(node.high, SUM)}"
            return f"{inline(node.value, SUM)} between {ends}", COMPARISON
        case ast.OneOf():
            options = ", ".join(inline(option, SUM) for option in node.options)
            return f"{inline(node.value, SUM)} is {'not ' if node.negated else ''}one of ({options})", COMPARISON
        case ast.Is():
            group = f" of {inline(node.group, POSTFIX)}" if node.group is not None else ""
            return f"{inline(node.value, SUM)} is {'not ' if node.negated else ''}{node.name}{group}", COMPARISON
        case ast.Not():
            return f"not {inline(node.value, level_below_not(node))}", NOT
        case ast.And():
            return " and ".join(inline(value, NOT) for value in node.values), AND
        case ast.Or():
            return " or ".join(inline(value, AND) for value in node.values), OR
        case _:
            assert_never(node)


def level_below_not(node: ast.Not) -> int:
    """The level at which what is denied is printed: `not a otherwise b` reads as `(not a) otherwise b`, wrongly."""
    return TIMED if isinstance(node.value, ast.Otherwise) else NOT


def _choice(node: ast.If | ast.Case | ast.Let) -> tuple[str, int]:
    match node:
        case ast.If():
            condition, then = inline(node.condition, OR), inline(node.then, OR)
            return f"if {condition} then {then} else {inline(node.otherwise, EXPRESSION)}", EXPRESSION
        case ast.Case():
            branches = " ".join(f"when {inline(when, OR)} then {inline(then, OR)}" for when, then in node.branches)
            return f"case {branches} else {inline(node.otherwise, OR)}", EXPRESSION
        case ast.Let():
            bindings = " ".join(f"let {binding.name} = {bound_text(binding.value)}" for binding in node.bindings)
            return f"{bindings} in {inline(node.body, EXPRESSION)}", EXPRESSION
        case _:
            assert_never(node)


def bound_text(node: ast.Expression) -> str:
    """A `let` binding holds an `if` without parentheses when its last branch is no `let`."""
    match node:
        case ast.If():
            head = f"if {inline(node.condition, OR)} then {inline(node.then, OR)}"
            return f"{head} else {bound_text(node.otherwise)}"
        case ast.Case():
            return inline(node, EXPRESSION)
    return inline(node, OR)
