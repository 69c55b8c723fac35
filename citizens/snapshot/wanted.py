"""What a snapshot is asked for, and what it leaves out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from citizens.stored_values import day_number


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a column is made of: the last change point from `since` to `until`, values of `kinds` (`codec`'s letters).

    `attribute` is the one that is read, if it is not the column's name: one attribute may have a column for each month.
    A relation (kind `r`) leads to groups of the entity `group`, if one is named. Numbers have at most `places`
    decimals. The text `word` may stand in the place of a value of any kind. An end that was recorded as valid from
    after `ends_until` does not count: what held before it holds on. `formerly`: tell also who was in a group up to the
    column's last day, and which groups anybody was in (`Snapshot.formerly`). `anybody` names an entity, and makes no
    column: its table has a row for each subject of whom anything was recorded from a day up to the last, of whatever
    attribute.
    """

    since: date = date.min
    until: date = date.max
    kinds: str = "bditsr"
    group: str = ""
    attribute: str = ""
    places: int | None = field(default=None, compare=False)
    word: str = ""
    ends_until: date = field(default=date.max, compare=False)
    formerly: bool = field(default=False, compare=False)
    anybody: str = ""


Attributes = Collection[str] | Mapping[str, Wanted] | None
"""Which attributes are read: all, or those named; a mapping narrows them down, and is by the columns' names."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that was left out, because it is not of the kind that is wanted. `kind` says what it is."""

    subject: str
    attribute: str
    kind: str
    offset: int


def attributes_of(attributes: Attributes) -> Collection[str] | None:
    """The attributes that are read."""
    if not isinstance(attributes, Mapping):
        return attributes
    return {wanted_column.attribute or name for name, wanted_column in attributes.items()}


def columns_by_attribute(attributes: Mapping[str, Wanted], last: int) -> dict[str, list[tuple[str, int, int]]]:
    """Of each attribute the columns that are made of it, each with its first and last day."""
    columns: dict[str, list[tuple[str, int, int]]] = {}
    for name, wanted_column in attributes.items():
        days = day_number(wanted_column.since), min(day_number(wanted_column.until), last)
        columns.setdefault(wanted_column.attribute or name, []).append((name, *days))
    return columns
