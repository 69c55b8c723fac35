"""Constant folding at a period: formulas are chosen, dated constants put in, and what follows worked out.

1. Choose the formula whose date is the last one not after the period's first day.
2. Replace parameters, and table cells with constant keys, by their value at the period.
3. Work out arithmetic, comparisons and choices whose parts became constants. Division by zero is left as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import TypeGuard, TypeVar

from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Program
from engine.reading.declared_constants import Parameter, Table
from engine.reading.declared_settings import Settings
from engine.values.calendars import NoPeriod
from engine.values.dates import add_duration
from engine.values.exact import calculate, compare
from engine.values.numbers import Number, round_to
from engine.values.periods import Period, Unit
from engine.values.types import BOOLEAN, NONE, Duration, EnumValue, Value

_T = TypeVar("_T")
_EVERY_YEAR: Mapping[tuple[Value, Value], date] = {
    (day.month, day.day): day for day in (date(2023, 1, 1) + timedelta(count) for count in range(365))
}


def formula_at(formulas: Sequence[DatedExpression], day: date) -> ir.Expression | None:
    """The expression that holds for a period beginning on `day`, or None before the first."""
    chosen = None
    for dated in formulas:
        if dated.start is None or dated.start <= day:
            chosen = dated.body
    return chosen


def value_at(values: Sequence[tuple[date, _T]], day: date) -> tuple[date, _T] | None:
    """The last dated value not after `day`, with its date, or None before the first."""
    chosen = None
    for entry in values:
        if entry[0] > day:
            break
        chosen = entry
    return chosen


def constant_day(time: ir.Time, period: Period, settings: Settings) -> date | None:
    """The day on which a constant is read by a formula of `period`; None where it must be computed.

    A formula for all time reads only what never changes (E604), as it is on the first day that the rules answer for.
    """
    match time:
        case ir.ThisPeriod():
            return settings.covers_from if period.kind.unit is Unit.ETERNITY else period.start
        case ir.Containing():
            anchor = period.end if time.at_end else period.start
            return time.kind.containing(anchor).shift(time.shift).start
        case ir.ContainingDate():
            day = day_of(time.day, period)
            return None if day is None else time.kind.containing(day).start


def day_of(node: ir.Expression, period: Period) -> date | None:
    """The day that an expression is in every case, made of the formula's period alone; None where it hangs on more.

    Raises OverflowError outside 1600 to 2999.
    """
    match node:
        case ir.PeriodBoundary():
            return period.start if node.which == "start" else period.end
        case ir.Literal(value=date() as day):
            return day
        case ir.Arithmetic(operator="+" | "-", left=left, right=ir.Literal(value=Duration() as length)):
            base = day_of(left, period)
            if base is None or (length.months and base.day > 28):
                return None  # which day it is then hangs on how the ruleset rounds dates
            return add_duration(base, length if node.operator == "+" else -length)
        case ir.DateFunction(name="date", arguments=(year, ir.Literal(value=month), ir.Literal(value=day))):
            base = day_of(year.arguments[0], period) if _is_year(year) else None
            of_every_year = _EVERY_YEAR.get((month, day))
            return of_every_year.replace(year=base.year) if base is not None and of_every_year is not None else None
    return None


def _is_year(node: ir.Expression) -> TypeGuard[ir.DateFunction]:
    return isinstance(node, ir.DateFunction) and node.name == "year_of"


def parts_of(node: ir.OverParts, period: Period, count: int | None = None) -> tuple[Period, ...]:
    """The periods over which a formula of `period` evaluates: its parts, or the `count` (understood: as many as there
    may be) before the one that holds its first day, earliest first. Raises OverflowError outside 1600 to 2999."""
    if node.last is None:
        return period.parts(node.kind, node.edge)
    earlier: list[Period] = []
    try:
        part = node.kind.containing(period.start)
        for _ in range(node.most if count is None else count):
            part = part.shift(-1)
            earlier.append(part)
    except NoPeriod:
        pass  # a personal calendar has no more
    return tuple(reversed(earlier))


def _moves(constant: Parameter | Table, day: date) -> bool:
    """Whether a constant is on a day what an index makes of it, not what is stated."""
    if constant.uprate is None:
        return False
    return constant.known_until is None or day > constant.known_until


def fold(node: ir.Expression, period: Period, program: Program) -> ir.Expression:
    """`node` as it stands for a formula of `period`, with constants put in and worked out."""
    return _Folder(period, program).fold(node)


class _Folder:
    def __init__(self, period: Period, program: Program) -> None:
        self.period = period
        self.program = program

    def fold(self, node: ir.Expression) -> ir.Expression:
        match node:
            case ir.ParameterRead() | ir.TableRead() | ir.ScaleRead():
                return self.constant(node)
            case ir.And() | ir.Or() | ir.Not() | ir.Compare():
                return self.logic(node)
            case ir.Let():
                return self.let(node)
            case ir.If():
                return self.choice(node)
            case ir.Arithmetic() | ir.Negate() | ir.Extreme() | ir.Absolute() | ir.Round():
                return self.number(node)
            case ir.FunctionCall() | ir.DateFunction():
                return replace(node, arguments=self.all(node.arguments))
            case ir.AsIf():
                changes = tuple(
                    replace(change, value=self.fold(change.value), where=self.maybe(change.where))
                    for change in node.changes
                )
                return replace(node, changes=changes)
            case ir.Chosen():
                keys = tuple(replace(key, value=self.maybe(key.value)) for key in node.keys)
                count, where = self.maybe(node.count), self.maybe(node.where)
                return replace(node, count=count, where=where, keys=keys, body=self.fold(node.body))
            case ir.Ranked():
                keys = tuple(replace(key, value=self.maybe(key.value)) for key in node.keys)
                return replace(node, where=self.maybe(node.where), keys=keys)
            case ir.Aggregate():
                return replace(node, body=self.maybe(node.body), where=self.maybe(node.where))
            case ir.Otherwise():
                return replace(node, value=self.fold(node.value), fallback=self.fold(node.fallback))
            case ir.IsNone() | ir.Present():
                return self.presence(node)
            case ir.Exceptions():
                cases = tuple(
                    replace(case, when=self.fold(case.when), then=self.fold(case.then)) for case in node.cases
                )
                return replace(node, general=self.fold(node.general), cases=cases)
        return node

    def maybe(self, node: ir.Expression | None) -> ir.Expression | None:
        return None if node is None else self.fold(node)

    def all(self, nodes: tuple[ir.Expression, ...]) -> tuple[ir.Expression, ...]:
        return tuple(self.fold(node) for node in nodes)

    def constant(self, node: ir.ParameterRead | ir.TableRead | ir.ScaleRead) -> ir.Expression:
        day = constant_day(node.time, self.period, self.program.settings)
        match node:
            case ir.ParameterRead():
                parameter = self.program.parameters[node.name]
                dated_value = value_at(parameter.values, day) if day and not _moves(parameter, day) else None
                return node if dated_value is None else _constant(node, dated_value[1])
            case ir.TableRead():
                folded = replace(node, keys=self.all(node.keys))
                return self.cell(folded, day)
        key = self.fold(node.key) if node.key is not None else None
        return replace(node, key=key, argument=self.fold(node.argument))

    def cell(self, node: ir.TableRead, day: date | None) -> ir.Expression:
        keys = tuple(_key(key.value) for key in node.keys if isinstance(key, ir.Literal))
        table = self.program.tables[node.name]
        dated_cells = value_at(table.values, day) if day and not _moves(table, day) else None
        if dated_cells is None or len(keys) < len(node.keys) or keys not in dated_cells[1]:
            return node
        return _constant(node, dated_cells[1][keys][node.column])

    def logic(self, node: ir.And | ir.Or | ir.Not | ir.Compare) -> ir.Expression:
        match node:
            case ir.Not():
                inner = self.fold(node.value)
                truth = _truth(inner)
                return replace(node, value=inner) if truth is None else ir.Literal(BOOLEAN, node.span, not truth)
            case ir.Compare():
                left, right = self.fold(node.left), self.fold(node.right)
                return self.comparison(replace(node, left=left, right=right))
        deciding = isinstance(node, ir.Or)
        values = [value for value in self.all(node.values) if _truth(value) is not (not deciding)]
        if any(_truth(value) is deciding for value in values):
            return ir.Literal(BOOLEAN, node.span, deciding)
        if not values:
            return ir.Literal(BOOLEAN, node.span, not deciding)
        return values[0] if len(values) == 1 else replace(node, values=tuple(values))

    def comparison(self, node: ir.Compare) -> ir.Expression:
        if not isinstance(node.left, ir.Literal) or not isinstance(node.right, ir.Literal):
            return node
        try:
            return ir.Literal(BOOLEAN, node.span, compare(node.operator, node.left.value, node.right.value))
        except ValueError:
            return node  # durations without an order: an error where it is evaluated

    def presence(self, node: ir.IsNone | ir.Present) -> ir.Expression:
        value = self.fold(node.value)
        if isinstance(node, ir.IsNone) and isinstance(value, ir.Literal | ir.NotApplicable):
            return ir.Literal(BOOLEAN, node.span, isinstance(value, ir.NotApplicable))
        return value if isinstance(value, ir.Literal) else replace(node, value=value)

    def choice(self, node: ir.If) -> ir.Expression:
        condition = self.fold(node.condition)
        truth = _truth(condition)
        if truth is not None:
            return self.fold(node.then if truth else node.otherwise)
        then, otherwise = self.fold(node.then), self.fold(node.otherwise)
        return replace(node, condition=condition, then=then, otherwise=otherwise)

    def let(self, node: ir.Let) -> ir.Expression:
        return replace(node, value=self.fold(node.value), body=self.fold(node.body))

    def number(self, node: ir.Arithmetic | ir.Negate | ir.Extreme | ir.Absolute | ir.Round) -> ir.Expression:
        match node:
            case ir.Arithmetic():
                node = replace(node, left=self.fold(node.left), right=self.fold(node.right))
                known = _numbers((node.left, node.right))
                defined = known is not None and (node.operator not in ("/", "mod") or known[1] != 0)
                result = _calculated(node.operator, known) if known is not None and defined else None
            case ir.Extreme():
                node = replace(node, values=self.all(node.values))
                known = _numbers(node.values)
                result = _extreme(node.operator, known) if known is not None else None
            case ir.Round():
                node = replace(node, value=self.fold(node.value), step=self.fold(node.step))
                known = _numbers((node.value, node.step))
                result = round_to(known[0], known[1], node.mode) if known is not None and known[1] > 0 else None
            case ir.Negate() | ir.Absolute():
                node = replace(node, value=self.fold(node.value))
                known = _numbers((node.value,))
                sign = -1 if isinstance(node, ir.Negate) or (known is not None and known[0] < 0) else 1
                result = sign * known[0] if known is not None else None
        return node if result is None else ir.Literal(node.type, node.span, result)


def _constant(node: ir.ParameterRead | ir.TableRead, value: Value) -> ir.Expression:
    if value is NONE:
        return ir.NotApplicable(node.type, node.span)
    return ir.Literal(node.type, node.span, value)


def _key(value: Value) -> str | int:
    if isinstance(value, EnumValue):
        return value.member
    assert isinstance(value, int)
    return value


def _truth(node: ir.Expression) -> bool | None:
    return node.value if isinstance(node, ir.Literal) and isinstance(node.value, bool) else None


def _numbers(nodes: Sequence[ir.Expression]) -> list[Number] | None:
    values: list[Number] = []
    for node in nodes:
        if not isinstance(node, ir.Literal) or not node.type.is_number:
            return None
        assert isinstance(node.value, int | Fraction)
        values.append(node.value)
    return values


def _extreme(operator: str, values: Sequence[Number]) -> Number:
    return min(values) if operator == "min" else max(values)


def _calculated(operator: str, known: Sequence[Number]) -> Number | None:
    """The result, unless it is too long to be computed with: then the interpreter says so where it is needed."""
    try:
        return calculate(operator, known[0], known[1])
    except OverflowError:
        return None
