"""Memberships for a time in the columns of people: `household_id@from 2024-05`, with `household_role@from 2024-05`.

1. The head says the days, as the time of a membership in a case: `from` a day (to the next such column that says
   something), `until` one, `A..B`, or a period. An empty cell says nothing. The role `none` says that somebody is in no
   such group on those days; a row without a role in the column has the one of `household_role`.
2. Without a time a column is for all days of which no other speaks. What a closed stretch of days says stands over what
   `from` and `until` say; two closed ones for one day are a fault.
3. Who has any of these is given as stretches of days, in order; whoever has none is in their group throughout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.interpret.stated import FIRST, LAST, Days, NotATime, days_for
from engine.population.columns import Stays
from engine.reading.declared_settings import Entity, Settings
from engine.records import record

NOBODY = -1
LEAVES = "none"


@record(frozen=True, slots=True)
class Head:
    """The columns that say something of some days: of the group's id, and of the role if there is one."""

    days: Days
    ids: str
    roles: str


@record(frozen=True, slots=True)
class Statement:
    """That somebody is in a group (NOBODY: in none) in a role on some days."""

    days: Days
    group: int
    role: int


def heads(entity: Entity, names: Sequence[str], settings: Settings) -> tuple[list[Head], list[tuple[str, NotATime]]]:
    """The dated columns of a group's members, and those whose days cannot be meant."""
    heads_read: list[Head] = []
    wrong: list[tuple[str, NotATime]] = []
    for name in names:
        base, at, text = name.partition("@")
        if not at or base not in (f"{entity.name}_id", f"{entity.name}_role", "role"):
            continue
        ids = f"{entity.name}_id@{text}"
        if base != f"{entity.name}_id":
            if ids not in names:
                wrong.append((name, NotATime("says a role and no group", f"add the column `{ids}`")))
            continue
        roles = next((role for role in (f"{entity.name}_role@{text}", f"role@{text}") if role in names), "")
        try:
            days = days_for(text, settings)
        except NotATime as fault:
            wrong.append((name, fault))
            continue
        heads_read.append(Head(Days(days.first, days.last, text.startswith(("from ", "until "))), ids, roles))
    return heads_read, wrong


def stretches(bare: Statement | None, stated: Sequence[Statement]) -> tuple[list[Statement], date | None]:
    """What somebody's statements come to, stretch by stretch in order; and a day of which two closed ones speak."""
    open_ones = sorted(
        (statement for statement in stated if statement.days.is_open), key=lambda statement: statement.days.first
    )
    closed = [statement for statement in stated if not statement.days.is_open]
    clash = next((day for day in _twice(closed)), None)
    pieces = [bare] if bare is not None else []
    for statement in (*open_ones, *closed):
        pieces = [part for earlier in pieces for part in _without(earlier, statement.days)]
        pieces.append(statement)
    inside = [statement for statement in pieces if statement.group != NOBODY]
    return sorted(inside, key=lambda statement: statement.days.first), clash


def _twice(closed: Sequence[Statement]) -> Iterable[date]:
    ordered = sorted(closed, key=lambda statement: statement.days.first)
    for index in range(1, len(ordered)):
        if ordered[index].days.first <= ordered[index - 1].days.last:
            yield ordered[index].days.first


def _without(statement: Statement, days: Days) -> Iterable[Statement]:
    """What is left of a stretch before and after some days."""
    if days.first > statement.days.last or days.last < statement.days.first:
        return (statement,)
    left = []
    if statement.days.first < days.first:
        before = date.fromordinal(days.first.toordinal() - 1)
        left.append(Statement(Days(statement.days.first, before), statement.group, statement.role))
    if days.last < statement.days.last:
        after = date.fromordinal(days.last.toordinal() + 1)
        left.append(Statement(Days(after, statement.days.last), statement.group, statement.role))
    return left


def throughout(group: int, role: int) -> Statement | None:
    """What a column without a time says; None where it says nothing."""
    return Statement(Days(FIRST, LAST), group, role) if group >= 0 else None


def as_arrays(by_person: Mapping[int, Sequence[Statement]]) -> Stays:
    """Stretches of days by person, as arrays in order of person. Somebody who is in no group at any time has one of no
    days."""
    rows = [
        (person, statement.group, statement.role, statement.days.first.toordinal(), statement.days.last.toordinal())
        for person, stated in sorted(by_person.items())
        for statement in (stated or (Statement(Days(LAST, FIRST), NOBODY, 0),))
    ]
    columns = [np.array(values, dtype=np.int64) for values in zip(*rows, strict=True)]
    return Stays(*columns)


def group_on(stays: Stays, of: NDArray[np.int32], role: NDArray[np.int8], day: date) -> None:
    """Let the arrays of groups and roles say what holds on a day of those whose stretches there are."""
    of[stays.person] = NOBODY
    here = (stays.first <= day.toordinal()) & (day.toordinal() <= stays.last) & (stays.group >= 0)
    of[stays.person[here]] = stays.group[here]
    role[stays.person[here]] = stays.role[here]


def most_at_once(stays: Stays, groups: int, roles: int) -> NDArray[np.int64]:
    """How many hold each role of each group on the day on which most do, of those who do for a time."""
    most = np.zeros(groups * roles, dtype=np.int64)
    inside = stays.picked(stays.group >= 0)
    places = inside.group * roles + inside.role
    for at in range(len(places)):
        day = inside.first[at]
        here = (places == places[at]) & (inside.first <= day) & (day <= inside.last)
        most[places[at]] = max(int(most[places[at]]), int(here.sum()))
    return most
