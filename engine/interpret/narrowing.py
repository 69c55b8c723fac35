"""What a condition says of the values that it reads, where it is taken to hold: in its branch, beside it in an `and`.

`if x > 0 then a / x else 0` divides by nothing that may be zero, and in `if age < 18 then …` nobody is 40. A range of a
value is cut by the comparisons that must hold; what is cut never leaves out a value that a completion of the facts can
have there. Only what stands in the same formula in the same words is cut; a figure that is read stays as it is found.

1. `assumed` takes a condition apart: all parts of an `and` that holds, all parts of an `or` that does not.
2. A comparison gives each side that is not written out a range, from the range of the other side. Without zero, or
   without one member of an enum, a range is kept that says so.
3. `cut` lays such a range over an outcome. Where nothing is left the branch is never taken, and the outcome stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.interpret import domain, operations
from engine.interpret.frames import Frame, Narrowed, words_of
from engine.interpret.outcomes import Choice, Interval, Known, Outcome, Possible
from engine.ir import nodes as ir
from engine.values import quick
from engine.values.types import BOOLEAN, INTEGER, Kind

Evaluate = Callable[[ir.Expression], Outcome]
In = Callable[[ir.Expression, Frame], Outcome]

_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_THEMSELVES = (ir.Literal, ir.NotApplicable, ir.PeriodBoundary)  # whatever holds around them


def choice(node: ir.If, condition: Outcome, frame: Frame, evaluate: In) -> Outcome:
    """A choice whose condition is not known: each branch that may be taken, where the condition is as it asks."""
    if not isinstance(condition, Possible) or condition.range == domain.EMPTY:
        return condition
    options = domain.choice_of(condition)
    both = [(truth, branch) for truth, branch in ((True, node.then), (False, node.otherwise)) if truth in options]
    taken = [
        evaluate(branch, frame if isinstance(branch, _THEMSELVES) else where(node.condition, truth, frame, evaluate))
        for truth, branch in both
    ]
    return domain.under(domain.either(taken, condition.needs), condition)


def logic(node: ir.And | ir.Or, frame: Frame, evaluate: In) -> Outcome:
    """`or`; and `and`, each part where those before it hold: the first that does not hold decides."""
    if isinstance(node, ir.Or):
        return operations.logic(node.values, True, lambda expression: evaluate(expression, frame), node.span)
    return conjunction(node, [], frame, evaluate)


def conjunction(node: ir.And, before: list[Outcome], frame: Frame, evaluate: In) -> Outcome:
    """`and`, of whose parts the first were found `before` and are known, but perhaps for the last of them."""
    outcomes: list[Outcome] = []
    for place, part in enumerate(node.values):
        outcome = before[place] if place < len(before) else evaluate(part, frame)
        if domain.is_false(outcome):
            return outcome
        outcomes.append(outcome)
        last = place == len(node.values) - 1
        if not last and isinstance(outcome, Possible) and not outcome.may_fail and not outcome.may_not_apply:
            frame = where(part, True, frame, evaluate)
    return operations.decided(outcomes, False, node.span)


def where(condition: ir.Expression, truth: bool, frame: Frame, evaluate: In) -> Frame:
    """The frame in which a condition that is not known is taken to be `truth`. What it reads was read before."""
    step = frame.step
    seen = len(step.reads), len(step.constants)
    narrowed = assumed(frame.narrowed, condition, truth, lambda expression: evaluate(expression, frame))
    del step.reads[seen[0] :], step.constants[seen[1] :]
    return frame.within(narrowed)


def assumed(before: Narrowed, condition: ir.Expression, truth: bool, evaluate: Evaluate) -> Narrowed:
    """What is known where `condition` is `truth`, besides what was known `before`."""
    narrowed = Narrowed(before)
    for expression, within in _ranges(condition, truth, evaluate):
        words = words_of(expression)
        narrowed[words] = (*narrowed.get(words, ()), within)
    return narrowed


def cut(outcome: Outcome, within: tuple[Interval | Choice, ...]) -> Outcome:
    """An outcome where it lies within all of these ranges."""
    if not isinstance(outcome, Possible):
        return outcome
    left: Interval | Choice | None = outcome.range
    for bounds in within:
        left = _common(left, bounds) if left is not None else None
    if left is None or left == outcome.range:
        return outcome
    return domain.settled(left, outcome.needs, outcome.may_fail, outcome.may_not_apply)


def _ranges(
    condition: ir.Expression, truth: bool, evaluate: Evaluate
) -> Iterator[tuple[ir.Expression, Interval | Choice]]:
    match condition:
        case ir.And() | ir.Or() if isinstance(condition, ir.And) == truth:
            for part in condition.values:
                yield from _ranges(part, truth, evaluate)
        case ir.Not():
            yield from _ranges(condition.value, not truth, evaluate)
        case ir.Let():
            yield from _of_local(condition, truth, evaluate)
        case ir.Compare():
            operator = condition.operator if truth else _OPPOSITE[condition.operator]
            yield from _side(condition.left, operator, condition.right, evaluate)
            yield from _side(condition.right, _MIRRORED[operator], condition.left, evaluate)
    if condition.type == BOOLEAN and not isinstance(condition, ir.Literal):
        yield condition, Choice(frozenset((truth,)))


def _of_local(let: ir.Let, truth: bool, evaluate: Evaluate) -> Iterator[tuple[ir.Expression, Interval | Choice]]:
    """What the body says of the local name, said of what the name stands for (`between` is written so)."""

    def inside(body: ir.Expression) -> Outcome:
        return evaluate(ir.Let(body.type, body.span, let.name, let.value, body))

    for expression, within in _ranges(let.body, truth, inside):
        if isinstance(expression, ir.Local) and expression.name == let.name and not isinstance(let.value, ir.Literal):
            yield let.value, within


def _side(
    side: ir.Expression, operator: str, other: ir.Expression, evaluate: Evaluate
) -> Iterator[tuple[ir.Expression, Interval | Choice]]:
    if isinstance(side, ir.Literal) or side.type.kind is Kind.DURATION:
        return
    bound = evaluate(other)
    if not isinstance(bound, Known | Possible):
        return
    range_ = domain.range_of(bound)
    if isinstance(range_, Choice):
        if operator == "=":
            yield side, range_
        elif operator == "!=" and isinstance(bound, Known):
            own = evaluate(side)
            if isinstance(own, Possible) and isinstance(own.range, Choice):
                yield side, Choice(own.range.options - range_.options)
        return
    within = _interval(operator, range_, whole=side.type == INTEGER)
    if within is not None:
        yield side, within


def _interval(operator: str, other: Interval, whole: bool) -> Interval | None:
    """Where a number or date lies that compares so with one in `other`; None if that says nothing."""
    exact_zero = other.low == other.high == 0
    match operator:
        case "=":
            return other
        case "!=":
            return Interval(None, None, without_zero=True) if exact_zero else None
        case "<" | "<=" if other.high is not None:
            strict = operator == "<"
            high = other.high - 1 if strict and whole else other.high
            return Interval(None, high, without_zero=strict and other.high == 0)
        case ">" | ">=" if other.low is not None:
            strict = operator == ">"
            low = other.low + 1 if strict and whole else other.low
            return Interval(low, None, without_zero=strict and other.low == 0)
    return None


def _common(choice: Interval | Choice, other: Interval | Choice) -> Interval | Choice | None:
    """What lies in both; None if nothing does, or they are of different kinds."""
    if isinstance(choice, Choice) or isinstance(other, Choice):
        both = (
            choice.options & other.options if isinstance(choice, Choice) and isinstance(other, Choice) else frozenset()
        )
        return Choice(both) if both else None
    lows = [end for end in (choice.low, other.low) if end is not None]
    highs = [end for end in (choice.high, other.high) if end is not None]
    low, high = quick.greatest(lows) if lows else None, quick.least(highs) if highs else None
    without_zero = choice.without_zero or other.without_zero
    if low is not None and high is not None and (quick.less(high, low) or (without_zero and low == high == 0)):
        return None
    return Interval(low, high, without_zero=without_zero and domain.holds_zero(Interval(low, high)))
