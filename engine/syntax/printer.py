"""A syntax tree back into text: canonical spacing, the fewest parentheses, and `parse(print(tree)) == tree`.

Each node kind has a level as in the grammar; a child printed where a tighter level is asked for gets parentheses.
"""

from __future__ import annotations

from typing import assert_never

from engine.syntax import ast
from engine.values.numbers import format_decimal

EXPRESSION, OR, AND, NOT, COMPARISON, SUM, PRODUCT, UNARY, FALLBACK, SUPPOSED, TIMED, POSTFIX = range(12)
_INDENTED = ast.Case | ast.Call | ast.Aggregate | ast.Chosen | ast.Ranked | ast.OverTime | ast.AsIf
_WIDTH = 100
_UNGROUPED = 4  # digits of a bare number that is printed as it is: most are years


def print_formula(node: ast.Expression, width: int = _WIDTH, broken: bool = False) -> str:
    """One line if it fits in `width`; else one line per part of a `let`, `case`, `if`, sum, `and`, `or` or list of
    arguments, and the same for each part that does not fit its line. With `broken` the outermost is so anyway."""
    line = _print(node, EXPRESSION)
    return line if len(line) <= width and not broken else "\n".join(_Layout(width).broken(node))


class _Layout:
    """Expressions on several lines of `width` characters, where their parts allow it."""

    def __init__(self, width: int) -> None:
        self.width = width

    def lines(self, node: ast.Expression, level: int, before: int = 0) -> list[str]:
        """An expression as part of another, where `before` characters stand before it on its line."""
        line = _print(node, level)
        lines = [line] if before + len(line) <= self.width else self.broken(node)
        if len(lines) == 1:
            return [line]
        if _text(node)[1] >= level:
            return lines
        return [f"({lines[0]}", *(f" {inner_line}" for inner_line in lines[1:-1]), f" {lines[-1]})"]

    def broken(self, node: ast.Expression) -> list[str]:
        """An expression on several lines, if its kind has several parts."""
        match node:
            case ast.Let():
                bindings = [line for binding in node.bindings for line in self.binding(binding)]
                return [*bindings, *_led("in ", self.lines(node.body, EXPRESSION, 3), "")]
            case ast.Case():
                branches = [line for when, then in node.branches for line in self.branch(when, then)]
                return ["case", *branches, *_led("  else ", self.lines(node.otherwise, OR, 7), "    ")]
            case ast.If():
                return self.choice(node)
            case ast.Arithmetic() if node.operator in "+-":
                return self.terms(node)
            case ast.Arithmetic():
                return [
                    *self.lines(node.left, PRODUCT),
                    *_led(f"{node.operator} ", self.lines(node.right, UNARY, 2), _hang(node.right)),
                ]
            case ast.Compare():
                right = self.lines(node.right, SUM, len(node.operator) + 1)
                return [*self.lines(node.left, SUM), *_led(f"{node.operator} ", right, _hang(node.right))]
            case ast.AsIf():
                return self.supposed(node)
            case ast.And():
                return self.joined(node.values, "and", NOT)
            case ast.Or():
                return self.joined(node.values, "or", AND)
            case ast.Call():
                return self.listed(f"{_print(node.base, POSTFIX)}(", node.arguments)
            case ast.OneOf():
                head = f"{_print(node.value, SUM)} is {'not ' if node.negated else ''}one of ("
                return _filled(head, [_print(option, SUM) for option in node.options], self.width)
            case ast.Aggregate():
                return self.each(f"{node.operation}(", node)
            case ast.Chosen() | ast.Ranked():
                return self.each(_chosen(node), node, _keys(node))
            case ast.OverTime():
                body = (f"  {line}" for line in self.lines(node.body, EXPRESSION, 2))
                return [f"{node.operation}(", *body, f"  over {_window(node)})"]
            case ast.Otherwise():
                return self.fallback(node)
            case ast.Not():
                return _led("not ", self.lines(node.value, _negated(node), 4), _hang(node.value))
        return [_print(node, EXPRESSION)]

    def fallback(self, node: ast.Otherwise) -> list[str]:
        """A value and what replaces it, which stays behind the closing bracket if it fits."""
        lines = self.lines(node.value, SUPPOSED)
        line = f"{lines[-1]} otherwise {_print(node.fallback, FALLBACK)}"
        if len(line) <= self.width:
            return [*lines[:-1], line]
        return [*lines, *_led("otherwise ", self.lines(node.fallback, FALLBACK, 10), _hang(node.fallback))]

    def binding(self, binding: ast.Binding) -> list[str]:
        head, bound = f"let {binding.name} = ", _bound(binding.value)
        if len(head) + len(bound) <= self.width:
            return [head + bound]
        bare = isinstance(binding.value, ast.If | ast.Case) and _print(binding.value, EXPRESSION) == bound
        return _led(head, self.lines(binding.value, EXPRESSION if bare else OR, len(head)), _hang(binding.value))

    def branch(self, when: ast.Expression, then: ast.Expression) -> list[str]:
        line = f"  when {_print(when, OR)} then {_print(then, OR)}"
        if len(line) <= self.width:
            return [line]
        return [
            *_led("  when ", self.lines(when, OR, 7), "    "),
            *_led("    then ", self.lines(then, OR, 9), "    " + _hang(then)),
        ]

    def choice(self, node: ast.If) -> list[str]:
        line = f"if {_print(node.condition, OR)} then {_print(node.then, OR)}"
        last = self.lines(node.otherwise, EXPRESSION, 5)
        rest = _led("else ", last, "" if isinstance(node.otherwise, ast.If) else _hang(node.otherwise))
        if len(line) <= self.width:
            return [line, *rest]
        condition, then = self.lines(node.condition, OR, 3), self.lines(node.then, OR, 5)
        return [*_led("if ", condition, _hang(node.condition)), *_led("then ", then, _hang(node.then)), *rest]

    def terms(self, node: ast.Arithmetic) -> list[str]:
        """The terms of a sum, each after the first with its sign before it."""
        last = _led(f"{node.operator} ", self.lines(node.right, PRODUCT, 2), _hang(node.right))
        if isinstance(node.left, ast.Arithmetic) and node.left.operator in "+-":
            return [*self.terms(node.left), *last]
        return [*self.lines(node.left, SUM), *last]

    def joined(self, values: tuple[ast.Expression, ...], word: str, level: int) -> list[str]:
        lines = self.lines(values[0], level)
        for value in values[1:]:
            lines += _led(f"{word} ", self.lines(value, level, len(word) + 1), _hang(value))
        return lines

    def each(self, head: str, node: ast.Aggregate | ast.Chosen | ast.Ranked, keys: str = "") -> list[str]:
        """What is gathered from a list: the value, the list, the condition and the order, each on lines of its own."""
        where = self.lines(node.where, OR, 8) if node.where is not None else []
        source = f"{node.name} in {_print(node.source, TIMED)}"
        if node.body is None:
            lines = [f"  {source}"]
        else:
            lines = [*(f"  {line}" for line in self.lines(node.body, EXPRESSION, 2)), f"  for {source}"]
        lines += _led("  where ", where, "    ") if where else []
        lines += [f"  {keys}"] if keys else []
        return [head, *lines[:-1], lines[-1] + ")"]

    def supposed(self, node: ast.AsIf) -> list[str]:
        """A figure as if: each replacement on a line of its own, the last with the closing bracket."""
        changes = [f"  {_change(replacement)}," for replacement in node.changes]
        return [f"{_print(node.value, TIMED)} as if (", *changes[:-1], f"{changes[-1][:-1]})"]

    def listed(self, head: str, arguments: tuple[ast.Expression, ...]) -> list[str]:
        """The arguments one below the other, the last with the closing bracket."""
        if not arguments:
            return [head + ")"]
        inner = [self.lines(argument, EXPRESSION, 3) for argument in arguments]
        for lines in inner[:-1]:
            lines[-1] += ","
        below = [f"  {line}" for lines in inner for line in lines]
        return [head, *below[:-1], below[-1] + ")"]


def _led(head: str, lines: list[str], indent: str) -> list[str]:
    """Lines after a word; those that follow are indented."""
    return [head + lines[0], *(indent + line for line in lines[1:])]


def _filled(head: str, texts: list[str], width: int) -> list[str]:
    """Short texts of a list, as many on each line as fit."""
    lines, line = [head], " "
    for said in [*(f"{text}," for text in texts[:-1]), f"{texts[-1]})"]:
        if len(line) + 1 + len(said) > width and line.strip():
            lines.append(line)
            line = " "
        line += f" {said}"
    return [*lines, line]


def _hang(node: ast.Expression) -> str:
    """How far the further lines of a part stand in: a `case`, a call and a list indent their own."""
    return "" if isinstance(node, _INDENTED) else "  "


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
            changes = ", ".join(_change(change) for change in node.changes)
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
            return f"{node.operation}({_print(node.body, EXPRESSION)} over {_window(node)})"
        case _:
            assert_never(node)


def _window(node: ast.OverTime) -> str:
    """The periods over which something is gathered, after `over`."""
    window = f"{node.unit} {node.edge}".rstrip()
    if node.counted is not None:
        counted = _print(node.counted, EXPRESSION)
        return f"last {counted if isinstance(node.counted, ast.Name) else f'({counted})'} {window}"
    return f"last {node.count} {window}" if node.count else window


def _ordered(node: ast.Chosen | ast.Ranked) -> str:
    where = f" where {_print(node.where, OR)}" if node.where is not None else ""
    head, keys = _chosen(node), _keys(node)
    head += "" if head.endswith("(") else " "
    each = f"{_print(node.body, EXPRESSION)} for {node.name} in {_print(node.source, TIMED)}{where}"
    return f"{head}{each}{f' {keys}' if keys else ''})"


def _chosen(node: ast.Chosen | ast.Ranked) -> str:
    """What stands before the value of a choice or a rank."""
    if isinstance(node, ast.Ranked):
        return f"{node.operation}("
    return f"{node.pick}(" if node.count is None else f"{node.operation}({node.pick} {_print(node.count, POSTFIX)} of"


def _keys(node: ast.Chosen | ast.Ranked) -> str:
    """The order of a choice or a rank, empty if it has none."""
    keys = ", ".join(f"{_print(key.value, SUM)}{' highest first' if key.descending else ''}" for key in node.keys)
    return f"by {keys}" if keys else ""


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
            return f"not {_print(node.value, _negated(node))}", NOT
        case ast.And():
            return " and ".join(_print(value, NOT) for value in node.values), AND
        case ast.Or():
            return " or ".join(_print(value, AND) for value in node.values), OR
        case _:
            assert_never(node)


def _negated(node: ast.Not) -> int:
    """The level at which what is denied is printed: `not a otherwise b` reads as `(not a) otherwise b`, wrongly."""
    return TIMED if isinstance(node.value, ast.Otherwise) else NOT


def _choice(node: ast.If | ast.Case | ast.Let) -> tuple[str, int]:
    match node:
        case ast.If():
            condition, then = _print(node.condition, OR), _print(node.then, OR)
            return f"if {condition} then {then} else {_print(node.otherwise, EXPRESSION)}", EXPRESSION
        case ast.Case():
            branches = " ".join(f"when {_print(when, OR)} then {_print(then, OR)}" for when, then in node.branches)
            return f"case {branches} else {_print(node.otherwise, OR)}", EXPRESSION
        case ast.Let():
            bindings = " ".join(f"let {binding.name} = {_bound(binding.value)}" for binding in node.bindings)
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
