"""What the table of pointers points to: writing code allots its entries, and running it fills them in."""

from __future__ import annotations

from typing import Union

from engine.population.columns import Cell
from engine.records import record
from engine.values.periods import Period


@record(frozen=True, slots=True)
class TermsVector:
    """The constants of the law."""


@record(frozen=True, slots=True)
class BlockStarts:
    """The first row of each block, in an entity's rows."""

    entity: str


@record(frozen=True, slots=True)
class ColumnEntries:
    """What a column holds."""

    cell: Cell


@record(frozen=True, slots=True)
class ColumnGaps:
    """Where a column holds nothing."""

    cell: Cell


@record(frozen=True, slots=True)
class OutputEntries:
    """Where a wanted figure is written."""

    cell: Cell


@record(frozen=True, slots=True)
class OutputStatuses:
    """Where it is written whether a wanted figure is bad or absent."""

    cell: Cell


@record(frozen=True, slots=True)
class Made:
    """Groups as a figure makes them: by which figure, for which of its periods."""

    by: str
    period: Period


@record(frozen=True, slots=True)
class GroupOfEach:
    """Each person's group of a kind; below zero for those who are in none."""

    group: str
    made: Made | None = None


@record(frozen=True, slots=True)
class MemberList:
    """The people of all groups of a kind, group by group and role by role."""

    group: str
    made: Made | None = None


@record(frozen=True, slots=True)
class MemberStarts:
    """For each group, or owner of records, where in the list its members from role number `role` on begin. One number
    past the last role is where they end."""

    entity: str
    role: int
    made: Made | None = None


@record(frozen=True, slots=True)
class MemberPlace:
    """For each person a number by which those of one group stand as they are listed: by role, then as given."""

    group: str


@record(frozen=True, slots=True)
class GroupList:
    """The groups of a kind that a figure makes, by the larger group in which they lie."""

    group: str
    made: Made


@record(frozen=True, slots=True)
class GroupStarts:
    """For each larger group, where in that list its groups begin or, as `after`, end."""

    group: str
    after: bool
    made: Made


@record(frozen=True, slots=True)
class OwnerOfEach:
    """Each record's owner: the first, or the one that `further` names; or the larger group in which each group lies,
    below zero for those that lie in none."""

    entity: str
    further: str = ""


@record(frozen=True, slots=True)
class OwnedList:
    """The records of a kind by the owner that `further` names; or the groups by the larger group in which they lie."""

    entity: str
    further: str


@record(frozen=True, slots=True)
class OwnedStarts:
    """For each such owner or larger group, where in that list its own begin or, as `after`, end."""

    entity: str
    further: str
    after: bool


@record(frozen=True, slots=True)
class RecordBefore:
    """The record before each in a sequence of its entity: -1 before the first, -2 where the order is not certain.
    `keys` are the figures that decide it, as `Steps.figures` lists them."""

    entity: str
    sequence: str
    keys: tuple[str, ...]


@record(frozen=True, slots=True)
class PlaceAlong:
    """How many records at most lead, through some sequences, to each record."""

    entity: str
    sequences: tuple[RecordBefore, ...]


@record(frozen=True, slots=True)
class RoundsAlong:
    """For each block, how many rounds it takes for each of its records to come after those that lead to it."""

    entity: str
    sequences: tuple[RecordBefore, ...]


Order = Union[RecordBefore, PlaceAlong, RoundsAlong]
Link = Union[
    GroupOfEach, MemberList, MemberPlace, MemberStarts, GroupList, GroupStarts, OwnerOfEach, OwnedList, OwnedStarts
]  # fmt: skip
Pointer = Union[TermsVector, BlockStarts, ColumnEntries, ColumnGaps, OutputEntries, OutputStatuses, Link, Order]


def list_of_owned(entity: str, further: str) -> str:
    """Under what the most that one owner has is kept beside how many a group has at most."""
    return f"{entity}/{further}"


def made_by(pointer: Pointer) -> tuple[str, Made] | None:
    """The kind of group that a pointer is about and how it is made, where a figure makes it."""
    match pointer:
        case MemberStarts(entity=group, made=Made() as made):
            return group, made
        case GroupOfEach() | MemberList() | GroupList() | GroupStarts() if pointer.made is not None:
            return pointer.group, pointer.made
    return None
