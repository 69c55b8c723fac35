"""A syntax tree back into text: canonical spacing, the fewest parentheses, and `parse(print(tree)) == tree`.

Each node kind has a level as in the grammar; a child printed where a tighter level is asked for gets parentheses.
"""

from __future__ import annotations

from typing import assert_never

from engine.syntax import ast
from engine.values.numbers import format_decimal

EXPRESSION, OR, AND, NOT, COMPARISON, SUM, PRODUCT, UNARY, FALLBACK, SUPPOSED, TIMED, POSTFIX = range(12)
_WIDTH = 100


def print_formula(node: ast.Expression, width: int = _WIDTH) -> str:
    """One line if it fits in `width`; else one line per part of a `let`, `case`, `if`, sum, `and` or `or`."""
    line = _print(node, EXPRESSION)
    if len(line) <= width:
        return line
    match node:
        case ast.Let():
            bindings = [f"let {binding.name} = {_bound(binding.value)}" for binding in node.bindings]
            return "\n".join([*bindings, "in " + print_formula(node.body)])
        case ast.Case():
            branches = [f"  when {_print(when, OR)} then {_print(then, OR)}" for when, then in node.branches]
            return "\n".join(["case", *branches, f"  else {_print(node.otherwise, OR)}"])
        case ast.If():
            return _broken_choice(node)
        case ast.Arithmetic() if node.operator in "+-":
            return "\n".join(_terms(node))
        case ast.And():
            return "\nand ".join(_print(value, NOT) for value in node.values)
        case ast.Or():
            return "\nor ".join(_print(value, AND) for value in node.values)
    return line


def _broken_choice(node: ast.If) -> str:
    condition, then = f"if {_print(node.condition, OR)}", f"then {_print(node.then, OR)}"
    head = f"{condition} {then}" if len(condition) + len(then) < _WIDTH else f"{condition}\n{then}"
    return f"{head}\nelse {print_formula(node.otherwise)}"


def _terms(node: ast.Arithmetic) -> list[str]:
    """The terms of a sum, each after the first with its sign before it."""
    last = f"{node.operator} {_print(node.right, PRODUCT)}"
    if isinstance(node.left, ast.Arithmetic) and node.left.operator in "+-":
        return [*_terms(node.left), last]
    return [_print(node.left, SUM), last]


def _print(node: ast.Expression, level: int) -> str:
    text, own = _text(node)
    return text if own >= level else f"({text})"


def _text(node: ast.Expression) -> tuple[str, int]:
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
            changes = ", ".join(_change(one) for one in node.changes)
            return f"{_print(node.value, TIMED)} as if ({changes})", SUPPOSED
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
            return grouped(format_decimal(node.value, 0 if node.whole else 1))
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
            return f"{_print(node.base, POSTFIX)}.{node.name}"
        case ast.Index():
            return f"{_print(node.base, POSTFIX)}[{_list(node.keys)}]"
        case ast.Call():
            return f"{_print(node.base, POSTFIX)}({_list(node.arguments)})"
        case ast.Aggregate():
            where = f" where {_print(node.where, OR)}" if node.where is not None else ""
            body = f"{_print(node.body, EXPRESSION)} for " if node.body is not None else ""
            return f"{node.operation}({body}{node.name} in {_print(node.source, TIMED)}{where})"
        case ast.OverTime():
            window = f"{node.unit} {node.edge}".rstrip()
            if node.counted is not None:
                counted = _print(node.counted, EXPRESSION)
                window = f"last {counted if isinstance(node.counted, ast.Name) else f'({counted})'} {window}"
            elif node.count:
                window = f"last {node.count} {window}"
            return f"{node.operation}({_print(node.body, EXPRESSION)} over {window})"
        case _:
            assert_never(node)


def _ordered(node: ast.Chosen | ast.Ranked) -> str:
    where = f" where {_print(node.where, OR)}" if node.where is not None else ""
    keys = ", ".join(f"{_print(key.value, SUM)}{' highest first' if key.descending else ''}" for key in node.keys)
    by = f" by {keys}" if keys else ""
    each = f"{_print(node.body, EXPRESSION)} for {node.name} in {_print(node.source, TIMED)}{where}{by}"
    if isinstance(node, ast.Ranked):
        return f"{node.operation}({each})"
    if node.count is None:
        return f"{node.pick}({each})"
    return f"{node.operation}({node.pick} {_print(node.count, POSTFIX)} of {each})"


def _list(nodes: tuple[ast.Expression, ...]) -> str:
    return ", ".join(_print(node, EXPRESSION) for node in nodes)


def _arithmetic(node: ast.Negate | ast.Arithmetic | ast.Otherwise | ast.At) -> tuple[str, int]:
    match node:
        case ast.Negate():
            return f"-{_print(node.value, UNARY)}", UNARY
        case ast.Arithmetic():
            own = SUM if node.operator in "+-" else PRODUCT
            return f"{_print(node.left, own)} {node.operator} {_print(node.right, own + 1)}", own
        case ast.Otherwise():
            return f"{_print(node.value, SUPPOSED)} otherwise {_print(node.fallback, FALLBACK)}", FALLBACK
        case ast.At():
            return f"{_print(node.value, POSTFIX)} @ {_when(node.when)}", TIMED
        case _:
            assert_never(node)


def _change(node: ast.Replacement) -> str:
    each = ""
    if node.source is not None:
        where = f" where {_print(node.where, OR)}" if node.where is not None else ""
        each = f" for {node.name} in {_print(node.source, TIMED)}{where}"
    return f"{_print(node.target, POSTFIX)} = {_print(node.value, SUM)}{each}"


def _when(when: ast.When) -> str:
    if when.date is None:
        return f"{when.word} {when.unit}".rstrip()
    if isinstance(when.date, ast.DateLiteral):
        return _literal(when.date)
    return f"({_print(when.date, EXPRESSION)})"


def _logic(
    node: ast.Compare | ast.Between | ast.OneOf | ast.Is | ast.Not | ast.And | ast.Or,
) -> tuple[str, int]:
    match node:
        case ast.Compare():
            return f"{_print(node.left, SUM)} {node.operator} {_print(node.right, SUM)}", COMPARISON
        case ast.Between():
            ends = f"{_print(node.low, SUM)} and {_print(node.high, SUM)}"
            return f"{_print(node.value, SUM)} between {ends}", COMPARISON
        case ast.OneOf():
            options = ", ".join(_print(option, SUM) for option in node.options)
            return f"{_print(node.value, SUM)} is {'not ' if node.negated else ''}one of ({options})", COMPARISON
        case ast.Is():
            group = f" of {_print(node.group, POSTFIX)}" if node.group is not None else ""
            return f"{_print(node.value, SUM)} is {'not ' if node.negated else ''}{node.name}{group}", COMPARISON
        case ast.Not():
            return f"not {_print(node.value, NOT)}", NOT
        case ast.And():
            return " and ".join(_print(value, NOT) for value in node.values), AND
        case ast.Or():
            return " or ".join(_print(value, AND) for value in node.values), OR
        case _:
            assert_never(node)


def _choice(node: ast.If | ast.Case | ast.Let) -> tuple[str, int]:
    match node:
        case ast.If():
            condition, then = _print(node.condition, OR), _print(node.then, OR)
            return f"if {condition} then {then} else {_print(node.otherwise, EXPRESSION)}", EXPRESSION
        case ast.Case():
            branches = " ".join(f"when {_print(when, OR)} then {_print(then, OR)}" for when, then in node.branches)
            return f"case {branches} else {_print(node.otherwise, OR)}", EXPRESSION
        case ast.Let():
            bindings = " ".join(f"let {one.name} = {_bound(one.value)}" for one in node.bindings)
            return f"{bindings} in {_print(node.body, EXPRESSION)}", EXPRESSION
        case _:
            assert_never(node)


def _bound(node: ast.Expression) -> str:
    """A `let` binding holds an `if` without parentheses when its last branch is no `let`."""
    match node:
        case ast.If():
            head = f"if {_print(node.condition, OR)} then {_print(node.then, OR)}"
            return f"{head} else {_bound(node.otherwise)}"
        case ast.Case():
            return _print(node, EXPRESSION)
    return _print(node, OR)
