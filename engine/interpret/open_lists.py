"""Lists that may hold more than a case lists: who else may be in them, and what that leaves open.

1. A list is whole if the case says so (`engine.interpret.case_lists`): it is complete, names the list under `complete`,
   or states it as empty.
2. Else one more stands in it, last of its kind, of whom nothing is known (`engine.interpret.further`).
3. Whoever is counted counts perhaps; a sum or count holds as many as there is room for. Where an order or a choice
   among any number is wanted, the answer is as wide as the values of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.interpret import domain
from engine.interpret.cases import Case, When
from engine.interpret.domain import either, faults_of, needs_of, settled, under
from engine.interpret.evaluating import Evaluating
from engine.interpret.further import Another, Place, owner_role
from engine.interpret.items import Item
from engine.interpret.outcomes import Choice, Fact, Failure, Interval, Known, Outcome, Possible
from engine.ir import nodes as ir
from engine.values.types import Duration, Kind

_MAY_TIE = "somebody else in the list may tie with those who are listed"


def holders(case: Case, group: str, of: str, role: str, when: When = None) -> Sequence[str]:
    """Who holds a role, and one who may hold it besides."""
    listed = case.held_on(group, of, role, when)
    place = Place(group, of, role)
    if not case.is_open(place):
        return listed
    declared = next(entity_role for entity_role in case.entities[group].roles if entity_role.name == role)
    most = None if declared.maximum is None else declared.maximum - len(listed)
    if most is not None and most <= 0:
        return listed
    return (*listed, Another(place, most, declared.plural or role, role))


def records(case: Case, entity: str, further: str, owner: str) -> Sequence[str]:
    """The records of somebody, and one that they may have besides."""
    listed = case.owned(entity, further, owner)
    place = Place(entity, owner, owner_role(further))
    if not case.is_open(place):
        return listed
    return (*listed, Another(place, None, case.entities[entity].plural, entity))


def list_of(case: Case, group: str, of: str, role: str) -> Fact:
    """The fact that the list of those who hold a role is whole."""
    listed = holders(case, group, of, role)
    assert listed and isinstance(listed[-1], Another)
    return listed[-1].asked(case.at)


# --- what one more counts for


def perhaps(interpreter: Evaluating, instance: str, counted: Outcome, otherwise: Outcome = domain.FALSE) -> Outcome:
    """What is said of somebody; of one who may not be there, that or what holds without them."""
    if not isinstance(instance, Another) or counted == otherwise:
        return counted
    return under(either([counted, otherwise], frozenset((instance.asked(interpreter.case.at),))), counted)


def as_many(interpreter: Evaluating, instance: str, value: Outcome) -> Outcome:
    """What somebody adds; of one who stands for any number, what all of them may add."""
    if not isinstance(instance, Another) or instance.is_one or not isinstance(value, Known | Possible):
        return value
    interval = domain.range_of(value)
    if not isinstance(interval, Interval):
        return value
    spread = Interval(
        _times(interval.low, instance.most, least=True), _times(interval.high, instance.most, least=False)
    )
    needs = needs_of(value) | {instance.asked(interpreter.case.at)}
    return settled(spread, needs, faults_of(value), domain.may_not_apply(value))


def _times(end: Any, most: int | None, *, least: bool) -> Any:
    if end is None:
        return None
    if isinstance(end, Duration):
        return end if end == Duration() else None
    grows = end < 0 if least else end > 0
    return end if not grows else None if most is None else end * most


def is_wide(items: Iterable[Item]) -> bool:
    """Whether some of those who may count stand for several."""
    return any(isinstance(item.instance, Another) and not item.instance.is_one for item in items)


def any_chosen(interpreter: Evaluating, node: ir.Chosen, items: Sequence[Item], count: Outcome) -> Outcome:
    """What is chosen from any number: as wide as the values of all."""
    values = [item.value for item in items if item.value is not None]
    needs = needs_of(count, *(item.counted for item in items), *(key for item in items for key in item.keys), *values)
    said = [count, *(item.counted for item in items), *(key for item in items for key in item.keys), *values]
    failure = next((outcome.message for outcome in said if isinstance(outcome, Failure)), "")
    fault = failure or faults_of(*said) or (_MAY_TIE if node.pick in ("first", "last") and node.keys else "")
    most = domain.interval_of(count).high if isinstance(count, Known | Possible) else None
    most = None if most is None else max(0, int(most))
    match node.operator:
        case "count":
            return settled(Interval(0, most), needs, failure or faults_of(*said))
        case "any" | "all":
            return Possible(domain.BOTH, needs, False, fault)
        case "sum":
            return Possible(_sum_of(values, most, node.type.kind), needs, domain.may_not_apply(*said), fault)
    return Possible(_hull(values, interpreter, node), needs, True, fault)


def _sum_of(values: Sequence[Outcome], most: int | None, kind: Kind) -> Interval:
    ranges = [
        domain.interval_of(value) for value in values if isinstance(value, Known | Possible) and _is_interval(value)
    ]
    if kind is Kind.DURATION or not ranges:
        return Interval(None, None)
    whole = domain.hull(ranges)
    assert isinstance(whole, Interval)
    low, high = _times(whole.low, most, least=True), _times(whole.high, most, least=False)
    return Interval(None if low is None else min(0, low), None if high is None else max(0, high))


def _hull(values: Sequence[Outcome], interpreter: Evaluating, node: ir.Chosen) -> Interval | Choice:
    ranges = [domain.range_of(value) for value in values if isinstance(value, Known | Possible)]
    ranges = [range_ for range_ in ranges if range_ != domain.EMPTY]
    return domain.hull(ranges) if ranges else interpreter.anything(node.type)


def _is_interval(outcome: Known | Possible) -> bool:
    return isinstance(domain.range_of(outcome), Interval)


def any_rank(node: ir.Ranked, items: Sequence[Item], own: Item) -> Outcome:
    """A rank among any number."""
    said = [*own.keys, *(item.counted for item in items), *(key for item in items for key in item.keys)]
    failure = next((outcome.message for outcome in said if isinstance(outcome, Failure)), "")
    range_ = Interval(1, None) if node.operator == "rank" else Interval(0, 1)
    return Possible(range_, needs_of(*said), True, failure or faults_of(*said))
