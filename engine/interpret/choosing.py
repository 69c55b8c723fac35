"""Who there is to choose from, and whose rank is asked: from a formula to `ordering`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from engine.interpret import domain, extremes, navigation, open_lists, ordering, ranking
from engine.interpret.domain import blocked
from engine.interpret.evaluating import Evaluating
from engine.interpret.frames import Frame
from engine.interpret.items import Item
from engine.interpret.outcomes import Fact, Failure, Known, NotApplicable, Outcome, Possible
from engine.interpret.ranking import Standing
from engine.ir import nodes as ir
from engine.ir.walk import root_of, subjects, walk, whose
from engine.records import record
from engine.values.periods import Period


class Choosing(Evaluating, Protocol):
    """An interpreter whose `orders` keep the orders that all who ask share."""

    @property
    def orders(self) -> dict[tuple[int, str, Period], Order]: ...


Evaluator = Callable[[str], Callable[[ir.Expression], Outcome]]  # how to evaluate what is said of somebody


@record(frozen=True, slots=True)
class Order:
    """Those who are ranked (or why that is not known), their order if certain, what was read to find it, and where
    each of all is listed."""

    node: ir.Ranked
    items: list[Item] | Outcome
    standing: Standing | None
    reads: list[Fact]
    places: Mapping[str, int]


def gathered(
    interpreter: Evaluating, node: ir.Chosen | ir.Ranked, members: Sequence[str], evaluator: Evaluator
) -> list[Item] | Outcome:
    """Those who count, or may, each with value and keys; an outcome where it fails or does not apply who counts."""
    items: list[Item] = []
    for index, member in enumerate(members):
        evaluate = evaluator(member)
        counted = domain.TRUE if node.where is None else evaluate(node.where)
        counted = open_lists.perhaps(interpreter, member, counted)
        if blocked(counted) is not None:
            return counted
        if counted != domain.FALSE:
            value = evaluate(node.body) if isinstance(node, ir.Chosen) else None
            items.append(Item(member, counted, value, keys_of(node, index, evaluate)))
    return items


def keys_of(
    node: ir.Chosen | ir.Ranked, index: int | None, evaluate: Callable[[ir.Expression], Outcome]
) -> tuple[Outcome, ...]:
    """The keys of one of whom `index` says where they are listed (None: nowhere)."""
    nowhere = Failure("somebody who is not listed has no place in the order `listed`", node.span)
    listed = nowhere if index is None else Known(index)
    return tuple(listed if key.value is None else evaluate(key.value) for key in node.keys)


def is_shared(node: ir.Ranked) -> bool:
    """Whether who counts, and the keys, are the same whoever asks: they read only those who are ranked."""
    parts = [part for part in (node.where, *(key.value for key in node.keys)) if part is not None]
    bound, local = {node.name}, set[str]()
    inside = [inner_node for part in parts for inner_node in walk(part)]
    bound |= {inner_node.name for inner_node in inside if isinstance(inner_node, ir.Aggregate | ir.Chosen | ir.Ranked)}
    local |= {inner_node.name for inner_node in inside if isinstance(inner_node, ir.Let)}
    for inner_node in inside:
        roots = map(root_of, subjects(inner_node))
        if any(not isinstance(root, ir.Bound) or root.name not in bound for root in roots):
            return False
        if isinstance(inner_node, ir.Local) and inner_node.name not in local:
            return False
    return True


# --- the nodes


def _evaluator(interpreter: Choosing, node: ir.Chosen | ir.Ranked, frame: Frame) -> Evaluator:
    def of(instance: str) -> Callable[[ir.Expression], Outcome]:
        inner = frame.binding(node.name, instance)
        return lambda part: interpreter.evaluate(part, inner)

    return of


def _members(interpreter: Choosing, node: ir.Chosen | ir.Ranked, frame: Frame) -> Sequence[str] | Outcome:
    return navigation.several(interpreter, node.link, frame, node)


def chosen(interpreter: Choosing, node: ir.Chosen, frame: Frame) -> Outcome:
    """The highest or lowest of values, the first or last of records."""
    members = _members(interpreter, node, frame)
    if isinstance(members, Known | Possible | NotApplicable | Failure):
        return members
    count = domain.ONE if node.count is None else interpreter.evaluate(node.count, frame)
    items = gathered(interpreter, node, members, _evaluator(interpreter, node, frame))
    if not isinstance(items, list):
        return items
    if open_lists.is_wide(items):
        return open_lists.any_chosen(interpreter, node, items, count)
    if node.pick in ("highest", "lowest"):
        return extremes.extremes(node, items, count)
    return ordering.taken_in_order(node, items, count, node.span)


def selected(interpreter: Choosing, node: ir.Chosen, frame: Frame) -> tuple[list[str], int] | None:
    """Who is chosen, in order, and how many are not; None where that is not certain."""
    members = _members(interpreter, node, frame)
    count = domain.ONE if node.count is None else interpreter.evaluate(node.count, frame)
    if isinstance(members, Known | Possible | NotApplicable | Failure) or not isinstance(count, Known):
        return None
    items = gathered(interpreter, node, members, _evaluator(interpreter, node, frame))
    return ordering.selected(node, items, count) if isinstance(items, list) else None


def ranked(interpreter: Choosing, node: ir.Ranked, frame: Frame) -> Outcome:
    """The rank of somebody, or which part of all stands before them."""
    own = _instance(interpreter, node.subject, frame, node)
    if not isinstance(own, str):
        return own
    order = _order(interpreter, node, frame)
    if not isinstance(order, Order):
        return order
    if not isinstance(order.items, list):
        return order.items
    keys = keys_of(node, order.places.get(own), _evaluator(interpreter, node, frame)(own))
    item = Item(own, domain.TRUE, None, keys)
    if open_lists.is_wide(order.items):
        return open_lists.any_rank(node, order.items, item)
    place = ranking.place(node, item)
    if order.standing is None or place is None:
        return ranking.ranked(node, order.items, item, node.span)
    return ranking.rank_in(node, order.standing, place)


def _instance(interpreter: Choosing, subject: ir.Subject, frame: Frame, node: ir.Ranked) -> str | Outcome:
    return navigation.someone(interpreter, subject, frame, node)


def _order(interpreter: Choosing, node: ir.Ranked, frame: Frame) -> Order | Outcome:
    """Those who are ranked: found once for all who ask, if they may share the order."""
    owner = _instance(interpreter, whose(node.link), frame, node)
    if not isinstance(owner, str):
        return owner
    key = (id(node), owner, frame.period)
    kept = interpreter.orders.get(key)
    if kept is not None:
        frame.step.reads += kept.reads
        return kept
    members = _members(interpreter, node, frame)
    if isinstance(members, Known | Possible | NotApplicable | Failure):
        return members
    before = len(frame.step.reads)
    items = gathered(interpreter, node, members, _evaluator(interpreter, node, frame))
    standing = ranking.standing(node, items) if isinstance(items, list) else None
    places = {member: place for place, member in enumerate(members)}
    order = Order(node, items, standing, frame.step.reads[before:], places)
    if is_shared(node):
        interpreter.orders[key] = order
    return order
