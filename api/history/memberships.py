"""Who belonged to whom, from the change points of a log: on one day, or from day to day.

A formula asks who belongs to a group in its own period: a year's figure that adds up its months hangs on twelve days.

1. `days_asked` follows what figures read, and notes the day on which each formula on the way counts members. That may
   be any day, where it is computed from facts, or where periods begin on somebody's own day.
2. Whoever is in the same group with the same role on all of these days is answered by one of them.
3. Whoever is not has moved, and so have the groups that they were in on any of these days (`has_moved`): these are
   answered by whole histories (`stays_of`).
4. A log knows a group from the first day on which it has somebody in it. Where a formula looks further back than that,
   and before the period that is asked for, the group is taken to be as it was on that period's first day
   (`reaching_back`): the law of most programs asks for a year or two before, and a register begins some day. Who joins
   a group that others were in already was not in it before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from api.cases.reach import reached
from citizens import Belongs, Timeline
from engine.interpret.cases import Stay
from engine.interpret.stated import FIRST, LAST
from engine.ir import nodes as ir
from engine.ir.fold import day_of, formula_at
from engine.ir.program import Definition, Program
from engine.ir.walk import groupings, steps_of, subjects
from engine.native.plan.plan import evaluated, period_at
from engine.values.periods import Period, Unit

YEARS_BACK = 2


def asks_about_days(program: Program) -> bool:
    """Whether the law itself asks who belonged together on other days than the last of a period, or has periods that
    begin on somebody's own day."""
    if program.members_of_another_day or any(entity.counted_start for entity in program.settings.entities.values()):
        return True
    return any(calendar.of for calendar in program.settings.calendars.values())


def days_asked(
    program: Program, at: Period, figures: tuple[Definition, ...], stated: Collection[str] = ()
) -> frozenset[date] | None:
    """The days on which figures of a period ask who belongs to a group; None where that, or the day for which a fact is
    read, may be any, or where facts make the groups. `stated`: see `reached`."""
    if any(calendar.of for calendar in program.settings.calendars.values()):
        return None
    days: set[date] = set()
    for cell in reached(program, at, figures, stated):
        body = formula_at(program.definitions[cell.name].formulas, cell.period.start)
        for node, period in evaluated(body, cell.period, True) if body is not None else ():
            asked = _asked_by(program, node, at if period.kind.unit is Unit.ETERNITY else period, stated)
            if asked is None:
                return None
            days |= asked
    return frozenset(days)


def _reads_further_owners(program: Program, node: ir.Expression) -> bool:
    """Whether a node reads through an owner of a record besides the first."""
    entities, link = program.settings.entities, getattr(node, "link", None)
    reached_through = [step for subject in subjects(node) for step in steps_of(subject)]
    further = [step.record.entity for step in reached_through if isinstance(step, ir.OwnerOf) and step.further]
    if isinstance(link, ir.Records) and link.further:
        further.append(link.entity)
    return any(entities[entity].belongs_to for entity in further)


def _asked_by(program: Program, node: ir.Expression, period: Period, stated: Collection[str]) -> set[date] | None:
    """The days on which one node of a formula of a period asks; None where it may be any, or where a record joins
    groups by an owner besides the first."""
    if _reads_further_owners(program, node):
        return None
    if any(by.name not in stated for by, _ in groupings(node)):
        return None
    groups = {step.entity for subject in subjects(node) for step in steps_of(subject) if isinstance(step, ir.GroupOf)}
    groups |= {
        step.group.entity for subject in subjects(node) for step in steps_of(subject) if isinstance(step, ir.HolderOf)
    }
    if isinstance(node, ir.Holds):
        groups.add(node.group)
    if isinstance(node, ir.VariableRead) and period_at(node.time, period) is None:
        return None
    days: set[date] = set()
    link = getattr(node, "link", None)
    if isinstance(link, ir.Members):
        match link.time:
            case ir.ThisPeriod():
                groups.add(link.group.entity)
            case ir.Containing(at_end=at_end):
                days.add(period.end if at_end else period.start)
            case ir.ContainingDate(day=node_of_day):
                day = day_of(node_of_day, period)
                if day is None:
                    return None
                days.add(day)
    entities = program.settings.entities
    return days | {period.start if entities[group].counted_start else period.end for group in groups}


def stays_of(program: Program, timeline: Timeline) -> Iterator[tuple[str, Stay]]:
    """Each time that a subject was in a group, in order, with the group's entity. One that ended with nothing said of
    where they are from then on lapsed."""
    entity = timeline.subject.partition("/")[0]
    ended = {(change.attribute, change.valid_from) for change in timeline.changes if change.value is None}
    for change in timeline.changes:
        if not isinstance(change.value, Belongs):
            continue
        kind, _, group = change.value.group.partition("/")
        if kind not in program.settings.entities or program.settings.entities[kind].of != entity:
            continue
        last = LAST if change.valid_until is None else change.valid_until - timedelta(1)
        lapses = (change.attribute, change.valid_until) in ended
        yield kind, Stay(group, change.value.role, change.valid_from, last, lapses)


def has_moved(program: Program, timeline: Timeline, at: Period) -> bool:
    """Whether a subject joined or left a group, or took another role there, after the first day of a period and up to
    its last, or changed from one to another in the years before that formulas may read."""
    by_kind: dict[str, list[Stay]] = {}
    for kind, stay in stays_of(program, timeline):
        by_kind.setdefault(kind, []).append(stay)
    earliest = at.start - timedelta(366 * YEARS_BACK)
    for stays in by_kind.values():
        if at.start < stays[0].first <= at.end:
            return True
        for stay, following in zip(stays, [*stays[1:], None], strict=True):
            same = following is not None and (following.group, following.role) == (stay.group, stay.role)
            since = stay.last if following is None else following.first
            if (
                stay.last < at.end
                and earliest < since
                and not (following is not None and same and _adjoin(stay, following))
            ):
                return True
    return False


def joined_others(program: Program, timelines: Iterable[Timeline], at: Period) -> bool:
    """Whether somebody joined, in the years before a period that formulas may read, a group that others were in."""
    began: dict[tuple[str, str], date] = {}
    first: list[tuple[str, Stay]] = []
    for timeline in timelines:
        seen: set[str] = set()
        for kind, stay in stays_of(program, timeline):
            began[kind, stay.group] = min(stay.first, began.get((kind, stay.group), stay.first))
            first += [] if kind in seen else [(kind, stay)]
            seen.add(kind)
    earliest = at.start - timedelta(366 * YEARS_BACK)
    return any(earliest < stay.first <= at.start and stay.first > began[kind, stay.group] for kind, stay in first)


Stays = Mapping[tuple[str, str], Sequence[Stay]]
"""By group entity and person, in order."""


def reaching_back(stays: Stays, start: date) -> dict[tuple[str, str], tuple[Stay, ...]]:
    """Memberships with those of the time before a log knows of a group, for a period that begins on a day: whoever is
    in it on that day, and was nowhere else before there was anybody in it, was there always."""
    began: dict[tuple[str, str], date] = {}
    for (kind, _), listed in stays.items():
        for stay in listed:
            began[kind, stay.group] = min(stay.first, began.get((kind, stay.group), stay.first))
    reached: dict[tuple[str, str], tuple[Stay, ...]] = {}
    for (kind, person), listed in stays.items():
        reached[kind, person] = tuple(listed)
        there = next((stay for stay in listed if stay.holds(start)), None)
        if there is not None and listed[0].first >= (begins := began[kind, there.group]) > FIRST:
            before = replace(there, first=FIRST, last=begins - timedelta(1), lapses=False)
            reached[kind, person] = (before, *listed)
    return reached


def _adjoin(stay: Stay, following: Stay) -> bool:
    return following.first - stay.last == timedelta(1)


def groups_of(program: Program, timelines: Iterable[Timeline]) -> set[str]:
    """The groups that some subjects were in at any time."""
    return {f"{kind}/{stay.group}" for timeline in timelines for kind, stay in stays_of(program, timeline)}
