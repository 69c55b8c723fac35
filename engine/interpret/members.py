"""Many figures at once: aggregates over members and records, and one figure over several periods."""

from __future__ import annotations

from engine.interpret import domain, narrowing, navigation, open_lists, operations
from engine.interpret.domain import blocked
from engine.interpret.evaluating import Evaluating
from engine.interpret.frames import Frame
from engine.interpret.outcomes import Fact, Failure, Known, NotApplicable, Outcome, Possible
from engine.interpret.windows import window
from engine.ir import nodes as ir


def aggregate(interpreter: Evaluating, node: ir.Aggregate, frame: Frame) -> Outcome:
    """`sum count any all min max` over a link."""
    members = navigation.several(interpreter, node.link, frame, node)
    if isinstance(members, Known | Possible | NotApplicable | Failure):
        return members
    frames = [(member, frame.binding(node.name, member)) for member in members]
    if node.operator in ("any", "all"):
        return operations.logic(
            frames,
            node.operator == "any",
            lambda member_frame: _if_counted(interpreter, node, *member_frame),
            node.span,
        )
    adds = node.operator in ("sum", "count")
    bodies: list[tuple[Outcome, Outcome]] = []
    for member, inner in frames:
        counted = domain.TRUE if node.where is None else interpreter.evaluate(node.where, inner)
        counted = open_lists.perhaps(interpreter, member, counted)
        if blocked(counted) is not None:
            return counted
        if not domain.is_false(counted):
            if node.where is not None and isinstance(counted, Possible):
                inner = narrowing.where(node.where, True, inner, interpreter.evaluate)
            body = domain.ONE if node.body is None else interpreter.evaluate(node.body, inner)
            bodies.append((counted, open_lists.as_many(interpreter, member, body) if adds else body))
    if adds:
        return operations.summed(node.type.kind, bodies, node.span)
    return operations.extreme_of_counted(node.operator, node.type.kind, bodies, node.span)


def _if_counted(interpreter: Evaluating, node: ir.Aggregate, member: str, frame: Frame) -> Outcome:
    """For `any`: where and body; for `all`: not where, or body. Who is not there decides nothing."""
    outcome = _said(interpreter, node, frame)
    return open_lists.perhaps(interpreter, member, outcome, Known(node.operator == "all"))


def _said(interpreter: Evaluating, node: ir.Aggregate, frame: Frame) -> Outcome:
    assert node.body is not None
    if node.where is None:
        return interpreter.evaluate(node.body, frame)
    parts = ((node.where, node.operator == "all"), (node.body, False))

    def find(part: tuple[ir.Expression, bool]) -> Outcome:
        outcome = interpreter.evaluate(part[0], frame)
        return operations.negation(outcome) if part[1] else outcome

    return operations.logic(parts, node.operator == "all", find, node.span)


def over_time(interpreter: Evaluating, node: ir.OverTime, frame: Frame) -> Outcome:
    """One figure over the parts of a period, or over periods before it."""
    instance = navigation.someone(interpreter, node.subject, frame, node)
    if not isinstance(instance, str):
        return instance
    try:
        facts = [Fact(node.name, instance, period) for period in window(node, frame.period)]
    except OverflowError as fault:
        return Failure(str(fault), node.span)
    if node.operator in ("any", "all"):
        return operations.logic(
            facts, node.operator == "any", lambda fact: interpreter.find_for(fact, frame), node.span
        )
    outcomes = [interpreter.find_for(fact, frame) for fact in facts]
    if node.operator == "sum":
        return operations.summed(node.type.kind, [(domain.TRUE, outcome) for outcome in outcomes], node.span)
    return operations.extreme_of(node.operator, node.type.kind, outcomes, node.span)
