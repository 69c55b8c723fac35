"""The first and last of records in an order.

Where an order is not certain, a record is surely, possibly or not among those taken. Records that tie in every key and
whose values differ are an error where it matters which of them is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key
from typing import Any

from engine.interpret import domain
from engine.interpret.comparing import AFTER, BEFORE, TIED, all_keys, compared, sure_keys, without_order
from engine.interpret.domain import blocked, either, faults_of, may_not_apply, needs_of, under
from engine.interpret.items import Item, blocked_among, counted_with, sizes_of
from engine.interpret.operations import decided, extreme_of_counted, summed
from engine.interpret.outcomes import (
    NOT_APPLICABLE,
    Failure,
    Known,
    Outcome,
    Possible,
)
from engine.ir import nodes as ir
from engine.text.source import Span
from engine.values.exact import as_number

_TIES = "add a key to `by` that tells them apart, or `listed`"


def taken_in_order(node: ir.Chosen, counted: Sequence[Item], count: Outcome, span: Span | None) -> Outcome:
    """What an operation gives of the first (last) n records in an order; `only` one gives its value. `counted` are
    those who count, or may."""
    bad = blocked(count, *(item.counted for item in counted))
    if bad is None and node.operator == "count":
        return counted_with(counted, count, sizes_of(count, len(counted)))
    bad = bad or blocked_among([key for item in counted for key in sure_keys(item)], all_keys(counted))
    bad = bad or without_order(node.keys, counted, span)
    if bad is not None:
        return bad
    open_ = [
        outcome
        for outcome in (count, *(item.counted for item in counted), *all_keys(counted))
        if not isinstance(outcome, Known)
    ]
    if open_:
        return _possibly_taken(node, counted, count, span)
    assert isinstance(count, Known)
    return _surely_taken(node, counted, max(0, int(as_number(count.value))), span)


def ordered(node: ir.Chosen | ir.Ranked, items: Sequence[Item]) -> list[Item]:
    """Records whose order is certain, first to last; those that tie as they are listed."""

    return in_order(node.keys, items)


def in_order(keys: Sequence[ir.SortKey], items: Sequence[Item]) -> list[Item]:
    """Records whose order is certain, first to last; those that tie, or have none, as they are listed."""

    def order(item: Item, other: Item) -> int:
        return next(iter(compared(keys, item, other)), TIED)

    return sorted(items, key=cmp_to_key(order))


def _surely_taken(node: ir.Chosen, items: Sequence[Item], count: int, span: Span | None) -> Outcome:
    ordered_items = ordered(node, items)
    if node.pick == "last":
        ordered_items.reverse()
    taken = ordered_items[:count]
    if not taken or len(taken) == len(ordered_items):
        return _operated(node, [(domain.TRUE, item.value) for item in taken], span)
    last = taken[-1]
    tied = [item for item in ordered_items if compared(node.keys, item, last) == {TIED}]
    inside = [item for item in taken if item not in tied]
    outcomes = [item.value for item in tied]
    alike = not isinstance(outcomes[0], Possible) and all(outcome == outcomes[0] for outcome in outcomes)
    if alike or len(tied) == len(taken) - len(inside):
        return _operated(node, [(domain.TRUE, item.value) for item in taken], span)
    clash = Failure(_tie(tied), span)
    if not any(isinstance(outcome, Possible) for outcome in outcomes):
        return next((outcome for outcome in outcomes if isinstance(outcome, Failure)), clash)
    bodies = [(domain.TRUE, item.value) for item in inside]
    perhaps = [(Possible(domain.BOTH, needs_of(*outcomes)), item.value) for item in tied]  # type: ignore[arg-type]
    if node.operator == "only":
        return either([*outcomes, clash], frozenset())  # type: ignore[list-item]
    return under(_operated(node, [*bodies, *perhaps], span), Possible(domain.BOTH, frozenset(), may_fail=clash.message))


def _tie(tied: Sequence[Item]) -> str:
    first = tied[0]
    other = next((item for item in tied[1:] if item.value != first.value), tied[1])
    return f"`{first.instance}` and `{other.instance}` tie in every key, and it matters which comes first: {_TIES}"


def _possibly_taken(node: ir.Chosen, items: Sequence[Item], count: Outcome, span: Span | None) -> Outcome:
    """Where the order or who counts is not certain: each record that may be taken, surely or perhaps."""
    deciding = [count, *(item.counted for item in items), *all_keys(items)]
    needs = needs_of(*deciding)
    sizes = sizes_of(count, len(items))
    flip = -1 if node.pick == "last" else 1
    bodies: list[tuple[Outcome, Outcome | None]] = []
    fault = next((key.message for key in all_keys(items) if isinstance(key, Failure)), "") or faults_of(*deciding)
    for item in items:
        orders = [(other, _standing(node, other, item)) for other in items if other is not item]
        surely = sum(other.counted == domain.TRUE and standings == {BEFORE * flip} for other, standings in orders)
        possibly = sum(bool(standings & {BEFORE * flip, TIED}) for _, standings in orders)
        if surely >= sizes[-1]:
            continue
        certain = item.counted == domain.TRUE and possibly < sizes[0]
        bodies.append((domain.TRUE if certain else Possible(domain.BOTH, needs), item.value))
        tied = [other for other, standings in orders if TIED in standings and not _same(item.value, other.value)]
        if tied and not certain and not fault:
            fault = _tie([item, tied[0]])
    absent = may_not_apply(*deciding)
    sure = any(item.counted == domain.TRUE for item in items) and sizes[0] > 0
    doubt = Possible(domain.BOTH, needs, absent, fault)
    if node.operator == "only":
        values = [value for _, value in bodies if value is not None]
        if not values:
            return under(NOT_APPLICABLE, doubt)
        return under(either(values if sure else [*values, NOT_APPLICABLE], needs), doubt)
    return under(_operated(node, bodies, span), doubt)


def _standing(node: ir.Chosen, other: Item, item: Item) -> frozenset[int]:
    if all(isinstance(key, Known | Possible) for key in (*other.keys, *item.keys)):
        return compared(node.keys, other, item) or frozenset((BEFORE, TIED, AFTER))
    return frozenset((BEFORE, TIED, AFTER))


def _same(outcome: Outcome | None, other: Outcome | None) -> bool:
    return isinstance(outcome, Known) and outcome == other


def _operated(node: ir.Chosen, bodies: Sequence[tuple[Outcome, Outcome | None]], span: Span | None) -> Outcome:
    pairs = [(counted, value) for counted, value in bodies if value is not None]
    match node.operator:
        case "only":
            return pairs[0][1] if pairs else NOT_APPLICABLE
        case "sum":
            return summed(node.type.kind, pairs, span)
        case "any" | "all":
            return _condition(pairs, node.operator == "any", span)
    return extreme_of_counted(node.operator, node.type.kind, pairs, span)


def _condition(pairs: Sequence[tuple[Outcome, Outcome]], deciding: bool, span: Span | None) -> Outcome:
    outcomes: list[Outcome] = []
    for counted, value in pairs:
        outcome = value
        if counted != domain.TRUE:
            outcome = under(either([value, Known(not deciding)], needs_of(counted)), counted)
        if outcome == Known(deciding):
            return outcome
        outcomes.append(outcome)
    return decided(outcomes, deciding, span)


def selected(node: ir.Chosen, items: Sequence[Item], count: Known) -> tuple[list[str], int] | None:
    """Who is taken, in order, and how many are not; None where that is not certain."""
    if any(item.counted != domain.TRUE for item in items):
        return None
    if node.pick in ("first", "last"):
        if not all(isinstance(key, Known) for key in all_keys(items)) or without_order(node.keys, items, None):
            return None
        ordered_items = ordered(node, items)
    else:
        values: list[tuple[Any, int]] = [
            (item.value.value, place) for place, item in enumerate(items) if isinstance(item.value, Known)
        ]
        if len(values) < len(items):
            return None
        ordered_items = [items[place] for _, place in sorted(values)]
    if node.pick in ("last", "highest"):
        ordered_items.reverse()
    taken = ordered_items[: max(0, int(as_number(count.value)))]
    return [item.instance for item in taken], len(ordered_items) - len(taken)
