"""A syntax tree back into text that fits a width: on one line, or with its parts on lines of their own.

What does not fit is broken at its outermost node, and each part that still does not fit is broken in the same way.
`parse(print_formula(tree)) == tree`, as for one line.
"""

from __future__ import annotations

from engine.syntax import ast
from engine.syntax.inline import (
    AND,
    EXPRESSION,
    FALLBACK,
    NOT,
    OR,
    POSTFIX,
    PRODUCT,
    SUM,
    SUPPOSED,
    TIMED,
    UNARY,
    bound_text,
    inline,
    level_below_not,
    opening_of,
    order_of,
    replacement_text,
    spelled,
    window_of,
)

_INDENTED = ast.Case | ast.Call | ast.Aggregate | ast.Chosen | ast.Ranked | ast.OverTime | ast.AsIf
_WIDTH = 100


def print_formula(node: ast.Expression, width: int = _WIDTH, broken: bool = False) -> str:
    """One line if it fits in `width`; else one line per part of a `let`, `case`, `if`, sum, `and`, `or` or list of
    arguments, and the same for each part that does not fit its line. With `broken` the outermost is so anyway."""
    line = inline(node, EXPRESSION)
    return line if len(line) <= width and not broken else "\n".join(_Layout(width).broken(node))


class _Layout:
    """Expressions on several lines of `width` characters, where their parts allow it."""

    def __init__(self, width: int) -> None:
        self.width = width

    def lines(self, node: ast.Expression, level: int, before: int = 0) -> list[str]:
        """An expression as part of another, where `before` characters stand before it on its line."""
        line = inline(node, level)
        lines = [line] if before + len(line) <= self.width else self.broken(node)
        if len(lines) == 1:
            return [line]
        if spelled(node)[1] >= level:
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
                return self.listed(f"{inline(node.base, POSTFIX)}(", node.arguments)
            case ast.OneOf():
                head = f"{inline(node.value, SUM)} is {'not ' if node.negated else ''}one of ("
                return _filled(head, [inline(option, SUM) for option in node.options], self.width)
            case ast.Aggregate():
                return self.each(f"{node.operation}(", node)
            case ast.Chosen() | ast.Ranked():
                return self.each(opening_of(node), node, order_of(node))
            case ast.OverTime():
                body = (f"  {line}" for line in self.lines(node.body, EXPRESSION, 2))
                return [f"{node.operation}(", *body, f"  over {window_of(node)})"]
            case ast.Otherwise():
                return self.fallback(node)
            case ast.Not():
                return _led("not ", self.lines(node.value, level_below_not(node), 4), _hang(node.value))
        return [inline(node, EXPRESSION)]

    def fallback(self, node: ast.Otherwise) -> list[str]:
        """A value and what replaces it, which stays behind the closing bracket if it fits."""
        lines = self.lines(node.value, SUPPOSED)
        line = f"{lines[-1]} otherwise {inline(node.fallback, FALLBACK)}"
        if len(line) <= self.width:
            return [*lines[:-1], line]
        return [*lines, *_led("otherwise ", self.lines(node.fallback, FALLBACK, 10), _hang(node.fallback))]

    def binding(self, binding: ast.Binding) -> list[str]:
        head, bound = f"let {binding.name} = ", bound_text(binding.value)
        if len(head) + len(bound) <= self.width:
            return [head + bound]
        bare = isinstance(binding.value, ast.If | ast.Case) and inline(binding.value, EXPRESSION) == bound
        return _led(head, self.lines(binding.value, EXPRESSION if bare else OR, len(head)), _hang(binding.value))

    def branch(self, when: ast.Expression, then: ast.Expression) -> list[str]:
        line = f"  when {inline(when, OR)} then {inline(then, OR)}"
        if len(line) <= self.width:
            return [line]
        return [
            *_led("  when ", self.lines(when, OR, 7), "    "),
            *_led("    then ", self.lines(then, OR, 9), "    " + _hang(then)),
        ]

    def choice(self, node: ast.If) -> list[str]:
        line = f"if {inline(node.condition, OR)} then {inline(node.then, OR)}"
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
        source = f"{node.name} in {inline(node.source, TIMED)}"
        if node.body is None:
            lines = [f"  {source}"]
        else:
            lines = [*(f"  {line}" for line in self.lines(node.body, EXPRESSION, 2)), f"  for {source}"]
        lines += _led("  where ", where, "    ") if where else []
        lines += [f"  {keys}"] if keys else []
        return [head, *lines[:-1], lines[-1] + ")"]

    def supposed(self, node: ast.AsIf) -> list[str]:
        """A figure as if: each replacement on a line of its own, the last with the closing bracket."""
        changes = [f"  {replacement_text(replacement)}," for replacement in node.changes]
        return [f"{inline(node.value, TIMED)} as if (", *changes[:-1], f"{changes[-1][:-1]})"]

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
