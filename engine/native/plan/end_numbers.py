"""Ends of comparisons, arithmetic, dates and constants of the law, from the ends of their parts.

What is used more than once is given a name, in `bindings`: whoever writes the formula puts them before it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from engine.interpret.constants import Constants
from engine.ir import nodes as ir
from engine.ir.fold import constant_day
from engine.ir.program import Program
from engine.native.plan.ends import (
    ORDERED,
    Ends,
    all_of,
    chosen,
    compared,
    failing,
    lesser,
    number,
    one,
    some,
    truth_of,
)
from engine.values.periods import Period
from engine.values.types import BOOLEAN, EnumValue, Kind

MOST_KEYS = 12
_RISING_IN_SECOND = ("years_between", "months_between", "days_between", "age_on")


class EndsOfNumbers(ABC):
    """Writes the ends of operations."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._constants = Constants(program)
        self._period: Period | None = None
        self._bindings: list[tuple[str, ir.Expression]] = []
        self._made = 0

    @abstractmethod
    def _of(self, node: ir.Expression, names: Mapping[str, Ends]) -> Ends:
        """The ends of an expression."""

    @abstractmethod
    def _is_open(self, node: ir.Expression, names: Mapping[str, Ends]) -> bool:
        """Whether an expression reads what may be open."""

    def _named(self, ends: Ends) -> Ends:
        """The ends under names of their own, so that using them again writes nothing again."""
        return ends if ends.are_one else ends.mapped(self._name)

    def _name(self, node: ir.Expression) -> ir.Expression:
        own = isinstance(node, ir.VariableRead) and isinstance(node.subject, ir.Self)
        if own or isinstance(node, ir.Local | ir.Literal | ir.ParameterRead):
            return node
        self._made += 1
        name = f"end {self._made}"
        self._bindings.append((name, node))
        return ir.Local(node.type, node.span, name)

    def _if_known(self, parts: Sequence[Ends], made: Callable[[Sequence[ir.Expression]], ir.Expression]) -> Ends:
        """An operation without ends: where all of its parts are known, what is `made` of them, else an error."""
        parts = [self._named(part) for part in parts]
        known = all_of([compared("=", part.low, part.high) for part in parts if not part.are_one])
        plain = made([part.low for part in parts])
        return one(self._name(chosen(known, plain, failing(some(plain.type)))))

    def _hull(self, a: Ends, b: Ends) -> Ends:
        """The ends of what is one of two; an error where one applies and the other does not."""
        if a.low.type.kind is Kind.ENUM:
            return self._members_hull(a, b)
        sides = []
        for operator, left, right in (("min", a.low, b.low), ("max", a.high, b.high)):
            alike = compared("=", ir.IsNone(BOOLEAN, None, left), ir.IsNone(BOOLEAN, None, right))
            sides.append(chosen(alike, lesser(operator, left, right), failing(left)))
        return Ends(sides[0], sides[1])

    def _members_hull(self, a: Ends, b: Ends) -> Ends:
        """One member where all ends are it, else two that differ."""
        kind = a.low.type
        members = list(self.program.settings.enums[kind.enum].members)
        two = [ir.Literal(kind, None, EnumValue(kind.enum, members[place])) for place in (0, -1)]
        same = compared("=", a.low, b.low)
        known = [compared("=", ends.low, ends.high) for ends in (a, b) if not ends.are_one]
        alike = compared("=", ir.IsNone(BOOLEAN, None, a.low), ir.IsNone(BOOLEAN, None, b.low))

        def end(side: ir.Expression) -> ir.Expression:
            open_ = chosen(all_of(known), a.low, side) if known else a.low
            return chosen(alike, chosen(same, open_, side), failing(side))

        return Ends(end(two[0]), end(two[1]))

    # --- comparing

    def _compared(self, node: ir.Compare, left: Ends, right: Ends) -> Ends:
        if node.left.type.kind is Kind.DURATION:
            return one(failing(truth_of(False)))
        left, right = self._named(left), self._named(right)
        if node.operator in ("=", "!="):
            ordered = node.left.type.kind in ORDERED
            equal = _equal_numbers(left, right) if ordered else _equal_members(left, right)
            if node.operator == "=":
                return equal
            return equal.swapped().mapped(lambda value: ir.Not(BOOLEAN, node.span, value))
        if node.operator in ("<", "<="):
            sure, may = (left.high, right.low), (left.low, right.high)
        else:
            sure, may = (left.low, right.high), (left.high, right.low)
        return Ends(compared(node.operator, *sure), compared(node.operator, *may))

    # --- numbers and dates

    def _rounded(self, node: ir.Round, value: Ends, step: Ends) -> Ends:
        if step.are_one:
            return value.mapped(lambda end: replace(node, value=end))
        return self._if_known([value, step], lambda parts: replace(node, value=parts[0], step=parts[1]))

    def _arithmetic(self, node: ir.Arithmetic, left: Ends, right: Ends) -> Ends:
        if not (node.left.type.is_number and node.right.type.is_number):
            return self._day(node, left, right)

        def made(a: ir.Expression, b: ir.Expression) -> ir.Expression:
            return replace(node, left=a, right=b)

        match node.operator:
            case "+":
                return Ends(made(left.low, right.low), made(left.high, right.high))
            case "-":
                return Ends(made(left.low, right.high), made(left.high, right.low))
            case "*":
                return self._product(node, left, right)
            case "/":
                return self._quotient(node, self._named(left), self._named(right))
        return self._if_known([left, right], lambda parts: made(*parts))

    def _day(self, node: ir.Arithmetic, left: Ends, right: Ends) -> Ends:
        """A day and a known length: an error at both ends where one lies outside the years that dates have."""
        day, length = (left, right) if node.left.type.kind is Kind.DATE else (right, left)
        refused = self.program.settings.date_round_refused
        if node.type.kind is not Kind.DATE or not length.are_one or refused:
            return one(failing(some(node.type)))
        first = node.left.type.kind is Kind.DATE
        return self._tied(
            day.mapped(
                lambda end: (
                    replace(node, left=end, right=length.low) if first else replace(node, left=length.low, right=end)
                )
            )
        )

    def _tied(self, ends: Ends) -> Ends:
        """Ends that are both an error where one is."""
        ends = self._named(ends)
        rising = compared("<=", ends.low, ends.high)
        return ends.mapped(lambda end: chosen(rising, end, end))

    def _product(self, node: ir.Arithmetic, left: Ends, right: Ends) -> Ends:
        def made(a: ir.Expression, b: ir.Expression) -> ir.Expression:
            return replace(node, left=a, right=b)

        if left.are_one or right.are_one:
            factor, other = (left.low, right) if left.are_one else (right.low, left)

            def times(end: ir.Expression) -> ir.Expression:
                return made(factor, end) if left.are_one else made(end, factor)

            if isinstance(factor, ir.Literal):
                rises = factor.value >= 0  # type: ignore[operator]
                return other.mapped(times) if rises else other.swapped().mapped(times)
            other, factor = self._named(other), self._name(factor)
            up = compared(">=", factor, number(0))
            return Ends(times(chosen(up, other.low, other.high)), times(chosen(up, other.high, other.low)))
        return self._product_of_open(made, self._named(left), self._named(right))

    def _product_of_open(
        self, made: Callable[[ir.Expression, ir.Expression], ir.Expression], left: Ends, right: Ends
    ) -> Ends:
        """Where one of two is not below zero, the ends lie at its ends, by the sign of the other's; else an error."""
        plus = [self._name(compared(">=", end, number(0))) for end in (left.low, left.high, right.low, right.high)]
        first, second = plus[0], plus[2]
        lows = (
            chosen(first, chosen(second, left.low, left.high), left.low),
            chosen(first, right.low, chosen(first, right.low, right.high)),
        )
        highs = (
            chosen(first, chosen(plus[3], left.high, left.low), left.high),
            chosen(first, right.high, chosen(plus[1], right.high, right.low)),
        )
        either = ir.Or(BOOLEAN, None, (first, second))
        both = Ends(self._name(made(*lows)), self._name(made(*highs)))
        return both.mapped(lambda end: chosen(either, end, failing(end)))

    def _quotient(self, node: ir.Arithmetic, left: Ends, right: Ends) -> Ends:
        """By a known divisor of either sign, or by one that is open and above zero."""

        def made(a: ir.Expression, b: ir.Expression) -> ir.Expression:
            return replace(node, left=a, right=b)

        up = compared(">", right.low, number(0))
        if right.are_one:
            low, high = chosen(up, left.low, left.high), chosen(up, left.high, left.low)
            return Ends(made(low, right.low), made(high, right.low))
        sides = []
        for end, (below, above) in ((left.low, (right.low, right.high)), (left.high, (right.high, right.low))):
            divisor = chosen(compared(">=", end, number(0)), above, below)
            sides.append(chosen(up, made(end, divisor), failing(made(end, number(1)))))
        return Ends(sides[0], sides[1])

    def _absolute(self, node: ir.Absolute, value: Ends) -> Ends:
        zero, minus = number(0), ir.Negate(node.type, None, value.high)
        inside = chosen(compared("<=", value.high, zero), minus, ir.Literal(node.type, None, 0))
        low = chosen(compared(">=", value.low, zero), value.low, inside)
        sizes = (ir.Absolute(node.type, None, value.low), ir.Absolute(node.type, None, value.high))
        return Ends(low, ir.Extreme(node.type, None, "max", sizes))

    def _date_function(self, node: ir.DateFunction, names: Mapping[str, Ends]) -> Ends:
        parts = [self._of(argument, names) for argument in node.arguments]
        if node.name in _RISING_IN_SECOND and not node.workdays:
            first, second = parts
            low = replace(node, arguments=(first.high, second.low))
            return Ends(low, replace(node, arguments=(first.low, second.high)))
        if node.name == "attains" and parts[1].are_one:
            return self._tied(parts[0].mapped(lambda born: replace(node, arguments=(born, parts[1].low))))
        if node.name == "year_of":
            return parts[0].mapped(lambda day: replace(node, arguments=(day,)))
        return self._if_known(parts, lambda known: replace(node, arguments=tuple(known)))

    # --- constants by open keys and amounts

    def _scale(self, node: ir.ScaleRead, names: Mapping[str, Ends]) -> Ends:
        direction, argument = self._direction(node), self._of(node.argument, names)
        key = self._of(node.key, names) if node.key is not None else one(number(0))

        def scaled(parts: Sequence[ir.Expression]) -> ir.Expression:
            return replace(node, key=None if node.key is None else parts[0], argument=parts[1])

        if not direction:
            return self._if_known([key, argument], scaled)
        key = self._named(key)
        sides = (argument if direction > 0 else argument.swapped()).mapped(lambda amount: scaled([key.low, amount]))
        if key.are_one:
            return sides
        known = compared("=", key.low, key.high)
        return self._named(sides).mapped(lambda side: chosen(known, side, failing(side)))

    def _direction(self, node: ir.ScaleRead) -> int:
        """1 if a scale never falls, -1 if it never rises, 0 if neither, or nobody can say."""
        scale = self.program.scales[node.name]
        day = constant_day(node.time, self._period, self.program.settings) if self._period is not None else None
        in_force = self._constants.at(node.name, day) if day is not None else None
        if in_force is None or node.type.kind not in ORDERED or node.type.or_none:
            return 0
        values = [[bracket.value for bracket in brackets] for brackets in in_force.content.values()]
        if scale.kind != "step":
            values = [[0, rate] for rates in values for rate in rates]
        if all(a <= b for row in values for a, b in pairwise(row)):
            return 1
        falls = scale.kind == "step" and all(a >= b for row in values for a, b in pairwise(row))
        return -1 if falls else 0

    def _table(self, node: ir.TableRead, names: Mapping[str, Ends]) -> Ends:
        """The hull of the cells of one open key of few values."""
        table = self.program.tables[node.name]
        open_keys = [place for place, key in enumerate(node.keys) if self._is_open(key, names)]
        listed = self._listed(node, open_keys[0]) if len(open_keys) == 1 else None
        if not listed or not table.is_total or node.type.kind not in ORDERED or node.type.or_none:
            keys = [self._of(key, names) for key in node.keys]
            return self._if_known(keys, lambda known: replace(node, keys=tuple(known)))
        place = open_keys[0]
        key = self._named(self._of(node.keys[place], names))

        def cell(at: ir.Expression) -> ir.Expression:
            return replace(node, keys=(*node.keys[:place], at, *node.keys[place + 1 :]))

        known, lowest = compared("=", key.low, key.high), self._name(cell(key.low))
        sides = []
        for operator in ("min", "max"):
            parts = tuple(self._may_be(key, member, cell(member), lowest) for member in listed)
            sides.append(chosen(known, lowest, ir.Extreme(node.type, None, operator, parts)))
        if key.low.type.kind is not Kind.INTEGER:
            return Ends(sides[0], sides[1])
        first, last = listed[0], listed[-1]
        inside = all_of([compared(">=", key.low, first), compared("<=", key.high, last)])
        return Ends(sides[0], sides[1]).mapped(lambda side: chosen(inside, side, failing(side)))

    def _may_be(self, key: Ends, member: ir.Expression, cell: ir.Expression, lowest: ir.Expression) -> ir.Expression:
        if key.low.type.kind is not Kind.INTEGER:
            return cell
        between = all_of([compared("<=", key.low, member), compared(">=", key.high, member)])
        return chosen(between, cell, lowest)

    def _listed(self, node: ir.TableRead, place: int) -> list[ir.Expression] | None:
        """The values of a key, if they are few."""
        key, kind = self.program.tables[node.name].keys[place], node.keys[place].type
        if key.open:
            return None
        if key.boolean:
            return [truth_of(False), truth_of(True)]
        if key.enum:
            members = list(self.program.settings.enums[key.enum].members)
            literals = [ir.Literal(kind, None, EnumValue(key.enum, member)) for member in members]
            return list(literals) if len(literals) <= MOST_KEYS else None
        if kind.kind is not Kind.INTEGER or key.high - key.low >= MOST_KEYS:
            return None
        return [number(value) for value in range(key.low, key.high + 1)]


def _equal_numbers(left: Ends, right: Ends) -> Ends:
    both = (compared("<=", left.high, right.low), compared("<=", right.high, left.low))
    touching = (compared("<=", left.low, right.high), compared("<=", right.low, left.high))
    return Ends(all_of(both), all_of(touching))


def _equal_members(left: Ends, right: Ends) -> Ends:
    """Of enums and booleans, whose ends differ where they are open."""
    same = compared("=", left.low, right.low)
    known = [compared("=", ends.low, ends.high) for ends in (left, right) if not ends.are_one]
    sure = chosen(same, all_of(known), truth_of(False))
    return Ends(sure, chosen(same, truth_of(True), ir.Not(BOOLEAN, None, all_of(known))))
