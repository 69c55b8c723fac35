"""A formula's text into its syntax tree.

1. Refuse what is empty, too long or too deep before anything recursive looks at it.
2. Parse with Lark's LALR parser, which uses no recursion; a fault becomes a diagnostic at its very character.
3. Turn the parse tree into `ast` nodes whose spans lie in the rule file.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from engine.syntax import ast, faults
from engine.syntax.literals import read_date, read_number
from engine.text.diagnostics import Diagnostics
from engine.text.source import Fragment, Span

MAX_CHARACTERS = 20_000
MAX_DEPTH = 100
FREE_AS_MEMBERS = frozenset({"none", "self"})  # `.none` is a member, and cannot be taken for the word
AGGREGATES = frozenset({"sum", "count", "any", "all", "min", "max"})

RANKS = ("rank", "percentile_rank")

ParseNode = Tree[Token]


@lru_cache(maxsize=1)
def _lark() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", propagate_positions=True, maybe_placeholders=True)


def parse_formula(fragment: Fragment, problems: Diagnostics) -> ast.Expression | None:
    """The tree of a formula, or None with problems E301 to E305 added."""
    whole = fragment.span(0, len(fragment.text))
    if not fragment.text.strip():
        problems.add("E305", "the formula is empty", whole, help="write an expression, such as `0` or `wages * 10%`")
        return None
    if len(fragment.text) > MAX_CHARACTERS:
        message = f"the formula has {len(fragment.text):,} characters; at most {MAX_CHARACTERS:,} are read"
        problems.add("E302", message, fragment.span(0, 1), help="split it into several named variables")
        return None
    tree = _parse(fragment, problems)
    if tree is None or _too_deep(tree, fragment, problems):
        return None
    before = len(problems)
    expression = _Builder(fragment, problems).build(_child(tree, 0))
    return expression if len(problems) == before else None  # stand-ins for what could not be read are not judged


def _parse(fragment: Fragment, problems: Diagnostics) -> ParseNode | None:
    try:
        return _lark().parse(fragment.text)
    except UnexpectedCharacters as fault:
        faults.bad_character(fault, fragment, problems)
    except UnexpectedEOF:
        faults.unfinished(fragment, problems)
    except UnexpectedToken as fault:
        if fault.token.type == "$END":
            faults.unfinished(fragment, problems)
        else:
            faults.bad_token(fault, fragment, problems)
    except UnexpectedInput as fault:
        problems.add(
            "E301", "the formula cannot be read here", fragment.span(fault.pos_in_stream or 0, len(fragment.text))
        )
    return None


def _too_deep(tree: ParseNode, fragment: Fragment, problems: Diagnostics) -> bool:
    stack: list[tuple[ParseNode, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            span = fragment.span(node.meta.start_pos, node.meta.start_pos + 1)
            message = f"the formula is nested more than {MAX_DEPTH} deep"
            problems.add("E302", message, span, help="name the parts as variables of their own, or with `let`")
            return True
        parts = [child for child in node.children if isinstance(child, Tree)]
        each = _WITHIN_THE_LAST.get(str(node.data), 0)
        stack += [(child, depth + 1 + (index // each if each else 0)) for index, child in enumerate(parts)]
    return False


_WITHIN_THE_LAST = {"case": 2, "let": 1}  # every so many parts, a `when` or a binding, stand within those before


def _child(tree: ParseNode, index: int) -> ParseNode:
    child = tree.children[index]
    assert isinstance(child, Tree)
    return child


class _Builder:
    """Builds syntax nodes for one fragment. Nesting was bounded before, so recursion is safe."""

    def __init__(self, fragment: Fragment, problems: Diagnostics) -> None:
        self.fragment = fragment
        self.problems = problems

    def span(self, tree: ParseNode) -> Span:
        return self.fragment.span(tree.meta.start_pos, tree.meta.end_pos)

    def token_span(self, token: Token) -> Span:
        return self.fragment.span(token.start_pos or 0, token.end_pos or 0)

    def trees(self, tree: ParseNode) -> list[ParseNode]:
        return [child for child in tree.children if isinstance(child, Tree)]

    def tokens(self, tree: ParseNode, kind: str) -> list[Token]:
        return [child for child in tree.children if isinstance(child, Token) and child.type == kind]

    def build(self, tree: ParseNode) -> ast.Expression:
        """The node of a parse tree."""
        parts = self.trees(tree)
        span = self.span(tree)
        match tree.data:
            case "number" | "percent" | "money" | "duration" | "date" | "boolean" | "member" | "name":
                return self.atom(tree, span)
            case "attribute" | "index" | "call" | "aggregate" | "count":
                return self.postfix(tree, span, parts)
            case "over_parts" | "over_parts_by" | "over_last" | "over_last_counted":
                return self.over(tree, span, parts)
            case "let" | "if" | "case":
                return self.choice(tree, span, parts)
            case "chosen" | "ordered" | "last":
                return self.ordering(tree, span, parts)
            case "as_if":
                return ast.AsIf(span, self.build(parts[0]), tuple(self.change(part) for part in parts[1:]))
            case "is" | "is_not":
                return self.is_test(tree, span, parts)
            case "at":
                return ast.At(span, self.build(parts[0]), self.when(parts[1]))
        return self.operation(tree, span, [self.build(part) for part in parts])

    def operation(self, tree: ParseNode, span: Span, values: list[ast.Expression]) -> ast.Expression:
        match tree.data:
            case "any":
                return ast.Or(span, tuple(values))
            case "all":
                return ast.And(span, tuple(values))
            case "negation":
                return ast.Not(span, values[0])
            case "minus":
                return ast.Negate(span, values[0])
            case "arithmetic":
                return ast.Arithmetic(span, str(tree.children[1]), values[0], values[1])
            case "compare":
                return ast.Compare(span, str(tree.children[1]), values[0], values[1])
            case "between":
                return ast.Between(span, values[0], values[1], values[2])
            case "one_of":
                return ast.OneOf(span, values[0], tuple(values[1:]))
            case "not_one_of":
                return ast.OneOf(span, values[0], tuple(values[1:]), negated=True)
            case "otherwise":
                return ast.Otherwise(span, values[0], values[1])
        raise AssertionError(tree.data)

    def atom(self, tree: ParseNode, span: Span) -> ast.Expression:
        token = next(child for child in tree.children if isinstance(child, Token))
        match tree.data:
            case "name":
                return ast.Name(span, str(token))
            case "member":
                return ast.EnumLiteral(span, str(token))
            case "boolean":
                return ast.Boolean(span, token.type == "TRUE")
            case "date":
                return ast.DateLiteral(span, read_date(token, span, self.problems))
        value = read_number(token, self.token_span(token), self.problems)
        match tree.data:
            case "number":
                return ast.Number(span, value, whole="." not in token)
            case "percent":
                return ast.Number(span, value / 100, percent=True)
            case "money":
                return ast.Money(span, value, str(self.tokens(tree, "CURRENCY")[0]))
        return self.duration(tree, span, token)

    def duration(self, tree: ParseNode, span: Span, token: Token) -> ast.Expression:
        unit = str(self.tokens(tree, "UNIT")[0]).rstrip("s")
        value = read_number(token, self.token_span(token), self.problems)
        if value.denominator != 1 or value > 100_000:
            help_text = "write a shorter unit: `18 months` for `1.5 years`"
            self.problems.add("E303", "a duration is a whole number of at most 100,000 units", span, help=help_text)
            return ast.DurationLiteral(span, 0, unit)
        return ast.DurationLiteral(span, int(value), unit)

    def postfix(self, tree: ParseNode, span: Span, parts: list[ParseNode]) -> ast.Expression:
        values = [self.build(part) for part in parts]
        match tree.data:
            case "attribute":
                name = (self.tokens(tree, "NAME") or self.tokens(tree, "OF"))[0]
                return ast.Attribute(span, values[0], str(name), self.token_span(name))
            case "index":
                return ast.Index(span, values[0], tuple(values[1:]))
            case "call":
                return ast.Call(span, values[0], tuple(values[1:]))
        operation = self.operation_name(values[0])
        named = self.tokens(tree, "NAME")[0]
        where = values[-1] if self.tokens(tree, "WHERE") else None
        body = values[1] if tree.data == "aggregate" else None
        source = values[2] if tree.data == "aggregate" else values[1]
        return ast.Aggregate(span, operation, body, str(named), source, where, self.token_span(named))

    def ordering(self, tree: ParseNode, span: Span, parts: list[ParseNode]) -> ast.Expression:
        """What has an order: the highest and lowest of values, the first and last of records, ranks."""
        each = next(part for part in parts if part.data == "each")
        order = next((part for part in parts if part.data == "order"), None)
        name = self.tokens(each, "NAME")[0]
        inside = [self.build(part) for part in self.trees(each)]
        source, where = inside[0], inside[1] if len(inside) > 1 else None
        keys = tuple(self.sort_key(part) for part in self.trees(order)) if order is not None else ()
        body = self.build(parts[parts.index(each) - 1])
        rest = (body, str(name), source, where, keys, self.token_span(name))
        if tree.data == "last":
            return ast.Chosen(span, "", "last", None, *rest)
        base = self.build(parts[0])
        if tree.data == "chosen":
            pick = parts[1]
            return ast.Chosen(span, self.operation_name(base), str(pick.children[0]), self.count(pick), *rest)
        word = base.name if isinstance(base, ast.Name) else ""
        if word == "first":
            return ast.Chosen(span, "", "first", None, *rest)
        if word not in RANKS:
            self.problems.add("E505", f"`{base.span.text}` needs no order", base.span, help=self.orderly(word))
        return ast.Ranked(span, word, *rest)

    def orderly(self, word: str) -> str:
        if word in AGGREGATES:
            return f"remove `by`, or say how many: `{word}(first 3 of … by …)`"
        return "`first`, `last`, `rank` and `percentile_rank` have an order"

    def count(self, pick: ParseNode) -> ast.Expression:
        token = pick.children[1]
        assert isinstance(token, Token)
        span = self.token_span(token)
        if token.type == "NAME":
            return ast.Name(span, str(token))
        return ast.Number(span, read_number(token, span, self.problems), whole="." not in token)

    def change(self, tree: ParseNode) -> ast.Replacement:
        """One replacement of a world."""
        parts = self.trees(tree)
        target, value = self.build(parts[0]), self.build(parts[1])
        if len(parts) == 2:
            return ast.Replacement(self.span(tree), target, value)
        name = self.tokens(parts[2], "NAME")[0]
        inside = [self.build(part) for part in self.trees(parts[2])]
        where = inside[1] if len(inside) > 1 else None
        return ast.Replacement(self.span(tree), target, value, str(name), inside[0], where, self.token_span(name))

    def sort_key(self, tree: ParseNode) -> ast.SortKey:
        value = self.build(self.trees(tree)[0])
        return ast.SortKey(self.span(tree), value, bool(self.tokens(tree, "HIGHEST")))

    def over(self, tree: ParseNode, span: Span, parts: list[ParseNode]) -> ast.Expression:
        values = [self.build(part) for part in parts]
        operation, unit = self.operation_name(values[0]), str(self.tokens(tree, "NAME")[-1])
        match tree.data:
            case "over_parts":
                return ast.OverTime(span, operation, values[1], 0, unit)
            case "over_parts_by":
                return ast.OverTime(span, operation, values[1], 0, unit, edge=str(tree.children[-1]))
            case "over_last_counted":
                return ast.OverTime(span, operation, values[1], 0, unit, counted=values[2])
        count = int(read_number(self.tokens(tree, "NUMBER")[0], span, self.problems))
        return ast.OverTime(span, operation, values[1], count, unit)

    def operation_name(self, base: ast.Expression) -> str:
        if isinstance(base, ast.Name) and base.name in AGGREGATES:
            return base.name
        if isinstance(base, ast.Name) and base.name in (*RANKS, "first"):
            help_text = f"write `{base.name}({'self' if base.name in RANKS else '…'} for m in … by m.…)`"
            self.problems.add("E505", f"`{base.name}` needs `by`", base.span, help=help_text)
            return "sum"
        help_text = "one of " + ", ".join(sorted(AGGREGATES))
        self.problems.add("E301", "this cannot run over members or periods", base.span, help=help_text)
        return "sum"

    def choice(self, tree: ParseNode, span: Span, parts: list[ParseNode]) -> ast.Expression:
        values = [self.build(part) for part in parts]
        match tree.data:
            case "if":
                return ast.If(span, values[0], values[1], values[2])
            case "case":
                pairs = tuple(zip(values[0:-1:2], values[1:-1:2], strict=True))
                return ast.Case(span, pairs, values[-1])
        names = self.tokens(tree, "NAME")
        pairs_named = zip(names, values[:-1], strict=True)
        bindings = tuple(ast.Binding(self.token_span(name), str(name), value) for name, value in pairs_named)
        return ast.Let(span, bindings, values[-1])

    def is_test(self, tree: ParseNode, span: Span, parts: list[ParseNode]) -> ast.Is:
        value, named = parts
        name = self.tokens(named, "NAME")[0]
        groups = [self.build(part) for part in self.trees(named)]
        negated = tree.data == "is_not"
        where = self.token_span(name)
        return ast.Is(span, self.build(value), str(name), groups[0] if groups else None, negated, where)

    def when(self, tree: ParseNode) -> ast.When:
        span = self.span(tree)
        match tree.data:
            case "relative":
                return ast.When(span, str(tree.children[0]), str(tree.children[1]))
            case "boundary":
                return ast.When(span, str(tree.children[0]))
            case "on_date":
                token = self.tokens(tree, "DATE")[0]
                return ast.When(span, "date", date=ast.DateLiteral(span, read_date(token, span, self.problems)))
        return ast.When(span, "date", date=self.build(self.trees(tree)[0]))
