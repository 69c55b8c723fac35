"""One formula from syntax to the typed core, by the kind of its outermost node."""

from __future__ import annotations

from typing import assert_never

from engine.check import (
    aggregates,
    builtins,
    calls,
    dates,
    navigation,
    operators,
    order,
    presence,
    roles,
    windows,
    worlds,
)
from engine.check.context import Elaboration, Part, Scope, Several, TableRow, Value, Who, failed
from engine.check.names import attribute_part, check_free, name_part
from engine.check.resolve import BUILTINS, FUNCTIONS
from engine.ir import nodes as ir
from engine.syntax import ast
from engine.text.articles import with_article
from engine.values.types import BOOLEAN, DATE, DURATION, INTEGER, MONEY, RATE, EnumValue, Kind, ValueType, enum_type


class Elaborator(Elaboration):
    """Checks formulas and gives them as expressions of the typed core."""

    def part(self, node: ast.Expression, scope: Scope) -> Part:
        """What a node stands for, where more than a value may stand."""
        match node:
            case ast.Name(name="none"):
                return presence.nothing(node, None)
            case ast.Name():
                return presence.narrowed(name_part(self, node, scope), scope, node.span)
            case ast.Attribute():
                return presence.narrowed(attribute_part(self, node, scope), scope, node.span)
            case ast.Index():
                return presence.narrowed(calls.index_part(self, node, scope), scope, node.span)
        return self.value(node, scope)

    def value(self, node: ast.Expression, scope: Scope, expected: ValueType | None = None) -> Value:
        """The typed expression of a node; somebody, several or a row where a value is wanted is a fault."""
        value = self._value(node, scope, expected)
        part = presence.narrowed(value, scope, node.span)
        return part if isinstance(part, Value) else value

    def _value(self, node: ast.Expression, scope: Scope, expected: ValueType | None) -> Value:
        match node:
            case ast.Name(name="none"):
                return presence.nothing(node, expected)
            case ast.Name() | ast.Attribute() | ast.Index():
                return self._as_value(node, self.part(node, scope))
            case ast.Let() | ast.If() | ast.Case():
                return self._choice(node, scope, expected)
            case ast.And() | ast.Or() | ast.Not() | ast.Compare() | ast.Between() | ast.OneOf() | ast.Is():
                return self._logic(node, scope)
            case ast.Negate():
                return operators.negate(self, node, scope, expected)
            case ast.Arithmetic():
                return operators.arithmetic(self, node, scope)
            case ast.Otherwise():
                return operators.fallback(self, node, scope, expected)
            case ast.AsIf():
                return worlds.as_if(self, node, scope)
            case ast.Chosen():
                return order.chosen(self, node, scope)
            case ast.Ranked():
                return order.ranked(self, node, scope)
            case ast.Call() | ast.Aggregate() | ast.At() | ast.OverTime():
                return self._call(node, scope)
        return self._literal(node, expected)

    def _as_value(self, node: ast.Expression, part: Part) -> Value:
        match part:
            case Value():
                return part
            case TableRow():
                help_text = "add a column: " + " or ".join(f"`.{column}`" for column in sorted(part.table.columns)[:5])
                return self.fail("E406", "a whole row is not a value", node.span, help=help_text)
            case Who():
                help_text = "add a figure after it: `.age`"
                return self.fail(
                    "E406", f"{with_article(part.subject.entity)} is not a value", node.span, help=help_text
                )
            case Several():
                help_text = "aggregate: `sum(m.wages for m in members)`, `count(m in members)`"
                return self.fail("E406", "members or records are no value", node.span, help=help_text)
            case _:
                assert_never(part)

    def _call(self, node: ast.Call | ast.Aggregate | ast.At | ast.OverTime, scope: Scope) -> Value:
        match node:
            case ast.Call(base=ast.Name(name=name)) if name in BUILTINS:
                return builtins.builtin(self, node, name, scope)
            case ast.Call(base=ast.Name(name=name)) if name in FUNCTIONS and not calls.is_declared(self, name, scope):
                return dates.date_builtin(self, node, name, scope)
            case ast.Call():
                return calls.call(self, node, scope)
            case ast.Aggregate():
                return aggregates.aggregate(self, node, scope)
            case ast.At():
                return navigation.at(self, node, scope)
            case ast.OverTime():
                return windows.over_time(self, node, scope)
            case _:
                assert_never(node)

    def _literal(self, node: ast.Expression, expected: ValueType | None) -> Value:
        match node:
            case ast.Number():
                value_type = INTEGER if node.whole else RATE
                number = int(node.value) if node.whole else node.value
                return Value(ir.Literal(value_type, node.span, number), zero=node.whole and node.value == 0)
            case ast.Money():
                return self._money(node)
            case ast.DurationLiteral():
                return Value(ir.Literal(DURATION, node.span, node.value))
            case ast.DateLiteral():
                return Value(ir.Literal(DATE, node.span, node.value))
            case ast.Boolean():
                return Value(ir.Literal(BOOLEAN, node.span, node.value))
            case ast.EnumLiteral():
                return self._member(node, expected)
        raise AssertionError(node)

    def _money(self, node: ast.Money) -> Value:
        if node.currency != self.settings.currency:
            message = f"the currency of these rules is {self.settings.currency}, not {node.currency}"
            return self.fail("E501", message, node.span, help=f"write the amount in {self.settings.currency}")
        return Value(ir.Literal(MONEY, node.span, node.value))

    def _member(self, node: ast.EnumLiteral, expected: ValueType | None) -> Value:
        enums = self.settings.enums
        if expected is not None and expected.kind is Kind.FAILED:
            return failed(node.span)
        if expected is not None and expected.kind is Kind.ENUM:
            if node.member in enums[expected.enum].members:
                return Value(ir.Literal(expected, node.span, EnumValue(expected.enum, node.member)))
            help_text = "one of " + ", ".join(f"`.{member}`" for member in enums[expected.enum].members)
            return self.fail("E406", f"`{expected.enum}` has no member `{node.member}`", node.span, help=help_text)
        having = [name for name, enum in enums.items() if node.member in enum.members]
        if len(having) == 1:
            return Value(ir.Literal(enum_type(having[0]), node.span, EnumValue(having[0], node.member)))
        if having:
            message = f"`.{node.member}` is a member of {' and '.join(f'`{name}`' for name in having)}"
            help_text = "compare it with a figure of the right enum"
            return self.fail("E506", message, node.span, help=help_text)
        return self.fail("E406", f"no enum has a member `{node.member}`", node.span, help="see `enums` in ruleset.yaml")

    # --- logic

    def _logic(
        self, node: ast.And | ast.Or | ast.Not | ast.Compare | ast.Between | ast.OneOf | ast.Is, scope: Scope
    ) -> Value:
        match node:
            case ast.Is():
                return roles.is_test(self, node, scope)
            case ast.Compare():
                return operators.compare(self, node, scope)
            case ast.Between():
                return operators.between(self, node, scope)
            case ast.OneOf():
                return operators.one_of(self, node, scope)
            case ast.Not():
                inner = self.condition(node.value, scope)
                return failed(node.span) if _bad(inner) else Value(ir.Not(BOOLEAN, node.span, inner))
            case ast.And() | ast.Or():
                return self._joined(node, scope)
            case _:
                assert_never(node)

    def _joined(self, node: ast.And | ast.Or, scope: Scope) -> Value:
        """`and` or `or`: each part is asked where those before it did not decide."""
        values: list[ir.Expression] = []
        for value in node.values:
            values.append(self.condition(value, scope))
            told = presence.told_by(values[-1])
            scope = scope.knowing(told.if_true if isinstance(node, ast.And) else told.if_false)
        if any(_bad(value) for value in values):
            return failed(node.span)
        kind = ir.And if isinstance(node, ast.And) else ir.Or
        return Value(kind(BOOLEAN, node.span, tuple(values)))

    # --- choice

    def _choice(self, node: ast.Let | ast.If | ast.Case, scope: Scope, expected: ValueType | None) -> Value:
        match node:
            case ast.Let():
                return self._let(node, 0, scope, expected)
            case ast.If():
                return self._branches(node, ((node.condition, node.then),), node.otherwise, scope, expected)
            case ast.Case():
                return self._branches(node, node.branches, node.otherwise, scope, expected)
            case _:
                assert_never(node)

    def _branches(
        self,
        node: ast.If | ast.Case,
        branches: tuple[tuple[ast.Expression, ast.Expression], ...],
        last: ast.Expression,
        scope: Scope,
        expected: ValueType | None,
    ) -> Value:
        conditions, values = self._branch_values(branches, last, scope, expected)
        if expected is None:
            expected = next((value.type for value in values if not value.failed and not value.nothing), None)
        if expected is None and not any(value.failed for value in values):
            return presence.untyped(self, values[0])
        if expected is not None:
            values = [presence.as_nothing(value, expected) if value.nothing else value for value in values]
        if expected == MONEY:
            values = [operators.as_money(value) if value.zero else value for value in values]
        bodies = [then for _, then in branches] + [last]
        fitted = operators.join(self, values, [body.span for body in bodies], "alternatives to")
        if fitted is None or any(_bad(condition) for condition in conditions):
            return failed(node.span)
        return self._nested(node, conditions, fitted)

    def _branch_values(
        self,
        branches: tuple[tuple[ast.Expression, ast.Expression], ...],
        last: ast.Expression,
        scope: Scope,
        expected: ValueType | None,
    ) -> tuple[list[ir.Expression], list[Value]]:
        """The conditions, and what stands in each branch, which knows how those before it turned out."""
        conditions: list[ir.Expression] = []
        values: list[Value] = []
        for when, then in branches:
            conditions.append(self.condition(when, scope))
            told = presence.told_by(conditions[-1])
            values.append(self.value(then, scope.knowing(told.if_true), expected))
            scope = scope.knowing(told.if_false)
        return conditions, [*values, self.value(last, scope, expected)]

    def _nested(self, node: ast.If | ast.Case, conditions: list[ir.Expression], values: list[Value]) -> Value:
        result = operators.common_type(values)
        assert result is not None
        tree = values[-1].node
        for condition, value in zip(reversed(conditions), reversed(values[:-1]), strict=True):
            tree = ir.If(result, node.span, condition, value.node, tree)
        zero = all(value.zero for value in values)
        return Value(tree, optional=any(value.optional for value in values), zero=zero)

    def _let(self, node: ast.Let, index: int, scope: Scope, expected: ValueType | None) -> Value:
        if index == len(node.bindings):
            return self.value(node.body, scope, expected)
        binding = node.bindings[index]
        check_free(self, binding.name, binding.span, scope)
        part = self.part(binding.value, scope)
        if isinstance(part, Value) and part.nothing:
            part = presence.untyped(self, part)
        if not isinstance(part, Value):
            return self._let_part(node, index, scope, part, expected)
        name = self.fresh(binding.name)
        if part.type == INTEGER:
            self.bounds[name] = windows.ends(self, part.node)
        local = ir.Local(part.type, binding.span, name)
        inner = scope.with_name(binding.name, Value(local, optional=part.optional, zero=False))
        body = self._let(node, index + 1, inner, expected)
        if body.failed or part.failed:
            return failed(node.span)
        return Value(ir.Let(body.type, node.span, name, part.node, body.node), optional=body.optional)

    def _let_part(
        self, node: ast.Let, index: int, scope: Scope, part: TableRow | Who | Several, expected: ValueType | None
    ) -> Value:
        """A `let` that names somebody, or a row: its keys are evaluated once."""
        binding = node.bindings[index]
        if not isinstance(part, TableRow):
            return self._let(node, index + 1, scope.with_name(binding.name, part), expected)
        names = [self.fresh(f"{binding.name}_key") for _ in part.keys]
        pairs = zip(part.keys, names, strict=True)
        locals_ = tuple(ir.Local(key.type, binding.span, name) for key, name in pairs)
        row = TableRow(part.name, part.table, locals_, part.time)
        body = self._let(node, index + 1, scope.with_name(binding.name, row), expected)
        tree = body.node
        if body.failed:
            return body
        for key, name in zip(part.keys, names, strict=True):
            tree = ir.Let(tree.type, node.span, name, key, tree)
        return Value(tree, optional=body.optional)


def _bad(node: ir.Expression) -> bool:
    return node.type.kind is Kind.FAILED
