"""Groups that a figure makes out of the members of a larger one.

1. On the day that counts take the members of the larger group, in order, and of each the figure for the period that
   holds the day.
2. Those with the same number are together; those of whom there is none are in no group. A group is named after the
   larger group and the first of its members: `home/ada`.
3. Where the figure of one of them is not known, or who else is a member, it is not known who is together with whom.
   Whoever reads that is told what must be known. If there are few ways in which people may be together
   (`ways_to_be_together`), a figure whose formula read it is found once more in each of them, and is what all give.
4. Where a case states members of such groups, these stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from math import ceil, floor
from typing import Any

from engine.interpret import open_lists
from engine.interpret.cases import Case
from engine.interpret.evaluating import Evaluating, Found, Places, Unsure
from engine.interpret.frames import Frame
from engine.interpret.further import Another, Place, listed_name
from engine.interpret.outcomes import NOT_APPLICABLE, Fact, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.ir import nodes as ir
from engine.text.source import Span
from engine.values.periods import Period, Unit

MOST_WAYS = 16
"""So many ways in which people may be together are tried one by one."""


def are_made(case: Case, entity: str, by: ir.Grouping | None) -> bool:
    """Whether groups of a kind are made by a figure, and not stated: with members, or where there is no larger group
    of whose members any could be made."""
    if by is None or entity in case.stated or any(kind == entity for kind, _, _ in case.holders):
        return False
    return bool(case.instances.get(by.within)) or not case.instances.get(entity)


def group_of(interpreter: Evaluating, subject: ir.GroupOf, person: str, frame: Frame, span: Span | None) -> Found:
    """The group that somebody is in."""
    by = subject.by
    assert by is not None
    period = _period(interpreter, frame)
    when = period.start if interpreter.program.settings.entities[subject.entity].counted_start else period
    whole = interpreter.case.group_on(by.within, person, when)
    if whole is None and interpreter.case.may_hold_more and (by.within, person) not in interpreter.case.stays:
        return Unsure(frozenset((Fact(listed_name(Place(by.within, person), by.within), person, interpreter.case.at),)))
    if whole is None:
        return NOT_APPLICABLE if subject.optional else Failure(f"`{person}` is in no {by.within}", span)
    places = places_in(interpreter, by, whole, when, frame)
    if isinstance(places, Unsure | Failure):
        return places
    return places.get(person) or NOT_APPLICABLE


def members(
    interpreter: Evaluating, link: ir.Members, group: str, day: date | None, frame: Frame
) -> Sequence[str] | Unsure | Failure:
    """The members of a group on a day (None: as they count in the formula's period); nobody where there is no such
    group then."""
    assert link.by is not None
    whole = larger_of(interpreter.case, link.by.within, group)
    if whole is None:
        return ()
    places = places_in(interpreter, link.by, whole, day or _counted(interpreter, link.group.entity, frame), frame)
    if isinstance(places, Unsure | Failure):
        return places
    return tuple(person for person, place in places.items() if place == group)


def groups_in(interpreter: Evaluating, link: ir.Records, whole: str, frame: Frame) -> Sequence[str] | Unsure | Failure:
    """The groups of a kind in a larger one, in the order of their first members."""
    assert link.by is not None
    places = places_counted(interpreter, link.entity, link.by, whole, frame)
    if isinstance(places, Unsure | Failure):
        return places
    return tuple(dict.fromkeys(place for place in places.values() if place is not None))


def larger_of(case: Case, larger: str, group: str) -> str | None:
    """The larger group that a group lies in, as its name tells; None if it names nobody who is ever in one."""
    for kind, whole, role in case.holders:
        if kind == larger and group.startswith(f"{whole}/"):
            if group.removeprefix(f"{whole}/") in case.holders[kind, whole, role]:
                return whole
    return None


def may_be_in(case: Case, by: ir.Grouping, whole: str) -> tuple[str, ...]:
    """Who is ever in a larger group."""
    held = (people for (kind, group, _), people in case.holders.items() if (kind, group) == (by.within, whole))
    return tuple(dict.fromkeys(person for people in held for person in people))


def may_be(case: Case, by: ir.Grouping, whole: str) -> tuple[str, ...]:
    """The groups that there may ever be in a larger one."""
    return tuple(f"{whole}/{person}" for person in may_be_in(case, by, whole))


def _period(interpreter: Evaluating, frame: Frame) -> Period:
    return interpreter.case.at if frame.period.kind.unit is Unit.ETERNITY else frame.period


def _counted(interpreter: Evaluating, entity: str, frame: Frame) -> date | Period:
    """When members of groups of a kind count in the formula's period."""
    period = _period(interpreter, frame)
    return period.start if interpreter.program.settings.entities[entity].counted_start else period


def places_counted(
    interpreter: Evaluating, entity: str, by: ir.Grouping, whole: str, frame: Frame
) -> Places | Unsure | Failure:
    """Who in a larger group is in which group of a kind, as members count in the formula's period."""
    return places_in(interpreter, by, whole, _counted(interpreter, entity, frame), frame)


def places_in(
    interpreter: Evaluating, by: ir.Grouping, whole: str, when: date | Period, frame: Frame
) -> Places | Unsure | Failure:
    """Who in a larger group is in which group. Whoever asks has read what decides it, of all of them."""
    key = (by.name, whole, when)
    if key in interpreter.supposed:
        return interpreter.supposed[key]
    period = by.kind.containing(when.end if isinstance(when, Period) else when)
    larger = interpreter.program.settings.entities[by.within]
    held = (open_lists.holders(interpreter.case, by.within, whole, role.name, when) for role in larger.roles)
    people = tuple(dict.fromkeys(person for holders in held for person in holders))
    others = [person for person in people if isinstance(person, Another)]
    listed = [person for person in people if not isinstance(person, Another)]
    outcomes = [interpreter.find_for(Fact(by.name, person, period), frame) for person in listed]
    unsure = [outcome for outcome in outcomes if isinstance(outcome, Possible)]
    if not others and not unsure:
        return _together(whole, listed, outcomes)
    ways = ways_to_be_together(whole, listed, outcomes) if not others else ()
    if ways:
        frame.step.open_groups = {**frame.step.open_groups, key: ways}
    needs = frozenset(need for outcome in unsure for need in outcome.needs)
    asked = frozenset(other.asked(interpreter.case.at) for other in others)
    return Unsure(needs | asked, next((outcome.may_fail for outcome in unsure if outcome.may_fail), ""))


def _together(whole: str, people: Sequence[str], outcomes: Sequence[Outcome]) -> Places | Failure:
    first: dict[object, str] = {}
    places: dict[str, str | None] = {}
    for person, outcome in zip(people, outcomes, strict=True):
        if isinstance(outcome, Failure):
            return outcome
        assert isinstance(outcome, Known | NotApplicable)
        places[person] = None
        if isinstance(outcome, Known):
            places[person] = first.setdefault(outcome.value, f"{whole}/{person}")
    return places


# --- while it is not known who is together

_Label = tuple[str, object]


def ways_to_be_together(whole: str, people: Sequence[str], outcomes: Sequence[Outcome]) -> tuple[Places, ...]:
    """Every way in which people may be together, of whom some have figures that are not known: among them are those of
    all completions. Empty if there are too many, or a figure may be an error."""
    if any(
        isinstance(outcome, Failure) or (isinstance(outcome, Possible) and outcome.may_fail) for outcome in outcomes
    ):
        return ()
    numbers = list(dict.fromkeys(outcome.value for outcome in outcomes if isinstance(outcome, Known)))
    labelled: list[tuple[_Label | None, ...]] = [()]
    for outcome in outcomes:
        labelled = [(*before, label) for before in labelled for label in _labels(outcome, numbers, before)]
        if len(labelled) > MOST_WAYS:
            return ()
    ways: list[Places] = []
    for labels in labelled:
        first: dict[_Label, str] = {}
        places = {
            person: None if label is None else first.setdefault(label, f"{whole}/{person}")
            for person, label in zip(people, labels, strict=True)
        }
        ways += [] if places in ways else [places]
    return tuple(ways)


def _labels(outcome: Outcome, numbers: Sequence[object], before: Sequence[_Label | None]) -> Iterator[_Label | None]:
    """With whom somebody may be together: those with a number that is known, others whose number is not, nobody so far;
    None for no group."""
    if isinstance(outcome, Known):
        yield ("known", outcome.value)
        return
    if isinstance(outcome, NotApplicable):
        yield None
        return
    assert isinstance(outcome, Possible)
    if outcome.may_not_apply:
        yield None
    range_ = outcome.range
    if not isinstance(range_, Interval):
        return
    within = [number for number in numbers if _holds(range_, number)]
    yield from (("known", number) for number in within)
    if range_.low is None or range_.high is None or _size(range_) > len(within):
        others = dict.fromkeys(label for label in before if label is not None and label[0] == "other")
        yield from others
        yield ("other", len(others))


def _holds(range_: Interval, number: Any) -> bool:
    low = range_.low is None or number >= range_.low
    return low and (range_.high is None or number <= range_.high) and not (range_.without_zero and number == 0)


def _size(range_: Interval) -> int:
    """How many whole numbers there are in it."""
    low: int = ceil(range_.low)
    high: int = floor(range_.high)
    zero = range_.without_zero and low <= 0 <= high
    return max(0, high - low + 1 - zero)
