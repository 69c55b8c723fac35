"""Formulas over facts that are not known, as two formulas: the least and the greatest that they give.

1. Of each expression there are two, which give the ends of what it may be while facts are anything in their ranges; the
   ends of a boolean are `false` and `true`, and an enum is known where both ends are one member. An expression that
   reads nothing that may be open is its own two ends.
2. A sum, a scale that never falls, a rounding have their ends at the ends of their parts. A choice whose condition is
   open lies in the hull of its branches.
3. Where an operation has no ends that the interpreter would find too (a remainder, a divisor that may be zero, one
   branch that applies and one that does not), both ends are errors unless its parts are known. So what may fail or may
   not apply is an error at both ends, and whatever is one value without error is the interpreter's.
4. What is used more than once is given a name.

Code for both (`engine.native.determined`) tells rows that are determined in spite of what is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Definition, FunctionDefinition, Program
from engine.ir.walk import walk
from engine.native.plan.end_numbers import EndsOfNumbers
from engine.native.plan.ends import (
    LEAST,
    MOST,
    ORDERED,
    Ends,
    chosen,
    compared,
    failing,
    one,
    sides_of,
    some,
    truth_of,
)  # fmt: skip
from engine.values.periods import Period
from engine.values.types import BOOLEAN, Kind, ValueType


class EndsOf(EndsOfNumbers):
    """Writes the ends of formulas. `opened` are the figures and facts that have ends of their own; `functions` collects
    the functions that are called with open arguments."""

    def __init__(self, program: Program, opened: Collection[str]) -> None:
        super().__init__(program)
        self.opened = opened
        self.functions: dict[str, FunctionDefinition] = {}

    def of_formula(
        self, body: ir.Expression, period: Period | None, names: Mapping[str, Ends], within: Definition | None = None
    ) -> Ends:
        """The ends of a formula of a period (None where it holds for several), `within` the range of a figure."""
        outer, self._period = self._period, period
        ends = self._scope(body, names, within)
        self._period = outer
        return ends

    def _scope(self, node: ir.Expression, names: Mapping[str, Ends], within: Definition | None = None) -> Ends:
        """The ends of an expression that is evaluated for whom or when its surroundings are not."""
        outer, self._bindings = self._bindings, []
        ends = self._of(node, names)
        if within is not None and node.type.is_number and not ends.are_one:
            ends = self._within(ends, within)
        bindings, self._bindings = self._bindings, outer

        def bound(part: ir.Expression) -> ir.Expression:
            for name, value in reversed(bindings):
                part = ir.Let(part.type, None, name, value, part)
            return part

        return ends.mapped(bound)

    def _within(self, ends: Ends, definition: Definition) -> Ends:
        """What is not determined lies in the range of its figure; where it cannot, both ends are errors."""
        kind = ends.low.type
        if definition.low is None and definition.high is None:
            return ends
        low, high = ends.low, ends.high
        if definition.low is not None:
            low = ir.Extreme(kind, None, "max", (low, ir.Literal(kind, None, definition.low)))
        if definition.high is not None:
            high = ir.Extreme(kind, None, "min", (high, ir.Literal(kind, None, definition.high)))
        named = self._named(Ends(low, high))
        rising = compared("<=", named.low, named.high)
        return named.mapped(lambda end: chosen(rising, end, failing(end)))

    # --- kinds of expressions

    def _of(self, node: ir.Expression, names: Mapping[str, Ends]) -> Ends:
        if not self._is_open(node, names):
            return one(node)
        if isinstance(node, ir.Chosen):
            return self._extremes(node, names)
        if node.type.kind is Kind.DURATION and not isinstance(node, ir.Local | ir.Let):
            return one(failing(some(node.type)))
        match node:
            case ir.VariableRead() | ir.OverTime() | ir.Spread():
                return self._read(node)
            case ir.Local():
                return names[node.name]
            case ir.Let():
                return self._let(node, names)
            case ir.FunctionCall():
                return self._call(node, names)
            case ir.If():
                return self._choice(self._of(node.condition, names), node.then, node.otherwise, names)
            case ir.Exceptions():
                return self._exceptions(node, names)
            case ir.And() | ir.Or():
                parts = [self._of(value, names) for value in node.values]
                return self._each(node, "values", parts)
            case ir.Not():
                return self._of(node.value, names).swapped().mapped(lambda value: replace(node, value=value))
            case ir.Compare():
                return self._compared(node, self._of(node.left, names), self._of(node.right, names))
            case ir.Aggregate():
                return self._aggregate(node, names)
            case ir.OverParts():
                return self._over_parts(node, names)
        return self._number(node, names)

    def _number(self, node: ir.Expression, names: Mapping[str, Ends]) -> Ends:
        match node:
            case ir.Arithmetic():
                return self._arithmetic(node, self._of(node.left, names), self._of(node.right, names))
            case ir.Negate():
                return self._of(node.value, names).swapped().mapped(lambda value: replace(node, value=value))
            case ir.Extreme():
                return self._each(node, "values", [self._of(value, names) for value in node.values])
            case ir.Absolute():
                return self._absolute(node, self._named(self._of(node.value, names)))
            case ir.Round():
                return self._rounded(node, self._of(node.value, names), self._of(node.step, names))
            case ir.Otherwise():
                value, fallback = self._of(node.value, names), self._of(node.fallback, names)
                low = replace(node, value=value.low, fallback=fallback.low)
                return Ends(low, replace(node, value=value.high, fallback=fallback.high))
            case ir.IsNone():
                return one(replace(node, value=self._of(node.value, names).low))
            case ir.Present():
                return self._of(node.value, names).mapped(lambda value: replace(node, value=value))
            case ir.ScaleRead():
                return self._scale(node, names)
            case ir.TableRead():
                return self._table(node, names)
            case ir.DateFunction():
                return self._date_function(node, names)
        return one(failing(some(node.type)))

    def _let(self, node: ir.Let, names: Mapping[str, Ends]) -> Ends:
        value = self._of(node.value, names)
        if value.are_one:  # under its own name, which others read
            self._bindings.append((node.name, value.low))
            value = one(ir.Local(node.value.type, None, node.name))
        return self._of(node.body, {**names, node.name: self._named(value)})

    def _is_open(self, node: ir.Expression, names: Mapping[str, Ends]) -> bool:
        for part in walk(node):
            match part:
                case ir.VariableRead(name=name) | ir.OverTime(name=name) if name in self.opened:
                    return True
                case ir.Local(name=name) if name in names and not names[name].are_one:
                    return True
        return False

    def _each(self, node: ir.Expression, field: str, parts: Sequence[Ends]) -> Ends:
        """An operation that never falls in any of its parts."""
        low = replace(node, **{field: tuple(part.low for part in parts)})  # type: ignore[arg-type]
        return Ends(low, replace(node, **{field: tuple(part.high for part in parts)}))  # type: ignore[arg-type]

    # --- reading

    def _read(self, node: ir.VariableRead | ir.OverTime | ir.Spread) -> Ends:
        if isinstance(node, ir.Spread):
            whole = [replace(node.value, name=node.value.name + end) for end in (LEAST, MOST)]
            return Ends(replace(node, value=whole[0]), replace(node, value=whole[1]))
        if isinstance(node, ir.VariableRead) and isinstance(node.time, ir.ContainingDate):
            return one(node) if node.name not in self.opened else one(failing(some(node.type)))
        return Ends(replace(node, name=node.name + LEAST), replace(node, name=node.name + MOST))

    def _call(self, node: ir.FunctionCall, names: Mapping[str, Ends]) -> Ends:
        function = self.program.functions[node.name]
        arguments = [self._of(argument, names) for argument in node.arguments]
        if any(kind.kind is Kind.DURATION for _, kind in function.arguments):
            return one(failing(some(node.type)))
        opened = [
            argument for (argument, _), ends in zip(function.arguments, arguments, strict=True) if not ends.are_one
        ]
        name = f"{node.name} by {', '.join(opened)}" + ("" if self._period is None else f" from {self._period.start}")
        if name + LEAST not in self.functions:
            self._add_function(function, name, opened)
        given = tuple(end for ends in arguments for end in sides_of(ends))
        return Ends(replace(node, name=name + LEAST, arguments=given), replace(node, name=name + MOST, arguments=given))

    def _add_function(self, function: FunctionDefinition, name: str, opened: Collection[str]) -> None:
        names: dict[str, Ends] = {}
        taken: list[tuple[str, ValueType]] = []
        for argument, kind in function.arguments:
            ends = (LEAST, MOST) if argument in opened else ("",)
            sides = [ir.Local(kind, None, argument + end) for end in ends]
            names[argument] = Ends(sides[0], sides[-1])
            taken += [(side.name, kind) for side in sides]
        empty = replace(function, arguments=tuple(taken), formulas=())
        self.functions[name + LEAST] = self.functions[name + MOST] = empty  # one that calls itself finds it
        bodies = [(dated.start, self.of_formula(dated.body, self._period, names)) for dated in function.formulas]
        for end, side in ((LEAST, "low"), (MOST, "high")):
            formulas = tuple(DatedExpression(start, getattr(ends, side)) for start, ends in bodies)
            self.functions[name + end] = replace(empty, name=name + end, formulas=formulas)

    # --- choices

    def _choice(
        self, condition: Ends, then: ir.Expression, otherwise: ir.Expression, names: Mapping[str, Ends]
    ) -> Ends:
        first, second = self._of(then, names), self._of(otherwise, names)
        if condition.are_one:
            low = chosen(condition.low, first.low, second.low)
            if first.are_one and second.are_one:
                return one(low)
            return Ends(low, chosen(condition.low, first.high, second.high))
        condition, first, second = self._named(condition), self._named(first), self._named(second)
        if then.type.kind not in (*ORDERED, Kind.BOOLEAN, Kind.ENUM):
            return one(failing(some(then.type)))
        hull = self._hull(first, second)
        return Ends(
            chosen(condition.low, first.low, chosen(condition.high, hull.low, second.low)),
            chosen(condition.low, first.high, chosen(condition.high, hull.high, second.high)),
        )

    def _exceptions(self, node: ir.Exceptions, names: Mapping[str, Ends]) -> Ends:
        """Where each is over another or under it, a chain of choices, the strongest first; else known or an error."""
        whens = [self._of(case.when, names) for case in node.cases]
        if all(when.are_one for when in whens):
            parts = [self._of(case.then, names) for case in node.cases]
            general = self._of(node.general, names)
            sides = [
                replace(node, general=rest, cases=tuple(
                    replace(case, then=then) for case, then in zip(node.cases, thens, strict=True)
                ))
                for rest, thens in (
                    (general.low, [part.low for part in parts]), (general.high, [part.high for part in parts])
                )
            ]  # fmt: skip
            return Ends(sides[0], sides[1])
        ranked = all((a.name in b.over) != (b.name in a.over) for a, b in combinations(node.cases, 2))
        if not ranked:
            return one(failing(some(node.type)))
        chain = node.general
        for case in sorted(node.cases, key=lambda case: len(case.over)):
            chain = ir.If(node.type, node.span, case.when, case.then, chain)
        chain_ends = self._named(self._of(chain, names))
        for when in whens:
            condition = self._named(when).low
            chain_ends = chain_ends.mapped(lambda end, asked=condition: chosen(asked, end, end))  # type: ignore[misc]
        return chain_ends

    # --- many

    def _aggregate(self, node: ir.Aggregate, names: Mapping[str, Ends]) -> Ends:
        when = node.link.time if isinstance(node.link, ir.Members) else None
        if isinstance(when, ir.ContainingDate):
            return one(failing(some(node.type)))
        where = self._scope(node.where, names) if node.where is not None else one(truth_of(True))
        body = self._scope(node.body, names) if node.body is not None else None
        match node.operator:
            case "count":
                return where.mapped(lambda who: replace(node, where=who))
            case "any":
                assert body is not None
                return Ends(
                    replace(node, where=where.low, body=body.low), replace(node, where=where.high, body=body.high)
                )
            case "all":
                assert body is not None
                return Ends(
                    replace(node, where=where.high, body=body.low), replace(node, where=where.low, body=body.high)
                )
        assert body is not None
        return self._summed(node, where, body) if node.operator == "sum" else self._farthest(node, where, body)

    def _summed(self, node: ir.Aggregate, where: Ends, body: Ends) -> Ends:
        if where.are_one:
            return body.mapped(lambda value: replace(node, where=node.where and where.low, body=value))
        nil = one(ir.Literal(node.type, None, 0))
        perhaps = self._hull(body, nil)
        sides = [
            chosen(where.low, value, chosen(where.high, hull, nil.low))
            for value, hull in ((body.low, perhaps.low), (body.high, perhaps.high))
        ]
        return Ends(replace(node, where=None, body=sides[0]), replace(node, where=None, body=sides[1]))

    def _farthest(self, node: ir.Aggregate, where: Ends, body: Ends) -> Ends:
        """The least or the greatest of those of whom it is known that they count."""
        plain = body.mapped(lambda value: replace(node, where=node.where and where.low, body=value))
        if where.are_one:
            return plain
        unsure = replace(node, type=BOOLEAN, operator="any", where=None, body=compared("!=", where.low, where.high))
        return plain.mapped(lambda value: chosen(ir.Not(BOOLEAN, None, unsure), value, failing(some(node.type))))

    def _extremes(self, node: ir.Chosen, names: Mapping[str, Ends]) -> Ends:
        """The sum of the n highest, or lowest, of those who count, of whom only the values are open."""
        rest = [part for part in (node.where, node.count) if part is not None]
        plain = node.operator == "sum" and node.pick in ("highest", "lowest") and not node.keys
        if not plain or any(self._is_open(part, names) for part in rest):
            return one(failing(some(node.type)))
        return self._scope(node.body, names).mapped(lambda value: replace(node, body=value))

    def _over_parts(self, node: ir.OverParts, names: Mapping[str, Ends]) -> Ends:
        if node.last is not None and self._is_open(node.last, names):
            return one(failing(some(node.type)))
        outer, self._period = self._period, None
        body = self._scope(node.body, names)
        self._period = outer
        return body.mapped(lambda part: replace(node, body=part))
