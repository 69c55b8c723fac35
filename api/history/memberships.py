"""Who belonged to whom, from the change points of a log: on one day, or from day to day.

Most rules ask who belongs to a group in their own period alone, and are answered by one day. Rules that ask it of other
days, or whose periods begin on somebody's own day, are answered by whole histories: `asks_about_days` says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from citizens import Belongs, Timeline
from engine.interpret.cases import Stay
from engine.interpret.stated import LAST
from engine.ir.program import Program


def asks_about_days(program: Program) -> bool:
    """Whether figures hang on who belonged together on other days than the last of a period, or on periods that begin
    on somebody's own day."""
    if program.members_of_another_day or any(entity.counted_start for entity in program.settings.entities.values()):
        return True
    return any(calendar.of for calendar in program.settings.calendars.values())


def stays_of(program: Program, timeline: Timeline) -> Iterator[tuple[str, Stay]]:
    """Each time that a subject was in a group, in order, with the group's entity."""
    entity = timeline.subject.partition("/")[0]
    for change in timeline.changes:
        if not isinstance(change.value, Belongs):
            continue
        kind, _, group = change.value.group.partition("/")
        if kind not in program.settings.entities or program.settings.entities[kind].of != entity:
            continue
        last = LAST if change.valid_until is None else change.valid_until - timedelta(1)
        yield kind, Stay(group, change.value.role, change.valid_from, last)


def groups_of(program: Program, timelines: Iterable[Timeline]) -> set[str]:
    """The groups that some subjects were in at any time."""
    return {f"{kind}/{stay.group}" for timeline in timelines for kind, stay in stays_of(program, timeline)}
