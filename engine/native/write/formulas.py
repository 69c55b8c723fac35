"""Formulas of the typed core written as operations on lanes, with the interpreter's meaning.

1. Every node gives a `Figure`: the value, the lanes where it is bad (then the row is handed over, if this decides
   anything), and the lanes where it does not apply.
2. Operations join the bad and absent lanes of their operands. A choice takes those of the branch chosen; one false part
   decides an `and` whatever the others are; `otherwise` puts its fallback where the value is absent.
3. A branch that costs much is written as a branch, taken only if some lane needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain, combinations
from typing import assert_never

from engine.interpret.interpreter import MAX_CALLS
from engine.ir import bands
from engine.ir import nodes as ir
from engine.ir.fold import formula_at
from engine.ir.program import Program
from engine.native.arithmetic import number
from engine.native.arithmetic.lanes import Mask
from engine.native.arithmetic.number import Number
from engine.native.plan.handed import is_handed
from engine.native.plan.plan import period_at
from engine.native.plan.requests import Request
from engine.native.plan.settled import taken
from engine.native.plan.terms import Terms
from engine.native.write import days, lengths, lookups, over, rows
from engine.native.write import lane_values as v
from engine.native.write.aggregates import aggregate
from engine.native.write.chunk import Chunk
from engine.native.write.lane_values import Code, Day, Figure, Length, Truth, truth
from engine.native.write.memory import Memory
from engine.native.write.sharing import Sharing
from engine.native.write.writing import Frame, Thunk
from engine.population.columns import Cell
from engine.values.numbers import RoundingMode


class FormulaWriter:
    """Writes formulas into a chunk."""

    def __init__(self, program: Program, memory: Memory, terms: Terms, chunk: Chunk, sharing: Sharing) -> None:
        self.program = program
        self.memory = memory
        self.terms = terms
        self.chunk = chunk
        self.work = chunk.work
        self.lanes = chunk.lanes
        self.sharing = sharing
        self.costs = sharing.costs
        self.idle: frozenset[Cell] = frozenset()
        self.busy: list[Cell] = []
        self.origins: dict[str, tuple[Request, ...]] = {}

    def write(self, node: ir.Expression, frame: Frame) -> Figure:
        """The figure of an expression."""
        figure = self._node(node, frame)
        flags = self.work.take_flags()
        return figure if flags is False else replace(figure, bad=self.lanes.either(figure.bad, flags))

    def _node(self, node: ir.Expression, frame: Frame) -> Figure:
        if is_handed(node, frame.period):
            return Figure(v.nothing(self.work, node.type), bad=True)
        match node:
            case ir.Literal():
                return Figure(v.literal(self.work, node.value, self.memory.members.__getitem__))
            case ir.NotApplicable():
                return Figure(v.nothing(self.work, node.type), absent=True)
            case ir.VariableRead():
                return rows.read(self, node, frame)
            case ir.Local() | ir.Let() | ir.FunctionCall():
                return self._names(node, frame)
            case ir.ParameterRead() | ir.TableRead() | ir.ScaleRead():
                return lookups.look_up(self, node, frame)
            case ir.If() | ir.Exceptions() | ir.Otherwise():
                return self._choice(node, frame)
            case ir.And() | ir.Or() | ir.Not() | ir.Compare():
                return self._logic(node, frame)
            case ir.Aggregate():
                return aggregate(self, node, frame)
            case ir.OverTime():
                return over.over_time(self, node, frame)
            case ir.OverParts():
                return over.over_parts(self, node, frame)
            case ir.Banded():
                return self._banded(node, frame)
            case ir.PeriodBoundary():
                day = frame.period.start if node.which == "start" else frame.period.end
                return Figure(Day(self.work.constant(day.toordinal())))
        return self._operation(node, frame)

    def _operation(self, node: ir.Expression, frame: Frame) -> Figure:
        match node:
            case ir.Arithmetic():
                return self._arithmetic(node, self.write(node.left, frame), self.write(node.right, frame))
            case ir.Negate():
                return self._mapped(self.write(node.value, frame), self._negative)
            case ir.IsNone():
                value = self.write(node.value, frame)
                return Figure(Truth(value.absent), bad=value.bad)
            case ir.Nobody() if not rows.is_laid_out(self, node.subject):
                return Figure(v.nothing(self.work, node.type), bad=True)
            case ir.Nobody():
                place = rows.resolve(self, node.subject, frame)
                return Figure(Truth(place.absent), bad=place.bad)
            case ir.Same():
                return rows.same(self, node, frame)
            case ir.ListedBefore():
                return rows.listed_before(self, node, frame)
            case ir.Present():  # where it does not apply, this is not asked
                return self.write(node.value, frame)
            case ir.Absolute():
                return self._mapped(
                    self.write(node.value, frame), lambda content: number.absolute(self.work, _number(content))
                )
            case ir.Extreme():
                return self.extreme(node.operator, [self.write(item, frame) for item in node.values])
            case ir.Round():
                return self._round(node, frame)
            case ir.Spread():
                whole = period_at(node.value.time, frame.period)
                count = number.fixed(self.work, len(whole.parts(node.kind)) if whole is not None else 1)
                divided = lambda content: number.divide(self.work, _number(content), count)[0]  # noqa: E731
                return self._mapped(self.write(node.value, frame), divided)
            case ir.DateFunction():
                parts = [self.write(argument, frame) for argument in node.arguments]
                return days.function(self, node, parts)
        raise AssertionError(node)

    def _banded(self, node: ir.Banded, frame: Frame) -> Figure:
        """A scale with computed thresholds; where they do not rise, the interpreter says so."""
        plain, rises = bands.written_out(node), bands.rising(node)
        if plain is None:
            return Figure(v.nothing(self.work, node.type), bad=True)
        figure = self.write(plain, frame)
        if rises is None:
            return figure
        rising = self.write(rises, frame)
        unclear = self.lanes.either(rising.bad, self.lanes.opposite(truth(rising)))
        return replace(figure, bad=self.lanes.either(figure.bad, unclear))

    # --- names

    def _names(self, node: ir.Local | ir.Let | ir.FunctionCall, frame: Frame) -> Figure:
        match node:
            case ir.Local():
                return self.local(frame.names[node.name])
            case ir.Let():
                return self._lets(node, frame)
            case ir.FunctionCall():
                function = self.program.functions[node.name]
                body = formula_at(function.formulas, frame.period.start)
                if body is None or frame.calls >= MAX_CALLS:  # the interpreter says what is wrong
                    return Figure(v.nothing(self.work, node.type), bad=True)
                arguments = zip(function.arguments, node.arguments, strict=True)
                names = {name: Thunk(argument, frame) for (name, _), argument in arguments}
                return self._sharing(body, replace(frame, names=names, calls=frame.calls + 1), names)
            case _:
                assert_never(node)

    def _lets(self, node: ir.Let, frame: Frame) -> Figure:
        """An expression with the names before it, which are looked through once for all of them."""
        body: ir.Expression = node
        while isinstance(body, ir.Let):
            frame = replace(frame, names={**frame.names, body.name: Thunk(body.value, frame)})
            body = body.body
        own, skipped_from = list(_let_names(node)), self.memory.options.skip_cost
        for name in self.sharing.read_in_several_branches(node, frame.period, own, skipped_from):
            self.local(frame.names[name])
        return self.write(body, frame)

    def _sharing(self, node: ir.Expression, frame: Frame, names: Collection[str]) -> Figure:
        """An expression; those of `names` that several of its branches read are evaluated before them."""
        skipped_from = self.memory.options.skip_cost
        for name in self.sharing.read_in_several_branches(node, frame.period, names, skipped_from):
            self.local(frame.names[name])
        return self.write(node, frame)

    def local(self, thunk: Thunk) -> Figure:
        """Evaluated once in the branch in which it is needed, or outside it if it was needed there before."""
        for scope in reversed(self.lanes.kept):
            kept = scope.get(id(thunk))
            if kept is not None:
                assert kept[0] is thunk and isinstance(kept[1], Figure)
                return kept[1]
        figure = self.write(thunk.node, thunk.frame)
        self.lanes.kept[-1][id(thunk)] = (thunk, figure)
        return figure

    # --- choices

    def _choice(self, node: ir.If | ir.Exceptions | ir.Otherwise, frame: Frame) -> Figure:
        match node:
            case ir.If():
                branch = taken(node, frame.period)
                if branch is not None:
                    return self.write(branch, frame)
                condition = self.write(node.condition, frame)
                then = lambda: self._sharing(node.then, frame, frame.names)  # noqa: E731
                otherwise = lambda: self._sharing(node.otherwise, frame, frame.names)  # noqa: E731
                costs = (self.costs.of(node.then), self.costs.of(node.otherwise))
                return self.choose(condition, then, otherwise, costs)
            case ir.Exceptions():
                return self._exceptions(node, frame)
            case ir.Otherwise():
                value = self.write(node.value, frame)
                if value.absent is False:
                    return value
                fallback = self.write(node.fallback, frame)
                absent = self.lanes.both(value.absent, self.lanes.opposite(value.bad))
                return v.choice(self.work, absent, fallback, replace(value, absent=False))
            case _:
                assert_never(node)

    def choose(
        self,
        condition: Figure,
        then: Callable[[], Figure],
        otherwise: Callable[[], Figure],
        costs: tuple[int, int] = (0, 0),
    ) -> Figure:
        """`then` where the condition holds, else `otherwise`; a branch that costs much only if a lane needs it."""
        mask = truth(condition)
        if isinstance(mask, bool):
            figure = then() if mask else otherwise()
        else:
            heavy = self.memory.options.skip_cost
            needed = self.lanes.both(mask, "%active")
            first = v.guarded(self.lanes, needed, then) if costs[0] >= heavy else then()
            if costs[1] >= heavy:
                unneeded = self.lanes.both(self.lanes.opposite(mask), "%active")
                second = v.guarded(self.lanes, unneeded, otherwise)
            else:
                second = otherwise()
            figure = v.choice(self.work, mask, first, second)
            self._note_origins(figure.content, first.content, second.content)
        return self.carrying(figure, [condition])

    def _note_origins(self, chosen: v.Content, *among: v.Content) -> None:
        """Note of which constants of the law a choice among such is."""
        if isinstance(chosen, Number) and all(
            isinstance(content, Number) and content.m is None and content.d == chosen.d for content in among
        ):
            known = [self.origins.get(content.n.main, ()) for content in among if isinstance(content, Number)]
            if all(known):
                self.origins[chosen.n.main] = tuple(chain.from_iterable(known))

    def carrying(self, figure: Figure, operands: Sequence[Figure]) -> Figure:
        """`figure`, bad or absent also where an operand is."""
        bad = self.lanes.either(figure.bad, *(operand.bad for operand in operands))
        absent = self.lanes.either(figure.absent, *(operand.absent for operand in operands))
        return Figure(figure.content, bad, absent)

    def _exceptions(self, node: ir.Exceptions, frame: Frame) -> Figure:
        whens = [self.write(case.when, frame) for case in node.cases]
        held = {case.name: truth(when) for case, when in zip(node.cases, whens, strict=True)}
        result = self.write(node.general, frame)
        settled = self.lanes.opposite(self.lanes.either(*held.values()))
        for case in node.cases:
            beaten = {rival.name for rival in node.cases if rival.name in case.over and case.name not in rival.over}
            rivals = [mask for name, mask in held.items() if name != case.name and name not in beaten]
            wins = self.lanes.both(held[case.name], self.lanes.opposite(self.lanes.either(*rivals)))
            result = v.choice(self.work, wins, self.write(case.then, frame), result)
            settled = self.lanes.either(settled, wins)
        ranked = all(a.name in b.over or b.name in a.over for a, b in combinations(node.cases, 2))
        clash = False if ranked else self.lanes.opposite(settled)
        return self.carrying(replace(result, bad=self.lanes.either(result.bad, clash)), whens)

    # --- logic

    def _logic(self, node: ir.And | ir.Or | ir.Not | ir.Compare, frame: Frame) -> Figure:
        match node:
            case ir.And() | ir.Or():
                return self.joined([self.write(value, frame) for value in node.values], isinstance(node, ir.Or))
            case ir.Not():
                return self._mapped(
                    self.write(node.value, frame), lambda content: Truth(self.lanes.opposite(_mask(content)))
                )
            case ir.Compare():
                left, right = self.write(node.left, frame), self.write(node.right, frame)
                return self.carrying(self.compared(node.operator, left, right), [left, right])
            case _:
                assert_never(node)

    def joined(self, parts: Sequence[Figure], deciding: bool) -> Figure:
        """`and` (deciding False) or `or` (deciding True): a part that decides does so whatever the others are."""
        lanes = self.lanes
        unclear = [lanes.either(part.bad, part.absent) for part in parts]
        says = [truth(part) if deciding else lanes.opposite(truth(part)) for part in parts]
        decided = lanes.either(
            *(lanes.both(say, lanes.opposite(not_clear)) for say, not_clear in zip(says, unclear, strict=True))
        )
        bad = lanes.both(lanes.either(*unclear), lanes.opposite(decided))
        return Figure(Truth(decided if deciding else lanes.opposite(decided)), bad)

    def compared(self, operator: str, left: Figure, right: Figure) -> Figure:
        """A comparison of two values of one type; bad where two lengths of time have no order."""
        a, b = left.content, right.content
        match a, b:
            case Number(), Number():
                return Figure(Truth(number.compare(self.work, operator, a, b)))
            case Day(), Day():
                return Figure(Truth(self.work.compare(operator, a.ordinal, b.ordinal)))
            case Code(), Code():
                return Figure(Truth(self.work.compare(operator, a.place, b.place)))
            case Truth(), Truth():
                differ = self._differ(a.mask, b.mask)
                return Figure(Truth(differ if operator == "!=" else self.lanes.opposite(differ)))
            case Length(), Length():
                return lengths.compared(self.work, operator, a, b)
        raise AssertionError((a, b))

    def _differ(self, a: Mask, b: Mask) -> Mask:
        if isinstance(a, bool):
            return self.lanes.opposite(b) if a else b
        if isinstance(b, bool):
            return self.lanes.opposite(a) if b else a
        return self.lanes.pure(f"xor {self.lanes.module.mask} {a}, {b}")

    # --- numbers and durations

    def _mapped(self, figure: Figure, function: Callable[[v.Content], v.Content]) -> Figure:
        return replace(figure, content=function(figure.content))

    def _negative(self, content: v.Content) -> v.Content:
        if isinstance(content, Length):
            return Length(self.work.negative(content.months), self.work.negative(content.days))
        return number.negative(self.work, _number(content))

    def _arithmetic(self, node: ir.Arithmetic, left: Figure, right: Figure) -> Figure:
        a, b = left.content, right.content
        if not (isinstance(a, Number) and isinstance(b, Number)):
            return self.carrying(days.arithmetic(self, node.operator, a, b), [left, right])
        return self.carrying(self.calculated(node.operator, a, b), [left, right])

    def calculated(self, operator: str, a: Number, b: Number) -> Figure:
        """`+ - * /` and `mod` on numbers; bad where the divisor is zero."""
        match operator:
            case "+":
                return Figure(number.add(self.work, a, b))
            case "-":
                return Figure(number.subtract(self.work, a, b))
            case "*":
                return Figure(number.multiply(self.work, a, b))
            case "mod":
                return self._remainder(a, b)
        quotient, zero = number.divide(self.work, a, self._divisor(b))
        return Figure(quotient, bad=zero)

    def _remainder(self, a: Number, b: Number) -> Figure:
        """a less b times the floor of a / b."""
        quotient, zero = number.divide(self.work, a, self._divisor(b))
        whole, _ = number.round_to(self.work, quotient, number.fixed(self.work, 1), RoundingMode.DOWN)
        rest = number.subtract(self.work, a, number.multiply(self.work, whole, b))
        low, high = min(Fraction(0), b.low + 1), max(Fraction(0), b.high - 1)
        if rest.m is None and rest.d == 1:
            rest = number.plain(self.work.narrowed(rest.n, int(low), int(high)))
        return Figure(rest, bad=zero)

    def _divisor(self, b: Number) -> Number:
        """The divisor, known to be above zero if it is a constant of the law that is, or one of several."""
        requests = self.origins.get(b.n.main, ()) if b.m is None else ()
        if not requests or not all(self.terms.all_positive(request) for request in requests):
            return b
        n = self.work.narrowed(b.n, 1, b.n.high)
        return replace(b, n=n, low=max(b.low, Fraction(1, b.d)), sound=True)

    def extreme(self, operator: str, parts: Sequence[Figure]) -> Figure:
        """The least or greatest of numbers, dates or lengths of time."""
        content = parts[0].content
        if isinstance(content, Length):
            return self.carrying(lengths.extreme(self.work, operator, [part.content for part in parts]), parts)
        for part in parts[1:]:
            content = self.lesser(operator, content, part.content)
        return self.carrying(Figure(content), parts)

    def lesser(self, operator: str, a: v.Content, b: v.Content) -> v.Content:
        """The lesser (`min`) or greater (`max`) of two."""
        if isinstance(a, Day) and isinstance(b, Day):
            return Day(self.work.extreme(operator, a.ordinal, b.ordinal))
        return number.extreme(self.work, operator, _number(a), _number(b))

    def _round(self, node: ir.Round, frame: Frame) -> Figure:
        value, step = self.write(node.value, frame), self.write(node.step, frame)
        size = self._divisor(_number(step.content))
        rounded, bad = number.round_to(self.work, _number(value.content), size, node.mode)
        return self.carrying(Figure(rounded, bad=bad), [value, step])

    def added(self, a: v.Content, b: v.Content) -> v.Content:
        """The sum of two numbers or durations."""
        if isinstance(a, Length) and isinstance(b, Length):
            return Length(self.work.add(a.months, b.months), self.work.add(a.days, b.days))
        return number.add(self.work, _number(a), _number(b))


def _let_names(node: ir.Expression) -> Iterator[str]:
    while isinstance(node, ir.Let):
        yield node.name
        node = node.body


def _mask(content: v.Content) -> Mask:
    assert isinstance(content, Truth)
    return content.mask


def _number(content: v.Content) -> Number:
    assert isinstance(content, Number)
    return content
