"""Ranks: one more than the number of records that stand strictly before, so that equals share a place."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from engine.interpret import domain
from engine.interpret.comparing import AFTER, BEFORE, TIED, all_keys, compared, sure_keys, without_order
from engine.interpret.domain import blocked, faults_of, may_not_apply, needs_of, settled
from engine.interpret.items import Item, blocked_among
from engine.interpret.outcomes import (
    NOT_APPLICABLE,
    Fact,
    Failure,
    Interval,
    Known,
    Outcome,
    Possible,
)
from engine.ir import nodes as ir
from engine.records import record
from engine.text.source import Span
from engine.values.types import Duration


@record(frozen=True, slots=True)
class Standing:
    """The keys of all who count, where all are known: one order serves everybody who asks."""

    places: Sequence[Any]


def standing(node: ir.Ranked, items: Sequence[Item]) -> Standing | None:
    """The order of records whose keys are known and have a total order; None where they are not."""
    places = [place(node, item) for item in items if item.counted == domain.TRUE]
    known = [position for position in places if position is not None]
    return Standing(sorted(known)) if len(known) == len(items) else None


def place(node: ir.Ranked, item: Item) -> tuple[Any, ...] | None:
    """Where a record stands, as something that sorts; None where a key is not known, or is a length of time."""
    values: list[Any] = []
    for key, outcome in zip(node.keys, item.keys, strict=True):
        if not isinstance(outcome, Known) or isinstance(outcome.value, Duration):
            return None
        value: Any = outcome.value
        value = value.toordinal() if isinstance(value, date) else value
        values.append(-value if key.descending else value)
    return tuple(values)


def rank_in(node: ir.Ranked, order: Standing, own: tuple[Any, ...]) -> Outcome:
    """The rank of somebody in an order that is known."""
    before = bisect_left(order.places, own)
    if node.operator == "rank":
        return Known(before + 1)
    return Known(Fraction(before, len(order.places))) if order.places else NOT_APPLICABLE


def ranked(node: ir.Ranked, counted: Sequence[Item], own: Item, span: Span | None) -> Outcome:
    """The rank of somebody, or which part of all stands before them; `counted` are those who count, or may."""
    bad = blocked(*(item.counted for item in counted))
    keys = [*own.keys, *(key for item in counted for key in sure_keys(item))]
    bad = bad or blocked_among(keys, [*own.keys, *all_keys(counted)])
    bad = bad or without_order(node.keys, [*counted, own], span)
    if bad is not None:
        return bad
    deciding = [*(item.counted for item in counted), *own.keys, *all_keys(counted)]
    needs, absent = needs_of(*deciding), may_not_apply(*deciding)
    fault = next((key.message for key in all_keys(counted) if isinstance(key, Failure)), "") or faults_of(*deciding)
    certain, possible = _before(node, counted, own)
    if node.operator == "rank":
        low = 1 + sum(standings == {BEFORE} for standings in certain)
        high = 1 + sum(BEFORE in standings for standings in (*certain, *possible))
        return settled(Interval(low, high), needs, fault, absent)
    return _percentile(certain, possible, needs, fault, absent)


def _before(node: ir.Ranked, items: Sequence[Item], own: Item) -> tuple[list[frozenset[int]], list[frozenset[int]]]:
    """How those who count, and those who may, may stand to somebody."""
    certain: list[frozenset[int]] = []
    possible: list[frozenset[int]] = []
    for item in items:
        standings = frozenset((TIED,))
        if item.instance != own.instance:
            known = all(isinstance(key, Known | Possible) for key in item.keys)
            standings = compared(node.keys, item, own) if known else frozenset()
            standings = standings or frozenset((BEFORE, TIED, AFTER))
        (certain if item.counted == domain.TRUE else possible).append(standings)
    return certain, possible


def _percentile(
    certain: Sequence[frozenset[int]],
    possible: Sequence[frozenset[int]],
    needs: frozenset[Fact],
    fault: str,
    absent: bool,
) -> Outcome:
    """Low counts a possible member only where it may not be before, high only where it may be."""
    if not certain and not possible:
        return Possible(domain.EMPTY, needs, True, fault) if fault else NOT_APPLICABLE
    below = sum(standings == {BEFORE} for standings in certain)
    other = sum(standings != {BEFORE} for standings in possible)
    low = _share(below, len(certain) + other, Fraction(1))
    below = sum(BEFORE in standings for standings in certain)
    more = sum(BEFORE in standings for standings in possible)
    high = _share(below + more, len(certain) + more, Fraction(0))
    return settled(Interval(low, high), needs, fault, absent or not certain)


def _share(part: int, whole: int, otherwise: Fraction) -> Fraction:
    return Fraction(part, whole) if whole else otherwise
